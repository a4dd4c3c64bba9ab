//! System call filters: the default one and profiles of the host, as programs for the kernel.

mod compile;
mod profile;

use std::io::Read;
use std::path::Path;

use pod_core::lifecycle::StartFailure;
use pod_core::pod::{Capability, SeccompProfile};
use rustix::io::Errno;

use super::policy::syscalls;
use super::report::{Doing, Failure, Reporter};
use crate::plan::Confinement;
use crate::sys;

/// The largest profile that is read.
const MAX_PROFILE: u64 = 4 << 20;

/// What happens to a system call (seccomp(2), "return values of a filter").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Allow,
    /// It fails with this errno.
    Errno(u16),
    KillThread,
    KillProcess,
    /// SIGSYS.
    Trap,
    /// It is allowed, and the kernel's audit log tells of it.
    Log,
    /// A tracer with this message decides; without one it fails with `ENOSYS`.
    Trace(u16),
}

/// How an argument is compared, as numbers of 64 bits without sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// Equal in the bits of this mask.
    MaskedEqual(u64),
}

/// A comparison of an argument, 0 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) argument: u8,
    pub(crate) op: Op,
    pub(crate) value: u64,
}

/// What happens when all conditions hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) conditions: Vec<Condition>,
    pub(crate) action: Action,
}

/// A filter as rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    /// For system calls without a rule, or none of whose rules holds.
    default: Action,
    /// By number. The first rule that holds decides.
    by_number: Vec<Vec<Rule>>,
    /// For numbers that nobody knew when this was written.
    unknown: Action,
}

impl Rules {
    fn new(default: Action, unknown: Action) -> Self {
        let last = syscalls::all().max().unwrap_or_default();
        // The numbering has holes, which are unknown too.
        let mut by_number = vec![vec![Rule { conditions: vec![], action: unknown }]; usize::from(last) + 1];
        for known in syscalls::all() {
            if let Some(rules) = by_number.get_mut(usize::from(known)) {
                rules.clear();
            }
        }
        Self { default, by_number, unknown }
    }

    /// Adds a rule for a system call; one that this architecture does not have needs none.
    fn add(&mut self, name: &str, conditions: Vec<Condition>, action: Action) {
        if let Some(rules) =
            syscalls::number(name).and_then(|number| self.by_number.get_mut(usize::from(number)))
        {
            rules.push(Rule { conditions, action });
        }
    }

    /// The default filter for who has these capabilities in the bounding set: what is not allowed fails with `EPERM`, what
    /// nobody knows with `ENOSYS`, so that programs take it for an older kernel.
    fn standard(capabilities: &[Capability]) -> Self {
        let unknown = Action::Errno(errno(Errno::NOSYS));
        let mut rules = Self::new(Action::Errno(errno(Errno::PERM)), unknown);
        for name in syscalls::ALLOWED {
            rules.add(name, vec![], Action::Allow);
        }
        for (name, values) in syscalls::BY_FIRST_ARGUMENT {
            for value in *values {
                rules.add(name, vec![Condition { argument: 0, op: Op::Equal, value: *value }], Action::Allow);
            }
        }
        for (capability, names) in syscalls::WITH_CAPABILITY {
            if capabilities.contains(capability) {
                names.iter().for_each(|name| rules.add(name, vec![], Action::Allow));
            }
        }
        if !capabilities.contains(&Capability::SysAdmin) {
            let without = Condition { argument: 0, op: Op::MaskedEqual(syscalls::NEW_NAMESPACES), value: 0 };
            rules.add("clone", vec![without], Action::Allow);
            rules.add(syscalls::CLONE3, vec![], unknown);
        }
        rules
    }
}

fn errno(errno: Errno) -> u16 {
    u16::try_from(errno.raw_os_error()).unwrap_or_default()
}

/// A filter ready to be installed.
#[derive(Debug)]
pub(crate) struct Filter {
    program: Vec<libc::sock_filter>,
    flags: libc::c_ulong,
}

impl Filter {
    /// The filter of a confinement, if it has one. Profiles are files of the host: read them before its file system is gone.
    pub(crate) fn of(confinement: &Confinement, reporter: &Reporter) -> Result<Option<Self>, Failure> {
        if confinement.privileged {
            return Ok(None);
        }
        let (rules, flags) = match &confinement.seccomp {
            SeccompProfile::Unconfined => return Ok(None),
            SeccompProfile::RuntimeDefault => (Rules::standard(&confinement.capabilities), 0),
            SeccompProfile::Localhost(path) => {
                let action = || format!("loading the seccomp profile `{}`", path.display());
                let text = read(path).doing(action)?;
                let profile = profile::parse(&text).map_err(|error| {
                    Failure::new(StartFailure::Create, format!("{}: {error}", action()), None)
                })?;
                for warning in profile.warnings {
                    reporter.warn(format!("the seccomp profile `{}`: {warning}", path.display()));
                }
                (profile.rules, profile.flags)
            }
        };
        let program = compile::program(&rules).ok_or_else(|| {
            Failure::new(StartFailure::Create, "the system call filter has over 4096 instructions", None)
        })?;
        Ok(Some(Self { program, flags }))
    }

    /// Installs it: from now on it holds for this process and all its children.
    pub(crate) fn install(&self) -> Result<(), Failure> {
        sys::load_filter(&self.program, self.flags).doing(|| "installing the system call filter".to_owned())
    }
}

/// The number of instructions of a profile.
#[cfg(fuzzing)]
pub(crate) fn compiled(text: &[u8]) -> Option<usize> {
    compile::program(&profile::parse(text).ok()?.rules).map(|program| program.len())
}

fn read(path: &Path) -> Result<Vec<u8>, Errno> {
    let mut text = Vec::new();
    let file =
        std::fs::File::open(path).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    file.take(MAX_PROFILE + 1)
        .read_to_end(&mut text)
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    if text.len() as u64 > MAX_PROFILE { Err(Errno::FBIG) } else { Ok(text) }
}
