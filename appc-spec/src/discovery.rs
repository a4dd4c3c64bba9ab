//! Where an image is (specification, "App Container Image Discovery"), without asking anybody: [`pages`] says which pages may tell,
//! `Page` (feature `discovery`) what one of them tells, [`Template`] which URLs that makes. The feature `fetch` asks.
//!
//! Where the Go implementation strays from the specification, or hands control to whoever wrote a label, this does not: a prefix
//! matches whole parts of a name; values are escaped, and replaced in one pass; a template without `{ext}`, which would have an image and its
//! signature at one place, is passed over, and so is a label called `ext`.
//!
//! ```
//! use appc_spec::discovery::{Template, pages};
//!
//! let app = "example.com/reduce-worker:1.0.0,os=linux,arch=amd64".parse()?;
//! let template: Template = "https://storage.example.com/{os}/{arch}/{name}-{version}.{ext}".parse()?;
//! let place = template.render(&app)?;
//! assert_eq!(place.image, "https://storage.example.com/linux/amd64/example.com/reduce-worker-1.0.0.aci");
//! assert_eq!(place.signature, "https://storage.example.com/linux/amd64/example.com/reduce-worker-1.0.0.aci.asc");
//! assert_eq!(pages(&app.name).collect::<Vec<_>>(), ["example.com/reduce-worker", "example.com"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "discovery")]
mod page;
mod template;

#[cfg(feature = "discovery")]
pub use page::{Found, Page, PassedOver, Tag};
pub use template::{Endpoint, Template, TemplateError};

use crate::AcIdentifier;

/// The pages that may tell where an image is, to be asked in this order until one does: the name itself, then each path above it. A page
/// `P` is at `https://P?ac-discovery=1`.
pub fn pages(name: &AcIdentifier) -> impl Iterator<Item = &str> {
    let text = name.as_str();
    let parents = text.rmatch_indices('/').map(|(at, _)| text.get(..at).unwrap_or_default());
    // `a//b` has an empty part, which no server has a page for.
    std::iter::once(text).chain(parents.filter(|page| !page.is_empty() && !page.ends_with('/')))
}

/// Whether a prefix stands for a name: it is that name, or a path above it.
#[must_use]
pub fn covers(prefix: &str, name: &AcIdentifier) -> bool {
    let prefix = prefix.trim_end_matches('/');
    let rest = name.as_str().strip_prefix(prefix);
    !prefix.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
