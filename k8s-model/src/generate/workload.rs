//! Pods, and what makes some.

use std::collections::{BTreeMap, BTreeSet};

use super::{GenerateError, named};
use crate::apps::Deployment;
use crate::batch::Job;
use crate::core::{Container, ContainerPort, DnsPolicy, EnvVar, Pod, RestartPolicy};
use crate::meta::LabelSelector;

/// The flags of `kubectl create deployment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentFlags {
    /// `--image`, at least one.
    pub images: Vec<String>,
    /// `--replicas`.
    pub replicas: i32,
    /// `--port`.
    pub port: Option<i32>,
    /// What stands after `--`.
    pub command: Vec<String>,
}

/// The name that a container gets from its image: the last part of the repository, in the letters of a label.
fn container_name(image: &str, taken: &BTreeSet<String>) -> String {
    let last = image.rsplit('/').next().unwrap_or_default();
    let base = last.split([':', '@']).next().unwrap_or_default().to_lowercase();
    let name: String =
        base.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }).collect();
    let name = name.trim_matches('-').to_owned();
    // kubectl adds five random letters where a name would not do; a number does as well, and is the same each time.
    (1..)
        .map(|number| if number == 1 { name.clone() } else { format!("{name}-{number}") })
        .find(|name| !taken.contains(name))
        .unwrap_or(name)
}

/// `kubectl create deployment`.
///
/// # Errors
///
/// On an empty name, no image, several images with a command, and negative replicas.
pub fn deployment(name: &str, flags: &DeploymentFlags) -> Result<Deployment, GenerateError> {
    let mut object = Deployment { metadata: named(name)?, ..Deployment::default() };
    if flags.images.is_empty() {
        return Err(GenerateError::new("at least one image must be specified"));
    }
    if flags.images.len() > 1 && !flags.command.is_empty() {
        return Err(GenerateError::new("cannot specify multiple --image options and command"));
    }
    if flags.replicas < 0 {
        return Err(GenerateError::new("invalid replicas, it must not be negative"));
    }
    let labels = BTreeMap::from([("app".to_owned(), name.to_owned())]);
    object.metadata.labels.clone_from(&labels);
    object.spec.replicas = Some(flags.replicas);
    object.spec.template.metadata.labels.clone_from(&labels);
    object.spec.selector = Some(Box::new(LabelSelector { match_labels: labels, ..LabelSelector::default() }));
    let mut taken = BTreeSet::new();
    for image in &flags.images {
        let name = container_name(image, &taken);
        taken.insert(name.clone());
        object.spec.template.spec.containers.push(Container {
            name,
            image: image.clone(),
            command: flags.command.clone(),
            ..Container::default()
        });
    }
    if let (Some(port), Some(first)) = (flags.port, object.spec.template.spec.containers.first_mut()) {
        first.ports.push(ContainerPort { container_port: port, ..ContainerPort::default() });
    }
    Ok(object)
}

/// `kubectl create job`.
///
/// # Errors
///
/// On an empty name or image.
pub fn job(name: &str, image: &str, command: &[String]) -> Result<Job, GenerateError> {
    let mut object = Job { metadata: named(name)?, ..Job::default() };
    if image.is_empty() {
        return Err(GenerateError::new("either --image or --from must be specified"));
    }
    let spec = &mut object.spec.template.spec;
    spec.restart_policy = RestartPolicy::Never;
    spec.containers.push(Container {
        name: name.to_owned(),
        image: image.to_owned(),
        command: command.to_vec(),
        ..Container::default()
    });
    Ok(object)
}

/// The flags of `kubectl run`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunFlags {
    /// `--image`.
    pub image: String,
    /// `--port`.
    pub port: Option<i32>,
    /// `--env`: `NAME=value`.
    pub env: Vec<String>,
    /// `--labels`; without any, `run=NAME`.
    pub labels: BTreeMap<String, String>,
    /// `--restart`; `Always` when nothing is said.
    pub restart: RestartPolicy,
    /// What stands after `--`.
    pub args: Vec<String>,
    /// `--command`: what stands after `--` is the command, and not its arguments.
    pub command: bool,
}

impl RunFlags {
    fn container(&self, name: &str) -> Result<Container, GenerateError> {
        if self.image.is_empty() {
            return Err(GenerateError::new("--image is required"));
        }
        if self.image.chars().any(char::is_whitespace) {
            return Err(GenerateError::new(format!(
                "Invalid image name {:?}: invalid reference format",
                self.image
            )));
        }
        let mut container =
            Container { name: name.to_owned(), image: self.image.clone(), ..Container::default() };
        for pair in &self.env {
            let (name, value) = pair
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| GenerateError::new(format!("invalid env: {pair}")))?;
            container.env.push(EnvVar {
                name: name.to_owned(),
                value: value.to_owned(),
                ..EnvVar::default()
            });
        }
        let words = if self.command { &mut container.command } else { &mut container.args };
        words.clone_from(&self.args);
        container
            .ports
            .extend(self.port.map(|port| ContainerPort { container_port: port, ..ContainerPort::default() }));
        Ok(container)
    }

    fn labels(&self, name: &str) -> BTreeMap<String, String> {
        if self.labels.is_empty() {
            BTreeMap::from([("run".to_owned(), name.to_owned())])
        } else {
            self.labels.clone()
        }
    }
}

/// `kubectl run`: one pod.
///
/// # Errors
///
/// On an empty name, no image, an image with blanks, and a variable without `=`.
pub fn run(name: &str, flags: &RunFlags) -> Result<Pod, GenerateError> {
    let mut pod = Pod { metadata: named(name)?, ..Pod::default() };
    pod.metadata.labels = flags.labels(name);
    pod.spec.containers.push(flags.container(name)?);
    pod.spec.restart_policy =
        if flags.restart.is_unset() { RestartPolicy::Always } else { flags.restart.clone() };
    pod.spec.dns_policy = DnsPolicy::ClusterFirst;
    Ok(pod)
}

/// `kubectl run --replicas` of before Kubernetes 1.18: a Deployment, as the project's sources show it.
///
/// # Errors
///
/// Those of [`run`].
pub fn run_deployment(name: &str, replicas: i32, flags: &RunFlags) -> Result<Deployment, GenerateError> {
    let mut object = Deployment { metadata: named(name)?, ..Deployment::default() };
    let labels = flags.labels(name);
    object.metadata.labels.clone_from(&labels);
    object.spec.replicas = Some(replicas);
    object.spec.template.metadata.labels.clone_from(&labels);
    object.spec.template.spec.containers.push(flags.container(name)?);
    object.spec.selector = Some(Box::new(LabelSelector { match_labels: labels, ..LabelSelector::default() }));
    Ok(object)
}
