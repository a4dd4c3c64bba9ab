//! Claims and volumes: tables of situations of `pkg/controller/volume/persistentvolume` (`binder_test.go`, `delete_test.go`, `index_test.go`,
//! `provision_test.go`) and `pkg/scheduler/framework/plugins/volumebinding`.

mod pods;

use k8s_model::core::{Node, PersistentVolume, PersistentVolumeAccessMode, PersistentVolumeClaim, Pod};
use k8s_model::decode::{Mode, decode_str};
use k8s_model::object::Object;
use k8s_model::schedule::Cluster;
use k8s_model::volume_binding::{
    Binding, Expansion, Mismatch, PodVolumes, Step, Storage, Use, access_conflict, best_match,
};
use proptest::prelude::*;

fn object(text: &str) -> Object {
    let mut decoded = decode_str(text, "test.yaml", Mode::Strict);
    assert!(decoded.problems.is_empty(), "{text}: {:?}", decoded.problems);
    decoded.documents.remove(0).object
}

fn volume(metadata: &str, spec: &str, phase: &str) -> PersistentVolume {
    let text = format!(
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{{metadata}}}\nspec: {{{spec}}}\nstatus: {{phase: {phase}}}\n"
    );
    let Object::PersistentVolume(volume) = object(&text) else { panic!("{text}") };
    *volume
}

fn claim(metadata: &str, spec: &str, status: &str) -> PersistentVolumeClaim {
    let text = format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{namespace: default, {metadata}}}\nspec: {{{spec}}}\nstatus: {{{status}}}\n"
    );
    let Object::PersistentVolumeClaim(claim) = object(&text) else { panic!("{text}") };
    *claim
}

/// A volume of so many Gi, and a claim of so many, both for one node at a time.
fn plain_volume(name: &str, size: u32, rest: &str) -> PersistentVolume {
    let spec = format!("capacity: {{storage: {size}Gi}}, accessModes: [ReadWriteOnce]{rest}");
    volume(&format!("name: {name}"), &spec, "Available")
}

fn plain_claim(name: &str, size: u32, rest: &str) -> PersistentVolumeClaim {
    let spec = format!("resources: {{requests: {{storage: {size}Gi}}}}, accessModes: [ReadWriteOnce]{rest}");
    claim(&format!("name: {name}, uid: uid-{name}"), &spec, "")
}

fn class(name: &str, metadata: &str, rest: &str) -> Object {
    object(&format!(
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: {name}{metadata}}}\nprovisioner: example.com/disk\n{rest}\n"
    ))
}

fn storage(
    claims: impl IntoIterator<Item = PersistentVolumeClaim>,
    volumes: impl IntoIterator<Item = PersistentVolume>,
    others: impl IntoIterator<Item = Object>,
) -> Storage {
    let mut storage = Storage::default();
    let claims = claims.into_iter().map(|claim| Object::PersistentVolumeClaim(Box::new(claim)));
    let volumes = volumes.into_iter().map(|volume| Object::PersistentVolume(Box::new(volume)));
    for object in claims.chain(volumes).chain(others) {
        assert!(storage.take(object));
    }
    storage
}

/// What is there after what was planned.
fn carried_out(mut storage: Storage) -> (Storage, Vec<Step>) {
    let steps = storage.settle();
    let again = storage.reconcile();
    assert!(again.claims.is_empty() && again.volumes.is_empty(), "{again:?}");
    (storage, steps)
}

/// The first event, or what somebody does.
fn told(steps: &[Step]) -> String {
    match steps.first() {
        None => String::new(),
        Some(Step::Event { reason, message, .. }) => format!("{reason}: {message}"),
        Some(Step::Provision { class, provisioner, node, .. }) => {
            format!("{provisioner} makes {class} for {node:?}")
        }
        Some(Step::Delete { volume }) => format!("delete {volume}"),
        Some(other) => format!("{other:?}"),
    }
}

