//! Pods of an ordinary user. The tests are root, and become one on a machine of their own (a mount namespace).

use pod_core::lifecycle::PodPhase;
use pod_core::pod::{PidIsolation, Resources, Shared, VolumeSource};

use crate::fixture::{Host, Story, app, empty_dir, mount, pod, volume};
use crate::monitor::Line;
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("an ordinary user's pod runs with one identifier, and leaves nothing", Needs::Pod, one_identifier),
    ("an ordinary user's pod shares the host's namespaces", Needs::Pod, host_namespaces),
    ("what one identifier cannot do is refused by name", Needs::Pod, refusals),
    ("an ordinary user's ranges: users of an app, killed and collected", Needs::Ranges, ranges),
    ("an ordinary user's ranges: without the program one identifier is left", Needs::Pod, no_program),
    ("limits that were not delegated are refused or told of", Needs::Pod, limits),
    ("limits that were delegated hold", Needs::Limits, delegated),
    ("a machine without user namespaces says so", Needs::Pod, switched_off),
];

/// Gives everything to a user and makes `as_user`, which runs what follows as that one; `MONITOR` is the test program where it can read it.
const PREPARE: &str = r#"
    top=$(dirname "$DATA"); MONITOR=$top/monitor; chmod 755 "$top"; cp "$1" "$MONITOR"; shift
    chown -R 4242:4242 "$DATA" "$top/image" "$OUT"
    as_user() { setpriv --reuid 4242 --regid 4242 --clear-groups "$@"; }
"#;

/// What stays of pods once the user has collected them.
const COLLECT: &str = r#"as_user "$MONITOR" --collect "$DATA"; find "$DATA/pods" -mindepth 2 >> "$OUT""#;

/// On a machine of its own with these lines in `/etc/subuid` and `/etc/subgid`, and a user of that number.
fn subuid(line: &str) -> String {
    format!(
        "for file in passwd group; do cp /etc/$file $top/$file; done; echo podkit-test:x:4242:4242::/:/bin/sh >> $top/passwd; \
         echo podkit-test:x:4242: >> $top/group; for file in passwd group; do mount --bind $top/$file /etc/$file; done; \
         echo '{line}' > $top/sub; \
         for file in subuid subgid; do [ -e /etc/$file ] || {{ mount -t tmpfs none /mnt; cp -a /etc/. /mnt; : > /mnt/$file; mount --bind /mnt /etc; }}; \
         mount --bind $top/sub /etc/$file; done; "
    )
}

fn run(host: &Host, script: &str, spec: &pod_core::pod::PodSpec) -> (Story, String) {
    host.run_on(&format!("{PREPARE}\n{script}"), spec)
}

#[track_caller]
fn failure(story: &Story) -> &str {
    let [Line::Failed { error }] = story.lines.as_slice() else { panic!("{story:#?}") };
    error
}

fn one_identifier() {
    let host = Host::new();
    let mut a = app(
        "a",
        "id; cat /proc/self/uid_map; echo x > /etc/new; mount; echo y > /v/file; stat -c %u:%a /v; stat -c %t:%T /dev/console",
    );
    a.mounts = vec![mount("v", "/v"), mount("m", "/m")];
    let mut spec = pod(vec![a, app("b", "echo z > /dev/shm/z; hostname")]);
    let memory = VolumeSource::EmptyDir { memory: true, size_limit: None, mode: 0o700, uid: 0, gid: 0 };
    spec.volumes = vec![volume("v", empty_dir()), volume("m", memory)];
    let (story, left) = run(&host, &format!("{}as_user \"$MONITOR\" \"$@\"; {COLLECT}", subuid("")), &spec);
    assert_eq!(story.status().phase, PodPhase::Succeeded, "{story:#?}");
    let lines = story.output("a");
    assert_eq!(lines[0], "uid=0(root) gid=0", "{lines:?}");
    assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["0", "4242", "1"]);
    let root = lines.iter().find(|line| line.starts_with("overlay on / ")).expect("an overlay");
    assert!(root.contains("userxattr"), "{root}");
    assert_eq!(
        lines[lines.len() - 2..],
        ["0:777", "1:3"],
        "the console is the null device, never the machine's"
    );
    assert_eq!(story.output("b"), ["test"]);
    assert_eq!((story.notices("Degraded"), left.as_str()), (vec![], ""));
}

