//! Isolators: what an app or a pod may use and do (specification, "Isolators").
//!
//! An [`Isolator`] is a name with a JSON value; those that the specification names have a typed [`IsolatorValue`], all others
//! are kept as they are.

mod resource;
mod security;
mod text;

pub use resource::{Resource, ResourceDefault};
pub use security::{CapabilityName, CapabilitySet, SeccompSet, SelinuxContext};

use std::collections::BTreeMap;
use std::fmt;

use crate::json::{Codec, Fault, Node, Object, Value, Writer};
use crate::{AcIdentifier, List, Strength};

macro_rules! isolators {
    ($($(#[$doc:meta])* $variant:ident($type:ty) $name:literal,)*) => {
        /// The value of an isolator that the specification names, or of another one.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum IsolatorValue {
            $($(#[$doc])* $variant($type),)*
            /// An isolator that the specification does not name; its value is in [`Isolator::json`].
            Unknown,
        }

        impl IsolatorValue {
            /// The names of all isolators that the specification has.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The name of the isolator; `None` for one that the specification does not name.
            #[must_use]
            pub const fn name(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant(_) => Some($name),)*
                    Self::Unknown => None,
                }
            }
        }
    };
}

isolators! {
    /// Processor time, in cores.
    Cpu(Resource) "resource/cpu",
    /// Memory, in bytes.
    Memory(Resource) "resource/memory",
    /// Throughput to block devices, in bytes a second.
    BlockBandwidth(ResourceDefault) "resource/block-bandwidth",
    /// Operations on block devices, a second.
    BlockIops(ResourceDefault) "resource/block-iops",
    /// Throughput of the network, in bytes a second.
    NetworkBandwidth(ResourceDefault) "resource/network-bandwidth",
    /// The capabilities that an app keeps.
    CapabilitiesRetain(CapabilitySet) "os/linux/capabilities-retain-set",
    /// The capabilities that an app loses of the executor's default ones.
    CapabilitiesRemove(CapabilitySet) "os/linux/capabilities-remove-set",
    /// The system calls that an app may make.
    SeccompRetain(SeccompSet) "os/linux/seccomp-retain-set",
    /// The system calls that an app may not make.
    SeccompRemove(SeccompSet) "os/linux/seccomp-remove-set",
    /// Whether no program may gain privileges (PR_SET_NO_NEW_PRIVS).
    NoNewPrivileges(bool) "os/linux/no-new-privileges",
    /// The weight of an app among others, 2 to 262144 (cgroup `cpu.shares`).
    CpuShares(u32) "os/linux/cpu-shares",
    /// How willingly the kernel kills an app when memory is short, -1000 to 1000 (proc(5), `oom_score_adj`).
    OomScoreAdj(i32) "os/linux/oom-score-adj",
    /// The SELinux context of a pod.
    SelinuxContext(SelinuxContext) "os/linux/selinux-context",
    /// The AppArmor profile of a pod, never empty.
    ApparmorProfile(String) "os/linux/apparmor-profile",
    /// Kernel parameters of a pod, by dotted name.
    Sysctl(BTreeMap<String, String>) "os/unix/sysctl",
}

impl IsolatorValue {
    /// Reads the value of the isolator of this name.
    fn decode(name: &str, node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        Ok(match name {
            "resource/cpu" => Self::Cpu(Resource::decode(node, strength)?),
            "resource/memory" => Self::Memory(Resource::decode(node, strength)?),
            "resource/block-bandwidth" => Self::BlockBandwidth(ResourceDefault::decode(node, strength)?),
            "resource/block-iops" => Self::BlockIops(ResourceDefault::decode(node, strength)?),
            "resource/network-bandwidth" => Self::NetworkBandwidth(ResourceDefault::decode(node, strength)?),
            "os/linux/capabilities-retain-set" => {
                Self::CapabilitiesRetain(CapabilitySet::decode(node, strength)?)
            }
            "os/linux/capabilities-remove-set" => {
                Self::CapabilitiesRemove(CapabilitySet::decode(node, strength)?)
            }
            "os/linux/seccomp-retain-set" => Self::SeccompRetain(SeccompSet::decode(node, strength)?),
            "os/linux/seccomp-remove-set" => Self::SeccompRemove(SeccompSet::decode(node, strength)?),
            "os/linux/no-new-privileges" => Self::NoNewPrivileges(bool::decode(node, strength)?),
            "os/linux/cpu-shares" => Self::CpuShares(number(node, strength, 2, 262_144)?),
            "os/linux/oom-score-adj" => Self::OomScoreAdj(number(node, strength, -1000, 1000)?),
            "os/linux/selinux-context" => Self::SelinuxContext(SelinuxContext::decode(node, strength)?),
            "os/linux/apparmor-profile" => Self::ApparmorProfile(security::apparmor_profile(node, strength)?),
            "os/unix/sysctl" => Self::Sysctl(crate::json::decode_map(node, strength)?),
            _ => Self::Unknown,
        })
    }

    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Cpu(value) | Self::Memory(value) => value.encode(out),
            Self::BlockBandwidth(value) | Self::BlockIops(value) | Self::NetworkBandwidth(value) => {
                value.encode(out)
            }
            Self::CapabilitiesRetain(value) | Self::CapabilitiesRemove(value) => value.encode(out),
            Self::SeccompRetain(value) | Self::SeccompRemove(value) => value.encode(out),
            Self::NoNewPrivileges(value) => value.encode(out),
            Self::CpuShares(value) => i64::from(*value).encode(out),
            Self::OomScoreAdj(value) => i64::from(*value).encode(out),
            Self::SelinuxContext(value) => value.encode(out),
            Self::ApparmorProfile(profile) => out.object(|object| object.text("profile", profile)),
            Self::Sysctl(value) => value.encode(out),
            Self::Unknown => out.raw("null"),
        }
    }

    /// Whether an app may have this isolator more than once.
    const fn may_repeat(&self) -> bool {
        !matches!(
            self,
            Self::SeccompRetain(_)
                | Self::SeccompRemove(_)
                | Self::CpuShares(_)
                | Self::OomScoreAdj(_)
                | Self::SelinuxContext(_)
                | Self::ApparmorProfile(_)
                | Self::Sysctl(_)
        )
    }

    /// Whether two isolators exclude each other.
    const fn excludes(&self, other: &Self, strength: Strength) -> bool {
        match (self, other) {
            (Self::SeccompRetain(_), Self::SeccompRemove(_))
            | (Self::SeccompRemove(_), Self::SeccompRetain(_)) => true,
            (Self::CapabilitiesRetain(_), Self::CapabilitiesRemove(_))
            | (Self::CapabilitiesRemove(_), Self::CapabilitiesRetain(_)) => strength.is_strict(),
            _ => false,
        }
    }
}

