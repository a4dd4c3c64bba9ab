//! Pods with claims: where they can run, and which of them can use a volume at once.

use super::*;

fn pod_with(claims: &[&str]) -> Pod {
    let volumes: Vec<String> = claims
        .iter()
        .map(|name| format!("{{name: {name}, persistentVolumeClaim: {{claimName: {name}}}}}"))
        .collect();
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: default}}\nspec: {{volumes: [{}]}}\n",
        volumes.join(", ")
    );
    let Object::Pod(pod) = object(&text) else { panic!("{text}") };
    *pod
}

fn node(name: &str) -> Node {
    let text = format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{kubernetes.io/hostname: {name}}}}}\nstatus: {{allocatable: {{pods: '9'}}}}\n"
    );
    let Object::Node(node) = object(&text) else { panic!("{text}") };
    *node
}

fn local(name: &str, size: u32, node: &str, rest: &str) -> PersistentVolume {
    plain_volume(
        name,
        size,
        &format!(
            ", storageClassName: fast, nodeAffinity: {{required: {{nodeSelectorTerms: [{{matchExpressions: [{{key: kubernetes.io/hostname, operator: In, \
             values: [{node}]}}]}}]}}}}{rest}"
        ),
    )
}

/// `volume_binding_test.go`, `binder_test.go`: where a pod with claims can run, and what its claims get there.
#[test]
fn pods_with_claims() {
    let fast = |name: &str, size: u32| plain_claim(name, size, ", storageClassName: fast");
    let waits = |rest: &str| class("fast", "", &format!("volumeBindingMode: WaitForFirstConsumer\n{rest}"));
    let nobody = || {
        object(
            "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: kubernetes.io/no-provisioner\n\
             volumeBindingMode: WaitForFirstConsumer\n",
        )
    };
    let error = |storage: &Storage, claims: &[&str]| {
        PodVolumes::of(&pod_with(claims), storage).unwrap_err().to_string()
    };
    assert_eq!(error(&storage([], [], []), &["data"]), "persistentvolumeclaim \"data\" not found");
    assert_eq!(
        error(&storage([plain_claim("data", 1, "")], [], []), &["data"]),
        "pod has unbound immediate PersistentVolumeClaims"
    );
    let gone = claim("name: data, deletionTimestamp: '2026-01-01T00:00:00Z'", "", "");
    assert_eq!(error(&storage([gone], [], []), &["data"]), "persistentvolumeclaim \"data\" is being deleted");
    let lost = claim("name: data", "volumeName: v", "phase: Lost");
    assert_eq!(
        error(&storage([lost], [], []), &["data"]),
        "persistentvolumeclaim \"data\" bound to non-existent persistentvolume \"v\""
    );

    let all = storage(
        [fast("data", 4), fast("logs", 1)],
        [local("a", 5, "n1", ""), local("b", 2, "n1", ""), local("c", 5, "n2", "")],
        [nobody()],
    );
    let mut cluster = Cluster::default();
    ["n2", "n1"].into_iter().for_each(|name| cluster.set_node(node(name)));
    let pod = pod_with(&["data", "logs"]);
    let volumes = PodVolumes::of(&pod, &all).unwrap();
    assert_eq!(volumes.reasons(&node("n2")), ["node(s) didn't find available persistent volumes to bind"]);
    assert_eq!(cluster.place_where(&pod, |node| volumes.reasons(node)).unwrap(), "n1");
    // The smallest claim comes first, so that it leaves the larger volumes to the others.
    let gets =
        |claim: &str, volume: &str| Binding::Volume { claim: claim.to_owned(), volume: volume.to_owned() };
    assert_eq!(volumes.bindings(&node("n1")), Some(vec![gets("logs", "b"), gets("data", "a")]));
    let mut after = all.clone();
    after.place(&pod, &node("n1"));
    let (after, _) = carried_out(after);
    let volume = |claim: &str| after.claim("default", claim).unwrap().spec.volume_name.clone();
    assert_eq!((volume("logs"), volume("data")), ("b".to_owned(), "a".to_owned()));
    assert_eq!((after.claims().count(), after.volumes().count()), (2, 3));
    let unbound = storage([plain_claim("data", 1, "")], [], []);
    let error = cluster.place_with_claims(&pod_with(&["data"]), &unbound).unwrap_err();
    assert_eq!(
        error.to_string(),
        "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    );
    assert_eq!(cluster.place_with_claims(&pod_with(&[]), &unbound).unwrap(), "n2");
    let error = Cluster::default().place_with_claims(&pod_with(&["data"]), &unbound).unwrap_err();
    assert_eq!(error.to_string(), "no nodes available to schedule pods");
    let three = storage([fast("data", 4)], [local("c", 5, "n2", "")], [nobody()]);
    let volumes = PodVolumes::of(&pod_with(&["data"]), &three).unwrap();
    let mut cluster = Cluster::default();
    cluster.set_node(node("n1"));
    assert_eq!(
        cluster.place_where(&pod, |node| volumes.reasons(node)).unwrap_err().to_string(),
        "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind."
    );

    // A class whose volumes are made, but not everywhere.
    let made = storage(
        [fast("data", 4)],
        [],
        [waits(
            "allowedTopologies: [{matchLabelExpressions: [{key: kubernetes.io/hostname, values: [n1]}]}]",
        )],
    );
    let volumes = PodVolumes::of(&pod_with(&["data"]), &made).unwrap();
    let makes = Binding::Provision { claim: "data".to_owned(), class: "fast".to_owned() };
    assert_eq!((volumes.bindings(&node("n1")), volumes.bindings(&node("n2"))), (Some(vec![makes]), None));

    let mut after = made.clone();
    after.place(&pod_with(&["data"]), &node("n1"));
    let (_, steps) = carried_out(after);
    assert_eq!(
        steps[0].to_string(),
        "`example.com/disk` is to make a volume of class `fast` for `default/data` on node `n1`"
    );

    // A claim that is bound holds its pod to the nodes that reach the volume.
    let bound = claim("name: data, uid: uid-data", "volumeName: a", "phase: Bound");
    let there = storage(
        [bound.clone()],
        [local("a", 5, "n1", ", claimRef: {namespace: default, name: data, uid: uid-data}")],
        [],
    );
    let volumes = PodVolumes::of(&pod_with(&["data"]), &there).unwrap();
    assert!(volumes.reasons(&node("n1")).is_empty());
    assert_eq!(volumes.reasons(&node("n2")), ["node(s) didn't match PersistentVolume's node affinity"]);
    let nowhere = storage([bound], [], []);
    assert_eq!(
        PodVolumes::of(&pod_with(&["data"]), &nowhere).unwrap().reasons(&node("n1")),
        ["node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"]
    );

    // One pod alone.
    let alone =
        claim("name: data, uid: uid-data", "volumeName: a, accessModes: [ReadWriteOncePod]", "phase: Bound");
    let other = object(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: other, namespace: default}\nspec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}\n",
    );
    let taken = storage([alone], [local("a", 5, "n1", "")], [other]);
    assert_eq!(
        PodVolumes::of(&pod_with(&["data"]), &taken).unwrap().reasons(&node("n1")),
        [
            "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
        ]
    );
}

