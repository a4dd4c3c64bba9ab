//! What holds whatever happens.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_model::core::Pod;
use k8s_model::object::Object;
use k8s_model::plan::sim::{Cluster, Ended};
use k8s_model::plan::store::{Change, Key};
use k8s_model::plan::{controller_of, is_active, is_ready};
use proptest::prelude::*;

use super::sim;

/// The pods at the end of each moment: what was there, by replaying the changes.
fn moments(cluster: &Cluster) -> Vec<Vec<Pod>> {
    let mut pods: BTreeMap<Key, Pod> = BTreeMap::new();
    let mut moments = Vec::new();
    for (index, seen) in cluster.changes().iter().enumerate() {
        let key = Key::of(seen.change.object());
        match &seen.change {
            Change::Added(Object::Pod(pod)) | Change::Modified(Object::Pod(pod)) => {
                pods.insert(key, (**pod).clone());
            }
            Change::Deleted(_) => {
                pods.remove(&key);
            }
            _ => {}
        }
        if cluster.changes().get(index + 1).is_none_or(|next| next.at != seen.at) {
            moments.push(pods.values().cloned().collect());
        }
    }
    moments
}

/// Whether all that is owned has an owner that is there.
fn no_orphans(cluster: &Cluster) -> bool {
    let uids: BTreeSet<&str> = cluster
        .store()
        .objects()
        .filter_map(|object| object.metadata())
        .map(|metadata| metadata.uid.as_str())
        .collect();
    cluster
        .store()
        .objects()
        .filter_map(|object| object.metadata())
        .all(|metadata| metadata.owner_references.iter().all(|owner| uids.contains(owner.uid.as_str())))
}

/// Whether nothing is left to be done.
fn at_rest(cluster: &Cluster) -> bool {
    let at = k8s_model::plan::At::new(cluster.now(), 9);
    cluster.store().world().plan(at).iter().all(|planned| planned.actions.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Rolling updates of all sizes and limits: never fewer pods than may be missing, never more than may be too many, and an end.
    #[test]
    fn rolling_updates_keep_their_limits(
        replicas in 1..9_i32,
        surge in 0..4_i32,
        missing in 0..4_i32,
        min_ready in 0..4_i32,
        seed in any::<u64>(),
        updates in prop::collection::vec(20..40_u64, 1..3),
    ) {
        prop_assume!(surge + missing > 0);
        let text = format!(
            "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: default}}
spec:
  replicas: {replicas}
  minReadySeconds: {min_ready}
  strategy: {{rollingUpdate: {{maxSurge: {surge}, maxUnavailable: {missing}}}}}
  selector: {{matchLabels: {{app: web}}}}
  template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: web, image: 'web:1'}}]}}}}
"
        );
        // Updates may meet one that is under way.
        let mut time = 40;
        let mut events = Vec::new();
        for (number, wait) in updates.iter().enumerate() {
            events.push(format!("image deployment/web web:{} at {time}s", number + 2));
            time += wait / 4;
        }
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let mut cluster = sim::cluster(&text, &events, seed);
        prop_assert_eq!(cluster.run(Duration::from_secs(4000)), Ended::Quiet);
        let mut begun = false;
        for pods in moments(&cluster) {
            let active: Vec<&Pod> = pods.iter().filter(|pod| is_active(pod)).collect();
            let ready = active.iter().filter(|pod| is_ready(pod)).count();
            begun |= ready == usize::try_from(replicas).unwrap();
            prop_assert!(active.len() <= usize::try_from(replicas + surge).unwrap(), "{} pods", active.len());
            if begun {
                prop_assert!(i32::try_from(ready).unwrap() >= replicas - missing, "{ready} ready");
            }
        }
        prop_assert!(no_orphans(&cluster) && at_rest(&cluster));
        let last = moments(&cluster).pop().unwrap();
        let image = format!("web:{}", updates.len() + 1);
        prop_assert!(last.iter().all(|pod| pod.spec.containers[0].image == image) && last.len() == usize::try_from(replicas).unwrap());
    }

    /// Ordered stateful sets: a pod is there only when all before it are ready, and one is replaced at a time, whatever dies.
    #[test]
    fn ordered_sets_stay_ordered(
        replicas in 1..6_i32,
        other in 0..6_i32,
        seed in any::<u64>(),
        deaths in prop::collection::vec((0..6_u32, 30..90_u64), 0..3),
    ) {
        let text = format!(
            "
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db, namespace: default}}
spec:
  replicas: {replicas}
  serviceName: db
  selector: {{matchLabels: {{app: db}}}}
  template: {{metadata: {{labels: {{app: db}}}}, spec: {{containers: [{{name: db, image: 'db:1'}}]}}}}
