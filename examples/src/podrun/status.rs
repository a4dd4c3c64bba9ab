//! `podrun status`, and the table of a pod's containers.

use std::borrow::Cow;
use std::path::Path;
use std::process::ExitCode;

use pod_core::lifecycle::{AppState, AppStatus, PodPhase, PodStatus};
use pod_core::pod::{AppKind, Fate, Uuid};
use pod_engine::PodEntry;
use serde::Serialize;

use super::cli::{Global, StatusArgs};
use super::images::Supply;
use crate::output::{Format, print};
pub(super) use crate::output::{table, text};

/// What is printed of a pod as a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodReport<'a> {
    uuid: Uuid,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
    state: &'static str,
    /// Where everything about it is kept.
    directory: Cow<'a, Path>,
    /// What `podrun run` exits with, once the pod is over.
    exit_code: Option<i32>,
    status: Option<&'a PodStatus>,
}

impl<'a> PodReport<'a> {
    pub(super) fn of(pod: &'a PodEntry) -> Self {
        let status = pod.status.as_ref();
        let fate = pod.spec.as_ref().map_or(Fate::Independent, |spec| spec.fate);
        let over = status.filter(|status| matches!(status.phase, PodPhase::Succeeded | PodPhase::Failed));
        Self {
            uuid: pod.uid,
            namespace: pod.spec.as_ref().map(|spec| spec.namespace.as_str()),
            name: pod.spec.as_ref().map(|spec| spec.name.as_str()),
            state: pod.state.as_str(),
            directory: pod.dir.as_path().into(),
            exit_code: over.map(|status| status.exit_code_of(fate)),
            status,
        }
    }
}

/// The containers of a pod, one a line.
pub(super) fn containers(status: &PodStatus) -> String {
    let mut table = table(&["NAME", "KIND", "STATE", "REASON", "EXIT", "RESTARTS", "READY"]);
    for app in &status.apps {
        table.add_row(row(app));
    }
    text(&table)
}

/// The same, with their images.
fn with_images(status: &PodStatus, supply: &Supply) -> String {
    let mut table = table(&["NAME", "KIND", "STATE", "REASON", "EXIT", "RESTARTS", "READY", "IMAGE"]);
    for app in &status.apps {
        let mut row = row(app);
        row.push(supply.shown(&app.image));
        table.add_row(row);
    }
    text(&table)
}

fn row(app: &AppStatus) -> Vec<String> {
    let kind = match app.kind {
        AppKind::Init => "init",
        AppKind::Sidecar => "sidecar",
        AppKind::Main => "main",
    };
    let (state, reason, exit) = match &app.state {
        AppState::Waiting { reason, .. } => ("Waiting", reason.as_str(), String::new()),
        AppState::Running { .. } => ("Running", "", String::new()),
        AppState::Terminated { exit, reason, .. } => (
            "Terminated",
            reason.as_str(),
            exit.map_or_else(|| "?".to_owned(), |exit| exit.code().to_string()),
        ),
    };
    let ready = if app.ready { "yes" } else { "no" };
    vec![
        app.name.to_string(),
        kind.to_owned(),
        state.to_owned(),
        reason.to_owned(),
        exit,
        app.restart_count.to_string(),
        ready.to_owned(),
    ]
}

pub(super) fn run(global: &Global, args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let engine = global.engine()?;
    let pod = engine.pod(&args.uuid)?;
    if global.output() != Format::Table {
        global.output().print(&PodReport::of(&pod))?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&about(&pod, &global.supply(&engine)?))?;
    Ok(ExitCode::SUCCESS)
}

/// A pod for people: what it is, and its containers.
fn about(pod: &PodEntry, supply: &Supply) -> String {
    let mut about = format!("UUID   {}\n", pod.uid);
    if let Some(spec) = &pod.spec {
        about += &format!("POD    {}/{}\n", spec.namespace, spec.name);
    }
    about += &format!("STATE  {}\n", pod.state);
    if let Some(status) = &pod.status {
        let addresses = addresses(status);
        if !addresses.is_empty() {
            about += &format!("IP     {addresses}\n");
        }
        about += &format!("PHASE  {}\n\n{}", phase(status), with_images(status, supply));
    }
    about
}

/// The pod's addresses, the preferred one first.
pub(super) fn addresses(status: &PodStatus) -> String {
    let addresses: Vec<_> = status.pod_ips.iter().map(ToString::to_string).collect();
    addresses.join(",")
}

/// The phase, and why.
pub(super) fn phase(status: &PodStatus) -> String {
    let mut text = status.phase.to_string();
    for why in [&status.reason, &status.message].into_iter().filter(|why| !why.is_empty()) {
        text += ": ";
        text += why;
    }
    text
}
