//! `kubetool plan`: what the controllers would do now.

use std::process::ExitCode;
use std::time::SystemTime;

use k8s_model::decode::{Document, Mode};
use k8s_model::encode::Encode;
use k8s_model::object::Object;
use k8s_model::plan::store::Store;
use k8s_model::plan::{Action, At, Planned, Report};
use pod_core::Timestamp;

use super::cli::Written;
use super::cli::controllers::{PlanArgs, Plans};
use super::manifest::{Manifest, write};
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &PlanArgs) -> anyhow::Result<ExitCode> {
    let at = At::new(args.now.unwrap_or_else(|| Timestamp::from(SystemTime::now())), args.seed);
    let mut store = Store::default();
    for file in &args.files {
        let Manifest { documents, well, .. } = Manifest::read(color, file, Mode::Strict)?;
        if !well {
            return Ok(ExitCode::FAILURE);
        }
        for document in documents.into_iter().flat_map(Document::unfold) {
            store.admit(document.object, at)?;
        }
    }
    let planned = store.world().plan(at);
    print(&match args.output {
        Plans::Text => planned.iter().map(text).collect(),
        Plans::Yaml => yaml(&planned),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn text(planned: &Planned) -> String {
    let subject = format!("{}/{}", planned.object.kind.to_lowercase(), planned.object.name);
    let mut lines: Vec<String> =
        planned.actions.iter().map(|action| format!("{subject}: {}\n", line(action))).collect();
    lines.extend(planned.requeue_at.map(|moment| format!("{subject}: look again at {moment}\n")));
    lines.concat()
}

fn line(action: &Action) -> String {
    match action {
        Action::Create(object) => format!("create {}", object.resource_name()),
        Action::Update(object) => format!("update {}", object.resource_name()),
        Action::UpdateStatus(object) => format!("update the status of {}", object.resource_name()),
        Action::Delete { object, options } => {
            let how = options.propagation_policy.as_ref().map(|how| format!(" ({how})")).unwrap_or_default();
            format!("delete {}/{}{how}", object.kind.to_lowercase(), object.name)
        }
        Action::Report(Report { warning, reason, message, .. }) => {
            format!("{} {reason}: {message}", if *warning { "Warning" } else { "Normal" })
        }
        other => format!("{other:?}"),
    }
}

fn yaml(planned: &[Planned]) -> String {
    let objects = planned.iter().flat_map(|planned| &planned.actions).filter_map(|action| match action {
        Action::Create(object) | Action::Update(object) | Action::UpdateStatus(object) => Some(object),
        _ => None,
    });
    write(Written::Yaml, objects.map(|object: &Object| (object as &dyn Encode, object.resource_name())))
}
