//! App Container: manifests, archives and a store of images.
#![forbid(unsafe_code)]

mod annotation;
mod app;
mod app_string;
#[cfg(feature = "archive")]
pub mod archive;
mod date;
mod dependency;
mod environment;
mod event_handler;
mod image_id;
mod image_manifest;
mod isolator;
mod json;
mod label;
mod list;
mod manifest_error;
mod mount_point;
mod name;
mod parameters;
mod pod_manifest;
mod pod_uuid;
mod port;
mod strength;
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
pub use pod_manifest::{PodManifest, PodMount, RuntimeApp, RuntimeImage};
pub use pod_uuid::{ParseUuidError, PodUuid};
pub use port::{ExposedPort, Port};
pub use strength::Strength;
pub use url::{HttpUrl, ParseUrlError};
pub use version::{AcVersion, ParseVersionError};
pub use volume::{Volume, VolumeMode, VolumeSource};
