//! The documents of a text as untyped JSON.

use serde_json::Value;

use super::{Limits, SyntaxError, Tree, split};

/// The documents of a YAML or JSON stream as untyped JSON, with the usual [`Limits`]; those that hold nothing are passed over.
///
/// Of two equal keys the last one wins.
///
/// ```
/// let documents = k8s_model::tree::documents("a: 0644\n---\n# nothing\n---\n[yes]\n")?;
/// assert_eq!(documents, [serde_json::json!({"a": 420}), serde_json::json!([true])]);
/// # Ok::<(), k8s_model::tree::SyntaxError>(())
/// ```
///
/// # Errors
///
/// On the first document that is neither, or that exceeds a limit.
pub fn documents(text: &str) -> Result<Vec<Value>, SyntaxError> {
    let limits = Limits::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with(['{', '[']) {
        let all: Result<Vec<Value>, _> =
            Tree::json_stream(text, &limits).map(|tree| tree.map(|tree| tree.root().to_json())).collect();
        // Flow collections of YAML begin in the same way.
        if all.is_ok() {
            return all;
        }
    }
    let mut all = Vec::new();
    for chunk in split(text) {
        let tree = Tree::chunk(chunk, &limits)?;
        if !tree.root().is_null() {
            all.push(tree.root().to_json());
        }
    }
    Ok(all)
}
