//! Network configurations: lists of plugins, and the single plugins of before 1.0.0 (specification section 1).

mod plugin;

pub use plugin::PluginConfig;

use std::str::FromStr;

use crate::json::{Json, JsonError, Members, Node, Object};
use crate::name::{NetworkName, PluginType};
use crate::version::{DeclaredVersions, SupportedVersions, Version, VersionError};

/// The configuration of one network: a name, versions, and the plugins that an attachment runs through.
///
/// Members that the specification does not name are kept as they were written and reach the plugins unchanged.
///
/// ```
/// use cni_client::config::NetworkConfig;
/// use cni_client::version::Version;
///
/// let config = NetworkConfig::parse(
///     r#"{
///         "cniVersion": "1.0.0",
///         "cniVersions": ["0.4.0", "1.1.0"],
///         "name": "dbnet",
///         "plugins": [
///             {"type": "bridge", "bridge": "cni0", "ipam": {"type": "host-local", "subnet": "10.1.0.0/16"}},
///             {"type": "portmap", "capabilities": {"portMappings": true}}
///         ]
///     }"#,
/// )?;
/// assert_eq!(config.name().as_str(), "dbnet");
/// assert_eq!(config.version()?, Version::V1_1_0);
/// assert_eq!(config.capabilities(), ["portMappings"]);
///
/// // A single plugin is taken up as a list of one.
/// let single = NetworkConfig::parse(r#"{"cniVersion": "0.3.1", "name": "lo", "type": "loopback"}"#)?;
/// assert_eq!(single.plugins().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkConfig {
    name: NetworkName,
    declared: DeclaredVersions,
    chosen: Option<Version>,
    disable_check: bool,
    disable_gc: bool,
    load_only_inlined_plugins: bool,
    plugins: Vec<PluginConfig>,
    other: Object,
}

impl NetworkConfig {
    /// Reads a list, or a single plugin: an object with `type` and without `plugins`.
    ///
    /// # Errors
    ///
    /// As [`NetworkConfig::parse_list`] and [`NetworkConfig::parse_single`].
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        Self::from_node(&Node::root(text)?)
    }

    pub(crate) fn from_node(node: &Node<'_>) -> Result<Self, JsonError> {
        let members = node.members()?;
        if members.has("type") && !members.has("plugins") { single(node) } else { list(members) }
    }

    /// Reads a list, as files named `*.conflist` hold it.
    ///
    /// A list without `plugins` is valid: its plugins come from the folder with the network's name (see
    /// [`NetworkConfig::push`]).
    ///
    /// # Errors
    ///
    /// On bad JSON, a member that is written twice, a missing or bad `name` (`../evil`), a version that is none, an empty
    /// `plugins`, `loadOnlyInlinedPlugins` without `plugins`, and plugins that [`PluginConfig::parse`] refuses.
    pub fn parse_list(text: &str) -> Result<Self, JsonError> {
        list(Node::root(text)?.members()?)
    }

    /// Reads a single plugin, as files named `*.conf` and `*.json` hold it, as a list of one.
    ///
    /// # Errors
    ///
    /// On bad JSON, a member that is written twice, a missing or bad `name`, a version that is none, and what
    /// [`PluginConfig::parse`] refuses.
    pub fn parse_single(text: &str) -> Result<Self, JsonError> {
        single(&Node::root(text)?)
    }

    /// A network of these plugins.
    #[must_use]
    pub const fn new(name: NetworkName, declared: DeclaredVersions, plugins: Vec<PluginConfig>) -> Self {
        Self {
            name,
            declared,
            chosen: None,
            disable_check: false,
            disable_gc: false,
            load_only_inlined_plugins: true,
            plugins,
            other: Object::new(),
        }
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &NetworkName {
        &self.name
    }

    /// What it says about versions.
    #[must_use]
    pub const fn declared_versions(&self) -> &DeclaredVersions {
        &self.declared
    }

    /// The version to speak: the one that was [chosen](NetworkConfig::choose_version), else the newest that both the
    /// configuration and this crate know.
    ///
    /// # Errors
    ///
    /// When this crate knows none of the declared versions.
    pub fn version(&self) -> Result<Version, VersionError> {
        self.chosen.map_or_else(|| self.declared.newest(), Ok)
    }

    /// Chooses the newest version that these plugins speak, too; [`Probe`](crate::chain::Probe) asks them.
    ///
    /// # Errors
    ///
    /// When there is none; the configuration stays as it was.
    pub fn choose_version(
        &mut self,
        plugins: &[(PluginType, SupportedVersions)],
    ) -> Result<Version, VersionError> {
        let version = self.declared.newest_for(plugins)?;
        self.chosen = Some(version);
        Ok(version)
    }

    /// Speaks this version, whatever is declared: that of the ADD that a DEL belongs to.
    #[must_use]
    pub const fn with_version(mut self, version: Version) -> Self {
        self.chosen = Some(version);
        self
    }

    /// With other declared versions.
    pub(crate) fn declare(mut self, declared: DeclaredVersions) -> Self {
        self.declared = declared;
        self
    }

    /// Whether CHECK must not be sent.
    #[must_use]
    pub const fn disable_check(&self) -> bool {
        self.disable_check
    }

    /// Whether GC must not be sent.
    #[must_use]
    pub const fn disable_gc(&self) -> bool {
        self.disable_gc
    }

    /// Whether plugins from the folder with the network's name are left alone.
    #[must_use]
    pub const fn load_only_inlined_plugins(&self) -> bool {
        self.load_only_inlined_plugins
    }

    /// The plugins in the order of ADD.
    #[must_use]
    pub fn plugins(&self) -> &[PluginConfig] {
        &self.plugins
    }

    /// Appends a plugin that was found elsewhere.
    pub fn push(&mut self, plugin: PluginConfig) {
        self.plugins.push(plugin);
    }

    /// Every program that an attachment runs: the plugins and those that they delegate addresses to, each once.
    #[must_use]
    pub fn programs(&self) -> Vec<PluginType> {
        let mut programs: Vec<PluginType> = Vec::new();
        for program in self.plugins.iter().flat_map(|plugin| [Some(plugin.kind()), plugin.ipam()]).flatten() {
            if !programs.contains(program) {
                programs.push(program.clone());
            }
        }
        programs
    }

    /// The capabilities that some plugin declares, each once.
    #[must_use]
    pub fn capabilities(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for name in self.plugins.iter().flat_map(PluginConfig::capabilities) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }

    /// Members of the list that the specification does not name.
    #[must_use]
    pub const fn other(&self) -> &Object {
        &self.other
    }

    /// The configuration as a list.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut object = Object::new();
        if let Some(version) = self.declared.version() {
            object.insert("cniVersion", Json::string(&version.to_string()));
        }
        if !self.declared.versions().is_empty() {
            let versions: Vec<String> = self.declared.versions().iter().map(|v| format!("\"{v}\"")).collect();
            object.insert("cniVersions", Json::trusted(format!("[{}]", versions.join(","))));
        }
        object.insert("name", Json::string(self.name.as_str()));
        for (name, set) in [
            ("disableCheck", self.disable_check),
            ("disableGC", self.disable_gc),
            ("loadOnlyInlinedPlugins", self.load_only_inlined_plugins && !self.plugins.is_empty()),
        ] {
            if set {
                object.insert(name, Json::trusted("true"));
            }
        }
        if !self.plugins.is_empty() {
            let plugins: Vec<String> = self.plugins.iter().map(|p| p.members().to_string()).collect();
            object.insert("plugins", Json::trusted(format!("[{}]", plugins.join(","))));
        }
        object.extend(&self.other);
        object.to_json()
    }
}

