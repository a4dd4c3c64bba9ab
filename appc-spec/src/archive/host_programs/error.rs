//! Why a program of the host cannot go into an image.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a program of the host cannot go into an image. The cause, if there is one, is its [`Error::source`].
#[derive(Debug)]
pub struct HostProgramError {
    path: PathBuf,
    needed_by: Option<PathBuf>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    NotAbsolute,
    Read(io::Error),
    NotRegular,
    Script(String),
    NotElf,
    Malformed(object::read::Error),
    Architecture(String, String),
    NotAProgram,
    NoLibrary(String, Vec<PathBuf>),
}

impl HostProgramError {
    fn new(path: &Path, kind: Kind) -> Self {
        Self { path: path.to_owned(), needed_by: None, kind }
    }

    pub(super) fn not_absolute(path: &Path) -> Self {
        Self::new(path, Kind::NotAbsolute)
    }

    pub(super) fn read(path: &Path, error: io::Error) -> Self {
        Self::new(path, Kind::Read(error))
    }

    pub(super) fn not_regular(path: &Path) -> Self {
        Self::new(path, Kind::NotRegular)
    }

    pub(super) fn script(path: &Path, interpreter: String) -> Self {
        Self::new(path, Kind::Script(interpreter))
    }

    pub(super) fn not_elf(path: &Path) -> Self {
        Self::new(path, Kind::NotElf)
    }

    pub(super) fn malformed(path: &Path, error: object::read::Error) -> Self {
        Self::new(path, Kind::Malformed(error))
    }

    pub(super) fn architecture(path: &Path, found: String, host: String) -> Self {
        Self::new(path, Kind::Architecture(found, host))
    }

    pub(super) fn not_a_program(path: &Path) -> Self {
        Self::new(path, Kind::NotAProgram)
    }

    pub(super) fn no_library(path: &Path, name: &OsStr, directories: &[&Path]) -> Self {
        let directories = directories.iter().map(|directory| (*directory).to_owned()).collect();
        Self::new(path, Kind::NoLibrary(name.to_string_lossy().into_owned(), directories))
    }

    /// The same error, of a file that another one needs.
    pub(super) fn needed_by(mut self, path: &Path) -> Self {
        self.needed_by.get_or_insert_with(|| path.to_owned());
        self
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for HostProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            Kind::NotAbsolute => write!(f, "`{path}` is not an absolute path")?,
            Kind::Read(_) => write!(f, "cannot read `{path}`")?,
            Kind::NotRegular => write!(f, "`{path}` is not a regular file")?,
            Kind::Script(interpreter) => write!(
                f,
                "`{path}` is a script for `{}`, and only ELF programs are copied: name the interpreter and add the script as a file",
                interpreter.escape_debug()
            )?,
            Kind::NotElf => write!(f, "`{path}` is no ELF program")?,
            Kind::Malformed(_) => write!(f, "`{path}` is a malformed ELF file")?,
            Kind::Architecture(found, host) => {
                write!(f, "`{path}` is made for {found}, not for this host's {host}")?
            }
            Kind::NotAProgram => {
                write!(f, "`{path}` is an ELF file, but neither a program nor a library that is one")?
            }
            Kind::NoLibrary(name, directories) => {
                write!(f, "the library `{}` that `{path}` needs is in none of", name.escape_debug())?;
                for (index, directory) in directories.iter().enumerate() {
                    write!(f, "{} `{}`", if index == 0 { "" } else { "," }, directory.display())?;
                }
            }
        }
        match &self.needed_by {
            Some(by) => write!(f, " (needed by `{}`)", by.display()),
            None => Ok(()),
        }
    }
}

impl Error for HostProgramError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Read(error) => Some(error),
            Kind::Malformed(error) => Some(error),
            _ => None,
        }
    }
}
