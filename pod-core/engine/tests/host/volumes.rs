//! What apps share, and what they see of it.

use std::fs;

use pod_core::pod::{FileContent, FileEntry, HostPathKind, VolumeSource};

use crate::fixture::{Host, app, empty_dir, mount, pod, volume};
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("apps share a volume", Needs::Pod, shared),
    ("a volume in memory is gone with the pod", Needs::Pod, memory),
    ("files and host paths", Needs::Pod, files),
    ("apps share memory", Needs::Pod, shared_memory),
    ("an app cannot lead us out of its root by a link", Needs::Pod, links),
];

fn shared() {
    let host = Host::new();
    let mut writer = app("writer", "echo from the other > /out/message");
    writer.mounts = vec![mount("v", "/out")];
    let mut reader = app(
        "reader",
        "until test -s /in/deep/message; do sleep 0.05; done; cat /in/deep/message; touch /in/deep/x 2>&1",
    );
    reader.mounts = vec![mount("v", "/in/deep")];
    reader.mounts[0].read_only = true;
    let mut spec = pod(vec![writer, reader]);
    spec.volumes = vec![volume("v", empty_dir())];
    let story = host.run(&spec);
    let lines = story.output("reader");
    assert_eq!(lines[0], "from the other");
    assert!(lines[1].contains("Read-only file system"), "{lines:?}");
}

fn memory() {
    let host = Host::new();
    let mut a = app("a", "mount | head -n 99; stat -f -c %T /m; dd if=/dev/zero of=/m/f bs=1M count=8");
    a.mounts = vec![mount("m", "/m")];
    let mut spec = pod(vec![a]);
    let size_limit = Some(4 << 20);
    spec.volumes =
        vec![volume("m", VolumeSource::EmptyDir { memory: true, size_limit, mode: 0o777, uid: 0, gid: 0 })];
    let story = host.run(&spec);
    let lines = story.output("a");
    assert!(lines.contains(&"tmpfs"), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("No space left")), "{lines:?}");
}

fn files() {
    let host = Host::new();
    let outside = host.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let mut a = app(
        "a",
        "cat /config/a/key; stat -c %a /config/a/key; touch /config/new 2>&1; echo seen > /host/file; id -G",
    );
    a.mounts = vec![mount("config", "/config"), mount("host", "/host")];
    let mut spec = pod(vec![a]);
    spec.fs_group = Some(3000);
    let entries = vec![FileEntry {
        path: "a/key".to_owned(),
        mode: 0o400,
        content: FileContent::Text("value\n".into()),
    }];
    spec.volumes = vec![
        volume("config", VolumeSource::Files { entries, memory: true }),
        volume(
            "host",
            VolumeSource::HostPath { path: outside.clone(), kind: HostPathKind::Directory, recursive: false },
        ),
    ];
    let story = host.run(&spec);
    let lines = story.output("a");
    assert_eq!(lines[..2], ["value", "440"]);
    assert!(lines[2].contains("Read-only file system"), "{lines:?}");
    assert_eq!(lines[3], "0 3000");
    assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "seen\n");
    assert!(host.gc().failed.is_empty());
    assert!(outside.join("file").exists(), "what is the host's stays");
}

fn shared_memory() {
    let host = Host::new();
    let story = host.run(&pod(vec![
        app("a", "echo shared > /dev/shm/x"),
        app("b", "until test -s /dev/shm/x; do sleep 0.05; done; cat /dev/shm/x"),
    ]));
    assert_eq!(story.output("b"), ["shared"]);
}

fn links() {
    let host = Host::new();
    let outside = host.path().join("precious");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("file"), "keep").unwrap();
    let script = format!(
        "ln -s {0} /shared/link; rm -rf /tmp; busybox ln -s {0} /tmp; mkdir -p /shared/a; \
         busybox ln -s {0} /shared/a/b; echo done",
        outside.display()
    );
    let mut a = app("a", &script.replace("ln -s", "busybox ln -s").replace("busybox busybox", "busybox"));
    a.mounts = vec![mount("shared", "/shared")];
    let mut spec = pod(vec![a]);
    spec.volumes = vec![volume("shared", empty_dir())];
    assert_eq!(host.run(&spec).output("a"), ["done"]);
    assert!(host.gc().failed.is_empty());
    assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "keep");
}
