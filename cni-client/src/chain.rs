//! Running the plugins of a network: state machines that say which plugin comes next and are told how it went.
//!
//! A chain does no IO. Ask it for the [next invocation](Chain::next_invocation), run that any way you like, and hand back
//! the [output](Chain::on_output) or the [failure](Chain::on_failure); when there is no next one, [finish](Chain::finish).
//! [`drive`] is that loop for a blocking driver; an async one is the same four lines with an `await` in it:
//!
//! ```
//! use cni_client::chain::{Add, Chain};
//! use cni_client::config::NetworkConfig;
//! use cni_client::plugins::Output;
//! use cni_client::request::Request;
//!
//! let config = NetworkConfig::parse(r#"{"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}"#)?;
//! let request = Request::new("c1".parse()?, "/run/netns/c1".parse()?, "lo".parse()?);
//! let mut chain = Add::new(config, request, "/opt/cni/bin".parse()?)?;
//! while let Some(invocation) = chain.next_invocation() {
//!     assert_eq!(invocation.variable("CNI_COMMAND").unwrap(), "ADD");
//!     assert_eq!(invocation.stdin, r#"{"cniVersion":"1.0.0","name":"lo","type":"loopback"}"#);
//!     chain.on_output(Output::success(r#"{"ips": [{"address": "127.0.0.1/8"}]}"#));
//! }
//! let attachment = chain.finish()?;
//! assert_eq!(attachment.result().unwrap().ips.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The rules around chains are the caller's: no two operations on one container at a time, and GC of a network excludes
//! ADD and DEL of it (specification section 3, "Lifecycle & Ordering").

mod add;
mod check;
mod del;
mod error;
mod gc;
mod probe;
mod status;
mod steps;

pub use add::Add;
pub use check::Check;
pub use del::{Del, OnError};
pub use error::{ChainError, Fault, InvocationError, PrepareError};
pub use gc::{Gc, GcReport};
pub use probe::{Probe, ProbeReport};
pub use status::Status;

use crate::config::NetworkConfig;
use crate::invocation::Invocation;
use crate::plugins::{Failure, Output, Plugins};
use crate::version::Version;

/// An operation on the plugins of a network.
pub trait Chain {
    /// What the operation comes to.
    type Outcome;

    /// The plugin to run next; `None` when the operation is over. It stays the same until an answer is given.
    fn next_invocation(&self) -> Option<Invocation>;

    /// The plugin of the [next invocation](Chain::next_invocation) ran to its end. Without one, nothing happens.
    fn on_output(&mut self, output: Output);

    /// The plugin of the [next invocation](Chain::next_invocation) could not be run or was stopped.
    fn on_failure(&mut self, failure: Failure);

    /// What the operation came to. One that is not over counts as failed.
    fn finish(self) -> Self::Outcome;
}

/// Runs a chain to its end.
///
/// ```
/// use cni_client::chain::{Del, OnError, drive};
/// # use cni_client::{attachment::Attachment, config::NetworkConfig, request::Request};
/// use cni_client::invocation::Invocation;
/// use cni_client::plugins::Output;
///
/// # let config = NetworkConfig::parse(r#"{"name": "lo", "type": "loopback"}"#)?;
/// # let request = Request::new("c1".parse()?, "/run/netns/c1".parse()?, "lo".parse()?);
/// # let attachment = Attachment::new(config, request)?;
/// let mut fake = |_: &Invocation| Ok(Output::success(""));
/// drive(Del::new(attachment, "/opt/cni/bin".parse()?, OnError::GoOn), &mut fake)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn drive<C: Chain>(mut chain: C, plugins: &mut (impl Plugins + ?Sized)) -> C::Outcome {
    while let Some(invocation) = chain.next_invocation() {
        match plugins.run(&invocation) {
            Ok(output) => chain.on_output(output),
            Err(failure) => chain.on_failure(failure),
        }
    }
    chain.finish()
}

/// The version of a network that has plugins.
fn version_of(config: &NetworkConfig) -> Result<Version, PrepareError> {
    let network = || config.name().clone();
    if config.plugins().is_empty() {
        return Err(PrepareError::NoPlugins { network: network() });
    }
    config.version().map_err(|source| PrepareError::Version { network: network(), source })
}
