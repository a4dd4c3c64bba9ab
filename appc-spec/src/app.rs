//! How the program of an image is run (specification, image manifest: `app`).

use std::collections::BTreeMap;

use crate::isolator::{Scope, check_together};
use crate::json::{Codec, Fault, Node, Object, Writer};
use crate::{Environment, EventHandler, Isolator, List, MountPoint, Port, Strength};

/// How the program of an image is run.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// The program and its arguments; may be empty, when the pod must say it.
    pub exec: List<String>,
    /// Programs that run before it starts and after it has ended, one at most for each event.
    pub event_handlers: Vec<EventHandler>,
    /// The user: a name, a number, or an absolute path in the image whose owner is meant. Never empty.
    pub user: String,
    /// The group, likewise.
    pub group: String,
    /// Further groups, by number; negative only by [`Strength::Compat`].
    pub supplementary_gids: Vec<i64>,
    /// Where it starts: an absolute path, or empty for `/`.
    pub working_directory: String,
    /// Its environment.
    pub environment: Environment,
    /// Where it wants volumes.
    pub mount_points: Vec<MountPoint>,
    /// Where it listens.
    pub ports: Vec<Port>,
    /// What it may use and do.
    pub isolators: List<Isolator>,
    /// What users want to say of it.
    pub user_annotations: BTreeMap<String, String>,
    /// What users want to find it by.
    pub user_labels: BTreeMap<String, String>,
}

impl App {
    /// An app that runs a program as user and group 0.
    #[must_use]
    pub fn new(exec: Vec<String>) -> Self {
        Self {
            exec: List::from(exec),
            event_handlers: Vec::new(),
            user: "0".to_owned(),
            group: "0".to_owned(),
            supplementary_gids: Vec::new(),
            working_directory: String::new(),
            environment: Environment::default(),
            mount_points: Vec::new(),
            ports: Vec::new(),
            isolators: List::absent(),
            user_annotations: BTreeMap::new(),
            user_labels: BTreeMap::new(),
        }
    }
}

const MEMBERS: [&str; 13] = [
    "exec",
    "eventHandlers",
    "user",
    "group",
    "supplementaryGIDs",
    // The specification's own example spells it so.
    "supplementaryGids",
    "workingDirectory",
    "environment",
    "mountPoints",
    "ports",
    "isolators",
    "userAnnotations",
    "userLabels",
];

impl Codec for App {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &MEMBERS)?;
        let app = Self {
            exec: object.or_default("exec")?,
            event_handlers: event_handlers(&object)?,
            user: who(&object, "user")?,
            group: who(&object, "group")?,
            supplementary_gids: supplementary_gids(&object, strength)?,
            working_directory: object.or_default("workingDirectory")?,
            environment: object.or_default("environment")?,
            mount_points: object.or_default("mountPoints")?,
            ports: object.or_default("ports")?,
            isolators: object.or_default("isolators")?,
            user_annotations: object.or_default("userAnnotations")?,
            user_labels: object.or_default("userLabels")?,
        };
        if !app.working_directory.is_empty() && !app.working_directory.starts_with('/') {
            return Err(object.invalid("workingDirectory", "the working directory is an absolute path"));
        }
        if let Some(list) = object.node_of("isolators") {
            check_together(&app.isolators, list, Scope::App, strength)
                .map_err(|fault| fault.within("isolators"))?;
        }
        if strength.is_strict() {
            check_unique(&object, &app)?;
        }
        Ok(app)
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("exec", &self.exec);
            object.list("eventHandlers", &self.event_handlers);
            object.text("user", &self.user);
            object.text("group", &self.group);
            object.list("supplementaryGIDs", &self.supplementary_gids);
            if !self.working_directory.is_empty() {
                object.text("workingDirectory", &self.working_directory);
            }
            object.optional("environment", Some(&self.environment).filter(|list| !list.is_empty()));
            object.list("mountPoints", &self.mount_points);
            object.list("ports", &self.ports);
            object.list("isolators", &self.isolators);
            object.optional("userAnnotations", Some(&self.user_annotations).filter(|map| !map.is_empty()));
            object.optional("userLabels", Some(&self.user_labels).filter(|map| !map.is_empty()));
        });
    }
}

fn who(object: &Object<'_, '_>, name: &'static str) -> Result<String, Fault> {
    let who: String = object.required(name)?;
    if who.is_empty() {
        return Err(object
            .invalid(name, format!("the {name} is not empty: it is a name, a number or an absolute path")));
    }
    Ok(who)
}

fn event_handlers(object: &Object<'_, '_>) -> Result<Vec<EventHandler>, Fault> {
    let handlers: Vec<EventHandler> = object.or_default("eventHandlers")?;
    for (index, handler) in handlers.iter().enumerate() {
        if handlers.iter().take(index).any(|earlier| earlier.event == handler.event) {
            let event = handler.event.as_str();
            return Err(object.invalid("eventHandlers", format!("the event `{event}` has two handlers")));
        }
    }
    Ok(handlers)
}

fn supplementary_gids(object: &Object<'_, '_>, strength: Strength) -> Result<Vec<i64>, Fault> {
    if strength.is_strict() && object.node_of("supplementaryGids").is_some() {
        if object.node_of("supplementaryGIDs").is_some() {
            return Err(object.invalid("supplementaryGids", "the member stands here for the second time"));
        }
        return gids(object, "supplementaryGids", strength);
    }
    gids(object, "supplementaryGIDs", strength)
}

fn gids(object: &Object<'_, '_>, name: &'static str, strength: Strength) -> Result<Vec<i64>, Fault> {
    let gids: Vec<i64> = object.or_default(name)?;
    let wrong = gids.iter().find(|gid| !(0..i64::from(u32::MAX)).contains(*gid));
    match wrong.filter(|_| strength.is_strict()) {
        Some(gid) => Err(object.invalid(name, format!("{gid} is no identifier from 0 to 4294967294"))),
        None => Ok(gids),
    }
}

/// Names of mount points and ports are keys, by which a pod refers to them.
fn check_unique(object: &Object<'_, '_>, app: &App) -> Result<(), Fault> {
    for (index, mount) in app.mount_points.iter().enumerate() {
        if app.mount_points.iter().take(index).any(|earlier| earlier.name == mount.name) {
            return Err(
                object.invalid("mountPoints", format!("the mount point `{}` stands there twice", mount.name))
            );
        }
    }
    for (index, port) in app.ports.iter().enumerate() {
        if app.ports.iter().take(index).any(|earlier| earlier.name == port.name) {
            return Err(object.invalid("ports", format!("the port `{}` stands there twice", port.name)));
        }
    }
    Ok(())
}
