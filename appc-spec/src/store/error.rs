//! What went wrong in a store.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use crate::archive::ArchiveError;
use crate::render::RenderError;
use crate::{AppString, ImageId, ImageManifest};

/// What went wrong in a store: doing what, to what. The cause, if there is one, is its [`Error::source`].
#[derive(Debug)]
pub struct StoreError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: StoreErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What sort of fault a [`StoreError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Reading or writing failed.
    Io,
    /// The archive that came in is wrong.
    Archive,
    /// The image is not in the store.
    NotFound,
    /// The beginning of an image ID fits several images.
    Ambiguous,
    /// A file of the store is not as it was written.
    Damaged,
    /// The image is not the one that was asked for.
    WrongImage,
    /// The image cannot be rendered: a dependency is missing or another one, or something of the like.
    Render,
    /// Somebody uses it.
    InUse,
}

impl StoreError {
    fn new(kind: StoreErrorKind, message: String) -> Self {
        Self(Box::new(Inner { kind, message, source: None }))
    }

    fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    pub(super) fn io(doing: &str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self::new(StoreErrorKind::Io, format!("cannot {doing} `{}`", path.display())).caused_by(source.into())
    }

    pub(super) fn damaged(doing: &str, path: &Path, source: impl Error + Send + Sync + 'static) -> Self {
        Self::new(StoreErrorKind::Damaged, format!("cannot {doing} `{}`", path.display())).caused_by(source)
    }

    pub(super) fn archive(doing: &str, source: ArchiveError) -> Self {
        Self::new(StoreErrorKind::Archive, format!("cannot {doing}")).caused_by(source)
    }

    pub(super) fn not_found(what: &dyn fmt::Display) -> Self {
        Self::new(StoreErrorKind::NotFound, format!("no image `{what}` in the store"))
    }

    pub(super) fn no_tree(id: &super::TreeId) -> Self {
        Self::new(StoreErrorKind::NotFound, format!("no tree `{id}` in the store"))
    }

    pub(super) fn ambiguous(prefix: &str, ids: &[ImageId]) -> Self {
        let ids = ids.iter().map(|id| format!("`{}…`", id.as_str().get(..19).unwrap_or_default()));
        let ids = ids.collect::<Vec<_>>().join(", ");
        Self::new(
            StoreErrorKind::Ambiguous,
            format!("`{}` fits several images: {ids}", prefix.escape_debug()),
        )
    }

    pub(super) fn no_prefix(text: &str) -> Self {
        let text = text.escape_debug();
        let message = format!(
            "`{text}` is not the beginning of an image ID: at least two digits of `sha512-<128 hexadecimal digits>` are wanted"
        );
        Self::new(StoreErrorKind::NotFound, message)
    }

    pub(super) fn wrong_image(name: &str, wanted: &ImageId, found: &ImageId) -> Self {
        Self::new(
            StoreErrorKind::WrongImage,
            format!("archive `{name}`: the image is `{found}`, not `{wanted}`"),
        )
    }

    pub(super) fn wrong_name(name: &str, wanted: &AppString, found: &ImageManifest) -> Self {
        let labels = found.labels.iter().map(|label| format!(",{}={}", label.name, label.value));
        let found: String = std::iter::once(found.name.to_string()).chain(labels).collect();
        Self::new(
            StoreErrorKind::WrongImage,
            format!("archive `{name}`: the image is `{}`, not `{wanted}`", found.escape_debug()),
        )
    }

    pub(super) fn altered(id: &ImageId, found: &ImageId) -> Self {
        Self::new(
            StoreErrorKind::Damaged,
            format!("the tar of image `{id}` has been altered: it hashes to `{found}`"),
        )
    }

    pub(super) fn differs(id: &super::TreeId, difference: String) -> Self {
        Self::new(StoreErrorKind::Damaged, format!("the tree `{id}` has been altered: {difference}"))
    }

    pub(super) fn render(id: &ImageId, source: RenderError) -> Self {
        Self::new(StoreErrorKind::Render, format!("cannot render image `{id}`")).caused_by(source)
    }

    pub(super) fn in_use(what: &dyn fmt::Display) -> Self {
        Self::new(StoreErrorKind::InUse, format!("`{what}` is in use"))
    }

    /// What sort of fault it is.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.0.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
