//! The variables that tell a container of services (kubelet, `envvars.FromServices`).

use std::collections::BTreeMap;

use crate::core::{Service, ServicePort};

/// The variables of services that have an address of the cluster: `WEB_SERVICE_HOST`, `WEB_SERVICE_PORT`, and those that Docker's links had,
/// such as `WEB_PORT_80_TCP_ADDR`. Of services whose names become one name, the last counts.
///
/// ```
/// use k8s_model::core::{Service, ServicePort};
/// use k8s_model::expand::service_variables;
///
/// let mut service = Service::default();
/// service.metadata.name = "my-web".into();
/// service.spec.cluster_ip = "10.96.0.7".into();
/// service.spec.ports = vec![ServicePort { name: "http".into(), port: 80, ..Default::default() }];
/// let variables = service_variables([&service]);
/// assert_eq!(variables["MY_WEB_SERVICE_HOST"], "10.96.0.7");
/// assert_eq!(variables["MY_WEB_SERVICE_PORT_HTTP"], "80");
/// assert_eq!(variables["MY_WEB_PORT"], "tcp://10.96.0.7:80");
/// assert_eq!(variables["MY_WEB_PORT_80_TCP_PROTO"], "tcp");
/// ```
#[must_use]
pub fn service_variables<'s>(services: impl IntoIterator<Item = &'s Service>) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for service in services {
        let address = service.spec.cluster_ip.as_str();
        if address.is_empty() || address == "None" {
            continue;
        }
        let prefix = variable(&service.metadata.name);
        variables.insert(format!("{prefix}_SERVICE_HOST"), address.to_owned());
        for (index, port) in service.spec.ports.iter().enumerate() {
            if index == 0 {
                variables.insert(format!("{prefix}_SERVICE_PORT"), port.port.to_string());
            }
            if !port.name.is_empty() {
                let name = format!("{prefix}_SERVICE_PORT_{}", variable(&port.name));
                variables.insert(name, port.port.to_string());
            }
            link(&mut variables, &prefix, address, port, index == 0);
        }
    }
    variables
}

/// The variables of a port that Docker's links had.
fn link(
    variables: &mut BTreeMap<String, String>,
    prefix: &str,
    address: &str,
    port: &ServicePort,
    first: bool,
) {
    let protocol = match port.protocol.as_str() {
        "" => "TCP",
        protocol => protocol,
    };
    let (small, number) = (protocol.to_lowercase(), port.port);
    let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    let url = format!("{small}://{host}:{number}");
    if first {
        variables.insert(format!("{prefix}_PORT"), url.clone());
    }
    let prefix = format!("{prefix}_PORT_{number}_{}", protocol.to_uppercase());
    variables.insert(format!("{prefix}_PROTO"), small);
    variables.insert(format!("{prefix}_PORT"), number.to_string());
    variables.insert(format!("{prefix}_ADDR"), address.to_owned());
    variables.insert(prefix, url);
}

/// A name as that of a variable.
fn variable(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}
