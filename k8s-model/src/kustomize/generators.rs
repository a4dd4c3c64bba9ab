//! Config maps and secrets from files and texts, and the hashes of their names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::item::Item;
use super::{KustomizeError, files};
use crate::generate::{self, Entry, go_json};
use crate::kustomization::{ConfigMapArgs, GeneratorOptions, Kustomization, SecretArgs};

/// What both sorts have in common.
struct Args<'a> {
    kind: &'static str,
    name: &'a str,
    namespace: &'a str,
    immutable: Option<bool>,
    literals: &'a [String],
    files: &'a [String],
    envs: Vec<&'a str>,
    options: Option<&'a GeneratorOptions>,
}

fn envs<'a>(several: &'a [String], one: &'a str) -> Vec<&'a str> {
    several.iter().map(String::as_str).chain((!one.is_empty()).then_some(one)).collect()
}

impl<'a> From<&'a ConfigMapArgs> for Args<'a> {
    fn from(args: &'a ConfigMapArgs) -> Self {
        Self {
            kind: "ConfigMap",
            name: &args.name,
            namespace: &args.namespace,
            immutable: args.immutable,
            literals: &args.literals,
            files: &args.files,
            envs: envs(&args.envs, &args.env),
            options: args.options.as_deref(),
        }
    }
}

impl<'a> From<&'a SecretArgs> for Args<'a> {
    fn from(args: &'a SecretArgs) -> Self {
        Self {
            kind: "Secret",
            name: &args.name,
            namespace: &args.namespace,
            immutable: args.immutable,
            literals: &args.literals,
            files: &args.files,
            envs: envs(&args.envs, &args.env),
            options: args.options.as_deref(),
        }
    }
}

type Read<'r> = &'r dyn Fn(&str) -> Option<Vec<u8>>;

fn entries(args: &Args<'_>, directory: &str, read: Read<'_>) -> Result<Vec<Entry>, KustomizeError> {
    let wrong = |error: generate::GenerateError| KustomizeError::new(directory, error.to_string());
    let mut all = Vec::new();
    for path in &args.envs {
        let text = files::text(&files::join(directory, path), read)?;
        all.extend(generate::env_file(&text).map_err(wrong)?);
    }
    for file in args.files {
        let (key, path) = match file.split_once('=') {
            Some((key, path)) => (key, path),
            None => (file.rsplit('/').next().unwrap_or_default(), file.as_str()),
        };
        let path = files::join(directory, path);
        let bytes = read(&path).ok_or_else(|| KustomizeError::new(&path, "there is no such file"))?;
        all.push((key.to_owned(), bytes));
    }
    for literal in args.literals {
        let (key, value) = generate::literal(literal).map_err(wrong)?;
        // Other than kubectl, kustomize takes quotes away.
        let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
        let start = value.iter().position(|byte| !is_quote(byte)).unwrap_or(value.len());
        let end = value.iter().rposition(|byte| !is_quote(byte)).map_or(start, |last| last + 1);
        all.push((key, value.get(start..end).unwrap_or_default().to_vec()));
    }
    Ok(all)
}

fn object(
    args: &Args<'_>,
    common: Option<&GeneratorOptions>,
    directory: &str,
    read: Read<'_>,
) -> Result<Item, KustomizeError> {
    let mut value = json!({"apiVersion": "v1", "kind": args.kind, "metadata": {"name": args.name}});
    if !args.namespace.is_empty() {
        value["metadata"]["namespace"] = args.namespace.into();
    }
    for (key, bytes) in entries(args, directory, read)? {
        let (field, text) = match String::from_utf8(bytes) {
            Ok(text) if args.kind == "ConfigMap" => ("data", text),
            Ok(text) => ("data", STANDARD.encode(text)),
            Err(error) => {
                let field = if args.kind == "ConfigMap" { "binaryData" } else { "data" };
                (field, STANDARD.encode(error.as_bytes()))
            }
        };
        if value[field].get(&key).is_some() {
            let reason = format!("the key `{key}` of {} `{}` stands there twice", args.kind, args.name);
            return Err(KustomizeError::new(directory, reason));
        }
        value[field][key] = text.into();
    }
    let both = || common.into_iter().chain(args.options);
    for options in both() {
        for (field, pairs) in [("labels", &options.labels), ("annotations", &options.annotations)] {
            for (key, text) in pairs {
                value["metadata"][field][key.as_str()] = text.as_str().into();
            }
        }
    }
    if args.immutable == Some(true) || both().any(|options| options.immutable) {
        value["immutable"] = true.into();
    }
    let mut item = Item::new(value);
    item.hashed = !both().any(|options| options.disable_name_suffix_hash);
    Ok(item)
}

