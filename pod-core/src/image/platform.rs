//! For which machine an image is built, and which image of an index a machine takes (containerd `platforms`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An operating system and a processor, as an image index names them (OCI image specification, "Image Index").
///
/// ```
/// use pod_core::image::Platform;
///
/// let platform: Platform = "Linux/aarch64/v8".parse()?;
/// assert_eq!(platform.to_string(), "linux/arm64");
///
/// let board: Platform = "linux/arm/v7".parse()?;
/// let index = ["linux/amd64", "linux/arm/v5", "linux/arm/v6"].map(|text| text.parse::<Platform>().ok());
/// assert_eq!(board.choose(index.iter().map(Option::as_ref)), [2, 1]);
/// # Ok::<(), pod_core::image::ParsePlatformError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// The operating system, in Go's names: `linux`, `windows`, `darwin`.
    pub os: String,
    /// The processor, in Go's names: `amd64`, `arm64`, `arm`, `386`.
    pub architecture: String,
    /// The processor's version: `v7` of `arm`, `v3` of `amd64`. Empty for the usual one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// The version of the operating system, which Windows images name: `10.0.17763.1397`.
    #[serde(default, rename = "os.version", skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    /// What the image needs of the operating system: `win32k`.
    #[serde(default, rename = "os.features", skip_serializing_if = "Vec::is_empty")]
    pub os_features: Vec<String>,
}

impl Platform {
    /// A normal platform from its three names.
    #[must_use]
    pub fn new(os: &str, architecture: &str, variant: &str) -> Self {
        let plain = Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
            os_version: String::new(),
            os_features: Vec::new(),
        };
        plain.normalized()
    }

    /// The platform that this program was built for. A 32-bit ARM counts as `v7`, and an `amd64` as the oldest.
    #[must_use]
    pub fn of_this_program() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86" => "386",
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
            "powerpc64" => "ppc64",
            "loongarch64" => "loong64",
            "mips64" if cfg!(target_endian = "little") => "mips64le",
            other => other,
        };
        Self::new(std::env::consts::OS, architecture, "")
    }

    /// The same platform with the names that Go has for it: lower case; `macos` is `darwin`; `x86_64` is `amd64`, `i386` is `386`,
    /// `aarch64` is `arm64`, `armhf` is `arm` `v7` and `armel` is `arm` `v6`; the usual variant of `amd64` (`v1`) and `arm64` (`v8`) is empty,
    /// that of `arm` is `v7`, and a number alone gets its `v`.
    #[must_use]
    pub fn normalized(&self) -> Self {
        let (os, architecture, variant) = (
            self.os.to_ascii_lowercase(),
            self.architecture.to_ascii_lowercase(),
            self.variant.to_ascii_lowercase(),
        );
        let os = if os == "macos" { "darwin".to_owned() } else { os };
        let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
            ("i386", _) => ("386", ""),
            ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
            ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", variant),
            ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
            ("aarch64" | "arm64", "9" | "v9.0") => ("arm64", "v9"),
            ("aarch64" | "arm64", variant) => ("arm64", variant),
            ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
            ("armel", _) | ("arm", "6") => ("arm", "v6"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "8") => ("arm", "v8"),
            other => other,
        };
        Self { os, architecture: architecture.to_owned(), variant: variant.to_owned(), ..self.clone() }
    }

    /// Which images of an index this machine can run, by their places, best first.
    ///
    /// An older variant runs on a newer one of the same processor, `386` on `amd64`, and 32-bit `arm` on `arm64`: containerd's
    /// `platforms.Only`. Equals keep the index's order. An image that names no platform (`None`) comes last: its
    /// configuration must say whether it fits.
    #[must_use]
    pub fn choose<'p>(&self, candidates: impl IntoIterator<Item = Option<&'p Self>>) -> Vec<usize> {
        let host = self.normalized();
        let wanted = host.runs();
        let mut found: Vec<(usize, usize)> = candidates
            .into_iter()
            .enumerate()
            .filter_map(|(place, candidate)| match candidate {
                None => Some((wanted.len(), place)),
                Some(candidate) => {
                    let candidate = candidate.normalized();
                    let rank = wanted.iter().position(|(arch, variant)| {
                        candidate.architecture == *arch && candidate.variant == *variant
                    })?;
                    host.os_fits(&candidate).then_some((rank, place))
                }
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, place)| place).collect()
    }

    /// Whether this machine can run an image of that platform.
    ///
    /// ```
    /// use pod_core::image::Platform;
    ///
    /// let machine = Platform::new("linux", "amd64", "v3");
    /// assert!(machine.accepts(&Platform::new("linux", "amd64", "v2")));
    /// assert!(!machine.accepts(&Platform::new("linux", "amd64", "v4")));
    /// ```
    #[must_use]
    pub fn accepts(&self, image: &Self) -> bool {
        !self.choose([Some(image)]).is_empty()
    }

    /// Both must be normal.
    fn os_fits(&self, image: &Self) -> bool {
        // A Windows image runs on its own build only; other systems' versions say nothing.
        let build = |version: &str| version.splitn(4, '.').take(3).map(str::to_owned).collect::<Vec<_>>();
        let version_fits = self.os != "windows"
            || self.os_version.is_empty()
            || image.os_version.is_empty()
            || build(&self.os_version) == build(&image.os_version);
        self.os == image.os
            && version_fits
            && image.os_features.iter().all(|feature| self.os_features.contains(feature))
    }

    /// The processors whose programs a normal platform runs, best first: architecture and normal variant.
    fn runs(&self) -> Vec<(&str, String)> {
        let mut list = vec![(self.architecture.as_str(), self.variant.clone())];
        match self.architecture.as_str() {
            "amd64" => {
                // `v1` is the usual one, whose normal form is empty.
                let name = |n: u32| if n == 1 { String::new() } else { format!("v{n}") };
                list.extend(older(&self.variant, 1).map(|n| ("amd64", name(n))));
                list.push(("386", String::new()));
            }
            "arm" => list.extend(older(&self.variant, 5).map(|n| ("arm", format!("v{n}")))),
            "arm64" => list.extend(older_than_arm64(&self.variant)),
            _ => {}
        }
        list
    }
}

