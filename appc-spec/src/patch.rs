//! Changes to the manifest of an image, as data.

use std::error::Error;
use std::fmt;

use crate::{
    AcIdentifier, Annotation, Annotations, App, Dependency, Environment, EnvironmentVariable, Event,
    EventHandler, ImageManifest, Isolator, IsolatorValue, Json, Label, Labels, List, MountPoint, Port,
    Strength,
};

/// Changes to the manifest of an image, made in order: also a way to build one from [`ImageManifest::new`].
///
/// What has a name (labels, annotations, variables, mount points, ports, event handlers) replaces what has the same name, or is
/// added at the end. Afterwards the manifest is held to the specification as a whole.
///
/// ```
/// use appc_spec::{ImageManifest, ManifestPatch, Strength};
///
/// let patch = ManifestPatch::new()
///     .exec(["/bin/worker", "--queue=high"])
///     .label("version".parse()?, "1.0.1")
///     .environment("DEBUG", "true")
///     .mount_point("work,path=/var/lib/work".parse()?)
///     .isolator("resource/memory,limit=1G".parse()?);
/// let manifest = patch.apply(ImageManifest::new("example.com/worker".parse()?), Strength::Strict)?;
/// assert_eq!(manifest.labels.value("version"), Some("1.0.1"));
/// assert_eq!(manifest.app.unwrap().environment.value("DEBUG"), Some("true"));
///
/// // Without an app there is nobody whose user could be set.
/// let error = ManifestPatch::new().user("www").apply(ImageManifest::new("a".parse()?), Strength::Strict);
/// assert_eq!(error.unwrap_err().to_string(), "cannot set `app.user`: the manifest has no app, and no exec makes one");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ManifestPatch {
    changes: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq)]
enum Change {
    Name(AcIdentifier),
    Label(Label),
    RemoveLabel(String),
    Annotation(Annotation),
    RemoveAnnotation(String),
    Dependency(Dependency),
    RemoveDependencies,
    PathWhitelist(Vec<String>),
    Exec(Vec<String>),
    App(AppChange),
}

#[derive(Debug, Clone, PartialEq)]
enum AppChange {
    User(String),
    Group(String),
    SupplementaryGids(Vec<i64>),
    WorkingDirectory(String),
    Environment(EnvironmentVariable),
    RemoveEnvironment(String),
    MountPoint(MountPoint),
    RemoveMountPoint(String),
    Port(Port),
    RemovePort(String),
    Handler(EventHandler),
    RemoveHandler(Event),
    Isolator(Isolator),
    RemoveIsolator(String),
}

