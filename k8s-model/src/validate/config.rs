//! Config maps and secrets.

use super::errors::Errors;
use super::{meta, names};
use crate::core::{ConfigMap, Secret, SecretType};
use crate::path::Path;

/// The most bytes that the data of one object has.
const MAX: usize = 1 << 20;

pub(super) fn config_map(object: &ConfigMap, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    let (data, binary) = (Path::new("data"), Path::new("binaryData"));
    let mut total = 0;
    for (key, value) in &object.data {
        errors.invalid_all(&data.key(key), key, names::config_key(key));
        if object.binary_data.contains_key(key) {
            errors.invalid(&data.key(key), key, "duplicate of key present in binaryData");
        }
        total += value.len();
    }
    for (key, value) in &object.binary_data {
        errors.invalid_all(&binary.key(key), key, names::config_key(key));
        total += value.0.len();
    }
    if total > MAX {
        errors.too_long(&data, MAX);
    }
}

pub(super) fn secret(object: &Secret, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    let data = Path::new("data");
    for key in object.data.keys() {
        errors.invalid_all(&data.key(key), key, names::config_key(key));
    }
    if object.data.values().map(|value| value.0.len()).sum::<usize>() > MAX {
        errors.too_long(&data, MAX);
    }
    let keys: &[&str] = match object.type_ {
        SecretType::DockerCfg => &[".dockercfg"],
        SecretType::DockerConfigJson => &[".dockerconfigjson"],
        SecretType::SshAuth => &["ssh-privatekey"],
        SecretType::Tls => &["tls.crt", "tls.key"],
        _ => &[],
    };
    for key in keys {
        let path = data.key(key);
        match object.data.get(*key) {
            None => errors.required(&path, ""),
            Some(value) if *key == "ssh-privatekey" && value.0.is_empty() => errors.required(&path, ""),
            Some(value) if key.starts_with(".docker") => {
                if let Err(error) =
                    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&value.0)
                {
                    errors.invalid(&path, "<secret contents redacted>", error.to_string());
                }
            }
            Some(_) => {}
        }
    }
    if object.type_ == SecretType::BasicAuth
        && !["username", "password"].iter().any(|key| object.data.contains_key(*key))
    {
        errors.required(&data.key("username"), "");
        errors.required(&data.key("password"), "");
    }
    if object.type_ == SecretType::ServiceAccountToken
        && object.metadata.annotations.get("kubernetes.io/service-account.name").is_none_or(String::is_empty)
    {
        let annotations = Path::new("metadata.annotations");
        errors.required(&annotations.key("kubernetes.io/service-account.name"), "");
    }
}