/// Which pods can use a volume at once.
#[test]
fn access_modes() {
    use PersistentVolumeAccessMode::{ReadOnlyMany, ReadWriteMany, ReadWriteOnce, ReadWriteOncePod};
    let user = |pod: &'static str, node: &'static str| Use { pod: ("default", pod), node };
    let elsewhere = Use { pod: ("other", "x"), node: "b" };
    let one_pod = "volume uses the ReadWriteOncePod access mode and is already in use by another pod";
    let cases: &[(&[PersistentVolumeAccessMode], Vec<Use<'_>>, &str)] = &[
        (&[ReadWriteOnce], vec![], ""),
        (&[ReadWriteOnce], vec![user("web", "b")], ""),
        (
            &[ReadWriteOnce],
            vec![user("db", "a"), elsewhere],
            "Multi-Attach error for volume \"v\" Volume is already used by 1 pod(s) in different namespaces",
        ),
        (
            &[ReadWriteOnce],
            vec![user("db", "b"), user("mq", "c")],
            "Multi-Attach error for volume \"v\" Volume is already used by pod(s) db, mq",
        ),
        (
            &[ReadWriteOnce],
            vec![user("db", "b"), elsewhere],
            "Multi-Attach error for volume \"v\" Volume is already used by pod(s) db and 1 pod(s) in different namespaces",
        ),
        (&[ReadWriteOnce, ReadOnlyMany], vec![user("db", "b")], ""),
        (&[ReadWriteMany], vec![user("db", "b")], ""),
        (&[ReadWriteOncePod], vec![user("db", "a")], one_pod),
        (&[ReadWriteOncePod], vec![user("web", "a")], ""),
        (&[], vec![user("db", "b")], ""),
    ];
    for (modes, users, expected) in cases {
        let verdict = access_conflict("v", modes, user("web", "a"), users);
        assert_eq!(verdict.err().map(|error| error.to_string()).unwrap_or_default(), *expected, "{modes:?}");
    }
}
