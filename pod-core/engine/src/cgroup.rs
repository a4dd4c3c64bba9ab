//! Control groups, of both versions, behind one type: `podkit/UUID/APP` in each hierarchy that is mounted and of use.
//!
//! Version 1 has a hierarchy for each controller, version 2 one for all; a machine may have both (hybrid), and then version 2
//! serves to kill, because it does that in one step. Nothing is mounted, and what is not mounted is not used.
//!
//! In a user namespace the groups are made below the one that this process is in, in each hierarchy where that one was delegated to the
//! user: where it may be written to.

mod delegation;
mod kill;
mod settings;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use pod_core::pod::{App, Resources, Uuid};

pub(crate) use kill::Removal;
pub(crate) use settings::DeviceRule;
use settings::{Controller, Setting, Weight, settings};

use crate::error::{Doing, Error, Kind};
use crate::process::Dying;
use crate::{mounts, userns};

/// The group that all pods are in.
const TOP: &str = "podkit";

/// The hierarchies of this machine that are of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cgroups {
    hierarchies: Vec<Hierarchy>,
    /// Whether this is a user namespace, where only what was delegated is ours.
    delegated: bool,
}

/// A mounted hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchy {
    /// The group below which ours are made: where it is mounted, or what was delegated of it.
    base: PathBuf,
    version: Version,
    controllers: Vec<Controller>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// The group of one app, in all hierarchies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppGroup {
    groups: Vec<(PathBuf, Version, Vec<Controller>)>,
}

impl Cgroups {
    /// What is mounted here.
    pub(crate) fn detect() -> Result<Self, Error> {
        let mounts = mounts::all()?;
        let mut hierarchies: Vec<Hierarchy> = Vec::new();
        for mount in mounts.iter().filter(|mount| mount.kind == "cgroup2") {
            let listed = fs::read_to_string(mount.target.join("cgroup.controllers")).unwrap_or_default();
            let controllers = listed.split_ascii_whitespace().filter_map(Controller::parse).collect();
            hierarchies.push(Hierarchy { base: mount.target.clone(), version: Version::V2, controllers });
        }
        hierarchies.truncate(1);
        let unified = !hierarchies.is_empty();
        for mount in mounts.iter().filter(|mount| mount.kind == "cgroup") {
            let mut controllers: Vec<_> =
                mount.super_options.split(',').filter_map(Controller::parse).collect();
            // Version 2 kills better than the freezer does.
            controllers.retain(|controller| !(unified && *controller == Controller::Freezer));
            let known = |controller| hierarchies.iter().any(|other| other.controllers.contains(controller));
            if !controllers.is_empty() && !controllers.iter().any(known) {
                hierarchies.push(Hierarchy { base: mount.target.clone(), version: Version::V1, controllers });
            }
        }
        let delegated = !userns::is_initial();
        if delegated {
            hierarchies = delegation::of(hierarchies, &mounts)?;
        }
        tracing::debug!(?hierarchies, "control groups");
        Ok(Self { hierarchies, delegated })
    }

    #[cfg(test)]
    fn fake(version: Version, mount: &Path, controllers: &[Controller]) -> Self {
        let controllers = controllers.to_vec();
        let hierarchies = vec![Hierarchy { base: mount.to_owned(), version, controllers }];
        Self { hierarchies, delegated: false }
    }

    /// Whether an app can be kept from devices that it was not given.
    ///
    /// A user namespace does: no device can be made there, and none opened that the user could not open anyway.
    pub(crate) fn restricts_devices(&self) -> bool {
        self.delegated || self.has(Controller::Devices)
    }

    fn has(&self, controller: Controller) -> bool {
        self.hierarchies.iter().any(|hierarchy| hierarchy.controllers.contains(&controller))
    }

    /// Checks that there is a controller for each limit of an app.
    ///
    /// # Errors
    ///
    /// A refusal that names the limit.
    pub(crate) fn check(&self, app: &App) -> Result<(), Error> {
        for (what, controller, wanted) in limits(&app.resources) {
            if wanted && !self.has(controller) {
                return Err(Error::refused_app(&app.name, what, self.lack(controller)));
            }
        }
        Ok(())
    }

    /// Says that a controller is not there.
    fn lack(&self, controller: Controller) -> String {
        let name = controller.name();
        if self.delegated {
            format!(
                "no `{name}` control group was delegated to you: root could apply it, or run podkit in a group that is yours \
                 (`systemd-run --user --scope -p Delegate=yes`)"
            )
        } else {
            format!("this machine has no `{name}` control group controller")
        }
    }

    /// The groups of a pod, whether they are there or not.
    pub(crate) fn pod_groups(&self, uid: Uuid) -> Vec<PathBuf> {
        let path = Path::new(TOP).join(uid.to_string());
        self.hierarchies.iter().map(|hierarchy| hierarchy.base.join(&path)).collect()
    }

    /// Makes the group of an app, with its limits. What is derived and refused becomes a warning.
    ///
    /// # Errors
    ///
    /// When a limit that the user wrote cannot be applied, by the limit's name.
    pub(crate) fn make(
        &self,
        uid: Uuid,
        app: &App,
        devices: Option<&[DeviceRule]>,
        warnings: &mut Vec<String>,
    ) -> Result<AppGroup, Error> {
        self.check(app)?;
        let mut groups = Vec::new();
        for hierarchy in &self.hierarchies {
            let wanted = settings(hierarchy.version, &hierarchy.controllers, &app.resources, devices);
            let required = wanted.iter().find_map(Setting::required);
            match hierarchy.make_group(uid, app.name.as_str()) {
                Ok(path) => {
                    apply(&path, &wanted, app, warnings)?;
                    groups.push((path, hierarchy.version, hierarchy.controllers.clone()));
                }
                Err(error) => match required {
                    Some(what) => return Err(refusal(app, what, &error)),
                    None => warnings.push(format!("control groups: {}", error.chain())),
                },
            }
        }
        if app.resources.cpu_request_milli.is_some() && !self.has(Controller::Cpu) {
            warnings.push(format!("cpu request: not enforced, {}", self.lack(Controller::Cpu)));
        }
        if groups.is_empty() && warnings.is_empty() && !self.delegated {
            warnings.push("no control group hierarchy is mounted: what the app starts is found by its process namespace only".to_owned());
        }
        Ok(AppGroup { groups })
    }
}

