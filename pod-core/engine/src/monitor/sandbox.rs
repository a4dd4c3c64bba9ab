//! The pod's sandbox: namespaces, network, and what all its apps share.

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use pod_core::pod::{PodSpec, SandboxFacts, Shared};
use rustix::mount::{MountFlags, mount};

use super::app::describe;
use super::child::Child;
use super::output::null;
use crate::dir::{Durability, PodDir, make_dir, write_json};
use crate::error::{Doing, Error, Kind};
use crate::gc;
use crate::mounts::unmount_below;
use crate::plan::Plan;
use crate::ports::{Attachment, Network};
use crate::remove::remove_tree;
use crate::stage1::{Launcher, Pids, Stdio};
use crate::{compose, etc, volume};

/// Starts to make the namespaces; `None` when the pod has nothing for itself.
pub(super) fn start(launcher: &Launcher, dir: &PodDir, spec: &PodSpec) -> Result<Option<Child>, Error> {
    let Some(plan) = compose::sandbox(dir.path(), spec) else { return Ok(None) };
    let pins = [&plan.pins.net, &plan.pins.ipc, &plan.pins.uts];
    make_dir(&dir.join("ns"), 0o700)?;
    for pin in pins.into_iter().flatten() {
        fs::File::create(pin).doing("create", pin)?;
    }
    let null = null()?;
    let stdio = Stdio { stdin: null.as_fd(), stdout: null.as_fd(), stderr: null.as_fd() };
    let launched = launcher
        .launch(&Plan::Sandbox(plan), stdio, Pids::Host)
        .map_err(|error| Error::refused("the pod's namespaces cannot be made", describe(&error)))?;
    Child::new(dir.path(), "sandbox".to_owned(), launched).map(Some)
}

/// Takes back what an earlier try left.
pub(super) fn clear(dir: &PodDir, network: &mut dyn Network) -> Result<(), Error> {
    gc::detach(dir, network)?;
    unmount_below(dir.path())?;
    ["ns", "volumes", "shm"].iter().try_for_each(|name| remove_tree(&dir.join(name)))
}

/// Once the namespaces are there: attaches the network, and makes what the apps share.
pub(super) fn complete(
    dir: &PodDir,
    spec: &PodSpec,
    network: &mut dyn Network,
) -> Result<SandboxFacts, Error> {
    let host_ips = host_addresses();
    let pod_ips = match spec.isolation.network {
        Shared::Host => host_ips.clone(),
        Shared::Pod => attach(dir, spec, network)?.ips,
    };
    let facts = SandboxFacts { pod_ips, host_ips };
    etc::make_all(dir.path(), spec, &facts)?;
    make_shm(dir.path(), spec)?;
    make_dir(&dir.join("volumes"), 0o700)?;
    volume::make_all(dir.path(), spec, &facts)?;
    Ok(facts)
}

/// The record is there before anything is attached: whoever finishes our work knows that there may be something to detach.
fn attach(dir: &PodDir, spec: &PodSpec, network: &mut dyn Network) -> Result<Attachment, Error> {
    let record = dir.join(gc::NETWORK);
    write_json(&record, &Vec::<IpAddr>::new(), Durability::Volatile)?;
    let attachment = network.attach(spec, &dir.join("ns/net")).map_err(|source| Kind::Network {
        doing: "attach",
        uid: dir.uid(),
        source,
    })?;
    write_json(&record, &attachment.ips, Durability::Volatile)?;
    Ok(attachment)
}

/// The shared memory of a pod: 64 MiB, as Docker and containerd have it.
fn make_shm(pod: &Path, spec: &PodSpec) -> Result<(), Error> {
    let Some(path) = compose::shm_source(pod, spec).filter(|path| path.starts_with(pod)) else {
        return Ok(());
    };
    make_dir(&path, 0o1777)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("shm", &path, "tmpfs", flags, c"mode=1777,size=65536k").doing("mount a tmpfs at", &path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o1777)).doing("change the mode of", &path)
}

/// The addresses that the node would speak from; nothing is sent to find out.
fn host_addresses() -> Vec<IpAddr> {
    // Addresses for documentation (RFC 5737, RFC 3849): they take the default route, and exist nowhere.
    [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")]
        .into_iter()
        .filter_map(|(own, other)| {
            let socket = UdpSocket::bind(own).ok()?;
            socket.connect(other).ok()?;
            Some(socket.local_addr().ok()?.ip())
        })
        .collect()
}
