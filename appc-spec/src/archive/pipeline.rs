//! Reading, undoing the compression and hashing at the same time.
//!
//! One thread reads and decompresses, one hashes, and the caller's looks at the tar: a gzip archive takes about as long as its
//! decompression alone. What is over before the first piece is full needs no threads.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use sha2::{Digest, Sha512};

/// How many bytes of tar are handed on at once.
const PIECE: usize = 256 << 10;

/// How many pieces may wait for a thread that is slower.
const AHEAD: usize = 4;

type Piece = Arc<Vec<u8>>;

/// The bytes of a tar in order, and in the end their hash.
pub(super) struct Pieces<'scope> {
    feed: Feed<'scope>,
}

enum Feed<'scope> {
    /// All there is.
    Whole {
        bytes: Option<Vec<u8>>,
        digest: [u8; 64],
    },
    Threads {
        pieces: Receiver<io::Result<Piece>>,
        hash: ScopedJoinHandle<'scope, [u8; 64]>,
    },
}

/// Counts the bytes that are read of a source, for whoever watches from another thread.
pub(super) struct Counted<'a, R> {
    reader: R,
    count: &'a AtomicU64,
}

impl<'a, R> Counted<'a, R> {
    pub(super) const fn new(reader: R, count: &'a AtomicU64) -> Self {
        Self { reader, count }
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<'scope> Pieces<'scope> {
    /// Begins to read. What fails at the very start fails here.
    pub(super) fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        mut reader: Box<dyn Read + Send + 'scope>,
    ) -> io::Result<Self> {
        let first = piece(&mut *reader)?;
        if first.len() < PIECE {
            let digest = Sha512::digest(&first).into();
            return Ok(Self { feed: Feed::Whole { bytes: Some(first), digest } });
        }
        let (to_caller, pieces) = sync_channel(AHEAD);
        let (to_hash, hashed) = sync_channel(AHEAD);
        scope.spawn(move || produce(first, reader, &to_caller, &to_hash));
        let hash = scope.spawn(move || {
            let mut hash = Sha512::new();
            hashed.iter().for_each(|piece: Piece| hash.update(piece.as_slice()));
            hash.finalize().into()
        });
        Ok(Self { feed: Feed::Threads { pieces, hash } })
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece>> {
        match &mut self.feed {
            Feed::Whole { bytes, .. } => Ok(bytes.take().map(Arc::new)),
            Feed::Threads { pieces, .. } => pieces.recv().ok().transpose(),
        }
    }

    /// The hash of all that was read. Only at the end it is that of the whole.
    pub(super) fn digest(self) -> [u8; 64] {
        match self.feed {
            Feed::Whole { digest, .. } => digest,
            Feed::Threads { pieces, hash } => {
                drop(pieces);
                match hash.join() {
                    Ok(digest) => digest,
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        }
    }
}

/// Reads on until the end, an error, or nobody listens.
fn produce(
    first: Vec<u8>,
    mut reader: Box<dyn Read + Send + '_>,
    to_caller: &SyncSender<io::Result<Piece>>,
    to_hash: &SyncSender<Piece>,
) {
    let mut next = Ok(first);
    loop {
        match next {
            Ok(bytes) if bytes.is_empty() => return,
            Ok(bytes) => {
                let piece = Arc::new(bytes);
                if to_hash.send(piece.clone()).is_err() || to_caller.send(Ok(piece)).is_err() {
                    return;
                }
            }
            Err(error) => {
                // Nobody listens any more, or it was the last that they hear.
                let _ = to_caller.send(Err(error));
                return;
            }
        }
        next = piece(&mut *reader);
    }
}

/// As much as a piece holds, less only at the end.
fn piece(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(PIECE);
    reader.take(PIECE as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
