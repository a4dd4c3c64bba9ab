//! Deployments: `pkg/controller/deployment/*_test.go`.

use k8s_model::apps::Deployment;
use k8s_model::object::Object;
use k8s_model::plan::deployment::{self, UndoError};
use k8s_model::plan::store::{Key, Store};

use super::{at, names, object, objects, run_pod, settle};

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx:1}]}}
";

fn key(kind: &str, name: &str) -> Key {
    Key { kind: kind.into(), api_version: "apps/v1".into(), namespace: "default".into(), name: name.into() }
}

fn web(store: &Store) -> Deployment {
    Deployment::try_from(store.get(&key("Deployment", "web")).unwrap().clone()).unwrap()
}

fn change(store: &mut Store, how: impl FnOnce(&mut Deployment)) {
    let mut deployment = web(store);
    how(&mut deployment);
    store.update(deployment.into()).unwrap();
}

fn started() -> Store {
    super::started(WEB)
}

fn ready_all(store: &mut Store, seconds: u64) {
    for pod in names(store, "Pod") {
        run_pod(store, &pod, true, at(seconds));
    }
    settle(store, at(seconds));
}

/// The sizes of the replica sets by revision.
fn sizes(store: &Store) -> Vec<(i64, i32)> {
    let mut sizes: Vec<(i64, i32)> = store
        .objects()
        .filter_map(|object| match object {
            Object::ReplicaSet(set) => {
                Some((deployment::revision(&set.metadata), set.spec.replicas.unwrap()))
            }
            _ => None,
        })
        .collect();
    sizes.sort_unstable();
    sizes
}

fn conditions(store: &Store) -> Vec<(String, String, String)> {
    let conditions = web(store).status.conditions;
    conditions
        .into_iter()
        .map(|condition| (condition.type_.to_string(), condition.status.to_string(), condition.reason))
        .collect()
}

/// Source document 002, figure 3: two replicas, and a new image. One pod more than wanted, never one less.
#[test]
fn a_rolling_update_step_by_step() {
    let mut store = started();
    assert_eq!((sizes(&store), names(&store, "Pod").len()), (vec![(1, 2)], 2));
    ready_all(&mut store, 5);
    assert_eq!(
        conditions(&store),
        [
            ("Available".into(), "True".into(), "MinimumReplicasAvailable".into()),
            ("Progressing".into(), "True".into(), "NewReplicaSetAvailable".into()),
        ]
    );
    change(&mut store, |web| web.spec.template.spec.containers[0].image = "nginx:2".into());
    settle(&mut store, at(10));
    // Surge is 25% of 2, rounded up; none may be missing.
    assert_eq!((sizes(&store), names(&store, "Pod").len()), (vec![(1, 2), (2, 1)], 3));
    ready_all(&mut store, 15);
    assert_eq!((sizes(&store), names(&store, "Pod").len()), (vec![(1, 1), (2, 2)], 3));
    ready_all(&mut store, 20);
    assert_eq!((sizes(&store), names(&store, "Pod").len()), (vec![(1, 0), (2, 2)], 2));
    let web = web(&store);
    assert_eq!(web.metadata.annotations[deployment::REVISION], "2");
    assert_eq!((web.status.updated_replicas, web.status.available_replicas), (2, 2));
}

