//! Kustomizations and kubeconfig files: whatever the files say, nothing panics; what is built once is built again the same; and a merged
//! kubeconfig is read back.
//!
//! The text is a set of files: the first is the kustomization, each further one begins with a line `=== NAME`.
#![no_main]

use std::collections::BTreeMap;

use k8s_model::decode::{Mode, decode_str};
use k8s_model::encode::to_yaml;
use k8s_model::generate::env_file;
use k8s_model::kubeconfig::{Config, load};
use k8s_model::kustomize::build;
use k8s_model::object::Object;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (index, part) in text.split("\n=== ").enumerate() {
        let (name, content) = if index == 0 {
            ("kustomization.yaml", part)
        } else {
            part.split_once('\n').unwrap_or((part, ""))
        };
        files.insert(name.to_owned(), content.as_bytes().to_vec());
    }
    let read = |path: &str| files.get(path).cloned();
    let once = build(".", &read).map_err(|error| error.to_string());
    assert_eq!(once, build(".", &read).map_err(|error| error.to_string()));

    let all: Vec<Config> =
        text.split("\n=== ").filter_map(|part| load(part, "config", "/home/u/.kube").ok()).collect();
    let mut merged = Config::merge(all);
    let yaml = to_yaml(&merged);
    let again = decode_str(&yaml, "", Mode::Strict).documents.into_iter().next();
    assert_eq!(again.map(|document| document.object), Some(Object::from(merged.clone())), "{yaml}");
    let _ = merged.context(None);
    let _ = merged.minify();
    merged.redact();
    let _ = env_file(text);
});
