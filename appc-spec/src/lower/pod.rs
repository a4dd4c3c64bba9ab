//! A pod manifest with its images as a [`PodSpec`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use pod_core::image::PullPolicy;
use pod_core::pod::{
    App as PodApp, AppKind, Dns, EnvVar, Fate, Handler, Hooks, HostAlias, Isolation, PidIsolation, PodSpec,
    Probes, RestartPolicy, Security, Shared, Stdin, Template, TerminationMessage, TerminationMessagePolicy,
    Uuid,
};

use super::isolation::{self, AppIsolation};
use super::{LowerError, SeccompFile, mounts, ports, supplementary_groups, who};
use crate::{App, Event, ImageId, ImageManifest, PodManifest, RuntimeApp};

/// What an executor decides of a pod that its manifest does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PodSettings {
    /// The name under which the pod is listed.
    pub name: String,
    /// Its identifier.
    pub uid: Uuid,
    /// Its host name; `None` keeps the host's own.
    pub hostname: Option<String>,
    /// Whose network it has.
    pub network: Shared,
    /// Whose System V and POSIX inter-process communication it has.
    pub ipc: Shared,
    /// Who sees whose processes.
    pub pid: PidIsolation,
    /// What `/etc/resolv.conf` says.
    pub dns: Dns,
    /// Further lines of `/etc/hosts`.
    pub host_aliases: Vec<HostAlias>,
    /// How long a stopping app has before it is killed.
    pub termination_grace: Duration,
    /// Where the metadata service is (`AC_METADATA_URL`), if there is one.
    pub metadata_url: Option<String>,
    /// How the executor calls itself (the environment variable `container`).
    pub executor: String,
    /// The directory in which the caller puts [`LoweredPod::seccomp`]; absolute.
    pub seccomp_directory: PathBuf,
    /// Whether an isolator that the specification does not name is refused. Otherwise it stands in [`LoweredPod::ignored`].
    pub all_isolators: bool,
}

impl PodSettings {
    /// A pod with a network and inter-process communication of its own, each app with processes of its own, the name as its host
    /// name, the network's name servers (else the node's), ten seconds to stop, no metadata service, seccomp profiles in
    /// `/run/podkit/seccomp`, and unknown isolators ignored.
    #[must_use]
    pub fn new(name: impl Into<String>, uid: Uuid) -> Self {
        let name = name.into();
        Self {
            hostname: Some(name.clone()),
            name,
            uid,
            network: Shared::Pod,
            ipc: Shared::Pod,
            pid: PidIsolation::App,
            dns: Dns::Network,
            host_aliases: Vec::new(),
            termination_grace: Duration::from_secs(10),
            metadata_url: None,
            executor: "podkit".to_owned(),
            seccomp_directory: PathBuf::from("/run/podkit/seccomp"),
            all_isolators: false,
        }
    }
}

/// A pod manifest in the neutral model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoweredPod {
    /// The pod. Its apps say all of their processes themselves: what the images say is in them already, so whoever runs it gives
    /// the engine an empty [`pod_core::pod::ImageConfig`]. Each [`pod_core::pod::App::image`] is an image ID.
    pub spec: PodSpec,
    /// Files that must stand in [`PodSettings::seccomp_directory`] before the pod starts.
    pub seccomp: Vec<SeccompFile>,
    /// The isolators that are not applied, by field (`apps[0].app.isolators[1]`), with their names. The specification wants the
    /// user to be told ("Isolators").
    pub ignored: Vec<String>,
}

