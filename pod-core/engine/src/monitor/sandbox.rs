//! The pod's sandbox: namespaces, network, and what all its apps share.

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use pod_core::lifecycle::Event;
use pod_core::pod::{PidIsolation, PodSpec, SandboxFacts, Shared};
use rustix::mount::{MountFlags, mount};

use super::Monitor;
use super::app::describe;
use super::child::Child;
use super::output::null;
use crate::dir::{Durability, PodDir, make_dir, write_json};
use crate::error::{Doing, Error, Kind};
use crate::gc;
use crate::mounts::unmount_below;
use crate::plan::{Plan, ReaperPlan, SandboxPlan};
use crate::ports::{Attachment, NetworkDns, NetworkError};
use crate::remove::remove_tree;
use crate::stage1::{Pids, Stdio};
use crate::{compose, etc, volume};

/// How far the making of a sandbox has come.
#[derive(Debug)]
pub(super) enum Step {
    /// It is not being made: it is not wanted yet, or there, or failed.
    None,
    /// What an earlier try left on the network is taken back.
    Clearing,
    /// The namespaces are made.
    Namespaces,
    /// The first process of the namespace that the apps share is made.
    Reaper,
    /// The network is attached.
    Network,
}

/// The first process of a namespace that the apps share.
#[derive(Debug)]
pub(super) struct Reaper {
    pub(super) child: Child,
    pub(super) is_up: bool,
}

impl Monitor<'_, '_> {
    /// Begins to make the sandbox, or what an earlier try made of it anew.
    pub(super) fn make_sandbox(&mut self) {
        if self.dir.join(gc::NETWORK).exists() {
            self.sandbox = Step::Clearing;
            self.jobs.detach(self.dir.uid(), gc::pinned_netns(&self.dir));
        } else {
            self.make_namespaces();
        }
    }

    fn make_namespaces(&mut self) {
        match clear(&self.dir).and_then(|()| places(&self.dir, &self.spec)) {
            Ok(Some(plan)) => {
                self.sandbox = Step::Namespaces;
                self.jobs.namespaces(plan);
            }
            Ok(None) => self.make_reaper(),
            Err(error) => self.sandbox_failed(error.chain()),
        }
    }

    /// Goes on when the namespaces are there, or cannot be made.
    pub(super) fn take_namespaces(&mut self, result: Result<(), String>) {
        match result {
            Ok(()) => self.make_reaper(),
            Err(message) => self.sandbox_failed(message),
        }
    }

    fn make_reaper(&mut self) {
        if self.spec.isolation.pid != PidIsolation::Pod || self.reaper.as_ref().is_some_and(|one| one.is_up) {
            return self.attach_network();
        }
        self.sandbox = Step::Reaper;
        if let Err(error) = self.launch_reaper() {
            self.sandbox_failed(error.chain());
        }
    }

    fn launch_reaper(&mut self) -> Result<(), Error> {
        let null = null()?;
        let stdio = Stdio { stdin: null.as_fd(), stdout: null.as_fd(), stderr: null.as_fd() };
        let launched =
            self.launcher.launch(&Plan::Reaper(ReaperPlan { cgroups: vec![] }), stdio, Pids::New).map_err(
                |error| Error::refused("the process namespace of the pod cannot be made", describe(&error)),
            )?;
        let child = Child::new(self.dir.path(), "reaper".to_owned(), launched)?;
        self.reaper = Some(Reaper { child, is_up: false });
        Ok(())
    }

    /// Goes on when the process namespace is there. When it ends everything in it ends, and it is made anew.
    pub(super) fn take_reaper(&mut self) {
        let Some(reaper) = &mut self.reaper else { return };
        reaper.child.listen();
        let became = !reaper.is_up && reaper.child.said.is_done();
        reaper.is_up |= became;
        let ended = reaper.child.try_wait(self.dir.path());
        let making = matches!(self.sandbox, Step::Reaper);
        let Some(status) = ended else {
            if became && making {
                self.attach_network();
            }
            return;
        };
        let failure = reaper.child.said.failure.take();
        let was_up = self.reaper.take().is_some_and(|reaper| reaper.is_up);
        let why = failure.map_or_else(|| format!("it ended with {}", status.code()), |said| said.to_string());
        let message = format!("the process namespace of the pod: {why}");
        if making {
            self.sandbox_failed(message);
        } else {
            self.warn(None, message);
            // What never came up would not do so now.
            if was_up && let Err(error) = self.launch_reaper() {
                self.warn(None, error.chain());
            }
        }
    }

