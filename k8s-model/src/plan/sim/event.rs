//! What a user lets happen.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Cluster;
use crate::meta::DeleteOptions;
use crate::object::Object;
use crate::plan::action::reference;
use crate::plan::duration;
use crate::plan::store::Key;
use crate::plan::{deployment, store::StoreError};
use crate::registry;

/// Something that happens to an object, in the form `VERB KIND/NAME [ARGUMENT]`.
///
/// - `kill pod/web-0 [CODE]`: its containers end, with 137 or another exit code
/// - `delete KIND/NAME`: as by `kubectl delete`
/// - `fail node/node-1`, `restore node/node-1`: the node falls silent, and is heard again
/// - `cordon node/node-1`, `uncordon node/node-1`
/// - `scale deployment/web 5`
/// - `image deployment/web [CONTAINER=]IMAGE`
/// - `pause deployment/web`, `resume deployment/web`; of jobs and cron jobs `suspend` is meant
/// - `undo deployment/web [REVISION]`
/// - `restart deployment/web`: as by `kubectl rollout restart`
///
/// The name may end in `*`: the first object in the order of names is meant. The namespace stands before the name, if it is not
/// `default`: `kill pod/shop/web-0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    verb: Verb,
    kind: String,
    namespace: String,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Verb {
    Kill(i32),
    Delete,
    Fail,
    Restore,
    Cordon(bool),
    Scale(i32),
    Image(String),
    Pause(bool),
    Undo(Option<i64>),
    Restart,
}

/// An event with its time: `kill pod/web-0 at 30s`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed {
    /// How long after the beginning.
    pub after: Duration,
    /// What happens.
    pub event: Event,
}

/// A text that is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseEventError {
    text: String,
    problem: String,
}

impl fmt::Display for ParseEventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.text.escape_debug(), self.problem)
    }
}

impl std::error::Error for ParseEventError {}

const VERBS: &str =
    "kill, delete, fail, restore, cordon, uncordon, scale, image, pause, resume, undo and restart";

impl Event {
    fn read(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (verb, object, argument) = match words.as_slice() {
            [verb, object] => (*verb, *object, None),
            [verb, object, argument] => (*verb, *object, Some(*argument)),
            _ => return Err("an event is `VERB KIND/NAME`, and an argument for some verbs".to_owned()),
        };
        let (kind, name) = object.split_once('/').ok_or_else(|| format!("`{object}` is no `KIND/NAME`"))?;
        let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
        if namespace.is_empty() || name.is_empty() {
            return Err(format!("`{object}` names no object"));
        }
        let info = registry::find(kind).next().ok_or_else(|| format!("`{kind}` is no kind"))?;
        let number = |argument: Option<&str>| {
            let argument = argument.ok_or_else(|| format!("`{verb}` needs a number"))?;
            argument.parse::<i32>().map_err(|_| format!("`{argument}` is no number"))
        };
        let verb = match verb {
            "kill" => Verb::Kill(if argument.is_some() { number(argument)? } else { 137 }),
            "delete" => Verb::Delete,
            "fail" => Verb::Fail,
            "restore" => Verb::Restore,
            "cordon" => Verb::Cordon(true),
            "uncordon" => Verb::Cordon(false),
            "scale" => Verb::Scale(number(argument)?),
            "image" => Verb::Image(argument.ok_or("`image` needs an image")?.to_owned()),
            "pause" | "suspend" => Verb::Pause(true),
            "resume" => Verb::Pause(false),
            "undo" => Verb::Undo(argument.map(|_| number(argument).map(i64::from)).transpose()?),
            "restart" => Verb::Restart,
            other => return Err(format!("`{other}` is no verb; there are {VERBS}")),
        };
        Ok(Self {
            verb,
            kind: info.kind.to_owned(),
            namespace: if info.scope == registry::Scope::Namespaced {
                namespace.to_owned()
            } else {
                String::new()
            },
            name: name.to_owned(),
        })
    }
}

impl FromStr for Event {
    type Err = ParseEventError;

    /// Reads an event without a time.
    ///
    /// # Errors
    ///
    /// On a verb or kind that there is not (`explode pod/x`, `kill car/x`), an object without its name (`kill pod`), and an argument that is
    /// missing or no number (`scale deployment/web`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text).map_err(|problem| ParseEventError { text: text.to_owned(), problem })
    }
}

impl FromStr for Timed {
    type Err = ParseEventError;

    /// Reads an event with its time.
    ///
    /// # Errors
    ///
    /// Those of [`Event`], and on a time that is missing or none (`kill pod/x`, `kill pod/x at noon`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |problem: String| ParseEventError { text: text.to_owned(), problem };
        let (event, time) =
            text.rsplit_once(" at ").ok_or_else(|| error("it does not say when: `… at 30s`".to_owned()))?;
        let after = duration::parse(time.trim())
            .ok_or_else(|| error(format!("`{}` is no length of time such as `1m30s`", time.trim())))?;
        let event = Event::read(event).map_err(error)?;
        Ok(Self { after, event })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, argument) = match &self.verb {
            Verb::Kill(137) => ("kill", String::new()),
            Verb::Kill(code) => ("kill", code.to_string()),
            Verb::Delete => ("delete", String::new()),
            Verb::Fail => ("fail", String::new()),
            Verb::Restore => ("restore", String::new()),
            Verb::Cordon(true) => ("cordon", String::new()),
            Verb::Cordon(false) => ("uncordon", String::new()),
            Verb::Scale(size) => ("scale", size.to_string()),
            Verb::Image(image) => ("image", image.clone()),
            Verb::Pause(true) => ("pause", String::new()),
            Verb::Pause(false) => ("resume", String::new()),
            Verb::Undo(None) => ("undo", String::new()),
            Verb::Undo(Some(revision)) => ("undo", revision.to_string()),
            Verb::Restart => ("restart", String::new()),
        };
        let namespace = match self.namespace.as_str() {
            "" | "default" => String::new(),
            other => format!("{other}/"),
        };
        write!(f, "{verb} {}/{namespace}{}", self.kind.to_lowercase(), self.name)?;
        if argument.is_empty() { Ok(()) } else { write!(f, " {argument}") }
    }
}

