//! Plans that cannot be carried out: what is said of them, and how far they came.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use pod_engine::plan::RootSource;
use pod_engine::stage1::Report;

use super::fixture::Fixture;
use super::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("failure::programs", Needs::Root, programs),
    ("failure::users", Needs::Root, users),
    ("failure::roots", Needs::Root, roots),
    ("failure::cgroups", Needs::Root, cgroups),
    ("failure::is_no_stage1_by_name_alone", Needs::Nothing, is_no_stage1_by_name_alone),
];

fn programs() {
    let mut fixture = Fixture::shell("");
    fs::write(fixture.image("bin/plain"), "text").unwrap();
    fs::write(fixture.image("bin/garbage"), [0x7f, b'E', b'L', b'F', 0, 0, 0, 0]).unwrap();
    fs::write(fixture.image("bin/script"), "#!/bin/no-such-shell\n").unwrap();
    for name in ["garbage", "script"] {
        fs::set_permissions(
            fixture.image("bin").join(name),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )
        .unwrap();
    }
    let cases = [
        ("/bin/nothing", "exec: \"/bin/nothing\": no such file or directory"),
        ("nothing", "exec: \"nothing\": executable file not found in $PATH"),
        ("plain", "exec: \"plain\": executable file not found in $PATH"),
        ("", "exec: \"\": executable file not found in $PATH"),
        ("/bin/plain", "exec: \"/bin/plain\": permission denied"),
        ("/etc", "exec: \"/etc\": permission denied"),
        ("/bin/garbage", "exec: \"/bin/garbage\": exec format error"),
        ("/bin/script", "exec: \"/bin/script\": no such file or directory"),
        ("./bin/nothing", "exec: \"./bin/nothing\": no such file or directory"),
    ];
    for (program, message) in cases {
        fixture.plan.process.argv = vec![program.to_owned()];
        assert_eq!(fixture.run().failure(), format!("Run: {message}"));
    }
    fixture.plan.process.argv = vec!["sh\0".to_owned()];
    assert_eq!(fixture.run().failure(), "Config: an argument of the process has a NUL byte");
    fixture.plan.process.argv = vec![];
    assert_eq!(fixture.run().failure(), "Config: the process has no program");
}

fn users() {
    let mut fixture = Fixture::shell("");
    fixture.plan.process.user.user = "ghost".into();
    assert_eq!(
        fixture.run().failure(),
        "Config: the user `ghost` is not in the app's `/etc/passwd`, and no number"
    );
    fixture.plan.process.user.user = "web".into();
    fixture.plan.process.user.group = Some("ghosts".into());
    assert_eq!(
        fixture.run().failure(),
        "Config: the group `ghosts` is not in the app's `/etc/group`, and no number"
    );
    fixture.plan.process.user.user = "root".into();
    fixture.plan.process.user.group = None;
    fixture.plan.process.user.non_root = true;
    assert_eq!(fixture.run().failure(), "Config: container has runAsNonRoot and image will run as root");
    fixture.plan.process.user.user = "web".into();
    assert_eq!(fixture.run().success(), "");
}

fn roots() {
    let mut fixture = Fixture::shell("");
    let missing = PathBuf::from("/no/such/root");
    fixture.plan.root.source = RootSource::Directory(missing.clone());
    assert_eq!(
        fixture.run().failure(),
        "Create: mounting the app's root `/no/such/root`: no such file or directory"
    );
    let (upper, work, target) = (fixture.host("upper"), fixture.host("work"), fixture.host("target"));
    let wanted = format!(
        "Create: mounting the overlay of the app's root at `{}`: no such file or directory",
        target.display()
    );
    fixture.plan.root.source =
        RootSource::Overlay { lower: vec![missing], upper, work, target, user_xattrs: false };
    assert_eq!(fixture.run().failure(), wanted);
}

fn cgroups() {
    let mut fixture = Fixture::shell("");
    fixture.plan.cgroups = vec!["/sys/fs/cgroup/no/such/cgroup".into()];
    let wanted = "Create: entering the cgroup `/sys/fs/cgroup/no/such/cgroup`: no such file or directory";
    assert_eq!(fixture.run().failure(), wanted);
    assert!(!fixture.run().reports.contains(&Report::Ready));
}

/// Whoever calls the program so gets nothing, whatever descriptors are there.
fn is_no_stage1_by_name_alone() {
    let output = Command::new(std::env::current_exe().unwrap()).arg0("podkit-stage1").output().unwrap();
    assert_eq!((output.status.code(), output.stdout, output.stderr), (Some(254), vec![], vec![]));
}
