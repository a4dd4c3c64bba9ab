//! Services, from flags and from other objects.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::{GenerateError, named};
use crate::core::{PodSpec, Protocol, Service, ServiceAffinity, ServicePort, ServiceType};
use crate::int_or_string::IntOrString;
use crate::meta::LabelSelector;
use crate::object::Object;

/// The commands `kubectl create service …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceKind {
    /// `clusterip`, with the address, or `None` for a headless one; empty leaves it to the server.
    ClusterIp(String),
    /// `nodeport`, with the port of each node; 0 leaves it to the server.
    NodePort(i32),
    /// `loadbalancer`.
    LoadBalancer,
    /// `externalname`, with the name.
    ExternalName(String),
}

/// `--tcp=port[:targetPort]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortPair {
    text: String,
    port: i32,
    target: IntOrString,
}

impl FromStr for PortPair {
    type Err = GenerateError;

    /// Reads `80`, `80:8080` or `80:http`.
    ///
    /// # Errors
    ///
    /// On a port that is no number from 1 to 65535, and a name that no port can have.
    fn from_str(text: &str) -> Result<Self, GenerateError> {
        let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0).map(i32::from);
        let (port, target) = text.split_once(':').unwrap_or((text, text));
        let wrong =
            |part: &str| GenerateError::new(format!("`{part}` of `{text}` is no port from 1 to 65535"));
        let port = number(port).ok_or_else(|| wrong(port))?;
        let target = match number(target) {
            Some(number) => IntOrString::Int(number),
            None if crate::validate::names::port_name(target).is_empty() => target.into(),
            None => return Err(wrong(target)),
        };
        Ok(Self { text: text.to_owned(), port, target })
    }
}

/// `kubectl create service …`.
///
/// # Errors
///
/// On an empty name, no port for a service that is neither headless nor an external name, and an empty external name.
pub fn service(name: &str, kind: &ServiceKind, ports: &[PortPair]) -> Result<Service, GenerateError> {
    let mut object = Service { metadata: named(name)?, ..Service::default() };
    let labels = BTreeMap::from([("app".to_owned(), name.to_owned())]);
    object.metadata.labels.clone_from(&labels);
    let spec = &mut object.spec;
    spec.selector = labels;
    let mut portless = false;
    let mut node_port = 0;
    match kind {
        ServiceKind::ClusterIp(ip) => {
            spec.type_ = ServiceType::ClusterIp;
            spec.cluster_ip.clone_from(ip);
            portless = ip == "None";
        }
        ServiceKind::NodePort(port) => {
            spec.type_ = ServiceType::NodePort;
            node_port = *port;
        }
        ServiceKind::LoadBalancer => spec.type_ = ServiceType::LoadBalancer,
        ServiceKind::ExternalName(name) => {
            if name.is_empty() {
                return Err(GenerateError::new("--external-name is required"));
            }
            spec.type_ = ServiceType::ExternalName;
            spec.external_name.clone_from(name);
            portless = true;
        }
    }
    if ports.is_empty() && !portless {
        return Err(GenerateError::new("at least one tcp port specifier must be provided"));
    }
    spec.ports = ports
        .iter()
        .map(|pair| ServicePort {
            name: pair.text.replace(':', "-"),
            protocol: Protocol::Tcp,
            port: pair.port,
            target_port: Some(pair.target.clone()),
            node_port,
            ..ServicePort::default()
        })
        .collect();
    Ok(object)
}

/// The flags of `kubectl expose`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposure {
    /// `--name`; the object's own when it is not given.
    pub name: Option<String>,
    /// `--port`; the containers' when it is not given.
    pub port: Option<i32>,
    /// `--target-port`; the port itself when it is not given.
    pub target_port: Option<IntOrString>,
    /// `--protocol`.
    pub protocol: Option<Protocol>,
    /// `--type`.
    pub type_: Option<ServiceType>,
    /// `--cluster-ip`.
    pub cluster_ip: Option<String>,
    /// `--external-ip`.
    pub external_ip: Option<String>,
    /// `--session-affinity`.
    pub session_affinity: Option<ServiceAffinity>,
    /// `--selector`; the object's own when it is not given.
    pub selector: Option<BTreeMap<String, String>>,
}

