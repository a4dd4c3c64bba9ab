//! Environment and standard input of each verb, as the specification's table has it.

use std::ffi::OsString;

use cni_client::attachment::Attachment;
use cni_client::chain::{Add, Chain, Check, Del, Gc, OnError, Probe, Status};
use cni_client::invocation::Invocation;
use cni_client::plugins::Output;
use cni_client::request::CapabilityArgs;
use cni_client::result::AddResult;
use cni_client::version::Version;

use super::{DBNET, config, path, request};

const RESULT: &str = r#"{"cniVersion":"1.1.0","ips":[{"address":"10.1.0.5/16"}]}"#;

fn capabilities() -> CapabilityArgs {
    let mut args = CapabilityArgs::new();
    args.set_mac("00:11:22:33:44:66");
    args.set("portMappings", r#"[{"hostPort":8080}]"#.parse().unwrap());
    args.set("other", "1".parse().unwrap());
    args.set("undeclared", "1".parse().unwrap());
    args
}

fn attachment() -> Attachment {
    let request = request().with_args("A=1;B=2".parse().unwrap()).with_capabilities(capabilities());
    let result = AddResult::decode(RESULT.as_bytes(), Version::V1_1_0).unwrap();
    Attachment::new(config(DBNET), request).unwrap().with_result(result)
}

fn env(invocation: &Invocation) -> Vec<(&str, &str)> {
    invocation.environment.iter().map(|(name, value)| (*name, value.to_str().unwrap())).collect()
}

fn all(mut chain: impl Chain) -> Vec<Invocation> {
    let mut invocations = Vec::new();
    while let Some(invocation) = chain.next_invocation() {
        assert_eq!(chain.next_invocation().as_ref(), Some(&invocation), "it stays until it is answered");
        invocations.push(invocation);
        chain.on_output(Output::success(RESULT));
    }
    invocations
}

const PATH: (&str, &str) = ("CNI_PATH", "/opt/cni/bin:/usr/lib/cni");

#[test]
fn add() {
    let request = request().with_args("A=1;B=2".parse().unwrap()).with_capabilities(capabilities());
    let runs = all(Add::new(config(DBNET), request, path()).unwrap());
    for run in &runs {
        assert_eq!(
            env(run),
            [
                ("CNI_COMMAND", "ADD"),
                PATH,
                ("CNI_CONTAINERID", "c1"),
                ("CNI_NETNS", "/run/netns/c1"),
                ("CNI_IFNAME", "eth0"),
                ("CNI_ARGS", "A=1;B=2"),
            ]
        );
    }
    assert_eq!(runs[0].variable("CNI_IFNAME"), Some(OsString::from("eth0").as_os_str()));
    let stdin: Vec<&str> = runs.iter().map(|run| run.stdin.as_str()).collect();
    assert_eq!(
        stdin,
        [
            concat!(
                r#"{"cniVersion":"1.1.0","name":"dbnet","type":"bridge","bridge":"cni0","#,
                r#""keyA":["some more", "plugin specific"],"vlan":9007199254740993,"#,
                r#""ipam":{"type": "host-local", "subnet": "10.1.0.0/16"}}"#
            ),
            concat!(
                r#"{"cniVersion":"1.1.0","name":"dbnet","runtimeConfig":{"mac":"00:11:22:33:44:66"},"#,
                r#""prevResult":{"cniVersion":"1.1.0","ips":[{"address":"10.1.0.5/16"}]},"#,
                r#""type":"tuning","sysctl":{"net.core.somaxconn": "500"}}"#
            ),
            concat!(
                r#"{"cniVersion":"1.1.0","name":"dbnet","runtimeConfig":{"portMappings":[{"hostPort":8080}]},"#,
                r#""prevResult":{"cniVersion":"1.1.0","ips":[{"address":"10.1.0.5/16"}]},"type":"portmap"}"#
            ),
        ]
    );
}

#[test]
fn del_and_check_carry_the_final_result() {
    let check = all(Check::new(attachment(), path()).unwrap());
    let del = all(Del::new(attachment(), path(), OnError::GoOn));
    let kinds = |runs: &[Invocation]| runs.iter().map(|run| run.plugin.to_string()).collect::<Vec<_>>();
    assert_eq!(kinds(&check), ["bridge", "tuning", "portmap"]);
    assert_eq!(kinds(&del), ["portmap", "tuning", "bridge"]);
    for (run, other) in check.iter().zip(del.iter().rev()) {
        assert_eq!(run.stdin, other.stdin);
        assert!(run.stdin.contains(&format!(r#""prevResult":{RESULT}"#)));
        assert!(!run.stdin.contains("capabilities"));
        assert_eq!(env(run)[1..5], env(other)[1..5]);
        // What ADD was refused for must not keep DEL from cleaning up.
        assert_eq!((env(run)[5].1, env(other)[5].1), ("A=1;B=2", "A=1;B=2;IgnoreUnknown=1"));
    }
    assert_eq!((env(&check[0])[0], env(&del[0])[0]), (("CNI_COMMAND", "CHECK"), ("CNI_COMMAND", "DEL")));
}

#[test]
fn del_without_a_namespace_leaves_the_variable_out() {
    let runs = all(Del::new(attachment().without_netns(), path(), OnError::GoOn));
    assert_eq!(runs[0].variable("CNI_NETNS"), None);
    assert_eq!(runs[0].variable("CNI_IFNAME").unwrap(), "eth0");
}

/// DEL is given the result from 0.4.0.
#[test]
fn del_before_0_4_0_has_no_result() {
    for (version, given) in [("0.3.1", false), ("0.4.0", true)] {
        let config = config(&format!(r#"{{"cniVersion":"{version}","name":"n","type":"bridge"}}"#));
        let result = AddResult::decode(b"{}", config.version().unwrap()).unwrap();
        let attachment = Attachment::new(config, request()).unwrap().with_result(result);
        let runs = all(Del::new(attachment, path(), OnError::Halt));
        assert_eq!(runs[0].stdin.contains("prevResult"), given, "{version}");
    }
}

#[test]
fn a_stored_result_is_given_in_the_version_of_the_configuration() {
    let old =
        AddResult::decode(br#"{"cniVersion":"0.3.1","ips":[{"address":"10.1.0.5/16"}]}"#, Version::V0_3_1)
            .unwrap();
    let attachment = Attachment::new(config(DBNET), request()).unwrap().with_result(old);
    let runs = all(Del::new(attachment, path(), OnError::GoOn));
    assert!(runs[0].stdin.contains(&format!(r#""prevResult":{RESULT}"#)), "{}", runs[0].stdin);
}

#[test]
fn status_adds_nothing_and_keeps_capabilities() {
    let runs = all(Status::new(config(DBNET), path()).unwrap());
    assert_eq!(env(&runs[2]), [("CNI_COMMAND", "STATUS"), PATH]);
    assert_eq!(
        runs[2].stdin,
        r#"{"cniVersion":"1.1.0","name":"dbnet","type":"portmap","capabilities":{"portMappings": true}}"#
    );
}

#[test]
fn gc_carries_both_names_of_the_valid_set() {
    let valid =
        [("c1".parse().unwrap(), "eth0".parse().unwrap()), ("c2".parse().unwrap(), "a\"b".parse().unwrap())];
    let runs = all(Gc::new(config(DBNET), [], valid, path()).unwrap());
    assert_eq!(env(&runs[0]), [("CNI_COMMAND", "GC"), PATH]);
    let set = r#"[{"containerID":"c1","ifname":"eth0"},{"containerID":"c2","ifname":"a\"b"}]"#;
    assert!(runs[0].stdin.starts_with(&format!(
        r#"{{"cniVersion":"1.1.0","name":"dbnet","cni.dev/valid-attachments":{set},"cni.dev/attachments":{set},"type":"bridge","#
    )));
}

#[test]
fn version_has_the_dummies_of_old_plugins() {
    let runs = all(Probe::of_network(&config(DBNET), path()));
    assert_eq!(runs.len(), 4);
    assert_eq!(
        env(&runs[1]),
        [("CNI_COMMAND", "VERSION"), PATH, ("CNI_NETNS", "dummy"), ("CNI_IFNAME", "dummy")]
    );
    assert_eq!(
        (runs[1].plugin.as_str(), runs[1].stdin.as_str()),
        ("host-local", r#"{"cniVersion":"1.1.0"}"#)
    );
}

/// Members that are the runtime's to say do not come from a file; a fixed `runtimeConfig` and `args` may, as with libcni.
#[test]
fn reserved_members() {
    let config = config(
        r#"{"cniVersion":"1.1.0","name":"n","plugins":[{"type":"a","name":"x","cniVersion":"0.1.0","prevResult":{"a":1},
            "cni.dev/valid-attachments":[],"args":{"cni":{}},"runtimeConfig":{"mac":"m"}}]}"#,
    );
    let runs = all(Add::new(config.clone(), request(), path()).unwrap());
    assert_eq!(
        runs[0].stdin,
        r#"{"cniVersion":"1.1.0","name":"n","type":"a","args":{"cni":{}},"runtimeConfig":{"mac":"m"}}"#
    );
    assert_eq!(all(Status::new(config, path()).unwrap())[0].stdin, runs[0].stdin);
}