"
        );
        let mut events = vec![format!("scale statefulset/db {other} at 60s"), "image statefulset/db db:2 at 80s".to_owned()];
        events.extend(deaths.iter().map(|(number, time)| format!("delete pod/db-{number} at {time}s")));
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let mut cluster = sim::cluster(&text, &events, seed);
        prop_assert_eq!(cluster.run(Duration::from_secs(4000)), Ended::Quiet);
        let mut alive: BTreeSet<String> = BTreeSet::new();
        let mut ready: BTreeSet<String> = BTreeSet::new();
        for seen in cluster.changes() {
            let Object::Pod(pod) = seen.change.object() else { continue };
            let name = pod.metadata.name.clone();
            if let Change::Added(_) = &seen.change {
                let number: u32 = name.trim_start_matches("db-").parse().unwrap();
                for before in 0..number {
                    prop_assert!(ready.contains(&format!("db-{before}")), "{name} before db-{before} is ready");
                }
                prop_assert!(alive.insert(name.clone()), "{} twice", name);
            }
            if matches!(seen.change, Change::Deleted(_)) {
                alive.remove(&name);
            }
            if is_ready(pod) && is_active(pod) && !matches!(seen.change, Change::Deleted(_)) {
                ready.insert(name);
            } else {
                ready.remove(&name);
            }
        }
        prop_assert_eq!(alive.len(), usize::try_from(other).unwrap());
        prop_assert!(no_orphans(&cluster) && at_rest(&cluster));
    }

    /// Whatever happens to nodes and pods, everything comes to rest, nothing is without its owner, and every pod that is wanted is there.
    #[test]
    fn everything_comes_to_rest(
        seed in any::<u64>(),
        events in prop::collection::vec((0..7_usize, 0..3_u32, 5..300_u64), 0..6),
    ) {
        let happening = |(what, which, time): &(usize, u32, u64)| {
            let node = which + 1;
            let event = match what {
                0 => "kill pod/sise-*".to_owned(),
                1 => "delete pod/sise-*".to_owned(),
                2 => format!("fail node/node-{node}"),
                3 => format!("cordon node/node-{node}"),
                4 => format!("scale deployment/sise-deploy {which}"),
                5 => format!("image deployment/sise-deploy sise:{which}"),
                _ => "restart deployment/sise-deploy".to_owned(),
            };
            format!("{event} at {time}s")
        };
        let mut events: Vec<String> = events.iter().map(happening).collect();
        events.extend((1..4).flat_map(|node| [format!("restore node/node-{node} at 900s"), format!("uncordon node/node-{node} at 900s")]));
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let mut cluster = sim::cluster(sim::WEB, &events, seed);
        prop_assert_eq!(cluster.run(Duration::from_secs(20_000)), Ended::Quiet);
        prop_assert!(no_orphans(&cluster) && at_rest(&cluster));
        let wanted = cluster.store().objects().find_map(|object| match object {
            Object::Deployment(web) => web.spec.replicas,
            _ => None,
        });
        let pods = cluster.store().objects().filter(|object| {
            matches!(object, Object::Pod(pod) if is_active(pod) && is_ready(pod) && controller_of(&pod.metadata).is_some())
        });
        prop_assert_eq!(i32::try_from(pods.count()).ok(), wanted);
    }
}