impl Cluster {
    /// Lets an event happen now.
    pub(super) fn happen(&mut self, event: &Event) -> Result<(), String> {
        let (key, object) = self.meant(event).ok_or("there is no such object")?;
        match (&event.verb, &object) {
            (Verb::Kill(code), Object::Pod(pod)) => {
                return self.kill(&pod.metadata.uid, *code);
            }
            (Verb::Fail, Object::Node(node)) => {
                self.fail_node(&node.metadata.name);
                return Ok(());
            }
            (Verb::Restore, Object::Node(node)) => {
                self.restore_node(&node.metadata.name);
                return Ok(());
            }
            (Verb::Delete, object) => {
                return self.delete_object(&key, object).map_err(|error| error.to_string());
            }
            _ => {}
        }
        let mut changed = object;
        self.change(&event.verb, &mut changed)?;
        self.store.update(changed).map_err(|error| error.to_string())
    }

    fn meant(&self, event: &Event) -> Option<(Key, Object)> {
        let fits = |name: &str| match event.name.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == event.name,
        };
        let mut found = self
            .store
            .iter()
            .filter(|(key, _)| key.kind == event.kind && key.namespace == event.namespace && fits(&key.name));
        found.next().map(|(key, object)| (key.clone(), object.clone()))
    }

    fn delete_object(&mut self, key: &Key, object: &Object) -> Result<(), StoreError> {
        let Some(metadata) = object.metadata() else { return Ok(()) };
        let options = DeleteOptions {
            propagation_policy: Some(crate::meta::DeletionPropagation::Background),
            ..DeleteOptions::default()
        };
        let at = self.at();
        self.store.delete(&reference(&key.api_version, &key.kind, metadata), &options, at)
    }

    fn change(&self, verb: &Verb, object: &mut Object) -> Result<(), String> {
        let kind = object.kind().to_owned();
        match (verb, object) {
            (Verb::Scale(size), Object::Deployment(object)) => object.spec.replicas = Some(*size),
            (Verb::Scale(size), Object::ReplicaSet(object)) => object.spec.replicas = Some(*size),
            (Verb::Scale(size), Object::ReplicationController(object)) => object.spec.replicas = Some(*size),
            (Verb::Scale(size), Object::StatefulSet(object)) => object.spec.replicas = Some(*size),
            (Verb::Scale(size), Object::Job(object)) => object.spec.parallelism = Some(*size),
            (Verb::Pause(paused), Object::Deployment(object)) => object.spec.paused = *paused,
            (Verb::Pause(paused), Object::Job(object)) => object.spec.suspend = Some(*paused),
            (Verb::Pause(paused), Object::CronJob(object)) => object.spec.suspend = Some(*paused),
            (Verb::Cordon(closed), Object::Node(object)) => object.spec.unschedulable = *closed,
            (Verb::Undo(to), Object::Deployment(object)) => {
                let sets: Vec<&crate::apps::ReplicaSet> = self
                    .store
                    .objects()
                    .filter_map(|other| match other {
                        Object::ReplicaSet(set) => Some(&**set),
                        _ => None,
                    })
                    .filter(|set| {
                        crate::plan::controller_of(&set.metadata)
                            .is_some_and(|owner| owner.uid == object.metadata.uid)
                    })
                    .collect();
                **object = deployment::undo(object, &sets, *to).map_err(|error| error.to_string())?;
            }
            (Verb::Image(image), object) => set_image(object, image)?,
            (Verb::Restart, object) => {
                let template =
                    object.pod_template_mut().ok_or_else(|| format!("a {kind} has no pods to restart"))?;
                let annotations = &mut template.metadata.annotations;
                annotations.insert("kubectl.kubernetes.io/restartedAt".to_owned(), self.now.to_string());
            }
            _ => return Err(format!("that cannot happen to a {kind}")),
        }
        Ok(())
    }
}

fn set_image(object: &mut Object, image: &str) -> Result<(), String> {
    let kind = object.kind().to_owned();
    let template = object.pod_template_mut().ok_or_else(|| format!("a {kind} has no pod template"))?;
    let (name, image) = match image.split_once('=') {
        Some((name, image)) => (Some(name), image),
        None => (None, image),
    };
    let container = match name {
        Some(name) => template.spec.containers.iter_mut().find(|container| container.name == name),
        None => template.spec.containers.first_mut(),
    };
    container.ok_or("there is no such container")?.image = image.to_owned();
    Ok(())
}
