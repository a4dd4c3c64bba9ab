//! What an image that was Docker's says of its process beyond its manifest's members.

use pod_core::pod::{ImageConfig, signal};

use crate::docker_annotation::{CMD, ENTRYPOINT, STOP_SIGNAL, USER};
use crate::{ImageManifest, Json, Strength};

/// Cuts the command line where Docker's had two parts, gives the choice of the group back to the image's own `/etc/passwd`, and sets the stop
/// signal. Annotations that do not fit the `app` (somebody has changed one of them) count for nothing.
pub(super) fn refine(config: &mut ImageConfig, manifest: &ImageManifest) {
    let note = |name: &str| manifest.annotations.value(name);
    let words = |name: &str| match note(name) {
        Some(text) => Vec::<String>::from_json(text, Strength::Strict).ok(),
        None => Some(Vec::new()),
    };
    if let (Some(entrypoint), Some(cmd)) = (words(ENTRYPOINT), words(CMD))
        && config.entrypoint.iter().eq(entrypoint.iter().chain(&cmd))
    {
        (config.entrypoint, config.cmd) = (entrypoint, cmd);
    }
    if let Some(written) = note(USER)
        && !written.contains(':')
        && (written == config.user || (written.is_empty() && config.user == "0"))
    {
        config.group.clear();
        config.supplementary_groups.clear();
    }
    config.stop_signal = note(STOP_SIGNAL).and_then(number);
}

/// A signal as Docker reads it: a number, or a name in any case with or without `SIG`.
fn number(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse::<i32>() {
        return (1..=64).contains(&number).then_some(number);
    }
    let name = text.to_ascii_uppercase();
    signal::number(&name).or_else(|| signal::number(&format!("SIG{name}")))
}
