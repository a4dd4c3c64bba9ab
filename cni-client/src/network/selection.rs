//! `--net`.

use std::fmt;
use std::str::FromStr;

use crate::name::{NetworkName, ParseNameError};
use crate::request::{CniArgs, ParseArgsError};

/// The network that counts when nothing is said.
const DEFAULT: &str = "default";

/// What a pod's network shall be: rkt's `--net`.
///
/// | text | meaning |
/// |---|---|
/// | `host` | the host's own network |
/// | `none` | loopback only |
/// | (nothing), `default` | the network named `default` |
/// | `all` | every configured network |
/// | `n1,n2:IP=10.1.0.7;K=V` | these networks, with arguments for some |
///
/// `all` may stand beside names that carry arguments. rkt cuts a part at every `:`, so that it refuses IPv6 addresses; here
/// the first one counts.
///
/// ```
/// use cni_client::network::Selection;
///
/// let selection: Selection = "n1:IP=fd00::7;IgnoreUnknown=1,n2".parse()?;
/// assert_eq!(selection.to_string(), "n1:IP=fd00::7;IgnoreUnknown=1,n2");
/// assert_eq!("".parse::<Selection>()?, "default".parse()?);
/// assert_eq!(
///     "n1,host".parse::<Selection>().unwrap_err().to_string(),
///     "`host` at byte 3 of the networks stands alone",
/// );
/// # Ok::<(), cni_client::network::ParseSelectionError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The host's own network: no namespace, no plugins.
    Host,
    /// A namespace with loopback only.
    None,
    /// Networks, each with an interface of its own.
    Networks(Wanted),
}

/// Networks by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub(super) all: bool,
    pub(super) named: Vec<(NetworkName, CniArgs)>,
}

impl Wanted {
    /// Whether every configured network is wanted.
    #[must_use]
    pub const fn all(&self) -> bool {
        self.all
    }

    /// The networks that are named, with their arguments.
    pub fn named(&self) -> impl Iterator<Item = (&NetworkName, &CniArgs)> {
        self.named.iter().map(|(name, args)| (name, args))
    }

    /// The arguments for a network; `None` when it is not wanted.
    #[must_use]
    pub fn args_for(&self, network: &NetworkName) -> Option<CniArgs> {
        let named = self.named.iter().find(|(name, _)| name == network);
        named.map(|(_, args)| args.clone()).or_else(|| self.all.then(CniArgs::new))
    }
}

impl Selection {
    /// The network named `default`.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "a constant text, which the tests read")]
    #[expect(clippy::expect_used, reason = "a constant text, which the tests read")]
    pub fn default_network() -> Self {
        DEFAULT.parse().expect("`default` selects a network")
    }

    /// What several flags say together; a flag without a value means `default`, and so do no flags.
    ///
    /// # Errors
    ///
    /// As for one text; positions count in the flags joined by `,`.
    pub fn of_flags<'a>(flags: impl IntoIterator<Item = &'a str>) -> Result<Self, ParseSelectionError> {
        let flags: Vec<&str> =
            flags.into_iter().map(|flag| if flag.is_empty() { DEFAULT } else { flag }).collect();
        flags.join(",").parse()
    }
}

impl FromStr for Selection {
    type Err = ParseSelectionError;

    /// # Errors
    ///
    /// On an empty part (`a,,b`), a bad name (`../a`), a network twice (`a,a`), bad arguments (`a:IP`), arguments of `all`,
    /// `host` and `none`, and `host` or `none` beside anything else.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = if text.is_empty() { DEFAULT } else { text };
        let mut wanted = Wanted::default();
        let mut at = 0;
        for part in text.split(',') {
            let (name, args) = part.split_once(':').map_or((part, None), |(name, args)| (name, Some(args)));
            let error = |kind| ParseSelectionError { at, kind };
            if matches!(name, "host" | "none" | "all") && args.is_some() {
                return Err(error(Kind::NoArgs(name.to_owned())));
            }
            match name {
                "host" | "none" if part != text => return Err(error(Kind::Alone(name.to_owned()))),
                "host" => return Ok(Self::Host),
                "none" => return Ok(Self::None),
                "all" if wanted.all => return Err(error(Kind::Twice(name.to_owned()))),
                "all" => wanted.all = true,
                _ => {
                    let name: NetworkName = name.parse().map_err(|e| error(Kind::Name(e)))?;
                    if wanted.named.iter().any(|(other, _)| *other == name) {
                        return Err(error(Kind::Twice(name.into())));
                    }
                    let args = args.unwrap_or_default().parse();
                    let args = args.map_err(|e| error(Kind::Args(name.clone(), e)))?;
                    wanted.named.push((name, args));
                }
            }
            at += part.len() + 1;
        }
        Ok(Self::Networks(wanted))
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            Self::None => f.write_str("none"),
            Self::Networks(wanted) => wanted.fmt(f),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.all {
            f.write_str("all")?;
        }
        for (at, (name, args)) in self.named.iter().enumerate() {
            let comma = if at == 0 && !self.all { "" } else { "," };
            write!(f, "{comma}{name}")?;
            if !args.is_empty() {
                write!(f, ":{args}")?;
            }
        }
        Ok(())
    }
}

/// Why a text selects no networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseSelectionError {
    at: usize,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Name(ParseNameError),
    Args(NetworkName, ParseArgsError),
    Twice(String),
    Alone(String),
    NoArgs(String),
}

impl fmt::Display for ParseSelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at;
        match &self.kind {
            Kind::Name(error) => write!(f, "the network at byte {at} of the networks: {error}"),
            Kind::Args(name, error) => write!(f, "network `{name}` at byte {at} of the networks: {error}"),
            Kind::Twice(name) => write!(f, "`{name}` at byte {at} of the networks is there already"),
            Kind::Alone(name) => write!(f, "`{name}` at byte {at} of the networks stands alone"),
            Kind::NoArgs(name) => write!(f, "`{name}` at byte {at} of the networks takes no arguments"),
        }
    }
}

impl std::error::Error for ParseSelectionError {}
