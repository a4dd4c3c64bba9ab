//! What chains do after failures, and what they say.

use std::time::Duration;

use cni_client::attachment::Attachment;
use cni_client::chain::{
    Add, Chain, ChainError, Check, Del, Fault, Gc, OnError, PrepareError, Probe, Status, drive,
};
use cni_client::error::ErrorCode;
use cni_client::invocation::Invocation;
use cni_client::plugins::{Exit, Failure, Output};
use cni_client::request::Request;
use cni_client::result::AddResult;
use cni_client::version::Version;

use super::{DBNET, config, full, path, request};

/// Answers each run from a table of `VERB plugin` and output; everything else succeeds. Notes what ran.
fn script<'a>(
    log: &'a mut Vec<String>,
    answers: &'a [(&'a str, Output)],
) -> impl FnMut(&Invocation) -> Result<Output, Failure> + 'a {
    move |invocation| {
        let run = format!("{} {}", invocation.verb, invocation.plugin);
        let answer = answers.iter().find(|(name, _)| *name == run).map(|(_, output)| output.clone());
        log.push(run);
        Ok(answer.unwrap_or_else(|| Output::success("{}")))
    }
}

fn refusal(code: u32, message: &str) -> Output {
    Output::new(Exit::Code(1), format!(r#"{{"code":{code},"msg":"{message}"}}"#))
}

fn add() -> Add {
    Add::new(config(DBNET), request(), path()).unwrap()
}

fn attached(text: &str) -> Attachment {
    let config = config(text);
    let result = AddResult::new(config.version().unwrap());
    Attachment::new(config, request()).unwrap().with_result(result)
}

fn add_error(output: Output) -> ChainError {
    let mut chain = add();
    chain.on_output(output);
    while chain.next_invocation().is_some() {
        chain.on_output(Output::success(""));
    }
    chain.finish().unwrap_err()
}

#[test]
fn a_failed_add_is_undone_from_the_failed_plugin_back() {
    let mut log = Vec::new();
    let answers = [("ADD tuning", refusal(999, "no such sysctl"))];
    let error = drive(add(), &mut script(&mut log, &answers)).unwrap_err();
    assert_eq!(log, ["ADD bridge", "ADD tuning", "DEL tuning", "DEL bridge"]);
    assert!(error.is_undone());
    assert_eq!(error.code(), Some(ErrorCode::Internal));
    assert_eq!(
        full(&error),
        "cannot add `eth0` of container `c1` in network `dbnet`: \
         plugin `tuning` failed on ADD with exit code 1: no such sysctl (code 999)"
    );
}

#[test]
fn undoing_goes_on_and_tells() {
    let mut log = Vec::new();
    let answers = [
        ("ADD portmap", refusal(7, "bad")),
        ("DEL tuning", Output::new(Exit::Signal(9), "").with_stderr("first\nlast words\n")),
    ];
    let error = drive(add(), &mut script(&mut log, &answers)).unwrap_err();
    assert_eq!(log[3..], ["DEL portmap", "DEL tuning", "DEL bridge"]);
    assert!(!error.is_undone());
    assert_eq!(
        full(&error),
        "cannot add `eth0` of container `c1` in network `dbnet`; undoing it, plugin `tuning` failed on DEL with \
         signal 9 and said nothing; standard error: `first\\nlast words`: \
         plugin `portmap` failed on ADD with exit code 1: bad (code 7)"
    );
    assert_eq!(error.undo_failures()[0].exit(), Some(Exit::Signal(9)));
    assert_eq!(error.undo_failures()[0].stderr(), b"first\nlast words\n");
}

#[test]
fn a_plugin_that_never_ran_needs_no_del() {
    let mut chain = add();
    chain.on_output(Output::success("{}"));
    chain.on_failure(Failure::NotFound { searched: vec!["/a".into(), "/b".into()] });
    let next = chain.next_invocation().unwrap();
    assert_eq!((next.verb.as_str(), next.plugin.as_str()), ("DEL", "bridge"));
    chain.on_output(Output::success(""));
    let error = chain.finish().unwrap_err();
    assert!(error.is_undone());
    assert_eq!(
        full(&error),
        "cannot add `eth0` of container `c1` in network `dbnet`: \
         plugin `tuning` failed on ADD: the program is in none of `/a`, `/b`"
    );
}

#[test]
fn a_plugin_that_was_killed_gets_its_del() {
    let failures: [(Failure, &str); 3] = [
        (
            Failure::TimedOut { limit: Duration::from_millis(1500), stderr: b"waiting".to_vec() },
            "killed after its time limit of 1.5s; standard error: `waiting`",
        ),
        (
            Failure::TooMuchOutput { limit: 65_536, stderr: Vec::new() },
            "killed because it wrote more than 65536 bytes to standard output",
        ),
        (Failure::Cancelled { started: true }, "killed because the operation was cancelled"),
    ];
    for (failure, text) in failures {
        let mut chain = add();
        chain.on_failure(failure);
        assert_eq!(chain.next_invocation().unwrap().verb.as_str(), "DEL");
        chain.on_output(Output::success(""));
        assert_eq!(
            full(&chain.finish().unwrap_err()),
            format!(
                "cannot add `eth0` of container `c1` in network `dbnet`: plugin `bridge` failed on ADD: {text}"
            )
        );
    }
    let mut chain = add();
    chain.on_failure(Failure::Cancelled { started: false });
    assert_eq!(chain.next_invocation(), None);
    assert!(chain.finish().unwrap_err().is_undone());
}

#[test]
fn causes_of_the_driver_are_sources() {
    let mut chain = add();
    let source = std::io::Error::other("exec format error").into();
    chain.on_failure(Failure::Start { program: "/opt/cni/bin/bridge".into(), source });
    assert_eq!(
        full(&chain.finish().unwrap_err()),
        "cannot add `eth0` of container `c1` in network `dbnet`: plugin `bridge` failed on ADD: \
         cannot start `/opt/cni/bin/bridge`: exec format error"
    );
}

#[test]
fn rollback_can_be_left_to_the_caller() {
    let mut log = Vec::new();
    let answers = [("ADD tuning", refusal(1, "no"))];
    let error = drive(add().without_rollback(), &mut script(&mut log, &answers)).unwrap_err();
    assert_eq!(log, ["ADD bridge", "ADD tuning"]);
    assert!(!error.is_undone());
}

#[test]
fn the_record_is_there_before_the_first_plugin_and_grows() {
    let mut chain = add();
    assert_eq!(chain.attachment().result(), None);
    chain.on_output(Output::success(r#"{"ips":[{"address":"10.0.0.2/24"}]}"#));
    assert_eq!(chain.attachment().result().unwrap().ips.len(), 1);
    // Left in the middle: somebody must undo it from the record.
    let error = chain.finish().unwrap_err();
    assert!(!error.is_undone() && error.failures().is_empty());
    assert_eq!(
        error.to_string(),
        "cannot add `eth0` of container `c1` in network `dbnet`: not all plugins were run"
    );
    assert!(add().finish().unwrap_err().is_undone());
}

#[test]
fn what_plugins_write_instead_of_a_result() {
    let prefix = "cannot add `eth0` of container `c1` in network `dbnet`: ";
    for (output, text) in [
        (Output::success(""), "plugin `bridge` succeeded on ADD and wrote no result"),
        (Output::success(" \n"), "plugin `bridge` succeeded on ADD and wrote no result"),
        (
            Output::success(r#"{"cniVersion":"1.0"#),
            "the output of plugin `bridge` on ADD cannot be read: 1:18: EOF while parsing a string",
        ),
        (
            Output::success("null"),
            "the output of plugin `bridge` on ADD cannot be read: 1:1: expected an object, found null",
        ),
        (
            // A wrapper has lost the exit code.
            Output::success(r#"{"code":7,"msg":"bad config"}"#),
            "plugin `bridge` failed on ADD with exit code 0: bad config (code 7)",
        ),
        (Output::new(Exit::Code(3), ""), "plugin `bridge` failed on ADD with exit code 3 and said nothing"),
        (
            Output::new(Exit::Code(3), "{}"),
            "plugin `bridge` failed on ADD with exit code 3 and wrote `{}` instead of an error: \
             1:1: an error has `code` and `msg`",
        ),
        (
            Output::new(Exit::Code(2), "panic: \"x\"\n\tmain.go").with_stderr("goroutine 1"),
            "plugin `bridge` failed on ADD with exit code 2 and wrote `panic: \\\"x\\\"\\n\\tmain.go` instead of an error; \
             standard error: `goroutine 1`: 1:1: expected value",
        ),
        (
            Output::new(Exit::Signal(11), r#"{"code":999,"msg":"m","details":"d"}"#),
            "plugin `bridge` failed on ADD with signal 11: m; d (code 999)",
        ),
    ] {
        assert_eq!(full(&add_error(output)), format!("{prefix}{text}"));
    }
    let error = add_error(Output::new(Exit::Code(2), "x".repeat(1000)).with_stderr("y".repeat(1000)));
    let text = error.failures()[0].to_string();
    assert!(
        text.contains(&format!("`{}…`", "x".repeat(400)))
            && text.contains(&format!("`…{}`", "y".repeat(400)))
    );
    assert!(matches!(error.failures()[0].fault(), Fault::Babbled { .. }));
    assert_eq!(error.failures()[0].stderr().len(), 1000);
}

#[test]
fn del_goes_on_or_halts() {
    let answers = [("DEL portmap", refusal(999, "a")), ("DEL bridge", Output::new(Exit::Code(1), ""))];
    let mut log = Vec::new();
    let del = Del::new(attached(DBNET), path(), OnError::GoOn);
    let error = drive(del, &mut script(&mut log, &answers)).unwrap_err();
    assert_eq!(log, ["DEL portmap", "DEL tuning", "DEL bridge"]);
    assert_eq!(
        full(&error),
        "cannot delete `eth0` of container `c1` in network `dbnet`; also plugin `bridge` failed on DEL with exit code 1 \
         and said nothing: plugin `portmap` failed on DEL with exit code 1: a (code 999)"
    );
    let mut log = Vec::new();
    let del = Del::new(attached(DBNET), path(), OnError::Halt);
    let error = drive(del, &mut script(&mut log, &answers)).unwrap_err();
    assert_eq!((log.len(), error.failures().len()), (1, 1));
    let del = Del::new(attached(DBNET), path(), OnError::GoOn);
    assert_eq!(
        del.finish().unwrap_err().to_string(),
        "cannot delete `eth0` of container `c1` in network `dbnet`: not all plugins were run"
    );
}

#[test]
fn check_stops_at_the_first_failure() {
    let mut log = Vec::new();
    let answers = [("CHECK tuning", refusal(100, "mac differs"))];
    let error =
        drive(Check::new(attached(DBNET), path()).unwrap(), &mut script(&mut log, &answers)).unwrap_err();
    assert_eq!(log, ["CHECK bridge", "CHECK tuning"]);
    assert_eq!(
        full(&error),
        "cannot confirm `eth0` of container `c1` in network `dbnet`: \
         plugin `tuning` failed on CHECK with exit code 1: mac differs (code 100)"
    );
}

#[test]
fn check_is_not_for_everything() {
    let disabled = DBNET.replacen('{', "{\"disableCheck\": true,", 1);
    let mut log = Vec::new();
    let check = Check::new(attached(&disabled), path()).unwrap();
    assert!(check.is_disabled());
    drive(check, &mut script(&mut log, &[])).unwrap();
    assert!(log.is_empty());

    let old = attached(r#"{"cniVersion":"0.3.1","name":"n","type":"a"}"#);
    assert_eq!(
        Check::new(old, path()).unwrap_err().to_string(),
        "network `n` is of version 0.3.1, and CHECK needs 0.4.0 or later"
    );
    let unfinished = Attachment::new(config(DBNET), request()).unwrap();
    assert_eq!(
        Check::new(unfinished, path()).unwrap_err().to_string(),
        "attachment `dbnet:c1:eth0` has no result of ADD to check against"
    );
}

#[test]
fn status() {
    let mut log = Vec::new();
    let answers = [("STATUS bridge", refusal(50, "no pool"))];
    let error =
        drive(Status::new(config(DBNET), path()).unwrap(), &mut script(&mut log, &answers)).unwrap_err();
    assert_eq!((log.len(), error.code()), (1, Some(ErrorCode::NotAvailable)));
    assert_eq!(
        full(&error),
        "not ready: network `dbnet`: plugin `bridge` failed on STATUS with exit code 1: no pool (code 50)"
    );
    let mut log = Vec::new();
    let old = Status::new(config(r#"{"cniVersion":"1.0.0","name":"n","type":"a"}"#), path()).unwrap();
    assert!(!old.is_supported());
    drive(old, &mut script(&mut log, &[])).unwrap();
    assert!(log.is_empty());
}

fn attachment_of(text: &str, container: &str) -> Attachment {
    let request = Request::new(container.parse().unwrap(), "/n".parse().unwrap(), "eth0".parse().unwrap());
    Attachment::new(config(text), request).unwrap()
}

#[test]
fn gc_deletes_what_is_stale_and_tells_the_plugins() {
    let one = r#"{"cniVersion":"1.1.0","name":"n","plugins":[{"type":"a"},{"type":"b"}]}"#;
    let other = one.replace("\"n\"", "\"m\"");
    let known = [
        attachment_of(one, "keep"),
        attachment_of(one, "s1"),
        attachment_of(&other, "x"),
        attachment_of(one, "s2"),
    ];
    let valid = [("keep".parse().unwrap(), "eth0".parse().unwrap())];
    let mut log = Vec::new();
    let mut fake = |run: &Invocation| {
        let container =
            run.variable("CNI_CONTAINERID").map(|c| c.to_str().unwrap().to_owned()).unwrap_or_default();
        log.push(format!("{} {} {container}", run.verb, run.plugin));
        let failed = matches!(
            (run.verb.as_str(), run.plugin.as_str(), container.as_str()),
            (_, "a", "s2") | ("GC", "a", _)
        );
        Ok(if failed { refusal(999, "no") } else { Output::success("") })
    };
    let report = drive(Gc::new(config(one), known.clone(), valid.clone(), path()).unwrap(), &mut fake);
    assert_eq!(log, ["DEL b s1", "DEL a s1", "DEL b s2", "DEL a s2", "GC a ", "GC b "]);
    assert!(!report.is_clean());
    assert_eq!(report.deleted.iter().map(ToString::to_string).collect::<Vec<_>>(), ["n:s1:eth0"]);
    assert_eq!(
        full(&report.undeleted[0]),
        "cannot delete `eth0` of container `s2` in network `n`: plugin `a` failed on DEL with exit code 1: no (code 999)"
    );
    assert_eq!(report.failures.len(), 1);

    // disableGC: the DELs are owed all the same.
    let disabled = one.replacen('{', "{\"disableGC\":true,", 1);
    let mut log = Vec::new();
    let report = drive(
        Gc::new(config(&disabled), known.clone(), valid.clone(), path()).unwrap(),
        &mut script(&mut log, &[]),
    );
    assert_eq!(log, ["DEL b", "DEL a", "DEL b", "DEL a"]);
    assert!(report.is_clean());

    // Left before its end: the DELs that were not sent are told.
    let report = Gc::new(config(one), known, valid, path()).unwrap().finish();
    assert_eq!((report.deleted.len(), report.undeleted.len()), (0, 2));
}

#[test]
fn probing() {
    let answers = [
        (
            "VERSION bridge",
            Output::success(r#"{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}"#),
        ),
        ("VERSION host-local", refusal(4, "unknown CNI_COMMAND: VERSION")),
        ("VERSION tuning", Output::new(Exit::Code(1), "")),
        ("VERSION portmap", Output::success("1.0.0")),
    ];
    let mut log = Vec::new();
    let report = drive(Probe::of_network(&config(DBNET), path()), &mut script(&mut log, &answers));
    let spoken: Vec<_> = report
        .spoken
        .iter()
        .map(|(name, versions)| (name.as_str(), versions.iter().collect::<Vec<_>>()))
        .collect();
    assert_eq!(
        spoken,
        [("bridge", vec![Version::V0_4_0, Version::V1_0_0]), ("host-local", vec![Version::V0_1_0])]
    );
    let failures: Vec<_> = report.failures.iter().map(|error| full(error)).collect();
    assert_eq!(
        failures,
        [
            "plugin `tuning` failed on VERSION with exit code 1 and said nothing",
            "the output of plugin `portmap` on VERSION cannot be read: 1:4: trailing characters",
        ]
    );
}

#[test]
fn what_cannot_begin() {
    let empty = config(r#"{"cniVersion":"1.0.0","name":"n"}"#);
    let none = Add::new(empty.clone(), request(), path()).unwrap_err();
    assert_eq!(none.to_string(), "network `n` has no plugins");
    assert!(matches!(Status::new(empty, path()).unwrap_err(), PrepareError::NoPlugins { .. }));
    let future = config(r#"{"cniVersion":"2.0.0","name":"n","type":"a"}"#);
    assert_eq!(
        full(&Add::new(future.clone(), request(), path()).unwrap_err()),
        "no version to speak with the plugins of network `n`: no common version: the configuration has 2.0.0, \
         this client speaks 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0"
    );
    assert!(Gc::new(future, [], [], path()).is_err());
}

#[test]
fn answers_that_nobody_waits_for_change_nothing() {
    let mut check = Check::new(attached(r#"{"cniVersion":"1.0.0","name":"n","type":"a"}"#), path()).unwrap();
    check.on_output(Output::success(""));
    check.on_output(refusal(1, "late"));
    check.on_failure(Failure::Cancelled { started: false });
    check.finish().unwrap();
}
