//! Archives of images (ACI): reading, validating, building and extracting them (specification, "Image Archives").
//!
//! [`scan`] reads an archive once, from any reader, and gives everything that is to know of it: how it is compressed, its
//! image ID, its manifest, and that its layout is right. [`extract`] does the same and writes the files to a directory; [`render`]
//! makes a root file system of an image and those that it depends on.
//! [`ImageBuilder`] makes archives, also of [programs of the host](ImageBuilder::copy_exec).

mod build;
mod compression;
mod diff;
mod entry;
mod error;
mod extract;
mod host_programs;
mod layout;
mod limits;
mod pipeline;
mod render;
mod rewrite;
mod scan;
mod sniff;
mod sparse;
mod tar_reader;
mod tar_writer;

pub use build::{BuildError, BuildOptions, Built, ImageBuilder, Owner, Times};
pub use compression::Compression;
pub use diff::{Contents, Difference};
pub use entry::{Entry, EntryKind};
pub use error::{ArchiveError, ArchiveErrorKind};
pub(crate) use extract::Root;
pub use extract::{DevicePolicy, ExtractPolicy, Lookup, OwnerPolicy, SetIdPolicy, XattrPolicy, extract};
pub use host_programs::HostProgramError;
pub use limits::Limits;
pub use render::{path_entries, render};
pub use rewrite::rewrite;
pub use scan::{ScanOptions, Summary, scan, scan_with};
pub use sniff::begins_as_image;
#[cfg(feature = "oci")]
pub(crate) use tar_reader::{Skip, TarReader};
#[cfg(feature = "oci")]
pub(crate) use tar_writer::TarWriter;

/// Is told how many bytes of the source have been read so far.
pub type Progress<'a> = &'a mut dyn FnMut(u64);
