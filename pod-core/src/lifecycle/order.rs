//! Whose turn it is: to start (kubelet `computePodActions`, `computeInitContainerActions`) and to stop (`terminationOrdering`).

use super::app::AppLife;
use crate::pod::AppKind;

/// The app that starts next, if one may now, and whether the main apps' turn has come.
pub(super) fn next_to_start(apps: &[AppLife], initialized: bool) -> (Option<usize>, bool) {
    // One after the other, and only when the one before has come through its postStart hook.
    if apps.iter().any(AppLife::is_starting) {
        return (None, initialized);
    }
    for (index, app) in apps.iter().enumerate().filter(|(_, app)| app.kind() != AppKind::Main) {
        if app.wants_start() {
            return (Some(index), initialized);
        }
        let through = match app.kind() {
            AppKind::Init => app.outcome() == Some(true),
            // A sidecar that has been up once holds nobody up when it is restarted.
            AppKind::Sidecar | AppKind::Main => app.was_up(),
        };
        if !through && !initialized {
            return (None, false);
        }
    }
    let main = apps.iter().position(|app| app.kind() == AppKind::Main && app.wants_start());
    (main, true)
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
