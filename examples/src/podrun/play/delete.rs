//! `delete`: objects go, and what belongs to them with them.

use std::process::ExitCode;

use anyhow::bail;

use super::cli::DeleteArgs;
use super::server::Deletion;
use super::store::Key;
use super::{Play, manifests, meant, reconcile, server};
use crate::output::{eprint, print};
use crate::podrun::OWN_FAILURE;

pub(super) fn run(play: &Play<'_>, args: &DeleteArgs) -> anyhow::Result<ExitCode> {
    let named = if args.files.is_empty() {
        named(play, args)?
    } else {
        match manifests::read(play, &args.files)? {
            Some(written) => {
                let named = written.into_iter().map(|written| Ok((Key::of(&written.object)?, written.name)));
                named.collect::<anyhow::Result<Vec<_>>>()?
            }
            None => return Ok(ExitCode::from(OWN_FAILURE)),
        }
    };
    let grace = if args.now { Some(1) } else { args.grace_period };
    let how = Deletion { grace, propagation: Some(args.cascade.propagation()) };
    let mut code = ExitCode::SUCCESS;
    let mut going = Vec::new();
    for (key, name) in named {
        match server::delete(&play.store, &key, &how)? {
            false if args.ignore_not_found => {}
            false => {
                eprint(&format!("podrun: {key} not found\n"));
                code = ExitCode::from(OWN_FAILURE);
            }
            true => {
                let (kind, name) = name.split_once('/').unwrap_or(("", &name));
                print(&format!("{kind} \"{name}\" deleted\n"))?;
                going.push(key);
            }
        }
    }
    if args.wait {
        reconcile::until(play, None, |store| {
            for key in &going {
                if store.read(key)?.is_some() {
                    return Ok(false);
                }
            }
            reconcile::no_orphans(store)
        })?;
    }
    Ok(code)
}

/// The objects that the command line means, and what kubectl calls them.
fn named(play: &Play<'_>, args: &DeleteArgs) -> anyhow::Result<Vec<(Key, String)>> {
    let mut named = Vec::new();
    for meant in meant::read(&args.what)? {
        if let Some(key) = meant.key(play.namespace)? {
            if args.selector.is_some() || args.all {
                bail!("names do not go with `-l` and `--all`");
            }
            let singular = super::store::resource(meant.info.group(), &meant.info.singular());
            let name = format!("{singular}/{}", meant.name.as_deref().unwrap_or_default());
            named.push((key, name));
            continue;
        }
        if args.selector.is_none() && !args.all {
            bail!("resource(s) were provided, but no name was specified: a name, `-l SELECTOR` or `--all`");
        }
        for object in play.store.list(&meant.resource(), Some(play.namespace))? {
            let labels = object.metadata().map(|metadata| &metadata.labels);
            let wanted = match (&args.selector, labels) {
                (Some(selector), Some(labels)) => selector.matches(labels),
                (Some(_), None) => false,
                (None, _) => true,
            };
            if wanted {
                named.push((Key::of(&object)?, object.resource_name()));
            }
        }
    }
    Ok(named)
}
