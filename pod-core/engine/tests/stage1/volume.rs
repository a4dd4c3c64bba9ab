//! Volumes: where they appear and what may be done with them.

use std::fs;
use std::path::Path;

use pod_core::pod::Propagation;
use pod_engine::plan::MountPlan;
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags};

use super::fixture::Fixture;
use super::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("volume::directories_and_files", Needs::Root, directories_and_files),
    ("volume::read_only", Needs::Root, read_only),
    ("volume::recursive", Needs::Root, recursive),
    ("volume::sub_path", Needs::Root, sub_path),
    ("volume::shared_memory_of_the_pod", Needs::Root, shared_memory_of_the_pod),
    ("volume::propagation", Needs::Root, propagation),
    ("volume::propagation_needs_a_shared_mount", Needs::Root, propagation_needs_a_shared_mount),
    ("volume::missing_source", Needs::Root, missing_source),
];

pub(crate) fn mount(source: &Path, target: &str) -> MountPlan {
    MountPlan {
        source: source.to_owned(),
        sub_path: None,
        target: target.to_owned(),
        read_only: false,
        no_devices: false,
        recursive: false,
        propagation: Propagation::Private,
    }
}

/// A directory of the host with a file.
pub(crate) fn source(fixture: &Fixture) -> std::path::PathBuf {
    let source = fixture.host("volume");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("file"), "content\n").unwrap();
    source
}

fn directories_and_files() {
    let mut fixture =
        Fixture::shell("cat /data/deep/file /etc/one; echo more > /data/deep/new; stat -c %F /etc/one");
    let source = source(&fixture);
    fixture.plan.mounts = vec![mount(&source, "/data/deep"), mount(&source.join("file"), "/etc/one")];
    assert_eq!(fixture.run().success(), "content\ncontent\nregular file\n");
    assert_eq!(fs::read_to_string(source.join("new")).unwrap(), "more\n");
}

fn read_only() {
    let mut fixture = Fixture::shell("touch /ro/x; touch /rw/x && echo written");
    let source = source(&fixture);
    fixture.plan.mounts = vec![MountPlan { read_only: true, ..mount(&source, "/ro") }, mount(&source, "/rw")];
    assert_eq!(fixture.run().success(), "touch: /ro/x: Read-only file system\nwritten\n");
}

/// A mount below the source comes along when it is asked for, and is read-only then too.
fn recursive() {
    let mut fixture = Fixture::shell("ls /plain/below /all/below; touch /all/below/x /all/x");
    let source = source(&fixture);
    let below = source.join("below");
    fs::create_dir(&below).unwrap();
    rustix::mount::mount("tmpfs", &below, "tmpfs", MountFlags::empty(), None).unwrap();
    fs::write(below.join("inner"), "").unwrap();
    fixture.plan.mounts = vec![
        mount(&source, "/plain"),
        MountPlan { read_only: true, recursive: true, ..mount(&source, "/all") },
    ];
    let ended = fixture.run();
    rustix::mount::unmount(&below, UnmountFlags::DETACH).unwrap();
    assert_eq!(
        ended.output,
        "/all/below:\ninner\n\n/plain/below:\ntouch: /all/below/x: Read-only file system\ntouch: /all/x: Read-only file system\n"
    );
}

fn sub_path() {
    let mut fixture = Fixture::shell("cat /a/file; stat -c %a /b; cat /c");
    let source = source(&fixture);
    fs::create_dir_all(source.join("sub/dir")).unwrap();
    fs::write(source.join("sub/dir/file"), "below\n").unwrap();
    std::os::unix::fs::symlink("sub/dir", source.join("link")).unwrap();
    fs::set_permissions(&source, std::os::unix::fs::PermissionsExt::from_mode(0o750)).unwrap();
    let part = |sub_path: &str, target: &str| MountPlan {
        sub_path: Some(sub_path.to_owned()),
        ..mount(&source, target)
    };
    // The second one is not there; the third leads over a link within the volume.
    fixture.plan.mounts = vec![part("sub/dir", "/a"), part("new/deep", "/b"), part("link/file", "/c")];
    assert_eq!(fixture.run().success(), "below\n750\nbelow\n");
    assert!(source.join("new/deep").is_dir());
}

