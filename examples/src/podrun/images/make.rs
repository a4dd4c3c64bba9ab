//! Images of programs of this machine.

use std::collections::BTreeSet;
use std::io::{BufWriter, Seek, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::Context;
use appc_spec::archive::{BuildOptions, Compression};
use appc_spec::store::{ImportOptions, Store, StoredImage};
use appc_spec::{Strength, lower};
use pod_core::image::Reference;

use crate::host_image;
use crate::progress::Progress;

/// Makes an image of these programs, under that name.
pub(super) fn make(
    store: &Store,
    name: &Reference<'_>,
    programs: &BTreeSet<PathBuf>,
) -> anyhow::Result<StoredImage> {
    let image = name.familiar().to_string();
    let programs: Vec<_> = programs.iter().collect();
    let builder = host_image::builder(&lower::app_string(name)?, &programs, &[])?;
    let mut archive = tempfile::tempfile_in(store.directory()).context("cannot make a temporary file")?;
    // Nobody keeps these bytes as they are, so there is no need to make them small.
    let options = BuildOptions::reproducible().compression(Compression::None);
    let mut progress = Progress::new(format!("making {image}"), 0);
    let mut out = BufWriter::new(Counted { out: &mut archive, count: 0, progress: &mut progress });
    let built = builder.write(&mut out, &options)?;
    drop(out);
    archive.rewind().context("cannot rewind a temporary file")?;
    progress = Progress::new(format!("importing {image}"), built.size);
    let options = ImportOptions::new(Strength::Strict, SystemTime::now());
    let imported = store.import(&image, &mut archive, &options, &mut |done| progress.set(done))?;
    store.set_reference(&name.to_string(), imported.image.id())?;
    tracing::info!(image, id = %imported.image.id(), new = imported.is_new, "made of programs of this machine");
    Ok(imported.image)
}

/// Tells how much was written.
struct Counted<'a, W> {
    out: W,
    count: u64,
    progress: &'a mut Progress,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.count += count as u64;
        self.progress.set(self.count);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}