fn number<T: TryFrom<i64>>(node: &Node<'_>, strength: Strength, min: i64, max: i64) -> Result<T, Fault> {
    let value = i64::decode(node, strength)?;
    let fits = (min..=max).contains(&value);
    T::try_from(value)
        .ok()
        .filter(|_| fits)
        .ok_or_else(|| Fault::value(node, format!("{value} is not from {min} to {max}")))
}

/// An isolator: a name, and a value of which the JSON text is kept. Two are equal only if that is spelt the same.
///
/// ```
/// use appc_spec::{Isolator, IsolatorValue, Json, Strength};
///
/// let text = r#"{"name": "resource/memory", "value": {"limit": "1G"}}"#;
/// let isolator = Isolator::from_json(text, Strength::Strict)?;
/// let IsolatorValue::Memory(memory) = isolator.value() else { unreachable!() };
/// assert_eq!(memory.limit.as_ref().and_then(|limit| limit.value()), Some(1_000_000_000));
/// assert_eq!(isolator.to_json(Strength::Strict), r#"{"name":"resource/memory","value":{"limit":"1G"}}"#);
/// # Ok::<(), appc_spec::ManifestError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Isolator {
    name: AcIdentifier,
    value: IsolatorValue,
    json: Box<str>,
}

/// A value has no name of its own: [`IsolatorValue::Unknown`] makes no isolator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownIsolatorError(());

impl fmt::Display for UnknownIsolatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an isolator that the specification does not name is read from JSON, not made from a value",
        )
    }
}

impl std::error::Error for UnknownIsolatorError {}

impl Isolator {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &AcIdentifier {
        &self.name
    }

    /// Its value.
    #[must_use]
    pub const fn value(&self) -> &IsolatorValue {
        &self.value
    }

    /// The JSON text of its value, without white space.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }
}

impl TryFrom<IsolatorValue> for Isolator {
    type Error = UnknownIsolatorError;

    /// # Errors
    ///
    /// On [`IsolatorValue::Unknown`], which has no name.
    fn try_from(value: IsolatorValue) -> Result<Self, Self::Error> {
        let name = value.name().and_then(|name| name.parse().ok()).ok_or(UnknownIsolatorError(()))?;
        let mut out = Writer::new(Strength::Strict);
        value.encode(&mut out);
        Ok(Self { name, value, json: out.finish().into() })
    }
}

impl Codec for Isolator {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["name", "value"])?;
        let name: AcIdentifier = object.required("name")?;
        let value = match object.raw("value") {
            Some(value) if !matches!(value.value, Value::Null) => {
                IsolatorValue::decode(name.as_str(), value, strength)
                    .map_err(|fault| fault.within("value"))?
            }
            // Upstream crashes here; no known isolator means anything without a value.
            _ if is_known(name.as_str()) => return Err(object.missing("value")),
            _ => IsolatorValue::Unknown,
        };
        let mut json = Writer::new(Strength::Strict);
        json.compact(object.raw("value").map_or("null", |node| node.raw));
        Ok(Self { name, value, json: json.finish().into() })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("name", &self.name);
            object.with("value", |out| out.compact(&self.json));
        });
    }
}

fn is_known(name: &str) -> bool {
    IsolatorValue::NAMES.contains(&name)
}

/// Whose isolators a list is: the Go implementation checks only those of apps against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    App,
    Pod,
}

/// Checks the isolators of an app or a pod against each other.
pub(crate) fn check_together(
    list: &List<Isolator>,
    node: &Node<'_>,
    scope: Scope,
    strength: Strength,
) -> Result<(), Fault> {
    if scope == Scope::Pod && !strength.is_strict() {
        return Ok(());
    }
    let items = match &node.value {
        Value::List(nodes) => nodes.as_slice(),
        _ => &[],
    };
    for (index, (isolator, node)) in list.iter().zip(items).enumerate() {
        let fail = |message: String| Fault::value(node, message).within_item(index);
        let value = &isolator.value;
        if matches!(value, IsolatorValue::Unknown) {
            // The specification lets an executor ignore it, the Go implementation refuses it.
            if !strength.is_strict() {
                return Err(fail(format!("`{}` is no isolator that the specification names", isolator.name)));
            }
            continue;
        }
        for earlier in list.iter().take(index) {
            if earlier.name == isolator.name && !value.may_repeat() {
                return Err(fail(format!("the isolator `{}` stands there twice", isolator.name)));
            }
            if value.excludes(&earlier.value, strength) {
                return Err(fail(format!(
                    "the isolators `{}` and `{}` exclude each other",
                    earlier.name, isolator.name
                )));
            }
        }
    }
    Ok(())
}