#[test]
fn recreation_waits_for_the_old_pods() {
    let mut store = Store::default();
    let text = WEB.replace("replicas: 2", "replicas: 2\n  strategy: {type: Recreate}");
    store.create(objects(&text).remove(0), at(0)).unwrap();
    settle(&mut store, at(0));
    // Placed pods have their grace period.
    for name in names(&store, "Pod") {
        let key = Key { kind: "Pod".into(), api_version: "v1".into(), ..key("", &name) };
        let Some(Object::Pod(pod)) = store.get(&key).cloned() else { panic!() };
        let mut pod = *pod;
        pod.spec.node_name = "n1".into();
        store.update(pod.into()).unwrap();
    }
    ready_all(&mut store, 5);
    change(&mut store, |web| web.spec.template.spec.containers[0].image = "nginx:2".into());
    settle(&mut store, at(10));
    assert_eq!((sizes(&store), names(&store, "Pod").len()), (vec![(1, 0)], 2));
    for name in names(&store, "Pod") {
        let reference = k8s_model::core::ObjectReference {
            kind: "Pod".into(),
            api_version: "v1".into(),
            namespace: "default".into(),
            name,
            ..Default::default()
        };
        let now = k8s_model::meta::DeleteOptions { grace_period_seconds: Some(0), ..Default::default() };
        store.delete(&reference, &now, at(40)).unwrap();
    }
    settle(&mut store, at(40));
    assert_eq!((sizes(&store), names(&store, "Pod").len()), (vec![(1, 0), (2, 2)], 2));
}

#[test]
fn pause_and_resume() {
    let mut store = started();
    change(&mut store, |web| {
        web.spec.paused = true;
        web.spec.template.spec.containers[0].image = "nginx:2".into();
    });
    settle(&mut store, at(10));
    assert_eq!(sizes(&store), [(1, 2)]);
    assert_eq!(conditions(&store)[1].2, "DeploymentPaused");
    // It can be scaled meanwhile.
    change(&mut store, |web| web.spec.replicas = Some(4));
    settle(&mut store, at(20));
    assert_eq!(sizes(&store), [(1, 4)]);
    change(&mut store, |web| web.spec.paused = false);
    settle(&mut store, at(30));
    assert_eq!(sizes(&store), [(1, 3), (2, 2)]);
}

/// `TestScale`: of a rollout in between, every replica set gets its share.
#[test]
fn scaling_in_proportion() {
    let cases = [
        // (sizes of the old and the new set, size before, size after, what each gets), surge 0; "scale up", "scale down" of `TestScale`.
        ((10, 0), 10, 20, (20, 0)),
        ((5, 5), 10, 20, (10, 10)),
        ((8, 2), 10, 5, (4, 1)),
        ((4, 6), 10, 0, (0, 0)),
    ];
    for ((old, new), before, after, expected) in cases {
        let mut deployment: Deployment = object(WEB);
        deployment.metadata.uid = "web".into();
        deployment.spec.replicas = Some(after);
        deployment.spec.strategy.rolling_update.as_mut().unwrap().max_surge = Some(0.into());
        let set = |name: &str, image: &str, replicas: i32, hour: u32| {
            let mut set: k8s_model::apps::ReplicaSet = object(
                &WEB.replace("kind: Deployment", "kind: ReplicaSet")
                    .replace("name: web, namespace", &format!("name: {name}, uid: {name}, namespace"))
                    .replace("nginx:1", image),
            );
            set.spec.replicas = Some(replicas);
            set.metadata.labels.insert("app".into(), "web".into());
            set.metadata.creation_timestamp = Some(format!("2026-11-25T{hour:02}:00:00Z").parse().unwrap());
            set.metadata.owner_references =
                vec![k8s_model::plan::controller_reference("apps/v1", "Deployment", &deployment.metadata)];
            for name in [deployment::DESIRED_REPLICAS, deployment::MAX_REPLICAS] {
                set.metadata.annotations.insert(name.into(), before.to_string());
            }
            set
        };
        let sets = [set("old", "nginx:0", old, 1), set("new", "nginx:1", new, 2)];
        let sets: Vec<_> = sets.iter().collect();
        let observed = deployment::Observed { sets: &sets, ..Default::default() };
        let plan = deployment::plan(&deployment, &observed, at(0));
        let size = |name: &str, unchanged: i32| {
            plan.actions
                .iter()
                .find_map(|action| match action {
                    k8s_model::plan::Action::Update(Object::ReplicaSet(set)) if set.metadata.name == name => {
                        set.spec.replicas
                    }
                    _ => None,
                })
                .unwrap_or(unchanged)
        };
        assert_eq!((size("old", old), size("new", new)), expected, "{old}+{new} of {before} to {after}");
    }
}

