//! Where results go: files that are whole or not there, directories that were empty.

use std::fs::{self, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail};

/// Writes beside the file and renames, so that it is whole or not there.
pub(crate) fn write_beside<T>(
    out: &Path,
    overwrite: bool,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let doing = || format!("cannot write `{}`", out.display());
    let parent =
        out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    if !parent.is_dir() {
        bail!("cannot write `{}`: there is no directory `{}`", out.display(), parent.display());
    }
    // As any other program makes a file: the umask decides.
    let permissions = Permissions::from_mode(0o666);
    let mut file =
        tempfile::Builder::new().permissions(permissions).tempfile_in(parent).with_context(doing)?;
    let mut buffered = BufWriter::new(&mut file);
    let written = write(&mut buffered)?;
    buffered.flush().with_context(doing)?;
    drop(buffered);
    let kept = if overwrite { file.persist(out) } else { file.persist_noclobber(out) };
    match kept.map_err(|error| error.error) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("`{}` is there already: `--overwrite` writes over it", out.display())
        }
        kept => kept.map(|_| written).with_context(doing),
    }
}

/// Makes the directory, or sees that it is empty.
pub(crate) fn empty_directory(dir: &Path) -> anyhow::Result<()> {
    match fs::create_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let mut entries =
                fs::read_dir(dir).with_context(|| format!("cannot list `{}`", dir.display()))?;
            if entries.next().is_some() {
                bail!("`{}` is not empty: an image is unpacked to a directory of its own", dir.display());
            }
            Ok(())
        }
        made => made.with_context(|| format!("cannot make `{}`", dir.display())),
    }
}
