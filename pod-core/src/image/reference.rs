//! The name of an image (github.com/distribution/reference).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Digest, ParseReferenceError};

/// Where a name without a domain lives.
const HUB: &str = "docker.io";

/// The namespace of the Hub's official images.
const OFFICIAL: &str = "library/";

/// The name of an image: a domain, a repository path, and a tag, a digest, both or neither.
///
/// The grammar and the short forms are Docker's, as containerd, the kubelet and `docker` read them
/// (`ParseNormalizedNamed`): `nginx` means `docker.io/library/nginx`. The text itself is kept, and two names are equal when
/// they mean the same. Parsing copies and allocates nothing; [`Reference::into_owned`] keeps a name beyond its text.
///
/// ```
/// use pod_core::image::Reference;
///
/// let name = Reference::parse("nginx:1.27")?;
/// assert_eq!(name.domain(), "docker.io");
/// assert_eq!(name.path(), "library/nginx");
/// assert_eq!(name.tag(), Some("1.27"));
/// assert_eq!(name.to_string(), "docker.io/library/nginx:1.27");
/// assert_eq!(name, Reference::parse("index.docker.io/library/nginx:1.27")?);
/// assert_eq!(Reference::parse("docker.io/library/nginx")?.familiar().to_string(), "nginx");
///
/// assert_eq!(
///     Reference::parse("quay.io/Web/front").unwrap_err().to_string(),
///     "unexpected `W` at byte 8 of an image name: a repository is made of `a-z` and `0-9`, joined by `.`, `_`, `__`, `-` or `/`",
/// );
/// # Ok::<(), pod_core::image::ParseReferenceError>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) parts: Parts,
}

/// Where the parts of a name are in its text.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) domain: Domain,
    pub(super) path: Range<usize>,
    pub(super) tag: Option<Range<usize>>,
    pub(super) digest: Option<Range<usize>>,
}

/// Which registry a name means.
#[derive(Debug, Clone)]
pub(super) enum Domain {
    /// Docker Hub: by default, as `docker.io` or as `index.docker.io`.
    Hub,
    /// The part of the text.
    Written(Range<usize>),
    /// None: the first component must be a domain by Docker's rule of thumb, but is only a path component (`a_b.c/d`).
    None,
}

impl Parts {
    /// What a Hub path of one component leaves out.
    pub(super) fn implied_prefix(&self, text: &str) -> &'static str {
        let path = text.get(self.path.clone()).unwrap_or_default();
        if matches!(self.domain, Domain::Hub) && !path.contains('/') { OFFICIAL } else { "" }
    }
}

impl<'a> Reference<'a> {
    /// Reads a name without copying it.
    ///
    /// # Errors
    ///
    /// On an empty text; an identifier of 64 hexadecimal digits; a domain that is none (`-a.b/c`, `a.b:x/c`, `[::g]/c`); a
    /// repository with other characters than its own (`Web`, `a/`, `a..b`) or of more than 255 bytes; an empty tag, one with other characters
    /// or of more than 128 (`a:`, `a:b/c`); a digest that is none or whose algorithm is not registered (`a@md5:…`, `a@sha256:00`).
    pub fn parse(text: &'a str) -> Result<Self, ParseReferenceError> {
        super::parse::parts(text).map(|parts| Self { text: Cow::Borrowed(text), parts })
    }

