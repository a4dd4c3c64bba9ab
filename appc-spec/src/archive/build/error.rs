//! Why an archive was not made.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

/// Why an archive was not made. The cause, if there is one, is its [`Error::source`].
#[derive(Debug)]
pub struct BuildError {
    message: String,
    source: Option<io::Error>,
}

impl BuildError {
    pub(super) fn write(source: io::Error) -> Self {
        Self { message: "cannot write the archive".to_owned(), source: Some(source) }
    }

    pub(super) fn host(doing: &str, path: &Path, source: impl Into<io::Error>) -> Self {
        let message = format!("cannot {doing} `{}`", path.display().to_string().escape_debug());
        Self { message, source: Some(source.into()) }
    }

    pub(super) fn not_a_directory(file: &[u8], below: &[u8]) -> Self {
        let show = |path: &[u8]| String::from_utf8_lossy(path).escape_debug().to_string();
        let message = format!("`/{}` is no directory, but `/{}` is to stand in it", show(file), show(below));
        Self { message, source: None }
    }

    pub(super) fn zstd() -> Self {
        let message =
            "zstd is read but not written: the specification has none, gzip, bzip2 and xz".to_owned();
        Self { message, source: None }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
