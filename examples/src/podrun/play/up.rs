//! `up`, `down`, and the reconciler in the background.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use k8s_model::core::PodPhase;
use k8s_model::object::Object;
use k8s_model::plan;
use k8s_model::rollout::{self, Progress};

use super::cli::{DownArgs, UpArgs};
use super::reconcile::{self, End, Reconciler};
use super::server::Deletion;
use super::store::{Key, Store};
use super::{Play, manifests, put, server};
use crate::output::eprint;
use crate::podrun::OWN_FAILURE;

pub(super) fn up(play: &Play<'_>, args: &UpArgs) -> anyhow::Result<ExitCode> {
    let Some(written) = manifests::read(play, &args.files)? else { return Ok(ExitCode::from(OWN_FAILURE)) };
    let kept = put::apply_all(play, &written)?;
    let keys = kept.iter().map(Key::of).collect::<anyhow::Result<Vec<_>>>()?;
    if args.detach {
        start(play)?;
        return match args.wait {
            Some(limit) => ready(play, &keys, limit),
            None => Ok(ExitCode::SUCCESS),
        };
    }
    let Some(lock) = play.store.reconcile()? else {
        let id = play.store.reconciler()?.unwrap_or(0);
        eprint(&format!("podrun: process {id} reconciles already: it runs what was applied\n"));
        return Ok(ExitCode::SUCCESS);
    };
    let mut reconciler = Reconciler::new(Arc::new(play.global.clone()), &play.store, lock)?;
    let goal = |store: &Store| if keys.is_empty() { Ok(false) } else { all_over(store, &keys) };
    match reconciler.run(None, goal)? {
        End::Reached => {
            let failed = failed(&play.store, &keys)?;
            Ok(ExitCode::from(u8::from(failed)))
        }
        End::Signal => {
            take_down(&play.store, &keys, None)?;
            reconciler.run(None, |store| gone(store, &keys))?;
            Ok(ExitCode::SUCCESS)
        }
        End::Late => bail!("the time is over"),
    }
}

/// Whether a pod or a job among objects has failed.
fn failed(store: &Store, keys: &[Key]) -> anyhow::Result<bool> {
    for key in keys {
        let failed = match store.read(key)? {
            Some(Object::Pod(pod)) => pod.status.phase == PodPhase::Failed,
            Some(Object::Job(job)) => reconcile::is_finished(&job) && job.status.completion_time.is_none(),
            _ => false,
        };
        if failed {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether pods and jobs are meant, and nothing that lasts longer, and all of them have ended.
fn all_over(store: &Store, keys: &[Key]) -> anyhow::Result<bool> {
    let mut any = false;
    for key in keys {
        match store.read(key)? {
            Some(object) if reconcile::lasts(&object) => return Ok(false),
            Some(Object::Pod(_) | Object::Job(_)) => any = true,
            _ => {}
        }
    }
    Ok(any)
}

/// Waits until objects are ready.
fn ready(play: &Play<'_>, keys: &[Key], limit: Duration) -> anyhow::Result<ExitCode> {
    let end = reconcile::until(play, Some(limit), |store| {
        for key in keys {
            if store.read(key)?.is_some_and(|object| !is_ready(&object)) {
                return Ok(false);
            }
        }
        Ok(true)
    })?;
    if end == End::Reached {
        return Ok(ExitCode::SUCCESS);
    }
    eprint("podrun: the time is over\n");
    Ok(ExitCode::from(OWN_FAILURE))
}

/// Whether an object is what `--wait` waits for.
fn is_ready(object: &Object) -> bool {
    match object {
        Object::Pod(pod) => pod.status.phase == PodPhase::Succeeded || plan::is_ready(pod),
        Object::ReplicaSet(set) => set.status.ready_replicas >= set.spec.replicas.unwrap_or(1),
        Object::ReplicationController(controller) => {
            controller.status.ready_replicas >= controller.spec.replicas.unwrap_or(1)
        }
        Object::Deployment(_) | Object::StatefulSet(_) | Object::DaemonSet(_) => {
            matches!(rollout::status(object), Ok(Progress::Done(_)))
        }
        _ => true,
    }
}

/// Deletes objects.
fn take_down(store: &Store, keys: &[Key], grace: Option<i64>) -> anyhow::Result<()> {
    // What came last goes first: what makes pods before what pods use.
    let how = Deletion { grace, propagation: None };
    keys.iter().rev().try_for_each(|key| server::delete(store, key, &how).map(drop))
}

/// Whether objects and all that belongs to them have gone.
fn gone(store: &Store, keys: &[Key]) -> anyhow::Result<bool> {
    for key in keys {
        if store.read(key)?.is_some() {
            return Ok(false);
        }
    }
    reconcile::no_orphans(store)
}

pub(super) fn down(play: &Play<'_>, args: &DownArgs) -> anyhow::Result<ExitCode> {
    let keys = if args.all {
        let mut all = play.store.all()?;
        // What belongs to others goes with them.
        all.retain(|object| object.metadata().is_some_and(|metadata| metadata.owner_references.is_empty()));
        all.iter().map(Key::of).collect::<anyhow::Result<Vec<_>>>()?
    } else {
        match manifests::read(play, &args.files)? {
            Some(written) => {
                written.iter().map(|written| Key::of(&written.object)).collect::<anyhow::Result<Vec<_>>>()?
            }
            None => return Ok(ExitCode::from(OWN_FAILURE)),
        }
    };
    take_down(&play.store, &keys, args.grace_period)?;
    reconcile::until(play, None, |store| gone(store, &keys))?;
    Ok(ExitCode::SUCCESS)
}

/// Starts a reconciler in the background, unless one is there; it reconciles when this returns.
fn start(play: &Play<'_>) -> anyhow::Result<()> {
    if play.store.reconciler()?.is_some() {
        return Ok(());
    }
    let engine = play.global.engine()?;
    let log = play.store.log();
    let doing = || format!("cannot write `{}`", log.display());
    let mut said =
        File::options().read(true).write(true).create(true).truncate(true).open(&log).with_context(doing)?;
    let mut command = Command::new("/proc/self/exe");
    command.arg0("podrun").args(["play", "reconcile"]);
    play.global.pass_on(&mut command, &engine)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said.try_clone().with_context(doing)?);
    let mut child = command.spawn().context("cannot start a reconciler")?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).context("cannot hear the reconciler")?;
    }
    // Another one may have been faster, which is as good.
    if line.is_empty() && play.store.reconciler()?.is_none() {
        let mut text = String::new();
        said.read_to_string(&mut text).with_context(doing)?;
        bail!("the reconciler has ended: {}", text.trim_end());
    }
    Ok(())
}

/// Reconciles, away from any terminal, until there is nothing to reconcile any more.
pub(super) fn in_background(play: &Play<'_>) -> anyhow::Result<ExitCode> {
    rustix::process::setsid().context("cannot begin a session")?;
    std::env::set_current_dir("/").context("cannot go to `/`")?;
    let Some(lock) = play.store.reconcile()? else { return Ok(ExitCode::SUCCESS) };
    let mut reconciler = Reconciler::new(Arc::new(play.global.clone()), &play.store, lock)?;
    let mut stdout = io::stdout().lock();
    // Whoever started this may be gone; nothing is written there later.
    let _ = writeln!(stdout, "ready").and_then(|()| stdout.flush());
    drop(stdout);
    let null = File::options().write(true).open("/dev/null").context("cannot open `/dev/null`")?;
    rustix::stdio::dup2_stdout(&null).context("cannot close standard output")?;
    reconciler.run(None, reconcile::idle)?;
    Ok(ExitCode::SUCCESS)
}
