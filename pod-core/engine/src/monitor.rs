//! The monitor: drives a pod's life.

use pod_core::lifecycle::PodStatus;

use crate::engine::Prepared;
use crate::error::Error;
use crate::ports::{Network, Observer, RootFs};

/// Runs a prepared pod to its end.
pub(crate) fn run(
    prepared: Prepared,
    images: &mut dyn RootFs,
    network: &mut dyn Network,
    observer: &mut dyn Observer,
) -> Result<PodStatus, Error> {
    let _ = (images, network, observer);
    Err(Error::refused(format!("pod `{}`", prepared.spec.name), "running a pod is not built yet"))
}
