//! What has happened to a pod, as JSON lines.

use std::io::Write;
use std::path::Path;

use pod_core::lifecycle::Notice;

use super::rotate::{LogLimits, Rotating};
use crate::error::Error;

/// Where events are written down in a pod's directory.
pub(crate) const EVENTS: &str = "events.jsonl";

/// A pod that fails again and again must not fill the disk.
const LIMITS: LogLimits = LogLimits { max_size: 1024 * 1024, max_files: 2 };

/// The events of a pod, as they are written down.
#[derive(Debug)]
pub(crate) struct Events {
    file: Rotating,
    is_broken: bool,
}

impl Events {
    pub(crate) fn create(pod: &Path) -> Result<Self, Error> {
        Ok(Self { file: Rotating::open(pod.join(EVENTS), LIMITS)?, is_broken: false })
    }

    /// Writes down what has happened. A full disk is no reason to end the pod.
    pub(crate) fn add(&mut self, notice: &Notice) {
        let written = serde_json::to_vec(notice)
            .map_err(Into::into)
            .and_then(|mut line| {
                line.push(b'\n');
                self.file.write_all(&line)
            })
            .and_then(|()| self.file.end_batch());
        if let Err(error) = written
            && !std::mem::replace(&mut self.is_broken, true)
        {
            tracing::warn!(%error, "events are not written down");
        }
    }
}