/// `TestMatchVolume`, `TestMatchingWithBoundVolumes`, `TestListByAccessModes`: which volume a claim gets.
#[test]
fn the_volume_that_fits() {
    let modes = |name: &str, size: u32, modes: &str| {
        volume(
            &format!("name: {name}"),
            &format!("capacity: {{storage: {size}Gi}}, accessModes: [{modes}]"),
            "Available",
        )
    };
    let cases: &[(&str, Vec<PersistentVolume>, PersistentVolumeClaim, Option<&str>)] = &[
        (
            "the smallest",
            vec![plain_volume("l", 10, ""), plain_volume("s", 5, ""), plain_volume("m", 8, "")],
            plain_claim("c", 4, ""),
            Some("s"),
        ),
        ("exactly", vec![plain_volume("a", 4, "")], plain_claim("c", 4, ""), Some("a")),
        ("too small", vec![plain_volume("a", 3, "")], plain_claim("c", 4, ""), None),
        (
            "the one with the fewest modes comes before a smaller one",
            vec![
                modes("nfs", 5, "ReadWriteOnce, ReadOnlyMany, ReadWriteMany"),
                modes("gce", 10, "ReadWriteOnce, ReadOnlyMany"),
            ],
            plain_claim("c", 4, ""),
            Some("gce"),
        ),
        (
            "all modes that are asked for",
            vec![plain_volume("a", 5, "")],
            claim(
                "name: c",
                "accessModes: [ReadWriteOnce, ReadOnlyMany], resources: {requests: {storage: 1Gi}}",
                "",
            ),
            None,
        ),
        (
            "the class, which is none where it is not said",
            vec![plain_volume("fast", 5, ", storageClassName: fast"), plain_volume("none", 8, "")],
            plain_claim("c", 4, ""),
            Some("none"),
        ),
        (
            "the class by its old annotation",
            vec![plain_volume("fast", 5, ", storageClassName: fast"), plain_volume("none", 4, "")],
            claim(
                "name: c, annotations: {volume.beta.kubernetes.io/storage-class: fast}",
                "accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}",
                "",
            ),
            Some("fast"),
        ),
        (
            "by label",
            vec![
                plain_volume("a", 5, ""),
                volume(
                    "name: b, labels: {tier: gold}",
                    "capacity: {storage: 9Gi}, accessModes: [ReadWriteOnce]",
                    "Available",
                ),
            ],
            plain_claim("c", 4, ", selector: {matchLabels: {tier: gold}}"),
            Some("b"),
        ),
        (
            "a block device is no file system",
            vec![
                plain_volume("b", 5, ", volumeMode: Block"),
                plain_volume("f", 9, ", volumeMode: Filesystem"),
            ],
            plain_claim("c", 4, ""),
            Some("f"),
        ),
        (
            "the class of attributes",
            vec![plain_volume("a", 5, ""), plain_volume("g", 9, ", volumeAttributesClassName: gold")],
            plain_claim("c", 4, ", volumeAttributesClassName: gold"),
            Some("g"),
        ),
        (
            "one that is kept for it comes first",
            vec![plain_volume("a", 5, ""), plain_volume("k", 9, ", claimRef: {namespace: default, name: c}")],
            plain_claim("c", 4, ""),
            Some("k"),
        ),
        (
            "one that is kept for another of the same name does not",
            vec![plain_volume("k", 9, ", claimRef: {namespace: default, name: c, uid: other}")],
            plain_claim("c", 4, ""),
            None,
        ),
        (
            "one that is kept for it, and too small",
            vec![plain_volume("k", 3, ", claimRef: {namespace: default, name: c}"), plain_volume("a", 5, "")],
            plain_claim("c", 4, ""),
            Some("a"),
        ),
        (
            "one that is not available",
            vec![volume("name: r", "capacity: {storage: 9Gi}, accessModes: [ReadWriteOnce]", "Released")],
            plain_claim("c", 4, ""),
            None,
        ),
        (
            "one that is being deleted",
            vec![volume(
                "name: d, deletionTimestamp: '2026-01-01T00:00:00Z'",
                "capacity: {storage: 9Gi}, accessModes: [ReadWriteOnce]",
                "Available",
            )],
            plain_claim("c", 4, ""),
            None,
        ),
    ];
    for (what, volumes, claim, expected) in cases {
        assert_eq!(
            best_match(claim, volumes).map(|volume| volume.metadata.name.as_str()),
            *expected,
            "{what}"
        );
    }
}