fn plain(selector: Option<&LabelSelector>) -> Result<BTreeMap<String, String>, GenerateError> {
    let selector = selector.cloned().unwrap_or_default();
    if selector.match_expressions.is_empty() {
        Ok(selector.match_labels)
    } else {
        Err(GenerateError::new("couldn't convert expressions of the selector to a map-based selector"))
    }
}

/// `kubectl expose`: a service for the pods of an object.
///
/// ```
/// use k8s_model::decode::{Mode, decode_str};
/// use k8s_model::generate::{Exposure, expose};
///
/// let text = "{apiVersion: v1, kind: Pod, metadata: {name: web, labels: {app: web}}, spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}}";
/// let pod = decode_str(text, "", Mode::Strict).documents.remove(0).object;
/// let service = expose(&pod, &Exposure::default())?;
/// assert_eq!((service.metadata.name.as_str(), service.spec.ports[0].port), ("web", 80));
/// # Ok::<(), k8s_model::generate::GenerateError>(())
/// ```
///
/// # Errors
///
/// On an object that selects no pods (`ConfigMap`), a selector with expressions, a pod without labels, and no port anywhere.
pub fn expose(object: &Object, flags: &Exposure) -> Result<Service, GenerateError> {
    let metadata = object.metadata().cloned().unwrap_or_default();
    let name = flags.name.clone().unwrap_or_else(|| metadata.name.clone());
    let mut service = Service { metadata: named(&name)?, ..Service::default() };
    service.metadata.namespace.clone_from(&metadata.namespace);
    service.metadata.labels.clone_from(&metadata.labels);
    let own = match object {
        Object::Pod(pod) => pod.metadata.labels.clone(),
        Object::Service(service) => service.spec.selector.clone(),
        Object::ReplicationController(object) => object.spec.selector.clone(),
        Object::ReplicaSet(object) => plain(object.spec.selector.as_deref())?,
        Object::Deployment(object) => plain(object.spec.selector.as_deref())?,
        other => {
            return Err(GenerateError::new(format!("cannot expose a {}", other.kind())));
        }
    };
    let spec = &mut service.spec;
    spec.selector = flags.selector.clone().unwrap_or(own);
    if spec.selector.is_empty() {
        return Err(GenerateError::new("the object has no labels that its pods could be selected by"));
    }
    let found = match flags.port {
        Some(port) => vec![(port, flags.protocol.clone().unwrap_or(Protocol::Tcp))],
        None => ports(object),
    };
    if found.is_empty() {
        return Err(GenerateError::new("couldn't find port via --port flag or introspection"));
    }
    let several = found.len() > 1;
    spec.ports = found
        .into_iter()
        .enumerate()
        .map(|(index, (port, protocol))| ServicePort {
            name: if several { format!("port-{}", index + 1) } else { String::new() },
            protocol: flags.protocol.clone().unwrap_or(protocol),
            port,
            target_port: Some(flags.target_port.clone().unwrap_or(IntOrString::Int(port))),
            ..ServicePort::default()
        })
        .collect();
    spec.type_ = flags.type_.clone().unwrap_or_default();
    spec.cluster_ip = flags.cluster_ip.clone().unwrap_or_default();
    spec.external_ips = flags.external_ip.clone().into_iter().collect();
    spec.session_affinity = flags.session_affinity.clone().unwrap_or_default();
    Ok(service)
}

/// The ports that an object's pods have, each once.
fn ports(object: &Object) -> Vec<(i32, Protocol)> {
    let of = |spec: &PodSpec| {
        let all = spec.containers.iter().flat_map(|container| &container.ports);
        all.map(|port| (port.container_port, port.protocol.clone())).collect::<Vec<_>>()
    };
    let all = match object {
        Object::Pod(pod) => of(&pod.spec),
        Object::Service(service) => {
            service.spec.ports.iter().map(|port| (port.port, port.protocol.clone())).collect()
        }
        other => other.pod_template().map_or_else(Vec::new, |template| of(&template.spec)),
    };
    let mut unique: Vec<(i32, Protocol)> = Vec::new();
    for (port, protocol) in all {
        let protocol = if protocol.is_unset() { Protocol::Tcp } else { protocol };
        if !unique.contains(&(port, protocol.clone())) {
            unique.push((port, protocol));
        }
    }
    unique
}
