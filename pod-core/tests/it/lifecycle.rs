//! The lifecycle machine on a virtual clock, by the kubelet's situations.
//!
//! Each test names the part of the kubelet that it follows (`pkg/kubelet` of Kubernetes 1.20 to 1.36; facts are gathered from its source,
//! the words of its events are 1.36's).

mod invariants;
mod probes;
mod restarts;
mod sim;
mod situations;
pub(crate) mod spec;
mod starts;
mod status;
mod stops;

/// Whole traces are compared, so that nothing happens unseen.
#[track_caller]
fn assert_trace(sim: &sim::Sim, expected: &str) {
    let lines = |text: &str| {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect::<Vec<_>>()
    };
    let (ours, expected) = (lines(&sim.text()), lines(expected));
    if ours != expected {
        panic!("expected:\n{}\n\nours:\n{}", expected.join("\n"), ours.join("\n"));
    }
}
