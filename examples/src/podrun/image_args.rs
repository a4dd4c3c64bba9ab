//! The options of an image, and what they make of its app.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::str::FromStr;

use anyhow::{Context, bail};
use appc_spec::{
    AcIdentifier, AcName, Annotation, Annotations, App, CapabilityName, CapabilitySet, Environment,
    EnvironmentVariable, ImageManifest, Isolator, IsolatorValue, List, PodMount, Resource, RuntimeApp,
    SeccompSet, lower,
};
use clap::{Args, Parser};
use pod_core::pod::{Capability, ImageConfig};
use pod_core::quantity::Quantity;

/// What one image's app is in the pod. Several images: each option stands behind its image.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Options of an image, behind it")]
pub(crate) struct ImageArgs {
    /// What the app is called; without it, the last part of the image's name.
    #[arg(long, value_name = "NAME")]
    name: Option<AcName>,
    /// The program, in place of the image's and its arguments.
    #[arg(long, value_name = "PROGRAM", allow_hyphen_values = true)]
    exec: Option<String>,
    /// The user: a name or a number; with `:GROUP` also the group.
    #[arg(long, short, value_name = "USER[:GROUP]")]
    user: Option<String>,
    /// The group: a name or a number.
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Further groups, by number.
    #[arg(long, value_name = "GID,…", value_delimiter = ',')]
    supplementary_gids: Vec<u32>,
    /// Where the program starts.
    #[arg(long, short, value_name = "DIR", alias = "workdir")]
    working_dir: Option<String>,
    /// Whether the root file system can only be read.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", alias = "read-only")]
    readonly_rootfs: Option<bool>,
    /// A variable of the environment; the name alone takes over podrun's own value.
    #[arg(long, short, value_name = "NAME[=VALUE]", alias = "env")]
    environment: Vec<Variable>,
    /// The most memory, as in `512Mi`.
    #[arg(long, value_name = "QUANTITY")]
    memory: Option<Quantity>,
    /// The most processors, as in `0.5` or `500m`.
    #[arg(long, value_name = "QUANTITY", alias = "cpus")]
    cpu: Option<Quantity>,
    /// The share of the processors when all are busy, 2 to 262144; 1024 is usual.
    #[arg(long, value_name = "SHARES", value_parser = clap::value_parser!(u32).range(2..=262_144))]
    cpu_shares: Option<u32>,
    /// How soon the kernel ends it when memory is short, -1000 to 1000.
    #[arg(long, value_name = "ADJ", allow_hyphen_values = true, value_parser = clap::value_parser!(i32).range(-1000..=1000))]
    oom_score_adj: Option<i32>,
    /// The capabilities that it has, and no others.
    #[arg(
        long,
        value_name = "CAP,…",
        value_delimiter = ',',
        alias = "cap-retain",
        conflicts_with = "caps_remove"
    )]
    caps_retain: Vec<Capability>,
    /// The capabilities that it has not, of the usual ones.
    #[arg(long, value_name = "CAP,…", value_delimiter = ',', alias = "cap-remove")]
    caps_remove: Vec<Capability>,
    /// The system calls that it may make (`retain`) or may not (`remove`), and the error of the others.
    #[arg(long, value_name = "mode=retain|remove[,errno=E…],CALL,…")]
    seccomp: Option<Seccomp>,
    /// Mount a volume of the pod. Before the first image, in every app.
    #[arg(long, value_name = "volume=NAME,target=PATH")]
    mount: Vec<Mount>,
    /// An annotation of the app.
    #[arg(long, value_name = "NAME=VALUE")]
    annotation: Vec<Pair>,
    /// An annotation of the app that means nothing to podrun.
    #[arg(long, value_name = "NAME=VALUE")]
    user_annotation: Vec<Pair>,
    /// A label of the app that means nothing to podrun.
    #[arg(long, value_name = "NAME=VALUE")]
    user_label: Vec<Pair>,
}

/// The options behind one image, as a command line of their own.
#[derive(Debug, Parser)]
#[command(
    name = "podrun run IMAGE",
    disable_help_flag = true,
    override_usage = "podrun run [OPTIONS] IMAGE [OPTIONS OF THE IMAGE] [-- ARGUMENT…] [---] [IMAGE …]…"
)]
pub(super) struct ImageLine {
    #[command(flatten)]
    pub(super) options: ImageArgs,
}

impl ImageArgs {
    /// Reads the options behind an image.
    pub(super) fn read(words: &[OsString]) -> Result<Self, clap::Error> {
        let name = OsString::from("podrun run IMAGE");
        ImageLine::try_parse_from(std::iter::once(&name).chain(words)).map(|line| line.options)
    }

