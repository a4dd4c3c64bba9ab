//! Ports that an app listens on, and host ports that lead there (specification, `app`: `ports`; pod manifest, `ports`).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::json::{Codec, Fault, Node, Object, Value, Writer, wrong_type};
use crate::parameters::Parameters;
use crate::{AcName, ParseParameterError, Strength};

/// A port, or a range of ports, on which an app listens.
///
/// ```
/// use appc_spec::Port;
///
/// let port: Port = "query,protocol=tcp,port=8080,count=2".parse()?;
/// assert_eq!((port.port, port.count), (8080, 2));
/// # Ok::<(), appc_spec::ParseParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Port {
    /// Its name, by which a pod exposes it.
    pub name: AcName,
    /// The protocol: `tcp`, `udp`, or whatever the manifest says.
    pub protocol: String,
    /// The first port, from 1.
    pub port: u16,
    /// How many ports there are, from 1; the last one is at most 65535. [`Strength::Compat`] reads counts beyond that where the
    /// Go implementation's sum wraps around.
    pub count: u64,
    /// Whether the executor listens and hands the socket over.
    pub socket_activated: bool,
}

/// A rule that a port breaks.
enum Rule {
    Port(u64),
    Count(u16, u64),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => write!(f, "a port is 1 to 65535, not {port}"),
            Self::Count(port, count) => write!(f, "{count} ports from {port} on end beyond 65535"),
        }
    }
}

fn check_port(port: u64) -> Result<u16, Rule> {
    u16::try_from(port).ok().filter(|port| *port > 0).ok_or(Rule::Port(port))
}

fn check_count(port: u16, count: u64, strength: Strength) -> Result<u64, Rule> {
    let end = u64::from(port).checked_add(count);
    let end = if strength.is_strict() { end } else { Some(u64::from(port).wrapping_add(count)) };
    match end {
        Some(end) if end <= 65_536 => Ok(count),
        _ => Err(Rule::Count(port, count)),
    }
}

impl Port {
    /// Reads `name,protocol=TEXT,port=NUMBER[,count=NUMBER][,socketActivated=BOOL]`, as on actool's command line. The Go
    /// implementation leaves a count that is not given at 0.
    ///
    /// # Errors
    ///
    /// On a bad name, an unknown or repeated key, a port that is not 1 to 65535, a range that ends beyond 65535, and in
    /// [`Strength::Strict`] on a missing protocol.
    pub fn parse(text: &str, strength: Strength) -> Result<Self, ParseParameterError> {
        let known = ["protocol", "port", "count", "socketActivated"];
        let parameters = Parameters::split("a port", text)?.only(&known)?;
        let name = parameters.ac_name(strength)?;
        let protocol = parameters.get("protocol");
        let protocol = if strength.is_strict() {
            protocol.filter(|text| !text.is_empty()).ok_or_else(|| parameters.missing("protocol"))?
        } else {
            protocol.unwrap_or_default()
        };
        let port = parameters.number::<u16>("port")?.unwrap_or_default();
        let port = check_port(u64::from(port)).map_err(|rule| parameters.rule(rule))?;
        let count = parameters.number::<u16>("count")?.map_or(0, u64::from);
        let count = if strength.is_strict() { count.max(1) } else { count };
        Ok(Self {
            name,
            protocol: protocol.to_owned(),
            port,
            count: check_count(port, count, strength).map_err(|rule| parameters.rule(rule))?,
            socket_activated: parameters.boolean("socketActivated")?.unwrap_or_default(),
        })
    }
}

impl FromStr for Port {
    type Err = ParseParameterError;

    /// Reads the command-line form strictly.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Strength::Strict)
    }
}

impl Codec for Port {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let known = ["name", "protocol", "port", "count", "socketActivated"];
        let object = Object::new(node, strength, &known)?;
        let name = object.required("name")?;
        let protocol: String = if strength.is_strict() {
            object.required("protocol")?
        } else {
            object.or_default("protocol")?
        };
        if strength.is_strict() && protocol.is_empty() {
            return Err(object.invalid("protocol", "a port's protocol is not empty"));
        }
        let port = check_port(object.or_default("port")?).map_err(|rule| object.invalid("port", rule))?;
        let count = match object.or_default("count")? {
            0 => 1,
            count => count,
        };
        Ok(Self {
            name,
            protocol,
            port,
            count: check_count(port, count, strength).map_err(|rule| object.invalid("count", rule))?,
            socket_activated: object.or_default("socketActivated")?,
        })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("name", &self.name);
            object.text("protocol", &self.protocol);
            object.member("port", &u64::from(self.port));
            object.member("count", &self.count);
            object.member("socketActivated", &self.socket_activated);
        });
    }
}

/// A port of the host that leads to a port of an app.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExposedPort {
    /// The name of the app's port.
    pub name: AcName,
    /// The port on the host: 1 to 65535; the Go implementation, hence [`Strength::Compat`], reads any number.
    pub host_port: u64,
    /// The address on the host; all of them where the manifest does not say.
    pub host_ip: Option<IpAddr>,
    /// The app's port, where no app declares one of that name.
    pub pod_port: Option<Port>,
}

impl Codec for ExposedPort {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["name", "hostPort", "hostIP", "podPort"])?;
        let host_port = object.or_default("hostPort")?;
        if strength.is_strict() {
            check_port(host_port).map_err(|rule| object.invalid("hostPort", rule))?;
        }
        let host_ip = match object.node_of("hostIP") {
            Some(node) => decode_ip(node, strength).map_err(|fault| fault.within("hostIP"))?,
            None => None,
        };
        Ok(Self { name: object.required("name")?, host_port, host_ip, pod_port: object.optional("podPort")? })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("name", &self.name);
            object.member("hostPort", &self.host_port);
            if let Some(ip) = self.host_ip {
                object.text("hostIP", &ip.to_string());
            }
            object.optional("podPort", self.pod_port.as_ref());
        });
    }
}

/// An address; the specification has IPv4 only. An empty text is none.
fn decode_ip(node: &Node<'_>, strength: Strength) -> Result<Option<IpAddr>, Fault> {
    let Value::Text(text) = &node.value else { return Err(wrong_type(node, "a string")) };
    if text.is_empty() && !strength.is_strict() {
        return Ok(None);
    }
    match text.parse::<IpAddr>() {
        Ok(ip) if ip.is_ipv4() || !strength.is_strict() => Ok(Some(ip.to_canonical())),
        Ok(_) => Err(Fault::value(
            node,
            format!("`{text}` is an IPv6 address, where the specification has IPv4 only"),
        )),
        Err(_) => Err(Fault::value(node, format!("`{}` is no IP address", text.escape_debug()))),
    }
}
