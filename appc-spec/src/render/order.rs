//! Which image is laid over which.

use std::sync::Arc;

use super::error::{RenderError, RenderErrorKind};
use super::whitelist::Whitelist;
use crate::{AcIdentifier, Dependency, ImageId, ImageManifest};

/// How much an image may make us do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenderLimits {
    /// How deep dependencies of dependencies go.
    pub depth: usize,
    /// How many images are laid over each other; one that is reached in two ways counts twice.
    pub passes: usize,
    /// How many files all of them have, counted in each pass.
    pub files: usize,
}

impl RenderLimits {
    /// Bounds that no honest image meets: 64 deep, 1024 images, twenty million files.
    pub const STANDARD: Self = Self { depth: 64, passes: 1024, files: 20_000_000 };
}

/// An image that may be rendered, or fulfil a dependency.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// Its ID.
    pub id: ImageId,
    /// Its manifest.
    pub manifest: ImageManifest,
    /// The bytes of its archive as it was fetched, and of its plain tar, where they are known. The specification does not say
    /// which of the two a dependency's `size` means, so either will do.
    pub sizes: Option<[u64; 2]>,
}

impl Candidate {
    /// An image whose size is not known.
    #[must_use]
    pub const fn new(id: ImageId, manifest: ImageManifest) -> Self {
        Self { id, manifest, sizes: None }
    }

    /// The same image with the bytes of its archive and of its plain tar.
    #[must_use]
    pub const fn with_sizes(mut self, archive: u64, tar: u64) -> Self {
        self.sizes = Some([archive, tar]);
        self
    }

    /// Whether it is what a dependency asks for, by name, labels and image ID. Of several the caller chooses.
    #[must_use]
    pub fn fulfils(&self, wanted: &Dependency) -> bool {
        let anybody = &self.manifest.name;
        let sizeless = Self { sizes: None, ..self.clone() };
        sizeless.check(wanted, anybody).is_ok()
    }

    /// Checks that it is what a dependency of `of` asks for.
    fn check(&self, wanted: &Dependency, of: &AcIdentifier) -> Result<(), RenderError> {
        let mismatch = |what: &str, wanted: &str, found: &str| {
            let (what, wanted, found) = (what.to_owned(), wanted.to_owned(), found.to_owned());
            Err(RenderError::new(of, RenderErrorKind::Mismatch { what, wanted, found }))
        };
        if self.manifest.name != wanted.image_name {
            return mismatch("name", wanted.image_name.as_str(), self.manifest.name.as_str());
        }
        for label in wanted.labels.iter() {
            let found = self.manifest.labels.value(label.name.as_str());
            if found != Some(&label.value) {
                let what = format!("label `{}`", label.name);
                return mismatch(&what, &label.value, found.unwrap_or_default());
            }
        }
        if let Some(id) = &wanted.image_id
            && !id.is_prefix_of(&self.id)
        {
            return mismatch("image ID", id.as_str(), self.id.as_str());
        }
        match self.sizes {
            Some(found) if wanted.size > 0 && !found.contains(&wanted.size) => {
                let dependency = wanted.image_name.clone();
                Err(RenderError::new(of, RenderErrorKind::Size { dependency, wanted: wanted.size, found }))
            }
            _ => Ok(()),
        }
    }
}

/// One image laid over what is there, as far as the whitelists let it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pass {
    /// The image.
    pub image: ImageId,
    /// Its name.
    pub name: AcIdentifier,
    /// The whitelists that its files must pass: its own, then that of the image that needs it, and so on to the root. Empty ones
    /// are left out.
    pub whitelists: Vec<Arc<Whitelist>>,
}

impl Pass {
    /// Whether all whitelists keep a path.
    #[must_use]
    pub fn keeps(&self, path: &[u8], is_directory: bool) -> bool {
        self.whitelists.iter().all(|list| list.keeps(path, is_directory))
    }
}

/// The images that an image is made of, in the order in which each is laid over those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderOrder {
    passes: Vec<Pass>,
    limits: RenderLimits,
}

impl RenderOrder {
    /// Follows the dependencies of an image, depth first: for `A → [B, C]` and `C → [D]` the order is B, D, C, A. `find` gives the
    /// image for a dependency; what it gives is checked against the dependency.
    ///
    /// # Errors
    ///
    /// When `find` has nothing, or an image of another name, label, image ID or size; when an image needs itself; and when a
    /// limit is exceeded.
    pub fn of(
        root: Candidate,
        limits: &RenderLimits,
        find: &mut dyn FnMut(&Dependency) -> Option<Candidate>,
    ) -> Result<Self, RenderError> {
        let mut walk = Walk { find, limits, passes: Vec::new(), above: Vec::new() };
        walk.visit(root, &[])?;
        Ok(Self { passes: walk.passes, limits: *limits })
    }

    /// The passes, the lowest first; the image itself is the last one.
    #[must_use]
    pub fn passes(&self) -> &[Pass] {
        &self.passes
    }

    pub(super) const fn limits(&self) -> &RenderLimits {
        &self.limits
    }

    /// Whether the result is just what the image holds: it has no dependencies and no whitelist.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(self.passes.as_slice(), [only] if only.whitelists.is_empty())
    }
}

struct Walk<'w> {
    find: &'w mut dyn FnMut(&Dependency) -> Option<Candidate>,
    limits: &'w RenderLimits,
    passes: Vec<Pass>,
    /// From the root to the image that is visited.
    above: Vec<(ImageId, AcIdentifier)>,
}

impl Walk<'_> {
    fn visit(&mut self, image: Candidate, whitelists: &[Arc<Whitelist>]) -> Result<(), RenderError> {
        let Candidate { id, manifest, .. } = image;
        let name = manifest.name;
        if let Some(at) = self.above.iter().position(|(known, _)| *known == id) {
            let through = self.above.iter().skip(at).map(|(_, name)| name.clone());
            let chain = through.chain([name.clone()]).collect();
            return Err(RenderError::new(&name, RenderErrorKind::Cycle(chain)));
        }
        if self.above.len() > self.limits.depth {
            let root = self.above.first().map_or(&name, |(_, name)| name);
            return Err(RenderError::new(root, RenderErrorKind::Depth(self.limits.depth)));
        }
        let own = Whitelist::new(manifest.path_whitelist.iter().map(String::as_str));
        let mut chain = Vec::with_capacity(whitelists.len() + 1);
        if !own.is_empty() {
            chain.push(Arc::new(own));
        }
        chain.extend(whitelists.iter().cloned());
        self.above.push((id.clone(), name.clone()));
        for wanted in &manifest.dependencies {
            let found = (self.find)(wanted)
                .ok_or_else(|| RenderError::new(&name, RenderErrorKind::Missing(described(wanted))))?;
            found.check(wanted, &name)?;
            self.visit(found, &chain)?;
        }
        self.above.pop();
        if self.passes.len() >= self.limits.passes {
            let root = self.above.first().map_or(&name, |(_, name)| name);
            return Err(RenderError::new(root, RenderErrorKind::Passes(self.limits.passes)));
        }
        self.passes.push(Pass { image: id, name, whitelists: chain });
        Ok(())
    }
}

/// A dependency as a user would type it.
fn described(wanted: &Dependency) -> String {
    let labels = wanted.labels.iter().map(|label| format!(",{}={}", label.name, label.value));
    let id = wanted.image_id.iter().map(|id| format!(" ({id})"));
    std::iter::once(wanted.image_name.to_string()).chain(labels).chain(id).collect()
}
