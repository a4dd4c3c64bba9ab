//! Who is believed to have made an image: detached OpenPGP signatures (RFC 9580), and rkt's store of keys.
//!
//! A [`Keystore`] gives the [`Keyring`] for the name that was *asked for*: the file's own manifest has no say in that. The keyring
//! checks the signature over the bytes as they were downloaded; only then is anything decompressed.
//!
//! The library underneath (rPGP) computes; what is acceptable is decided here. A signature counts only when
//!
//! - its hash is of the SHA-2 or SHA-3 family, and so are the hashes by which the key vouches for itself and its subkeys;
//! - the key is no DSA key and no RSA key under 2048 bits;
//! - neither the key nor the subkey that signed is revoked, whenever and for whatever reason, or expired by now;
//! - a subkey is for signing, and has signed that it belongs to the key;
//! - it was made after the key, not in the future, and has not expired itself.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use appc_spec::trust::Keystore;
//!
//! # let directory = tempfile::tempdir()?;
//! let store = Keystore::new(Some(directory.path().join("usr")), Some(directory.path().join("etc")));
//! let keyring = store.keyring(&"example.com/app".parse()?)?;
//! assert!(keyring.is_empty());
//! let error = keyring.verify(b"-----BEGIN PGP SIGNATURE-----", b"image".as_slice(), SystemTime::now()).unwrap_err();
//! assert!(error.to_string().starts_with("the signature cannot be read"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod key;
mod keyring;
mod keystore;
mod sign;

pub use error::{TrustError, TrustErrorKind};
pub use key::{Fingerprint, ParseFingerprintError, PublicKey};
pub use keyring::{Keyring, Signed};
pub use keystore::{Keystore, Scope, StoredKey};
pub use sign::SecretKey;