    /// The text that was read.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.text
    }

    /// The registry's host and port: `docker.io` where none is named.
    ///
    /// It is empty for the few names of which upstream makes no domain: the first component has a dot, so that it is no
    /// path on the Hub, and an underscore, so that it is no domain (`a_b.c/d`).
    #[must_use]
    pub fn domain(&self) -> &str {
        match &self.parts.domain {
            Domain::Hub => HUB,
            Domain::Written(range) => self.slice(range),
            Domain::None => "",
        }
    }

    /// The repository's path in its registry: `library/nginx` for `nginx`. Allocates only to add `library/`.
    #[must_use]
    pub fn path(&self) -> Cow<'_, str> {
        let path = self.slice(&self.parts.path);
        match self.implied_prefix() {
            "" => Cow::Borrowed(path),
            prefix => Cow::Owned([prefix, path].concat()),
        }
    }

    /// The tag, if one is written.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.parts.tag.as_ref().map(|range| self.slice(range))
    }

    /// The digest, if one is written.
    #[must_use]
    pub fn digest(&self) -> Option<Digest<'_>> {
        self.parts.digest.as_ref().and_then(|range| Digest::parse(self.slice(range)).ok())
    }

    /// Whether it has neither tag nor digest.
    #[must_use]
    pub const fn is_name_only(&self) -> bool {
        self.parts.tag.is_none() && self.parts.digest.is_none()
    }

    /// Domain and path, without tag and digest: `docker.io/library/nginx`. Registry credentials are looked up by it.
    #[must_use]
    pub fn name(&self) -> impl fmt::Display + '_ {
        Form { reference: self, familiar: false, suffix: false }
    }

    /// The short form that `docker` shows: without `docker.io/`, and without `library/` there.
    ///
    /// It is for people. Of a Hub path that begins like a domain (`docker.io/a.b/c`) it reads as another name, and of 64
    /// hexadecimal digits as none; upstream's too.
    #[must_use]
    pub fn familiar(&self) -> impl fmt::Display + '_ {
        Form { reference: self, familiar: true, suffix: true }
    }

    /// The same name with the tag `latest` if it has neither tag nor digest, otherwise as it was written (kubelet,
    /// `applyDefaultImageTag`).
    #[must_use]
    pub fn with_default_tag(&self) -> Reference<'static> {
        let mut owned = self.clone().into_owned();
        if owned.is_name_only() {
            let end = owned.text.len();
            owned.text.to_mut().push_str(":latest");
            owned.parts.tag = Some(end + 1..owned.text.len());
        }
        owned
    }

    /// The same name, with text of its own.
    #[must_use]
    pub fn into_owned(self) -> Reference<'static> {
        Reference { text: Cow::Owned(self.text.into_owned()), parts: self.parts }
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn implied_prefix(&self) -> &'static str {
        self.parts.implied_prefix(&self.text)
    }

    /// What makes two names the same.
    fn key(&self) -> (&str, &str, &str, Option<&str>, Option<&str>) {
        let path = self.slice(&self.parts.path);
        // `library/nginx` on the Hub and `nginx` mean the same.
        let (prefix, path) = match path.strip_prefix(OFFICIAL) {
            Some(rest) if matches!(self.parts.domain, Domain::Hub) => (OFFICIAL, rest),
            _ => (self.implied_prefix(), path),
        };
        let digest = self.parts.digest.as_ref().map(|range| self.slice(range));
        (self.domain(), prefix, path, self.tag(), digest)
    }
}

/// One of the ways to write a name.
struct Form<'a> {
    reference: &'a Reference<'a>,
    familiar: bool,
    suffix: bool,
}

impl fmt::Display for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.reference;
        let on_hub = matches!(name.parts.domain, Domain::Hub);
        let mut path = name.slice(&name.parts.path);
        if self.familiar && on_hub {
            path = path.strip_prefix(OFFICIAL).filter(|rest| !rest.contains('/')).unwrap_or(path);
        } else {
            if !name.domain().is_empty() {
                write!(f, "{}/", name.domain())?;
            }
            f.write_str(name.implied_prefix())?;
        }
        f.write_str(path)?;
        if self.suffix {
            if let Some(tag) = name.tag() {
                write!(f, ":{tag}")?;
            }
            if let Some(digest) = &name.parts.digest {
                write!(f, "@{}", name.slice(digest))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Reference<'_> {
    /// The full form: `docker.io/library/nginx:1.27`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Form { reference: self, familiar: false, suffix: true }.fmt(f)
    }
}

impl PartialEq for Reference<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Reference<'_> {}

impl PartialOrd for Reference<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Reference<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Hash for Reference<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl FromStr for Reference<'static> {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Reference::parse(text).map(Reference::into_owned)
    }
}

impl TryFrom<String> for Reference<'_> {
    type Error = ParseReferenceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        super::parse::parts(&text).map(|parts| Self { text: Cow::Owned(text), parts })
    }
}

impl From<Reference<'_>> for String {
    /// The text that was read.
    fn from(name: Reference<'_>) -> Self {
        name.text.into_owned()
    }
}
