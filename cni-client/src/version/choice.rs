//! The version that configuration, plugins and this crate have in common.

use std::fmt;

use crate::name::PluginType;

use super::{SupportedVersions, Version};

/// What a configuration says about versions: `cniVersion` and `cniVersions`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeclaredVersions {
    version: Option<Version>,
    versions: Vec<Version>,
}

impl DeclaredVersions {
    /// The two members of a configuration; without both, it is one of 0.1.0.
    #[must_use]
    pub fn new(version: Option<Version>, versions: impl IntoIterator<Item = Version>) -> Self {
        Self { version, versions: versions.into_iter().collect() }
    }

    /// `cniVersion`, if it is there.
    #[must_use]
    pub const fn version(&self) -> Option<Version> {
        self.version
    }

    /// `cniVersions`.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// What may be spoken: all declared versions that this crate knows, newest first.
    #[must_use]
    pub fn candidates(&self) -> Vec<Version> {
        let mut all: Vec<Version> = self.declared().into_iter().filter(|v| v.is_known()).collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        all.dedup();
        all
    }

    /// The newest version that this crate knows (specification section 1, "Version considerations").
    ///
    /// # Errors
    ///
    /// When all declared versions are unknown (`2.0.0`, `0.5.0`).
    pub fn newest(&self) -> Result<Version, VersionError> {
        self.newest_for(&[])
    }

    /// The newest version that each of these plugins speaks, too.
    ///
    /// The specification allows it ("MAY consider"); it makes one configuration serve plugins of several generations.
    ///
    /// ```
    /// use cni_client::version::{DeclaredVersions, SupportedVersions, Version};
    ///
    /// let declared = DeclaredVersions::new(Some(Version::V1_1_0), [Version::V0_4_0, Version::V1_0_0]);
    /// let old = SupportedVersions::new([Version::V0_4_0, Version::V1_0_0]);
    /// assert_eq!(declared.newest()?, Version::V1_1_0);
    /// assert_eq!(declared.newest_for(&[("bridge".parse()?, old)])?, Version::V1_0_0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When no declared version is spoken by this crate and by all the plugins.
    pub fn newest_for(&self, plugins: &[(PluginType, SupportedVersions)]) -> Result<Version, VersionError> {
        let fits = |version: &Version| plugins.iter().all(|(_, spoken)| spoken.contains(*version));
        self.candidates()
            .into_iter()
            .find(fits)
            .ok_or_else(|| VersionError { declared: self.declared(), plugins: plugins.to_vec() })
    }

    fn declared(&self) -> Vec<Version> {
        if self.version.is_none() && self.versions.is_empty() {
            return vec![Version::V0_1_0];
        }
        self.version.iter().chain(&self.versions).copied().collect()
    }
}

/// No version is spoken by everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionError {
    declared: Vec<Version>,
    plugins: Vec<(PluginType, SupportedVersions)>,
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no common version: the configuration has {}", List(&self.declared))?;
        let known = self.declared.iter().any(|version| version.is_known());
        if !known {
            return write!(f, ", this client speaks {}", List(&Version::KNOWN));
        }
        for (plugin, spoken) in &self.plugins {
            write!(f, ", plugin `{plugin}` speaks {}", List(&spoken.0))?;
        }
        Ok(())
    }
}

impl std::error::Error for VersionError {}

struct List<'a>(&'a [Version]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, version) in self.0.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{version}")?;
        }
        Ok(())
    }
}
