//! `cnitool status`, `gc`, `version`, `list` and `show`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use cni_client::attachment::Attachment;
use cni_client::chain::{Probe, drive};
use cni_client::config::NetworkConfig;
use cni_client::json::Json;
use cni_client::name::{ContainerId, InterfaceName};
use cni_client::netns::Namespace;
use serde::Serialize;

use super::cli::{GcArgs, Global, Keep, NetworkArgs, ShowArgs, print_json};
use super::interrupt;
use crate::output::{Format, print, table, text};
use crate::program::report;

pub(super) fn status(global: &Global, args: &NetworkArgs) -> anyhow::Result<ExitCode> {
    global.client()?.status(global.network(&args.network)?)?;
    Ok(ExitCode::SUCCESS)
}

/// What was cleaned up.
#[derive(Debug, Serialize)]
struct Cleaned {
    deleted: Vec<String>,
}

pub(super) fn gc(global: &Global, args: &GcArgs) -> anyhow::Result<ExitCode> {
    let mut client = global.client()?;
    let valid: Vec<(ContainerId, InterfaceName)> = match args.keep.as_slice() {
        [] if args.all => Vec::new(),
        [] => {
            let listing = client.cache().list()?;
            let is_there = |attachment: &Attachment| {
                attachment.netns().is_some_and(|netns| Namespace::open(netns.as_path()).is_ok())
            };
            let of =
                |attachment: &Attachment| (attachment.container().clone(), attachment.interface().clone());
            let here = |attachment: &&Attachment| *attachment.config().name() == args.network;
            listing.attachments.iter().filter(here).filter(|one| is_there(one)).map(of).collect()
        }
        keep => {
            keep.iter().map(|Keep(container, interface)| (container.clone(), interface.clone())).collect()
        }
    };
    let done = client.gc(global.network(&args.network)?, valid)?;
    let is_clean = done.is_clean();
    let deleted: Vec<String> = done.deleted.iter().map(ToString::to_string).collect();
    match global.output {
        None | Some(Format::Table) => {
            print(&deleted.iter().map(|key| format!("deleted  {key}\n")).collect::<String>())?;
        }
        Some(output) => output.print(&Cleaned { deleted })?,
    }
    for error in done.undeleted {
        report("cnitool", &anyhow!(error));
    }
    for error in done.failures {
        report("cnitool", &anyhow!(error));
    }
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the plugins of a network speak.
#[derive(Debug, Serialize)]
struct Spoken {
    plugins: Vec<Speaker>,
    /// The version that is spoken with all of them.
    chosen: String,
}

#[derive(Debug, Serialize)]
struct Speaker {
    plugin: String,
    versions: Vec<String>,
}

pub(super) fn version(global: &Global, args: &NetworkArgs) -> anyhow::Result<ExitCode> {
    let mut config = global.network(&args.network)?;
    let mut plugins = global.plugins(interrupt::switch()?);
    let asked = drive(Probe::of_network(&config, global.cni_path().clone()), &mut plugins);
    let chosen = config.choose_version(&asked.spoken);
    let plugins = asked.spoken.iter().map(|(plugin, versions)| Speaker {
        plugin: plugin.to_string(),
        versions: versions.iter().map(|version| version.to_string()).collect(),
    });
    let plugins: Vec<_> = plugins.collect();
    let is_whole = asked.failures.is_empty();
    for error in asked.failures {
        report("cnitool", &anyhow!(error));
    }
    let chosen = chosen.context("the plugins do not go together")?.to_string();
    match global.output {
        None | Some(Format::Table) => {
            let mut table = table(&["PLUGIN", "VERSIONS"]);
            for speaker in &plugins {
                table.add_row([&speaker.plugin, &speaker.versions.join(",")]);
            }
            print(&format!("{}\nNetwork {} is spoken to in {chosen}\n", text(&table), args.network))?;
        }
        Some(output) => output.print(&Spoken { plugins, chosen })?,
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A network of the folder.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    versions: Vec<String>,
    plugins: Vec<String>,
    file: String,
}

impl Listed {
    fn of((file, config): (&Path, &NetworkConfig)) -> Self {
        let versions = config.declared_versions().candidates();
        Self {
            name: config.name().to_string(),
            versions: versions.iter().map(ToString::to_string).collect(),
            plugins: config.plugins().iter().map(|plugin| plugin.kind().to_string()).collect(),
            file: file.display().to_string(),
        }
    }
}

pub(super) fn list(global: &Global) -> anyhow::Result<ExitCode> {
    let folder = global.folder();
    let networks: Vec<Listed> = folder.networks().map(Listed::of).collect();
    match global.output {
        None | Some(Format::Table) => {
            let mut table = table(&["NETWORK", "VERSIONS", "PLUGINS", "FILE"]);
            for Listed { name, versions, plugins, file } in networks {
                table.add_row([name, versions.join(","), plugins.join(","), file]);
            }
            print(&text(&table))?;
        }
        Some(output) => output.print(&networks)?,
    }
    Ok(if folder.problems().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) fn show(global: &Global, args: &ShowArgs) -> anyhow::Result<ExitCode> {
    let json: Json = match args.key()? {
        None => global.network(&args.network)?.to_json(),
        Some(key) => {
            let found = global.client()?.cache().load(&key)?;
            found.with_context(|| format!("nothing is written down of `{key}`"))?.to_json()
        }
    };
    print_json(global.output, &json)?;
    Ok(ExitCode::SUCCESS)
}
