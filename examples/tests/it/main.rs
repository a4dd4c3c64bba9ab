//! Black-box tests of the programs. Whether a test can run here (root, a peer) is decided at run time: one that cannot
//! says so, and counts as ignored.
#![forbid(unsafe_code)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and skips aloud; clippy takes only `#[test]` functions for tests"
)]

mod acitool;
mod background;
mod cli;
mod cnitool;
mod discovery;
mod hello;
mod host;
mod image;
mod image_pods;
mod image_sources;
mod imagetool;
mod iptables;
mod kubetool;
mod machine;
mod manifest;
mod network;
mod play;
mod program;
mod rootless;
mod simulate;
mod soak;
mod stop;
mod terminal;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// What a test needs of the machine.
#[derive(Debug, Clone, Copy)]
enum Need {
    /// The user root.
    Root,
    /// A program of that name.
    Program(&'static str),
    /// A file at that path.
    File(&'static str),
    /// Network plugins of these names.
    Plugins(&'static [&'static str]),
}

/// A test, skipped aloud when the machine has not all that it needs.
fn test(name: &str, needs: &[Need], run: fn()) -> Trial {
    let missing = |need: &Need| match *need {
        Need::Root => (!rustix::process::geteuid().is_root()).then(|| "root".to_owned()),
        Need::Program(program) => program::find(program).is_none().then(|| format!("`{program}`")),
        Need::File(path) => (!std::path::Path::new(path).is_file()).then(|| format!("`{path}`")),
        Need::Plugins(plugins) => {
            host::missing(plugins).map(|plugin| format!("the network plugin `{plugin}`"))
        }
    };
    let missing: Vec<_> = needs.iter().filter_map(missing).collect();
    if !missing.is_empty() {
        eprintln!("skipped: {name} needs {}", missing.join(" and "));
    }
    Trial::test(name, move || {
        run();
        Ok(())
    })
    .with_ignored_flag(!missing.is_empty())
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests = [
        acitool::tests(),
        background::tests(),
        cli::tests(),
        cnitool::tests(),
        discovery::tests(),
        hello::tests(),
        image::tests(),
        imagetool::tests(),
        image_pods::tests(),
        iptables::tests(),
        kubetool::tests(),
        image_sources::tests(),
        manifest::tests(),
        network::tests(),
        play::tests(),
        rootless::tests(),
        simulate::tests(),
        soak::tests(),
        stop::tests(),
        terminal::tests(),
    ];
    libtest_mimic::run(&arguments, tests.into_iter().flatten().collect()).exit_code()
}
