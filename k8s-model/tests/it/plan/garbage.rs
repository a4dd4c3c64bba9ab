//! Garbage collection (`test/integration/garbagecollector`) and namespaces (`pkg/controller/namespace`).

use super::{at, delete, names, settle, started};

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx:1}]}}
";

#[test]
fn dependents_go_with_their_owner() {
    for how in ["Background", "Foreground"] {
        let mut store = started(WEB);
        delete(&mut store, "Deployment", "apps/v1", "web", Some(how), at(5));
        settle(&mut store, at(5));
        assert_eq!(store.objects().count(), 0, "{how}");
    }
}

#[test]
fn in_the_foreground_the_owner_waits() {
    let mut store = started(WEB);
    // A pod on a node takes its time.
    let name = names(&store, "Pod").remove(0);
    let mut pod = super::pod(&store, &name);
    pod.spec.node_name = "n1".into();
    store.update(pod.into()).unwrap();
    delete(&mut store, "Deployment", "apps/v1", "web", Some("Foreground"), at(5));
    settle(&mut store, at(5));
    assert_eq!(
        (names(&store, "Deployment").len(), names(&store, "ReplicaSet").len(), names(&store, "Pod").len()),
        (1, 1, 1)
    );
    delete(&mut store, "Pod", "v1", &name, None, at(35));
    settle(&mut store, at(35));
    assert_eq!(store.objects().count(), 0);
}

#[test]
fn orphans_stay_and_are_adopted_again() {
    let mut store = started(WEB);
    delete(&mut store, "Deployment", "apps/v1", "web", Some("Orphan"), at(5));
    settle(&mut store, at(5));
    assert_eq!((names(&store, "Deployment").len(), names(&store, "Pod").len()), (0, 2));
    let set = names(&store, "ReplicaSet");
    store.create(super::objects(WEB).remove(0), at(10)).unwrap();
    settle(&mut store, at(10));
    assert_eq!((names(&store, "ReplicaSet"), names(&store, "Pod").len()), (set, 2));
}

#[test]
fn namespaces_go_with_all_that_is_in_them() {
    let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n---\n".to_owned() + WEB;
    let mut store = started(&text);
    let name = names(&store, "Pod").remove(0);
    let mut pod = super::pod(&store, &name);
    pod.spec.node_name = "n1".into();
    store.update(pod.into()).unwrap();
    delete(&mut store, "Namespace", "v1", "default", None, at(5));
    settle(&mut store, at(5));
    let Some(k8s_model::object::Object::Namespace(namespace)) =
        store.objects().find(|object| object.kind() == "Namespace")
    else {
        panic!()
    };
    let remaining = namespace
        .status
        .conditions
        .iter()
        .find(|condition| condition.type_.as_str() == "NamespaceContentRemaining")
        .unwrap();
    assert!(remaining.message.starts_with("Some resources are remaining: "), "{}", remaining.message);
    assert!(remaining.message.contains("pods. has "), "{}", remaining.message);
    delete(&mut store, "Pod", "v1", &name, None, at(35));
    settle(&mut store, at(35));
    assert_eq!(store.objects().count(), 0);
}
