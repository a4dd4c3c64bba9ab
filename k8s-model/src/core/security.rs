//! Who containers run as, and what they may do.

use crate::schema::{object, open_enum};

object! {
    /// Who the containers of a pod run as, unless they say otherwise.
    pub struct PodSecurityContext {
        /// The SELinux context.
        pub se_linux_options: Option<Box<SeLinuxOptions>> = "seLinuxOptions",
        /// What is only for Windows.
        pub windows_options: Option<Box<WindowsSecurityContextOptions>> = "windowsOptions",
        /// The user of the first process; from 0 to 2³¹-1.
        pub run_as_user: Option<i64> = "runAsUser",
        /// The main group of the first process; from 0 to 2³¹-1.
        pub run_as_group: Option<i64> = "runAsGroup",
        /// Whether a container that would run as user 0 is not started.
        pub run_as_non_root: Option<bool> = "runAsNonRoot",
        /// Further groups of the first process.
        pub supplemental_groups: Vec<i64> = "supplementalGroups",
        /// Whether the groups that the image's `/etc/group` gives the user are added.
        pub supplemental_groups_policy: Option<SupplementalGroupsPolicy> = "supplementalGroupsPolicy",
        /// The group that owns the pod's volumes, and that each process has.
        pub fs_group: Option<i64> = "fsGroup",
        /// Kernel parameters of the pod's namespaces.
        pub sysctls: Vec<Sysctl> = "sysctls",
        /// When ownership of volumes is changed.
        pub fs_group_change_policy: Option<PodFsGroupChangePolicy> = "fsGroupChangePolicy",
        /// Which system calls are allowed.
        pub seccomp_profile: Option<Box<SeccompProfile>> = "seccompProfile",
        /// Which AppArmor profile holds.
        pub app_armor_profile: Option<Box<AppArmorProfile>> = "appArmorProfile",
        /// How SELinux labels get on volumes.
        pub se_linux_change_policy: Option<PodSeLinuxChangePolicy> = "seLinuxChangePolicy",
    }

    /// Who a container runs as, and what it may do.
    pub struct SecurityContext {
        /// The capabilities that are added to the default and taken from it.
        pub capabilities: Option<Box<Capabilities>> = "capabilities",
        /// Whether it is as powerful as the node's root.
        pub privileged: Option<bool> = "privileged",
        /// The SELinux context.
        pub se_linux_options: Option<Box<SeLinuxOptions>> = "seLinuxOptions",
        /// What is only for Windows.
        pub windows_options: Option<Box<WindowsSecurityContextOptions>> = "windowsOptions",
        /// The user of the first process; from 0 to 2³¹-1.
        pub run_as_user: Option<i64> = "runAsUser",
        /// The main group of the first process; from 0 to 2³¹-1.
        pub run_as_group: Option<i64> = "runAsGroup",
        /// Whether it is not started when it would run as user 0.
        pub run_as_non_root: Option<bool> = "runAsNonRoot",
        /// Whether its root file system cannot be written to.
        pub read_only_root_filesystem: Option<bool> = "readOnlyRootFilesystem",
        /// Whether a process may gain more privileges than its parent has.
        pub allow_privilege_escalation: Option<bool> = "allowPrivilegeEscalation",
        /// How `/proc` is mounted.
        pub proc_mount: Option<ProcMountType> = "procMount",
        /// Which system calls are allowed.
        pub seccomp_profile: Option<Box<SeccompProfile>> = "seccompProfile",
        /// Which AppArmor profile holds.
        pub app_armor_profile: Option<Box<AppArmorProfile>> = "appArmorProfile",
    }

    /// Changes to the default set of capabilities.
    pub struct Capabilities {
        /// Those that are added, such as `NET_ADMIN`; `ALL` is all.
        pub add: Vec<String> = "add",
        /// Those that are taken away; `ALL` is all.
        pub drop: Vec<String> = "drop",
    }

    /// An SELinux context.
    pub struct SeLinuxOptions as "SELinuxOptions" {
        /// The user.
        pub user: String = "user",
        /// The role.
        pub role: String = "role",
        /// The type.
        pub type_: String = "type",
        /// The level.
        pub level: String = "level",
    }

    /// What is only for Windows.
    pub struct WindowsSecurityContextOptions {
        /// The name of a credential specification.
        pub gmsa_credential_spec_name: Option<String> = "gmsaCredentialSpecName",
        /// The credential specification itself.
        pub gmsa_credential_spec: Option<String> = "gmsaCredentialSpec",
        /// The user of the first process.
        pub run_as_user_name: Option<String> = "runAsUserName",
        /// Whether it runs on the host itself.
        pub host_process: Option<bool> = "hostProcess",
    }

    /// A kernel parameter.
    pub struct Sysctl {
        /// The name, such as `net.core.somaxconn`.
        pub name: String = "name" always,
        /// The value.
        pub value: String = "value" always,
    }

    /// Which system calls are allowed.
    pub struct SeccompProfile {
        /// What sort of profile it is.
        pub type_: SeccompProfileType = "type" always,
        /// The profile, below the kubelet's own directory; for `Localhost` only.
        pub localhost_profile: Option<String> = "localhostProfile",
    }

    /// Which AppArmor profile holds.
    pub struct AppArmorProfile {
        /// What sort of profile it is.
        pub type_: AppArmorProfileType = "type" always,
        /// The name of a profile that the node has loaded; for `Localhost` only.
        pub localhost_profile: Option<String> = "localhostProfile",
    }
}

open_enum! {
    /// Which further groups a process has.
    pub enum SupplementalGroupsPolicy {
        /// Those given here, and those of the image's `/etc/group`.
        Merge = "Merge",
        /// Those given here.
        Strict = "Strict",
    }

    /// When ownership of volumes is changed.
    pub enum PodFsGroupChangePolicy {
        /// Each time the volume is mounted.
        Always = "Always",
        /// When its root does not have it yet.
        OnRootMismatch = "OnRootMismatch",
    }

    /// How SELinux labels get on volumes.
    pub enum PodSeLinuxChangePolicy {
        /// By an option of the mount, where the volume can do it.
        MountOption = "MountOption",
        /// File by file.
        Recursive = "Recursive",
    }

    /// How `/proc` is mounted.
    pub enum ProcMountType {
        /// With its dangerous parts hidden or read-only.
        Default = "Default",
        /// As it is; needs a user namespace.
        Unmasked = "Unmasked",
    }

    /// What sort of seccomp profile holds.
    pub enum SeccompProfileType {
        /// One of the node's own.
        Localhost = "Localhost",
        /// The runtime's default.
        RuntimeDefault = "RuntimeDefault",
        /// None: all system calls are allowed.
        Unconfined = "Unconfined",
    }

    /// What sort of AppArmor profile holds.
    pub enum AppArmorProfileType {
        /// One of the node's own.
        Localhost = "Localhost",
        /// The runtime's default.
        RuntimeDefault = "RuntimeDefault",
        /// None.
        Unconfined = "Unconfined",
    }
}
