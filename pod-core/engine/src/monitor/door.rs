//! Who speaks to the monitor: connections to the socket in the pod directory.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use pod_core::pod::AppName;
use rustix::io::Errno;

use crate::control::{self, Reply, Request};
use crate::error::Error;

/// As many connections as a pod has at the same time; others wait until one ends.
const MOST: usize = 128;

/// The socket, and everybody who called.
#[derive(Debug)]
pub(super) struct Door {
    listener: OwnedFd,
    callers: Vec<Caller>,
    next: u64,
}

/// A connection.
#[derive(Debug)]
struct Caller {
    id: u64,
    socket: OwnedFd,
    role: Role,
}

/// What a connection is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// It has asked for nothing yet.
    New,
    /// It waits for the pod's end.
    Stop,
    /// It is told of changes.
    Watch,
    /// A command of its runs.
    Exec,
    /// It has the streams of an app.
    Attach(AppName),
}

/// What came through the door.
#[derive(Debug)]
pub(super) enum Call {
    /// A request.
    Asked(u64, Request, Vec<OwnedFd>),
    /// Somebody has left, who had that role.
    Left(u64, Role),
}

impl Door {
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        Ok(Self { listener: control::listen_in(dir)?, callers: Vec::new(), next: 0 })
    }

    /// What to poll.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let listener = (self.callers.len() < MOST).then(|| self.listener.as_fd());
        listener.into_iter().chain(self.callers.iter().map(|caller| caller.socket.as_fd()))
    }

    /// Takes what came, without waiting.
    pub(super) fn calls(&mut self) -> Vec<Call> {
        while self.callers.len() < MOST {
            match control::accept(&self.listener) {
                Ok(Some(socket)) => {
                    self.callers.push(Caller { id: self.next, socket, role: Role::New });
                    self.next += 1;
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "nobody can call");
                    break;
                }
            }
        }
        let mut calls = Vec::new();
        self.callers.retain(|caller| match control::receive(caller.socket.as_fd()) {
            Ok(Some((request, fds))) if caller.role == Role::New => {
                calls.push(Call::Asked(caller.id, request, fds));
                true
            }
            Err(Errno::AGAIN) => true,
            // One request is all that a connection has.
            Ok(_) | Err(_) => {
                calls.push(Call::Left(caller.id, caller.role.clone()));
                false
            }
        });
        calls
    }

    /// Says what a connection is for from now on.
    pub(super) fn assign(&mut self, id: u64, role: Role) {
        if let Some(caller) = self.callers.iter_mut().find(|caller| caller.id == id) {
            caller.role = role;
        }
    }

    /// Answers. Who does not read its replies misses them.
    pub(super) fn reply(&self, id: u64, reply: &Reply, fds: &[BorrowedFd<'_>]) {
        if let Some(caller) = self.callers.iter().find(|caller| caller.id == id) {
            caller.reply(reply, fds);
        }
    }

    /// Answers for the last time.
    pub(super) fn close(&mut self, id: u64, reply: &Reply) {
        self.reply(id, reply, &[]);
        self.callers.retain(|caller| caller.id != id);
    }

    /// Tells those who watch that something has changed. One who has not read of an earlier change need not be told again.
    pub(super) fn tell_watchers(&self) {
        for caller in self.callers.iter().filter(|caller| caller.role == Role::Watch) {
            caller.reply(&Reply::Changed, &[]);
        }
    }

    /// The pod is over: whoever waits for that is told.
    pub(super) fn finish(&mut self) {
        for caller in self.callers.drain(..) {
            if matches!(caller.role, Role::Stop | Role::Watch) {
                caller.reply(&Reply::Finished, &[]);
            }
        }
    }
}

impl Caller {
    fn reply(&self, reply: &Reply, fds: &[BorrowedFd<'_>]) {
        if let Err(error) = control::send(self.socket.as_fd(), reply, fds) {
            tracing::debug!(%error, ?reply, "a reply is not read");
        }
    }
}
