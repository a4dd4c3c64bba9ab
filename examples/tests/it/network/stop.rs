//! A plugin that hangs, and somebody who does not want to wait for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rustix::process::Signal;

use super::{DEFAULT, Running, collect, pod};
use crate::host::Host;
use crate::program::Podrun;
use crate::test;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("network::a_hanging_plugin_ends_when_the_pod_is_stopped", DEFAULT, a_hanging_plugin),
        test("network::what_a_plugin_refuses_for_ever_leaves_no_pod_behind", DEFAULT, refused_for_ever),
    ]
}

/// It says which processes it has, and waits for ever beside one that holds its output.
const HANGS: &str = "#!/bin/sh
cat >/dev/null
case $CNI_COMMAND in
VERSION) echo '{\"cniVersion\":\"1.0.0\",\"supportedVersions\":[\"0.4.0\",\"1.0.0\"]}';;
ADD) sleep 1000 & echo $$ $! >>LOG; wait;;
DEL) echo DEL >>LOG;;
esac
";

const NETWORK: &str = r#"{"cniVersion":"1.0.0","name":"slow","plugins":[
    {"type":"ptp","ipMasq":true,"ipam":{"type":"host-local","subnet":"172.16.44.0/24"}},{"type":"hangs"}]}"#;

fn a_hanging_plugin() {
    for way in ["interrupt", "stop", "deadline"] {
        let podrun = Podrun::on(Host::new());
        let (plugins, log) = (podrun.scratch().join("bin"), podrun.scratch().join("log"));
        fs::create_dir(&plugins).expect("a folder for plugins");
        let script = HANGS.replace("LOG", log.to_str().expect("UTF-8"));
        fs::write(plugins.join("hangs"), script).expect("a plugin");
        fs::set_permissions(plugins.join("hangs"), fs::Permissions::from_mode(0o755)).expect("a program");
        podrun.host().describe("10-slow.conflist", NETWORK);
        let before = podrun.host().state();

        let path = format!("--cni-path={}:/usr/lib/cni:/opt/cni/bin", plugins.display());
        let deadline = if way == "deadline" { "spec:\n  activeDeadlineSeconds: 2\n" } else { "spec:\n" };
        let manifest = pod("slow", "[]", "true").replace("spec:\n", deadline);
        let mut run = Running::start(&podrun, &[&path, "--net=slow"], &manifest);
        let processes = until(Duration::from_secs(60), || {
            let text = fs::read_to_string(&log).ok().filter(|text| text.ends_with('\n'))?;
            Some(text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>())
        });
        assert_eq!(processes.len(), 2, "{processes:?}");
        match way {
            "interrupt" => run.signal(Signal::INT),
            "stop" => {
                let listed = podrun.run(["list", "--output", "json"]).success().stdout;
                let pods: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
                let uuid = pods[0]["uuid"].as_str().expect("a pod").to_owned();
                podrun.run(["stop", &uuid]);
            }
            _ => {}
        }
        // The plugin's limit is two minutes.
        until(Duration::from_secs(60), || run.child.try_wait().expect("a child"));
        for process in &processes {
            assert!(!is_ours(process, podrun.marker()), "{way}: {process} is there still");
        }
        assert_eq!(fs::read_to_string(&log).expect("a log").lines().last(), Some("DEL"), "{way}");
        assert_eq!(podrun.host().state(), before, "{way}");
        collect(&podrun);
    }
}

/// The user has written nonsense, which plugins refuse on DEL, too.
fn refused_for_ever() {
    let podrun = Podrun::on(Host::new());
    let network = r#"{"cniVersion":"1.0.0","name":"NAME","plugins":[{"type":"ptp","ipam":{"type":"host-local","subnet":"SUBNET"}}]}"#;
    let describe = |file: &str, name: &str, subnet: &str| {
        podrun.host().describe(file, &network.replace("NAME", name).replace("SUBNET", subnet));
    };
    describe("10-wrong.conflist", "wrong", "999.0.0.0/24");
    describe("20-right.conflist", "right", "172.16.45.0/24");
    podrun.host().describe("30-none.conflist", "{");
    let future =
        network.replace("1.0.0", "9.9.0").replace("NAME", "future").replace("SUBNET", "172.16.46.0/24");
    podrun.host().describe("40-future.conflist", &future);
    let before = podrun.host().state();
    let manifest = pod("refused", "[]", "true");
    for (option, words) in [
        ("--net=wrong", "invalid CIDR address: 999.0.0.0/24"),
        ("--net=right:IP=999.1.1.1", "invalid IP address 999.1.1.1"),
        ("--net=right,wrong", "invalid CIDR address: 999.0.0.0/24"),
    ] {
        let mut run = Running::start(&podrun, &[option], &manifest);
        let event = run.event("FailedCreatePodSandBox");
        assert!(event.contains(words), "{event}");
        run.stop();
        collect(&podrun);
        assert_eq!(podrun.run(["list", "--output", "json"]).success().stdout.trim(), "[]", "{option}");
        assert_eq!(podrun.host().state(), before, "{option}");
    }
    // What can be known before is said before, and of a file that cannot be read once.
    let ran = podrun.run_pod(&["--net=future"], &manifest).exits(254);
    assert!(
        ran.stderr.ends_with(
            "podrun: network `future`: no common version: the configuration has 9.9.0, this client speaks 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0\n"
        ),
        "{}",
        ran.stderr
    );
    let ran = podrun.run_pod(&["--net=right"], &manifest).success();
    assert_eq!(ran.stderr.matches("30-none.conflist:1:").count(), 1, "{}", ran.stderr);
    collect(&podrun);
}

/// Whether the process is the plugin, or was started by it.
fn is_ours(process: &str, marker: &str) -> bool {
    let environment = fs::read(Path::new("/proc").join(process).join("environ")).unwrap_or_default();
    String::from_utf8_lossy(&environment).contains(marker)
}

fn until<T>(limit: Duration, mut what: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(done) = what() {
            return done;
        }
        assert!(began.elapsed() < limit, "it takes too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}
