//! Programs of the host as files of an image, with what they need to run.
//!
//! The libraries are found by reading ELF headers and looking where the loader would look (ld.so(8)), not by asking the
//! loader with `--list`: that would start a program of the host for each one, and could not say of a file why it is refused.
//! In the image there is no cache of the loader (`ld.so.cache`), so a library that the host has in a directory known by
//! `/etc/ld.so.conf` only gets a link next to the C library, where the loader looks without being told.

mod elf;
mod error;
mod search;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use elf::Elf;
pub use error::HostProgramError;
use search::Search;

use super::ImageBuilder;

/// How many symbolic links are followed for one path (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Where executors mount something, besides `/tmp` and `/etc` (executor specification, "Filesystem Setup").
const EMPTY: [(&str, u32); 4] = [("dev", 0o755), ("proc", 0o555), ("root", 0o700), ("sys", 0o555)];

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n";
const GROUP: &str = "root:x:0:\nnobody:x:65534:\n";

/// Adds programs, their loaders and libraries, and the few files that every image should have.
pub(super) fn add(builder: &mut ImageBuilder, programs: &[&Path]) -> Result<(), HostProgramError> {
    let mut closure = Closure { builder, read: BTreeMap::new(), queue: VecDeque::new() };
    for program in programs {
        if !program.is_absolute() {
            return Err(HostProgramError::not_absolute(program));
        }
        closure.program(program)?;
    }
    closure.libraries()?;
    base(builder);
    Ok(())
}

/// Adds what a root file system must have, unless it is there.
fn base(builder: &mut ImageBuilder) {
    for (path, mode) in EMPTY.into_iter().chain([("tmp", 0o1777), ("etc", 0o755)]) {
        if !builder.has(path.as_bytes()) {
            builder.put_directory(path.as_bytes(), mode);
        }
    }
    for (path, text) in [("etc/passwd", PASSWD), ("etc/group", GROUP)] {
        if !builder.has(path.as_bytes()) {
            builder.put_file(path.as_bytes(), 0o644, text.into());
        }
    }
}

struct Closure<'a> {
    builder: &'a mut ImageBuilder,
    /// What has been added, by its path without links.
    read: BTreeMap<PathBuf, ()>,
    /// Programs and libraries whose needs have not been looked at.
    queue: VecDeque<Needs>,
}

/// What a program or a library needs.
struct Needs {
    /// Its own path without links.
    path: PathBuf,
    elf: Elf,
    /// The loader of the program that started the search; it decides where to look.
    loader: Option<PathBuf>,
    /// The directories that the objects which asked for it add to its own search (DT_RPATH).
    inherited: Vec<PathBuf>,
}

impl Closure<'_> {
    fn program(&mut self, path: &Path) -> Result<(), HostProgramError> {
        let real = self.copy(path)?;
        let elf = Elf::read(path, &real)?;
        if !elf.is_program {
            return Err(HostProgramError::not_a_program(path));
        }
        let loader = elf.interpreter.clone();
        if let Some(loader) = &loader {
            let real = self.copy(loader).map_err(|error| error.needed_by(path))?;
            self.read.insert(real, ());
        }
        self.queue.push_back(Needs { path: real, elf, loader, inherited: Vec::new() });
        Ok(())
    }

    /// Adds the libraries that are needed by what was added, until nothing is missing.
    fn libraries(&mut self) -> Result<(), HostProgramError> {
        while let Some(needs) = self.queue.pop_front() {
            let search = Search::new(needs.loader.as_deref(), &needs.path, &needs.elf, &needs.inherited);
            for name in &needs.elf.needed {
                self.library(name, &needs, &search)?;
            }
        }
        Ok(())
    }

    fn library(&mut self, name: &OsStr, needs: &Needs, search: &Search) -> Result<(), HostProgramError> {
        // The loader itself is often named as a library too, and is found by its name wherever it is.
        if needs.loader.as_deref().and_then(Path::file_name) == Some(name) {
            return Ok(());
        }
        let found = search.find(name, needs.elf.kind).ok_or_else(|| {
            HostProgramError::no_library(&needs.path, name, &search.directories().collect::<Vec<_>>())
        })?;
        let real = self.copy(&found.path).map_err(|error| error.needed_by(&needs.path))?;
        if found.only_by_cache {
            self.link_where_the_loader_looks(name, &found.path, search);
        }
        if self.read.insert(real.clone(), ()).is_some() {
            return Ok(());
        }
        let elf = Elf::read(&found.path, &real)?;
        let inherited = search.inherited().to_vec();
        self.queue.push_back(Needs { path: real, elf, loader: needs.loader.clone(), inherited });
        Ok(())
    }

    fn link_where_the_loader_looks(&mut self, name: &OsStr, path: &Path, search: &Search) {
        self.add_link(&search.trusted_directory().join(name), path);
    }

    /// Adds a file of the host and every symbolic link on the way to it; returns its path without links.
    fn copy(&mut self, path: &Path) -> Result<PathBuf, HostProgramError> {
        let failed = |error| HostProgramError::read(path, error);
        let mut links = 0;
        let mut real = PathBuf::from("/");
        // The parts that are left to walk, the next one last.
        let mut left: Vec<PathBuf> = components(path);
        while let Some(part) = left.pop() {
            if part == Path::new("..") {
                real.pop();
                continue;
            }
            let here = real.join(&part);
            let found = fs::symlink_metadata(&here).map_err(failed)?;
            if found.is_symlink() {
                links += 1;
                if links > MAX_LINKS {
                    return Err(failed(rustix::io::Errno::LOOP.into()));
                }
                let target = fs::read_link(&here).map_err(failed)?;
                self.add_link(&here, &target);
                if target.is_absolute() {
                    real = PathBuf::from("/");
                }
                left.extend(components(&target));
                continue;
            }
            if found.is_dir() == left.is_empty() {
                return Err(failed(if found.is_dir() {
                    std::io::ErrorKind::IsADirectory.into()
                } else {
                    std::io::ErrorKind::NotADirectory.into()
                }));
            }
            real = here;
        }
        let found = fs::metadata(&real).map_err(failed)?;
        if !found.is_file() {
            return Err(HostProgramError::not_regular(path));
        }
        // Who may read the host's file is the host's affair; a set-user-ID program has no business in another root.
        let mode = 0o644 | (found.permissions().mode() & 0o111);
        self.builder.host_file(real.as_os_str().as_bytes(), mode, found.size(), &real);
        Ok(real)
    }

    fn add_link(&mut self, path: &Path, target: &Path) {
        let path = path.as_os_str().as_bytes();
        if !self.builder.has(path) {
            self.builder.put_symlink(path, target.as_os_str().as_bytes());
        }
    }
}

/// The parts of a path, the first one last.
fn components(path: &Path) -> Vec<PathBuf> {
    let parts = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    let mut parts: Vec<PathBuf> = parts.map(|part| PathBuf::from(part.as_os_str())).collect();
    parts.reverse();
    parts
}

/// Directories without repetition, in order.
fn unique(directories: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    directories.into_iter().filter(|directory| seen.insert(directory.clone())).collect()
}
