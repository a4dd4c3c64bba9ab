//! Keys that are believed for one name, and what they have signed.

use std::collections::BTreeSet;
use std::io::Read;
use std::time::SystemTime;

use pgp::composed::{Deserializable, DetachedSignature};
use pgp::packet::{Signature, SignatureType};

use super::key::{Signer, TOLERANCE, is_over, is_strong};
use super::{Fingerprint, PublicKey, TrustError, TrustErrorKind};

/// The most bytes of a signature, and how many may stand in one file.
const MAX_SIGNATURE: usize = 256 << 10;
const MAX_SIGNATURES: usize = 32;

/// Keys that are believed for one name.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    keys: Vec<PublicKey>,
    pinned: Option<BTreeSet<Fingerprint>>,
}

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signed {
    /// The key of whom it is.
    pub key: Fingerprint,
    /// The subkey that made it, if it was not the key itself.
    pub subkey: Option<Fingerprint>,
    /// When it says it was made.
    pub at: SystemTime,
    /// The names that the key gives its owner.
    pub owners: Vec<String>,
}

impl Keyring {
    /// These keys.
    #[must_use]
    pub const fn new(keys: Vec<PublicKey>) -> Self {
        Self { keys, pinned: None }
    }

    /// The same, of which only the keys with these fingerprints count.
    #[must_use]
    pub fn pinned(mut self, fingerprints: impl IntoIterator<Item = Fingerprint>) -> Self {
        self.pinned = Some(fingerprints.into_iter().collect());
        self
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        let counts =
            |key: &&PublicKey| self.pinned.as_ref().is_none_or(|pinned| pinned.contains(key.fingerprint()));
        self.keys.iter().filter(counts)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys().next().is_none()
    }

    /// Whether somebody who is believed says to have made a signature, before the bytes are there. That alone proves nothing.
    ///
    /// # Errors
    ///
    /// As [`Keyring::verify`], but for the bytes.
    pub fn check(&self, signature: &[u8], now: SystemTime) -> Result<(), TrustError> {
        self.choose(&signatures(signature)?, now).map(|_| ())
    }

    /// Checks a detached signature, armored or not, over bytes as they were downloaded, to their end.
    ///
    /// Of several signatures in one file the first counts whose key is here and may sign.
    ///
    /// # Errors
    ///
    /// When it is no signature; when its key is not here, or may not have signed (see the [module](super)); and when the bytes are not
    /// those that were signed.
    pub fn verify(&self, signature: &[u8], bytes: impl Read, now: SystemTime) -> Result<Signed, TrustError> {
        let signatures = signatures(signature)?;
        let (key, signer, signature) = self.choose(&signatures, now)?;
        let (verified, subkey) = match signer {
            Signer::Primary(key) => (signature.verify(&key.primary_key, bytes), None),
            Signer::Subkey(subkey) => {
                let fingerprint = format!("{:x}", pgp::types::KeyDetails::fingerprint(&subkey.key));
                (signature.verify(&subkey.key, bytes), fingerprint.parse().ok())
            }
        };
        verified.map_err(|error| {
            let message = format!("the signature of `{}` does not fit the bytes", key.fingerprint());
            TrustError::caused(TrustErrorKind::BadSignature, message, error)
        })?;
        Ok(Signed {
            key: key.fingerprint().clone(),
            subkey,
            at: signature.created().map_or(SystemTime::UNIX_EPOCH, SystemTime::from),
            owners: key.owners(),
        })
    }

    fn choose<'s>(
        &self,
        signatures: &'s [Signature],
        now: SystemTime,
    ) -> Result<(&PublicKey, Signer<'_>, &'s Signature), TrustError> {
        let mut fault = None;
        for signature in signatures {
            for key in self.keys() {
                let Some(signer) = key.signer(signature, now) else { continue };
                match signer.and_then(|signer| acceptable(signature, key, signer, now).map(|()| signer)) {
                    Ok(signer) => return Ok((key, signer, signature)),
                    Err(error) => drop(fault.get_or_insert(error)),
                }
            }
        }
        Err(fault.unwrap_or_else(|| unknown(signatures)))
    }
}

fn unknown(signatures: &[Signature]) -> TrustError {
    let mut issuers: Vec<String> = Vec::new();
    for signature in signatures {
        issuers.extend(signature.issuer_fingerprint().into_iter().map(|one| format!("`{one:x}`")));
        if signature.issuer_fingerprint().is_empty() {
            issuers.extend(signature.issuer_key_id().into_iter().map(|one| format!("`{one}`")));
        }
    }
    let by = if issuers.is_empty() { "nobody".to_owned() } else { issuers.join(", ") };
    let message = format!("the signature is by {by}, of whom no key is believed for this image");
    TrustError::new(TrustErrorKind::UnknownSigner, message)
}

/// Checks what a signature says of itself.
fn acceptable(
    signature: &Signature,
    key: &PublicKey,
    signer: Signer<'_>,
    now: SystemTime,
) -> Result<(), TrustError> {
    let by = key.fingerprint();
    let fault = |kind, what: &str| Err(TrustError::new(kind, format!("the signature of `{by}` {what}")));
    if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
        return fault(TrustErrorKind::Malformed, "is not one of a document");
    }
    if !is_strong(signature.hash_alg()) {
        let hash = signature.hash_alg().map_or_else(|| "an unknown hash".to_owned(), |hash| hash.to_string());
        return fault(TrustErrorKind::Weak, &format!("is by {hash}, which is too weak"));
    }
    let Some(made) = signature.created().map(SystemTime::from) else {
        return fault(TrustErrorKind::Time, "has no time");
    };
    if made > now + TOLERANCE {
        return fault(TrustErrorKind::Time, "is of a time to come");
    }
    let born = match signer {
        Signer::Primary(key) => pgp::types::KeyDetails::created_at(&key.primary_key),
        Signer::Subkey(subkey) => pgp::types::KeyDetails::created_at(&subkey.key),
    };
    if made < SystemTime::from(born) {
        return fault(TrustErrorKind::Time, "is older than the key");
    }
    if is_over(signature, now) { fault(TrustErrorKind::Expired, "has expired") } else { Ok(()) }
}

fn signatures(bytes: &[u8]) -> Result<Vec<Signature>, TrustError> {
    let unreadable = || "the signature cannot be read".to_owned();
    if bytes.len() > MAX_SIGNATURE {
        let message = format!("the signature has {} bytes, more than {MAX_SIGNATURE}", bytes.len());
        return Err(TrustError::new(TrustErrorKind::Malformed, message));
    }
    let (found, _) = DetachedSignature::from_reader_many(bytes)
        .map_err(|error| TrustError::caused(TrustErrorKind::Malformed, unreadable(), error))?;
    let all: Result<Vec<Signature>, _> =
        found.take(MAX_SIGNATURES).map(|one| one.map(|one| one.signature)).collect();
    let all = all.map_err(|error| TrustError::caused(TrustErrorKind::Malformed, unreadable(), error))?;
    if all.is_empty() {
        return Err(TrustError::new(TrustErrorKind::Malformed, format!("{}: there is none", unreadable())));
    }
    Ok(all)
}
