//! Stateful sets: `pkg/controller/statefulset/stateful_set_control_test.go`.

use k8s_model::apps::StatefulSet;
use k8s_model::object::Object;
use k8s_model::plan::store::{Key, Store};

use super::{at, names, pod, run_pod, settle, started};

const SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: default}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: db:1}]}}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";

fn the_set(store: &Store) -> StatefulSet {
    let key = Key {
        kind: "StatefulSet".into(),
        api_version: "apps/v1".into(),
        namespace: "default".into(),
        name: "db".into(),
    };
    StatefulSet::try_from(store.get(&key).unwrap().clone()).unwrap()
}

fn change(store: &mut Store, how: impl FnOnce(&mut StatefulSet)) {
    let mut set = the_set(store);
    how(&mut set);
    store.update(set.into()).unwrap();
}

/// Makes all pods that are there ready, one round.
fn round(store: &mut Store, seconds: u64) -> Vec<String> {
    for name in names(store, "Pod") {
        if !k8s_model::plan::is_ready(&pod(store, &name)) {
            run_pod(store, &name, true, at(seconds));
        }
    }
    settle(store, at(seconds));
    names(store, "Pod")
}

fn images(store: &Store) -> Vec<String> {
    names(store, "Pod").iter().map(|name| pod(store, name).spec.containers[0].image.clone()).collect()
}

#[test]
fn pods_come_one_after_the_other() {
    let mut store = started(SET);
    assert_eq!(names(&store, "Pod"), ["db-0"]);
    assert_eq!(names(&store, "PersistentVolumeClaim"), ["data-db-0"]);
    let first = pod(&store, "db-0");
    assert_eq!((first.spec.hostname.as_str(), first.spec.subdomain.as_str()), ("db-0", "db"));
    assert_eq!(first.metadata.labels["apps.kubernetes.io/pod-index"], "0");
    assert_eq!(first.spec.volumes[0].persistent_volume_claim.as_ref().unwrap().claim_name, "data-db-0");
    assert_eq!(round(&mut store, 1), ["db-0", "db-1"]);
    assert_eq!(round(&mut store, 2), ["db-0", "db-1", "db-2"]);
    round(&mut store, 3);
    let status = the_set(&store).status;
    assert_eq!((status.replicas, status.ready_replicas, status.current_replicas), (3, 3, 3));
    assert_eq!(status.current_revision, status.update_revision);
}

#[test]
fn parallel_pods_come_at_once() {
    let store = started(
        &SET.replace("replicas: 3", "replicas: 3\n  podManagementPolicy: Parallel\n  ordinals: {start: 5}"),
    );
    assert_eq!(names(&store, "Pod"), ["db-5", "db-6", "db-7"]);
}

fn complete() -> Store {
    let mut store = started(SET);
    for seconds in 1..4 {
        round(&mut store, seconds);
    }
    store
}

#[test]
fn the_highest_goes_first() {
    let mut store = complete();
    change(&mut store, |set| set.spec.replicas = Some(1));
    settle(&mut store, at(10));
    assert_eq!(names(&store, "Pod"), ["db-0"]);
    // The claims stay.
    assert_eq!(names(&store, "PersistentVolumeClaim").len(), 3);
}

#[test]
fn an_update_goes_from_the_highest_down() {
    let mut store = complete();
    change(&mut store, |set| set.spec.template.spec.containers[0].image = "db:2".into());
    settle(&mut store, at(10));
    // db-2 was taken away and made anew; the others wait for it.
    assert_eq!(images(&store), ["db:1", "db:1", "db:2"]);
    round(&mut store, 11);
    assert_eq!(images(&store), ["db:1", "db:2", "db:2"]);
    round(&mut store, 12);
    assert_eq!(images(&store), ["db:2", "db:2", "db:2"]);
    assert_ne!(the_set(&store).status.current_revision, the_set(&store).status.update_revision);
    round(&mut store, 13);
    assert_eq!(the_set(&store).status.current_revision, the_set(&store).status.update_revision);
    assert_eq!(names(&store, "ControllerRevision").len(), 2);
}

#[test]
fn a_partition_keeps_the_old_ones() {
    let mut store = complete();
    change(&mut store, |set| {
        set.spec.update_strategy.rolling_update.get_or_insert_default().partition = Some(2);
        set.spec.template.spec.containers[0].image = "db:2".into();
    });
    for seconds in 10..14 {
        round(&mut store, seconds);
    }
    assert_eq!(images(&store), ["db:1", "db:1", "db:2"]);
    // What dies below it comes back as it was.
    super::delete(&mut store, "Pod", "v1", "db-0", None, at(20));
    settle(&mut store, at(20));
    assert_eq!(images(&store), ["db:1", "db:1", "db:2"]);
}

#[test]
fn ended_pods_are_made_anew() {
    let mut store = complete();
    super::end_pod(&mut store, "db-1", 0, at(10));
    let before = pod(&store, "db-1").metadata.uid;
    settle(&mut store, at(10));
    assert_ne!(pod(&store, "db-1").metadata.uid, before);
}

#[test]
fn going_back_counts_a_revision_up() {
    let mut store = complete();
    for image in ["db:2", "db:1"] {
        change(&mut store, |set| set.spec.template.spec.containers[0].image = image.into());
        for seconds in 10..14 {
            round(&mut store, seconds);
        }
    }
    let numbers: Vec<i64> = store
        .objects()
        .filter_map(|object| {
            if let Object::ControllerRevision(revision) = object { Some(revision.revision) } else { None }
        })
        .collect();
    assert_eq!(numbers.iter().copied().max(), Some(3));
    assert_eq!(numbers.len(), 2);
}

/// `TestStatefulSetControlWithStartOrdinal…`, retention policy of `stateful_pod_control_test.go`.
#[test]
fn claims_go_when_they_are_to() {
    let policy =
        "replicas: 3\n  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Delete}";
    let mut store = started(&SET.replace("replicas: 3", policy));
    for seconds in 1..4 {
        round(&mut store, seconds);
    }
    change(&mut store, |set| set.spec.replicas = Some(2));
    settle(&mut store, at(10));
    assert_eq!(names(&store, "PersistentVolumeClaim"), ["data-db-0", "data-db-1"]);
    super::delete(&mut store, "StatefulSet", "apps/v1", "db", None, at(20));
    settle(&mut store, at(20));
    assert_eq!(store.objects().count(), 0);
}
