//! The JSON form of an attachment.

use crate::config::NetworkConfig;
use crate::json::{Json, JsonError, Members, Node, Object, quoted};
use crate::request::{CapabilityArgs, CniArgs};
use crate::result::AddResult;
use crate::version::Version;

use super::{Attachment, libcni};

/// The `kind` of this crate's records. Members are named as in libcni's, but for `config`, which is the list itself, and
/// `cniVersion`, which libcni does not have.
pub const KIND: &str = "podkitAttachmentV1";

pub(super) fn encode(attachment: &Attachment) -> Json {
    let mut object = Object::new();
    object.insert("kind", Json::string(KIND));
    object.insert("networkName", Json::string(attachment.config.name().as_str()));
    object.insert("containerId", Json::string(attachment.container.as_str()));
    object.insert("ifName", Json::string(attachment.interface.as_str()));
    if let Some(netns) = &attachment.netns {
        object.insert("netns", Json::string(netns.as_str()));
    }
    object.insert("cniVersion", Json::string(&attachment.version.to_string()));
    if !attachment.args.is_empty() {
        let pairs: Vec<String> = attachment
            .args
            .iter()
            .map(|(key, value)| format!("[{},{}]", quoted(key), quoted(value)))
            .collect();
        object.insert("cniArgs", Json::trusted(format!("[{}]", pairs.join(","))));
    }
    if !attachment.capabilities.as_object().is_empty() {
        object.insert("capabilityArgs", attachment.capabilities.as_object().to_json());
    }
    object.insert("config", attachment.config.to_json());
    if let Some(result) = &attachment.result {
        object.insert("result", result.to_json());
    }
    object.to_json()
}

pub(super) fn parse(text: &str) -> Result<Attachment, JsonError> {
    let mut members = Node::root(text)?.members()?;
    let kind = members.required("kind")?;
    match kind.string()?.as_str() {
        KIND => {
            let node = members.required("cniVersion")?;
            let version: Version = node.parsed()?;
            if !version.is_known() {
                return Err(node.fail(format_args!("unknown version `{version}` of an attachment")));
            }
            let config = NetworkConfig::from_node(&members.required("config")?)?.with_version(version);
            finish(members, config, version)
        }
        libcni::KIND => {
            let (config, version) = libcni::config(&members.required("config")?)?;
            finish(members, config, version)
        }
        other => Err(kind.fail(format_args!("unknown kind `{}` of a record", other.escape_debug()))),
    }
}

/// What both kinds of record have in common.
fn finish(
    mut members: Members<'_>,
    config: NetworkConfig,
    version: Version,
) -> Result<Attachment, JsonError> {
    let network = members.required("networkName")?;
    if network.string()? != config.name().as_str() {
        return Err(network.fail(format_args!("the configuration is of network `{}`", config.name())));
    }
    let capabilities = match members.take("capabilityArgs") {
        Some(node) => CapabilityArgs::from_object(node.members()?.rest()),
        None => CapabilityArgs::new(),
    };
    let result = match members.take("result") {
        Some(node) => Some(AddResult::from_node(&node, version)?),
        None => None,
    };
    Ok(Attachment {
        config,
        version,
        container: members.required("containerId")?.parsed()?,
        netns: members.parsed("netns")?,
        interface: members.required("ifName")?.parsed()?,
        args: args(&mut members)?,
        capabilities,
        result,
    })
}

fn args(members: &mut Members<'_>) -> Result<CniArgs, JsonError> {
    let mut args = CniArgs::new();
    let Some(node) = members.take("cniArgs") else { return Ok(args) };
    for pair in node.items()? {
        let items = pair.items()?;
        let [key, value] = items.as_slice() else {
            return Err(pair.fail("expected a key and a value"));
        };
        args.push(&key.string()?, &value.string()?).map_err(|error| pair.fail(error))?;
    }
    Ok(args)
}