fn shared_memory_of_the_pod() {
    let mut fixture = Fixture::shell("cat /dev/shm/file; grep -c ' /dev/shm ' /proc/self/mounts");
    let source = source(&fixture);
    fixture.plan.mounts = vec![mount(&source, "/dev/shm")];
    assert_eq!(fixture.run().success(), "content\n1\n");
}

/// A shared mount of the host for a while.
struct Shared<'a>(&'a Path);

impl<'a> Shared<'a> {
    fn make(path: &'a Path) -> Self {
        rustix::mount::mount("tmpfs", path, "tmpfs", MountFlags::empty(), None).unwrap();
        let shared = Self(path);
        rustix::mount::mount_change(path, MountPropagationFlags::SHARED).unwrap();
        fs::create_dir(path.join("host")).unwrap();
        fs::create_dir(path.join("app")).unwrap();
        shared
    }
}

impl Drop for Shared<'_> {
    fn drop(&mut self) {
        for inner in ["host", "app"] {
            let _ = rustix::mount::unmount(self.0.join(inner), UnmountFlags::DETACH);
        }
        let _ = rustix::mount::unmount(self.0, UnmountFlags::DETACH);
    }
}

fn propagation() {
    // (propagation, the app sees the host's later mount, the host sees the app's)
    let cases = [
        (Propagation::Private, false, false),
        (Propagation::HostToContainer, true, false),
        (Propagation::Bidirectional, true, true),
    ];
    for (propagation, from_host, from_app) in cases {
        let mut fixture = Fixture::shell(
            "mount -t tmpfs none /data/app && touch /data/app/made && echo ready; \
             until test -e /data/go; do sleep 0.05; done; ls /data/host",
        );
        let source = source(&fixture);
        let shared = Shared::make(&source);
        fixture.plan.mounts = vec![MountPlan { propagation, ..mount(&source, "/data") }];
        fixture.plan.confinement.capabilities.push(pod_core::pod::Capability::SysAdmin);
        let app = fixture.start();
        assert_eq!(app.line(), "ready\n");
        assert_eq!(source.join("app/made").exists(), from_app, "{propagation:?}");
        rustix::mount::mount("tmpfs", source.join("host"), "tmpfs", MountFlags::empty(), None).unwrap();
        fs::write(source.join("host/late"), "").unwrap();
        fs::write(source.join("go"), "").unwrap();
        let ended = app.end();
        drop(shared);
        assert_eq!(ended.output, if from_host { "late\n" } else { "" }, "{propagation:?}");
    }
}

fn propagation_needs_a_shared_mount() {
    let mut fixture = Fixture::shell("");
    let source = source(&fixture);
    rustix::mount::mount("tmpfs", &source, "tmpfs", MountFlags::empty(), None).unwrap();
    rustix::mount::mount_change(&source, MountPropagationFlags::PRIVATE).unwrap();
    fixture.plan.mounts =
        vec![MountPlan { propagation: Propagation::Bidirectional, ..mount(&source, "/data") }];
    let ended = fixture.run();
    rustix::mount::unmount(&source, UnmountFlags::DETACH).unwrap();
    let wanted = format!(
        "Config: `{}` is not on a shared mount of the host: no later mount can pass to `/data`",
        source.display()
    );
    assert_eq!(ended.failure(), wanted);
}

fn missing_source() {
    let mut fixture = Fixture::shell("");
    fixture.plan.mounts = vec![mount(Path::new("/no/such/volume"), "/data")];
    let wanted = "Create: opening the volume `/no/such/volume` for `/data`: no such file or directory";
    assert_eq!(fixture.run().failure(), wanted);
}
