//! The name of an image as a user types it (specification, "App Container Image Discovery"; Go package `discovery`).

use std::fmt;
use std::str::FromStr;

use pod_core::image::Reference;

use crate::parameters::Parameters;
use crate::{AcIdentifier, Labels, ParseNameError, ParseParameterError, Strength};

/// An image's name with the labels that it must have: `name[:version][,label=value]…`.
///
/// ```
/// use appc_spec::AppString;
///
/// let app: AppString = "example.com/reduce-worker:1.0.0,os=linux".parse()?;
/// assert_eq!(app.name.as_str(), "example.com/reduce-worker");
/// assert_eq!(app.label("version"), Some("1.0.0"));
/// assert_eq!(app.to_string(), "example.com/reduce-worker:1.0.0,os=linux");
/// # Ok::<(), appc_spec::ParseParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AppString {
    /// The name of the image.
    pub name: AcIdentifier,
    /// The labels in the order of the text, `version` first if it was given by the colon; names are unique.
    labels: Vec<(AcIdentifier, String)>,
}

impl AppString {
    /// An image of this name, whatever its labels.
    #[must_use]
    pub const fn new(name: AcIdentifier) -> Self {
        Self { name, labels: Vec::new() }
    }

    /// Reads `name[:version][,label=value]…`.
    ///
    /// # Errors
    ///
    /// On a bad name or label name, a second colon or one after a comma, a label without `=`, and a label given twice
    /// (`a:1,version=2`).
    pub fn parse(text: &str, strength: Strength) -> Result<Self, ParseParameterError> {
        let parameters = Parameters::split("an image name", text)?;
        let (name, version) = match parameters.name.split_once(':') {
            Some((name, version)) => (name, Some(version)),
            None => (parameters.name, None),
        };
        let colons = text.matches(':').count();
        if colons > usize::from(version.is_some()) {
            return Err(
                parameters.rule("a colon stands only once in an image name, right after the name itself")
            );
        }
        let identifier =
            |text| AcIdentifier::parse(text, strength).map_err(|error| parameters.name_error(error));
        let mut labels = Vec::new();
        for (label, value) in
            version.map(|version| ("version", version)).into_iter().chain(parameters.pairs())
        {
            let label = identifier(label)?;
            if labels.iter().any(|(known, _)| *known == label) {
                return Err(
                    parameters.rule(format!("the label `{label}` of an image name stands there twice"))
                );
            }
            labels.push((label, value.to_owned()));
        }
        Ok(Self { name: identifier(name)?, labels })
    }

    /// What a pod calls an image, word for word: the tag is its label `version`, and there is no digest, which no App Container image has.
    ///
    /// ```
    /// use appc_spec::AppString;
    /// use pod_core::image::Reference;
    ///
    /// let name = AppString::of_reference(&Reference::parse("example.com/web:1.2")?)?;
    /// assert_eq!(name.to_string(), "example.com/web:1.2");
    /// assert!(AppString::of_reference(&Reference::parse("example.com:5000/web")?).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is none of App Container's: one with a port (`example.com:5000/web`), with two separators in a row (`a__b`).
    pub fn of_reference(name: &Reference<'_>) -> Result<Self, ParseNameError> {
        Ok(Self::new(AcIdentifier::parse(&repository(name), Strength::Strict)?).with_tag(name.tag()))
    }

    pub(crate) fn with_tag(mut self, tag: Option<&str>) -> Self {
        if let Some(tag) = tag
            && let Ok(version) = AcIdentifier::parse("version", Strength::Strict)
        {
            self = self.with_label(version, tag);
        }
        self
    }

    /// The same image for this machine, unless it is asked for another's: with the labels `os` and `arch`, where this machine has a name
    /// for them ([`Labels::host_platform`]).
    #[must_use]
    pub fn for_this_machine(mut self) -> Self {
        let Some((os, arch)) = Labels::host_platform() else { return self };
        for (name, value) in [("os", os), ("arch", arch)] {
            if self.label(name).is_none()
                && let Ok(name) = AcIdentifier::parse(name, Strength::Strict)
            {
                self = self.with_label(name, value);
            }
        }
        self
    }

    /// The value of a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether an image is what is asked for: it has the name, and all these labels (specification, discovery, "Validation").
    #[must_use]
    pub fn fits(&self, manifest: &crate::ImageManifest) -> bool {
        let has = |(name, value): (&AcIdentifier, &str)| manifest.labels.value(name.as_str()) == Some(value);
        manifest.name == self.name && self.labels().all(has)
    }

    /// The labels, in the order of the text.
    pub fn labels(&self) -> impl Iterator<Item = (&AcIdentifier, &str)> {
        self.labels.iter().map(|(name, value)| (name, value.as_str()))
    }

    /// The same name with a label set.
    #[must_use]
    pub fn with_label(mut self, name: AcIdentifier, value: impl Into<String>) -> Self {
        let value = value.into();
        match self.labels.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.labels.push((name, value)),
        }
        self
    }
}

impl FromStr for AppString {
    type Err = ParseParameterError;

    /// Reads it strictly.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Strength::Strict)
    }
}

impl fmt::Display for AppString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_str())?;
        for (index, (name, value)) in self.labels().enumerate() {
            if index == 0 && *name == "version" {
                write!(f, ":{value}")?;
            } else {
                write!(f, ",{name}={value}")?;
            }
        }
        Ok(())
    }
}

/// The familiar name of an image of a pod, without tag and digest.
pub(crate) fn repository(name: &Reference<'_>) -> String {
    let mut familiar = name.familiar().to_string();
    familiar.truncate(familiar.find('@').unwrap_or(familiar.len()));
    if let Some(rest) = name.tag().and_then(|tag| familiar.strip_suffix(tag)?.strip_suffix(':')) {
        familiar.truncate(rest.len());
    }
    familiar
}
