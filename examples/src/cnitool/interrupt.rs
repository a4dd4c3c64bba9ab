//! SIGINT and SIGTERM: the first one makes plugins give up, the second one ends this process.

use anyhow::Context;
use cni_client::exec::Cancel;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// A switch that the first signal throws.
pub(super) fn switch() -> anyhow::Result<Cancel> {
    let cancel = Cancel::new().context("cannot make a switch for signals")?;
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot listen to signals")?;
    let thrown = cancel.clone();
    std::thread::spawn(move || {
        let mut signals = signals.forever();
        if signals.next().is_some() {
            thrown.cancel();
        }
        if let Some(signal) = signals.next() {
            // It does not come back.
            let _ = emulate_default_handler(signal);
        }
    });
    Ok(cancel)
}
