//! What libcni stores: `/var/lib/cni/results/<network>-<container>-<interface>`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::config::NetworkConfig;
use crate::json::{JsonError, Node};
use crate::result::AddResult;
use crate::version::Version;

/// The `kind` of libcni's records.
pub(super) const KIND: &str = "cniCacheV1";

/// The configuration, which is the file's text in base64, and the version that libcni spoke with it.
pub(super) fn config(node: &Node<'_>) -> Result<(NetworkConfig, Version), JsonError> {
    let bytes = STANDARD.decode(node.string()?).map_err(|_| node.fail("the configuration is not base64"))?;
    let text = String::from_utf8(bytes).map_err(|_| node.fail("the configuration is not UTF-8"))?;
    let config = NetworkConfig::parse(&text)
        .map_err(|error| node.fail(format_args!("the configuration is not valid at {error}")))?;
    let version = config.version().map_err(|error| node.fail(error))?;
    Ok((config.with_version(version), version))
}

/// Reads a record of libcni before 0.8: the bare result of ADD. What else an attachment is must be known from elsewhere
/// (see [`Attachment::with_result`](super::Attachment::with_result)).
///
/// # Errors
///
/// As [`AddResult::decode`], and on an object that is no result because it has a `kind`.
pub fn legacy_result(text: &str) -> Result<AddResult, JsonError> {
    let node = Node::root(text)?;
    let mut members = node.members()?;
    if let Some(kind) = members.take("kind") {
        return Err(kind.fail("a bare result has no `kind`"));
    }
    AddResult::from_node(&node, Version::V0_1_0)
}
