//! Image names, and when they are pulled.
//!
//! - [`Reference`]: the name of an image, as Docker, containerd and the kubelet read it.
//! - [`Digest`]: what an image is called by its content.
//! - [`Keyring`]: which credentials go with which image, from Docker's files and Kubernetes' Secrets.
//! - [`Platform`]: for which machine an image is built, and which one of an index a machine takes.
//! - [`Manifest`]: what an image or an index is made of, in OCI's words and in Docker's.
//! - [`PullPolicy`] and [`PullDecision`]: whether an image is pulled before its container starts; [`PullRecord`] and
//!   [`CredentialVerification`]: who may use what was pulled.

mod digest;
mod grammar;
#[cfg(feature = "verify")]
mod hasher;
mod keyring;
mod manifest;
mod parse;
mod platform;
mod pull_access;
mod pull_policy;
mod reference;

pub use digest::{Algorithm, Digest, ParseDigestError};
#[cfg(feature = "verify")]
pub use hasher::Hasher;
pub use keyring::{
    Candidate, ConfigFormat, Credential, DockerConfig, EntryError, HelperAnswerError, HelperCall,
    HostMatching, Keyring, Login, ReadConfigError, SecretText,
};
pub use manifest::{
    Descriptor, ImageIndex, ImageManifest, MANIFEST_TYPES, MAX_MANIFEST_SIZE, Manifest, ManifestError,
};
pub use parse::ParseReferenceError;
pub use platform::{ParsePlatformError, Platform};
pub use pull_access::{CredentialProof, CredentialVerification, Presence, PullRecord};
pub use pull_policy::{PullDecision, PullPolicy};
pub use reference::Reference;