fn add(items: &mut Vec<Item>, made: Item, behavior: &str, directory: &str) -> Result<(), KustomizeError> {
    let known = items
        .iter_mut()
        .find(|item| item.kind() == made.kind() && item.is_called(made.name(), made.namespace()));
    let what = || format!("{} `{}`", made.kind(), made.name());
    match (behavior, known) {
        ("" | "create", None) => items.push(made),
        ("" | "create", Some(_)) => {
            return Err(KustomizeError::new(directory, format!("there is a {} already", what())));
        }
        ("merge" | "replace", None) => {
            return Err(KustomizeError::new(directory, format!("there is no {} to {behavior}", what())));
        }
        (way @ ("merge" | "replace"), Some(known)) => {
            for field in ["data", "binaryData"] {
                if way == "replace" {
                    known.value.as_object_mut().and_then(|entries| entries.remove(field));
                }
                merge(&mut known.value, &made.value, field);
            }
            for field in ["labels", "annotations"] {
                let (metadata, other) = (&mut known.value["metadata"], &made.value["metadata"]);
                merge(metadata, other, field);
            }
            for field in ["immutable", "type"] {
                if let Some(value) = made.value.get(field) {
                    known.value[field] = value.clone();
                }
            }
            known.hashed |= made.hashed;
        }
        (other, _) => {
            return Err(KustomizeError::new(directory, format!("there is no behavior `{other}`")));
        }
    }
    Ok(())
}

fn merge(into: &mut Value, from: &Value, field: &str) {
    if let Some(entries) = from.get(field).and_then(Value::as_object) {
        for (key, value) in entries {
            into[field][key.as_str()] = value.clone();
        }
    }
}

/// Adds what the generators of a kustomization make.
pub(super) fn run(
    items: &mut Vec<Item>,
    kustomization: &Kustomization,
    directory: &str,
    read: Read<'_>,
) -> Result<(), KustomizeError> {
    let common = kustomization.generator_options.as_deref();
    for args in &kustomization.config_map_generator {
        let made = object(&args.into(), common, directory, read)?;
        add(items, made, &args.behavior, directory)?;
    }
    for args in &kustomization.secret_generator {
        let mut made = object(&args.into(), common, directory, read)?;
        let type_ = if args.type_.is_empty() { "Opaque" } else { args.type_.as_str() };
        made.value["type"] = type_.into();
        if args.string_data {
            return Err(KustomizeError::new(directory, "`stringData` of generators is not supported"));
        }
        add(items, made, &args.behavior, directory)?;
    }
    Ok(())
}

/// The hash of a config map or secret: ten characters of SHA-256 that spell no words.
pub(super) fn hash(object: &Value) -> String {
    let mut known = Map::new();
    let mut copy = |field: &str, value: Option<&Value>| {
        if let Some(value) = value {
            known.insert(field.to_owned(), value.clone());
        }
    };
    let empty = Value::from("");
    copy("kind", object.get("kind"));
    // kustomize means to hash the name as well, but has none there.
    copy("name", Some(&empty));
    copy("data", Some(object.get("data").unwrap_or(&empty)));
    if object["kind"] == "Secret" {
        copy("type", Some(object.get("type").unwrap_or(&empty)));
        copy("stringData", object.get("stringData"));
    } else {
        copy("binaryData", object.get("binaryData"));
    }
    let digest = Sha256::digest(go_json(&Value::Object(known)));
    let hex: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    let spell = |c: char| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    hex.chars().map(spell).collect()
}

/// Puts the hashes after the names that get one.
pub(super) fn add_hashes(items: &mut [Item]) {
    for item in items.iter_mut().filter(|item| item.hashed) {
        let name = format!("{}-{}", item.name(), hash(&item.value));
        item.rename("name", name);
    }
}