    /// The same, after what stood before the first image: lists go together, of the rest what stands behind the image wins.
    pub(super) fn over(self, before: &Self) -> Self {
        fn joined<T: Clone>(before: &[T], behind: Vec<T>) -> Vec<T> {
            before.iter().cloned().chain(behind).collect()
        }
        Self {
            name: self.name.or_else(|| before.name.clone()),
            exec: self.exec.or_else(|| before.exec.clone()),
            user: self.user.or_else(|| before.user.clone()),
            group: self.group.or_else(|| before.group.clone()),
            supplementary_gids: joined(&before.supplementary_gids, self.supplementary_gids),
            working_dir: self.working_dir.or_else(|| before.working_dir.clone()),
            readonly_rootfs: self.readonly_rootfs.or(before.readonly_rootfs),
            environment: joined(&before.environment, self.environment),
            memory: self.memory.or_else(|| before.memory.clone()),
            cpu: self.cpu.or_else(|| before.cpu.clone()),
            cpu_shares: self.cpu_shares.or(before.cpu_shares),
            oom_score_adj: self.oom_score_adj.or(before.oom_score_adj),
            caps_retain: joined(&before.caps_retain, self.caps_retain),
            caps_remove: joined(&before.caps_remove, self.caps_remove),
            seccomp: self.seccomp.or_else(|| before.seccomp.clone()),
            mount: joined(&before.mount, self.mount),
            annotation: joined(&before.annotation, self.annotation),
            user_annotation: joined(&before.user_annotation, self.user_annotation),
            user_label: joined(&before.user_label, self.user_label),
        }
    }

    /// What of it may stand before several images, because it holds for all of them.
    pub(super) fn for_all(&self) -> Self {
        Self { mount: self.mount.clone(), ..Self::default() }
    }

    /// What the app is to be called, when the user says so.
    pub(super) const fn app_name(&self) -> Option<&AcName> {
        self.name.as_ref()
    }

    /// Makes an app of the pod what the command line says of it.
    pub(super) fn apply(
        &self,
        app: &mut RuntimeApp,
        image: &ImageManifest,
        arguments: &[String],
        variables: &Variables,
    ) -> anyhow::Result<()> {
        let name = app.name.clone();
        self.apply_to_pod(app)?;
        let mut of_app = image.app.clone().unwrap_or_else(|| App::new(Vec::new()));
        of_app.exec = List::from(self.program(image, arguments)?);
        if of_app.exec.is_empty() {
            bail!("app `{name}`: its image does not say what runs: name a program with `--exec`");
        }
        self.identity(&mut of_app);
        self.environment(&mut of_app, variables).with_context(|| format!("app `{name}`"))?;
        self.isolators(&mut of_app)?;
        for (pairs, map) in [
            (&self.user_annotation, &mut of_app.user_annotations),
            (&self.user_label, &mut of_app.user_labels),
        ] {
            map.extend(pairs.iter().map(|pair| (pair.name.clone(), pair.value.clone())));
        }
        app.app = Some(of_app);
        Ok(())
    }

    /// The program with its arguments. Those of the command line stand in the place of the image's default ones, where the image tells
    /// them apart (Docker's `Cmd`), else behind all that the image says.
    fn program(&self, image: &ImageManifest, arguments: &[String]) -> anyhow::Result<Vec<String>> {
        let ImageConfig { entrypoint, cmd, .. } = lower::image(image)?.config;
        let (program, default) = match &self.exec {
            Some(exec) => (vec![exec.clone()], Vec::new()),
            None => (entrypoint, cmd),
        };
        let arguments = if arguments.is_empty() { default } else { arguments.to_vec() };
        Ok(program.into_iter().chain(arguments).collect())
    }

    fn apply_to_pod(&self, app: &mut RuntimeApp) -> anyhow::Result<()> {
        if let Some(read_only) = self.readonly_rootfs {
            app.read_only_root_fs = read_only;
        }
        app.mounts.extend(self.mount.iter().map(|mount| PodMount {
            volume: mount.volume.clone(),
            path: mount.target.clone(),
            app_volume: None,
        }));
        let mut annotations: Vec<Annotation> = app.annotations.iter().cloned().collect();
        for Pair { name, value } in &self.annotation {
            let name: AcIdentifier = name.parse().with_context(|| format!("--annotation {name}={value}"))?;
            annotations.retain(|known| known.name != name);
            annotations.push(Annotation { name, value: value.clone() });
        }
        app.annotations = Annotations::try_from(annotations)?;
        Ok(())
    }

    fn identity(&self, app: &mut App) {
        if let Some(user) = &self.user {
            let (user, group) =
                user.split_once(':').map_or((&**user, None), |(user, group)| (user, Some(group)));
            user.clone_into(&mut app.user);
            if let Some(group) = group {
                group.clone_into(&mut app.group);
            }
        }
        if let Some(group) = &self.group {
            app.group.clone_from(group);
        }
        app.supplementary_gids.extend(self.supplementary_gids.iter().map(|gid| i64::from(*gid)));
        if let Some(dir) = &self.working_dir {
            app.working_directory.clone_from(dir);
        }
    }

