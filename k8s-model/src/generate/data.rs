//! Config maps and secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{GenerateError, named};
use crate::core::{ConfigMap, Secret, SecretType};
use crate::schema::Bytes;
use crate::validate::names;

/// A key and its value: a literal, or a file's name and content.
pub type Entry = (String, Vec<u8>);

/// `--from-literal=key=value`.
///
/// # Errors
///
/// On a text without `=`, and without a key.
pub fn literal(text: &str) -> Result<Entry, GenerateError> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| GenerateError::new(format!("invalid literal source {text}, expected key=value")))?;
    Ok((key.to_owned(), value.as_bytes().to_vec()))
}

/// `--from-env-file`: `KEY=value` on each line; empty ones and those with `#` are passed over. A key alone has no value here, for
/// there is no environment to ask.
///
/// # Errors
///
/// On a name that no variable can have.
pub fn env_file(text: &str) -> Result<Vec<Entry>, GenerateError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            let problems = names::env_var_name(key);
            if problems.is_empty() {
                Ok((key.to_owned(), value.as_bytes().to_vec()))
            } else {
                Err(GenerateError::new(format!("{key:?} is not a valid key name: {}", problems.join(";"))))
            }
        })
        .collect()
}

fn check(entries: &[Entry], kind: &str, name: &str) -> Result<(), GenerateError> {
    for (index, (key, _)) in entries.iter().enumerate() {
        let problems = names::config_key(key);
        if !problems.is_empty() {
            let problems = problems.join(";");
            return Err(GenerateError::new(format!("{key:?} is not valid key name for a {kind} {problems}")));
        }
        if entries.iter().take(index).any(|(other, _)| other == key) {
            let text = format!(
                "cannot add key {key:?}, another key by that name already exists in Data for {kind} {name:?}"
            );
            return Err(GenerateError::new(text));
        }
    }
    Ok(())
}

/// `kubectl create configmap`: what is no UTF-8 is binary data.
///
/// # Errors
///
/// On an empty name, a key that is not well formed, and a key that is there twice.
pub fn config_map(name: &str, entries: impl IntoIterator<Item = Entry>) -> Result<ConfigMap, GenerateError> {
    let mut object = ConfigMap { metadata: named(name)?, ..ConfigMap::default() };
    let entries: Vec<Entry> = entries.into_iter().collect();
    check(&entries, "ConfigMap", name)?;
    for (key, value) in entries {
        match String::from_utf8(value) {
            Ok(text) => drop(object.data.insert(key, text)),
            Err(error) => drop(object.binary_data.insert(key, Bytes(error.into_bytes()))),
        }
    }
    Ok(object)
}

/// `kubectl create secret generic`; an empty type is left to the server.
///
/// # Errors
///
/// On an empty name, a key that is not well formed, and a key that is there twice.
pub fn secret(
    name: &str,
    type_: SecretType,
    entries: impl IntoIterator<Item = Entry>,
) -> Result<Secret, GenerateError> {
    let mut object = Secret { metadata: named(name)?, type_, ..Secret::default() };
    let entries: Vec<Entry> = entries.into_iter().collect();
    check(&entries, "Secret", name)?;
    object.data = entries.into_iter().map(|(key, value)| (key, Bytes(value))).collect();
    Ok(object)
}

/// JSON as Go writes it: what could be HTML is escaped.
pub(crate) fn go_json(value: &serde_json::Value) -> String {
    let text = value.to_string();
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// `kubectl create secret docker-registry`; without a server it is Docker's own.
///
/// # Errors
///
/// On an empty name, user or password.
pub fn docker_registry(
    name: &str,
    server: &str,
    username: &str,
    password: &str,
    email: &str,
) -> Result<Secret, GenerateError> {
    const DOCKER: &str = "https://index.docker.io/v1/";
    for (flag, value) in [("docker-username", username), ("docker-password", password)] {
        if value.is_empty() {
            return Err(GenerateError::new(format!("either --from-file or {flag} is required")));
        }
    }
    let text = |text: &str| go_json(&text.into());
    let auth = STANDARD.encode(format!("{username}:{password}"));
    let mut members = vec![("username", username), ("password", password)];
    members.extend((!email.is_empty()).then_some(("email", email)));
    members.push(("auth", &auth));
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{}:{}", text(name), text(value))).collect();
    let server = if server.is_empty() { DOCKER } else { server };
    let config = format!("{{\"auths\":{{{}:{{{}}}}}}}", text(server), members.join(","));
    secret(name, SecretType::DockerConfigJson, [(".dockerconfigjson".to_owned(), config.into_bytes())])
}
