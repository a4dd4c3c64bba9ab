//! The options of a pod that is made of images.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use appc_spec::Volume;
use clap::{Args, ValueEnum};
use pod_core::image::PullPolicy;
use pod_core::pod::Shared;

use super::image_args::Variable;

/// What the pod is, when it is made of images.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of a pod of images")]
pub(crate) struct PodArgs {
    /// When an image is fetched: `never`; `new`, if it is not in the store; `update`, always. A Kubernetes manifest says it itself.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", hide_possible_values = true)]
    pull_policy: Pull,
    /// A volume: `NAME,kind=host,source=/DIR` or `NAME,kind=empty`, and `readOnly=true` where nobody may write to it. An image's
    /// mount point of that name gets it; `--mount` puts it elsewhere.
    #[arg(long, value_name = "NAME,kind=…")]
    pub(super) volume: Vec<Volume>,
    /// A variable in the environment of every app; the name alone takes over podrun's own value.
    #[arg(long, value_name = "NAME[=VALUE]")]
    set_env: Vec<Variable>,
    /// A file of such variables, `NAME=VALUE` a line; `#` begins a comment line.
    #[arg(long, value_name = "FILE")]
    set_env_file: Vec<PathBuf>,
    /// Whether every app has podrun's environment; what the image or an option says wins.
    #[arg(long)]
    inherit_env: bool,
    /// Whose shared memory and semaphores the apps see: `private`, the pod's own; `parent`, this machine's.
    #[arg(long, value_enum, default_value_t, value_name = "WHOSE", hide_possible_values = true)]
    ipc: Ipc,
}

/// rkt's pull policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Pull {
    Never,
    #[default]
    New,
    Update,
}

/// rkt's words for whose inter-process communication a pod has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Ipc {
    #[default]
    Private,
    Auto,
    Parent,
}

impl Pull {
    /// The same in the words of Kubernetes.
    pub(super) const fn policy(self) -> PullPolicy {
        match self {
            Self::Never => PullPolicy::Never,
            Self::New => PullPolicy::IfNotPresent,
            Self::Update => PullPolicy::Always,
        }
    }
}

impl PodArgs {
    pub(super) const fn pull_policy(&self) -> PullPolicy {
        self.pull_policy.policy()
    }

    pub(super) const fn ipc(&self) -> Shared {
        match self.ipc {
            Ipc::Private | Ipc::Auto => Shared::Pod,
            Ipc::Parent => Shared::Host,
        }
    }

    /// The variables that every app has, whatever its image says.
    pub(super) fn variables(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let mut variables = BTreeMap::new();
        for file in &self.set_env_file {
            variables.extend(of_file(file)?);
        }
        variables.extend(self.set_env.iter().filter_map(Variable::value));
        Ok(variables)
    }

    /// podrun's own environment, for the apps whose images do not say otherwise.
    pub(super) fn inherited(&self) -> BTreeMap<String, String> {
        if self.inherit_env { std::env::vars_os().filter_map(text).collect() } else { BTreeMap::new() }
    }
}

fn text((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

/// The variables of a file.
fn of_file(path: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read `{name}`"))?;
    let mut variables = Vec::new();
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once('=') {
            Some((variable, value)) if !variable.is_empty() => {
                variables.push((variable.to_owned(), value.to_owned()));
            }
            _ => bail!("{name}:{number}: `NAME=VALUE` is wanted"),
        }
    }
    Ok(variables)
}
