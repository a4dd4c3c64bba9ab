//! Images from registries.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use appc_spec::oci::{self, Imported, Incoming, LayerStreams, OciErrorKind};
use appc_spec::store::{Store, StoredImage};
use pod_core::image::{Descriptor, Platform, Reference};
use pod_core::registry::{Blobs, Cancel, Client, Inspected};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::progress::Progress;

/// Fetches an image from its registry, unless the store has what the name stands for there; and whether it did not.
///
/// Its layers are unpacked and checked as they come. Of several podruns that want the same image, one fetches it.
pub(super) fn fetch(
    store: &Store,
    fetching: &Path,
    client: &Client,
    name: &Reference<'_>,
    cancel: &Cancel,
) -> anyhow::Result<(StoredImage, bool)> {
    let _held = Turn::wait(fetching, name, cancel)?;
    let remote = client.image(name).for_platform(Platform::of_this_program()).cancelled_by(cancel);
    let root = remote.resolve()?;
    if let Some(image) = known(store, name, &root.digest.to_string())? {
        return Ok((image, false));
    }
    let Inspected { root, descriptor, manifest, config, .. } = remote.inspect()?;
    let size = manifest.layers.iter().map(|layer| layer.size).sum();
    let bar = Progress::new(format!("fetching {}", name.familiar()), size);
    let indexes: Vec<_> =
        [root.descriptor.digest].into_iter().filter(|digest| *digest != descriptor.digest).collect();
    let called = name.to_string();
    let options = oci::ImportOptions::new(SystemTime::now()).named(name);
    let import = |blobs| {
        let incoming = Incoming {
            name: &called,
            digest: &descriptor.digest,
            indexes: &indexes,
            manifest: &manifest,
            config: &config,
            layers: &Layers(blobs),
        };
        oci::import_incoming(store, &incoming, &options, &|done| bar.set(done))
    };
    let imported = match import(remote.blobs()?) {
        Err(error) if error.kind() == OciErrorKind::Corrupt => {
            tracing::warn!(image = called, "{error}: once more, from the registry itself");
            import(remote.blobs()?.without_mirrors())
        }
        imported => imported,
    }?;
    tell_not_carried(&imported);
    Ok((imported.image, imported.is_new))
}

/// The layers of an image in a registry.
struct Layers<'a>(Blobs<'a>);

impl LayerStreams for Layers<'_> {
    fn open(&self, layer: &Descriptor) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(self.0.open(layer)))
    }
}

/// The image that the store has by that name and digest: the name stands for it from now on.
fn known(store: &Store, name: &Reference<'_>, digest: &str) -> anyhow::Result<Option<StoredImage>> {
    let Some(id) = store.reference(&format!("{}@{digest}", name.name()))? else { return Ok(None) };
    let image = store.image(&id)?;
    if image.is_some() {
        store.set_reference(&name.to_string(), &id)?;
    }
    Ok(image)
}

/// Says what an image has and no manifest can say.
pub(super) fn tell_not_carried(imported: &Imported) {
    for left in &imported.not_carried {
        tracing::warn!(image = imported.names.first(), "not carried over: {left}");
    }
}

/// Takes away what fetches have left that were cut off.
pub(super) fn sweep(fetching: &Path) -> anyhow::Result<()> {
    let entries = match fs::read_dir(fetching) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("cannot list `{}`", fetching.display()))?,
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        drop(Turn::at_once(&path)?);
    }
    Ok(())
}

/// How often somebody looks whether another process is through with an image.
const LOOK: Duration = Duration::from_millis(100);

/// The right to fetch an image: a lock, which ends with the process. Its file goes away with this value.
#[derive(Debug)]
struct Turn {
    path: PathBuf,
    /// Held as long as this lives.
    _lock: File,
}

impl Turn {
    /// That of an image; waits for whoever fetches it now.
    fn wait(fetching: &Path, name: &Reference<'_>, cancel: &Cancel) -> anyhow::Result<Self> {
        fs::create_dir_all(fetching).with_context(|| format!("cannot make `{}`", fetching.display()))?;
        // No reference has a `+` but within a digest's algorithm, where no name has a `/` or `:`.
        let path = fetching.join(format!("{}.lock", name.to_string().replace(['/', ':'], "+")));
        let doing = || format!("cannot lock `{}`", path.display());
        loop {
            let lock = File::create(&path).with_context(doing)?;
            while let Err(error) = flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                if error != Errno::WOULDBLOCK {
                    return Err(error).with_context(doing);
                }
                anyhow::ensure!(!cancel.is_cancelled(), "cancelled while another process fetches the image");
                std::thread::sleep(LOOK);
            }
            if is_at(&lock, &path).with_context(doing)? {
                return Ok(Self { path, _lock: lock });
            }
        }
    }

    /// That of a file, unless somebody has it.
    fn at_once(path: &Path) -> anyhow::Result<Option<Self>> {
        let doing = || format!("cannot lock `{}`", path.display());
        let lock = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            lock => lock.with_context(doing)?,
        };
        let held = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        let ours = held && is_at(&lock, path).with_context(doing)?;
        Ok(ours.then(|| Self { path: path.to_owned(), _lock: lock }))
    }
}

impl Drop for Turn {
    /// Before the lock ends: whoever waits for it then sees that the file is gone, and makes a new one.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether a file is still what its path names: whoever had its lock before has removed it.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let found = file.metadata()?;
    Ok(fs::metadata(path).is_ok_and(|named| (named.dev(), named.ino()) == (found.dev(), found.ino())))
}
