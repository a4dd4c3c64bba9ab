//! `podrun run -i` and `-t`: the pod's monitor is in the background, and the user's terminal in front of it.

use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use pod_core::pod::{PodSpec, Stdin};
use pod_engine::{Console, DetachKeys, Engine, Foreground, LogOptions, PodEntry, Prepared};

use super::background::{self, warnings};
use super::cli::{Global, RestartArgs};
use super::logs::Printer;
use super::pod::Pod;
use super::run::exit_code;
use super::status::PodReport;
use crate::output::{Format, eprint};

/// Whether the pod's program has the terminal.
#[derive(Debug, Args)]
pub(crate) struct FrontArgs {
    /// Pass standard input on to the program of an image that runs alone.
    #[arg(long, short, conflicts_with = "detach")]
    interactive: bool,
    /// Give it a terminal: with `-i` yours, as `-it`. Ctrl-C is a key then like any other.
    #[arg(long, short, conflicts_with = "detach")]
    tty: bool,
    /// The keys that leave the program without ending it, as in `ctrl-p,ctrl-q` or `ctrl-]`; empty: none. `podrun attach` comes back.
    #[arg(long, value_name = "KEYS", default_value = "ctrl-p,ctrl-q")]
    detach_keys: DetachKeys,
}

impl FrontArgs {
    pub(super) const fn is_wanted(&self) -> bool {
        self.interactive || self.tty
    }

    /// Sees that a pod can have it.
    pub(super) fn check(&self, pod: &Pod) -> anyhow::Result<()> {
        if self.is_wanted() && matches!(pod, Pod::Kubernetes(_)) {
            bail!(
                "`-i` and `-t` are for images: a manifest says itself which container has input and a terminal (`stdin`, `tty`), and \
                 `podrun attach` leads there"
            );
        }
        Ok(())
    }

    /// Lets a pod have it.
    pub(super) fn apply(&self, spec: &mut PodSpec) -> anyhow::Result<()> {
        if !self.is_wanted() {
            return Ok(());
        }
        let [app] = spec.apps.as_mut_slice() else {
            bail!("`-i` and `-t` are for an image that runs alone: a terminal has room for one program");
        };
        app.tty = self.tty;
        app.stdin = if self.interactive { Stdin::Once } else { Stdin::Null };
        Ok(())
    }

    /// Runs a pod to its end, or until the user leaves it.
    pub(super) fn run(
        &self,
        global: &Global,
        engine: &Engine,
        prepared: Prepared,
        restarts: &RestartArgs,
    ) -> anyhow::Result<(ExitCode, Outcome)> {
        let (uid, fate) = (prepared.uid(), prepared.spec().fate);
        let Some(app) = prepared.spec().apps.first().map(|app| app.name.clone()) else {
            bail!("the pod has no app");
        };
        background::launch(global, engine, prepared, restarts)?;
        let mut console = Console::standard(self.interactive)?.detach_keys(self.detach_keys.clone());
        let ended = engine.foreground(uid, &app, &mut console);
        drop(console);
        let Foreground::Ended { pod, unseen, skipped } = ended? else {
            eprint(&format!("podrun: pod {uid} runs on; `podrun attach -i {uid}` comes back to it\n"));
            return Ok((ExitCode::SUCCESS, Outcome::Left));
        };
        if unseen {
            show(&pod)?;
            warnings(engine, uid)?;
        }
        if skipped > 0 {
            eprint(&format!("podrun: {skipped} bytes were not read in time; `podrun logs` has them\n"));
        }
        if global.output() != Format::Table {
            global.output().print(&PodReport::of(&pod))?;
        }
        let code = pod.status.as_ref().map_or(0, |status| status.exit_code_of(fate));
        Ok((exit_code(code), Outcome::Ended))
    }
}

/// Whether the pod is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Left,
    Ended,
}

/// Shows what was said before anybody could listen.
fn show(pod: &PodEntry) -> anyhow::Result<()> {
    let mut printer = Printer::new(false);
    let app = pod.app(None)?;
    let shown = pod.logs(app, &LogOptions::default(), &mut |line| match printer.print(&line) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    });
    match shown {
        // It never began: the warnings say why.
        Err(error) if error.is_refused() => Ok(()),
        shown => Ok(shown?),
    }
}