/// `TestRequeueStuckDeployment`, `TestSyncRolloutStatus`.
#[test]
fn a_rollout_without_progress_times_out() {
    let mut store = started();
    let planned = store.world().plan(at(1));
    // The deadline is ten minutes, and a second for good measure.
    assert_eq!(planned[0].requeue_at, Some(at(601).now));
    settle(&mut store, at(602));
    let web = web(&store);
    let progressing = web.status.conditions.iter().find(|c| c.type_.as_str() == "Progressing").unwrap();
    assert_eq!(
        (progressing.status.as_str(), progressing.reason.as_str()),
        ("False", "ProgressDeadlineExceeded"),
    );
    let set = &names(&store, "ReplicaSet")[0];
    assert_eq!(progressing.message, format!("ReplicaSet \"{set}\" has timed out progressing."));
}

#[test]
fn undo_goes_back_and_counts_on() {
    let mut store = started();
    let sets = |store: &Store| -> Vec<k8s_model::apps::ReplicaSet> {
        store.objects().cloned().filter_map(|object| object.try_into().ok()).collect()
    };
    let undo = |store: &Store, to| deployment::undo(&web(store), &sets(store).iter().collect::<Vec<_>>(), to);
    assert_eq!(undo(&store, None), Err(UndoError::NoHistory("web".into())));
    change(&mut store, |web| web.spec.template.spec.containers[0].image = "nginx:2".into());
    settle(&mut store, at(10));
    assert_eq!(undo(&store, Some(7)), Err(UndoError::RevisionNotFound(7)));
    assert_eq!(undo(&store, Some(2)), Err(UndoError::Unchanged(2)));
    let back = undo(&store, None).unwrap();
    assert_eq!(back.spec.template.spec.containers[0].image, "nginx:1");
    store.update(back.into()).unwrap();
    settle(&mut store, at(20));
    // The old set has the next number, and remembers its first one.
    let numbers: Vec<i64> = sizes(&store).into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [2, 3]);
    let histories: Vec<Option<String>> = sets(&store)
        .iter()
        .map(|set| set.metadata.annotations.get(deployment::REVISION_HISTORY).cloned())
        .collect();
    assert!(histories.contains(&Some("1".into())), "{histories:?}");
}

#[test]
fn old_revisions_go() {
    let mut store = started();
    change(&mut store, |web| web.spec.revision_history_limit = Some(1));
    for (number, seconds) in [(2, 10), (3, 20), (4, 30)] {
        change(&mut store, |web| web.spec.template.spec.containers[0].image = format!("nginx:{number}"));
        for step in 0..4 {
            ready_all(&mut store, seconds + step);
        }
    }
    assert_eq!(sizes(&store), [(3, 0), (4, 2)]);
}

/// `TestHandleAlreadyExists…`: a name that somebody else has counts a collision, and the next hash is another one.
#[test]
fn a_taken_name_is_counted() {
    let mut deployment: Deployment = object(WEB);
    deployment.metadata.uid = "web".into();
    let mut taken: k8s_model::apps::ReplicaSet = object(&WEB.replace("Deployment", "ReplicaSet"));
    taken.metadata.name = deployment::new_set_name(&deployment);
    taken.spec.template.spec.containers[0].image = "other".into();
    taken.metadata.owner_references = vec![k8s_model::plan::controller_reference(
        "apps/v1",
        "Deployment",
        &k8s_model::meta::ObjectMeta { uid: "somebody".into(), ..Default::default() },
    )];
    let sets = [&taken];
    let observed = deployment::Observed { sets: &sets, ..Default::default() };
    let plan = deployment::plan(&deployment, &observed, at(0));
    assert_eq!(super::done(&plan.actions), ["status deployment.apps/web"]);
    assert_eq!(plan.status.collision_count, Some(1));
    deployment.status = plan.status;
    assert_ne!(deployment::new_set_name(&deployment), taken.metadata.name);
}
