//! What an app sees of itself and of the machine.

use super::fixture::Fixture;
use super::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("view::is_pid_1_and_alone", Needs::Root, is_pid_1_and_alone),
    ("view::has_three_descriptors", Needs::Root, has_three_descriptors),
    ("view::dev_is_complete", Needs::Root, dev_is_complete),
];

fn is_pid_1_and_alone() {
    let ended = Fixture::shell("echo $$; ls -d /proc/[0-9]*; true").run();
    assert_eq!(ended.success(), "1\n/proc/1\n");
}

fn has_three_descriptors() {
    let ended = Fixture::command(&["ls", "/proc/self/fd"]).run();
    // 3 is the directory that ls reads.
    assert_eq!(ended.success(), "0\n1\n2\n3\n");
}

fn dev_is_complete() {
    let ended =
        Fixture::shell("ls /dev; stat -c '%F %t:%T %a' /dev/null /dev/full /dev/tty; ls /dev/pts").run();
    assert_eq!(
        ended.success(),
        "console\nfd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n\
         character special file 1:3 666\ncharacter special file 1:7 666\ncharacter special file 5:0 666\nptmx\n"
    );
}
