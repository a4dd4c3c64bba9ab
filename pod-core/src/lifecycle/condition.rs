//! The conditions of a pod (kubelet `status/generate.go`).

use super::{AppStatus, Condition, ConditionKind, ConditionStatus, PodPhase};
use crate::Timestamp;
use crate::pod::AppKind;

/// What the conditions follow from.
#[derive(Debug)]
pub(super) struct Grounds<'a> {
    pub(super) apps: &'a [AppStatus],
    pub(super) phase: PodPhase,
    pub(super) sandbox: bool,
    /// Whether the main apps' turn has come once.
    pub(super) initialized: bool,
    /// The readiness gates, and how they stand once somebody has said so.
    pub(super) gates: &'a [(String, Option<ConditionStatus>)],
    /// Whether all apps are being restarted; `None` when no rule of the pod does that.
    pub(super) restarting: Option<bool>,
}

/// A condition without its time.
#[derive(Debug)]
struct Verdict {
    status: ConditionStatus,
    reason: &'static str,
    message: String,
}

impl Verdict {
    const fn holds() -> Self {
        Self { status: ConditionStatus::True, reason: "", message: String::new() }
    }

    const fn fails(reason: &'static str, message: String) -> Self {
        Self { status: ConditionStatus::False, reason, message }
    }
}

/// The conditions in their fixed order. One whose status is as `before` keeps its time.
pub(super) fn conditions(grounds: &Grounds<'_>, before: &[Condition], now: Timestamp) -> Vec<Condition> {
    let ready_to_start = if grounds.sandbox { Verdict::holds() } else { Verdict::fails("", String::new()) };
    let apps = apps_ready(grounds);
    let fixed = [
        (ConditionKind::PodReadyToStartContainers, ready_to_start),
        (ConditionKind::Initialized, initialized(grounds)),
        (ConditionKind::Ready, ready(grounds)),
        (ConditionKind::ContainersReady, apps),
        (ConditionKind::PodScheduled, Verdict::holds()),
    ];
    let restarting = grounds.restarting.map(|restarting| {
        (ConditionKind::AllContainersRestarting, all_restarting(grounds.phase, restarting))
    });
    let gates = grounds.gates.iter().filter_map(|(gate, status)| {
        let verdict = Verdict { status: (*status)?, reason: "", message: String::new() };
        Some((ConditionKind::Gate(gate.clone()), verdict))
    });
    let conditions = fixed.into_iter().chain(restarting).chain(gates).map(
        |(kind, Verdict { status, reason, message })| {
            let same = before.iter().find(|old| old.kind == kind && old.status == status);
            let last_transition = same.map_or(now, |old| old.last_transition);
            Condition { kind, status, reason: reason.to_owned(), message, last_transition }
        },
    );
    conditions.collect()
}

fn initialized(grounds: &Grounds<'_>) -> Verdict {
    if grounds.phase == PodPhase::Succeeded {
        return Verdict { reason: "PodCompleted", ..Verdict::holds() };
    }
    let incomplete = names(grounds.apps.iter().filter(|app| match app.kind {
        AppKind::Init => !app.ready,
        AppKind::Sidecar => !app.started,
        AppKind::Main => false,
    }));
    if grounds.initialized || incomplete.is_empty() {
        return Verdict::holds();
    }
    Verdict::fails(
        "ContainersNotInitialized",
        format!("containers with incomplete status: [{}]", incomplete.join(" ")),
    )
}

fn apps_ready(grounds: &Grounds<'_>) -> Verdict {
    match grounds.phase {
        PodPhase::Succeeded => return Verdict::fails("PodCompleted", String::new()),
        PodPhase::Failed => return Verdict::fails("PodFailed", String::new()),
        PodPhase::Pending | PodPhase::Running => {}
    }
    let unready = names(grounds.apps.iter().filter(|app| app.kind != AppKind::Init && !app.ready));
    if unready.is_empty() {
        return Verdict::holds();
    }
    let message = format!("containers with unready status: [{}]", unready.join(" "));
    Verdict::fails("ContainersNotReady", message)
}

fn ready(grounds: &Grounds<'_>) -> Verdict {
    let apps = apps_ready(grounds);
    if apps.status != ConditionStatus::True {
        return apps;
    }
    let closed: Vec<String> = grounds
        .gates
        .iter()
        .filter_map(|(gate, status)| match status {
            Some(ConditionStatus::True) => None,
            Some(status) => {
                Some(format!("the status of pod readiness gate {gate:?} is not \"True\", but {status:?}"))
            }
            None => Some(format!("corresponding condition of pod readiness gate {gate:?} does not exist.")),
        })
        .collect();
    if closed.is_empty() {
        Verdict::holds()
    } else {
        Verdict::fails("ReadinessGatesNotReady", closed.join(", "))
    }
}

/// `GenerateAllContainersRestartingCondition`.
fn all_restarting(phase: PodPhase, restarting: bool) -> Verdict {
    let over = match phase {
        PodPhase::Succeeded => "PodCompleted",
        PodPhase::Failed => "PodFailed",
        PodPhase::Pending | PodPhase::Running if !restarting => "",
        PodPhase::Pending | PodPhase::Running => {
            return Verdict {
                reason: "RestartAllContainersStarted",
                message: "container exited with restart policy rule".to_owned(),
                ..Verdict::holds()
            };
        }
    };
    Verdict::fails(over, String::new())
}

fn names<'a>(apps: impl Iterator<Item = &'a AppStatus>) -> Vec<&'a str> {
    apps.map(|app| app.name.as_str()).collect()
}