/// A claim that names its volume: `checkVolumeSatisfyClaim`, with its words.
#[test]
fn the_volume_that_is_named() {
    let named = ", volumeName: v";
    let deleted = volume(
        "name: v, deletionTimestamp: '2026-01-01T00:00:00Z'",
        "capacity: {storage: 9Gi}, accessModes: [ReadWriteOnce]",
        "Available",
    );
    let cases = [
        (plain_volume("v", 3, ""), plain_claim("c", 4, named), "requested PV is too small"),
        (
            plain_volume("v", 5, ", storageClassName: fast"),
            plain_claim("c", 4, named),
            "storageClassName does not match",
        ),
        (
            plain_volume("v", 5, ", volumeAttributesClassName: gold"),
            plain_claim("c", 4, named),
            "volumeAttributesClassName does not match",
        ),
        (plain_volume("v", 5, ", volumeMode: Block"), plain_claim("c", 4, named), "incompatible volumeMode"),
        (
            plain_volume("v", 5, ""),
            claim(
                "name: c, uid: uid-c",
                "accessModes: [ReadWriteMany], volumeName: v, resources: {requests: {storage: 1Gi}}",
                "",
            ),
            "incompatible accessMode",
        ),
        (deleted, plain_claim("c", 4, named), "the volume is marked for deletion \"v\""),
    ];
    for (volume, claim, message) in cases {
        assert_eq!(Mismatch::check(&claim, &volume).unwrap_err().to_string(), message);
        let (after, steps) = carried_out(storage([claim], [volume], []));
        assert_eq!(told(&steps), format!("VolumeMismatch: Cannot bind to requested volume \"v\": {message}"));
        assert_eq!(after.claim("default", "c").unwrap().status.phase.as_str(), "Pending");
    }
    // The selector does not count, nor do nodes.
    let (after, steps) = carried_out(storage(
        [plain_claim("c", 4, ", volumeName: v, selector: {matchLabels: {a: b}}")],
        [plain_volume("v", 9, "")],
        [],
    ));
    assert!(steps.is_empty());
    let claim = after.claim("default", "c").unwrap();
    assert_eq!(claim.status.phase.as_str(), "Bound");
    // A person named it, so the controller does not say that it did.
    assert!(!claim.metadata.annotations.contains_key("pv.kubernetes.io/bound-by-controller"));
    let volume = after.volume("v").unwrap();
    assert_eq!(
        volume.metadata.annotations.get("pv.kubernetes.io/bound-by-controller").map(String::as_str),
        Some("yes")
    );
    assert_eq!(volume.spec.claim_ref.as_ref().unwrap().uid, "uid-c");

    let other = plain_volume("v", 9, ", claimRef: {namespace: default, name: other, uid: x}");
    let (_, steps) = carried_out(storage([plain_claim("c", 4, named)], [other], []));
    assert_eq!(told(&steps), "FailedBinding: volume \"v\" already bound to a different claim.");
    let (after, steps) = carried_out(storage([plain_claim("c", 4, named)], [], []));
    assert_eq!(
        (told(&steps).as_str(), after.claim("default", "c").unwrap().status.phase.as_str()),
        ("", "Pending")
    );
}

