//! All layers of an image, several at once.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::layer::{Layer, Reading};
use super::source::Picked;
use super::tree::Tree;
use super::{ImportOptions, OciError, OciErrorKind};

/// Reads all layers, several at once, and puts them over one another. Temporary files are made in `scratch`; `name` is what errors call the
/// image.
pub(super) fn read(
    scratch: &Path,
    name: &str,
    picked: &Picked<'_>,
    options: &ImportOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(Vec<Layer>, Tree), OciError> {
    let reading = Reading {
        scratch,
        limits: &options.limits,
        plain: AtomicU64::new(0),
        entries: AtomicU64::new(0),
        done: AtomicU64::new(0),
        progress,
    };
    let layers = in_parallel(picked.layers.len(), |index| {
        picked.layers.get(index).map(|layer| reading.layer(layer)).transpose()
    })?;
    let mut tree = Tree::default();
    for (layer, from) in layers.iter().zip(&picked.layers) {
        tree.apply(&layer.entries).map_err(|error| {
            let layer = from.name.escape_debug();
            let doing = format!("cannot put the layer `{layer}` of `{name}` in its place");
            OciError::caused(OciErrorKind::Format, doing, error)
        })?;
    }
    Ok((layers, tree))
}

/// Does something for each number below `count`, on all processors. The results are in order; of several failures the first one to
/// happen counts.
fn in_parallel<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<Option<T>, OciError> + Sync,
) -> Result<Vec<T>, OciError> {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(count);
    let next = AtomicUsize::new(0);
    let results = Mutex::new((Vec::new(), None));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let result = work(index);
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    match result {
                        Ok(done) => results.0.extend(done.map(|done| (index, done))),
                        Err(error) => {
                            results.1.get_or_insert(error);
                            next.store(count, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    let (mut done, failure) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    match failure {
        Some(error) => Err(error),
        None => Ok(done.into_iter().map(|(_, done)| done).collect()),
    }
}
