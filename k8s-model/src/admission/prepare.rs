//! What a server does with an object before admission, whatever else there is: the strategies of its registry.

use crate::core::{Service, ServicePort, ServiceType};
use crate::encode::to_json;
use crate::object::Object;

/// Takes the status away that somebody wrote on a new object: only what is seen of it makes one (`PrepareForCreate`). Its defaults are filled
/// in again.
pub fn without_status(object: &mut Object) {
    let has_status =
        object.fields().is_some_and(|fields| fields.info().fields.iter().any(|field| field.name == "status"));
    if !has_status {
        return;
    }
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(&to_json(object)) else { return };
    if let Some(members) = value.as_object_mut() {
        members.remove("status");
    }
    // What was written here can be read again.
    if let Ok(again) = serde_json::from_value(value) {
        *object = again;
        crate::default::default(object);
    }
}

/// A service that is written anew keeps the addresses and ports that it was given, unless it says otherwise (`patchAllocatedValues`).
pub fn keep_addresses(new: &mut Service, old: &Service) {
    if new.spec.cluster_ip.is_empty() && new.spec.type_ != ServiceType::ExternalName {
        new.spec.cluster_ip.clone_from(&old.spec.cluster_ip);
        new.spec.cluster_ips.clone_from(&old.spec.cluster_ips);
    }
    for port in &mut new.spec.ports {
        if new.spec.type_ == ServiceType::ClusterIp {
            // Only what it was given goes, not what it asks for itself.
            let given = old.spec.ports.iter().any(|old| old.node_port == port.node_port);
            if given && old.spec.type_ != ServiceType::ClusterIp {
                port.node_port = 0;
            }
        } else if port.node_port == 0 {
            let same = |old: &&ServicePort| (old.port, &old.protocol) == (port.port, &port.protocol);
            port.node_port = old.spec.ports.iter().find(same).map_or(0, |old| old.node_port);
        }
    }
}
