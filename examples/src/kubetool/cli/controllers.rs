//! The arguments of the commands that do what controllers do.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use k8s_model::plan::sim::Timed;
use pod_core::Timestamp;

/// How plans are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Plans {
    /// A line for each thing that is done, and for each that is told.
    #[default]
    Text,
    /// The objects that are made or written, as YAML documents.
    Yaml,
}

/// Say what the controllers of a cluster would do now with the objects of files.
///
/// Plans are made for Deployments, ReplicaSets, ReplicationControllers, StatefulSets, DaemonSets, Jobs, CronJobs, the endpoints of Services,
/// Namespaces that go, and for objects whose owner is gone. The files must hold all there is, as `kubectl get -o yaml` prints it: what is not
/// in them does not exist, and an owner that does not exist takes its objects along. Objects that were never in a cluster count as just
/// made.
///
/// Exit status: 0; 1 when a manifest is wrong.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool plan deployment.yaml
  kubectl get deploy,rs,pods -o yaml | kubetool plan -o yaml -")]
pub(crate) struct PlanArgs {
    /// How plans are written.
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) output: Plans,
    /// The moment; the present when it is left out.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<Timestamp>,
    /// What names are drawn from.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Run manifests on a simulated cluster, and print what `kubectl get -w` would show.
///
/// The clock is turned until nothing more happens, or the time is over. Pods take some seconds to start and to stop; pods that are not started
/// again end by themselves after some seconds. Annotations of pods say it more exactly: `sim.podkit.dev/start: 5s`, `…/run: 1m`,
/// `…/exit-code: "1"`, `…/stop: 3s`, `…/image: missing`.
///
/// Events are `kill pod/NAME [CODE]`, `delete KIND/NAME`, `fail|restore|cordon|uncordon node/NAME`, `scale KIND/NAME N`,
/// `image KIND/NAME [CONTAINER=]IMAGE`, `pause|resume KIND/NAME`, `undo deployment/NAME [REVISION]` and `restart KIND/NAME`, each with
/// ` at TIME` after it. A name may end in `*`, for the first one that there is.
///
/// Exit status: 0; 1 when a manifest is wrong, an event could not happen, or the controllers do not come to rest.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool simulate web.yaml --event 'image deployment/web nginx:2 at 30s'
  kubetool simulate web.yaml --event 'kill pod/web-* at 30s' --event 'fail node/node-1 at 1m' --for 10m
  kubetool simulate db.yaml --watch sts,po,pvc --final")]
pub(crate) struct SimulateArgs {
    /// What happens, and when: `kill pod/web-0 at 30s`.
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Vec<Timed>,
    /// What chance is drawn from; the same number gives the same course.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many nodes there are, unless the files hold some.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) nodes: usize,
    /// How long at most.
    #[arg(long = "for", value_name = "DURATION", default_value = "1h", value_parser = humantime::parse_duration)]
    pub(crate) limit: Duration,
    /// The kinds that are shown.
    #[arg(
        long,
        value_name = "KIND",
        value_delimiter = ',',
        default_value = "po,rs,deploy,rc,sts,ds,jobs,cj"
    )]
    pub(crate) watch: Vec<String>,
    /// Print also the tables of what is there in the end.
    #[arg(long = "final")]
    pub(crate) last: bool,
    /// When the clock starts; the present when it is left out.
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<Timestamp>,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}
