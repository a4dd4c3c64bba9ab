//! What a plan costs, from Deployments of 100 to 10 000 pods: the time of one plan for each pod should stay the same, within a factor of 2.
//! There is no peer: the controllers of Kubernetes plan only against an API server.
//!
//! ```sh
//! cargo bench -p podkit-benches --bench plan
//! ```
//!
//! `steady` looks at a Deployment that is as it should be, `shrink` chooses which half of its pods goes, `grow` makes all pods in a store:
//! in bursts of 500, as upstream does, each from a look at all that is there, so that its cost grows with the number of bursts too.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first thing that goes wrong"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use k8s_model::core::{ConditionStatus, Pod, PodCondition, PodConditionType, PodPhase};
use k8s_model::decode::{Mode, decode_str};
use k8s_model::default::default;
use k8s_model::object::Object;
use k8s_model::plan::store::Store;
use k8s_model::plan::{At, World};
use pod_core::Timestamp;

const SIZES: [u32; 3] = [100, 1_000, 10_000];
const ROUNDS: usize = 7;

fn at() -> At {
    At::new("2026-11-25T12:00:00Z".parse::<Timestamp>().expect("a time"), 1)
}

fn deployment(replicas: u32) -> Object {
    let text = format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: default}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - name: web
        image: nginx:1.27
        ports: [{{containerPort: 80}}]
        resources: {{requests: {{cpu: 100m, memory: 128Mi}}}}
"
    );
    let mut object = decode_str(&text, "web.yaml", Mode::Strict).documents.remove(0).object;
    default(&mut object);
    object
}

/// Plans and does until nothing changes.
fn settle(store: &mut Store) {
    loop {
        let mut changed = false;
        for planned in store.world().plan(at()) {
            for action in planned.actions.iter().filter(|action| action.is_change()) {
                if store.apply(action, at()).is_err() {
                    break;
                }
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// A deployment with all its pods, ready.
fn running(replicas: u32) -> Store {
    let mut store = Store::default();
    store.create(deployment(replicas), at()).expect("a new object");
    settle(&mut store);
    let pods: Vec<Pod> = store
        .objects()
        .filter_map(|object| match object {
            Object::Pod(pod) => Some((**pod).clone()),
            _ => None,
        })
        .collect();
    for (number, mut pod) in pods.into_iter().enumerate() {
        pod.spec.node_name = format!("node-{}", number % 100);
        store.update(pod.clone().into()).expect("a pod that is there");
        pod.metadata.resource_version.clear();
        pod.status.phase = PodPhase::Running;
        pod.status.conditions = vec![PodCondition {
            type_: PodConditionType::Ready,
            status: ConditionStatus::True,
            last_transition_time: Some(at().now.into()),
            ..PodCondition::default()
        }];
        store.update_status(&pod.into()).expect("a pod that is there");
    }
    settle(&mut store);
    store
}

/// The least time of some rounds.
fn least(mut run: impl FnMut()) -> Duration {
    let round = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}

/// Looking at a deployment that is as it should be.
fn steady(size: u32) -> Duration {
    let store = running(size);
    let objects: Vec<&Object> = store.objects().collect();
    least(|| {
        black_box(World::new(objects.iter().copied()).plan(at()));
    })
}

/// Choosing which half of the pods goes.
fn shrink(size: u32) -> Duration {
    let mut store = running(size);
    let set = store.objects().find(|object| object.kind() == "ReplicaSet");
    let mut set = set.expect("a replica set").clone();
    if let Object::ReplicaSet(set) = &mut set {
        set.spec.replicas = i32::try_from(size / 2).ok();
    }
    store.update(set.clone()).expect("a set that is there");
    let objects: Vec<&Object> = store.objects().collect();
    least(|| {
        black_box(World::new(objects.iter().copied()).plan_object(&set, at()));
    })
}

/// From nothing to all pods.
fn grow(size: u32) -> Duration {
    let object = deployment(size);
    least(|| {
        let mut store = Store::default();
        store.create(object.clone(), at()).expect("a new object");
        settle(&mut store);
        black_box(store);
    })
}

fn main() {
    for (name, bench) in [("steady", steady as fn(u32) -> Duration), ("shrink", shrink), ("grow", grow)] {
        let costs = SIZES.map(|size| (size, bench(size).as_secs_f64() * 1e9 / f64::from(size)));
        for (size, cost) in costs {
            println!("{name:7} {size:6} pods: {cost:8.0} ns for each");
        }
        let all = costs.map(|(_, cost)| cost);
        let (least, most) =
            (all.into_iter().fold(f64::INFINITY, f64::min), all.into_iter().fold(0.0, f64::max));
        println!("{name:7} largest to smallest: {:.2}", most / least);
    }
}
