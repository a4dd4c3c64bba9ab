//! Where the loader looks for a library (ld.so(8), "DESCRIPTION"; musl's `dynlink.c`).
#![expect(clippy::disallowed_methods, reason = "it looks into directories; the feature `archive` says so")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::elf::{Elf, ElfKind};
use super::unique;

/// How deeply files of `/etc/ld.so.conf` may include others.
const MAX_INCLUDES: usize = 8;

/// The directories in which the needs of one file are searched.
pub(super) struct Search {
    /// What the file itself and those that loaded it name.
    named: Vec<PathBuf>,
    /// Directories that the loader knows by its cache only.
    cached: Vec<PathBuf>,
    /// Directories that it always looks into.
    trusted: Vec<PathBuf>,
    /// What the files that are found inherit.
    inherited: Vec<PathBuf>,
}

/// A library that was found.
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Whether the loader finds it only by its cache, which an image does not have.
    pub(super) only_by_cache: bool,
}

impl Search {
    pub(super) fn new(loader: Option<&Path>, file: &Path, elf: &Elf, inherited: &[PathBuf]) -> Self {
        let origin = file.parent().unwrap_or_else(|| Path::new("/"));
        let expand = |list: &[OsString]| list.iter().map(|text| expand(text, origin)).collect::<Vec<_>>();
        let (rpath, runpath) = (expand(&elf.rpath), expand(&elf.runpath));
        // A file with DT_RUNPATH has its DT_RPATH, and those of its loaders, ignored.
        let named = if runpath.is_empty() { [rpath.as_slice(), inherited].concat() } else { runpath.clone() };
        let handed_down =
            if runpath.is_empty() { [rpath.as_slice(), inherited].concat() } else { inherited.to_vec() };
        let musl = loader
            .and_then(Path::file_name)
            .and_then(OsStr::to_str)
            .and_then(|name| name.strip_prefix("ld-musl-")?.split('.').next());
        let (cached, trusted) = match musl {
            Some(arch) => musl_directories(arch),
            None => (configured(Path::new("/etc/ld.so.conf"), 0), glibc_directories(loader)),
        };
        Self { named: unique(named), cached, trusted, inherited: unique(handed_down) }
    }

    /// All directories, in order.
    pub(super) fn directories(&self) -> impl Iterator<Item = &Path> {
        self.named.iter().chain(&self.cached).chain(&self.trusted).map(PathBuf::as_path)
    }

    /// What the files that are found add to their own search.
    pub(super) fn inherited(&self) -> &[PathBuf] {
        &self.inherited
    }

    /// A directory of this host into which the loader always looks: the one with the C library.
    pub(super) fn trusted_directory(&self) -> &Path {
        let has_libc =
            |directory: &&PathBuf| directory.join("libc.so.6").exists() || directory.join("libc.so").exists();
        let exists = |directory: &&PathBuf| directory.is_dir();
        self.trusted
            .iter()
            .find(has_libc)
            .or_else(|| self.trusted.iter().find(exists))
            .map_or_else(|| Path::new("/lib"), PathBuf::as_path)
    }

    /// The first file of that name that is made for this machine.
    pub(super) fn find(&self, name: &OsStr, kind: ElfKind) -> Option<Found> {
        let fits = |path: &PathBuf| ElfKind::of_file(path) == Some(kind);
        if name.as_bytes().contains(&b'/') {
            let path = PathBuf::from(name);
            return fits(&path).then_some(Found { path, only_by_cache: false });
        }
        let first = |list: &[PathBuf]| list.iter().map(|directory| directory.join(name)).find(fits);
        if let Some(path) = first(&self.named) {
            return Some(Found { path, only_by_cache: false });
        }
        if let Some(path) = first(&self.cached) {
            let only_by_cache =
                !self.trusted.iter().any(|directory| Some(directory.as_path()) == path.parent());
            return Some(Found { path, only_by_cache });
        }
        first(&self.trusted).map(|path| Found { path, only_by_cache: false })
    }
}