/// Lowers a pod manifest, with the manifests of the images that it names.
///
/// Annotations and labels for users become annotations and labels of the model. Annotations of apps and images stay in the
/// manifests, from which a metadata service answers; nothing else is left out.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use appc_spec::lower::{self, PodSettings};
/// use appc_spec::{App, ImageId, ImageManifest, PodManifest};
/// use pod_core::pod::{Fate, Uuid};
///
/// let mut hello = ImageManifest::new("example.com/hello".parse()?);
/// hello.app = Some(App::new(vec!["/bin/hello".to_owned()]));
/// let id: ImageId = format!("sha512-{}", "ab".repeat(64)).parse()?;
/// let mut manifest = PodManifest::new();
/// manifest.add_image(&id, &hello)?;
/// let images = BTreeMap::from([(id, hello)]);
///
/// let lowered = lower::pod(&manifest, &images, &PodSettings::new("greeting", Uuid::from_u128(7))).unwrap();
/// assert_eq!(lowered.spec.apps[0].name.as_str(), "hello");
/// assert_eq!(lowered.spec.fate, Fate::Shared);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// All fields that cannot be carried over, among them: an image that is not among `images`; an app without `exec`; a user that is
/// a path; a mount point that nothing fulfils ([`PodManifest::fill_mount_points`] does); a mount whose volume is not there; mounts
/// inside each other; a protocol other than `tcp`, `udp` and `sctp`; socket activation; a port that two apps have when
/// the pod exposes it; limits of several apps together, of devices and networks; SELinux and AppArmor; sysctls of an app.
pub fn pod(
    manifest: &PodManifest,
    images: &BTreeMap<ImageId, ImageManifest>,
    settings: &PodSettings,
) -> Result<LoweredPod, Vec<LowerError>> {
    let mut problems = Problems::default();
    let mut lowered = Lowering { settings, ignored: Vec::new(), seccomp: Vec::new() };
    let bounds = isolation::of_pod(manifest, settings, &mut lowered.ignored, &mut problems);
    let sources = sources(manifest, images, &mut problems);
    let mut volumes = mounts::Volumes::of(manifest, &mut problems);
    let mut apps: Vec<PodApp> =
        sources.iter().filter_map(|source| lowered.app(source, &mut volumes, &mut problems)).collect();
    if let [app] = apps.as_mut_slice() {
        bounds.narrow(&mut app.resources);
    }
    if manifest.apps.is_empty() {
        problems.add("apps", "a pod without apps cannot run");
    }
    ports::expose(manifest, &sources, &mut apps, &mut problems);
    let spec = PodSpec {
        name: settings.name.clone(),
        namespace: "default".to_owned(),
        uid: settings.uid,
        labels: manifest.user_labels.clone(),
        annotations: annotations(manifest, &mut problems),
        hostname: settings.hostname.clone(),
        apps,
        volumes: volumes.finish(),
        restart_policy: RestartPolicy::Never,
        fate: Fate::Shared,
        termination_grace: settings.termination_grace,
        active_deadline: None,
        isolation: Isolation { network: settings.network, ipc: settings.ipc, pid: settings.pid },
        host_aliases: settings.host_aliases.clone(),
        dns: settings.dns.clone(),
        sysctls: bounds.sysctls,
        fs_group: None,
        readiness_gates: Vec::new(),
    };
    let Lowering { ignored, seccomp, .. } = lowered;
    if problems.0.is_empty() { Ok(LoweredPod { spec, seccomp, ignored }) } else { Err(problems.0) }
}

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<LowerError>);

impl Problems {
    pub(super) fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(LowerError::new(field, message));
    }

    /// The value; or nothing, and what is wrong is kept.
    pub(super) fn take<T>(&mut self, result: Result<T, LowerError>, outer: &str) -> Option<T> {
        result.map_err(|error| self.0.push(error.within(outer))).ok()
    }
}

/// An app of the manifest with what it runs: its own `app`, else its image's.
pub(super) struct Source<'m> {
    pub(super) runtime: &'m RuntimeApp,
    pub(super) app: &'m App,
    /// Where it stands: `apps[0]`.
    pub(super) field: String,
    /// Where its `app` stands: `apps[0].app`, or `apps[0].image.app` when it is the image's.
    pub(super) app_field: String,
}

fn sources<'m>(
    manifest: &'m PodManifest,
    images: &'m BTreeMap<ImageId, ImageManifest>,
    problems: &mut Problems,
) -> Vec<Source<'m>> {
    let mut sources = Vec::new();
    for (index, runtime) in manifest.apps.iter().enumerate() {
        let field = format!("apps[{index}]");
        let Some(image) = images.get(&runtime.image.id) else {
            problems
                .add(format!("{field}.image.id"), format!("the image `{}` is not there", runtime.image.id));
            continue;
        };
        check_image(&field, runtime, image, problems);
        let (app, app_field) = match (&runtime.app, &image.app) {
            (Some(app), _) => (app, format!("{field}.app")),
            (None, Some(app)) => (app, format!("{field}.image.app")),
            (None, None) => {
                let message = format!("neither the pod nor the image `{}` says what runs", image.name);
                problems.add(format!("{field}.app"), message);
                continue;
            }
        };
        sources.push(Source { runtime, app, field, app_field });
    }
    sources
}

fn check_image(field: &str, runtime: &RuntimeApp, image: &ImageManifest, problems: &mut Problems) {
    if let Some(name) = &runtime.image.name
        && *name != image.name
    {
        let message = format!("the image of that ID is called `{}`, not `{name}`", image.name);
        problems.add(format!("{field}.image.name"), message);
    }
    if let Some(os) = image.labels.value("os")
        && os != "linux"
    {
        let message = format!("the image is for `{}`, which does not run here", os.escape_debug());
        problems.add(format!("{field}.image"), message);
    }
}

