//! Image names of pods, as App Container names.

use pod_core::image::Reference;

use crate::app_string::repository;
use crate::{AcIdentifier, AppString, ParseNameError};

/// What an image is called by its manifest that a pod calls so: the tag is its label `version`, a digest does not matter, and what
/// an App Container name cannot have is replaced ([`AcIdentifier::sanitize`]).
///
/// ```
/// use appc_spec::lower;
/// use pod_core::image::Reference;
///
/// let name = Reference::parse("example.com:5000/team/web:1.2")?;
/// assert_eq!(lower::app_string(&name)?.to_string(), "example.com_5000/team/web:1.2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// None that is known: a reference always has a letter or a digit, which is kept.
pub fn app_string(name: &Reference<'_>) -> Result<AppString, ParseNameError> {
    Ok(AppString::new(AcIdentifier::sanitize(&repository(name))?).with_tag(name.tag()))
}
