//! How a pod is asked to end.

use std::time::Duration;

use pod_core::lifecycle::AppState;
use rustix::process::Signal;

use crate::fixture::{Host, Story, app, leftovers, pod};
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("an app that ends when asked", Needs::Pod, graceful),
    ("an app that does not is killed after the grace period", Needs::Pod, stubborn),
    ("a second request ends it at once", Needs::Pod, impatient),
    ("an app has its own stop signal", Needs::Pod, own_signal),
    ("a stop signal may be a real-time one", Needs::Pod, real_time),
    ("an interrupt stops, too", Needs::Pod, interrupt),
];

const STUBBORN: &str = "trap '' TERM INT; echo up; while :; do sleep 0.1; done";

fn stopped(script: &str, grace: u64, signals: &[Signal]) -> Story {
    let host = Host::new();
    let mut spec = pod(vec![app("a", script)]);
    spec.termination_grace = Duration::from_secs(grace);
    if signals.contains(&Signal::HUP) {
        spec.apps[0].stop_signal = Some(Signal::USR1.as_raw());
    }
    let mut monitor = host.spawn(&spec);
    monitor.wait_for("up");
    for signal in signals {
        monitor.signal(*signal);
        std::thread::sleep(Duration::from_millis(200));
    }
    let story = monitor.finish();
    assert_eq!(leftovers(host.path(), spec.uid), Vec::<String>::new());
    story
}

fn code(story: &Story) -> i32 {
    let AppState::Terminated { exit, .. } = &story.app("a").state else { panic!("{story:#?}") };
    exit.unwrap().code()
}

fn graceful() {
    let story =
        stopped("trap 'echo bye; exit 4' TERM; echo up; while :; do sleep 0.1; done", 30, &[Signal::TERM]);
    assert_eq!((story.output("a"), code(&story)), (vec!["bye"], 4));
    assert!(story.took < Duration::from_secs(20));
}

fn stubborn() {
    let story = stopped(STUBBORN, 2, &[Signal::TERM]);
    assert_eq!(code(&story), 137);
    assert!(story.took > Duration::from_millis(1500), "{:?}", story.took);
}

fn impatient() {
    let story = stopped(STUBBORN, 600, &[Signal::TERM, Signal::TERM]);
    assert_eq!(code(&story), 137);
    assert!(story.took < Duration::from_secs(20), "{:?}", story.took);
}

fn own_signal() {
    let story = stopped("trap 'exit 5' USR1; echo up; while :; do sleep 0.1; done", 30, &[Signal::HUP]);
    assert_eq!(code(&story), 5);
}

fn real_time() {
    let host = Host::new();
    let mut main = app("a", "trap 'exit 5' 37; echo up; while :; do sleep 0.1; done");
    main.stop_signal = Some(37);
    let mut monitor = host.spawn(&pod(vec![main]));
    monitor.wait_for("up");
    monitor.signal(Signal::TERM);
    assert_eq!(code(&monitor.finish()), 5);
}

fn interrupt() {
    let story = stopped("trap 'exit 6' TERM; echo up; while :; do sleep 0.1; done", 30, &[Signal::INT]);
    assert_eq!(code(&story), 6);
}