/// The limits that a user may write, and their controllers.
fn limits(resources: &Resources) -> [(&'static str, Controller, bool); 3] {
    [
        ("cpu limit", Controller::Cpu, resources.cpu_limit_milli.is_some()),
        ("memory limit", Controller::Memory, resources.memory_limit.is_some()),
        ("pids limit", Controller::Pids, resources.pids_limit.is_some()),
    ]
}

fn refusal(app: &App, what: &str, error: &Error) -> Error {
    Error::refused_app(&app.name, what, error.chain())
}

fn apply(group: &Path, wanted: &[Setting], app: &App, warnings: &mut Vec<String>) -> Result<(), Error> {
    for setting in wanted {
        let path = group.join(setting.file);
        let written = write(&path, &setting.value);
        match (written, setting.weight) {
            (Ok(()), _) => {}
            (Err(error), Weight::Required(what)) => return Err(refusal(app, what, &error)),
            (Err(error), Weight::Derived) => warnings.push(error.chain()),
            (Err(error), Weight::IfThere) => {
                if !is_missing(&error) {
                    warnings.push(error.chain());
                }
            }
        }
    }
    Ok(())
}

fn is_missing(error: &Error) -> bool {
    matches!(error.kind(), Kind::Io { source, .. } if source.kind() == ErrorKind::NotFound)
}

/// Writes a control file, in one write; it is never made.
fn write(path: &Path, value: &str) -> Result<(), Error> {
    let mut file = fs::OpenOptions::new().write(true).truncate(true).open(path).doing("set", path)?;
    std::io::Write::write_all(&mut file, value.as_bytes()).doing("set", path)
}

impl Hierarchy {
    fn make_group(&self, uid: Uuid, app: &str) -> Result<PathBuf, Error> {
        let pod = uid.to_string();
        let mut path = self.base.clone();
        for name in [TOP, &pod, app] {
            if self.version == Version::V2 {
                self.delegate(&path)?;
            }
            path.push(name);
        }
        // Another pod's end may take the common parent away between two steps.
        for attempt in 0.. {
            match make_groups(&self.base, [TOP, &pod, app]) {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::NotFound && attempt < 16 => {}
                Err(error) => return Err(Error::io("make control group", path, error)),
            }
        }
        if self.version == Version::V2 {
            // The parents exist only now: those that were missing are delegated here.
            for parent in path.ancestors().skip(1).take(2).collect::<Vec<_>>().into_iter().rev() {
                self.delegate(parent)?;
            }
        }
        Ok(path)
    }

    /// Lets the groups below a group of version 2 have the controllers.
    fn delegate(&self, group: &Path) -> Result<(), Error> {
        let control = group.join("cgroup.subtree_control");
        let Ok(present) = fs::read_to_string(&control) else { return Ok(()) };
        for controller in &self.controllers {
            let name = controller.name();
            if !present.split_ascii_whitespace().any(|other| other == name) {
                write(&control, &format!("+{name}"))?;
            }
        }
        Ok(())
    }
}

/// Makes groups one in another, unless they are there: top down, since most often none is.
fn make_groups(base: &Path, names: [&str; 3]) -> std::io::Result<()> {
    let mut path = base.to_owned();
    names.into_iter().try_for_each(|name| {
        path.push(name);
        match fs::create_dir(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    })
}

impl AppGroup {
    /// The group's directories, one for each hierarchy.
    pub(crate) fn dirs(&self) -> Vec<PathBuf> {
        self.groups.iter().map(|(path, ..)| path.clone()).collect()
    }

    /// How many processes of the group the kernel has killed for lack of memory since it was made.
    pub(crate) fn oom_kills(&self) -> u64 {
        let memory = self.groups.iter().find(|(.., controllers)| controllers.contains(&Controller::Memory));
        let Some((path, version, _)) = memory else { return 0 };
        let file = match version {
            Version::V1 => "memory.oom_control",
            Version::V2 => "memory.events",
        };
        fs::read_to_string(path.join(file)).ok().and_then(|text| oom_kill(&text)).unwrap_or(0)
    }

    /// Kills everything inside, without waiting for it to be gone.
    pub(crate) fn kill(&self) -> Result<(), Error> {
        kill::kill_all(self.groups.iter().map(|(path, ..)| path.as_path()), &mut Dying::default())
    }

    /// Kills everything inside, and removes the group when that is gone; step by step.
    pub(crate) fn remove(&self) -> Removal {
        Removal::begin(self.dirs())
    }
}

/// The line `oom_kill 3` of `memory.oom_control` and of `memory.events`.
fn oom_kill(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

/// Kills what is in these groups of a pod, and removes them with all that is below; and their parent, when no pod is left in it.
/// What was killed has left the groups then, and may have a last step to its end.
pub(crate) fn remove_pod(groups: &[PathBuf], dying: &mut Dying) -> Result<(), Error> {
    kill::remove(groups, dying)?;
    for parent in groups.iter().filter_map(|group| group.parent()) {
        if parent.file_name().is_some_and(|name| name == TOP) {
            // It stays while another pod is in it.
            let _ = fs::remove_dir(parent);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
