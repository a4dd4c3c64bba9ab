//! Digests, computed while the bytes pass by.

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::image::{Algorithm, Digest};

/// A hash under way.
#[derive(Clone)]
pub(super) enum Hasher {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    /// The hash of a digest's algorithm; `None` for an algorithm that is not known, whose contents cannot be checked.
    pub(super) fn of(digest: &Digest<'_>) -> Option<Self> {
        match digest.registered()? {
            Algorithm::Sha256 => Some(Self::Sha256(Sha256::new())),
            Algorithm::Sha384 => Some(Self::Sha384(Sha384::new())),
            Algorithm::Sha512 => Some(Self::Sha512(Sha512::new())),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha384(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The hash in hexadecimal digits.
    pub(super) fn finish(self) -> String {
        match self {
            Self::Sha256(hash) => hex(&hash.finalize()),
            Self::Sha384(hash) => hex(&hash.finalize()),
            Self::Sha512(hash) => hex(&hash.finalize()),
        }
    }
}

/// Whether bytes have that digest. Of an unknown algorithm none have.
pub(super) fn matches(digest: &Digest<'_>, bytes: &[u8]) -> bool {
    Hasher::of(digest).is_some_and(|mut hasher| {
        hasher.update(bytes);
        hasher.finish() == digest.encoded()
    })
}

/// The SHA-256 digest of bytes.
pub(super) fn sha256(bytes: &[u8]) -> Digest<'static> {
    let text = format!("sha256:{}", hex(&Sha256::digest(bytes)));
    // Sixty-four hexadecimal digits are a digest.
    Digest::try_from(text).unwrap_or_else(|_| unreachable!())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
