//! What a node does with its pods.

use std::time::Duration;

use super::life::{Life, Run, restarts};
use super::{Cluster, Task};
use crate::core::{ObjectReference, Pod, RestartPolicy};
use crate::meta::DeleteOptions;
use crate::object::Object;
use crate::plan::duration;
use crate::plan::store::Key;
use pod_core::Timestamp;

const ANNOTATIONS: &str = "sim.podkit.dev/";

/// A length of time that a pod says itself.
fn said(pod: &Pod, what: &str) -> Option<Duration> {
    let text = pod.metadata.annotations.get(&format!("{ANNOTATIONS}{what}"))?;
    // The clock knows whole seconds only.
    duration::parse(text).map(|length| Duration::from_secs(length.as_secs_f64().ceil() as u64))
}

fn text<'p>(pod: &'p Pod, what: &str) -> Option<&'p str> {
    pod.metadata.annotations.get(&format!("{ANNOTATIONS}{what}")).map(String::as_str)
}

fn key_of(pod: &Pod) -> Key {
    Key {
        kind: "Pod".to_owned(),
        api_version: "v1".to_owned(),
        namespace: pod.metadata.namespace.clone(),
        name: pod.metadata.name.clone(),
    }
}

impl Cluster {
    pub(super) fn pod(&self, key: &Key) -> Option<&Pod> {
        match self.store.get(key)? {
            Object::Pod(pod) => Some(pod),
            _ => None,
        }
    }

    /// Looks at a pod that is new or changed: it is placed, begun, or stopped.
    pub(super) fn see_pod(&mut self, seen: &Pod) {
        let key = key_of(seen);
        // What was seen may be old by now.
        let Some(pod) = self.pod(&key).filter(|pod| pod.metadata.uid == seen.metadata.uid).cloned() else {
            return;
        };
        if pod.spec.node_name.is_empty() {
            return self.place(key, &pod);
        }
        let uid = pod.metadata.uid.clone();
        if !self.runs.contains_key(&uid) && !super::super::pods::is_over(&pod) {
            self.begin(key, &pod);
        }
        if pod.metadata.deletion_timestamp.is_some() {
            self.stop(&pod);
        }
    }

    fn begin(&mut self, key: Key, pod: &Pod) {
        self.seats.take(pod, &pod.spec.node_name);
        self.addresses += 1;
        let number = self.addresses;
        let missing = text(pod, "image") == Some("missing");
        let run = Run {
            key,
            node: pod.spec.node_name.clone(),
            life: if missing { Life::NoImage } else { Life::Creating },
            turn: 0,
            restarts: 0,
            stopping: false,
            began: self.now,
            started: None,
            last_end: None,
            address: format!("10.244.{}.{}", number / 250 % 256, number % 250 + 2),
        };
        self.runs.insert(pod.metadata.uid.clone(), run);
        self.tell(&pod.metadata.uid);
        if !missing {
            let wait = said(pod, "start").unwrap_or_else(|| self.between(&pod.metadata.uid, 1, 3));
            self.step_after(&pod.metadata.uid, wait);
        }
    }

    /// Lets the next step of a pod be after a while, and nothing that was to be before.
    fn step_after(&mut self, uid: &str, wait: Duration) {
        let Some(run) = self.runs.get_mut(uid) else { return };
        run.turn += 1;
        let (turn, at) = (run.turn, self.now + wait);
        self.plan_task(at, Task::Pod { uid: uid.to_owned(), turn });
    }

    fn stop(&mut self, pod: &Pod) {
        let uid = &pod.metadata.uid;
        let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(30);
        let Some(run) = self.runs.get_mut(uid).filter(|run| !run.stopping) else { return };
        run.stopping = true;
        let wait = said(pod, "stop").unwrap_or_else(|| self.between(uid, 1, 2));
        self.step_after(uid, wait.min(Duration::from_secs(u64::try_from(grace).unwrap_or(0))));
    }

