//! Which object a document is: its version and kind.

use super::nearest::nearest;
use super::{Decoder, ProblemKind};
use crate::convert;
use crate::object::{List, Object, Untyped};
use crate::registry::{self, group_of};
use crate::tree::{Kind, Node};

/// Reads an object, which says of what version and kind it is, unless something else implies it.
pub(crate) fn object<'t>(
    root: Node<'t>,
    implied: Option<(&str, &str)>,
    decoder: &mut Decoder<'t>,
) -> Option<Object> {
    if !matches!(root.kind(), Kind::Map { .. }) {
        decoder.wrong_type(root, "an object, which is a mapping,");
        return None;
    }
    if let Some((api_version, kind)) = implied
        && root.member("kind").is_none()
        && root.member("apiVersion").is_none()
    {
        return read(api_version, kind, root, decoder);
    }
    let api_version = type_text(root, "apiVersion", decoder);
    let (kind, kind_node) = type_text(root, "kind", decoder)?;
    match api_version {
        // Which one was meant is often clear, so what else is wrong can be said too.
        None => read(only_version(kind)?, kind, root, decoder),
        Some((version, node)) => {
            if let Some(complaint) = complaint(version, kind, root) {
                let (name, node) = if complaint.kind { ("kind", kind_node) } else { ("apiVersion", node) };
                decoder.fatal(ProblemKind::Kind, node.position(), name, complaint.message);
                return None;
            }
            if !is_known(version, kind) && is_own(version) {
                let message = format!("`{version}` of `{kind}` is not known: the object is kept as it is");
                decoder.note(root, "apiVersion", ProblemKind::OldVersion, message);
            }
            read(version, kind, root, decoder)
        }
    }
}

/// Whether a version that is not known is of a group that Kubernetes itself has.
fn is_own(version: &str) -> bool {
    let group = group_of(version);
    group.contains('.')
        && !registry::kinds().any(|known| known.api_version == version)
        && !convert::OLD_VERSIONS.iter().any(|old| old.api_version == version)
        && registry::kinds().any(|known| known.group() == group)
}

/// Reads an object of a version and kind that are well.
fn read<'t>(api_version: &str, kind: &str, root: Node<'t>, decoder: &mut Decoder<'t>) -> Option<Object> {
    let old = convert::old_version(api_version, kind);
    let object = match old {
        Some(old) => convert::read(old, root, decoder),
        None => {
            // Other people's kinds may end in `List` and be none.
            let has_items = || root.member("items").is_some_and(is_sequence);
            let list = is_list(api_version, kind, root) || (kind.ends_with("List") && has_items());
            let mut object = empty(api_version, kind, list);
            object.decode_fields(root, decoder);
            Some(object)
        }
    };
    // Not before: the items of a list have versions of their own.
    decoder.set_old_version(old);
    object
}

/// An object with nothing in it; of a kind that is not modelled it is said whether it is a list.
fn empty(api_version: &str, kind: &str, list: bool) -> Object {
    match Object::empty(api_version, kind) {
        Some(object) => object,
        None if list => List { api_version: api_version.into(), kind: kind.into(), ..List::default() }.into(),
        None => Untyped { api_version: api_version.into(), kind: kind.into(), ..Untyped::default() }.into(),
    }
}

/// The version of the modelled kind of that name, when there is one only.
fn only_version(kind: &str) -> Option<&'static str> {
    let mut versions = registry::KINDS.iter().filter(|known| known.kind == kind);
    versions.next().filter(|_| versions.next().is_none()).map(|known| known.api_version)
}

/// What is wrong with the version, or with the kind.
struct Complaint {
    kind: bool,
    message: String,
}

/// Why there is no such kind. Groups of other people may have any kind; their names have a dot.
fn complaint(version: &str, kind: &str, root: Node<'_>) -> Option<Complaint> {
    if is_known(version, kind) {
        return None;
    }
    let item = kind.strip_suffix("List").unwrap_or(kind);
    let old = || convert::OLD_VERSIONS.iter();
    let known_version = registry::kinds().any(|known| known.api_version == version)
        || old().any(|old| old.api_version == version);
    let known_group = registry::kinds().any(|known| known.group() == group_of(version))
        || old().any(|old| group_of(old.api_version) == group_of(version));
    let foreign = !known_group && group_of(version).contains('.');
    let versions =
        || registry::kinds().filter(move |known| known.kind == item).map(|known| known.api_version);
    if foreign || is_list(version, kind, root) {
        return None;
    }
    if !known_version && group_of(version).contains('.') {
        // A version of a group of Kubernetes that is newer or older than what is known here: the caller warns.
        return None;
    }
    if versions().next().is_some() {
        let known: Vec<&str> = versions().collect();
        let message = format!("there is no `{kind}` in `{version}`; known is `{}`", known.join("`, `"));
        return Some(Complaint { kind: false, message });
    }
    let here = registry::kinds().filter(|known| known.api_version == version).map(|known| known.kind);
    let all = registry::kinds().map(|known| known.kind);
    Some(match nearest(kind, here.chain(all)) {
        Some(near) => Complaint {
            kind: true,
            message: format!("unknown kind `{kind}` of `{version}`, did you mean `{near}`?"),
        },
        None if !known_group || !known_version => {
            let known = registry::kinds().map(|known| known.api_version);
            let message = match nearest(version, known) {
                Some(near) => format!("unknown version `{version}`, did you mean `{near}`?"),
                None => {
                    format!("unknown version `{version}`: groups that are not Kubernetes' own have a dot")
                }
            };
            Complaint { kind: false, message }
        }
        None => {
            let known: Vec<&str> = registry::kinds()
                .filter(|known| known.api_version == version)
                .map(|known| known.kind)
                .collect();
            let message = format!("unknown kind `{kind}` of `{version}`: known are `{}`", known.join("`, `"));
            Complaint { kind: true, message }
        }
    })
}

/// Whether it is a list: `List` itself, or the list of a kind that is known.
fn is_list(version: &str, kind: &str, root: Node<'_>) -> bool {
    match kind.strip_suffix("List") {
        Some("") => {
            version == "v1" && root.member("items").is_none_or(|items| items.is_null() || is_sequence(items))
        }
        Some(item) => is_known(version, item),
        None => false,
    }
}

fn is_known(version: &str, kind: &str) -> bool {
    registry::kind(version, kind).is_some() || convert::old_version(version, kind).is_some()
}

fn is_sequence(node: Node<'_>) -> bool {
    matches!(node.kind(), Kind::List { .. })
}

/// The text of `apiVersion` or `kind`.
fn type_text<'t>(
    root: Node<'t>,
    name: &'static str,
    decoder: &mut Decoder<'t>,
) -> Option<(&'t str, Node<'t>)> {
    let example = if name == "kind" { "Pod" } else { "v1" };
    match root.member(name) {
        Some(node) if node.is_null() || node.as_str() == Some("") => {
            let message = format!("it is empty: each object names its own, such as `{example}`");
            decoder.fatal(ProblemKind::Kind, node.position(), name, message);
            None
        }
        Some(node) => match node.as_str() {
            Some(text) => Some((text, node)),
            None => {
                let message = format!("text is wanted, not {}", node.kind_name());
                decoder.fatal(ProblemKind::Kind, node.position(), name, message);
                None
            }
        },
        None => {
            let message = format!("it is missing: each object names its own, such as `{example}`");
            decoder.fatal(ProblemKind::Kind, root.position(), name, message);
            None
        }
    }
}
