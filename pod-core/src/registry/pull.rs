//! From a registry into a layout.

use std::collections::HashSet;

use super::http::Session;
use super::login::Target;
use super::remote::Fetched;
use super::{Error, ErrorKind, Layout, Remote, blob};
use crate::image::{Descriptor, Manifest};

/// What a pull brought.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Pulled {
    /// What the name stood for: an index, or the manifest itself.
    pub root: Descriptor,
    /// What the name stands for in the layout: the manifest for the platform, or the whole index.
    pub image: Descriptor,
}

impl Remote<'_> {
    /// Pulls the image into a layout and names it there.
    ///
    /// Layers that are there already are not fetched. Everything is checked by size and digest before it can be seen.
    ///
    /// # Errors
    ///
    /// As [`Remote::inspect`], and when a blob cannot be fetched whole, or the layout cannot be written.
    pub fn pull(&self, layout: &Layout) -> Result<Pulled, Error> {
        let session = Session::new(self.settings, &self.cancel);
        let targets = self.targets(false)?;
        let root = self.root(&session, &targets)?;
        let image = match &self.platform {
            Some(platform) => {
                let chosen = self.choose(&session, &targets, &root, platform)?;
                if let Some(config) = &chosen.config {
                    layout.store(&chosen.manifest.config, config, &self.cancel)?;
                }
                let blobs: Vec<_> =
                    std::iter::once(&chosen.manifest.config).chain(&chosen.manifest.layers).collect();
                self.fetch_blobs(&session, &targets, &blobs, layout)?;
                layout.store(&chosen.fetched.descriptor, &chosen.fetched.bytes, &self.cancel)?;
                chosen.fetched.descriptor
            }
            None => {
                self.pull_all(&session, &targets, root.clone(), layout)?;
                root.descriptor.clone()
            }
        };
        // The index stays even where only one image of it is there: it is what the name's digest is the digest of.
        layout.store(&root.descriptor, &root.bytes, &self.cancel)?;
        layout.set(self.name, &image)?;
        Ok(Pulled { root: root.descriptor, image })
    }

    /// A manifest and all that is behind it. What refers comes after what it refers to.
    fn pull_all(
        &self,
        session: &Session<'_>,
        targets: &[Target],
        root: Fetched,
        layout: &Layout,
    ) -> Result<(), Error> {
        let mut pending = vec![root];
        let mut manifests: Vec<Fetched> = Vec::new();
        let mut seen = HashSet::new();
        let mut blobs = Vec::new();
        while let Some(fetched) = pending.pop() {
            match &fetched.manifest {
                Manifest::Image(image) => {
                    blobs.extend(std::iter::once(&image.config).chain(&image.layers).cloned())
                }
                Manifest::Index(index) => {
                    for child in &index.manifests {
                        if seen.insert(child.digest.clone()) {
                            pending.push(self.by_descriptor(session, targets, child)?);
                        }
                    }
                }
            }
            manifests.push(fetched);
        }
        self.fetch_blobs(session, targets, &blobs.iter().collect::<Vec<_>>(), layout)?;
        for fetched in manifests.iter().rev() {
            layout.store(&fetched.descriptor, &fetched.bytes, &self.cancel)?;
        }
        Ok(())
    }

    fn fetch_blobs(
        &self,
        session: &Session<'_>,
        targets: &[Target],
        blobs: &[&Descriptor],
        layout: &Layout,
    ) -> Result<(), Error> {
        let mut seen = HashSet::new();
        let blobs: Vec<_> = blobs.iter().copied().filter(|blob| seen.insert(&blob.digest)).collect();
        if let Some(foreign) = blobs.iter().find(|blob| is_foreign(blob) && !layout.has(blob)) {
            let detail =
                format!("its type `{}` is not given away by registries", foreign.media_type.escape_debug());
            return Err(Error::new(ErrorKind::Refused, format!("cannot fetch `{}`", foreign.digest), detail));
        }
        self.in_parallel(session, &blobs, |blob| blob::fetch(session, targets, blob, layout, self.progress))
    }
}

/// Layers that their owners do not let registries keep.
pub(super) fn is_foreign(blob: &Descriptor) -> bool {
    !blob.urls.is_empty()
        && (blob.media_type.contains(".foreign.") || blob.media_type.contains(".nondistributable."))
}