/// The kernel lets a user namespace mount neither the host's processes, nor its network, nor its message queues.
fn host_namespaces() {
    let host = Host::new();
    let mut spec = pod(vec![app(
        "a",
        "test -e /proc/1/stat && ls /sys/class/net; ls -d /dev/mqueue; kill -0 1 || echo no",
    )]);
    spec.isolation.network = Shared::Host;
    spec.isolation.ipc = Shared::Host;
    spec.isolation.pid = PidIsolation::Host;
    spec.hostname = None;
    let (story, left) = run(&host, &format!("as_user \"$MONITOR\" \"$@\"; {COLLECT}"), &spec);
    let lines = story.output("a");
    assert!(lines.contains(&"lo") && lines.contains(&"/dev/mqueue") && lines.contains(&"no"), "{story:#?}");
    assert_eq!(left, "");
}

fn refusals() {
    let text = "it does not exist in your user namespace: root could add it, with ranges for you in `/etc/subuid` and `/etc/subgid`";
    type Change = fn(&mut pod_core::pod::PodSpec);
    let cases: [(Change, &str); 5] = [
        (|spec| spec.apps[0].security.user = Some("1000".to_owned()), "app `a`: user 1000"),
        (|spec| spec.apps[0].security.user = Some("0:7".to_owned()), "app `a`: group 7"),
        (|spec| spec.apps[0].security.supplementary_groups = vec![9], "app `a`: supplementary group 9"),
        (|spec| spec.fs_group = Some(2000), "the pod's group for volumes 2000"),
        (
            |spec| {
                let source =
                    VolumeSource::EmptyDir { memory: false, size_limit: None, mode: 0o700, uid: 33, gid: 0 };
                spec.volumes = vec![volume("v", source)];
            },
            "volume `v`: owner 33",
        ),
    ];
    for (change, subject) in cases {
        let host = Host::new();
        let mut spec = pod(vec![app("a", "true")]);
        change(&mut spec);
        let (story, _) = run(&host, &format!("{}as_user \"$MONITOR\" \"$@\"", subuid("")), &spec);
        assert!(failure(&story).contains(subject) && failure(&story).contains(text), "{}", failure(&story));
    }
    // A name is known only in the image.
    let host = Host::new();
    std::fs::write(host.image().join("etc/passwd"), "root:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n")
        .unwrap();
    std::fs::write(host.image().join("etc/group"), "root:x:0:\nwheel:x:10:root\n").unwrap();
    let mut web = app("web", "true");
    web.security.user = Some("web".to_owned());
    let mut spec = pod(vec![web, app("a", "true")]);
    spec.active_deadline = Some(std::time::Duration::from_secs(1));
    let (story, _) = run(&host, &format!("{}as_user \"$MONITOR\" \"$@\"", subuid("")), &spec);
    let told = format!("{:?}", story.lines);
    assert!(told.contains("group 33 does not exist in the pod's user namespace"), "{told}");
    let told = story.notices("Degraded");
    assert_eq!(told, ["groups that do not exist in the pod's user namespace are not given to the app: 10"]);
}

