//! podrun as an ordinary user. The tests are root, and become one by its number.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use libtest_mimic::Trial;

use crate::hello::{HELLO, by_container};
use crate::machine::tree;
use crate::program::{Podrun, Ran, repository};
use crate::{Need, test};

/// A user that the machine does not know.
const USER: u32 = 4243;

/// A pod that wants the default network.
const NET: &str = "{apiVersion: v1, kind: Pod, metadata: {name: net, annotations: {podkit.dev/copy-exec.a: /bin/true}}, \
    spec: {containers: [{name: a, image: example.com/true:1, command: [/bin/true]}]}}";

pub(crate) fn tests() -> Vec<Trial> {
    vec![test("rootless::hello", &[Need::Root, Need::Program("setpriv")], hello)]
}

/// The demo from its first line to its last trace, in `~/.local/share/podkit`.
fn hello() {
    let podrun = Podrun::new();
    let home = podrun.scratch();
    std::fs::set_permissions(home, Permissions::from_mode(0o755)).expect("our directory");
    std::os::unix::fs::chown(home, Some(USER), Some(USER)).expect("we are root");
    // The build directory may be in a place where only root can go.
    let program = home.join("podrun");
    std::fs::copy(env!("CARGO_BIN_EXE_podrun"), &program).expect("a copy of podrun");
    let manifest = home.join("hello.yaml");
    std::fs::copy(repository(HELLO), &manifest).expect("a copy of the manifest");
    let run_with = |arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={USER}"), &format!("--regid={USER}"), "--clear-groups"]);
        command.arg(&program).args(arguments).current_dir(home);
        command.env("HOME", home).env_remove("XDG_DATA_HOME").env_remove("PODKIT_DIR").env_remove("RUST_LOG");
        Ran::of(command.output().expect("setpriv starts"))
    };
    let run = |arguments: &[&str]| run_with(arguments).success();

    let ran = run(&["run", "hello.yaml"]);
    let lines = by_container(&ran.stdout);
    assert_eq!(
        lines["web"],
        ["listening on 127.0.0.1:8080", "the preStop hook of web says: time to go", "asked to stop: bye"],
    );
    assert_eq!(lines["client"].len(), 1, "{}", ran.stdout);
    assert_eq!(lines["reader"].len(), 3, "{}", ran.stdout);
    let why = "containers can run as user 0 only, and own all files of their images: \
        `/etc/subuid` gives no range of identifiers to user `4243`";
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("Pod hello Succeeded\n"), "{}", ran.stderr);

    // No plugin is asked: what a network needs is root's to give.
    std::fs::write(home.join("net.yaml"), NET).expect("our directory");
    let refused = run_with(&["run", "net.yaml"]);
    assert_eq!(refused.code, Some(254), "{}", refused.stderr);
    let why = "network `default` needs root, who may make interfaces on this machine; without root there are `--net=none` and `--net=host`";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);

    assert!(run(&["list"]).stdout.contains("Succeeded"));
    run(&["gc", "--grace-period", "0"]);
    assert_eq!(run(&["list", "--output", "json"]).stdout, "[]\n");
    let pods = tree(&home.join(".local/share/podkit/pods"));
    assert!(pods.iter().all(|path| path.components().count() == 1), "{pods:?}");
}
