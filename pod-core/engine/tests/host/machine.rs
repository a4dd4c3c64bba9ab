//! Machines that lack something: an overlay, control groups of version 2 or any, room on the disk.

use pod_core::lifecycle::PodPhase;
use pod_core::pod::{PidIsolation, Resources, RestartPolicy};

use crate::fixture::{Host, app, empty_dir, leftovers, mount, pod, volume};
use crate::monitor::Line;
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("without control groups of version 2 the freezer serves to kill", Needs::Limits, freezer),
    ("without control groups a pod runs, and a limit is refused", Needs::Pod, no_groups),
    ("without an overlay root file systems are copied", Needs::Pod, copies),
    ("without room on the disk pods run and are collected", Needs::Pod, full_disk),
];

fn freezer() {
    let host = Host::new();
    let mut spec = pod(vec![app("a", "sleep 1000 & sleep 1000 & cat /proc/self/cgroup")]);
    spec.isolation.pid = PidIsolation::Host;
    let script = "if [ -d /sys/fs/cgroup/unified ]; then umount /sys/fs/cgroup/unified; fi; \"$@\"";
    let (story, _) = host.run_on(script, &spec);
    assert_eq!(story.status().phase, PodPhase::Succeeded);
    assert_eq!(leftovers(host.path(), spec.uid), Vec::<String>::new());
}

fn no_groups() {
    let host = Host::new();
    let script = "umount -l /sys/fs/cgroup; \"$@\"";
    let (story, _) = host.run_on(script, &pod(vec![app("a", "echo runs")]));
    assert_eq!(story.output("a"), ["runs"]);
    let told = story.notices("Degraded");
    assert!(told.iter().any(|text| text.contains("CAP_MKNOD is withheld")), "{told:?}");

    let mut limited = app("a", "echo runs");
    limited.resources = Resources { memory_limit: Some(1 << 30), ..Resources::default() };
    let (story, _) = host.run_on(script, &pod(vec![limited]));
    let [Line::Failed { error }] = story.lines.as_slice() else { panic!("{story:#?}") };
    assert!(error.contains("app `a`: memory limit"), "{error}");
}

fn copies() {
    let host = Host::new();
    let mut twice = app(
        "twice",
        "test -e /mark && echo stale; touch /mark; echo run; test -e /shared/second || { touch /shared/second; exit 1; }",
    );
    twice.mounts = vec![mount("shared", "/shared")];
    let mut spec = pod(vec![twice]);
    spec.restart_policy = RestartPolicy::OnFailure;
    spec.volumes = vec![volume("shared", empty_dir())];
    // An overlay is no place for the upper directory of another one.
    let script = "mkdir /tmp/overlay.$$; mount -t tmpfs none /tmp/overlay.$$; \
        mkdir /tmp/overlay.$$/upper /tmp/overlay.$$/work; \
        mount -t overlay -o lowerdir=$DATA,upperdir=/tmp/overlay.$$/upper,workdir=/tmp/overlay.$$/work none $DATA; \
        \"$@\"; ls $DATA/pods/run/*/app-1-twice > $OUT; umount $DATA; umount /tmp/overlay.$$; rmdir /tmp/overlay.$$";
    let (story, made) = host.run_on(script, &spec);
    assert_eq!(story.output("twice"), ["run", "run"]);
    assert_eq!(made, "root\ntermination\n");
}

fn full_disk() {
    let host = Host::new();
    let mut greedy =
        app("greedy", "cat /dev/zero > /shared/file; echo full; cat /dev/zero > /file; echo and full");
    greedy.mounts = vec![mount("shared", "/shared")];
    let mut spec = pod(vec![greedy]);
    spec.volumes = vec![volume("shared", empty_dir())];
    let script = "mount -t tmpfs -o size=1m,nr_inodes=200 none $DATA; \"$@\"; df $DATA | tail -n 1 > $OUT; \
        $TOOL --collect $DATA; find $DATA/pods -mindepth 2 >> $OUT";
    let (story, found) = host.run_on(script, &spec);
    let lines = story.output("greedy");
    assert!(lines.contains(&"full") && lines.contains(&"and full"), "{lines:?}");
    assert_eq!(story.status().phase, PodPhase::Succeeded);
    assert!(found.contains("100%"), "{found}");
    assert_eq!(found.lines().count(), 1, "{found}");
}
