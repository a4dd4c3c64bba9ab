//! Debian's plugins and the kernel, in namespaces that the tests make and remove: nothing touches the machine's own network.
//!
//! Plugins are looked for in `PODKIT_CNI_PATH`, else in `/usr/lib/cni` and `/opt/cni/bin`. A test that cannot run says what
//! it lacks and counts as ignored.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests of the features that do IO")]

mod attachments;
mod chains;
mod namespaces;
mod ports;
mod proxy;
mod rarer;
mod world;

use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::{Arguments, Trial};

/// What a test needs of the machine.
#[derive(Clone, Copy)]
enum Needs {
    /// Root alone.
    Root,
    /// Root, `ip`, and these plugins.
    Plugins(&'static [&'static str]),
    /// Root, and a kernel that lets it make user namespaces.
    UserNamespace,
    /// Root, `ip`, plugins, and `iptables`.
    Iptables(&'static [&'static str]),
}

type Case = (&'static str, Needs, fn());

fn main() {
    let arguments = Arguments::from_args();
    let cases =
        [namespaces::CASES, attachments::CASES, chains::CASES, ports::CASES, proxy::CASES, rarer::CASES];
    let trials = cases.into_iter().flatten().map(|(name, needs, test)| {
        let lacking = lacking(*needs);
        let name = lacking
            .as_ref()
            .map_or_else(|| (*name).to_owned(), |what| format!("{name} (skipped: needs {what})"));
        let test = *test;
        Trial::test(name, move || {
            test();
            Ok(())
        })
        .with_ignored_flag(lacking.is_some())
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn lacking(needs: Needs) -> Option<String> {
    let is_root =
        || std::fs::read_to_string("/proc/self/status").is_ok_and(|s| s.contains("\nUid:\t0\t0\t0\t0\n"));
    let program = |name: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    };
    if !is_root() {
        return Some("root".to_owned());
    }
    let (programs, plugins): (&[&str], _) = match needs {
        Needs::Root => return None,
        Needs::UserNamespace => {
            let unshare =
                Command::new("unshare").args(["--user", "--map-root-user", "--mount", "true"]).output();
            let works = unshare.is_ok_and(|output| output.status.success());
            return (!works).then(|| "user namespaces".to_owned());
        }
        Needs::Plugins(plugins) => (&["ip"], plugins),
        Needs::Iptables(plugins) => (&["ip", "iptables"], plugins),
    };
    let missing = programs.iter().find(|name| !program(name)).map(|name| format!("`{name}`"));
    let is_plugin =
        |name: &&&str| world::plugin_folders().iter().any(|folder: &PathBuf| folder.join(name).is_file());
    missing
        .or_else(|| plugins.iter().find(|name| !is_plugin(name)).map(|name| format!("the plugin `{name}`")))
}