impl FromStr for NetworkConfig {
    type Err = JsonError;

    /// # Errors
    ///
    /// As [`NetworkConfig::parse`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fn list(mut members: Members<'_>) -> Result<NetworkConfig, JsonError> {
    let declared = DeclaredVersions::new(
        members.parsed("cniVersion")?,
        members.list("cniVersions", |node| node.parsed::<Version>())?,
    );
    let name = members.required("name")?.parsed()?;
    let disable_check = flag(&mut members, "disableCheck")?;
    let disable_gc = flag(&mut members, "disableGC")?;
    let load_only_inlined_plugins = flag(&mut members, "loadOnlyInlinedPlugins")?;
    let plugins = match members.take("plugins") {
        None if load_only_inlined_plugins => {
            return Err(members.fail("`loadOnlyInlinedPlugins` is true and there is no `plugins`"));
        }
        None => Vec::new(),
        Some(node) => {
            let items = node.items()?;
            if items.is_empty() {
                return Err(node.fail("a list has at least one plugin"));
            }
            items.iter().map(PluginConfig::from_node).collect::<Result<_, _>>()?
        }
    };
    Ok(NetworkConfig {
        name,
        declared,
        chosen: None,
        disable_check,
        disable_gc,
        load_only_inlined_plugins,
        plugins,
        other: members.rest(),
    })
}

fn single(node: &Node<'_>) -> Result<NetworkConfig, JsonError> {
    let mut members = node.members()?;
    let declared = DeclaredVersions::new(
        members.parsed("cniVersion")?,
        members.list("cniVersions", |node| node.parsed::<Version>())?,
    );
    let name = members.required("name")?.parsed()?;
    let plugins = vec![PluginConfig::from_node(node)?];
    Ok(NetworkConfig::new(name, declared, plugins))
}

/// A boolean; libcni takes the words as strings, too, in any case.
fn flag(members: &mut Members<'_>, name: &str) -> Result<bool, JsonError> {
    let Some(node) = members.take(name) else { return Ok(false) };
    match node.text().to_ascii_lowercase().as_str() {
        "\"true\"" => Ok(true),
        "\"false\"" => Ok(false),
        _ => node.boolean(),
    }
}