    /// The record is there before anything is attached: whoever finishes our work knows that there may be something to detach.
    fn attach_network(&mut self) {
        if self.spec.isolation.network == Shared::Host {
            return self.complete_sandbox(None);
        }
        self.sandbox = Step::Network;
        let record = self.dir.join(gc::NETWORK);
        match fs::File::create(&record).doing("create", &record) {
            Ok(_) => self.jobs.attach(&self.spec, self.dir.join("ns/net")),
            Err(error) => self.sandbox_failed(error.chain()),
        }
    }

    /// Goes on when somebody has done something about the network.
    pub(super) fn attached(&mut self, result: Result<Attachment, NetworkError>) {
        let uid = self.dir.uid();
        match result {
            Ok(attachment) => self.complete_sandbox(Some(attachment)),
            Err(source) => {
                self.sandbox_failed(Error::from(Kind::Network { doing: "attach", uid, source }).chain());
            }
        }
    }

    /// The same, of an earlier try.
    pub(super) fn detached(&mut self, result: Result<(), NetworkError>) {
        let uid = self.dir.uid();
        let done = result
            .map_err(|source| Kind::Network { doing: "detach", uid, source }.into())
            .and_then(|()| gc::forget_network(&self.dir));
        match done {
            Ok(()) => self.make_namespaces(),
            Err(error) => self.sandbox_failed(error.chain()),
        }
    }

    fn complete_sandbox(&mut self, attachment: Option<Attachment>) {
        self.sandbox = Step::None;
        match complete(&self.dir, &self.spec, attachment) {
            Ok(facts) => {
                self.facts = facts.clone();
                self.tell(Event::SandboxReady { facts });
            }
            Err(error) => self.sandbox_failed(error.chain()),
        }
    }

    fn sandbox_failed(&mut self, message: String) {
        self.sandbox = Step::None;
        self.tell(Event::SandboxFailed { message });
    }

    /// The process namespace of a new process of the pod.
    pub(super) fn pids(&self) -> Result<Pids<'_>, String> {
        match self.spec.isolation.pid {
            PidIsolation::App => Ok(Pids::New),
            PidIsolation::Host => Ok(Pids::Host),
            PidIsolation::Pod => match &self.reaper {
                Some(reaper) if reaper.is_up => Ok(Pids::Of(reaper.child.pidfd())),
                _ => Err("the process namespace of the pod is being made anew".to_owned()),
            },
        }
    }
}

/// Makes the directory in memory, and in it the places for the pins of the namespaces; `None` when the pod has no namespaces for itself.
fn places(dir: &PodDir, spec: &PodSpec) -> Result<Option<SandboxPlan>, Error> {
    let memory = dir.join(compose::MEMORY);
    make_dir(&memory, 0o700)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    // An app may write to the files of its `/etc`, but not fill the machine's memory.
    mount("ns", &memory, "tmpfs", flags, c"mode=0700,size=16m,nr_inodes=32")
        .doing("mount a tmpfs at", &memory)?;
    let Some(plan) = compose::sandbox(dir.path(), spec) else { return Ok(None) };
    for pin in [&plan.pins.net, &plan.pins.ipc, &plan.pins.uts].into_iter().flatten() {
        fs::File::create(pin).doing("create", pin)?;
    }
    Ok(Some(plan))
}

/// Takes back what an earlier try left, besides the network.
fn clear(dir: &PodDir) -> Result<(), Error> {
    // It is made before all else.
    if !dir.join(compose::MEMORY).exists() {
        return Ok(());
    }
    unmount_below(dir.path())?;
    [compose::MEMORY, "volumes", "shm"].iter().try_for_each(|name| remove_tree(&dir.join(name)))
}

/// Once namespaces and network are there: makes what the apps share. Without a network of its own the pod has the host's addresses.
fn complete(dir: &PodDir, spec: &PodSpec, attachment: Option<Attachment>) -> Result<SandboxFacts, Error> {
    let (ips, dns) = match attachment {
        Some(Attachment { ips, dns }) => (Some(ips), dns),
        None => (None, NetworkDns::default()),
    };
    // Until now the record is empty.
    if let Some(ips) = ips.as_ref().filter(|ips| !ips.is_empty()) {
        write_json(&dir.join(gc::NETWORK), ips, Durability::Volatile)?;
    }
    let host_ips = host_addresses();
    let facts = SandboxFacts { pod_ips: ips.unwrap_or_else(|| host_ips.clone()), host_ips };
    etc::make_all(dir.path(), spec, &facts, &dns)?;
    make_shm(dir.path(), spec)?;
    if !spec.volumes.is_empty() {
        make_dir(&dir.join("volumes"), 0o700)?;
    }
    volume::make_all(dir.path(), spec, &facts)?;
    Ok(facts)
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

/// The addresses that this machine would speak from, the preferred one first; nothing is sent to find out.
#[must_use]
pub fn host_addresses() -> Vec<IpAddr> {
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
