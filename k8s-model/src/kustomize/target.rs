//! A kustomization and all that it names.

use serde_json::Value;

use super::item::Item;
use super::{KustomizeError, files, generators, transform};
use crate::kustomization::{Kustomization, Patch, Selector as Target, SortOrder};
use crate::patch::{Schema, json_patch, strategic_patch};
use crate::selector::Selector;

/// The objects of a kustomization, and whether they are sorted in the end.
#[derive(Debug, Default)]
pub(super) struct Built {
    pub(super) items: Vec<Item>,
    pub(super) sorted: bool,
}

type Read<'r> = &'r dyn Fn(&str) -> Option<Vec<u8>>;

/// Builds a directory; `above` are those that it is built for.
pub(super) fn build(
    directory: &str,
    read: Read<'_>,
    above: &mut Vec<String>,
) -> Result<Built, KustomizeError> {
    let (kustomization, component) = files::kustomization(directory, read)?
        .ok_or_else(|| KustomizeError::new(directory, "there is no kustomization"))?;
    if component {
        return Err(KustomizeError::new(directory, "a component is named by `components`"));
    }
    let sorted = kustomization.sort_options.as_ref().is_none_or(|options| options.order != SortOrder::Fifo);
    let mut items = Vec::new();
    run(&mut items, &kustomization, directory, read, above)?;
    Ok(Built { items, sorted })
}

fn run(
    items: &mut Vec<Item>,
    kustomization: &Kustomization,
    directory: &str,
    read: Read<'_>,
    above: &mut Vec<String>,
) -> Result<(), KustomizeError> {
    if above.iter().any(|known| known == directory) {
        return Err(KustomizeError::new(directory, "it needs itself"));
    }
    supported(kustomization).map_err(|reason| KustomizeError::new(directory, reason))?;
    above.push(directory.to_owned());
    for resource in kustomization.resources.iter().chain(&kustomization.bases) {
        let path = files::join(directory, resource);
        let found = if read(&path).is_some() {
            let documents = files::documents(&path, &files::text(&path, read)?)?;
            documents.into_iter().flat_map(unfold).map(Item::new).collect()
        } else {
            build(&path, read, above)?.items
        };
        for item in found {
            append(items, item, &path)?;
        }
    }
    for component in &kustomization.components {
        let path = files::join(directory, component);
        match files::kustomization(&path, read)? {
            Some((component, true)) => run(items, &component, &path, read, above)?,
            _ => return Err(KustomizeError::new(&path, "there is no component")),
        }
    }
    above.pop();
    generators::run(items, kustomization, directory, read)?;
    patches(items, kustomization, directory, read)?;
    transform::run(items, kustomization);
    Ok(())
}

/// Why a kustomization cannot be built here.
fn supported(kustomization: &Kustomization) -> Result<(), String> {
    let unsupported = [
        ("helmCharts", !kustomization.helm_charts.is_empty()),
        ("helmChartInflationGenerator", !kustomization.helm_chart_inflation_generator.is_empty()),
        ("replacements", !kustomization.replacements.is_empty()),
        ("vars", !kustomization.vars.is_empty()),
        ("crds", !kustomization.crds.is_empty()),
        ("configurations", !kustomization.configurations.is_empty()),
        ("generators", !kustomization.generators.is_empty()),
        ("transformers", !kustomization.transformers.is_empty()),
        ("validators", !kustomization.validators.is_empty()),
        ("openapi", !kustomization.openapi.is_empty()),
        ("buildMetadata", !kustomization.build_metadata.is_empty()),
        ("labels.fields", kustomization.labels.iter().any(|label| !label.fields.is_empty())),
    ];
    match unsupported.iter().find(|(_, used)| *used) {
        Some((field, _)) => Err(format!("`{field}` is not supported")),
        None => Ok(()),
    }
}

fn unfold(mut document: Value) -> Vec<Value> {
    let list = document["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    match document.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) if list => items,
        Some(items) => {
            document["items"] = items;
            vec![document]
        }
        None => vec![document],
    }
}

fn append(items: &mut Vec<Item>, item: Item, place: &str) -> Result<(), KustomizeError> {
    if item.kind().is_empty() || item.name().is_empty() {
        return Err(KustomizeError::new(place, "an object has no kind or no name"));
    }
    let same = |other: &Item| {
        (other.kind(), other.group_version().0, other.name(), other.namespace())
            == (item.kind(), item.group_version().0, item.name(), item.namespace())
    };
    if items.iter().any(same) {
        let reason = format!("{} `{}` is there twice", item.kind(), item.name());
        return Err(KustomizeError::new(place, reason));
    }
    items.push(item);
    Ok(())
}

fn patches(
    items: &mut Vec<Item>,
    kustomization: &Kustomization,
    directory: &str,
    read: Read<'_>,
) -> Result<(), KustomizeError> {
    for text in &kustomization.patches_strategic_merge {
        // A path has no line breaks and no colon with a blank.
        let file = files::join(directory, text);
        let text = if read(&file).is_some() { files::text(&file, read)? } else { text.clone() };
        apply(items, &text, None, directory)?;
    }
    for patch in kustomization.patches.iter().chain(&kustomization.patches_json6902) {
        let Patch { path, patch, target, options } = patch;
        if let Some((option, _)) = options.iter().find(|(_, on)| **on) {
            return Err(KustomizeError::new(directory, format!("the option `{option}` is not supported")));
        }
        let text = match (path.is_empty(), patch.is_empty()) {
            (false, true) => files::text(&files::join(directory, path), read)?,
            (true, false) => patch.clone(),
            _ => return Err(KustomizeError::new(directory, "a patch has a text or a path")),
        };
        apply(items, &text, target.as_deref(), directory)?;
    }
    Ok(())
}

