//! `apply`, `create`, `expose`, `scale`: what is wanted changes.

use std::process::ExitCode;

use anyhow::{Context, bail};
use k8s_model::generate;
use k8s_model::object::Object;
use k8s_model::patch::Outcome;

use super::cli::{CreateArgs, ExposeArgs, FilesArgs, ScaleArgs};
use super::manifests::{self, Written};
use super::store::Durability;
use super::{Play, meant, server};
use crate::kubetool::create::object;
use crate::output::{eprint, print};
use crate::podrun::OWN_FAILURE;

pub(super) fn apply(play: &Play<'_>, args: &FilesArgs) -> anyhow::Result<ExitCode> {
    let Some(written) = manifests::read(play, args.files.all())? else {
        return Ok(ExitCode::from(OWN_FAILURE));
    };
    apply_all(play, &written)?;
    Ok(ExitCode::SUCCESS)
}

/// Applies objects, and says what became of each; those that are in the store now.
pub(super) fn apply_all(play: &Play<'_>, written: &[Written]) -> anyhow::Result<Vec<Object>> {
    let mut kept = Vec::new();
    for Written { object, name } in written {
        let applied = server::apply(&play.store, object)?;
        for warning in &applied.warnings {
            eprint(&format!("Warning: {warning}\n"));
        }
        print(&format!("{name} {}\n", applied.outcome))?;
        kept.push(applied.object);
    }
    Ok(kept)
}

pub(super) fn create(play: &Play<'_>, args: &CreateArgs) -> anyhow::Result<ExitCode> {
    let written = match &args.what {
        Some(what) => {
            let mut object = object(what)?;
            if let Some(metadata) = object.metadata_mut() {
                play.namespace.clone_into(&mut metadata.namespace);
            }
            vec![Written { name: object.resource_name(), object }]
        }
        None => match manifests::read(play, &args.files)? {
            Some(written) => written,
            None => return Ok(ExitCode::from(OWN_FAILURE)),
        },
    };
    for Written { object, name } in written {
        let made = make(play, object).with_context(|| format!("{name} cannot be created"))?;
        // A name may have been completed.
        let kind = name.split('/').next().unwrap_or_default();
        print(&format!("{kind}/{} {}\n", made.name(), Outcome::Created))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Creates an object that something here acts on.
fn make(play: &Play<'_>, object: Object) -> anyhow::Result<Object> {
    if let Some((field, reason)) = manifests::beyond(&object) {
        bail!("{field}: {reason}");
    }
    server::create(&play.store, object, Durability::Synced)
}

pub(super) fn expose(play: &Play<'_>, args: &ExposeArgs) -> anyhow::Result<ExitCode> {
    let found = meant::objects(play, &meant::read_named(&args.what)?, false)?;
    let [object] = found.as_slice() else { bail!("one object is exposed at a time") };
    let mut service = generate::expose(object, &args.service.exposure())?;
    play.namespace.clone_into(&mut service.metadata.namespace);
    let made = make(play, service.into()).context("it cannot be exposed")?;
    print(&format!("{} exposed\n", made.resource_name()))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn scale(play: &Play<'_>, args: &ScaleArgs) -> anyhow::Result<ExitCode> {
    for object in meant::objects(play, &meant::read_named(&args.what)?, false)? {
        server::change(&play.store, &object, |object, _| {
            if let Some(expected) = args.current_replicas
                && let Some(actual) = replicas(object)
                && actual != expected
            {
                bail!("expected replicas to be {expected}, was {actual}");
            }
            Ok(generate::scale(object, args.replicas)?)
        })?;
        print(&format!("{} scaled\n", object.resource_name()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How many pods an object wants now.
fn replicas(object: &Object) -> Option<i32> {
    match object {
        Object::Deployment(object) => object.spec.replicas,
        Object::ReplicaSet(object) => object.spec.replicas,
        Object::ReplicationController(object) => object.spec.replicas,
        Object::StatefulSet(object) => object.spec.replicas,
        Object::Job(object) => object.spec.parallelism,
        _ => None,
    }
}
