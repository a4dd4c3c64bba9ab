//! What an app may do (specification, "Linux Isolators").

use std::fmt;

use pod_core::pod::Capability;

use crate::Strength;
use crate::json::{Codec, Fault, Node, Object, Value, Writer, wrong_type};

/// The name of a capability, known to this version or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CapabilityName {
    /// One that this version knows.
    Known(Capability),
    /// Another text, as it was written.
    Unknown(String),
}

impl From<&str> for CapabilityName {
    fn from(text: &str) -> Self {
        match Capability::ALL.iter().find(|capability| capability.as_str() == text) {
            Some(capability) => Self::Known(*capability),
            None => Self::Unknown(text.to_owned()),
        }
    }
}

impl fmt::Display for CapabilityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(capability) => f.pad(capability.as_str()),
            Self::Unknown(text) => f.pad(text),
        }
    }
}

/// A set of capabilities, never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilitySet {
    /// Their names, in order.
    pub set: Vec<CapabilityName>,
}

/// A set of system calls, never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeccompSet {
    /// The names of system calls, and of the specification's sets of them (`@appc.io/all`, `@appc.io/empty`).
    pub set: Vec<String>,
    /// The error that the others give, such as `EPERM`; empty where the executor decides.
    pub errno: String,
}

/// An SELinux context; no part is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SelinuxContext {
    /// The user, without `:`.
    pub user: String,
    /// The role, without `:`.
    pub role: String,
    /// The type, without `:`.
    pub kind: String,
    /// The level.
    pub level: String,
}

impl fmt::Display for SelinuxContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:{}", self.user, self.role, self.kind, self.level)
    }
}

fn names(object: &Object<'_, '_>) -> Result<Vec<String>, Fault> {
    let names: Vec<String> = object.or_default("set")?;
    if names.is_empty() {
        return Err(object.invalid("set", "the set is empty"));
    }
    Ok(names)
}

impl Codec for CapabilityName {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        String::decode(node, strength).map(|text| Self::from(text.as_str()))
    }

    fn encode(&self, out: &mut Writer) {
        out.text(&self.to_string());
    }
}

impl Codec for CapabilitySet {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["set"])?;
        let set = names(&object)?;
        Ok(Self { set: set.iter().map(|name| name.as_str().into()).collect() })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| object.member("set", &self.set));
    }
}

impl Codec for SeccompSet {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["set", "errno"])?;
        let set = names(&object)?;
        let errno: String = object.or_default("errno")?;
        // The Go implementation takes upper-case letters and numbers of any script.
        let upper = |c: char| {
            if strength.is_strict() {
                c.is_ascii_uppercase() || c.is_ascii_digit()
            } else {
                c.is_uppercase() || c.is_numeric()
            }
        };
        let named = errno.is_empty() || (errno.starts_with('E') && errno.chars().all(upper));
        if !named {
            let message = format!(
                "`{}` is no error name: `E` and upper-case letters and digits are wanted",
                errno.escape_debug()
            );
            return Err(object.invalid("errno", message));
        }
        Ok(Self { set, errno })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("set", &self.set);
            object.optional("errno", Some(&self.errno).filter(|errno| !errno.is_empty()));
        });
    }
}

impl Codec for SelinuxContext {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["user", "role", "type", "level"])?;
        let part = |name: &'static str| {
            let text: String = object.or_default(name)?;
            if text.is_empty() || (name != "level" && text.contains(':')) {
                let message =
                    format!("`{}` is no {name}: it is not empty and has no `:`", text.escape_debug());
                return Err(object.invalid(name, message));
            }
            Ok(text)
        };
        Ok(Self { user: part("user")?, role: part("role")?, kind: part("type")?, level: part("level")? })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.text("user", &self.user);
            object.text("role", &self.role);
            object.text("type", &self.kind);
            object.text("level", &self.level);
        });
    }
}

/// The one member of an AppArmor isolator.
pub(super) fn apparmor_profile(node: &Node<'_>, strength: Strength) -> Result<String, Fault> {
    if !matches!(node.value, Value::Object(_)) {
        return Err(wrong_type(node, "an object"));
    }
    let object = Object::new(node, strength, &["profile"])?;
    let profile: String = object.or_default("profile")?;
    if profile.is_empty() { Err(object.invalid("profile", "the profile is empty")) } else { Ok(profile) }
}
