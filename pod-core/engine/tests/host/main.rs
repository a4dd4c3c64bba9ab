//! Pods that run for real: the engine as a program would use it, with its monitor in a process of its own that may be killed.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod dirs;
mod fixture;
mod kill;
mod life;
mod limits;
mod logs;
mod machine;
mod monitor;
mod probes;
mod rootless;
mod session;
mod stop;
mod supervision;
mod volumes;

use std::path::Path;

use libtest_mimic::{Arguments, Trial};

/// What a test needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Nothing but a file system.
    Nothing,
    /// Root, and a static busybox for the image.
    Pod,
    /// The same, and limits that the kernel enforces.
    Limits,
    /// The same as for a pod, and the programs that give a user ranges of identifiers.
    Ranges,
    /// The same as for a pod, and strace.
    Trace,
}

type Case = (&'static str, Needs, fn());

fn main() {
    pod_engine::stage1::run_if_asked();
    if std::env::args().nth(1).as_deref() == Some(monitor::ARGUMENT) {
        monitor::main();
    }
    if std::env::args().nth(1).as_deref() == Some(monitor::COLLECT) {
        monitor::collect();
    }
    if std::env::args().nth(1).as_deref() == Some(monitor::BACKGROUND) {
        monitor::background();
    }
    if std::env::args().nth(1).as_deref() == Some(monitor::EXEC) {
        monitor::exec();
    }
    let arguments = Arguments::from_args();
    let cases = [
        dirs::CASES,
        life::CASES,
        limits::CASES,
        logs::CASES,
        machine::CASES,
        probes::CASES,
        rootless::CASES,
        session::CASES,
        stop::CASES,
        supervision::CASES,
        volumes::CASES,
        kill::CASES,
    ];
    let trials = cases.into_iter().flatten().map(|(name, needs, test)| {
        let lacking = lacking(*needs);
        let name =
            lacking.map_or_else(|| (*name).to_owned(), |what| format!("{name} (skipped: needs {what})"));
        let test = *test;
        Trial::test(name, move || {
            test();
            Ok(())
        })
        .with_ignored_flag(lacking.is_some())
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn lacking(needs: Needs) -> Option<&'static str> {
    if needs == Needs::Nothing {
        None
    } else if !rustix::process::geteuid().is_root() {
        Some("root")
    } else if fixture::busybox().is_none() {
        Some("busybox-static")
    } else if needs == Needs::Limits && !fixture::has_memory_controller() {
        Some("a memory controller")
    } else if needs == Needs::Ranges && !Path::new("/usr/bin/newuidmap").exists() {
        Some("newuidmap (package uidmap)")
    } else if needs == Needs::Trace && !Path::new("/usr/bin/strace").exists() {
        Some("strace")
    } else {
        None
    }
}
