//! `$(VAR)` in commands, arguments and values (kubelet, `third_party/forked/golang/expansion`).

use pod_core::pod::Template;

/// Replaces each `$(NAME)` by its value. A name that has none stays as it is written, `$$` is `$`, and any other `$` is itself.
/// Values are not looked at again.
///
/// ```
/// use k8s_model::expand::expand;
/// use pod_core::pod::Template;
///
/// let greet = |name: &str| (name == "WHO").then(|| Template::from("world"));
/// assert_eq!(expand("hello $(WHO), $$(WHO) and $(WHOM)", &greet), Template::from("hello world, $(WHO) and $(WHOM)"));
/// ```
#[must_use]
pub fn expand(text: &str, value: &dyn Fn(&str) -> Option<Template>) -> Template {
    let mut out = Template::default();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out = out.then_text(before);
        if let Some(after) = after.strip_prefix('$') {
            out = out.then_text("$");
            rest = after;
        } else if let Some((name, after)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            out = match value(name) {
                Some(value) => out.then_template(&value),
                None => out.then_text("$(").then_text(name).then_text(")"),
            };
            rest = after;
        } else {
            out = out.then_text("$");
            rest = after;
        }
    }
    out.then_text(rest)
}