fn apply(
    items: &mut Vec<Item>,
    text: &str,
    target: Option<&Target>,
    directory: &str,
) -> Result<(), KustomizeError> {
    for patch in files::documents(directory, text)? {
        let operations = patch.is_array();
        let chosen: Vec<usize> = match target {
            Some(target) => chosen(items, target, directory)?,
            None if operations => {
                return Err(KustomizeError::new(directory, "a JSON patch needs a target"));
            }
            None => named(items, &patch, directory)?,
        };
        let mut deleted = Vec::new();
        for index in chosen {
            let Some(item) = items.get_mut(index) else { continue };
            if patch["$patch"] == "delete" {
                deleted.push(index);
                continue;
            }
            let patched = if operations {
                json_patch(&item.value, &patch)
            } else {
                let mut patch = patch.clone();
                // With a target the names of the patch say nothing.
                for field in ["name", "namespace"] {
                    let own = item.value["metadata"].get(field).cloned();
                    if let Some(metadata) = patch.get_mut("metadata").and_then(Value::as_object_mut) {
                        metadata.remove(field);
                        metadata.extend(own.map(|own| (field.to_owned(), own)));
                    }
                }
                for field in ["kind", "apiVersion"] {
                    patch.as_object_mut().and_then(|entries| entries.remove(field));
                }
                strategic_patch(&item.value, &patch, Schema::of_object(&item.value))
            };
            item.value = patched.map_err(|error| {
                let reason = format!("the patch of {} `{}`: {error}", item.kind(), item.name());
                KustomizeError::new(directory, reason)
            })?;
        }
        for index in deleted.into_iter().rev() {
            items.remove(index);
        }
    }
    Ok(())
}

/// The object that a patch names itself.
fn named(items: &[Item], patch: &Value, directory: &str) -> Result<Vec<usize>, KustomizeError> {
    let wanted = Item::new(patch.clone());
    let fits = |item: &Item| {
        item.kind() == wanted.kind()
            && item.group_version().0 == wanted.group_version().0
            && item.is_called(wanted.name(), wanted.namespace())
    };
    let found: Vec<usize> =
        items.iter().enumerate().filter(|(_, item)| fits(item)).map(|(index, _)| index).collect();
    match found.len() {
        1 => Ok(found),
        0 => {
            let reason = format!("no object fits the patch of {} `{}`", wanted.kind(), wanted.name());
            Err(KustomizeError::new(directory, reason))
        }
        _ => {
            let reason = format!("several objects fit the patch of {} `{}`", wanted.kind(), wanted.name());
            Err(KustomizeError::new(directory, reason))
        }
    }
}

fn chosen(items: &[Item], target: &Target, directory: &str) -> Result<Vec<usize>, KustomizeError> {
    let selector = |text: &str| {
        let parsed: Result<Selector, _> = text.parse();
        parsed
            .map(|selector| selector.compile())
            .map_err(|error| KustomizeError::new(directory, format!("the selector `{text}`: {error}")))
    };
    let labels = selector(&target.label_selector)?;
    let annotations = selector(&target.annotation_selector)?;
    let mut chosen = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let (group, version) = item.group_version();
        let mut parts = vec![(&target.group, group), (&target.version, version), (&target.kind, item.kind())];
        // Earlier names are meant too.
        let names = item.earlier.iter().map(|(name, namespace)| (name.as_str(), namespace.as_str()));
        let mut called = false;
        for (name, namespace) in names.chain([(item.name(), item.namespace())]) {
            called |= fits(&target.name, name, directory)? && fits(&target.namespace, namespace, directory)?;
        }
        let mut all = called;
        for (pattern, text) in parts.drain(..) {
            all &= fits(pattern, text, directory)?;
        }
        let has = |field: &str| item.value["metadata"][field].clone();
        let (own, notes) = (has("labels"), has("annotations"));
        if all
            && labels.matches_with(|key| own[key].as_str())
            && annotations.matches_with(|key| notes[key].as_str())
        {
            chosen.push(index);
        }
    }
    Ok(chosen)
}

/// Whether a pattern means all of a text: words with `.*` in them, and `|` between them. An empty pattern means everything.
fn fits(pattern: &str, text: &str, directory: &str) -> Result<bool, KustomizeError> {
    if pattern.is_empty() {
        return Ok(true);
    }
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
    for word in pattern.split('|') {
        let parts: Vec<&str> = word.split(".*").collect();
        if parts
            .iter()
            .any(|part| part.contains(['*', '+', '?', '[', ']', '(', ')', '{', '}', '\\', '^', '$']))
        {
            let reason = format!("of patterns only `.*` and `|` are supported, not `{pattern}`");
            return Err(KustomizeError::new(directory, reason));
        }
        if word_fits(&parts, text) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a text has these parts, one after the other; a dot stands for any character.
fn word_fits(parts: &[&str], text: &str) -> bool {
    let same = |part: &str, text: &str| {
        part.len() == text.len() && part.bytes().zip(text.bytes()).all(|(a, b)| a == b'.' || a == b)
    };
    let (Some((first, rest)), bytes) = (parts.split_first(), text) else { return false };
    if rest.is_empty() {
        return same(first, bytes);
    }
    if !bytes.get(..first.len()).is_some_and(|start| same(first, start)) {
        return false;
    }
    let mut place = first.len();
    for (index, part) in rest.iter().enumerate() {
        let last = index + 1 == rest.len();
        let found = (place..=bytes.len()).find(|at| {
            let end = at + part.len();
            bytes.get(*at..end).is_some_and(|piece| same(part, piece)) && (!last || end == bytes.len())
        });
        match found {
            Some(at) => place = at + part.len(),
            None => return false,
        }
    }
    true
}
