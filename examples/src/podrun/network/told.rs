//! What is wrong on this machine is told once, however often it is looked at.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Warns of something that this process has not warned of before.
pub(super) fn once(problem: &str) {
    if TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(problem.to_owned()) {
        tracing::warn!("{problem}");
    }
}
