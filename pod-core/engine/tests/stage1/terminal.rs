//! Apps with a terminal.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;

use pod_engine::stage1::{Pids, Stdio};
use rustix::fs::{Mode, OFlags};
use rustix::pty::OpenptFlags;

use super::fixture::{Fixture, launcher};
use super::{Case, Needs};

pub(crate) const CASES: &[Case] =
    &[("terminal::is_the_controlling_one", Needs::Root, is_the_controlling_one)];

fn is_the_controlling_one() {
    let mut fixture = Fixture::shell(
        "exec 3<>/dev/tty && echo controlling; test -t 0 -a -t 1 -a -t 2 && echo streams; \
         stat -L -c %u:%t /dev/console /proc/self/fd/0; stty size 2>/dev/null; cut -d' ' -f 6 /proc/self/stat",
    );
    fixture.plan.terminal = true;
    fixture.plan.process.user.user = "web".into();
    let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    rustix::pty::grantpt(&master).unwrap();
    rustix::pty::unlockpt(&master).unwrap();
    let name = rustix::pty::ptsname(&master, Vec::new()).unwrap();
    let slave = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let stdio = Stdio { stdin: slave.as_fd(), stdout: slave.as_fd(), stderr: slave.as_fd() };
    let launched = launcher().launch(&fixture.app(), stdio, Pids::New).unwrap();
    drop(slave);
    let mut output = String::new();
    // The end of a terminal is an error (EIO).
    let _ = File::from(master).read_to_string(&mut output);
    let status = rustix::process::waitid(
        rustix::process::WaitId::PidFd(launched.pidfd.as_fd()),
        rustix::process::WaitIdOptions::EXITED,
    );
    assert_eq!(status.unwrap().unwrap().exit_status(), Some(0), "{output}");
    // 88: the major number of pseudo terminals, 136, in hexadecimal. Session 1 is the app's own.
    assert_eq!(output.replace('\r', ""), "controlling\nstreams\n33:88\n33:88\n1\n");
}
