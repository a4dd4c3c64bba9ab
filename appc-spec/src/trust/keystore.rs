//! Keys on disk, as rkt keeps them (`pkg/keystore`).
#![expect(clippy::disallowed_methods, reason = "keys are files; the feature `trust` says so")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{Fingerprint, Keyring, PublicKey, TrustError, TrustErrorKind};
use crate::discovery::covers;
use crate::{AcIdentifier, Strength};

/// Keys on disk: `trustedkeys/root.d/FINGERPRINT` for all images, `trustedkeys/prefix.d/PREFIX/FINGERPRINT` for those of a prefix, each in the
/// system's directory (`/usr/lib/rkt`) and the administrator's (`/etc/rkt`).
///
/// They are read in the order of system root, local root, system prefix, local prefix; an empty file takes back the key that was read
/// before it. A prefix covers whole parts of a name: `example.com/a` is not `example.com/ab`, as it is for rkt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keystore {
    system: Option<PathBuf>,
    local: Option<PathBuf>,
}

/// For which images a key is believed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All.
    Root,
    /// Those whose names are, or are below, this one.
    Prefix(AcIdentifier),
}

/// A file of a keystore.
#[derive(Debug)]
#[non_exhaustive]
pub struct StoredKey {
    /// Where it is.
    pub path: PathBuf,
    /// For which images it is believed.
    pub scope: Scope,
    /// The fingerprint that is its name.
    pub fingerprint: Fingerprint,
    /// The key; `None` for an empty file, which takes one back.
    pub key: Option<PublicKey>,
}

impl Keystore {
    /// The keystore in these directories; one that is missing has no keys.
    #[must_use]
    pub const fn new(system: Option<PathBuf>, local: Option<PathBuf>) -> Self {
        Self { system, local }
    }

    /// rkt's own directories.
    #[must_use]
    pub fn of_rkt() -> Self {
        Self::new(Some(PathBuf::from("/usr/lib/rkt")), Some(PathBuf::from("/etc/rkt")))
    }

    /// The keys for images of this name, which is the one that was asked for.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, is no key, or has another name than its key's fingerprint: to pass over it could be to pass over a
    /// key that was to be taken back.
    pub fn keyring(&self, name: &AcIdentifier) -> Result<Keyring, TrustError> {
        self.collect(name, true)
    }

    /// Whether a key is believed for a prefix of this name, and not only for all images: who put it there has images of this name in
    /// mind, and that somebody signs them.
    ///
    /// # Errors
    ///
    /// As [`Keystore::keyring`].
    pub fn singles_out(&self, name: &AcIdentifier) -> Result<bool, TrustError> {
        Ok(!self.collect(name, false)?.is_empty())
    }

    fn collect(&self, name: &AcIdentifier, with_roots: bool) -> Result<Keyring, TrustError> {
        let mut keys: BTreeMap<Fingerprint, PublicKey> = BTreeMap::new();
        for stored in self.list()? {
            let counts = match &stored.scope {
                Scope::Root => with_roots,
                Scope::Prefix(prefix) => covers(prefix.as_str(), name),
            };
            match stored.key.filter(|_| counts) {
                Some(key) => drop(keys.insert(stored.fingerprint, key)),
                None if counts => drop(keys.remove(&stored.fingerprint)),
                None => {}
            }
        }
        Ok(Keyring::new(keys.into_values().collect()))
    }

    /// All files in the order in which they count.
    ///
    /// # Errors
    ///
    /// As [`Keystore::keyring`].
    pub fn list(&self) -> Result<Vec<StoredKey>, TrustError> {
        let mut all = Vec::new();
        for kind in ["root.d", "prefix.d"] {
            for base in [&self.system, &self.local].into_iter().flatten() {
                let directory = base.join("trustedkeys").join(kind);
                walk(&directory, &directory, kind == "root.d", &mut all)?;
            }
        }
        Ok(all)
    }

    /// Believes a key from now on: writes it to the administrator's directory, whole or not at all. Gives the file.
    ///
    /// # Errors
    ///
    /// When there is no such directory, or it cannot be written.
    pub fn trust(&self, key: &PublicKey, scope: &Scope) -> Result<PathBuf, TrustError> {
        self.write(scope, key.fingerprint(), key.to_armor()?.as_bytes())
    }

