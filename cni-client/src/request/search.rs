//! `CNI_PATH`.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The folders that plugins are searched in, in order; plugins find their own helpers there, too.
///
/// ```
/// use cni_client::request::SearchPath;
///
/// let path: SearchPath = "/opt/cni/bin:/usr/lib/cni".parse()?;
/// assert_eq!(path.folders().count(), 2);
/// // An empty entry would be the working directory of whoever calls.
/// assert!("/opt/cni/bin:".parse::<SearchPath>().is_err());
/// # Ok::<(), cni_client::request::ParseSearchPathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPath {
    folders: Vec<PathBuf>,
    joined: OsString,
}

impl SearchPath {
    /// These folders.
    ///
    /// # Errors
    ///
    /// On no folder, an empty path, and a path with the separator (`:`, on Windows `;`) or a zero byte in it.
    pub fn new(folders: impl IntoIterator<Item = impl Into<PathBuf>>) -> Result<Self, ParseSearchPathError> {
        let folders: Vec<PathBuf> = folders.into_iter().map(Into::into).collect();
        if folders.is_empty() {
            return Err(ParseSearchPathError(Kind::None));
        }
        if let Some(at) = folders.iter().position(|folder| folder.as_os_str().is_empty()) {
            return Err(ParseSearchPathError(Kind::Empty(at)));
        }
        if let Some(folder) = folders.iter().find(|folder| folder.as_os_str().as_encoded_bytes().contains(&0))
        {
            return Err(ParseSearchPathError(Kind::Separator(folder.clone())));
        }
        match std::env::join_paths(&folders) {
            Ok(joined) => Ok(Self { folders, joined }),
            Err(_) => {
                let bad = |folder: &&PathBuf| std::env::join_paths([folder]).is_err();
                let folder = folders.iter().find(bad).cloned().unwrap_or_default();
                Err(ParseSearchPathError(Kind::Separator(folder)))
            }
        }
    }

    /// The folders in order.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.folders.iter().map(PathBuf::as_path)
    }

    /// The value of the variable.
    #[must_use]
    pub fn as_os_str(&self) -> &OsStr {
        &self.joined
    }
}

impl FromStr for SearchPath {
    type Err = ParseSearchPathError;

    /// # Errors
    ///
    /// On an empty text and an empty entry (`/a::/b`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ParseSearchPathError(Kind::None));
        }
        Self::new(std::env::split_paths(text))
    }
}

/// Why something is no search path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseSearchPathError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    None,
    Empty(usize),
    Separator(PathBuf),
}

impl fmt::Display for ParseSearchPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::None => f.write_str("no folder to search plugins in"),
            Kind::Empty(at) => write!(f, "entry {at} of the plugin search path is empty"),
            Kind::Separator(folder) => {
                write!(f, "`{}` cannot be in a search path: it has a separator in it", folder.display())
            }
        }
    }
}

impl std::error::Error for ParseSearchPathError {}
