//! Pulls and pushes against the real docker-registry on loopback, with a proxy between that breaks what a test wants broken.
//!
//! Which tests can run is decided at run time; what cannot run is counted as skipped and says why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "a test does IO")]

mod faults;
mod images;
mod logins;
mod peer;
mod proxy;
mod pulls;
mod pushes;
mod sharing;
mod streams;
mod tokens;

use libtest_mimic::{Arguments, Failed, Trial};

/// One test: its name, the programs that it needs, and what it does.
type Case = (&'static str, &'static [&'static str], fn());

fn main() {
    if let Some(what) = std::env::var_os(sharing::CHILD) {
        return sharing::child(&what.into_string().unwrap());
    }
    let arguments = Arguments::from_args();
    let cases = [
        pulls::CASES,
        pushes::CASES,
        logins::CASES,
        tokens::CASES,
        faults::CASES,
        streams::CASES,
        sharing::CASES,
    ]
    .concat();
    let trials = cases.into_iter().map(|(name, programs, test)| {
        let missing: Vec<_> =
            programs.iter().copied().filter(|program| !peer::is_installed(program)).collect();
        if !missing.is_empty() {
            eprintln!("skipped: {name}: not installed: {}", missing.join(", "));
        }
        Trial::test(name, move || run(test)).with_ignored_flag(!missing.is_empty())
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn run(test: fn()) -> Result<(), Failed> {
    test();
    Ok(())
}
