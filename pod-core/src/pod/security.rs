//! Who an app runs as, and what it may do.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Who an app runs as, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Security {
    /// The user: a number, a name of the image's `/etc/passwd`, or `user:group`. `None` is the image's.
    pub user: Option<String>,
    /// The group: a number or a name of the image's `/etc/group`. `None` is the image's, else the user's own.
    pub group: Option<String>,
    /// Further groups, by number.
    pub supplementary_groups: Vec<u32>,
    /// Whether starting as user 0 is refused.
    pub run_as_non_root: bool,
    /// Whether nothing is masked, filtered or dropped, and all devices are there.
    pub privileged: bool,
    /// Whether the root file system is read-only.
    pub read_only_root: bool,
    /// Whether no program may gain privileges (PR_SET_NO_NEW_PRIVS).
    pub no_new_privileges: bool,
    /// The bounding, permitted and effective set. A user other than 0 has none effective.
    pub capabilities: BTreeSet<Capability>,
    /// Which system calls are filtered.
    pub seccomp: SeccompProfile,
    /// Whether `/proc` and `/sys` have their dangerous parts hidden or read-only.
    pub mask_paths: bool,
}

/// Which system calls an app may make (seccomp(2)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SeccompProfile {
    /// All.
    Unconfined,
    /// The engine's default filter.
    RuntimeDefault,
    /// A profile in the OCI JSON form, at this path of the host.
    Localhost(PathBuf),
}

macro_rules! capabilities {
    ($($number:literal $variant:ident $text:literal,)*) => {
        /// A Linux capability (capabilities(7)), ordered by its number.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Capability {
            $(#[doc = concat!("`", $text, "`")] $variant = $number,)*
        }

        impl Capability {
            /// All capabilities that this version knows, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name with its prefix: `CAP_CHOWN`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

capabilities! {
    0 Chown "CAP_CHOWN",
    1 DacOverride "CAP_DAC_OVERRIDE",
    2 DacReadSearch "CAP_DAC_READ_SEARCH",
    3 Fowner "CAP_FOWNER",
    4 Fsetid "CAP_FSETID",
    5 Kill "CAP_KILL",
    6 Setgid "CAP_SETGID",
    7 Setuid "CAP_SETUID",
    8 Setpcap "CAP_SETPCAP",
    9 LinuxImmutable "CAP_LINUX_IMMUTABLE",
    10 NetBindService "CAP_NET_BIND_SERVICE",
    11 NetBroadcast "CAP_NET_BROADCAST",
    12 NetAdmin "CAP_NET_ADMIN",
    13 NetRaw "CAP_NET_RAW",
    14 IpcLock "CAP_IPC_LOCK",
    15 IpcOwner "CAP_IPC_OWNER",
    16 SysModule "CAP_SYS_MODULE",
    17 SysRawio "CAP_SYS_RAWIO",
    18 SysChroot "CAP_SYS_CHROOT",
    19 SysPtrace "CAP_SYS_PTRACE",
    20 SysPacct "CAP_SYS_PACCT",
    21 SysAdmin "CAP_SYS_ADMIN",
    22 SysBoot "CAP_SYS_BOOT",
    23 SysNice "CAP_SYS_NICE",
    24 SysResource "CAP_SYS_RESOURCE",
    25 SysTime "CAP_SYS_TIME",
    26 SysTtyConfig "CAP_SYS_TTY_CONFIG",
    27 Mknod "CAP_MKNOD",
    28 Lease "CAP_LEASE",
    29 AuditWrite "CAP_AUDIT_WRITE",
    30 AuditControl "CAP_AUDIT_CONTROL",
    31 Setfcap "CAP_SETFCAP",
    32 MacOverride "CAP_MAC_OVERRIDE",
    33 MacAdmin "CAP_MAC_ADMIN",
    34 Syslog "CAP_SYSLOG",
    35 WakeAlarm "CAP_WAKE_ALARM",
    36 BlockSuspend "CAP_BLOCK_SUSPEND",
    37 AuditRead "CAP_AUDIT_READ",
    38 Perfmon "CAP_PERFMON",
    39 Bpf "CAP_BPF",
    40 CheckpointRestore "CAP_CHECKPOINT_RESTORE",
}

impl Capability {
    /// The fourteen that Docker, containerd and rkt leave to a container.
    pub const DEFAULT: &'static [Self] = &[
        Self::Chown,
        Self::DacOverride,
        Self::Fowner,
        Self::Fsetid,
        Self::Kill,
        Self::Setgid,
        Self::Setuid,
        Self::Setpcap,
        Self::NetBindService,
        Self::NetRaw,
        Self::SysChroot,
        Self::Mknod,
        Self::AuditWrite,
        Self::Setfcap,
    ];

    /// The kernel's number, 0 to 40.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// Why a text is no capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseCapabilityError(String);

impl fmt::Display for ParseCapabilityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no Linux capability: one such as `NET_ADMIN` or `CAP_NET_ADMIN` is wanted", self.0)
    }
}

impl std::error::Error for ParseCapabilityError {}

impl FromStr for Capability {
    type Err = ParseCapabilityError;

    /// Takes the name with or without `CAP_`, in either case, as runtimes do.
    ///
    /// # Errors
    ///
    /// On a name that this version does not know: `NET`, `CAP_`, `ALL`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
        Self::ALL
            .iter()
            .copied()
            .find(|capability| capability.as_str().strip_prefix("CAP_") == Some(name))
            .ok_or_else(|| ParseCapabilityError(text.to_owned()))
    }
}

impl TryFrom<String> for Capability {
    type Error = ParseCapabilityError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Capability> for String {
    fn from(capability: Capability) -> Self {
        capability.as_str().to_owned()
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