/// Phases of both, and what people are told (`binder_test.go` by number).
#[test]
fn phases() {
    let bound = |name: &str, volume: &str| {
        claim(
            &format!(
                "name: {name}, uid: uid-{name}, annotations: {{pv.kubernetes.io/bind-completed: 'yes'}}"
            ),
            &format!(
                "accessModes: [ReadWriteOnce], volumeName: '{volume}', resources: {{requests: {{storage: 1Gi}}}}"
            ),
            "phase: Bound, accessModes: [ReadWriteOnce], capacity: {storage: 5Gi}",
        )
    };
    let of = |uid: &str, policy: &str| {
        plain_volume(
            "v",
            5,
            &format!(
                ", persistentVolumeReclaimPolicy: {policy}, claimRef: {{namespace: default, name: c, uid: {uid}}}"
            ),
        )
    };
    let made = |annotation: &str, policy: &str| {
        volume(
            &format!("name: v, annotations: {{{annotation}: x}}"),
            &format!(
                "capacity: {{storage: 5Gi}}, persistentVolumeReclaimPolicy: {policy}, accessModes: [ReadWriteOnce], \
                 claimRef: {{namespace: default, name: c, uid: uid-c}}"
            ),
            "Bound",
        )
    };
    let other = || plain_volume("w", 5, ", claimRef: {namespace: default, name: c, uid: uid-c}");
    type Case = (
        &'static str,
        Vec<PersistentVolumeClaim>,
        Vec<PersistentVolume>,
        &'static str,
        &'static str,
        &'static str,
    );
    let cases: Vec<Case> = vec![
        ("1-1 bound", vec![plain_claim("c", 1, "")], vec![plain_volume("v", 5, "")], "Bound", "Bound", ""),
        (
            "1-2 nothing fits",
            vec![plain_claim("c", 9, "")],
            vec![plain_volume("v", 5, "")],
            "Pending",
            "Available",
            "FailedBinding: no persistent volumes available for this claim and no storage class is set",
        ),
        (
            "4-1 kept for nobody yet",
            vec![],
            vec![plain_volume("v", 5, ", claimRef: {namespace: default, name: c}")],
            "",
            "Available",
            "",
        ),
        ("4-2 the claim is gone", vec![], vec![of("uid-c", "Retain")], "", "Released", ""),
        ("8-1 and its storage is deleted", vec![], vec![of("uid-c", "Delete")], "", "Released", "delete v"),
        (
            "6-1 and it is emptied",
            vec![],
            vec![of("uid-c", "Recycle")],
            "",
            "Released",
            "Recycle { volume: \"v\" }",
        ),
        (
            "4-3 another claim has the name now",
            vec![plain_claim("c", 1, "")],
            vec![of("old", "Retain")],
            "Pending",
            "Released",
            "FailedBinding: no persistent volumes available for this claim and no storage class is set",
        ),
        (
            "4-4 bound as it should be",
            vec![bound("c", "v")],
            vec![of("uid-c", "Retain")],
            "Bound",
            "Bound",
            "",
        ),
        (
            "3-1 the name of the volume is gone",
            vec![bound("c", "")],
            vec![],
            "Lost",
            "",
            "ClaimLost: Bound claim has lost reference to PersistentVolume. Data on the volume is lost!",
        ),
        (
            "3-2 the volume is gone",
            vec![bound("c", "v")],
            vec![],
            "Lost",
            "",
            "ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!",
        ),
        (
            "3-3 the volume forgot",
            vec![bound("c", "v")],
            vec![plain_volume("v", 5, "")],
            "Bound",
            "Bound",
            "",
        ),
        (
            "3-6 two claims",
            vec![bound("c", "v"), bound("d", "v")],
            vec![of("uid-d", "Retain")],
            "Lost",
            "Bound",
            "ClaimMisbound: Two claims are bound to the same volume, this one is bound incorrectly",
        ),
        (
            "4-7 the claim has another one, and the controller gives this one back",
            vec![bound("c", "w")],
            vec![made("pv.kubernetes.io/bound-by-controller", "Retain"), other()],
            "Bound",
            "Available",
            "",
        ),
        (
            "4-8 the claim has another one, and this one was made for it",
            vec![bound("c", "w")],
            vec![made("pv.kubernetes.io/provisioned-by", "Delete"), other()],
            "Bound",
            "Released",
            "delete v",
        ),
    ];
    for (what, claims, volumes, claim_phase, volume_phase, message) in cases {
        let (after, steps) = carried_out(storage(claims, volumes, []));
        let phase = after.claim("default", "c").map(|claim| claim.status.phase.as_str().to_owned());
        assert_eq!(phase.unwrap_or_default(), claim_phase, "{what}");
        let phase = after.volume("v").map(|volume| volume.status.phase.as_str().to_owned());
        assert_eq!(phase.unwrap_or_default(), volume_phase, "{what}");
        assert_eq!(told(&steps), message, "{what}");
    }
}

