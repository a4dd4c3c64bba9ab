//! Keys, and whether they may sign.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use pgp::composed::{ArmorOptions, Deserializable, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, PublicParams, Tag};

use super::{TrustError, TrustErrorKind};

/// The most bytes of a file of keys.
const MAX_KEYS: usize = 4 << 20;

/// What an RSA key of 2048 bits has at least: two lengths of two bytes, the modulus, an exponent.
const MIN_RSA: usize = 2 + 256 + 2 + 1;

/// The fingerprint of a key: 40 or 64 hexadecimal digits, lower case.
///
/// ```
/// use appc_spec::trust::Fingerprint;
///
/// let text = "8B86DE38890DDB7291867B025210BD8888182190";
/// assert_eq!(text.parse::<Fingerprint>()?.as_str(), "8b86de38890ddb7291867b025210bd8888182190");
/// assert_eq!("8b86".parse::<Fingerprint>().unwrap_err().to_string(), "a fingerprint has 40 or 64 digits, not 4");
/// # Ok::<(), appc_spec::trust::ParseFingerprintError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(Box<str>);

/// Why a text is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseFingerprintError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Length(usize),
    Character(char, usize),
}

impl fmt::Display for ParseFingerprintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Length(length) => write!(f, "a fingerprint has 40 or 64 digits, not {length}"),
            Kind::Character(c, at) => write!(
                f,
                "unexpected `{}` at byte {at} of a fingerprint: it has hexadecimal digits",
                c.escape_debug()
            ),
        }
    }
}

impl std::error::Error for ParseFingerprintError {}

impl Fingerprint {
    fn of(key: &impl KeyDetails) -> Self {
        Self(format!("{:x}", key.fingerprint()).into())
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    /// # Errors
    ///
    /// On a length other than 40 and 64, and on what is no hexadecimal digit.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((at, c)) = text.char_indices().find(|(_, c)| !c.is_ascii_hexdigit()) {
            return Err(ParseFingerprintError(Kind::Character(c, at)));
        }
        match text.len() {
            40 | 64 => Ok(Self(text.to_ascii_lowercase().into())),
            length => Err(ParseFingerprintError(Kind::Length(length))),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A public key with its subkeys, the names of its owner, and what it says of itself. That it was read says nothing of whether
/// it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: SignedPublicKey,
    fingerprint: Fingerprint,
}

/// A key or subkey that has made a signature, and may.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signer<'k> {
    Primary(&'k SignedPublicKey),
    Subkey(&'k SignedPublicSubKey),
}

impl PublicKey {
    /// Reads the keys of a file, armored or not.
    ///
    /// # Errors
    ///
    /// On more than 4 MiB, on what is no key, and when there is none.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, TrustError> {
        let malformed = || "the keys cannot be read".to_owned();
        if bytes.len() > MAX_KEYS {
            let message = format!("the keys have {} bytes, more than {MAX_KEYS}", bytes.len());
            return Err(TrustError::new(TrustErrorKind::Malformed, message));
        }
        let (keys, _) = SignedPublicKey::from_reader_many(bytes)
            .map_err(|error| TrustError::caused(TrustErrorKind::Malformed, malformed(), error))?;
        let mut all = Vec::new();
        for key in keys {
            let key =
                key.map_err(|error| TrustError::caused(TrustErrorKind::Malformed, malformed(), error))?;
            all.push(Self { fingerprint: Fingerprint::of(&key.primary_key), key });
        }
        if all.is_empty() {
            return Err(TrustError::new(TrustErrorKind::Malformed, "there is no key"));
        }
        Ok(all)
    }

    /// Its fingerprint.
    #[must_use]
    pub const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// The fingerprints of its subkeys.
    #[must_use]
    pub fn subkeys(&self) -> Vec<Fingerprint> {
        self.key.public_subkeys.iter().map(|subkey| Fingerprint::of(&subkey.key)).collect()
    }

    /// The names that the key gives its owner, as it says; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn owners(&self) -> Vec<String> {
        let users = self.key.details.users.iter();
        users.map(|user| String::from_utf8_lossy(user.id.id()).into_owned()).collect()
    }

    /// The key in armor.
    ///
    /// # Errors
    ///
    /// When a part of it cannot be written.
    pub fn to_armor(&self) -> Result<String, TrustError> {
        self.key.to_armored_string(ArmorOptions::default()).map_err(|error| {
            TrustError::caused(TrustErrorKind::Malformed, "the key cannot be written", error)
        })
    }

