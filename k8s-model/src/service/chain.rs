//! The names of the chains: a prefix, a kind, and the beginning of a hash.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// A port of a service, which is what rules are about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServicePortName {
    /// The namespace of the service.
    pub namespace: String,
    /// The name of the service.
    pub name: String,
    /// The name of the port; empty when it has none.
    pub port: String,
}

/// How a port without a name is written in comments and hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum UnnamedPort {
    /// `namespace/name`, since Kubernetes 1.18.
    #[default]
    Bare,
    /// `namespace/name:`, as before.
    Colon,
}

/// The first part of the names of chains: `KUBE` for kube-proxy's own.
///
/// From 1 to 7 upper-case letters and digits: the name of a chain has at most 28 characters, of which a kind and a hash take 21.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChainPrefix(String);

impl Default for ChainPrefix {
    /// `KUBE`, which is kube-proxy's.
    fn default() -> Self {
        Self("KUBE".to_owned())
    }
}

impl ChainPrefix {
    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChainPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no prefix for chains.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a prefix for chains has 1 to 7 upper-case letters and digits, and `{0}` is none")]
pub struct ChainPrefixError(String);

impl FromStr for ChainPrefix {
    type Err = ChainPrefixError;

    /// # Errors
    ///
    /// An empty text, more than 7 characters, others than `A` to `Z` and digits: ``, `PODKITPODKIT`, `pod`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=7).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if fits { Ok(Self(text.to_owned())) } else { Err(ChainPrefixError(text.to_owned())) }
    }
}

/// The names of the chains of a service's port (`servicePortPolicyClusterChain` and its kin).
///
/// The hash is over the port's name and its protocol in lower case, so it does not change with addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainNames {
    /// The port as comments have it: `default/web:http`.
    pub port: String,
    /// Balances over all endpoints: `KUBE-SVC-…`.
    pub cluster: String,
    /// Balances over the endpoints of this node: `KUBE-SVL-…`.
    pub local: String,
    /// Takes traffic from outside: `KUBE-EXT-…`.
    pub external: String,
    /// Lets in the sources that a load balancer names: `KUBE-FW-…`.
    pub firewall: String,
    prefix: String,
    protocol: String,
}

impl ChainNames {
    /// The names for one port; `protocol` is as in the object, such as `TCP`.
    #[must_use]
    pub fn new(prefix: &ChainPrefix, unnamed: UnnamedPort, name: &ServicePortName, protocol: &str) -> Self {
        let ServicePortName { namespace, name, port } = name;
        let port = match unnamed {
            UnnamedPort::Bare if port.is_empty() => format!("{namespace}/{name}"),
            _ => format!("{namespace}/{name}:{port}"),
        };
        let protocol = protocol.to_ascii_lowercase();
        let hash = hash(&[&port, &protocol]);
        Self {
            cluster: format!("{prefix}-SVC-{hash}"),
            local: format!("{prefix}-SVL-{hash}"),
            external: format!("{prefix}-EXT-{hash}"),
            firewall: format!("{prefix}-FW-{hash}"),
            prefix: prefix.to_string(),
            port,
            protocol,
        }
    }

    /// The protocol in lower case.
    #[must_use]
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// The chain of one endpoint, such as `10.1.0.2:8080`: `KUBE-SEP-…`.
    #[must_use]
    pub fn endpoint(&self, endpoint: &str) -> String {
        format!("{}-SEP-{}", self.prefix, hash(&[&self.port, &self.protocol, endpoint]))
    }
}

/// The first 16 characters of the base 32 (RFC 4648 §6) of a SHA-256.
fn hash(parts: &[&str]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(part.as_bytes());
    }
    // 16 characters of 5 bits are the first 80 bits.
    let bits = sha.finalize().iter().take(10).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    (0..16)
        .map(|index| {
            let five = usize::try_from(bits >> (75 - 5 * index) & 31).unwrap_or_default();
            char::from(ALPHABET.get(five).copied().unwrap_or(b'A'))
        })
        .collect()
}

/// Whether a chain is one that is made for a service's port or an endpoint, and taken away with it.
pub(super) fn is_of_a_service(prefix: &ChainPrefix, chain: &str) -> bool {
    let Some(kind) = chain.strip_prefix(prefix.as_str()) else { return false };
    ["-SVC-", "-SVL-", "-SEP-", "-FW-", "-EXT-"].iter().any(|start| kind.starts_with(start))
}