/// Classes: the default one, those whose volumes are made, and those that wait for a pod (`provision_test.go`, `syncUnboundClaim`).
#[test]
fn classes() {
    let says = |time: &str| {
        format!(
            ", creationTimestamp: '{time}', annotations: {{storageclass.kubernetes.io/is-default-class: 'true'}}"
        )
    };
    let pod = |node: &str| {
        object(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: default}}\nspec: {{nodeName: '{node}', volumes: [{{name: data, \
             persistentVolumeClaim: {{claimName: c}}}}]}}\n"
        ))
    };
    let fast = plain_claim("c", 1, ", storageClassName: fast");
    let waits = || class("fast", "", "volumeBindingMode: WaitForFirstConsumer");
    let external = "example.com/disk makes fast for None";
    let cases = [
        (
            "a class that is not there",
            fast.clone(),
            vec![],
            "ProvisioningFailed: storageclass.storage.k8s.io \"fast\" not found",
        ),
        ("made by somebody", fast.clone(), vec![class("fast", "", "")], external),
        (
            "the newest default class",
            plain_claim("c", 1, ""),
            vec![
                class("slow", &says("2025-01-01T00:00:00Z"), ""),
                class("fast", &says("2026-01-01T00:00:00Z"), ""),
                class("other", "", ""),
            ],
            external,
        ),
        (
            "no class, on purpose",
            plain_claim("c", 1, ", storageClassName: ''"),
            vec![class("fast", &says("2026-01-01T00:00:00Z"), "")],
            "FailedBinding: no persistent volumes available for this claim and no storage class is set",
        ),
        (
            "waits for a pod",
            fast.clone(),
            vec![waits()],
            "WaitForFirstConsumer: waiting for first consumer to be created before binding",
        ),
        (
            "waits for a pod to be placed",
            fast.clone(),
            vec![waits(), pod("")],
            "WaitForPodScheduled: waiting for pod web to be scheduled",
        ),
        (
            "the pod is placed",
            claim(
                "name: c, uid: uid-c, annotations: {volume.kubernetes.io/selected-node: n1}",
                "storageClassName: fast, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}",
                "",
            ),
            vec![waits(), pod("n1")],
            "example.com/disk makes fast for Some(\"n1\")",
        ),
    ];
    for (what, claim, others, expected) in cases {
        let (after, steps) = carried_out(storage([claim], [], others));
        assert_eq!(told(&steps), expected, "{what}");
        assert_eq!(after.claim("default", "c").unwrap().status.phase.as_str(), "Pending");
    }
    let nobody = object(
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: kubernetes.io/no-provisioner\n",
    );
    let (_, steps) = carried_out(storage([fast.clone()], [], [nobody]));
    assert_eq!(
        told(&steps),
        "ProvisioningFailed: no volume plugin matched name: kubernetes.io/no-provisioner"
    );
    // While it waits, only a volume that is kept for it will do.
    let free = plain_volume("free", 5, ", storageClassName: fast");
    let (after, _) = carried_out(storage([fast.clone()], [free.clone()], [waits()]));
    assert_eq!(after.claim("default", "c").unwrap().spec.volume_name, "");
    let kept = plain_volume("kept", 5, ", storageClassName: fast, claimRef: {namespace: default, name: c}");
    let (mut after, _) = carried_out(storage([fast], [free, kept], [waits()]));
    assert_eq!(after.claim("default", "c").unwrap().spec.volume_name, "kept");
    assert!(after.remove_claim("default", "c").is_some() && after.remove_claim("default", "c").is_none());
    assert!(after.remove_volume("kept").is_some() && after.remove_pod("default", "web").is_none());
    assert!(!after.take(object("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")));
}

