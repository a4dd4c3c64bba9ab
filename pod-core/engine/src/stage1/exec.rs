//! Becomes a process beside a running app.

use std::os::fd::{AsFd, OwnedFd};

use rustix::thread::ThreadNameSpaceType;

use super::program::Ending;
use super::report::{Doing, Failure, Reporter};
use super::seccomp::Filter;
use super::{app, kernel};
use crate::plan::ExecPlan;

/// Carries out a plan in the namespaces of the app, which is given by its pidfd. Comes back only when that fails.
///
/// The process has nothing that the app does not have: the same cgroups, namespaces, root, capabilities and system calls.
/// (rkt's `enter` had neither of the last two, nor the cgroup: CVE-2019-10144, -10145, -10147.) The PID namespace is joined already.
pub(crate) fn run(plan: &ExecPlan, target: OwnedFd, reporter: &Reporter) -> Failure {
    let prepared = Filter::of(&plan.confinement, reporter)
        .and_then(|filter| enter(plan, target, reporter).map(|()| filter));
    match prepared {
        Err(failure) => failure,
        Ok(filter) => {
            let (process, confinement) = (&plan.process, &plan.confinement);
            Ending { process, confinement, filter, terminal: plan.terminal }.run(reporter)
        }
    }
}

fn enter(plan: &ExecPlan, target: OwnedFd, reporter: &Reporter) -> Result<(), Failure> {
    kernel::enter_cgroups(&plan.cgroups)?;
    app::adjust_oom_score(plan.oom_score_adj, reporter);
    let namespaces = ThreadNameSpaceType::MOUNT
        | ThreadNameSpaceType::NETWORK
        | ThreadNameSpaceType::INTER_PROCESS_COMMUNICATION
        | ThreadNameSpaceType::HOST_NAME_AND_NIS_DOMAIN_NAME
        | ThreadNameSpaceType::CONTROL_GROUP;
    // This changes root and working directory to the app's root as well (setns(2)).
    rustix::thread::move_into_thread_name_spaces(target.as_fd(), namespaces)
        .doing(|| "joining the namespaces of the app".to_owned())
}
