//! Digests, computed while the bytes pass by.

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::{Algorithm, Digest};

/// A hash under way, to check a content against its digest without holding it.
///
/// ```
/// use pod_core::image::{Digest, Hasher};
///
/// let digest = Digest::parse("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")?;
/// let mut hasher = Hasher::of(&digest).ok_or("an algorithm that nobody registered")?;
/// for part in [b"hel", b"lo".as_slice()] {
///     hasher.update(part);
/// }
/// assert_eq!(hasher.finish(), digest);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Hasher(State);

#[derive(Debug, Clone)]
enum State {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    /// A hash by this algorithm, of no bytes yet.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha384 => State::Sha384(Sha384::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// The hash of a digest's algorithm; `None` for an algorithm that is not known, whose contents cannot be checked.
    #[must_use]
    pub fn of(digest: &Digest<'_>) -> Option<Self> {
        digest.registered().map(Self::new)
    }

    /// Takes the next bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(hash) => hash.update(bytes),
            State::Sha384(hash) => hash.update(bytes),
            State::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The digest of all bytes.
    #[must_use]
    pub fn finish(self) -> Digest<'static> {
        match self.0 {
            State::Sha256(hash) => Digest::of_hash("sha256", &hash.finalize()),
            State::Sha384(hash) => Digest::of_hash("sha384", &hash.finalize()),
            State::Sha512(hash) => Digest::of_hash("sha512", &hash.finalize()),
        }
    }
}

impl Digest<'_> {
    /// Whether bytes have this digest. Of an unknown algorithm none have.
    #[must_use]
    pub fn matches(&self, bytes: &[u8]) -> bool {
        Hasher::of(self).is_some_and(|mut hasher| {
            hasher.update(bytes);
            hasher.finish() == *self
        })
    }

    /// The SHA-256 digest of bytes.
    #[must_use]
    pub fn sha256(bytes: &[u8]) -> Digest<'static> {
        Digest::of_hash("sha256", &Sha256::digest(bytes))
    }
}
