//! An image file, and the pass over it.

use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::Context;
use appc_spec::Strength;
use appc_spec::archive::{ArchiveError, ScanOptions, Summary};

use crate::progress::Progress;

/// An image file that is open.
pub(super) struct Source {
    name: String,
    file: File,
    progress: Progress,
}

impl Source {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let open = || -> io::Result<(File, u64)> {
            let file = File::open(path)?;
            let size = file.metadata()?.len();
            Ok((file, size))
        };
        let (file, size) = open().with_context(|| format!("cannot open `{name}`"))?;
        Ok(Self { progress: Progress::new(name.clone(), size), name, file })
    }

    /// Reads it once, and only checks it.
    pub(super) fn scan(self, strength: Strength) -> Result<Summary, ArchiveError> {
        self.pass(strength, appc_spec::archive::scan)
    }

    /// Reads it once, in whatever way.
    pub(super) fn pass<T>(
        self,
        strength: Strength,
        pass: impl FnOnce(&str, File, &ScanOptions, &mut dyn FnMut(u64)) -> T,
    ) -> T {
        let Self { name, file, progress } = self;
        pass(&name, file, &ScanOptions::new(strength), &mut |done| progress.set(done))
    }
}
