//! Text that may name a fact known only when the pod's sandbox exists.

use std::fmt::Write;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Text with places for facts of the sandbox, such as the pod's address (Kubernetes `status.podIP`).
///
/// ```
/// use pod_core::pod::{SandboxFact, SandboxFacts, Template};
///
/// let url = Template::from("http://").then(SandboxFact::PodIp).then_text(":8080");
/// let facts = SandboxFacts { pod_ips: vec!["10.1.2.3".parse()?], host_ips: vec![] };
/// assert_eq!(url.render(&facts), "http://10.1.2.3:8080");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Fact { fact: SandboxFact },
}

/// A fact of a pod that exists once its network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SandboxFact {
    /// The pod's first address; empty when it has none.
    PodIp,
    /// All addresses of the pod, joined by commas.
    PodIps,
    /// The node's first address; empty when it has none.
    HostIp,
    /// All addresses of the node, joined by commas.
    HostIps,
}

/// What [`Template::render`] fills in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SandboxFacts {
    /// The pod's addresses, the preferred one first.
    pub pod_ips: Vec<IpAddr>,
    /// The node's addresses, the preferred one first.
    pub host_ips: Vec<IpAddr>,
}

impl Template {
    /// Appends a fact.
    #[must_use]
    pub fn then(mut self, fact: SandboxFact) -> Self {
        self.0.push(Part::Fact { fact });
        self
    }

    /// Appends text.
    #[must_use]
    pub fn then_text(mut self, text: &str) -> Self {
        if let Some(Part::Text(last)) = self.0.last_mut() {
            last.push_str(text);
        } else if !text.is_empty() {
            self.0.push(Part::Text(text.to_owned()));
        }
        self
    }

    /// Appends another template.
    #[must_use]
    pub fn then_template(self, other: &Self) -> Self {
        other.0.iter().fold(self, |template, part| match part {
            Part::Text(text) => template.then_text(text),
            Part::Fact { fact } => template.then(*fact),
        })
    }

    /// The whole text, when it names no fact.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text with its facts filled in.
    #[must_use]
    pub fn render(&self, facts: &SandboxFacts) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Fact { fact: SandboxFact::PodIp } => push_addresses(&mut text, facts.pod_ips.get(..1)),
                Part::Fact { fact: SandboxFact::PodIps } => push_addresses(&mut text, Some(&facts.pod_ips)),
                Part::Fact { fact: SandboxFact::HostIp } => {
                    push_addresses(&mut text, facts.host_ips.get(..1))
                }
                Part::Fact { fact: SandboxFact::HostIps } => push_addresses(&mut text, Some(&facts.host_ips)),
            }
        }
        text
    }
}

impl From<&str> for Template {
    fn from(text: &str) -> Self {
        Self::default().then_text(text)
    }
}

impl From<String> for Template {
    fn from(text: String) -> Self {
        Self::default().then_text(&text)
    }
}

impl From<SandboxFact> for Template {
    fn from(fact: SandboxFact) -> Self {
        Self::default().then(fact)
    }
}

fn push_addresses(text: &mut String, addresses: Option<&[IpAddr]>) {
    for (index, address) in addresses.unwrap_or_default().iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{address}");
    }
}
