//! Command lines: help, durations, completions, and who may run what.

use libtest_mimic::Trial;

use crate::program::{Podrun, acitool, kubetool};
use crate::test;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("cli::help_teaches", &[], help_teaches),
        test("cli::wrong_command_lines", &[], wrong_command_lines),
        test("cli::durations", &[], durations),
        test("cli::completions", &[], completions),
        test(
            "cli::a_directory_that_is_not_there_yet",
            &[crate::Need::Root],
            a_directory_that_is_not_there_yet,
        ),
    ]
}

fn help_teaches() {
    let podrun = Podrun::new();
    for command in ["run-prepared", "gc", "list", "status", "completions"] {
        let help = podrun.run([command, "--help"]).success().stdout;
        let examples = help.split_once("Examples:").expect("examples").1;
        assert!(examples.matches(&format!("  podrun {command}")).count() >= 2, "{help}");
    }
    for command in ["run", "prepare"] {
        let help = podrun.run([command, "--help"]).success().stdout;
        assert!(help.contains("Examples:") && help.contains("--- ") || help.contains("[---]"), "{help}");
    }
    for command in ["build", "validate", "id", "cat-manifest", "ls", "extract"] {
        let help = acitool([command, "--help"]).success().stdout;
        let examples = help.split_once("Examples:").expect("examples").1;
        assert_eq!(
            examples.lines().filter(|line| line.starts_with(&format!("  acitool {command}"))).count(),
            2,
            "{help}"
        );
    }
    for command in ["decode", "convert", "fmt", "split", "kinds", "explain"] {
        let help = kubetool([command, "--help"], "").success().stdout;
        let examples = help.split_once("Examples:").expect("examples").1;
        assert_eq!(examples.matches(&format!("kubetool {command}")).count(), 2, "{help}");
    }
    let help = podrun.run(["--help"]).success().stdout;
    assert!(help.contains("Exit status:") && help.contains("254"), "{help}");
    assert_eq!(
        podrun.run(["--version"]).success().stdout,
        concat!("podrun ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

fn wrong_command_lines() {
    let podrun = Podrun::new();
    for arguments in
        [&[][..], &["fly"], &["run"], &["run", "--pod-manifest", "a", "b"], &["gc", "--grace-period"]]
    {
        let ran = podrun.run(arguments).exits(254);
        assert_eq!(ran.stdout, "");
        assert!(ran.stderr.contains("Usage:") || ran.stderr.contains("--help"), "{}", ran.stderr);
    }
    let ran = podrun.run(["run", "--dns-search", "a\nnameserver 192.0.2.1", "a.aci"]).exits(254);
    assert!(ran.stderr.contains("'\\n' has no place in a word of resolv.conf"), "{}", ran.stderr);
    assert!(!podrun.data().exists());
    for arguments in [&[][..], &["fly"], &["id"], &["build", "--copy-exec", "/bin/sh", "out.aci"]] {
        acitool(arguments).exits(2);
    }
}

/// rkt's durations are Go's (`time.ParseDuration`): a number and a unit, again and again; 0 needs no unit.
fn durations() {
    let podrun = Podrun::new();
    for (text, complaint) in [
        ("", "value was empty"),
        ("30", "time unit needed, for example 30sec or 30ms"),
        ("m", "expected number at 0"),
        ("1h30", "time unit needed, for example 30sec or 30ms"),
        ("30x", "unknown time unit \"x\""),
    ] {
        let ran = podrun.run(["gc", &format!("--grace-period={text}")]).exits(254);
        let expected = format!("error: invalid value '{text}' for '--grace-period <DURATION>': {complaint}");
        assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
    }
    for text in ["0", "30m", "1h30m", "1.5h", "300ms"] {
        // `--help` comes after the durations were read, and does nothing.
        podrun.run(["gc", "--grace-period", text, "--expire-prepared", text, "--help"]).success();
    }
}

fn completions() {
    let podrun = Podrun::new();
    for (shell, text) in
        [("bash", "complete -F _podrun"), ("zsh", "#compdef podrun"), ("fish", "complete -c podrun")]
    {
        let script = podrun.run(["completions", shell]).success().stdout;
        assert!(script.contains(text) && script.contains("grace-period"), "{shell}: {script}");
    }
}

/// Whatever command comes first: what the data directory stands in is made.
fn a_directory_that_is_not_there_yet() {
    for command in [&["list"][..], &["image", "list"], &["play", "get", "pods"], &["gc"]] {
        let podrun = Podrun::new();
        let dir = podrun.scratch().join("a/b/c");
        podrun.run([&["--dir", &*dir.to_string_lossy()], command].concat()).success();
    }
}
