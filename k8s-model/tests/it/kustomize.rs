//! What kustomizations build, against `kubectl kustomize` (1.32.5).

use std::collections::BTreeMap;
use std::path::Path;

use k8s_model::kustomize::build;
use k8s_model::tree::documents;
use serde_json::Value;

#[test]
#[expect(clippy::disallowed_methods, reason = "the files of a kustomization are read by its caller")]
fn objects_are_kubectls() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/kustomize");
    let read = |path: &str| std::fs::read(vectors.join(path)).ok();
    let built = build("prod", &read).unwrap();
    let expected = documents(include_str!("../vectors/kustomize/expected.yaml")).unwrap();
    let names = |all: &[Value]| -> Vec<String> {
        all.iter().map(|object| format!("{} {}", object["kind"], object["metadata"]["name"])).collect()
    };
    assert_eq!(names(&built), names(&expected));
    for (built, expected) in built.iter().zip(&expected) {
        assert_eq!(built, expected);
    }
    // The same from another directory.
    assert_eq!(build("base/../prod/.", &read).unwrap(), built);
}

fn building(files: &[(&str, &str)]) -> Result<Vec<Value>, String> {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    build(".", &|path| files.get(path).map(|text| text.as_bytes().to_vec()))
        .map_err(|error| error.to_string())
}

#[test]
fn what_cannot_be_built() {
    let says = |files: &[(&str, &str)], words: &str| {
        let error = building(files).unwrap_err();
        assert!(error.contains(words), "{error}");
    };
    let map = ("a.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}");
    says(&[], "there is no kustomization");
    says(&[("kustomization.yaml", "resources: [a.yaml]")], "there is no kustomization");
    says(&[("kustomization.yaml", "resorces: []")], "resorces");
    says(&[("kustomization.yaml", "resources: [a.yaml, ./a.yaml]"), map], "is there twice");
    says(&[("kustomization.yaml", "resources: [b]"), ("b/kustomization.yaml", "resources: [../]")], "itself");
    says(&[("kustomization.yaml", "helmCharts: [{name: x}]")], "`helmCharts` is not supported");
    let patch =
        "resources: [a.yaml]\npatches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}'}]";
    says(&[("kustomization.yaml", patch), map], "no object fits");
    let patch = "resources: [a.yaml]\npatches: [{patch: '[{op: remove, path: /data}]', target: {kind: 'Config[M]ap'}}]";
    says(&[("kustomization.yaml", patch), map], "only `.*` and `|`");
    let merge = "configMapGenerator: [{name: a, behavior: merge}]";
    says(&[("kustomization.yaml", merge)], "to merge");
}

#[test]
fn components_and_targets() {
    let built = building(&[
        ("kustomization.yml", "resources: [all.yaml]\ncomponents: [extra]\nsortOptions: {order: fifo}\n"),
        (
            "all.yaml",
            "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Secret, metadata: {name: s1, labels: {a: b}}}, {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}]}",
        ),
        (
            "extra/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- path: p.yaml\n  target: {kind: Secret|Pod, name: s.*, labelSelector: a in (b)}\n",
        ),
        ("extra/p.yaml", "{metadata: {name: any, annotations: {x: z}}}"),
    ])
    .unwrap();
    assert_eq!(built[0]["metadata"]["annotations"]["x"], "z");
    assert_eq!(built[0]["metadata"]["name"], "s1");
    assert!(built[1]["metadata"].get("annotations").is_none());
}
