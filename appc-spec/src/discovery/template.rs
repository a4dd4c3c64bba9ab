//! Templates of URLs (specification, "Discovery Templates").

use std::fmt;
use std::str::FromStr;

use crate::AppString;

/// The version that is asked for where none is said (Go package `discovery`).
const DEFAULT_VERSION: &str = "latest";

/// A template of the URLs of images and their signatures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Text(String),
    Variable(String),
}

/// Where an image is, and its signature.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Endpoint {
    /// The URL of the image.
    pub image: String,
    /// The URL of its signature.
    pub signature: String,
}

/// Why a template makes no URL.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateError {
    /// It has no `{ext}`, so the image and its signature would be at one place.
    NoExtension,
    /// A `{` has no `}` after it, at this byte.
    Open(usize),
    /// The image that is asked for has no label of this name.
    NoLabel(String),
    /// The label of this name is `.` or `..`, which lead somewhere else in a URL.
    Dots(String),
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoExtension => {
                f.write_str("the template has no `{ext}`, by which an image and its signature differ")
            }
            Self::Open(at) => write!(f, "the `{{` at byte {at} of the template has no `}}` after it"),
            Self::NoLabel(name) => {
                write!(f, "the template needs the label `{}`, which is not asked for", name.escape_debug())
            }
            Self::Dots(name) => {
                write!(f, "the label `{}` leads somewhere else: it is only dots", name.escape_debug())
            }
        }
    }
}

impl std::error::Error for TemplateError {}

impl FromStr for Template {
    type Err = TemplateError;

    /// # Errors
    ///
    /// When there is no `{ext}`, and when a `{` is not closed.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let at = text.len() - after.len() - 1;
            let (name, after) = after.split_once('}').ok_or(TemplateError::Open(at))?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Variable(name.to_owned()));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let has_extension = parts.iter().any(|part| matches!(part, Part::Variable(name) if name == "ext"));
        if has_extension { Ok(Self { parts }) } else { Err(TemplateError::NoExtension) }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Variable(name) => write!(f, "{{{name}}}"),
        })
    }
}

impl Template {
    /// The URLs of an image. The version is `latest` where none is asked for. Values are escaped as parts of a path; of the name
    /// the slashes stay.
    ///
    /// # Errors
    ///
    /// When the template has a variable that is no label of the image that is asked for, and when a label is `.` or `..`.
    pub fn render(&self, app: &AppString) -> Result<Endpoint, TemplateError> {
        Ok(Endpoint { image: self.url(app, "aci")?, signature: self.url(app, "aci.asc")? })
    }

    fn url(&self, app: &AppString, extension: &str) -> Result<String, TemplateError> {
        let mut url = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => url.push_str(text),
                Part::Variable(name) => match name.as_str() {
                    "ext" => url.push_str(extension),
                    // All that stands in a name may stand in a path.
                    "name" => url.push_str(app.name.as_str()),
                    name => {
                        let default = (name == "version").then_some(DEFAULT_VERSION);
                        let value = app.label(name).filter(|value| !value.is_empty()).or(default);
                        let value = value.ok_or_else(|| TemplateError::NoLabel(name.to_owned()))?;
                        if matches!(value, "." | "..") {
                            return Err(TemplateError::Dots(name.to_owned()));
                        }
                        escape(value, &mut url);
                    }
                },
            }
        }
        Ok(url)
    }
}

/// Escapes everything but the unreserved characters (RFC 3986 §2.3).
fn escape(value: &str, url: &mut String) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            url.push(char::from(byte));
        } else {
            url.push('%');
            url.extend([byte >> 4, byte & 15].iter().filter_map(|nibble| DIGITS.get(usize::from(*nibble))));
        }
    }
}
