//! Making signatures.

use std::io::Read;

use pgp::composed::{ArmorOptions, Deserializable, DetachedSignature, SignedSecretKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::types::{KeyDetails, Password};

use super::{Fingerprint, TrustError, TrustErrorKind};

/// A secret key, as `gpg --export-secret-keys` gives it.
#[derive(Debug)]
pub struct SecretKey {
    key: SignedSecretKey,
    password: Password,
}

impl SecretKey {
    /// Reads a secret key, armored or not, and the password that it is under; empty for none.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn read(bytes: &[u8], password: &str) -> Result<Self, TrustError> {
        let (key, _) = SignedSecretKey::from_reader_single(bytes).map_err(|error| {
            TrustError::caused(TrustErrorKind::Malformed, "the secret key cannot be read", error)
        })?;
        Ok(Self { key, password: Password::from(password) })
    }

    /// The fingerprint of the key.
    ///
    /// # Errors
    ///
    /// Never, for a key that was read.
    pub fn fingerprint(&self) -> Result<Fingerprint, TrustError> {
        format!("{:x}", self.key.primary_key.fingerprint())
            .parse()
            .map_err(|error| TrustError::caused(TrustErrorKind::Malformed, "it has no fingerprint", error))
    }

    /// Signs bytes, to their end: a detached signature in armor, by SHA-512. The newest subkey that is for signing makes it, else the key
    /// itself.
    ///
    /// # Errors
    ///
    /// When the password is wrong, or the bytes cannot be read.
    pub fn sign(&self, bytes: impl Read) -> Result<String, TrustError> {
        let failed =
            |error| TrustError::caused(TrustErrorKind::NotForSigning, "the signature cannot be made", error);
        let for_signing = self.key.secret_subkeys.iter().filter(|subkey| {
            let newest = subkey.signatures.iter().max_by_key(|signature| signature.created());
            newest.is_some_and(|signature| signature.key_flags().sign())
        });
        let subkey = for_signing.max_by_key(|subkey| subkey.key.created_at());
        let (rng, hash) = (rand::rngs::OsRng, HashAlgorithm::Sha512);
        let signature = match subkey {
            Some(subkey) => {
                DetachedSignature::sign_binary_data(rng, &subkey.key, &self.password, hash, bytes)
            }
            None => {
                DetachedSignature::sign_binary_data(rng, &self.key.primary_key, &self.password, hash, bytes)
            }
        };
        signature.and_then(|signature| signature.to_armored_string(ArmorOptions::default())).map_err(failed)
    }
}
