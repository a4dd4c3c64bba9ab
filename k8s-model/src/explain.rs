//! What a kind or a field is, in words: `kubectl explain` without a cluster.
//!
//! The sentences are there with the feature `docs` only; names, types and values always are.
//!
//! ```
//! use k8s_model::explain::explain;
//!
//! let found = explain("deploy.spec.template.spec.restartPolicy", None)?;
//! assert_eq!(found.path, "spec.template.spec.restartPolicy");
//! assert_eq!(found.values(), ["Always", "Never", "OnFailure"]);
//! # Ok::<(), k8s_model::explain::ExplainError>(())
//! ```

use std::fmt;

use crate::decode::nearest;
use crate::registry::{self, KindInfo};
use crate::schema::{FieldInfo, Shape, StructInfo};

/// A kind, or a field of it.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The kind.
    pub kind: &'static KindInfo,
    /// The path of the field; empty is the kind itself.
    pub path: String,
    root: &'static StructInfo,
    field: Option<&'static FieldInfo>,
}

impl Explained {
    /// What it is; empty without the feature `docs`.
    #[must_use]
    pub fn doc(&self) -> &'static str {
        self.field.map_or(self.root.doc, |field| field.doc).trim()
    }

    /// What its type is called: `string`, `[]Container`, `map[string]Quantity`.
    #[must_use]
    pub fn type_name(&self) -> String {
        self.field.map_or_else(|| self.root.name.to_owned(), |field| type_name(&(field.shape)()))
    }

    /// The values that are known, when it is a text that has such.
    #[must_use]
    pub fn values(&self) -> &'static [&'static str] {
        match self.field.map(|field| innermost((field.shape)())) {
            Some(Shape::Enum(values)) => values,
            _ => &[],
        }
    }

    /// Its fields; those of an element when it is a list or a map.
    #[must_use]
    pub fn fields(&self) -> &'static [FieldInfo] {
        self.field.map_or(self.root.fields, |field| fields(&(field.shape)()))
    }
}

/// The fields of a type; those of an element when it is a list or a map.
#[must_use]
pub fn fields(shape: &Shape) -> &'static [FieldInfo] {
    match innermost(*shape) {
        Shape::Struct(info) => info.fields,
        _ => &[],
    }
}

/// What a type is called: `string`, `[]Container`, `map[string]Quantity`.
#[must_use]
pub fn type_name(shape: &Shape) -> String {
    match shape {
        Shape::String | Shape::Enum(_) => "string".to_owned(),
        Shape::Bool => "boolean".to_owned(),
        Shape::Int32 | Shape::Int64 => "integer".to_owned(),
        Shape::Bytes => "base64".to_owned(),
        Shape::Quantity => "Quantity".to_owned(),
        Shape::IntOrString => "IntOrString".to_owned(),
        Shape::Time => "Time".to_owned(),
        Shape::MicroTime => "MicroTime".to_owned(),
        Shape::Any => "any".to_owned(),
        Shape::Struct(info) => info.name.to_owned(),
        Shape::List(element) => format!("[]{}", type_name(&element())),
        Shape::Map(value) => format!("map[string]{}", type_name(&value())),
    }
}

/// What is in a list or a map, however deep.
fn innermost(shape: Shape) -> Shape {
    match shape {
        Shape::List(element) | Shape::Map(element) => innermost(element()),
        other => other,
    }
}

/// Finds a kind by any of its names, and a field of it by the path after the first dot.
///
/// # Errors
///
/// On a word that names no kind (`pdo`), a kind that is not modelled (`apiservice`), one that several groups have (`event`, unless the
/// version is given), and a path that names no field (`pod.spec.container`).
pub fn explain(path: &str, api_version: Option<&str>) -> Result<Explained, ExplainError> {
    let (word, rest) = path.split_once('.').unwrap_or((path, ""));
    let found: Vec<&KindInfo> = registry::find(word)
        .filter(|kind| api_version.is_none_or(|version| kind.api_version == version))
        .collect();
    let (kind, others) = match found.as_slice() {
        [] => return Err(ExplainError(unknown(word, api_version))),
        [kind, others @ ..] => (*kind, others),
    };
    // Of equals, that of the core group is meant, as for kubectl.
    if !others.is_empty() && !kind.group().is_empty() {
        let versions: Vec<&str> = found.iter().map(|kind| kind.api_version).collect();
        return Err(ExplainError(format!("`{word}` is a kind of `{}`: say which", versions.join("`, `"))));
    }
    let Some(root) = kind.fields else {
        return Err(ExplainError(format!(
            "the fields of `{}` of `{}` are not known",
            kind.kind, kind.api_version
        )));
    };
    let (mut fields, mut field, mut at) = (root.fields, None, word.to_owned());
    for name in rest.split('.').filter(|name| !name.is_empty()) {
        let Some(next) = fields.iter().find(|field| field.name == name) else {
            let near = nearest::nearest(name, fields.iter().map(|field| field.name));
            let near = near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
            return Err(ExplainError(format!("`{at}` has no field `{name}`{near}")));
        };
        fields = self::fields(&(next.shape)());
        field = Some(next);
        at = format!("{at}.{name}");
    }
    Ok(Explained { kind, path: rest.to_owned(), root, field })
}

fn unknown(word: &str, api_version: Option<&str>) -> String {
    if let Some(version) = api_version {
        return format!("there is no kind `{word}` in `{version}`");
    }
    let known = registry::kinds().flat_map(|kind| [kind.kind, kind.plural]);
    match nearest::nearest(word, known) {
        Some(near) => format!("there is no kind `{word}`, did you mean `{near}`?"),
        None => format!("there is no kind `{word}`"),
    }
}

/// Why something cannot be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainError(String);

impl fmt::Display for ExplainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ExplainError {}