/// Replaces `$ORIGIN` and `${ORIGIN}`.
fn expand(text: &OsStr, origin: &Path) -> PathBuf {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    'text: while let Some((first, after)) = rest.split_first() {
        for name in [b"$ORIGIN".as_slice(), b"${ORIGIN}"] {
            if let Some(after) = rest.strip_prefix(name) {
                out.extend_from_slice(origin.as_os_str().as_bytes());
                rest = after;
                continue 'text;
            }
        }
        out.push(*first);
        rest = after;
    }
    PathBuf::from(OsString::from_vec(out))
}

/// The directories of a file like `/etc/ld.so.conf` (ldconfig(8)).
fn configured(file: &Path, depth: usize) -> Vec<PathBuf> {
    let Ok(text) = fs::read(file) else { return Vec::new() };
    let mut directories = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.split(|byte| *byte == b'#').next().unwrap_or_default().trim_ascii();
        match line.strip_prefix(b"include").filter(|rest| rest.starts_with(b" ") || rest.starts_with(b"\t")) {
            Some(pattern) if depth < MAX_INCLUDES => {
                for included in included(Path::new(OsStr::from_bytes(pattern.trim_ascii())), file) {
                    directories.extend(configured(&included, depth + 1));
                }
            }
            Some(_) => {}
            None if line.starts_with(b"/") => {
                // `directory=libc6` is an old way to say what its libraries are for.
                let path = line.split(|byte| *byte == b'=').next().unwrap_or_default();
                directories.push(PathBuf::from(OsStr::from_bytes(path)));
            }
            None => {}
        }
    }
    unique(directories)
}

/// The files that a pattern names, sorted. A `*` may stand once, in the last part; that is how distributions write it.
fn included(pattern: &Path, file: &Path) -> Vec<PathBuf> {
    let pattern = file.parent().unwrap_or_else(|| Path::new("/")).join(pattern);
    let (Some(directory), Some(name)) = (pattern.parent(), pattern.file_name()) else { return Vec::new() };
    let name = name.as_bytes();
    let Some(star) = name.iter().position(|byte| *byte == b'*') else { return vec![pattern] };
    let (before, after) = (name.get(..star).unwrap_or_default(), name.get(star + 1..).unwrap_or_default());
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.file_name())
        .filter(|name| {
            let name = name.as_bytes();
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        })
        .map(|name| directory.join(name))
        .collect();
    files.sort();
    files
}

/// The directories that glibc's loader always looks into: which ones is decided when it is built, so all that distributions
/// use are tried, those of the loader's own kind first.
fn glibc_directories(loader: Option<&Path>) -> Vec<PathBuf> {
    let mut directories = Vec::new();
    // Debian has them in a directory named for the machine, which is where its loader really is.
    if let Some(real) = loader.and_then(|loader| fs::canonicalize(loader).ok())
        && let Some(directory) = real.parent()
    {
        if let Ok(below_usr) = directory.strip_prefix("/usr") {
            directories.push(Path::new("/").join(below_usr));
        }
        directories.push(directory.to_owned());
    }
    let wide = ["/lib64", "/usr/lib64"].map(PathBuf::from);
    let plain = ["/lib", "/usr/lib"].map(PathBuf::from);
    let triples = ["/lib", "/usr/lib"]
        .map(|parent| Path::new(parent).join(format!("{}-linux-gnu", std::env::consts::ARCH)));
    directories.extend(triples);
    if cfg!(target_pointer_width = "64") {
        directories.extend(wide);
    }
    directories.extend(plain);
    unique(directories.into_iter().filter(|directory| directory.is_dir()))
}

/// The directories that musl's loader looks into: those of its configuration, which replace its own.
fn musl_directories(arch: &str) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let own: Vec<PathBuf> = ["/lib", "/usr/local/lib", "/usr/lib"].map(PathBuf::from).to_vec();
    match fs::read(format!("/etc/ld-musl-{arch}.path")) {
        Ok(text) => {
            let lines = text.split(|byte| matches!(byte, b'\n' | b':')).map(<[u8]>::trim_ascii);
            let configured =
                lines.filter(|line| !line.is_empty()).map(|line| PathBuf::from(OsStr::from_bytes(line)));
            (unique(configured), own)
        }
        Err(_) => (Vec::new(), own),
    }
}
