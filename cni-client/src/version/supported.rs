//! What a plugin answers to `VERSION`.

use crate::error::PluginError;
use crate::json::{Json, JsonError, Node, Object};

use super::Version;

/// The versions that a plugin speaks, as it says itself (specification section 5, "VERSION Success").
///
/// ```
/// use cni_client::version::{SupportedVersions, Version};
///
/// let answer = SupportedVersions::decode(br#"{"cniVersion":"1.1.0","supportedVersions":["0.4.0","1.0.0"]}"#)?;
/// assert!(answer.contains(Version::V1_0_0) && !answer.contains(Version::V1_1_0));
/// # Ok::<(), cni_client::json::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportedVersions(pub(super) Vec<Version>);

impl SupportedVersions {
    /// These versions.
    #[must_use]
    pub fn new(versions: impl IntoIterator<Item = Version>) -> Self {
        Self(versions.into_iter().collect())
    }

    /// Reads an answer. Plugins of 0.2.0 may leave the list out; they speak 0.1.0 and 0.2.0.
    ///
    /// # Errors
    ///
    /// On what is no JSON object, one without `cniVersion`, one without `supportedVersions` and with another `cniVersion`
    /// than 0.2.0, and a version that is none (`"latest"`).
    pub fn decode(stdout: &[u8]) -> Result<Self, JsonError> {
        let mut members = Node::root_of_bytes(stdout)?.members()?;
        let version = members.required("cniVersion")?;
        let versions = members.list("supportedVersions", |node| node.parsed::<Version>())?;
        if !versions.is_empty() {
            return Ok(Self(versions));
        }
        if version.parsed::<Version>()? == Version::V0_2_0 {
            return Ok(Self(vec![Version::V0_1_0, Version::V0_2_0]));
        }
        Err(members.fail("`supportedVersions` is missing"))
    }

    /// What a plugin speaks that does not know the verb: 0.1.0. `None` for any other error.
    ///
    /// Plugins of that time give this message and no code of their own.
    #[must_use]
    pub fn of_error(error: &PluginError) -> Option<Self> {
        (error.message() == "unknown CNI_COMMAND: VERSION").then(|| Self(vec![Version::V0_1_0]))
    }

    /// Whether the plugin speaks a version.
    #[must_use]
    pub fn contains(&self, version: Version) -> bool {
        self.0.contains(&version)
    }

    /// The versions in the plugin's order.
    pub fn iter(&self) -> impl Iterator<Item = Version> {
        self.0.iter().copied()
    }

    /// The answer as a plugin writes it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let versions: Vec<String> = self.iter().map(|version| format!("\"{version}\"")).collect();
        let mut object = Object::new();
        object.insert("cniVersion", Json::string(&Version::CURRENT.to_string()));
        object.insert("supportedVersions", Json::trusted(format!("[{}]", versions.join(","))));
        object.to_json()
    }
}