/// Why a manifest cannot be changed so. The cause, if there is one, is its [`Error::source`].
#[derive(Debug)]
pub struct PatchError {
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl PatchError {
    fn because(message: impl Into<String>, source: impl Error + Send + Sync + 'static) -> Self {
        Self { message: message.into(), source: Some(Box::new(source)) }
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for PatchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

macro_rules! app_changes {
    ($($(#[$doc:meta])* $method:ident($($name:ident: $type:ty),*) $change:expr;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $method(self, $($name: $type),*) -> Self {
                self.with(Change::App($change))
            }
        )*
    };
}

/// What is changed of the image.
impl ManifestPatch {
    /// No change.
    #[must_use]
    pub const fn new() -> Self {
        Self { changes: Vec::new() }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Another name.
    #[must_use]
    pub fn name(self, name: AcIdentifier) -> Self {
        self.with(Change::Name(name))
    }

    /// A label.
    #[must_use]
    pub fn label(self, name: AcIdentifier, value: impl Into<String>) -> Self {
        self.with(Change::Label(Label { name, value: value.into() }))
    }

    /// One label less; one that is not there is fine.
    #[must_use]
    pub fn remove_label(self, name: impl Into<String>) -> Self {
        self.with(Change::RemoveLabel(name.into()))
    }

    /// An annotation.
    #[must_use]
    pub fn annotation(self, name: AcIdentifier, value: impl Into<String>) -> Self {
        self.with(Change::Annotation(Annotation { name, value: value.into() }))
    }

    /// One annotation less; one that is not there is fine.
    #[must_use]
    pub fn remove_annotation(self, name: impl Into<String>) -> Self {
        self.with(Change::RemoveAnnotation(name.into()))
    }

    /// One more dependency, laid over those before it.
    #[must_use]
    pub fn dependency(self, dependency: Dependency) -> Self {
        self.with(Change::Dependency(dependency))
    }

    /// No dependencies.
    #[must_use]
    pub fn remove_dependencies(self) -> Self {
        self.with(Change::RemoveDependencies)
    }

    /// Another whitelist; an empty one keeps all paths.
    #[must_use]
    pub fn path_whitelist(self, paths: Vec<String>) -> Self {
        self.with(Change::PathWhitelist(paths))
    }

    /// Another program with its arguments; an image that had no app gets one, of user and group 0.
    #[must_use]
    pub fn exec<S: Into<String>>(self, words: impl IntoIterator<Item = S>) -> Self {
        self.with(Change::Exec(words.into_iter().map(Into::into).collect()))
    }
}

/// What is changed of its app, which must be there.
impl ManifestPatch {
    app_changes! {
        /// Another user: a name, a number, or an absolute path whose owner is meant.
        user(user: impl Into<String>) AppChange::User(user.into());
        /// Another group, likewise.
        group(group: impl Into<String>) AppChange::Group(group.into());
        /// Other further groups, by number.
        supplementary_gids(gids: Vec<i64>) AppChange::SupplementaryGids(gids);
        /// Another working directory, an absolute path.
        working_directory(path: impl Into<String>) AppChange::WorkingDirectory(path.into());
        /// An environment variable.
        environment(name: impl Into<String>, value: impl Into<String>)
            AppChange::Environment(EnvironmentVariable { name: name.into(), value: value.into() });
        /// One environment variable less; one that is not there is fine.
        remove_environment(name: impl Into<String>) AppChange::RemoveEnvironment(name.into());
        /// A mount point.
        mount_point(point: MountPoint) AppChange::MountPoint(point);
        /// One mount point less; one that is not there is fine.
        remove_mount_point(name: impl Into<String>) AppChange::RemoveMountPoint(name.into());
        /// A port.
        port(port: Port) AppChange::Port(port);
        /// One port less; one that is not there is fine.
        remove_port(name: impl Into<String>) AppChange::RemovePort(name.into());
        /// The program for an event.
        event_handler(event: Event, exec: Vec<String>)
            AppChange::Handler(EventHandler { event, exec: List::from(exec) });
        /// No program for that event.
        remove_event_handler(event: Event) AppChange::RemoveHandler(event);
        /// An isolator, in the place of those of its name and of those that it excludes: a set of capabilities or system calls to
        /// keep replaces one to remove, and the reverse.
        isolator(isolator: Isolator) AppChange::Isolator(isolator);
        /// No isolators of that name.
        remove_isolator(name: impl Into<String>) AppChange::RemoveIsolator(name.into());
    }

    /// Makes the changes.
    ///
    /// # Errors
    ///
    /// When the app is changed of an image that has none; when labels, annotations or variables do not go together (an `arch` that is
    /// none of its `os`); and when the manifest is then not as the specification, or its Go implementation, wants it.
    pub fn apply(&self, manifest: ImageManifest, strength: Strength) -> Result<ImageManifest, PatchError> {
        let mut manifest = manifest;
        // What belongs together, such as `os` and `arch`, may come one after the other: the sets are checked once, at the end.
        let mut labels: Vec<Label> = manifest.labels.iter().cloned().collect();
        let mut annotations: Vec<Annotation> = manifest.annotations.iter().cloned().collect();
        for change in &self.changes {
            match change.clone() {
                Change::Name(name) => manifest.name = name,
                Change::Label(label) => put(&mut labels, label, |a, b| a.name == b.name),
                Change::RemoveLabel(name) => labels.retain(|label| label.name != *name),
                Change::Annotation(one) => put(&mut annotations, one, |a, b| a.name == b.name),
                Change::RemoveAnnotation(name) => annotations.retain(|one| one.name != *name),
                Change::Dependency(dependency) => manifest.dependencies.push(dependency),
                Change::RemoveDependencies => manifest.dependencies.clear(),
                Change::PathWhitelist(paths) => manifest.path_whitelist = paths,
                Change::Exec(words) => match &mut manifest.app {
                    Some(app) => app.exec = List::from(words),
                    None => manifest.app = Some(App::new(words)),
                },
                Change::App(change) => {
                    let app = manifest.app.as_mut().ok_or_else(|| no_app(&change))?;
                    apply_to_app(app, change)?;
                }
            }
        }
        if labels.iter().ne(manifest.labels.iter()) {
            manifest.labels = Labels::try_from(labels)
                .map_err(|error| PatchError::because("cannot set the labels", error))?;
        }
        if annotations.iter().ne(manifest.annotations.iter()) {
            manifest.annotations = Annotations::try_from(annotations)
                .map_err(|error| PatchError::because("cannot set the annotations", error))?;
        }
        let text = manifest.to_json(strength);
        ImageManifest::from_json(&text, strength).map_err(|error| PatchError {
            message: format!("the changed manifest is wrong: {}", error.without_position()),
            source: None,
        })
    }
}

/// Replaces what is the same, or adds it at the end.
fn put<T>(list: &mut Vec<T>, item: T, same: impl Fn(&T, &T) -> bool) {
    match list.iter_mut().find(|known| same(known, &item)) {
        Some(known) => *known = item,
        None => list.push(item),
    }
}

fn no_app(change: &AppChange) -> PatchError {
    let field = match change {
        AppChange::User(_) => "user",
        AppChange::Group(_) => "group",
        AppChange::SupplementaryGids(_) => "supplementaryGIDs",
        AppChange::WorkingDirectory(_) => "workingDirectory",
        AppChange::Environment(_) | AppChange::RemoveEnvironment(_) => "environment",
        AppChange::MountPoint(_) | AppChange::RemoveMountPoint(_) => "mountPoints",
        AppChange::Port(_) | AppChange::RemovePort(_) => "ports",
        AppChange::Handler(_) | AppChange::RemoveHandler(_) => "eventHandlers",
        AppChange::Isolator(_) | AppChange::RemoveIsolator(_) => "isolators",
    };
    let message = format!("cannot set `app.{field}`: the manifest has no app, and no exec makes one");
    PatchError { message, source: None }
}

fn apply_to_app(app: &mut App, change: AppChange) -> Result<(), PatchError> {
    match change {
        AppChange::User(user) => app.user = user,
        AppChange::Group(group) => app.group = group,
        AppChange::SupplementaryGids(gids) => app.supplementary_gids = gids,
        AppChange::WorkingDirectory(path) => app.working_directory = path,
        AppChange::Environment(variable) => {
            let mut variables: Vec<_> = app.environment.iter().cloned().collect();
            put(&mut variables, variable, |a, b| a.name == b.name);
            app.environment = environment(variables)?;
        }
        AppChange::RemoveEnvironment(name) => {
            let variables = app.environment.iter().filter(|variable| variable.name != name);
            app.environment = environment(variables.cloned().collect())?;
        }
        AppChange::MountPoint(point) => put(&mut app.mount_points, point, |a, b| a.name == b.name),
        AppChange::RemoveMountPoint(name) => app.mount_points.retain(|point| point.name != *name),
        AppChange::Port(port) => put(&mut app.ports, port, |a, b| a.name == b.name),
        AppChange::RemovePort(name) => app.ports.retain(|port| port.name != *name),
        AppChange::Handler(handler) => put(&mut app.event_handlers, handler, |a, b| a.event == b.event),
        AppChange::RemoveHandler(event) => app.event_handlers.retain(|handler| handler.event != event),
        AppChange::Isolator(isolator) => {
            let same = |known: &Isolator| {
                known.name() == isolator.name() || exclude(known.value(), isolator.value())
            };
            let isolators = app.isolators.as_mut_vec();
            let at = isolators.iter().position(same).unwrap_or(isolators.len());
            isolators.retain(|known| !same(known));
            isolators.insert(at.min(isolators.len()), isolator);
        }
        AppChange::RemoveIsolator(name) => {
            app.isolators.as_mut_vec().retain(|isolator| isolator.name() != &*name)
        }
    }
    Ok(())
}

fn environment(variables: Vec<EnvironmentVariable>) -> Result<Environment, PatchError> {
    Environment::try_from(variables).map_err(|error| PatchError::because("cannot set the environment", error))
}

/// Whether of two isolators only one can be there.
const fn exclude(a: &IsolatorValue, b: &IsolatorValue) -> bool {
    use IsolatorValue::{CapabilitiesRemove, CapabilitiesRetain, SeccompRemove, SeccompRetain};
    matches!(
        (a, b),
        (CapabilitiesRemove(_), CapabilitiesRetain(_))
            | (CapabilitiesRetain(_), CapabilitiesRemove(_))
            | (SeccompRemove(_), SeccompRetain(_))
            | (SeccompRetain(_), SeccompRemove(_))
    )
}
