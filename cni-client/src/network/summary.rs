//! What a pod has after all its networks are attached.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::attachment::Attachment;
use crate::name::NetworkName;
use crate::result::{AddResult, Dns, IpConfig, Route};

/// The pod's side of its attachments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PodNetwork {
    /// The interfaces inside the pod, in the order of the attachments.
    pub interfaces: Vec<PodInterface>,
    /// The settings of the first network that gives any.
    pub dns: Dns,
}

/// An interface inside the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PodInterface {
    /// Its name.
    pub name: String,
    /// Its network.
    pub network: NetworkName,
    /// The hardware address; empty when the plugins did not say.
    pub mac: String,
    /// Its addresses.
    pub addresses: Vec<IpNet>,
    /// The routes of its network.
    pub routes: Vec<Route>,
}

impl PodNetwork {
    /// Reads it from the results of ADD.
    ///
    /// Addresses of the host's interfaces are left out. An address whose `interface` is missing or out of range belongs to
    /// the interface that the attachment was for.
    ///
    /// ```
    /// use cni_client::network::PodNetwork;
    /// # use cni_client::{attachment::Attachment, config::NetworkConfig, request::Request, result::AddResult};
    /// # use cni_client::version::Version;
    /// # let config = NetworkConfig::parse(r#"{"cniVersion": "1.0.0", "name": "n", "type": "ptp"}"#)?;
    /// # let request = Request::new("c1".parse()?, "/run/netns/c1".parse()?, "eth0".parse()?);
    /// # let result = AddResult::decode(br#"{"ips": [{"address": "10.1.0.5/16"}]}"#, Version::V1_0_0)?;
    /// # let attachment = Attachment::new(config, request)?.with_result(result);
    ///
    /// let network = PodNetwork::of([&attachment]);
    /// assert_eq!(network.interfaces[0].name, "eth0");
    /// assert_eq!(network.address().unwrap().to_string(), "10.1.0.5");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of<'a>(attachments: impl IntoIterator<Item = &'a Attachment>) -> Self {
        let mut pod = Self::default();
        for attachment in attachments {
            let Some(result) = attachment.result() else { continue };
            pod.interfaces.extend(interfaces(attachment, result));
            if says_nothing(&pod.dns) {
                pod.dns = result.dns.clone();
            }
        }
        pod
    }

    /// The pod's first address: that of its first interface, IPv4 before IPv6 only by the plugins' own order.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.addresses().next()
    }

    /// All addresses in order.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.interfaces.iter().flat_map(|interface| &interface.addresses).map(IpNet::addr)
    }
}

/// Whether a resolver gains nothing by it.
fn says_nothing(dns: &Dns) -> bool {
    dns.nameservers.is_empty() && dns.domain.is_empty() && dns.search.is_empty() && dns.options.is_empty()
}

fn interfaces(attachment: &Attachment, result: &AddResult) -> Vec<PodInterface> {
    let own = attachment.interface().as_str();
    let new = |name: &str, mac: &str| PodInterface {
        name: name.to_owned(),
        network: attachment.config().name().clone(),
        mac: mac.to_owned(),
        addresses: Vec::new(),
        routes: Vec::new(),
    };
    let mut inside: Vec<PodInterface> = Vec::new();
    for interface in result.interfaces.iter().filter(|interface| !interface.sandbox.is_empty()) {
        if !inside.iter().any(|other| other.name == interface.name) {
            inside.push(new(&interface.name, &interface.mac));
        }
    }
    if !inside.iter().any(|interface| interface.name == own) {
        inside.insert(0, new(own, ""));
    }
    for ip in &result.ips {
        let Some(name) = home(result, ip, own) else { continue };
        if let Some(interface) = inside.iter_mut().find(|interface| interface.name == name) {
            interface.addresses.push(ip.address);
        }
    }
    if let Some(interface) = inside.iter_mut().find(|interface| interface.name == own) {
        interface.routes.clone_from(&result.routes);
    }
    inside
}

/// The name of the interface inside the pod that has an address; `None` when the host has it.
fn home<'a>(result: &'a AddResult, ip: &IpConfig, own: &'a str) -> Option<&'a str> {
    match result.interface_of(ip) {
        None => Some(own),
        Some(interface) if interface.sandbox.is_empty() => None,
        Some(interface) => Some(&interface.name),
    }
}