    /// Whether the key is acceptable at that time, whoever signs with it.
    ///
    /// # Errors
    ///
    /// When it is weak, revoked, expired or of a time to come, or does not vouch for itself.
    pub fn check(&self, now: SystemTime) -> Result<(), TrustError> {
        self.vouched(now).map(|_| ())
    }

    /// The part of it that says to have made a signature, if any, and whether it may.
    pub(super) fn signer(
        &self,
        signature: &Signature,
        now: SystemTime,
    ) -> Option<Result<Signer<'_>, TrustError>> {
        if is_issuer(signature, &self.key.primary_key) {
            return Some(self.vouched(now).and_then(|own| {
                // A key that does not say what it is for is for everything.
                let flags = own.key_flags();
                if flags.sign() || !has_flags(own) {
                    Ok(Signer::Primary(&self.key))
                } else {
                    Err(self.fault(TrustErrorKind::NotForSigning, "is not for signing"))
                }
            }));
        }
        let subkey = self.key.public_subkeys.iter().find(|subkey| is_issuer(signature, &subkey.key))?;
        Some(self.vouched(now).and_then(|_| self.check_subkey(subkey, now)).map(|()| Signer::Subkey(subkey)))
    }

    fn fault(&self, kind: TrustErrorKind, what: &str) -> TrustError {
        TrustError::new(kind, format!("the key `{}` {what}", self.fingerprint))
    }

    /// The newest signature by which the key vouches for itself.
    fn vouched(&self, now: SystemTime) -> Result<&Signature, TrustError> {
        let primary = &self.key.primary_key;
        if is_weak(primary.public_params()) {
            return Err(
                self.fault(TrustErrorKind::Weak, "is too weak: RSA from 2048 bits, ECDSA and EdDSA count")
            );
        }
        let revocations = &self.key.details.revocation_signatures;
        // A weak hash does not keep a revocation from being one.
        if revocations.iter().any(|revocation| revocation.verify_key(primary).is_ok()) {
            return Err(self.fault(TrustErrorKind::Revoked, "is revoked"));
        }
        let mut own: Vec<&Signature> = Vec::new();
        let mut weak = false;
        for user in &self.key.details.users {
            let by_itself = |signature: &&Signature| {
                signature.verify_certification(primary, Tag::UserId, &user.id).is_ok()
            };
            let valid: Vec<&Signature> = user.signatures.iter().filter(by_itself).collect();
            let newest = |revokes: bool| {
                let of_kind = |signature: &&&Signature| {
                    (signature.typ() == Some(SignatureType::CertRevocation)) == revokes
                };
                valid.iter().filter(of_kind).map(|signature| signature.created()).max().flatten()
            };
            // A name that was taken back vouches for nothing.
            if newest(true).is_some() && newest(true) >= newest(false) {
                continue;
            }
            own.extend(valid.into_iter().filter(|signature| signature.is_certification()));
        }
        let direct = self.key.details.direct_signatures.iter();
        own.extend(direct.filter(|signature| signature.verify_key(primary).is_ok()));
        own.retain(|signature| {
            let strong = is_strong(signature.hash_alg());
            weak |= !strong;
            strong && !is_over(signature, now)
        });
        let newest = own.into_iter().max_by_key(|signature| signature.created());
        let newest = newest.ok_or_else(|| {
            if weak {
                self.fault(TrustErrorKind::Weak, "vouches for itself by a weak hash only")
            } else {
                self.fault(TrustErrorKind::Malformed, "does not vouch for itself")
            }
        })?;
        self.check_life(primary, newest, now, "")?;
        Ok(newest)
    }

    fn check_subkey(&self, subkey: &SignedPublicSubKey, now: SystemTime) -> Result<(), TrustError> {
        let primary = &self.key.primary_key;
        let name = format!("'s subkey `{}`", Fingerprint::of(&subkey.key));
        let fault = |kind, what: &str| Err(self.fault(kind, &format!("{} {what}", name.trim_start())));
        if is_weak(subkey.key.public_params()) {
            return fault(TrustErrorKind::Weak, "is too weak: RSA from 2048 bits, ECDSA and EdDSA count");
        }
        let valid: Vec<&Signature> = subkey
            .signatures
            .iter()
            .filter(|signature| signature.verify_subkey_binding(primary, &subkey.key).is_ok())
            .collect();
        if valid.iter().any(|signature| signature.typ() == Some(SignatureType::SubkeyRevocation)) {
            return fault(TrustErrorKind::Revoked, "is revoked");
        }
        let bindings = valid.into_iter().filter(|signature| !is_over(signature, now));
        let Some(binding) = bindings.max_by_key(|signature| signature.created()) else {
            return fault(TrustErrorKind::Malformed, "is not bound to it");
        };
        if !is_strong(binding.hash_alg()) {
            return fault(TrustErrorKind::Weak, "is bound to it by a weak hash");
        }
        if !binding.key_flags().sign() {
            return fault(TrustErrorKind::NotForSigning, "is not for signing");
        }
        // Else anybody could claim another's subkey as their own, and its signatures with it.
        let back = binding.embedded_signature().filter(|back| {
            is_strong(back.hash_alg()) && back.verify_primary_key_binding(&subkey.key, primary).is_ok()
        });
        if back.is_none() {
            return fault(TrustErrorKind::NotForSigning, "has not signed that it belongs to it");
        }
        self.check_life(&subkey.key, binding, now, &name)
    }

    /// Checks that a key, or the subkey of that name, lives.
    fn check_life(
        &self,
        key: &impl KeyDetails,
        own: &Signature,
        now: SystemTime,
        name: &str,
    ) -> Result<(), TrustError> {
        let made = SystemTime::from(key.created_at());
        let fault = |kind, what: &str| {
            let text =
                if name.is_empty() { what.to_owned() } else { format!("{} {what}", name.trim_start()) };
            Err(self.fault(kind, &text))
        };
        if made > now + TOLERANCE {
            return fault(TrustErrorKind::Time, "is of a time to come");
        }
        let life = own.key_expiration_time().map(|life| u64::from(life.as_secs())).filter(|life| *life > 0);
        match life {
            Some(life) if made + Duration::from_secs(life) <= now => {
                fault(TrustErrorKind::Expired, "has expired")
            }
            _ => Ok(()),
        }
    }
}

