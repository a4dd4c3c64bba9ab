//! `podrun gc`: removes what pods have left.

use std::process::ExitCode;

use pod_core::pod::Uuid;
use pod_engine::{GcOptions, GcReport};
use serde::Serialize;

use super::OWN_FAILURE;
use super::cli::{GcArgs, Global};
use super::pod::Profiles;
use crate::output::{Format, eprint, print};

/// What is printed as a document.
#[derive(Debug, Serialize)]
struct Done {
    marked: Vec<Uuid>,
    deleted: Vec<Uuid>,
    failed: Vec<Failure>,
}

#[derive(Debug, Serialize)]
struct Failure {
    uuid: Uuid,
    error: String,
}

impl Done {
    fn of(report: GcReport) -> Self {
        let failure = |(uuid, error)| Failure { uuid, error: format!("{:#}", anyhow::Error::from(error)) };
        let failed = report.failed.into_iter().map(failure).collect();
        Self { marked: report.marked, deleted: report.deleted, failed }
    }
}

pub(super) fn run(global: &Global, args: &GcArgs) -> anyhow::Result<ExitCode> {
    global.require_root("gc")?;
    let options = GcOptions {
        grace_period: args.grace_period,
        expire_prepared: args.expire_prepared,
        mark_only: args.mark_only,
    };
    let engine = global.engine()?;
    let done = Done::of(engine.gc(&options, &mut global.networks())?);
    if !args.mark_only {
        global.supply(&engine)?.sweep()?;
        Profiles::sweep(&engine)?;
    }
    if global.output() == Format::Table {
        let line = |what: &str, uid: &Uuid| format!("{what}  {uid}\n");
        let marked = done.marked.iter().map(|uid| line("marked ", uid));
        print(&marked.chain(done.deleted.iter().map(|uid| line("deleted", uid))).collect::<String>())?;
    } else {
        global.output().print(&done)?;
    }
    for Failure { uuid, error } in &done.failed {
        eprint(&format!("podrun: pod {uuid} stays: {error}\n"));
    }
    Ok(if done.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(OWN_FAILURE) })
}