/// The monitor is killed while an app of another user runs: the collector, in a user namespace of its own, ends it all the same.
fn ranges() {
    let host = Host::new();
    let mut a = app(
        "a",
        "id -u; id -G; cat /proc/self/uid_map; echo mine > /v/file; stat -c %u /v/file; echo up; exec sleep 1000",
    );
    a.security.user = Some("1000:1000".to_owned());
    a.security.supplementary_groups = vec![3000];
    a.mounts = vec![mount("v", "/v")];
    let mut spec = pod(vec![a]);
    spec.volumes = vec![volume("v", empty_dir())];
    spec.fs_group = Some(2000);
    let uid = spec.uid;
    let script = format!(
        "{}{{ exec setpriv --reuid 4242 --regid 4242 --clear-groups \"$MONITOR\" \"$@\"; }} & monitor=$!
        until log=$(cat \"$DATA\"/pods/run/*/logs-a/0.log 2>/dev/null) && case $log in *up) ;; *) false ;; esac; do sleep 0.05; done
        echo \"$log\" >> $OUT; kill -9 $monitor; wait $monitor || true; echo collected >> $OUT; {COLLECT}",
        subuid("podkit-test:300000:65536")
    );
    let (_, told) = run(&host, &script, &spec);
    let (log, left) = told.split_once("collected\n").expect("it was collected");
    let lines: Vec<&str> = log.lines().filter_map(|line| line.splitn(4, ' ').nth(3)).collect();
    let map: Vec<Vec<&str>> = lines[2..4].iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((&lines[..2], &lines[4..]), (&["1000", "1000 2000 3000"][..], &["1000", "up"][..]), "{log}");
    assert_eq!(map, [["0", "4242", "1"], ["1", "300000", "65536"]]);
    assert_eq!(left, "");
    assert_eq!(crate::fixture::leftovers(host.path(), uid), Vec::<String>::new());
}

fn no_program() {
    let host = Host::new();
    let script = format!(
        "{}PATH=/nowhere; as_user() {{ /usr/bin/setpriv --reuid 4242 --regid 4242 --clear-groups \"$@\"; }}
        as_user \"$MONITOR\" \"$@\"",
        subuid("podkit-test:300000:65536")
    );
    let (story, _) = run(&host, &script, &pod(vec![app("a", "cat /proc/self/uid_map")]));
    assert_eq!(story.output("a")[0].split_whitespace().collect::<Vec<_>>(), ["0", "4242", "1"]);
}

fn limits() {
    let host = Host::new();
    let mut a = app("a", "echo runs");
    a.resources = Resources { memory_limit: Some(64 << 20), ..Resources::default() };
    let (story, _) = run(&host, "as_user \"$MONITOR\" \"$@\"", &pod(vec![a.clone()]));
    let wanted = "no `memory` control group was delegated to you: root could apply it, or run podkit in a group that is yours";
    assert!(
        failure(&story).contains("app `a`: memory limit") && failure(&story).contains(wanted),
        "{}",
        failure(&story)
    );

    a.resources = Resources { cpu_request_milli: Some(100), ..Resources::default() };
    let (story, _) = run(&host, "as_user \"$MONITOR\" \"$@\"", &pod(vec![a]));
    assert_eq!(story.output("a"), ["runs"]);
    let told = story.notices("Degraded");
    assert!(
        told[0].starts_with("cpu request: not enforced, no `cpu` control group was delegated to you"),
        "{told:?}"
    );
}

/// Version 1: a directory of the user's own in a hierarchy.
fn delegated() {
    let host = Host::new();
    let mut hungry = app("hungry", "exec dd if=/dev/zero of=/dev/null bs=64M count=1");
    hungry.resources = Resources { memory_limit: Some(16 << 20), ..Resources::default() };
    let script = format!(
        "top_group=$(echo /sys/fs/cgroup/memory/podkit-test-$$); mkdir $top_group; chown -R 4242 $top_group; \
         echo $$ > $top_group/cgroup.procs; as_user \"$MONITOR\" \"$@\" || true; {COLLECT}; \
         find $top_group -mindepth 1 -type d >> $OUT; echo $$ > /sys/fs/cgroup/memory/cgroup.procs; rmdir $top_group"
    );
    let (story, left) = run(&host, &script, &pod(vec![hungry]));
    let told = format!("{:?}", story.app("hungry").state);
    assert!(told.contains("OOMKilled"), "{story:#?}");
    assert_eq!(left, "");
}

/// In a user namespace of root's the switch can be thrown without harm to the machine.
fn switched_off() {
    let host = Host::new();
    // The first shell has no rights before it is mapped, and gets none by it: the second one has them.
    let script = r#"mkfifo $top/ready
        unshare -U sh -c 'echo $$ > "$0"; until [ "$(id -u)" = 0 ]; do sleep 0.01; done; exec sh "$@"' $top/ready -euc '
            echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --reuid 4242 --regid 4242 --clear-groups "$@"
        ' sh "$MONITOR" "$@" & read -r child < $top/ready
        echo 0 0 65536 > /proc/$child/gid_map; echo 0 0 65536 > /proc/$child/uid_map; wait $! || true"#;
    let (story, _) = run(&host, script, &pod(vec![app("a", "true")]));
    let wanted = "cannot make a user namespace: `user.max_user_namespaces` is 0: this machine has user namespaces switched off";
    assert_eq!(failure(&story), wanted);
}
