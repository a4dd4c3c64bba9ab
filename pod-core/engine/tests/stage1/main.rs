//! What stage1 does, with real processes. The test program launches itself as stage1, as every program that embeds the
//! engine does.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod confine;
mod escape;
mod exec;
mod failure;
mod fixture;
mod inside;
mod peer;
mod probe;
mod reaper;
mod sandbox;
mod terminal;
mod view;
mod volume;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// What a test needs beside a kernel.
enum Needs {
    Nothing,
    /// The right to make namespaces, and a busybox to run in them.
    Root,
    /// The same, and runc to compare with.
    Runc,
    /// The same, and gRPC for Python.
    Grpc,
    /// The same, and the feature `tls` and OpenSSL.
    Https,
}

type Case = (&'static str, Needs, fn());

const CASES: &[&[Case]] = &[
    confine::CASES,
    escape::CASES,
    exec::CASES,
    failure::CASES,
    peer::CASES,
    probe::CASES,
    reaper::CASES,
    sandbox::CASES,
    terminal::CASES,
    view::CASES,
    volume::CASES,
];

fn main() -> ExitCode {
    pod_engine::stage1::run_if_asked();
    if let Some(code) = inside::run_if_asked() {
        return code;
    }
    let arguments = Arguments::from_args();
    let trials = CASES.iter().copied().flatten().map(trial).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial((name, needs, test): &Case) -> Trial {
    let lacking = match needs {
        Needs::Nothing => None,
        _ if !rustix::process::geteuid().is_root() => Some("root"),
        _ if fixture::busybox().is_none() => Some("busybox-static"),
        Needs::Runc if !peer::is_there() => Some("runc"),
        Needs::Grpc if !probe::has_grpc() => Some("python3-grpcio"),
        Needs::Https if cfg!(not(feature = "tls")) => Some("the feature `tls`"),
        Needs::Https if !Path::new("/usr/bin/openssl").exists() => Some("openssl"),
        Needs::Root | Needs::Runc | Needs::Grpc | Needs::Https => None,
    };
    let name = lacking.map_or_else(|| (*name).to_owned(), |what| format!("{name} (skipped: needs {what})"));
    let test = *test;
    let run = move || {
        test();
        Ok(())
    };
    Trial::test(name, run).with_ignored_flag(lacking.is_some())
}
