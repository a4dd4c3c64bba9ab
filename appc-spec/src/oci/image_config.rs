//! The configuration of an image, by Docker and by OCI (OCI image specification, "Image Configuration"; Docker image specification 1.2).

use std::collections::BTreeMap;

use pod_core::image::{Digest, Platform};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A configuration. Members that are `null` count as absent, as in Go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ImageConfig {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) architecture: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) variant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) os: Option<String>,
    #[serde(default, rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub(super) os_version: Option<String>,
    #[serde(default, rename = "os.features", skip_serializing_if = "Option::is_none")]
    pub(super) os_features: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) config: Option<Process>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rootfs: Option<RootFs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) history: Option<Vec<History>>,
    /// Only in Docker's images of version 1: the layer below.
    #[serde(default, skip_serializing)]
    pub(super) parent: Option<String>,
}

/// How the program of an image is run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Process {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exposed_ports: Option<BTreeMap<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) env: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) entrypoint: Option<Words>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cmd: Option<Words>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) volumes: Option<BTreeMap<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) working_dir: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) labels: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stop_signal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) healthcheck: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shell: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) on_build: Option<Vec<String>>,
}

/// A command line. Docker's first images had it as one string, which its own reader still takes (`strslice.StrSlice`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Words {
    List(Vec<String>),
    One(String),
}

impl Words {
    pub(super) fn to_vec(&self) -> Vec<String> {
        match self {
            Self::List(words) => words.clone(),
            Self::One(word) => vec![word.clone()],
        }
    }
}

/// The layers of an image, by the digests of their plain tars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RootFs {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) diff_ids: Option<Vec<Digest<'static>>>,
}

/// How a layer came to be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct History {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) empty_layer: Option<bool>,
}

impl ImageConfig {
    /// For which machine it says it is; `None` when it says nothing.
    pub(super) fn platform(&self) -> Option<Platform> {
        let text = |member: &Option<String>| member.clone().unwrap_or_default();
        let (os, architecture) = (text(&self.os), text(&self.architecture));
        (!os.is_empty() || !architecture.is_empty())
            .then(|| Platform::new(&os, &architecture, &text(&self.variant)))
    }

    /// Whether that machine can run it, as far as it says.
    pub(super) fn fits(&self, machine: &Platform) -> bool {
        self.platform().is_none_or(|own| machine.accepts(&own))
    }
}
