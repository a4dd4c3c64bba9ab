//! Who decides which networks a pod joins.

use std::fmt;

use super::{ParseSelectionError, Selection};

/// The annotation of a pod that selects its networks, in the language of [`Selection`].
pub const ANNOTATION: &str = "podkit.dev/net";

impl Selection {
    /// The networks of a pod: what the user says now, else what its [annotation](ANNOTATION) says, else the host's network if the
    /// pod is on it (Kubernetes `hostNetwork`), else the network `default`.
    ///
    /// ```
    /// use cni_client::network::Selection;
    ///
    /// let flag: Selection = "none".parse()?;
    /// assert_eq!(Selection::of_pod(Some(&flag), Some("a,b"), false)?, Selection::None);
    /// assert_eq!(Selection::of_pod(None, Some("a,b"), false)?.to_string(), "a,b");
    /// assert_eq!(Selection::of_pod(None, None, true)?, Selection::Host);
    /// assert_eq!(Selection::of_pod(None, None, false)?.to_string(), "default");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the annotation counts and is no selection (`a,,b`), or selects other networks for a pod on the host's.
    pub fn of_pod(said: Option<&Self>, annotation: Option<&str>, on_host: bool) -> Result<Self, ChooseError> {
        if let Some(said) = said {
            return Ok(said.clone());
        }
        match annotation {
            Some(text) => match text.parse() {
                Ok(Self::Host) => Ok(Self::Host),
                Ok(other) if on_host => Err(ChooseError(Kind::OnHost(other))),
                Ok(other) => Ok(other),
                Err(error) => Err(ChooseError(Kind::Parse(error))),
            },
            None if on_host => Ok(Self::Host),
            None => Ok(Self::default_network()),
        }
    }
}

/// Why a pod's annotation does not select its networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChooseError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Parse(ParseSelectionError),
    OnHost(Selection),
}

impl fmt::Display for ChooseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Parse(error) => error.fmt(f),
            Kind::OnHost(other) => write!(f, "`{other}` contradicts the pod, which is on the host's network"),
        }
    }
}

impl std::error::Error for ChooseError {}
