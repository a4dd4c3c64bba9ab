//! Who runs podrun: root, or an ordinary user, who becomes root of a user namespace.

use std::path::PathBuf;

use anyhow::Context;
use appc_spec::archive::{DevicePolicy, ExtractPolicy, OwnerPolicy};
use pod_engine::userns::{self, Entered, Identifiers};

/// Where pods and images are kept when nobody says: the machine's place for root, the user's own for others (XDG Base Directory
/// Specification, `$XDG_DATA_HOME`).
pub(super) fn data_dir() -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let own = || absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    let own = (!rustix::process::geteuid().is_root()).then(own).flatten();
    own.unwrap_or_else(|| PathBuf::from("/var/lib")).join("podkit")
}

/// Gives this process what a command needs to make or remove something of a pod.
pub(super) fn become_root(command: &str) -> anyhow::Result<()> {
    let entered = userns::enter().with_context(|| {
        format!("`podrun {command}` needs root, or a user namespace for an ordinary user")
    })?;
    if entered == Entered::Root {
        return Ok(());
    }
    if let Entered::Single { why } = entered {
        let what = "containers can run as user 0 only, and own all files of their images";
        if matches!(command, "run" | "prepare") {
            tracing::warn!("{what}: {why}");
        } else {
            tracing::info!("{what}: {why}");
        }
    }
    Ok(())
}

/// What of an image's owners and devices this user can have.
pub(super) fn extract_policy() -> ExtractPolicy {
    let own = ExtractPolicy { devices: DevicePolicy::Skip, ..ExtractPolicy::FAITHFUL };
    match userns::identifiers() {
        Identifiers::All => ExtractPolicy::FAITHFUL,
        Identifiers::Ranges => own,
        Identifiers::One => ExtractPolicy { owners: OwnerPolicy::Squash, ..own },
    }
}
