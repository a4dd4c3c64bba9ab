//! What an image is called in the store.

use pod_core::image::{Digest, Reference};

use super::source::Picked;
use super::{ImportOptions, OciError};
use crate::store::{Store, StoredImage};

/// What an image is called in the store.
pub(super) struct Names {
    names: Vec<Reference<'static>>,
    digest: Digest<'static>,
    indexes: Vec<Digest<'static>>,
}

impl Names {
    pub(super) fn of(picked: &Picked, options: &ImportOptions) -> Self {
        let names = match &options.name {
            Some(name) => vec![name.clone()],
            None => picked
                .names
                .iter()
                // A bare tag is a name of nothing outside its layout.
                .filter(|written| written.contains(['/', ':']))
                .filter_map(|written| Reference::parse(written).ok().map(Reference::into_owned))
                .collect(),
        };
        Self { names, digest: picked.digest.clone(), indexes: picked.indexes.clone() }
    }

    pub(super) fn first(&self) -> Option<&Reference<'static>> {
        self.names.first()
    }

    /// Name with tag and digest: what this very image is called.
    fn exact(&self) -> Vec<String> {
        if self.names.is_empty() {
            return vec![self.digest.to_string()];
        }
        self.names.iter().map(|name| format!("{}@{}", tagged(name), self.digest)).collect()
    }

    pub(super) fn references(&self) -> Vec<String> {
        let mut all = self.exact();
        for name in &self.names {
            if name.tag().is_some() || name.digest().is_none() {
                all.push(tagged(name));
            }
            all.extend(
                [&self.digest]
                    .into_iter()
                    .chain(&self.indexes)
                    .map(|digest| format!("{}@{digest}", name.name())),
            );
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The image, if the store has it under the first of its names and its digest.
    pub(super) fn known(&self, store: &Store) -> Result<Option<StoredImage>, OciError> {
        let Some(exact) = self.exact().into_iter().next() else { return Ok(None) };
        let doing = || format!("cannot look for `{exact}`");
        match store.reference(&exact).map_err(|error| OciError::store(doing(), error))? {
            Some(id) => store.image(&id).map_err(|error| OciError::store(doing(), error)),
            None => Ok(None),
        }
    }

    pub(super) fn remember(&self, store: &Store, image: &StoredImage) -> Result<(), OciError> {
        self.references().iter().try_for_each(|reference| {
            store
                .set_reference(reference, image.id())
                .map_err(|error| OciError::store(format!("cannot remember `{reference}`"), error))
        })
    }
}

/// The name with its tag and without its digest; without both it is `latest`.
fn tagged(name: &Reference<'_>) -> String {
    match (name.tag(), name.digest()) {
        (None, Some(_)) => name.name().to_string(),
        (tag, _) => format!("{}:{}", name.name(), tag.unwrap_or("latest")),
    }
}