    fn environment(&self, app: &mut App, variables: &Variables) -> anyhow::Result<()> {
        let mut all: Vec<EnvironmentVariable> = app.environment.iter().cloned().collect();
        let mut set =
            |name: &str, value: &str, over: bool| match all.iter_mut().find(|known| known.name == name) {
                Some(known) if over => value.clone_into(&mut known.value),
                Some(_) => {}
                None => all.push(EnvironmentVariable { name: name.to_owned(), value: value.to_owned() }),
            };
        variables.inherited.iter().for_each(|(name, value)| set(name, value, false));
        variables.given.iter().for_each(|(name, value)| set(name, value, true));
        for (name, value) in self.environment.iter().filter_map(Variable::value) {
            set(&name, &value, true);
        }
        app.environment = Environment::try_from(all)?;
        Ok(())
    }

    /// What the options say replaces what the image says of the same.
    fn isolators(&self, app: &mut App) -> anyhow::Result<()> {
        let limit = |quantity: &Quantity| Resource { request: None, limit: Some(quantity.clone()) };
        let capabilities = |names: &[Capability]| {
            (!names.is_empty()).then(|| CapabilitySet {
                set: names.iter().map(|name| CapabilityName::Known(*name)).collect(),
            })
        };
        let values = [
            self.memory.as_ref().map(limit).map(IsolatorValue::Memory),
            self.cpu.as_ref().map(limit).map(IsolatorValue::Cpu),
            self.cpu_shares.map(IsolatorValue::CpuShares),
            self.oom_score_adj.map(IsolatorValue::OomScoreAdj),
            capabilities(&self.caps_retain).map(IsolatorValue::CapabilitiesRetain),
            capabilities(&self.caps_remove).map(IsolatorValue::CapabilitiesRemove),
            self.seccomp.as_ref().map(|seccomp| seccomp.0.clone()),
        ];
        for value in values.into_iter().flatten() {
            let family = family(&value);
            app.isolators.as_mut_vec().retain(|other| family != self::family(other.value()));
            app.isolators.push(Isolator::try_from(value)?);
        }
        Ok(())
    }
}

/// Isolators that speak of the same thing: a set that is kept and one that is taken away do.
fn family(value: &IsolatorValue) -> Option<&'static str> {
    match value {
        IsolatorValue::CapabilitiesRetain(_) | IsolatorValue::CapabilitiesRemove(_) => Some("capabilities"),
        IsolatorValue::SeccompRetain(_) | IsolatorValue::SeccompRemove(_) => Some("seccomp"),
        other => other.name(),
    }
}

/// The variables that the pod's options give to every app.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    /// Those that win over what an image says.
    pub(super) given: BTreeMap<String, String>,
    /// Those of podrun, which what an image says wins over.
    pub(super) inherited: BTreeMap<String, String>,
}

/// A variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    name: String,
    /// `None` is podrun's own.
    value: Option<String>,
}

impl Variable {
    /// Its name and value; `None` for one that podrun itself does not have.
    pub(super) fn value(&self) -> Option<(String, String)> {
        let value = self.value.clone().or_else(|| std::env::var(&self.name).ok());
        value.map(|value| (self.name.clone(), value))
    }
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if name.is_empty() {
            return Err("it has no name".to_owned());
        }
        Ok(Self { name: name.to_owned(), value })
    }
}

/// A name with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: String,
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("`NAME=VALUE` is wanted".to_owned()),
        }
    }
}

/// A volume of the pod at a place of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    volume: AcName,
    target: String,
}

impl FromStr for Mount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (mut volume, mut target) = (None, None);
        for part in text.split(',') {
            let pair: Pair = part.parse()?;
            match pair.name.as_str() {
                "volume" if volume.is_none() => {
                    volume = Some(pair.value.parse::<AcName>().map_err(|error| error.to_string())?);
                }
                "target" if target.is_none() => target = Some(pair.value),
                "volume" | "target" => return Err(format!("`{}` stands there twice", pair.name)),
                other => return Err(format!("`{other}` is neither `volume` nor `target`")),
            }
        }
        match (volume, target) {
            (Some(volume), Some(target)) if target.starts_with('/') => Ok(Self { volume, target }),
            (Some(_), Some(target)) => Err(format!("the target `{target}` is no absolute path")),
            _ => Err("`volume=NAME,target=PATH` is wanted".to_owned()),
        }
    }
}

/// System calls, as an isolator.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seccomp(IsolatorValue);

impl FromStr for Seccomp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (mut mode, mut errno, mut set) = (None, String::new(), Vec::new());
        for part in text.split(',') {
            match part.split_once('=') {
                Some(("mode", value)) => mode = Some(value),
                Some(("errno", value)) => value.clone_into(&mut errno),
                Some((name, _)) => return Err(format!("`{name}` is neither `mode` nor `errno`")),
                None if part.is_empty() => return Err("the name of a system call is empty".to_owned()),
                None => set.push(part.to_owned()),
            }
        }
        if set.is_empty() {
            return Err("it names no system call".to_owned());
        }
        let set = SeccompSet { set, errno };
        match mode {
            Some("retain") => Ok(Self(IsolatorValue::SeccompRetain(set))),
            Some("remove") => Ok(Self(IsolatorValue::SeccompRemove(set))),
            Some(other) => Err(format!("the mode `{other}` is neither `retain` nor `remove`")),
            None => Err("it has no `mode=retain` or `mode=remove`".to_owned()),
        }
    }
}