    /// The next step in the life of a pod, when its node is there.
    pub(super) fn step(&mut self, uid: &str, turn: u32) {
        let Some(run) = self.runs.get(uid).filter(|run| run.turn == turn) else { return };
        if self.down.contains_key(&run.node) {
            return;
        }
        let (key, life, stopping) = (run.key.clone(), run.life, run.stopping);
        let Some(pod) = self.pod(&key).cloned() else { return };
        if stopping {
            return self.remove_pod(&key);
        }
        match life {
            Life::Creating | Life::BackOff => self.start(uid, &pod, life == Life::BackOff),
            Life::Running { ready: false } => self.ready(uid, &pod),
            Life::Running { ready: true } => {
                let code = text(&pod, "exit-code").and_then(|code| code.parse().ok()).unwrap_or(0);
                self.exit(uid, code);
            }
            Life::NoImage | Life::Over(_) => {}
        }
    }

    fn start(&mut self, uid: &str, pod: &Pod, again: bool) {
        let now = self.now;
        let Some(run) = self.runs.get_mut(uid) else { return };
        run.restarts += i32::from(again);
        run.started = Some(now);
        run.life = Life::Running { ready: false };
        let probes = pod.spec.containers.iter().filter_map(|container| container.readiness_probe.as_deref());
        let delay = probes.map(|probe| probe.initial_delay_seconds.max(1)).max();
        match delay.and_then(|delay| u64::try_from(delay).ok()) {
            None => self.ready(uid, pod),
            Some(delay) => {
                self.tell(uid);
                self.step_after(uid, Duration::from_secs(delay));
            }
        }
    }

    fn ready(&mut self, uid: &str, pod: &Pod) {
        let Some(run) = self.runs.get_mut(uid) else { return };
        run.life = Life::Running { ready: true };
        self.tell(uid);
        let ends = pod.spec.restart_policy == RestartPolicy::Never
            || pod.spec.restart_policy == RestartPolicy::OnFailure;
        let length = said(pod, "run").or_else(|| ends.then(|| self.between(uid, 5, 10)));
        if let Some(length) = length {
            self.step_after(uid, length);
        }
    }

    /// Ends the containers of a pod, when they run.
    pub(super) fn kill(&mut self, uid: &str, code: i32) -> Result<(), String> {
        let run = self.runs.get(uid).ok_or("it is on no node")?;
        if self.down.contains_key(&run.node) {
            return Err("its node is not heard of".to_owned());
        }
        if !matches!(run.life, Life::Running { .. }) {
            return Err("its containers do not run".to_owned());
        }
        self.exit(uid, code);
        Ok(())
    }

    /// Ends the containers of a pod.
    pub(super) fn exit(&mut self, uid: &str, code: i32) {
        let now = self.now;
        let Some(run) = self.runs.get(uid) else { return };
        let Some(pod) = self.pod(&run.key).cloned() else { return };
        let again = restarts(&pod.spec.restart_policy, code);
        let Some(run) = self.runs.get_mut(uid) else { return };
        run.last_end = Some((code, now));
        let wait = run.back_off();
        if !again {
            run.life = Life::Over(code);
            run.turn += 1;
            self.seats.leave(uid);
            return self.tell(uid);
        }
        run.life = Life::BackOff;
        if wait.is_zero() {
            return self.start(uid, &pod, true);
        }
        self.tell(uid);
        self.step_after(uid, wait);
    }

    /// Writes the status of a pod.
    pub(super) fn tell(&mut self, uid: &str) {
        let now: Timestamp = self.now;
        let Some(run) = self.runs.get(uid) else { return };
        let Some(mut pod) = self.pod(&run.key).cloned() else { return };
        run.describe(&mut pod, now);
        // The pod is there: it was just read.
        let _ = self.store.update_status(&pod.into());
    }

    /// Takes a pod away for good.
    pub(super) fn remove_pod(&mut self, key: &Key) {
        let object = ObjectReference {
            kind: key.kind.clone(),
            api_version: key.api_version.clone(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            ..ObjectReference::default()
        };
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        let at = self.at();
        // One that went by itself meanwhile need not be taken away.
        let _ = self.store.delete(&object, &options, at);
    }

    pub(super) fn forget_pod(&mut self, pod: &Pod) {
        self.runs.remove(&pod.metadata.uid);
        self.seats.leave(&pod.metadata.uid);
        self.waiting.remove(&key_of(pod));
        self.place_waiting();
    }
}
