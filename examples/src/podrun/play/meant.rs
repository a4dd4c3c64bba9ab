//! The objects that words of a command line mean.

use anyhow::{Context, bail};
use k8s_model::object::Object;
use k8s_model::registry::{self, KindInfo, Scope};

use super::Play;
use super::store::{Key, resource};

/// What one word, or a kind and a name, means.
#[derive(Debug, Clone)]
pub(super) struct Meant {
    pub(super) info: &'static KindInfo,
    /// None is all of the kind.
    pub(super) name: Option<String>,
}

impl Meant {
    /// The key, when one object is meant.
    pub(super) fn key(&self, namespace: &str) -> anyhow::Result<Option<Key>> {
        self.name.as_deref().map(|name| Key::new(self.info, namespace, name)).transpose()
    }

    pub(super) fn resource(&self) -> String {
        resource(self.info.group(), self.info.plural)
    }
}

/// Reads words as kubectl does: `pods`, `pods,services`, `pod web db`, `pod/web service/web`, `all`.
pub(super) fn read(words: &[String]) -> anyhow::Result<Vec<Meant>> {
    if words.iter().any(|word| word.contains('/')) {
        let one = |word: &String| {
            let (kind, name) = word.split_once('/').with_context(|| {
                format!("`{word}`: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form")
            })?;
            if name.is_empty() || name.contains('/') {
                bail!("`{word}`: arguments in resource/name form must have a single resource and name");
            }
            Ok(Meant { info: kind_of(kind)?, name: Some(name.to_owned()) })
        };
        return words.iter().map(one).collect();
    }
    let Some((kinds, names)) = words.split_first() else { bail!("kinds of objects are wanted: `pods`") };
    let mut infos = Vec::new();
    for word in kinds.split(',') {
        if word == "all" {
            infos.extend(registry::ALL.iter().filter_map(|(version, kind)| registry::kind(version, kind)));
        } else {
            infos.push(kind_of(word)?);
        }
    }
    if names.is_empty() {
        return Ok(infos.into_iter().map(|info| Meant { info, name: None }).collect());
    }
    let named = names.iter().flat_map(|name| {
        infos.iter().map(|info| Meant { info, name: Some(name.clone()) }).collect::<Vec<_>>()
    });
    Ok(named.collect())
}

/// Words that mean single objects, at least one.
pub(super) fn read_named(words: &[String]) -> anyhow::Result<Vec<Meant>> {
    let meant = read(words)?;
    match meant.iter().find(|meant| meant.name.is_none()) {
        Some(meant) => bail!("the name of a {} is wanted", meant.info.singular()),
        None => Ok(meant),
    }
}

fn kind_of(word: &str) -> anyhow::Result<&'static KindInfo> {
    registry::find(word)
        .find(|info| info.scope != Scope::None)
        .with_context(|| format!("there is no resource type \"{word}\""))
}

/// The objects that are meant; one that was named must be there.
pub(super) fn objects(play: &Play<'_>, meant: &[Meant], all: bool) -> anyhow::Result<Vec<Object>> {
    let mut found = Vec::new();
    for meant in meant {
        match meant.key(play.namespace)? {
            Some(key) => found.push(play.store.read(&key)?.with_context(|| format!("{key} not found"))?),
            None => {
                let namespace = (!all).then_some(play.namespace);
                found.extend(play.store.list(&meant.resource(), namespace)?);
            }
        }
    }
    Ok(found)
}
