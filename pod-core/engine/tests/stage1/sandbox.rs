//! The namespaces of a pod.

use std::fs;
use std::path::PathBuf;

use pod_engine::plan::{NamespacePaths, SandboxPlan};
use pod_engine::stage1::make_sandbox;

use super::fixture::Fixture;
use super::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("sandbox::pins_its_namespaces", Needs::Root, pins_its_namespaces),
    ("sandbox::apps_join_it", Needs::Root, apps_join_it),
    ("sandbox::refuses_sysctls_of_the_host", Needs::Root, refuses_sysctls_of_the_host),
    ("sandbox::names_what_it_cannot_do", Needs::Root, names_what_it_cannot_do),
];

fn plan(pins: NamespacePaths) -> SandboxPlan {
    SandboxPlan { pins, hostname: Some("pod-1".to_owned()), sysctls: vec![] }
}

fn pins(fixture: &mut Fixture) -> NamespacePaths {
    NamespacePaths {
        net: Some(fixture.pin("net")),
        ipc: Some(fixture.pin("ipc")),
        uts: Some(fixture.pin("uts")),
    }
}

#[track_caller]
fn refusal(plan: &SandboxPlan) -> String {
    let failure = make_sandbox(plan).unwrap_err();
    format!("{:?}: {failure}", failure.failure)
}

fn pins_its_namespaces() {
    let mut fixture = Fixture::shell("");
    let pins = pins(&mut fixture);
    let own =
        || ["net", "ipc", "uts"].map(|kind| fs::read_link(format!("/proc/thread-self/ns/{kind}")).unwrap());
    let before = own();
    make_sandbox(&plan(pins.clone())).unwrap();
    assert_eq!(own(), before, "the calling thread is where it was");
    for (kind, pin) in [("net", &pins.net), ("ipc", &pins.ipc), ("uts", &pins.uts)] {
        let pin: &PathBuf = pin.as_ref().unwrap();
        // The file is the namespace itself now: another inode than ours, on the kernel's nsfs.
        let inode =
            |path: &std::path::Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
        assert_ne!(inode(pin), inode(format!("/proc/self/ns/{kind}").as_ref()), "{kind}");
        assert_eq!(rustix::fs::statfs(pin).unwrap().f_type, 0x6e73_6673, "{kind}");
    }
}

fn apps_join_it() {
    let mut fixture = Fixture::shell(
        "hostname; cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced; ip -o link show; ip -4 -o addr show lo",
    );
    fixture.plan.namespaces = pins(&mut fixture);
    let mut sandbox = plan(fixture.plan.namespaces.clone());
    sandbox.sysctls = vec![
        ("net/ipv4/ip_forward".to_owned(), "1".to_owned()),
        ("kernel/shm_rmid_forced".to_owned(), "1".to_owned()),
    ];
    make_sandbox(&sandbox).unwrap();
    let ended = fixture.run();
    let lines: Vec<&str> = ended.success().lines().collect();
    assert_eq!(lines[..3], ["pod-1", "1", "1"]);
    assert!(lines[3].contains("lo: <LOOPBACK,UP,LOWER_UP>"), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("inet 127.0.0.1/8")), "{lines:?}");
}

fn refuses_sysctls_of_the_host() {
    let cases = [
        (
            "kernel/core_pattern",
            true,
            "Config: the sysctl `kernel.core_pattern` is not namespaced: it would change the host",
        ),
        (
            "vm/swappiness",
            true,
            "Config: the sysctl `vm.swappiness` is not namespaced: it would change the host",
        ),
        (
            "net/ipv4/ip_forward",
            false,
            "Config: the sysctl `net.ipv4.ip_forward` needs a network namespace of the pod's own",
        ),
        ("kernel/sem", false, "Config: the sysctl `kernel.sem` needs a IPC namespace of the pod's own"),
        (
            "net/../kernel/core_pattern",
            true,
            "Config: the sysctl `net....kernel.core_pattern` has a path that leads elsewhere",
        ),
        (
            "net/ipv4/no_such_thing",
            true,
            "Create: setting the sysctl `net.ipv4.no_such_thing` to `1`: no such file or directory",
        ),
    ];
    for (path, own, message) in cases {
        let mut fixture = Fixture::shell("");
        let pins = if own { pins(&mut fixture) } else { NamespacePaths::default() };
        let sandbox = SandboxPlan { pins, hostname: None, sysctls: vec![(path.to_owned(), "1".to_owned())] };
        assert_eq!(refusal(&sandbox), message);
    }
}

fn names_what_it_cannot_do() {
    let fixture = Fixture::shell("");
    let missing = fixture.host("missing");
    let pins = NamespacePaths { net: Some(missing.clone()), ..NamespacePaths::default() };
    let wanted =
        format!("Create: pinning the net namespace at `{}`: no such file or directory", missing.display());
    assert_eq!(refusal(&SandboxPlan { pins: pins.clone(), hostname: None, sysctls: vec![] }), wanted);
    let named = SandboxPlan { pins, hostname: Some("x".to_owned()), sysctls: vec![] };
    assert_eq!(refusal(&named), "Config: a host name needs a UTS namespace of the pod's own");
}
