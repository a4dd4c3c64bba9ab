//! How objects of Kubernetes are shown: the formats of `kubectl get`.

use std::str::FromStr;

use k8s_model::print::{CustomColumns, JsonPath};

/// How `get` shows objects.
#[derive(Debug, Clone, Default)]
pub(crate) enum Shape {
    /// A table.
    #[default]
    Table,
    /// A table with more columns.
    Wide,
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// Names with kinds.
    Name,
    /// What a template makes of them.
    JsonPath(JsonPath),
    /// A table of chosen columns.
    Columns(CustomColumns),
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, argument) = text.split_once('=').map_or((text, None), |(name, rest)| (name, Some(rest)));
        Ok(match (name, argument) {
            ("table", None) => Self::Table,
            ("wide", None) => Self::Wide,
            ("yaml", None) => Self::Yaml,
            ("json", None) => Self::Json,
            ("name", None) => Self::Name,
            ("jsonpath", Some(template)) => {
                Self::JsonPath(template.parse().map_err(|error| format!("{error}"))?)
            }
            ("custom-columns", Some(columns)) => {
                Self::Columns(columns.parse().map_err(|error| format!("{error}"))?)
            }
            _ => {
                return Err(
                    "one of wide, yaml, json, name, jsonpath=TEMPLATE, custom-columns=COLUMNS".to_owned()
                );
            }
        })
    }
}
