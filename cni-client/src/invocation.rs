//! One run of a plugin as data: the verb, the environment, the standard input (specification sections 2 and 3).

use std::ffi::{OsStr, OsString};
use std::fmt;

use crate::attachment::Attachment;
use crate::config::{NetworkConfig, PluginConfig};
use crate::json::{Json, Object, quoted};
use crate::name::{ContainerId, InterfaceName, PluginType};
use crate::request::{CniArgs, SearchPath};
use crate::version::Version;

/// What a plugin is asked to do, `CNI_COMMAND`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Attach a container.
    Add,
    /// Detach it.
    Del,
    /// Verify that it is attached as it was.
    Check,
    /// Say whether ADD can be served.
    Status,
    /// Clean up what belongs to no valid attachment.
    Gc,
    /// Say which versions are spoken.
    Version,
}

impl Verb {
    /// The value of the variable.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Del => "DEL",
            Self::Check => "CHECK",
            Self::Status => "STATUS",
            Self::Gc => "GC",
            Self::Version => "VERSION",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One run of one plugin. Whoever drives a chain runs the program with this environment and input, and nothing else of
/// its own.
///
/// What each verb carries:
///
/// | verb | variables besides `CNI_COMMAND` and `CNI_PATH` | added to the plugin's object besides `cniVersion` and `name` |
/// |---|---|---|
/// | ADD | container, namespace, interface, arguments | `runtimeConfig`, `prevResult` but for the first plugin |
/// | DEL | the same; the namespace only while it is there; `IgnoreUnknown=1` beside other arguments | `runtimeConfig`, from 0.4.0 `prevResult` of the last ADD |
/// | CHECK | as ADD | `runtimeConfig`, `prevResult` of the last ADD |
/// | STATUS | – | – |
/// | GC | – | `cni.dev/valid-attachments`, and `cni.dev/attachments` as the text of 1.1.0 first named it |
/// | VERSION | `CNI_NETNS`, `CNI_IFNAME` with a dummy, which plugins of 0.1.0 insist on | the object is `{"cniVersion":…}` |
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invocation {
    /// What is asked.
    pub verb: Verb,
    /// Who is asked.
    pub plugin: PluginType,
    /// The environment, complete: the plugin gets no other `CNI_*` variable.
    pub environment: Vec<(&'static str, OsString)>,
    /// The standard input: one JSON object.
    pub stdin: String,
}

impl Invocation {
    /// The value of a variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.environment.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_os_str())
    }

    /// ADD, DEL or CHECK of one attachment.
    pub(crate) fn of_attachment(
        verb: Verb,
        attachment: &Attachment,
        plugin: &PluginConfig,
        prev_result: Option<&Json>,
        path: &SearchPath,
    ) -> Self {
        let mut environment = environment(verb, path);
        let mut set = |name, value: &str| environment.push((name, OsString::from(value)));
        set("CNI_CONTAINERID", attachment.container().as_str());
        if let Some(netns) = attachment.netns() {
            set("CNI_NETNS", netns.as_str());
        }
        set("CNI_IFNAME", attachment.interface().as_str());
        if !attachment.args().is_empty() {
            set("CNI_ARGS", &arguments(verb, attachment.args()));
        }
        let mut input = Input::new(attachment.config(), attachment.version());
        if let Some(runtime_config) = runtime_config(attachment, plugin) {
            input.add("runtimeConfig", runtime_config);
        }
        if let Some(result) = prev_result {
            input.add("prevResult", result.clone());
        }
        let stdin = input.finish(plugin, &["capabilities", "prevResult"]);
        Self { verb, plugin: plugin.kind().clone(), environment, stdin }
    }

    pub(crate) fn status(
        config: &NetworkConfig,
        version: Version,
        plugin: &PluginConfig,
        path: &SearchPath,
    ) -> Self {
        let stdin = Input::new(config, version).finish(plugin, &["prevResult"]);
        Self {
            verb: Verb::Status,
            plugin: plugin.kind().clone(),
            environment: environment(Verb::Status, path),
            stdin,
        }
    }

    pub(crate) fn gc(
        config: &NetworkConfig,
        version: Version,
        plugin: &PluginConfig,
        valid: &[(ContainerId, InterfaceName)],
        path: &SearchPath,
    ) -> Self {
        let attachments: Vec<String> = valid
            .iter()
            .map(|(container, interface)| {
                format!(
                    r#"{{"containerID":{},"ifname":{}}}"#,
                    quoted(container.as_str()),
                    quoted(interface.as_str())
                )
            })
            .collect();
        let attachments = Json::trusted(format!("[{}]", attachments.join(",")));
        let mut input = Input::new(config, version);
        input.add("cni.dev/valid-attachments", attachments.clone());
        input.add("cni.dev/attachments", attachments);
        let stdin = input.finish(plugin, &["prevResult"]);
        Self {
            verb: Verb::Gc,
            plugin: plugin.kind().clone(),
            environment: environment(Verb::Gc, path),
            stdin,
        }
    }

    pub(crate) fn version(plugin: PluginType, path: &SearchPath) -> Self {
        let mut environment = environment(Verb::Version, path);
        for name in ["CNI_NETNS", "CNI_IFNAME"] {
            environment.push((name, OsString::from("dummy")));
        }
        let stdin = format!(r#"{{"cniVersion":"{}"}}"#, Version::CURRENT);
        Self { verb: Verb::Version, plugin, environment, stdin }
    }
}

fn environment(verb: Verb, path: &SearchPath) -> Vec<(&'static str, OsString)> {
    vec![("CNI_COMMAND", OsString::from(verb.as_str())), ("CNI_PATH", path.as_os_str().to_owned())]
}

/// DEL says `IgnoreUnknown=1` of its own: an argument that ADD was refused for must not keep DEL from cleaning up.
fn arguments(verb: Verb, args: &CniArgs) -> String {
    if verb == Verb::Del && args.get("IgnoreUnknown").is_none() {
        format!("{args};IgnoreUnknown=1")
    } else {
        args.to_string()
    }
}

/// What the plugin declares and the runtime supplies (section 3, "Deriving `runtimeConfig`").
fn runtime_config(attachment: &Attachment, plugin: &PluginConfig) -> Option<Json> {
    let supplied = attachment.capabilities();
    let mut object = Object::new();
    for name in plugin.capabilities() {
        if let Some(value) = supplied.get(name) {
            object.insert(name, value.clone());
        }
    }
    (!object.is_empty()).then(|| object.to_json())
}

/// The object for one plugin (section 3, "Deriving request configuration from plugin configuration").
struct Input(Object);

impl Input {
    fn new(config: &NetworkConfig, version: Version) -> Self {
        let mut object = Object::new();
        object.insert("cniVersion", Json::string(&version.to_string()));
        object.insert("name", Json::string(config.name().as_str()));
        Self(object)
    }

    fn add(&mut self, name: &str, value: Json) {
        self.0.insert(name, value);
    }

    /// Appends the plugin's own members but for these, and for `cni.dev/`, which is the runtime's to say.
    fn finish(mut self, plugin: &PluginConfig, without: &[&str]) -> String {
        for (name, value) in plugin.members().iter() {
            if self.0.get(name).is_none() && !without.contains(&name) && !name.starts_with("cni.dev/") {
                self.0.insert(name, value.clone());
            }
        }
        self.0.to_json().into_text()
    }
}
