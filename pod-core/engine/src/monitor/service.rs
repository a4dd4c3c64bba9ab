//! The service manager that the monitor runs under, if it does: told when the pod is ready and when it ends (sd_notify(3)).

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use pod_core::lifecycle::{AppState, ConditionKind, ConditionStatus, PodStatus};

/// Where a service manager listens.
const VARIABLE: &str = "NOTIFY_SOCKET";

/// A service manager that wants to know.
#[derive(Debug)]
pub(super) struct Service {
    socket: UnixDatagram,
    address: SocketAddr,
    was_ready: bool,
    is_stopping: bool,
    told: String,
}

impl Service {
    /// The one that has started this process; `None` when none has, or it does not ask.
    pub(super) fn of_process() -> Option<Self> {
        let name = std::env::var_os(VARIABLE).filter(|name| !name.is_empty())?;
        let address = match name.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(&name),
        };
        let made = address.and_then(|address| Ok((UnixDatagram::unbound()?, address)));
        match made {
            Ok((socket, address)) => {
                Some(Self { socket, address, was_ready: false, is_stopping: false, told: String::new() })
            }
            Err(error) => {
                tracing::warn!(%error, "the service manager cannot be told of the pod");
                None
            }
        }
    }

    /// Tells how the pod is.
    pub(super) fn tell(&mut self, status: &PodStatus) {
        let running = status.apps.iter().filter(|app| matches!(app.state, AppState::Running { .. })).count();
        let mut text = format!("STATUS={}, {running} of {} apps run\n", status.phase, status.apps.len());
        let ready = |condition: &pod_core::lifecycle::Condition| {
            condition.kind == ConditionKind::Ready && condition.status == ConditionStatus::True
        };
        if !self.was_ready && status.conditions.iter().any(ready) {
            self.was_ready = true;
            text.push_str("READY=1\n");
        }
        if text != self.told {
            self.send(&text);
            self.told = text;
        }
    }

    /// Tells that the pod ends.
    pub(super) fn stopping(&mut self) {
        if !std::mem::replace(&mut self.is_stopping, true) {
            self.send("STOPPING=1\n");
        }
    }

    fn send(&self, text: &str) {
        let sent: io::Result<_> = self.socket.send_to_addr(text.as_bytes(), &self.address);
        if let Err(error) = sent {
            tracing::debug!(%error, "the service manager is not told");
        }
    }
}
