//! Whose turn it is: to start (kubelet `computePodActions`, `computeInitContainerActions`) and to stop (`terminationOrdering`).

use super::app::AppLife;
use crate::pod::AppKind;

/// Who starts next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// The app, if one may start now.
    pub(super) app: Option<usize>,
    /// Whether the main apps' turn has come.
    pub(super) main: bool,
}

/// Who starts next: one after the other, and only when the one before has come through its postStart hook.
pub(super) fn next_to_start(apps: &[AppLife]) -> Turn {
    if apps.iter().any(AppLife::is_starting) {
        return Turn { app: None, main: false };
    }
    for (index, app) in apps.iter().enumerate().filter(|(_, app)| app.kind() != AppKind::Main) {
        if app.wants_start() {
            return Turn { app: Some(index), main: false };
        }
        let through = match app.kind() {
            AppKind::Init => app.outcome() == Some(true),
            // A sidecar that has been up once holds nobody up when it is restarted.
            AppKind::Sidecar | AppKind::Main => app.was_up(),
        };
        if !through {
            return Turn { app: None, main: false };
        }
    }
    let app = apps.iter().position(|app| app.kind() == AppKind::Main && app.wants_start());
    Turn { app, main: true }
}

/// Whether an app may have its stop signal while the pod ends: a sidecar only after the main apps, and after the sidecars that
/// started after it.
pub(super) fn may_stop(apps: &[AppLife], index: usize) -> bool {
    let Some(app) = apps.get(index) else { return true };
    if app.kind() != AppKind::Sidecar {
        return true;
    }
    apps.iter().enumerate().all(|(other, before)| match before.kind() {
        AppKind::Main => !before.is_alive(),
        AppKind::Sidecar => other <= index || !before.is_alive(),
        AppKind::Init => true,
    })
}