/// Annotations of both kinds: those for users are only other names for the record.
fn annotations(manifest: &PodManifest, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut all = manifest.user_annotations.clone();
    for annotation in &manifest.annotations {
        let name = annotation.name.to_string();
        if let Some(other) = all.insert(name, annotation.value.clone())
            && other != annotation.value
        {
            let message = "there is an annotation of this name with another value";
            problems.add(format!("userAnnotations[`{}`]", annotation.name), message);
        }
    }
    all
}

struct Lowering<'s> {
    settings: &'s PodSettings,
    ignored: Vec<String>,
    seccomp: Vec<SeccompFile>,
}

impl Lowering<'_> {
    fn app<'m>(
        &mut self,
        source: &Source<'m>,
        volumes: &mut mounts::Volumes<'m>,
        problems: &mut Problems,
    ) -> Option<PodApp> {
        let Source { runtime, app, field, app_field } = source;
        let parsed = runtime.name.as_str().parse();
        let name =
            parsed.map_err(|error: pod_core::pod::ParseNameError| LowerError::new("name", error.to_string()));
        let name = problems.take(name, field);
        if app.exec.first().is_none_or(String::is_empty) {
            problems.add(format!("{app_field}.exec"), "it names no program");
        }
        let user = problems.take(who("user", &app.user), app_field);
        let group = problems.take(who("group", &app.group), app_field);
        let groups = problems.take(supplementary_groups(app), app_field);
        let hooks = hooks(source, problems);
        let ports = ports::of_app(source, problems);
        let mounts = volumes.mounts(source, problems);
        let isolation = isolation::of_app(source, self.settings, &mut self.ignored, problems);
        let AppIsolation { resources, capabilities, no_new_privileges, seccomp, file } = isolation;
        self.seccomp.extend(file);
        Some(PodApp {
            name: name?,
            kind: AppKind::Main,
            image: runtime.image.id.to_string(),
            pull_policy: PullPolicy::Never,
            command: Some(app.exec.iter().map(|word| Template::from(word.as_str())).collect()),
            args: Some(Vec::new()),
            working_dir: Some(
                if app.working_directory.is_empty() { "/" } else { &app.working_directory }.to_owned(),
            ),
            env: self.environment(source),
            ports,
            mounts,
            resources,
            security: Security {
                user,
                group,
                supplementary_groups: groups.unwrap_or_default(),
                run_as_non_root: false,
                privileged: false,
                read_only_root: runtime.read_only_root_fs,
                no_new_privileges,
                capabilities,
                seccomp,
                mask_paths: true,
            },
            hooks,
            probes: Probes::default(),
            restart_policy: None,
            restart_rules: Vec::new(),
            termination_message: TerminationMessage { path: None, policy: TerminationMessagePolicy::File },
            stop_signal: None,
            stdin: Stdin::Null,
            tty: false,
        })
    }

    /// The app's variables, and those that the specification wants each process to have ("Execution Environment"); `PATH` is the
    /// model's own default. What the manifest says of the others is overridden.
    fn environment(&self, source: &Source<'_>) -> Vec<EnvVar> {
        let own =
            source.app.environment.iter().map(|variable| (variable.name.clone(), variable.value.clone()));
        let executor = [
            ("AC_APP_NAME", Some(source.runtime.name.as_str())),
            ("AC_METADATA_URL", self.settings.metadata_url.as_deref()),
            ("container", Some(self.settings.executor.as_str())),
        ];
        let given =
            executor.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
        own.chain(given).map(|(name, value)| EnvVar { name, value: Template::from(value) }).collect()
    }
}

fn hooks(source: &Source<'_>, problems: &mut Problems) -> Hooks {
    let mut hooks = Hooks::default();
    for (index, handler) in source.app.event_handlers.iter().enumerate() {
        let field = || format!("{}.eventHandlers[{index}]", source.app_field);
        if handler.exec.first().is_none_or(String::is_empty) {
            problems.add(format!("{}.exec", field()), "it names no program");
        }
        let place = match handler.event {
            Event::PreStart => &mut hooks.pre_start,
            Event::PostStop => &mut hooks.post_stop,
        };
        if place.replace(Handler::Exec { command: handler.exec.to_vec() }).is_some() {
            let message = format!("the event `{}` has two handlers", handler.event.as_str());
            problems.add(format!("{}.name", field()), message);
        }
    }
    hooks
}
