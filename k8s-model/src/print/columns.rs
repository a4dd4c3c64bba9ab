//! `-o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName`.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::json_path::JsonPath;
use super::table::Table;

/// Columns, each with a heading and a path.
///
/// ```
/// use k8s_model::print::CustomColumns;
/// use serde_json::json;
///
/// let columns: CustomColumns = "NAME:.metadata.name,NODE:.spec.nodeName".parse()?;
/// let pods = [json!({"metadata": {"name": "web"}, "spec": {}})];
/// assert_eq!(columns.table(&pods, false), "NAME   NODE\nweb    <none>\n");
/// # Ok::<(), k8s_model::print::ParseColumnsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CustomColumns {
    columns: Vec<(String, JsonPath)>,
}

/// A text that names no columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseColumnsError(String);

impl fmt::Display for ParseColumnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseColumnsError {}

/// A path with or without its braces and its dot, in braces.
fn relaxed(path: &str) -> String {
    let bare = path.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(path);
    let bare = bare.strip_prefix('.').unwrap_or(bare);
    format!("{{.{bare}}}")
}

impl FromStr for CustomColumns {
    type Err = ParseColumnsError;

    /// Reads `HEADING:PATH` pairs with commas between them.
    ///
    /// # Errors
    ///
    /// On an empty text, a pair without a colon, and a path that is none.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let columns: Result<Vec<_>, ParseColumnsError> = text
            .split(',')
            .map(|pair| {
                let (heading, path) = pair.split_once(':').ok_or_else(|| {
                    let reason = format!(
                        "unexpected custom-columns spec: `{pair}`, expected <header>:<json-path-expr>"
                    );
                    ParseColumnsError(reason)
                })?;
                let path = relaxed(path)
                    .parse()
                    .map_err(|error| ParseColumnsError(format!("the path of column `{heading}`: {error}")))?;
                Ok((heading.to_owned(), path))
            })
            .collect();
        columns.map(|columns| Self { columns })
    }
}

impl CustomColumns {
    /// The table of objects; what is not there is `<none>`.
    #[must_use]
    pub fn table(&self, objects: &[Value], no_headers: bool) -> String {
        let mut table = Table::default();
        if !no_headers {
            table.push(self.columns.iter().map(|(heading, _)| heading.clone()).collect());
        }
        for object in objects {
            let cell = |path: &JsonPath| {
                let values = path.values(object).unwrap_or_default();
                let shown: Vec<String> =
                    values.into_iter().filter(|value| !value.is_null()).map(shown).collect();
                if shown.is_empty() { "<none>".to_owned() } else { shown.join(",") }
            };
            table.push(self.columns.iter().map(|(_, path)| cell(path)).collect());
        }
        table.to_string()
    }
}

/// A value as Go prints it without a format.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(elements) => {
            format!("[{}]", elements.iter().map(shown).collect::<Vec<_>>().join(" "))
        }
        Value::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key}:{}", shown(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
        other => other.to_string(),
    }
}
