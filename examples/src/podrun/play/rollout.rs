//! `rollout`, `set image`: new versions.

use std::cell::RefCell;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use k8s_model::apps::ReplicaSet;
use k8s_model::generate;
use k8s_model::object::Object;
use k8s_model::plan::controller_of;
use k8s_model::plan::deployment::undo;
use k8s_model::rollout::{self, Progress};

use super::cli::{RolloutCommand, SetWhat};
use super::reconcile::{self, End};
use super::store::Key;
use super::{Play, meant, server};
use crate::output::{columns, eprint, print};
use crate::podrun::OWN_FAILURE;

pub(super) fn set(play: &Play<'_>, what: &SetWhat) -> anyhow::Result<ExitCode> {
    let SetWhat::Image { what, images } = what;
    for object in objects(play, std::slice::from_ref(what))? {
        let changed = server::change(&play.store, &object, |object, _| {
            Ok(generate::set_image(object, images).map(drop)?)
        })?;
        if changed {
            print(&format!("{} image updated\n", object.resource_name()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn objects(play: &Play<'_>, what: &[String]) -> anyhow::Result<Vec<Object>> {
    meant::objects(play, &meant::read_named(what)?, false)
}

pub(super) fn run(play: &Play<'_>, command: &RolloutCommand) -> anyhow::Result<ExitCode> {
    let each = |what: &[String], done: &str, work: &dyn Fn(&mut Object) -> anyhow::Result<()>| {
        for object in objects(play, what)? {
            let name = object.resource_name();
            server::change(&play.store, &object, |object, _| work(object)).with_context(|| name.clone())?;
            print(&format!("{name} {done}\n"))?;
        }
        Ok(ExitCode::SUCCESS)
    };
    match command {
        RolloutCommand::Status { timeout, watch, what } => {
            for object in objects(play, what)? {
                if !status(play, &object, *timeout, *watch)? {
                    eprint("podrun: the time is over\n");
                    return Ok(ExitCode::from(OWN_FAILURE));
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        RolloutCommand::History { what } => history(play, what),
        RolloutCommand::Undo { to_revision, what } => undo_all(play, what, *to_revision),
        RolloutCommand::Restart { what } => {
            each(what, "restarted", &|object| Ok(rollout::restart(object, server::now())?))
        }
        RolloutCommand::Pause { what } => each(what, "paused", &|object| Ok(rollout::pause(object, true)?)),
        RolloutCommand::Resume { what } => {
            each(what, "resumed", &|object| Ok(rollout::pause(object, false)?))
        }
    }
}

/// Says how far a rollout is, each time that this changes, until it is through; `false` is that the time was over first.
fn status(
    play: &Play<'_>,
    object: &Object,
    timeout: Option<std::time::Duration>,
    watch: bool,
) -> anyhow::Result<bool> {
    let key = Key::of(object)?;
    let told = RefCell::new(String::new());
    let end = reconcile::until(play, timeout, |store| {
        let object = store.read(&key)?.with_context(|| format!("{key} not found"))?;
        let (text, done) = match rollout::status(&object)? {
            Progress::Waiting(text) => (text, !watch),
            Progress::Done(text) => (text, true),
        };
        if *told.borrow() != text {
            print(&format!("{text}\n"))?;
            *told.borrow_mut() = text;
        }
        Ok(done)
    })?;
    Ok(end == End::Reached)
}

fn history(play: &Play<'_>, what: &[String]) -> anyhow::Result<ExitCode> {
    let all = play.store.all()?;
    let all: Vec<&Object> = all.iter().collect();
    for object in objects(play, what)? {
        let mut rows = vec![["REVISION", "CHANGE-CAUSE"].map(str::to_owned)];
        rows.extend(
            rollout::history(&object, &all)?
                .into_iter()
                .map(|(revision, cause)| [revision.to_string(), cause]),
        );
        print(&format!("{} \n{}\n", object.resource_name(), columns(&rows)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn undo_all(play: &Play<'_>, what: &[String], to: Option<i64>) -> anyhow::Result<ExitCode> {
    for object in objects(play, what)? {
        let name = object.resource_name();
        server::change(&play.store, &object, |object, model| {
            let Object::Deployment(deployment) = object else {
                bail!("no rollbacker has been implemented for \"{}\"", object.kind());
            };
            let own = |object: &&Object| {
                object
                    .metadata()
                    .and_then(controller_of)
                    .is_some_and(|owner| owner.uid == deployment.metadata.uid)
            };
            let sets: Vec<&ReplicaSet> = model
                .objects()
                .filter(own)
                .filter_map(|object| match object {
                    Object::ReplicaSet(set) => Some(&**set),
                    _ => None,
                })
                .collect();
            **deployment = undo(deployment, &sets, to).map_err(|error| anyhow!(error))?;
            Ok(())
        })?;
        print(&format!("{name} rolled back\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}
