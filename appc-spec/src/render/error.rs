//! Why an image cannot be rendered.

use std::fmt;

use crate::{AcIdentifier, ImageId};

/// Why an image cannot be rendered: which image, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError {
    image: AcIdentifier,
    pub(super) kind: RenderErrorKind,
}

/// What sort of fault a [`RenderError`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RenderErrorKind {
    /// No image fulfils the dependency of this name and these labels.
    Missing(String),
    /// The image that was found for a dependency is another one, in name, label or ID: what was wanted and what is there.
    Mismatch {
        /// What of it: `name`, `image ID`, or a label.
        what: String,
        /// What the dependency says.
        wanted: String,
        /// What the image says.
        found: String,
    },
    /// The image that was found for a dependency has another size, in bytes.
    Size {
        /// The dependency.
        dependency: AcIdentifier,
        /// What the manifest says.
        wanted: u64,
        /// What the image has, compressed or not.
        found: [u64; 2],
    },
    /// It depends on itself, through these images.
    Cycle(Vec<AcIdentifier>),
    /// Its dependencies are deeper than this.
    Depth(usize),
    /// More images than this are laid over each other.
    Passes(usize),
    /// All its images together have more files than this.
    Files(usize),
    /// A hard link leads to nothing that stands before it in the image, or to a directory.
    HardLink {
        /// Its path.
        path: String,
        /// Where it leads.
        target: String,
    },
}

impl RenderError {
    pub(super) fn new(image: &AcIdentifier, kind: RenderErrorKind) -> Self {
        Self { image: image.clone(), kind }
    }

    /// The image whose dependency or file it is about.
    #[must_use]
    pub const fn image(&self) -> &AcIdentifier {
        &self.image
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &RenderErrorKind {
        &self.kind
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "image `{}`: ", self.image)?;
        match &self.kind {
            RenderErrorKind::Missing(wanted) => write!(f, "no image fulfils its dependency `{wanted}`"),
            RenderErrorKind::Mismatch { what, wanted, found } => write!(
                f,
                "the image that was found for a dependency has the {what} `{}`, not `{}`",
                found.escape_debug(),
                wanted.escape_debug()
            ),
            RenderErrorKind::Size { dependency, wanted, found: [archive, tar] } => write!(
                f,
                "its dependency `{dependency}` has {archive} bytes ({tar} uncompressed), where {wanted} are wanted"
            ),
            RenderErrorKind::Cycle(chain) => {
                let chain: Vec<_> = chain.iter().map(|name| format!("`{name}`")).collect();
                write!(f, "it depends on itself: {}", chain.join(" needs "))
            }
            RenderErrorKind::Depth(limit) => write!(f, "its dependencies are more than {limit} deep"),
            RenderErrorKind::Passes(limit) => write!(f, "it is made of more than {limit} images"),
            RenderErrorKind::Files(limit) => write!(f, "its images have more than {limit} files"),
            RenderErrorKind::HardLink { path, target } => write!(
                f,
                "`{}` is a hard link to `{}`, which is no file that stands before it in the image",
                path.escape_debug(),
                target.escape_debug()
            ),
        }
    }
}

impl std::error::Error for RenderError {}

/// The first digits of an image ID, enough to tell images apart.
pub(super) fn short(id: &ImageId) -> &str {
    id.as_str().get(.."sha512-".len() + 12).unwrap_or(id.as_str())
}
