//! What an image with its dependencies comes to (specification, "Filesystem Setup"), as data: nothing is read or written here.
//!
//! Three steps. [`RenderOrder::of`] follows the dependencies, depth first, and gives the passes: which image is laid over which,
//! through which whitelists. [`RenderPlan::new`] lays the files of those images over each other and gives, for each path of the result,
//! the image and entry that it comes from; the plan prints as a list. The feature `archive` then carries it out
//! (`archive::render`), and the feature `store` keeps the result.
//!
//! Where the Go implementation strays from the specification (`pkg/acirenderer`), this does not: each whitelist from an image up to
//! the root counts, and only those; a whitelist entry that ends in `/` keeps all that is below it, as the specification's own
//! example `/etc/systemd/system/` needs; what is above a kept path stays if it is a directory; an image that depends on itself is an error.
//!
//! ```
//! use appc_spec::render::{Candidate, PathEntry, PathKind, RenderLimits, RenderOrder, RenderPlan};
//! use appc_spec::{Dependency, ImageId, ImageManifest, Labels};
//!
//! let id = |digit: &str| format!("sha512-{}", digit.repeat(128)).parse::<ImageId>();
//! let base = ImageManifest::new("example.com/base".parse()?);
//! let mut app = ImageManifest::new("example.com/app".parse()?);
//! let image_name = base.name.clone();
//! app.dependencies.push(Dependency { image_name, image_id: None, labels: Labels::default(), size: 0 });
//!
//! let order = RenderOrder::of(Candidate::new(id("a")?, app), &RenderLimits::STANDARD, &mut |_| {
//!     Some(Candidate::new(id("b").ok()?, base.clone()))
//! })?;
//! let plan = RenderPlan::new(&order, &mut |image| {
//!     let names: &[&str] = if *image == id("a").unwrap() { &["bin/app"] } else { &["bin/app", "bin/sh"] };
//!     names.iter().map(|name| PathEntry::new(*name, PathKind::File)).collect()
//! })?;
//! assert_eq!(
//!     plan.to_string(),
//!     "example.com/base sha512-bbbbbbbbbbbb\n\
//!      example.com/app sha512-aaaaaaaaaaaa\n\
//!      /bin\timplied\n\
//!      /bin/app\texample.com/app\n\
//!      /bin/sh\texample.com/base\n"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod order;
mod plan;
mod whitelist;

pub use error::{RenderError, RenderErrorKind};
pub use order::{Candidate, Pass, RenderLimits, RenderOrder};
pub use plan::{Origin, PathEntry, PathKind, RenderPlan};
pub use whitelist::Whitelist;
