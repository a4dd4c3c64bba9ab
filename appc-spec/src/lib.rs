//! App Container: manifests, archives and a store of images.
//!
//! For tools that read, check, build, keep or run images of the App Container specification (appc/spec 0.8.11), the format of
//! rkt and acbuild. By default the crate only parses and decides: it opens no file and asks no clock.
//!
//! ```
//! use appc_spec::{App, ImageManifest, Json, Strength};
//!
//! let text = r#"{
//!     "acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/reduce-worker",
//!     "app": {"exec": ["/usr/bin/reduce-worker"], "user": "100", "group": "300",
//!             "isolators": [{"name": "resource/memory", "value": {"limit": "1Q"}}]}
//! }"#;
//! let error = ImageManifest::from_json(text, Strength::Strict).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "4:74: app.isolators[0].value.limit: unknown suffix `Q` at byte 1 of a quantity: \
//!      one of n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent such as e3 is wanted"
//! );
//! ```
//!
//! # Where to look
//!
//! - Documents: [`ImageManifest`], [`PodManifest`]; everything that is read and written as JSON has the trait [`Json`], and
//!   [`Strength`] says how closely the specification is held to. [`ManifestError`] names line, column and field.
//! - Changing and building them: [`ManifestPatch`], [`PodManifest::add_image`].
//! - Their parts: [`App`], [`Labels`], [`Annotations`], [`Dependency`], [`Environment`], [`Isolator`], [`MountPoint`], [`Port`],
//!   [`Volume`], [`EventHandler`].
//! - Scalars: [`AcName`], [`AcIdentifier`], [`AcVersion`], [`ImageId`], [`PodUuid`], [`Date`], [`HttpUrl`].
//! - What users type: [`AppString`], and `FromStr` of [`Volume`], [`Port`] and [`MountPoint`].
//! - [`render`]: what an image with its dependencies comes to, as a plan. [`discovery`]: where an image is, by its name.
//! - `archive`: scan, extract and build ACIs. `store`: keep them. `oci`: images of other formats. `lower`: what the neutral pod model gets of
//!   images, and of a pod manifest with its images. `fetch`: images and keys from web servers; with `trust` and `store`, an image by
//!   its name (`fetch::Obtain`). `trust`: signatures and keys.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `archive` | ACIs: reading, validating, building, extraction; programs of the host as an image. Linux. |
//! | `store` | A content-addressed store of images and rendered trees. Linux; implies `archive`. |
//! | `oci` | Images of Docker's and OCI's formats into the store, and back. Linux; implies `store`. |
//! | `lower` | From manifests to `pod_core::pod`. |
//! | `discovery` | The tags of discovery pages, read and written. (Their templates need no feature.) |
//! | `fetch` | Discovery, images, signatures and keys by HTTP and HTTPS; implies `discovery`. |
//! | `trust` | Detached OpenPGP signatures, checked and made, and rkt's layout of keys. Unix. |
//!
//! # What it does not do
//!
//! It runs nothing. Encrypted archives are not supported. Whom to believe is not decided here: `trust` checks a signature against the keys
//! that somebody has put into a keystore.
#![forbid(unsafe_code)]

#[cfg(all(feature = "archive", not(target_os = "linux")))]
compile_error!("the features `archive` and `store` of appc-spec need Linux");
#[cfg(all(feature = "trust", not(unix)))]
compile_error!("the feature `trust` of appc-spec needs Unix");

mod annotation;
mod app;
mod app_string;
#[cfg(feature = "archive")]
pub mod archive;
mod date;
mod dependency;
pub mod discovery;
#[cfg(any(feature = "lower", feature = "oci"))]
mod docker_annotation;
mod environment;
mod event_handler;
#[cfg(feature = "fetch")]
pub mod fetch;
mod image_id;
mod image_manifest;
mod isolator;
mod json;
mod label;
mod list;
#[cfg(feature = "lower")]
pub mod lower;
mod manifest_error;
mod mount_point;
mod name;
#[cfg(feature = "oci")]
pub mod oci;
mod parameters;
mod patch;
mod pod_manifest;
mod pod_uuid;
mod port;
pub mod render;
#[cfg(feature = "store")]
pub mod store;
mod strength;
#[cfg(feature = "trust")]
pub mod trust;
mod url;
mod version;
mod volume;

pub use annotation::{Annotation, Annotations, AnnotationsError};
pub use app::App;
pub use app_string::AppString;
pub use date::{Date, ParseDateError};
pub use dependency::Dependency;
pub use environment::{Environment, EnvironmentError, EnvironmentVariable};
pub use event_handler::{Event, EventHandler};
pub use image_id::{ImageId, ParseImageIdError};
pub use image_manifest::ImageManifest;
pub use isolator::{
    CapabilityName, CapabilitySet, Isolator, IsolatorValue, Resource, ResourceDefault, SeccompSet,
    SelinuxContext, UnknownIsolatorError,
};
pub use json::Json;
pub use label::{Label, Labels, LabelsError};
pub use list::List;
pub use manifest_error::{ManifestError, ManifestErrorKind};
pub use mount_point::MountPoint;
pub use name::{AcIdentifier, AcName, ParseNameError};
pub use parameters::ParseParameterError;
pub use patch::{ManifestPatch, PatchError};
pub use pod_manifest::{
    AddAppError, Fulfilled, FulfilledBy, PodManifest, PodMount, RuntimeApp, RuntimeImage,
};
pub use pod_uuid::{ParseUuidError, PodUuid};
pub use port::{ExposedPort, Port};
pub use strength::Strength;
pub use url::{HttpUrl, ParseUrlError};
pub use version::{AcVersion, ParseVersionError};
pub use volume::{Volume, VolumeMode, VolumeSource};

/// The examples of the README compile.
#[cfg(all(doctest, feature = "archive"))]
#[doc = include_str!("../README.md")]
mod readme {}