/// The numbers below a variant's own, down to the first, newest first. No processor has more than a few.
fn older(variant: &str, first: u32) -> impl Iterator<Item = u32> {
    let number = variant.strip_prefix('v').unwrap_or(variant).parse().ok().filter(|n| *n <= 32);
    number.into_iter().flat_map(move |n| (first..n).rev())
}

/// What runs on a 64-bit ARM besides its own variant: `v9.2`, `v9.1`, `v9`, then from `v8.7`, since version 9.0 split from 8.5.
fn older_than_arm64(variant: &str) -> Vec<(&'static str, String)> {
    let digits = if variant.is_empty() { "8" } else { variant.strip_prefix('v').unwrap_or(variant) };
    let (major, minor) = digits.split_once('.').unwrap_or((digits, "0"));
    let minor = minor.parse::<u32>().ok().filter(|n| *n <= 32).unwrap_or(0);
    let mut list = Vec::new();
    let below = match major {
        "9" => {
            list.extend(
                (0..minor).rev().map(|n| ("arm64", if n == 0 { "v9".to_owned() } else { format!("v9.{n}") })),
            );
            minor + 6
        }
        "8" => minor,
        _ => return list,
    };
    list.extend((0..below).rev().map(|n| ("arm64", if n == 0 { String::new() } else { format!("v8.{n}") })));
    list.extend((5..=8).rev().map(|n| ("arm", format!("v{n}"))));
    list
}

impl fmt::Display for Platform {
    /// `os[(version)]/architecture[/variant]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.os)?;
        if !self.os_version.is_empty() {
            write!(f, "({})", self.os_version)?;
        }
        write!(f, "/{}", self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

impl FromStr for Platform {
    type Err = ParsePlatformError;

    /// Reads `os[(version)]/architecture[/variant]` into its normal form (containerd `platforms.Parse`, without its guesses from
    /// the machine).
    ///
    /// # Errors
    ///
    /// A missing architecture (`linux`), an empty part (`linux//v7`), a fourth part, or another character than letters, digits,
    /// `_`, `.` and `-` (`linux/*`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = Vec::new();
        let mut start = 0;
        for part in text.split('/') {
            if parts.len() == 3 {
                return Err(ParsePlatformError { kind: Kind::Parts, position: start - 1, found: Some('/') });
            }
            let (name, version) = match part.split_once('(') {
                Some((name, rest)) if parts.is_empty() => {
                    let end = start + part.len();
                    let version = rest.strip_suffix(')');
                    (
                        name,
                        version.ok_or(ParsePlatformError {
                            kind: Kind::Version,
                            position: end,
                            found: None,
                        })?,
                    )
                }
                _ => (part, ""),
            };
            check(name, start, false)?;
            check(version, start + name.len() + 1, true)?;
            parts.push((name, version));
            start += part.len() + 1;
        }
        let [(os, os_version), (architecture, _), rest @ ..] = parts.as_slice() else {
            return Err(ParsePlatformError { kind: Kind::Architecture, position: text.len(), found: None });
        };
        let variant = rest.first().map_or("", |(variant, _)| variant);
        Ok(Self { os_version: (*os_version).to_owned(), ..Self::new(os, architecture, variant) })
    }
}

fn check(part: &str, start: usize, may_be_empty: bool) -> Result<(), ParsePlatformError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    match part.char_indices().find(|(_, c)| !fits(*c)) {
        Some((at, c)) => {
            Err(ParsePlatformError { kind: Kind::Character, position: start + at, found: Some(c) })
        }
        None if part.is_empty() && !may_be_empty => {
            Err(ParsePlatformError { kind: Kind::Empty, position: start, found: None })
        }
        None => Ok(()),
    }
}

/// Why a text is no platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsePlatformError {
    kind: Kind,
    position: usize,
    found: Option<char>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Architecture,
    Character,
    Empty,
    Parts,
    Version,
}

impl ParsePlatformError {
    /// The byte at which the text stops being a platform.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for ParsePlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.position;
        match (self.kind, self.found) {
            (Kind::Character, Some(c)) => write!(
                f,
                "unexpected `{}` at byte {at} of a platform: its parts are made of letters, digits, `_`, `.` and `-`",
                c.escape_debug()
            ),
            (Kind::Parts, _) => write!(
                f,
                "unexpected `/` at byte {at} of a platform: it is an operating system, an architecture and a variant"
            ),
            (Kind::Architecture, _) => write!(
                f,
                "a platform ends at byte {at}: after the operating system comes `/` and an architecture"
            ),
            (Kind::Version, _) => {
                write!(f, "an operating system ends at byte {at} without the `)` of its version")
            }
            (Kind::Character | Kind::Empty, _) => write!(f, "a part of a platform is empty at byte {at}"),
        }
    }
}

impl std::error::Error for ParsePlatformError {}
