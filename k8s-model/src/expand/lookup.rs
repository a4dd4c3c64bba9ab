//! Where config maps and secrets come from.

use std::collections::BTreeMap;

use crate::core::{ConfigMap, Secret, Service};
use crate::object::Object;

/// Finds the objects that a pod refers to.
pub trait Lookup {
    /// The config map of that namespace and name.
    fn config_map(&self, namespace: &str, name: &str) -> Option<&ConfigMap>;

    /// The secret of that namespace and name; its plain texts are in its data already.
    fn secret(&self, namespace: &str, name: &str) -> Option<&Secret>;

    /// The services of that namespace, for the variables that tell of them. Without a cluster there are none.
    fn services(&self, namespace: &str) -> Vec<&Service> {
        let _ = namespace;
        Vec::new()
    }
}

/// Objects that are at hand, such as the other documents of a pod's file.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    config_maps: BTreeMap<(String, String), ConfigMap>,
    secrets: BTreeMap<(String, String), Secret>,
    services: BTreeMap<(String, String), Service>,
}

impl Lookup for Objects {
    fn config_map(&self, namespace: &str, name: &str) -> Option<&ConfigMap> {
        self.config_maps.get(&(namespace.to_owned(), name.to_owned()))
    }

    fn secret(&self, namespace: &str, name: &str) -> Option<&Secret> {
        self.secrets.get(&(namespace.to_owned(), name.to_owned()))
    }

    fn services(&self, namespace: &str) -> Vec<&Service> {
        self.services.iter().filter(|((own, _), _)| own == namespace).map(|(_, service)| service).collect()
    }
}

impl FromIterator<Object> for Objects {
    /// Keeps the config maps, secrets and services, with their defaults; of two of one name the last one wins. An object that names no
    /// namespace is in `default`.
    fn from_iter<I: IntoIterator<Item = Object>>(objects: I) -> Self {
        let mut found = Self::default();
        for mut object in objects {
            crate::default::default(&mut object);
            let namespace = if object.namespace().is_empty() { "default" } else { object.namespace() };
            let key = (namespace.to_owned(), object.name().to_owned());
            match object {
                Object::ConfigMap(object) => {
                    found.config_maps.insert(key, *object);
                }
                Object::Secret(object) => {
                    found.secrets.insert(key, *object);
                }
                Object::Service(object) => {
                    found.services.insert(key, *object);
                }
                _ => {}
            }
        }
        found
    }
}
