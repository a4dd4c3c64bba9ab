//! The arguments of the commands that show and make objects.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use k8s_model::generate::{Exposure, PortPair};
use k8s_model::print::Release;
use k8s_model::selector::{FieldSelector, Selector};
use pod_core::Timestamp;

use super::Written;
use crate::shape::Shape;

/// Whose tables are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Era {
    /// Kubernetes 1.10.
    #[value(name = "1.10")]
    V1_10,
    /// Kubernetes 1.20.
    #[value(name = "1.20")]
    V1_20,
    /// Kubernetes 1.36.
    #[default]
    #[value(name = "1.36")]
    V1_36,
}

impl From<Era> for Release {
    fn from(era: Era) -> Self {
        match era {
            Era::V1_10 => Self::V1_10,
            Era::V1_20 => Self::V1_20,
            Era::V1_36 => Self::V1_36,
        }
    }
}

/// Show objects as `kubectl get` does. Lists are unfolded.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool get -o wide pods.yaml
  kubetool get -o jsonpath='{.items[*].metadata.name}' pods.yaml
  kubetool get -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image pods.yaml")]
pub(crate) struct GetArgs {
    /// `wide`, `yaml`, `json`, `name`, `jsonpath=TEMPLATE`, or `custom-columns=HEADING:PATH,...`; a table when it is left out.
    #[arg(long, short, value_name = "FORMAT")]
    pub(crate) output: Option<Shape>,
    /// Only objects that this label selector means.
    #[arg(long, short = 'l', value_name = "SELECTOR", default_value = "")]
    pub(crate) selector: Selector,
    /// Only objects that this field selector means.
    #[arg(long, value_name = "SELECTOR", default_value = "")]
    pub(crate) field_selector: FieldSelector,
    /// Labels that get a column.
    #[arg(long, short = 'L', value_name = "LABEL", value_delimiter = ',')]
    pub(crate) label_columns: Vec<String>,
    /// A column with all labels.
    #[arg(long)]
    pub(crate) show_labels: bool,
    /// The kind before each name.
    #[arg(long)]
    pub(crate) show_kind: bool,
    /// A column for the namespace.
    #[arg(long, short = 'A')]
    pub(crate) all_namespaces: bool,
    /// No headings.
    #[arg(long)]
    pub(crate) no_headers: bool,
    /// The moment that ages are counted from: RFC 3339; now when it is left out.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<Timestamp>,
    /// The Kubernetes whose tables are shown.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) release: Era,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Show objects as `kubectl describe` does: Pods, Deployments, Services, PersistentVolumes and PersistentVolumeClaims.
///
/// What stands in other objects of the files is shown with them: endpoints, replica sets, the pods that use a claim, events.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool describe pod.yaml
  kubectl get pods,events -o yaml | kubetool describe -l app=web -")]
pub(crate) struct DescribeArgs {
    /// Only objects that this label selector means.
    #[arg(long, short = 'l', value_name = "SELECTOR", default_value = "")]
    pub(crate) selector: Selector,
    /// The moment that ages are counted from: RFC 3339; now when it is left out.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<Timestamp>,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Write the manifest that `kubectl create` would send.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool create deployment web --image nginx:1.27 --replicas 3 --port 80
  kubetool create service nodeport web --tcp 80:8080
  kubetool create configmap settings --from-literal mode=fast --from-file app.conf
  kubetool create secret docker-registry pull --docker-username u --docker-password p
  kubetool create job once --image busybox -- date")]
pub(crate) struct CreateArgs {
    /// How the object is written.
    #[arg(long, short, global = true, value_enum, default_value_t)]
    pub(crate) output: Written,
    /// The namespace that it names.
    #[arg(long, short, global = true, value_name = "NAME", default_value = "")]
    pub(crate) namespace: String,
    #[command(subcommand)]
    pub(crate) what: CreateWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CreateWhat {
    /// A namespace.
    Namespace {
        /// Its name.
        name: String,
    },
    /// A deployment.
    Deployment {
        /// Its name.
        name: String,
        /// The image of each of its containers.
        #[arg(long, required = true)]
        image: Vec<String>,
        /// How many pods.
        #[arg(long, default_value_t = 1)]
        replicas: i32,
        /// The port that its first container listens on.
        #[arg(long)]
        port: Option<i32>,
        /// The command of its container.
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// A job.
    Job {
        /// Its name.
        name: String,
        /// The image of its container.
        #[arg(long)]
        image: String,
        /// The command of its container.
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// A pod, as `kubectl run` makes it.
    Pod {
        /// Its name.
        name: String,
        /// The image of its container.
        #[arg(long)]
        image: String,
        /// The port that its container listens on.
        #[arg(long)]
        port: Option<i32>,
        /// Variables of its environment.
        #[arg(long, value_name = "NAME=VALUE")]
        env: Vec<String>,
        /// `Always`, `OnFailure` or `Never`.
        #[arg(long, default_value = "Always")]
        restart: String,
        /// The arguments are the command.
        #[arg(long)]
        command: bool,
        /// The arguments of its container.
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// A service.
    #[command(subcommand)]
    Service(CreateService),
    /// A config map.
    Configmap {
        /// Its name.
        name: String,
        #[command(flatten)]
        data: Data,
    },
    /// A secret.
    #[command(subcommand)]
    Secret(CreateSecret),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CreateService {
    /// With an address in the cluster.
    Clusterip {
        /// Its name.
        name: String,
        /// `port` or `port:targetPort`.
        #[arg(long, value_delimiter = ',')]
        tcp: Vec<PortPair>,
        /// The address; `None` for none.
        #[arg(long, default_value = "")]
        clusterip: String,
    },
    /// With a port on each node.
    Nodeport {
        /// Its name.
        name: String,
        /// `port` or `port:targetPort`.
        #[arg(long, value_delimiter = ',')]
        tcp: Vec<PortPair>,
        /// The port of the nodes.
        #[arg(long, default_value_t = 0)]
        node_port: i32,
    },
    /// With a load balancer.
    Loadbalancer {
        /// Its name.
        name: String,
        /// `port` or `port:targetPort`.
        #[arg(long, value_delimiter = ',')]
        tcp: Vec<PortPair>,
    },
    /// That is a name elsewhere.
    Externalname {
        /// Its name.
        name: String,
        /// The name elsewhere.
        #[arg(long)]
        external_name: String,
        /// `port` or `port:targetPort`.
        #[arg(long, value_delimiter = ',')]
        tcp: Vec<PortPair>,
    },
}

/// Where data comes from.
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// A value.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) from_literal: Vec<String>,
    /// A file; its name is the key when there is none.
    #[arg(long, value_name = "[KEY=]FILE")]
    pub(crate) from_file: Vec<String>,
    /// A file with a `KEY=VALUE` on each line.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_env_file: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CreateSecret {
    /// Any data.
    Generic {
        /// Its name.
        name: String,
        /// Its type.
        #[arg(long = "type", default_value = "")]
        type_: String,
        #[command(flatten)]
        data: Data,
    },
    /// What a registry asks for.
    DockerRegistry {
        /// Its name.
        name: String,
        /// The registry.
        #[arg(long, default_value = "")]
        docker_server: String,
        /// The user.
        #[arg(long)]
        docker_username: String,
        /// The password.
        #[arg(long)]
        docker_password: String,
        /// The mail address.
        #[arg(long, default_value = "")]
        docker_email: String,
    },
}

/// Write the service that `kubectl expose` would make for the pods of an object.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool expose --port 80 --target-port 8080 deployment.yaml")]
pub(crate) struct ExposeArgs {
    /// How the service is written.
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Written,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// A manifest with one object.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// What a service is like that is made for an object.
#[derive(Debug, Args)]
pub(crate) struct ServiceArgs {
    /// The service's name; that of the object when it is left out.
    #[arg(long)]
    name: Option<String>,
    /// Its port; those of the containers when it is left out.
    #[arg(long)]
    port: Option<i32>,
    /// The port of the containers, or its name.
    #[arg(long)]
    target_port: Option<String>,
    /// `TCP`, `UDP` or `SCTP`.
    #[arg(long)]
    protocol: Option<String>,
    /// `ClusterIP`, `NodePort` or `LoadBalancer`.
    #[arg(long = "type")]
    type_: Option<String>,
    /// Its address; `None` for none.
    #[arg(long)]
    cluster_ip: Option<String>,
}

impl ServiceArgs {
    pub(crate) fn exposure(&self) -> Exposure {
        let target_port = self.target_port.as_deref().map(|port| match port.parse::<i32>() {
            Ok(number) => number.into(),
            Err(_) => port.into(),
        });
        Exposure {
            name: self.name.clone(),
            port: self.port,
            target_port,
            protocol: self.protocol.as_deref().map(Into::into),
            type_: self.type_.as_deref().map(Into::into),
            cluster_ip: self.cluster_ip.clone(),
            ..Exposure::default()
        }
    }
}

/// Write the manifests that a `kustomization.yaml` builds.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool kustomize overlays/prod | kubetool validate -")]
pub(crate) struct KustomizeArgs {
    /// How objects are written.
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Written,
    /// The directory with the kustomization.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
}
