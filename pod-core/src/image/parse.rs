//! Reading an image name.

use std::fmt;
use std::ops::Range;

use super::reference::{Domain, Parts};
use super::{Algorithm, Digest, ParseDigestError, grammar};

/// The longest repository path, in bytes (`RepositoryNameTotalLengthMax`).
const MAX_PATH: usize = 255;

/// The longest tag, in bytes.
const MAX_TAG: usize = 128;

/// Why a text is no image name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseReferenceError {
    kind: Kind,
    found: Option<char>,
    position: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Empty,
    Identifier,
    Host,
    Port,
    Path,
    PathLength(usize),
    Tag,
    TagLength,
    Algorithm,
    Hash,
    Unregistered(String),
    Digest(ParseDigestError),
}

impl ParseReferenceError {
    /// The byte at which the text stops being an image name.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    fn rule(&self) -> &'static str {
        match self.kind {
            Kind::Host => {
                "a domain is letters, digits and inner `-`, joined by `.`, or an IPv6 address in brackets, and then a port"
            }
            Kind::Port => "a port is made of digits",
            Kind::Path => "a repository is made of `a-z` and `0-9`, joined by `.`, `_`, `__`, `-` or `/`",
            Kind::Tag => "a tag is made of letters, digits and `_`, after the first also `.` and `-`",
            Kind::TagLength => "a tag has at most 128 characters",
            Kind::Algorithm => "a digest is an algorithm such as `sha256`, a colon and the hash",
            Kind::Hash => "the hash of a digest has at least 32 hexadecimal digits",
            Kind::Empty
            | Kind::Identifier
            | Kind::PathLength(_)
            | Kind::Unregistered(_)
            | Kind::Digest(_) => "",
        }
    }
}

impl fmt::Display for ParseReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.position;
        match (&self.kind, self.found) {
            (Kind::Empty, _) => f.write_str("an image name is empty"),
            (Kind::Identifier, _) => {
                f.write_str("64 hexadecimal digits are an image's identifier, not its name")
            }
            (Kind::PathLength(length), _) => {
                write!(
                    f,
                    "the repository of an image name has {length} bytes: at most {MAX_PATH} are allowed"
                )
            }
            (Kind::Unregistered(name), _) => {
                write!(
                    f,
                    "unknown digest algorithm `{name}` at byte {at} of an image name: sha256, sha384 or sha512 is wanted"
                )
            }
            (Kind::Digest(cause), _) => {
                write!(f, "the digest at byte {at} of an image name is none: {cause}")
            }
            (_, Some(c)) => {
                write!(f, "unexpected `{}` at byte {at} of an image name: {}", c.escape_debug(), self.rule())
            }
            (_, None) => write!(f, "an image name ends at byte {at}: {}", self.rule()),
        }
    }
}

impl std::error::Error for ParseReferenceError {}

/// A text, and errors at its bytes.
#[derive(Clone, Copy)]
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn from(self, at: usize) -> &'a str {
        self.0.get(at..).unwrap_or_default()
    }

    fn error(self, kind: Kind, position: usize) -> ParseReferenceError {
        ParseReferenceError { kind, found: self.from(position).chars().next(), position }
    }
}

/// Takes a name apart (`ParseNormalizedNamed`).
pub(super) fn parts(input: &str) -> Result<Parts, ParseReferenceError> {
    let text = Text(input);
    if input.is_empty() {
        return Err(text.error(Kind::Empty, 0));
    }
    if grammar::is_identifier(input) {
        return Err(text.error(Kind::Identifier, 0));
    }
    let (domain, start) = domain(text)?;
    let end = start + grammar::path(text.from(start)).map_err(|at| text.error(Kind::Path, start + at))?;
    let (tag, after_tag) = match text.from(end).strip_prefix(':') {
        Some(rest) => {
            let length = grammar::tag(rest);
            (Some(tag(text, end + 1, length)?), end + 1 + length)
        }
        None => (None, end),
    };
    let digest = match text.from(after_tag).strip_prefix('@') {
        Some(rest) => Some(digest(text, rest, after_tag + 1)?),
        None if after_tag == input.len() => None,
        None => return Err(text.error(if tag.is_some() { Kind::Tag } else { Kind::Path }, after_tag)),
    };
    let parts = Parts { domain, path: start..end, tag, digest };
    let implied = parts.implied_prefix(input).len();
    if implied + (end - start) > MAX_PATH {
        return Err(text.error(Kind::PathLength(implied + (end - start)), start + MAX_PATH - implied));
    }
    Ok(parts)
}

/// Which domain a text begins with, and where its path begins (`splitDockerDomain`).
fn domain(text: Text<'_>) -> Result<(Domain, usize), ParseReferenceError> {
    let Some((first, _)) = text.0.split_once('/') else { return Ok((Domain::Hub, 0)) };
    let path = first.len() + 1;
    let named = first == "localhost" || first.contains(['.', ':']) || first.chars().any(char::is_uppercase);
    if matches!(first, "docker.io" | "index.docker.io") {
        return Ok((Domain::Hub, path));
    }
    if !named {
        return Ok((Domain::Hub, 0));
    }
    match grammar::domain(first) {
        Ok(()) => Ok((Domain::Written(0..first.len()), path)),
        // What is no domain after all may still be a path, and then upstream takes it for one.
        Err(_) if grammar::path(text.0).is_ok_and(|length| length > first.len()) => Ok((Domain::None, 0)),
        Err((grammar::Part::Host, at)) => Err(text.error(Kind::Host, at)),
        Err((grammar::Part::Port, at)) => Err(text.error(Kind::Port, at)),
    }
}

fn tag(text: Text<'_>, start: usize, length: usize) -> Result<Range<usize>, ParseReferenceError> {
    match length {
        0 => Err(text.error(Kind::Tag, start)),
        1..=MAX_TAG => Ok(start..start + length),
        _ => Err(text.error(Kind::TagLength, start + MAX_TAG)),
    }
}

/// The digest `rest`, which begins at byte `start`. The grammar of names allows fewer digests than that of digests, and of its own
/// only those whose algorithm is registered.
fn digest(text: Text<'_>, rest: &str, start: usize) -> Result<Range<usize>, ParseReferenceError> {
    let algorithm = grammar::algorithm(rest).map_err(|at| text.error(Kind::Algorithm, start + at))?;
    let Some(hash) = rest.get(algorithm..).and_then(|rest| rest.strip_prefix(':')) else {
        return Err(text.error(Kind::Algorithm, start + algorithm));
    };
    let digits = grammar::count(hash.as_bytes(), u8::is_ascii_hexdigit);
    if digits < 32 || digits < hash.len() {
        return Err(text.error(Kind::Hash, start + algorithm + 1 + digits));
    }
    let digest = Digest::parse(rest).map_err(|cause| text.error(Kind::Digest(cause), start))?;
    if Algorithm::from_name(digest.algorithm()).is_none() {
        return Err(text.error(Kind::Unregistered(digest.algorithm().to_owned()), start));
    }
    Ok(start..start + rest.len())
}
