//! What the planners want done is done to the objects, until they want nothing more.

use std::collections::BTreeMap;

use k8s_model::core::{ConditionStatus, Event, Node, NodeCondition, NodeConditionType};
use k8s_model::lower;
use k8s_model::object::Object;
use k8s_model::plan::store::{Store as Model, StoreError};
use k8s_model::plan::{Action, Planned, Report};
use pod_core::Timestamp;

use super::server::{self, at, now};
use super::store::{Durability, Store};

/// As often as planners are asked before everybody else has a turn.
const ROUNDS: usize = 64;

/// The planners, with what went wrong the last time.
#[derive(Debug, Default)]
pub(super) struct Controllers {
    /// Why something that was planned for an object failed, by its identifier.
    failures: BTreeMap<String, String>,
}

impl Controllers {
    /// Does what is due; the objects as they are then, and when to look again though nothing happens.
    pub(super) fn run(
        &mut self,
        store: &Store,
        node: &str,
    ) -> anyhow::Result<(Vec<Object>, Option<Timestamp>)> {
        server::transact_beside(store, Durability::Volatile, vec![machine(node)], |model| {
            let mut next = None;
            for _ in 0..ROUNDS {
                bind(model, node)?;
                let planned = self.plan(model);
                next = planned.iter().filter_map(|planned| planned.requeue_at).min();
                let mut done = false;
                for planned in planned {
                    done |= self.act(model, planned)?;
                }
                if !done {
                    break;
                }
            }
            forget_events(model)?;
            let kept = model.objects().filter(|object| !matches!(object, Object::Node(_)));
            Ok((kept.cloned().collect(), next))
        })
    }

    fn plan(&mut self, model: &Model) -> Vec<Planned> {
        let mut world = model.world();
        for (uid, why) in &self.failures {
            world.failed(uid.clone(), why.clone());
        }
        world.plan(at())
    }

    /// Does what is planned for one object; `true` is that something has changed.
    fn act(&mut self, model: &mut Model, planned: Planned) -> anyhow::Result<bool> {
        let mut done = false;
        let before = self.failures.remove(&planned.object.uid);
        for action in planned.actions {
            match action {
                Action::Report(report) => tell(model, &report)?,
                Action::Create(object) => match server::take_in(model, object) {
                    Ok(_) => done = true,
                    Err(error) => {
                        let why = format!("{error:#}");
                        let (object, message) = (planned.object.clone(), format!("Error creating: {why}"));
                        // It is told once, and tried again whenever something has changed.
                        if before.as_ref() != Some(&why) {
                            tell(model, &Report { object, warning: true, reason: "FailedCreate", message })?;
                        }
                        self.failures.insert(planned.object.uid.clone(), why);
                        break;
                    }
                },
                action => match model.apply(&action, at()) {
                    Ok(()) => done = true,
                    // The next round sees what has changed.
                    Err(StoreError::Modified(_) | StoreError::NotFound(_)) => {}
                    Err(error) => {
                        self.failures.insert(planned.object.uid.clone(), error.to_string());
                        break;
                    }
                },
            }
        }
        Ok(done)
    }
}

/// This machine, as the only node.
fn machine(name: &str) -> Object {
    let mut node = Node::default();
    name.clone_into(&mut node.metadata.name);
    let labels = [("kubernetes.io/hostname", name), ("kubernetes.io/os", "linux")];
    node.metadata.labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    node.status.conditions.push(NodeCondition {
        type_: NodeConditionType::Ready,
        status: ConditionStatus::True,
        ..NodeCondition::default()
    });
    node.into()
}

/// Gives pods without a node the only one that there is.
fn bind(model: &mut Model, node: &str) -> anyhow::Result<()> {
    let unbound = model.objects().filter_map(|object| match object {
        Object::Pod(pod) if pod.spec.node_name.is_empty() => Some(pod.clone()),
        _ => None,
    });
    for mut pod in unbound.collect::<Vec<_>>() {
        node.clone_into(&mut pod.spec.node_name);
        model.update(Object::Pod(pod))?;
    }
    Ok(())
}

/// Keeps an event.
fn tell(model: &mut Model, report: &Report) -> anyhow::Result<()> {
    let again = model.objects().find_map(|object| match object {
        Object::Event(event) if lower::is_same(report, event) => Some((**event).clone()),
        _ => None,
    });
    let event = lower::report(report, again.as_ref(), now());
    keep_event(model, event, again.is_some())
}

fn keep_event(model: &mut Model, event: Event, again: bool) -> anyhow::Result<()> {
    if again {
        model.update(event.into())?;
    } else {
        match model.create(event.into(), at()) {
            Err(StoreError::AlreadyExists(_)) | Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Events go with what they are about.
fn forget_events(model: &mut Model) -> anyhow::Result<()> {
    let there: Vec<String> = model
        .objects()
        .filter(|object| !matches!(object, Object::Event(_)))
        .filter_map(|object| object.metadata().map(|metadata| metadata.uid.clone()))
        .collect();
    let gone = model.objects().filter_map(|object| match object {
        Object::Event(event) if !there.contains(&event.involved_object.uid) => Some(object.clone()),
        _ => None,
    });
    for object in gone.collect::<Vec<_>>() {
        model.delete(&server::reference(&object), &k8s_model::meta::DeleteOptions::default(), at())?;
    }
    Ok(())
}
