//! `kubetool simulate`: manifests on a cluster that is not there.

use std::process::ExitCode;
use std::time::SystemTime;

use k8s_model::decode::{Document, Mode};
use k8s_model::object::Object;
use k8s_model::plan::sim::{Cluster, Ended, watch};
use k8s_model::print::{Options, table};
use k8s_model::registry;
use pod_core::Timestamp;

use super::cli::controllers::SimulateArgs;
use super::manifest::Manifest;
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    let kinds = kinds(&args.watch)?;
    let mut objects: Vec<Object> = Vec::new();
    for file in &args.files {
        let Manifest { documents, well, .. } = Manifest::read(color, file, Mode::Strict)?;
        if !well {
            return Ok(ExitCode::FAILURE);
        }
        objects.extend(documents.into_iter().flat_map(Document::unfold).map(|document| document.object));
    }
    let start = args.start.unwrap_or_else(|| Timestamp::from(SystemTime::now()));
    let nodes = if objects.iter().any(|object| matches!(object, Object::Node(_))) { 0 } else { args.nodes };
    let mut cluster = Cluster::new(start, args.seed).with_nodes(nodes);
    objects.into_iter().try_for_each(|object| cluster.apply(object))?;
    for timed in &args.event {
        cluster.schedule(timed.after, timed.event.clone());
    }
    let ended = cluster.run(args.limit);
    let wanted = |object: &Object| kinds.contains(&object.kind());
    print(&watch(&cluster, wanted).to_string())?;
    if args.last {
        let last: Vec<&Object> = cluster.store().objects().filter(|object| wanted(object)).collect();
        print(&format!("\n{}", table(&last, &Options::new(cluster.now()))))?;
    }
    for (at, why) in cluster.refused() {
        anstream::eprintln!("{at}: {why}");
    }
    if ended == Ended::Restless {
        anstream::eprintln!("{}: the controllers do not come to rest", cluster.now());
    }
    let well = cluster.refused().is_empty() && ended != Ended::Restless;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The kinds that words name.
fn kinds(words: &[String]) -> anyhow::Result<Vec<&'static str>> {
    let kind = |word: &String| {
        registry::find(word)
            .next()
            .map(|info| info.kind)
            .ok_or_else(|| anyhow::anyhow!("`{word}` is no kind"))
    };
    words.iter().map(kind).collect()
}
