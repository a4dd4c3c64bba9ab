//! Images and keys by HTTP and HTTPS (specification, "App Container Image Discovery").
//!
//! A [`Client`] asks one question at a time and blocks. What it may do is in its [`Settings`]: plain http only for hosts that are
//! named, redirects only so many and never with credentials to another host, answers only so long. Nothing is believed of what it
//! brings: the feature `trust` checks signatures, and [`crate::AppString`] names.
//!
//! With the features `trust` and `store` an `Obtain` does all of it: an image by its name, from the store or from where discovery finds
//! it, with its dependencies, and only what the keys of a keystore vouch for.
//!
//! ```no_run
//! use appc_spec::fetch::{Body, Client, Settings};
//!
//! let client = Client::new(Settings::new());
//! let app = "example.com/reduce-worker:1.0.0".parse()?;
//! let discovered = client.discover(&app)?;
//! let fetched = client.image(&discovered, None)?;
//! if let Body::New { mut reader, .. } = fetched.body {
//!     std::io::copy(&mut reader, &mut std::fs::File::create("reduce-worker.aci")?)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cache;
mod client;
mod error;
mod http;
#[cfg(all(feature = "store", feature = "trust"))]
mod obtain;
#[cfg(feature = "trust")]
mod obtain_error;
mod settings;
#[cfg(feature = "trust")]
mod signed;

pub use cache::CacheInfo;
pub use client::{Attempt, Client, Discovered, Fetched, FetchedSignature};
pub use error::{FetchError, FetchErrorKind};
pub use http::Body;
#[cfg(all(feature = "store", feature = "trust"))]
pub use obtain::{Obtain, Obtained};
#[cfg(feature = "trust")]
pub use obtain_error::{ObtainError, ObtainErrorKind};
pub use settings::Settings;
#[cfg(feature = "trust")]
pub use signed::{Downloaded, Signature, Told};
