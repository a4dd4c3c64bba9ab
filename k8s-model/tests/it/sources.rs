//! The manifests of the documents that the project was created from: each is read, or what is wrong with it is said.

use k8s_model::decode::{Mode, decode_str};
use k8s_model::encode::to_json;
use k8s_model::object::Object;

/// A manifest of `tests/vectors/sources`, and what it holds; empty when it is broken.
macro_rules! manifests {
    ($($name:literal $holds:literal,)*) => {
        &[$(($name, include_str!(concat!("../vectors/sources/", $name)), $holds)),*]
    };
}

const MANIFESTS: &[(&str, &str, &str)] = manifests! {
    "000-persistent-volume.yaml" "persistentvolume/task-pv-volume",
    "000-claim.yaml" "",
    "000-pod.yaml" "",
    "001-kubeconfig.yaml" "config/",
    "001-deployment.yaml" "deployment.apps/nginx",
    "001-service.yaml" "service/nginx",
    "003-pod.yaml" "pod/foo",
    "kustomization.yaml" "kustomization.kustomize.config.k8s.io/",
    "003-runtime-class.yaml" "runtimeclass.node.k8s.io/myclass",
    "003-pod-runtime-class.yaml" "pod/mypod",
    "004-service.yaml" "service/",
    "004-replication-controller.yaml" "replicationcontroller/",
    "004-pod.yaml" "pod/",
    "004-ingress.yaml" "ingress.networking.k8s.io/",
};

#[test]
fn each_manifest_is_read_or_its_problems_are_told() {
    let mut found = String::new();
    for (name, text, holds) in MANIFESTS {
        let decoded = decode_str(text, name, Mode::Strict);
        let objects: Vec<String> = decoded.documents.iter().map(|d| d.object.resource_name()).collect();
        assert_eq!(objects.join(" "), *holds, "{name}");
        let broken =
            ["000-claim", "000-pod", "003-runtime", "004"].iter().any(|start| name.starts_with(start));
        assert_eq!(decoded.has_errors(), broken, "{name}");
        for problem in decoded.problems {
            found += &format!("{problem}\n");
        }
    }
    assert_eq!(found, include_str!("../vectors/sources/problems.txt"));
}

#[test]
fn what_they_say_is_kept() {
    let object = |name: &str| -> Object {
        let (_, text, _) = MANIFESTS.iter().find(|(known, ..)| *known == name).unwrap();
        decode_str(text, name, Mode::Strict).documents.remove(0).object
    };
    assert_eq!(
        to_json(&object("001-kubeconfig.yaml")),
        r#"{"kind":"Config","apiVersion":"v1","preferences":{},"clusters":[{"name":"microk8s-cluster","cluster":{"server":"http://127.0.0.1:8080"}}],"users":[{"name":"admin","user":{"username":"admin"}}],"contexts":[{"name":"microk8s","context":{"cluster":"microk8s-cluster","user":"admin"}}],"current-context":"microk8s"}"#
    );
    let Object::Kustomization(kustomization) = object("kustomization.yaml") else { panic!("another kind") };
    assert_eq!(kustomization.resources, ["pod.yaml"]);
    let Object::Service(service) = object("001-service.yaml") else { panic!("another kind") };
    assert_eq!((service.spec.ports[0].port, service.spec.type_.as_str()), (8000, "NodePort"));
}