    /// Takes a key back: removes it from the administrator's directory, and masks one of the system by an empty file. Gives whether there
    /// was anything to take back.
    ///
    /// # Errors
    ///
    /// When a file cannot be removed or written.
    pub fn distrust(&self, fingerprint: &Fingerprint, scope: &Scope) -> Result<bool, TrustError> {
        let path = self.path(scope, fingerprint)?;
        let removed = match fs::remove_file(&path) {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(TrustError::io("remove", &path, error)),
        };
        let of_system = self.system.as_ref().map(|system| file(system, scope, fingerprint));
        if of_system.is_some_and(|path| path.exists()) {
            self.write(scope, fingerprint, b"")?;
            return Ok(true);
        }
        Ok(removed)
    }

    fn path(&self, scope: &Scope, fingerprint: &Fingerprint) -> Result<PathBuf, TrustError> {
        let missing = || TrustError::new(TrustErrorKind::Io, "there is no directory to write keys to");
        Ok(file(self.local.as_ref().ok_or_else(missing)?, scope, fingerprint))
    }

    fn write(&self, scope: &Scope, fingerprint: &Fingerprint, text: &[u8]) -> Result<PathBuf, TrustError> {
        let path = self.path(scope, fingerprint)?;
        let parent = path.parent().unwrap_or(&path);
        let failed = |error| TrustError::io("write the key", &path, error);
        fs::create_dir_all(parent).map_err(failed)?;
        // A name that no fingerprint has, so that nobody reads it half written.
        let mut new = tempfile::Builder::new().prefix(".").tempfile_in(parent).map_err(failed)?;
        new.write_all(text).and_then(|()| new.as_file().sync_all()).map_err(failed)?;
        let permissions: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        new.as_file().set_permissions(permissions).map_err(failed)?;
        new.persist(&path).map_err(|error| failed(error.error))?;
        Ok(path)
    }
}

fn file(base: &Path, scope: &Scope, fingerprint: &Fingerprint) -> PathBuf {
    let keys = base.join("trustedkeys");
    let directory = match scope {
        Scope::Root => keys.join("root.d"),
        Scope::Prefix(prefix) => keys.join("prefix.d").join(prefix.as_str()),
    };
    directory.join(fingerprint.as_str())
}

fn walk(top: &Path, directory: &Path, is_root: bool, all: &mut Vec<StoredKey>) -> Result<(), TrustError> {
    let failed = |error| TrustError::io("read the keys in", directory, error);
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort_unstable();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // One that is being written, or an editor's.
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() && !is_root {
            walk(top, &path, is_root, all)?;
        } else {
            let scope = if is_root { Scope::Root } else { scope_of(top, directory)? };
            all.push(read(&path, name, scope)?);
        }
    }
    Ok(())
}

fn scope_of(top: &Path, directory: &Path) -> Result<Scope, TrustError> {
    let prefix = directory.strip_prefix(top).ok().and_then(Path::to_str).unwrap_or_default();
    AcIdentifier::parse(prefix, Strength::Compat).map(Scope::Prefix).map_err(|error| {
        let message = format!("the directory of keys `{}` has no name of images", directory.display());
        TrustError::caused(TrustErrorKind::Malformed, message, error)
    })
}

fn read(path: &Path, name: &str, scope: Scope) -> Result<StoredKey, TrustError> {
    let wrong = |message: &str| {
        TrustError::new(TrustErrorKind::Malformed, format!("the key `{}` {message}", path.display()))
    };
    let fingerprint: Fingerprint = name.parse().map_err(|_| wrong("is not named by a fingerprint"))?;
    let text = fs::read(path).map_err(|error| TrustError::io("read the key", path, error))?;
    if text.is_empty() {
        return Ok(StoredKey { path: path.to_owned(), scope, fingerprint, key: None });
    }
    let keys = PublicKey::read_all(&text).map_err(|error| {
        TrustError::caused(
            TrustErrorKind::Malformed,
            format!("cannot read the key `{}`", path.display()),
            error,
        )
    })?;
    let key = keys.into_iter().next().filter(|key| *key.fingerprint() == fingerprint);
    let key = key.ok_or_else(|| wrong("has another fingerprint than its name says"))?;
    Ok(StoredKey { path: path.to_owned(), scope, fingerprint, key: Some(key) })
}