/// From the wish to the file system.
#[test]
fn claims_grow() {
    let Object::StorageClass(grows) = class("fast", "", "allowVolumeExpansion: true") else { panic!() };
    let claim = |asks: u32, has: &str| {
        claim(
            "name: c",
            &format!("resources: {{requests: {{storage: {asks}Gi}}}}"),
            &format!("phase: Bound{has}"),
        )
    };
    let has = ", capacity: {storage: 5Gi}";
    let to = |size: &str| size.parse().unwrap();
    let block = plain_volume("v", 9, ", volumeMode: Block");
    let cases = [
        (claim(5, has), plain_volume("v", 5, ""), Expansion::Done, None),
        (claim(9, has), plain_volume("v", 5, ""), Expansion::Volume(to("9Gi")), Some("Resizing")),
        (
            claim(9, has),
            plain_volume("v", 9, ""),
            Expansion::FileSystem(to("9Gi")),
            Some("FileSystemResizePending"),
        ),
        (claim(9, has), block, Expansion::Status(to("9Gi")), None),
    ];
    for (claim, volume, expected, condition) in cases {
        let expansion = Expansion::of(&claim, &volume, Some(&grows));
        assert_eq!(expansion.condition().as_ref().map(|condition| condition.as_str()), condition);
        assert_eq!(expansion, expected);
    }
    let volume = plain_volume("v", 5, "");
    assert_eq!(Expansion::of(&claim(9, has), &volume, None), Expansion::Refused);
    assert_eq!(Expansion::of(&plain_claim("c", 1, ""), &volume, Some(&grows)), Expansion::NotBound);
    assert_eq!(Expansion::of(&claim(9, ""), &volume, Some(&grows)), Expansion::Done);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// No volume has two claims, none is too small or of another class, nothing free that fits is left, and a second plan changes nothing.
    #[test]
    fn bindings_are_sound(
        volumes in prop::collection::vec((1..6_u32, 0..3_usize, any::<bool>()), 0..8),
        claims in prop::collection::vec((1..6_u32, 0..3_usize, any::<bool>()), 0..8),
    ) {
        let classes = ["", "fast", "slow"];
        let volumes = volumes.into_iter().enumerate().map(|(number, (size, class, kept))| {
            let kept = if kept { format!(", claimRef: {{namespace: default, name: c{number}}}") } else { String::new() };
            plain_volume(&format!("v{number}"), size, &format!(", storageClassName: '{}'{kept}", classes[class]))
        });
        let claims: Vec<_> = claims.into_iter().enumerate().map(|(number, (size, class, named))| {
            let named = if named { format!(", volumeName: v{number}") } else { String::new() };
            plain_claim(&format!("c{number}"), size, &format!(", storageClassName: '{}'{named}", classes[class]))
        }).collect();
        let (after, _) = carried_out(storage(claims.clone(), volumes, []));
        let mut given = std::collections::BTreeSet::new();
        for claim in &claims {
            let claim = after.claim("default", &claim.metadata.name).unwrap();
            if claim.status.phase.as_str() == "Bound" {
                let volume = after.volume(&claim.spec.volume_name).unwrap();
                prop_assert!(given.insert(volume.metadata.name.clone()));
                // What a person keeps for a claim it gets, whatever its class.
                if volume.metadata.annotations.contains_key("pv.kubernetes.io/bound-by-controller") {
                    prop_assert_eq!(Mismatch::check(claim, volume), Ok(()));
                }
                prop_assert_eq!(&volume.spec.claim_ref.as_ref().unwrap().name, &claim.metadata.name);
                prop_assert_eq!(volume.status.phase.as_str(), "Bound");
            }
        }
    }
}
