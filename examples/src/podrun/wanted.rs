//! What an argument of `podrun run` means: a manifest, or an image and where it is.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use appc_spec::AppString;
use appc_spec::archive::Compression;

/// What an argument means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A Kubernetes manifest; `-` is standard input.
    Manifest(PathBuf),
    /// An image.
    Image(ImageAt),
}

/// An image, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ImageAt {
    /// In the store, by its ID or the beginning of it.
    Id(String),
    /// In the store by its name, else wherever the name leads.
    Name(String),
    /// In a registry.
    Registry(String),
    /// In the store by its App Container name, else where discovery finds it.
    App(AppString),
    /// An image file, or a layout directory; and which of its images, unless it has only one.
    Path(PathBuf, Option<String>),
}

/// The words that can stand before the path of an image, as for skopeo. What the file is, its content says.
const PATHS: [&str; 4] = ["aci:", "oci:", "oci-archive:", "docker-archive:"];

impl Wanted {
    /// Finds out what an argument means: `docker://NAME`, `appc://NAME`, `oci:PATH` and the like say it; `sha512-…` is an ID; what looks like a path, or
    /// is a file, is one, and its content says whether it is an image or a manifest; everything else is a name.
    pub(super) fn of(argument: &OsStr) -> anyhow::Result<Self> {
        let path = Path::new(argument);
        let Some(text) = argument.to_str() else { return Self::at(path) };
        if text == "-" {
            return Ok(Self::Manifest(path.to_owned()));
        }
        if let Some(name) = text.strip_prefix("docker://") {
            return Ok(Self::Image(ImageAt::Registry(name.to_owned())));
        }
        if let Some(name) = text.strip_prefix("appc://") {
            let app = name.parse().with_context(|| format!("image `{text}`"))?;
            return Ok(Self::Image(ImageAt::App(app)));
        }
        if let Some(path) =
            PATHS.iter().find_map(|kind| text.strip_prefix(kind)).filter(|path| !path.is_empty())
        {
            return Ok(Self::Image(with_name(path)));
        }
        if text.starts_with("sha512-") {
            return Ok(Self::Image(ImageAt::Id(text.to_owned())));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            bail!(
                "`{text}`: images are not fetched by `{scheme}`: an image in a registry is `docker://NAME`, one to be discovered `appc://NAME`"
            );
        }
        let looks_like_path = text.starts_with(['/', '.']) || text.contains("./") || has_ending(path);
        if looks_like_path || path.is_file() || path.join("index.json").is_file() {
            return Self::at(path);
        }
        Ok(Self::Image(ImageAt::Name(text.to_owned())))
    }

    /// By what is at a path.
    fn at(path: &Path) -> anyhow::Result<Self> {
        let doing = || format!("cannot read `{}`", path.display());
        let found = fs::metadata(path).with_context(doing)?;
        // A pipe can be read only once: nobody looks into it first.
        if found.is_dir() || (found.is_file() && is_image(path).with_context(doing)?) {
            return Ok(Self::Image(ImageAt::Path(path.to_owned(), None)));
        }
        Ok(Self::Manifest(path.to_owned()))
    }
}

/// A path, behind which the name of an image may stand after a colon: `DIR:TAG`, `FILE:NAME:TAG`.
fn with_name(text: &str) -> ImageAt {
    let colons = text.match_indices(':').map(|(at, _)| at);
    let split = |at: usize| (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
    match colons.map(split).find(|(path, _)| !Path::new(text).exists() && Path::new(path).exists()) {
        Some((path, name)) => ImageAt::Path(path.into(), Some(name.to_owned())),
        None => ImageAt::Path(text.into(), None),
    }
}

/// Whether a name ends as those of images and manifests do.
fn has_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    matches!(ending, "aci" | "tar" | "yaml" | "yml" | "json")
}

/// Whether a file begins as a tar does, or as what tars are compressed with.
fn is_image(path: &Path) -> std::io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(512).read_to_end(&mut head)?;
    Ok(Compression::of(&head) != Compression::None || head.get(257..262) == Some(b"ustar"))
}
