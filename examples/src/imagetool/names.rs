//! Names, and what follows from a name alone.

use std::io::{self, BufRead as _};
use std::process::ExitCode;

use anyhow::Context as _;
use pod_core::image::{HostMatching, PullPolicy, Reference};
use serde_json::json;

use super::cli::MatchArgs;
use crate::output::{eprint, print};
use crate::registry::keyring;

/// `{"input","ok",…}` for each name; the exit code is 1 when one of them is none.
pub(super) fn parse(names: &[String]) -> anyhow::Result<ExitCode> {
    each(names, |text| {
        let (ok, line) = match Reference::parse(text) {
            Ok(name) => (
                true,
                json!({
                    "input": text, "ok": true, "domain": name.domain(), "path": name.path(), "tag": name.tag(),
                    "digest": name.digest(), "familiar": name.familiar().to_string(), "normalized": name.to_string()
                }),
            ),
            Err(error) => (false, json!({"input": text, "ok": false, "error": error.to_string()})),
        };
        print(&format!("{line}\n")).map(|()| ok)
    })
}

pub(super) fn normalize(names: &[String]) -> anyhow::Result<ExitCode> {
    each(names, |text| match Reference::parse(text) {
        Ok(name) => print(&format!("{name}\n")).map(|()| true),
        Err(error) => {
            eprint(&format!("imagetool: `{}`: {error}\n", text.escape_debug()));
            Ok(false)
        }
    })
}

pub(super) fn policy(names: &[String]) -> anyhow::Result<ExitCode> {
    each(names, |text| print(&format!("{:?}\n", PullPolicy::default_for(text))).map(|()| true))
}

/// The keys that match, one a line; entries that cannot be used are told on standard error.
pub(super) fn match_credentials(args: &MatchArgs) -> anyhow::Result<ExitCode> {
    let image = Reference::parse(&args.image).with_context(|| format!("`{}`", args.image.escape_debug()))?;
    let matching = if args.whole_hosts { HostMatching::Whole } else { HostMatching::Parts };
    let keyring = keyring("imagetool", std::slice::from_ref(&args.config))?.with_host_matching(matching);
    for candidate in keyring.lookup(&image) {
        print(&format!("{}\n", candidate.key()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Does something with each name, `-` standing for the lines of standard input. Failure when one was not good.
fn each(names: &[String], mut work: impl FnMut(&str) -> anyhow::Result<bool>) -> anyhow::Result<ExitCode> {
    let mut all_good = true;
    for name in names {
        if name == "-" {
            for line in io::stdin().lock().lines() {
                all_good &= work(&line.context("cannot read standard input")?)?;
            }
        } else {
            all_good &= work(name)?;
        }
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
