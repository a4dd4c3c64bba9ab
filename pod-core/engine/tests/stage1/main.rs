//! What stage1 does, with real processes. The test program launches itself as stage1, as every program that embeds the
//! engine does.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod fixture;
mod sandbox;
mod view;

use libtest_mimic::{Arguments, Trial};

/// What a test needs.
enum Needs {
    /// The right to make namespaces.
    Root,
}

type Case = (&'static str, Needs, fn());

fn main() {
    pod_engine::stage1::run_if_asked();
    let arguments = Arguments::from_args();
    let root = rustix::process::geteuid().is_root();
    let busybox = fixture::busybox().is_some();
    let trials = [sandbox::CASES, view::CASES]
        .into_iter()
        .flatten()
        .map(|(name, needs, test)| {
            let lacking = match needs {
                Needs::Root if !root => Some("root"),
                Needs::Root if !busybox => Some("busybox-static"),
                Needs::Root => None,
            };
            let name =
                lacking.map_or_else(|| (*name).to_owned(), |what| format!("{name} (skipped: needs {what})"));
            let test = *test;
            Trial::test(name, move || {
                test();
                Ok(())
            })
            .with_ignored_flag(lacking.is_some())
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
