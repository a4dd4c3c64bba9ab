//! What runs between the monitor and an app: a process of its own that works inside the pod and makes no decision.
//!
//! The monitor launches this program itself once more ([`Launcher::launch`]) with one clone and one exec; the new process
//! finds a [`Plan`] on a descriptor, carries it out, reports through a pipe ([`Reports`]) and at last becomes the app's
//! program. So the app is a direct child of the monitor, and no code of ours ever runs between clone and exec but system calls.
//!
//! Who embeds the engine calls [`run_if_asked`] first in `main`.

mod app;
mod attach;
mod confine;
mod dev;
mod exec;
mod executable;
#[cfg(fuzzing)]
pub mod fuzz;
mod identity;
mod inside;
mod kernel;
mod launcher;
mod loopback;
mod mask;
mod policy;
mod probe;
mod program;
mod reaper;
mod report;
mod root;
mod sandbox;
mod seccomp;
mod sysctl;
mod volumes;

pub use launcher::{LaunchError, Launched, Launcher, Pids, Stdio};
pub use report::{Failure, Next, Report, Reports};
pub(crate) use sandbox::make_in_this_thread as make_sandbox_in_this_thread;
pub use sandbox::make_sandbox;

use std::ffi::CStr;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::OwnedFd;

use pod_core::lifecycle::StartFailure;
use rustix::io::Errno;
use rustix::process::DumpableBehavior;

use crate::plan::Plan;
use crate::sys;
use probe::Purpose;
use report::Reporter;

/// The name under which this program is stage1.
pub(crate) const NAME: &str = "podkit-stage1";
const NAME_C: &CStr = c"podkit-stage1";

/// Where a stage1 process finds its plan.
const PLAN_FD: i32 = 3;
/// Where it reports.
const REPORT_FD: i32 = 4;
/// Where it finds the app that an exec plan is about.
const APP_FD: i32 = 5;

/// The exit status of a stage1 process that could not do what it was asked.
const FAILED: i32 = 254;

/// Becomes a stage1 process if this process was launched as one; else it comes back at once.
///
/// Call it before anything else in `main`: before threads, before arguments and environment are looked at. It looks at
/// argument 0 only, and at nothing else that somebody outside could set.
///
/// ```no_run
/// // The first line of `main`:
/// pod_engine::stage1::run_if_asked();
/// // The program's own work follows.
/// ```
pub fn run_if_asked() {
    if std::env::args_os().next().is_some_and(|name| name == NAME) {
        std::process::exit(run());
    }
}

fn run() -> i32 {
    // From here on nobody in the pod can look into this process or its descriptors through /proc.
    let hidden = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let [Some(plan), Some(report), app] = sys::inherited([PLAN_FD, REPORT_FD, APP_FD]) else {
        return FAILED;
    };
    let reporter = Reporter(report);
    sys::reset_signals();
    let outcome = hidden
        .map_err(|errno| Failure::create("hiding stage1 from the pod", errno))
        .and_then(|()| read_plan(File::from(plan)))
        .and_then(|plan| carry_out(plan, app, &reporter));
    match outcome {
        Ok(Then::End) => 0,
        Ok(Then::Rest) => {
            // The end of the reports says that all is done.
            drop(reporter);
            reaper::rest()
        }
        Err(failure) => {
            reporter.say(&Report::Failed(failure));
            FAILED
        }
    }
}

/// What a process does when its plan is carried out and it is still itself.
enum Then {
    End,
    Rest,
}

fn carry_out(plan: Plan, app: Option<OwnedFd>, reporter: &Reporter) -> Result<Then, Failure> {
    match plan {
        Plan::App(plan) => Err(app::run(&plan, reporter)),
        Plan::Exec(plan) => Err(match app {
            Some(app) => exec::run(&plan, app, reporter),
            None => Failure::create("finding the app of an exec plan", Errno::BADF),
        }),
        Plan::Probe(plan) => probe::run(&plan, Purpose::Probe, reporter).map(|()| Then::End),
        Plan::Hook(plan) => probe::run(&plan, Purpose::Hook, reporter).map(|()| Then::End),
        Plan::Reaper(plan) => reaper::prepare(&plan, reporter).map(|()| Then::Rest),
    }
}

fn read_plan(mut file: File) -> Result<Plan, Failure> {
    let mut bytes = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut bytes))
        .and_then(|_| serde_json::from_slice(&bytes).map_err(Into::into))
        .map_err(|error| Failure::new(StartFailure::Create, format!("reading the plan: {error}"), None))
}
