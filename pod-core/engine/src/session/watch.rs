//! Being told of every change of a pod.

use std::os::fd::{AsFd, BorrowedFd};

use crate::control::{Call, Reply, Request};
use crate::dir::PodState;
use crate::engine::PodEntry;
use crate::error::Error;

/// Tells of every change of a running pod ([`PodEntry::watch`]).
///
/// Its descriptor can be read when there is something to hear, so that one poll(2) waits for many pods.
#[derive(Debug)]
pub struct Watch {
    call: Call,
}

/// What a [`Watch`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Something about the pod is new: its status on disk is that already.
    Status,
    /// Nothing of the pod runs any more, or its monitor is gone: there will be no more.
    Over,
}

impl PodEntry {
    /// Watches the pod; `None` when no monitor answers: it does not run, or its monitor is only beginning.
    ///
    /// Whoever watches first and then looks ([`crate::Engine::pod`]) misses nothing.
    ///
    /// # Errors
    ///
    /// When the monitor cannot be called: no permission on the pod's directory.
    pub fn watch(&self) -> Result<Option<Watch>, Error> {
        if self.state != PodState::Running {
            return Ok(None);
        }
        Ok(Call::ask(&self.dir, &Request::Watch, &[])?.map(|call| Watch { call }))
    }
}

impl Watch {
    /// Waits for the next change.
    ///
    /// # Errors
    ///
    /// When the connection fails otherwise than by the monitor's end.
    pub fn hear(&mut self) -> Result<Change, Error> {
        Ok(match self.call.reply()? {
            Some((Reply::Finished, _)) | None => Change::Over,
            Some(_) => Change::Status,
        })
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.call.as_fd()
    }
}