/// How far two clocks may differ.
pub(super) const TOLERANCE: Duration = Duration::from_secs(300);

/// Whether a signature says to be made by a key.
fn is_issuer(signature: &Signature, key: &impl KeyDetails) -> bool {
    let fingerprints = signature.issuer_fingerprint();
    if fingerprints.is_empty() {
        let id = key.legacy_key_id();
        return signature.issuer_key_id().into_iter().any(|issuer| *issuer == id);
    }
    let own = key.fingerprint();
    fingerprints.into_iter().any(|issuer| *issuer == own)
}

fn has_flags(signature: &Signature) -> bool {
    use pgp::packet::SubpacketData;
    let flags = |data: &SubpacketData| matches!(data, SubpacketData::KeyFlags(_));
    signature.config().is_some_and(|config| config.hashed_subpackets().any(|packet| flags(&packet.data)))
}

/// Whether a signature has expired, or is of a time to come.
pub(super) fn is_over(signature: &Signature, now: SystemTime) -> bool {
    let Some(made) = signature.created().map(SystemTime::from) else { return true };
    let life = signature.signature_expiration_time().map(|life| u64::from(life.as_secs()));
    made > now + TOLERANCE
        || life.filter(|life| *life > 0).is_some_and(|life| made + Duration::from_secs(life) <= now)
}

/// Whether nobody can make two things of one hash.
pub(super) const fn is_strong(hash: Option<HashAlgorithm>) -> bool {
    matches!(
        hash,
        Some(
            HashAlgorithm::Sha256
                | HashAlgorithm::Sha384
                | HashAlgorithm::Sha512
                | HashAlgorithm::Sha224
                | HashAlgorithm::Sha3_256
                | HashAlgorithm::Sha3_512
        )
    )
}

fn is_weak(parameters: &PublicParams) -> bool {
    match parameters {
        PublicParams::RSA(_) => parameters.write_len() < MIN_RSA,
        PublicParams::ECDSA(_)
        | PublicParams::EdDSALegacy(_)
        | PublicParams::Ed25519(_)
        | PublicParams::Ed448(_) => false,
        _ => true,
    }
}
