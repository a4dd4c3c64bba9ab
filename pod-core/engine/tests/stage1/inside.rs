//! What the test program does when it is itself an app: makes system calls and prints how they end.
#![expect(unsafe_code, reason = "raw system calls are what is tested")]

use std::io::Write;
use std::process::ExitCode;

/// `<argv[0]> --syscalls` or `--foreign`.
pub(crate) fn run_if_asked() -> Option<ExitCode> {
    match std::env::args().nth(1)?.as_str() {
        "--syscalls" => syscalls(),
        "--foreign" => foreign(),
        _ => return None,
    }
    Some(ExitCode::SUCCESS)
}

/// A name, the number, the first two arguments.
const CALLS: &[(&str, libc::c_long, usize, usize)] = &[
    ("getppid", libc::SYS_getppid, 0, 0),
    ("keyctl", libc::SYS_keyctl, 0, 0),
    ("bpf", libc::SYS_bpf, 0, 0),
    ("io_uring_setup", libc::SYS_io_uring_setup, 1, 0),
    ("userfaultfd", libc::SYS_userfaultfd, 0, 0),
    ("unshare(NEWUSER)", libc::SYS_unshare, libc::CLONE_NEWUSER as usize, 0),
    ("setns", libc::SYS_setns, usize::MAX, 0),
    ("clone(NEWUSER)", libc::SYS_clone, (libc::CLONE_NEWUSER | libc::SIGCHLD) as usize, 0),
    ("clone3", libc::SYS_clone3, 0, 0),
    ("mount", libc::SYS_mount, 0, 0),
    ("open_by_handle_at", libc::SYS_open_by_handle_at, 0, 0),
    ("perf_event_open", libc::SYS_perf_event_open, 0, 0),
    ("socket(ALG)", libc::SYS_socket, libc::AF_ALG as usize, libc::SOCK_SEQPACKET as usize),
    ("socket(VSOCK)", libc::SYS_socket, libc::AF_VSOCK as usize, libc::SOCK_STREAM as usize),
    ("socket(99)", libc::SYS_socket, 99, 0),
    ("personality(ADDR_NO_RANDOMIZE)", libc::SYS_personality, 0x0004_0000, 0),
    ("personality(get)", libc::SYS_personality, 0xffff_ffff, 0),
    ("number 449", 449, usize::MAX, 0),
    ("number 400", 400, 0, 0),
    ("number 5000", 5000, 0, 0),
];

fn syscalls() {
    let mut out = std::io::stdout().lock();
    for (name, number, first, second) in CALLS {
        // SAFETY: the arguments are no pointers, or null or invalid ones that the kernel refuses with EFAULT. A clone that
        // succeeded would go on here as a second process with its own memory.
        let result = unsafe { libc::syscall(*number, *first, *second, 0usize, 0usize, 0usize, 0usize) };
        let outcome = match std::io::Error::last_os_error().raw_os_error() {
            _ if result >= 0 => "ok",
            Some(libc::EPERM) => "EPERM",
            Some(libc::ENOSYS) => "ENOSYS",
            _ => "another error",
        };
        writeln!(out, "{name}: {outcome}").unwrap();
    }
}

/// A system call with the numbers of another architecture, where one can be made.
fn foreign() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: number 20 of i386 is getpid, without arguments; the kernel preserves all registers but eax.
    unsafe {
        let mut number: u64 = 20;
        std::arch::asm!("int 0x80", inout("rax") number, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
        let mut out = std::io::stdout().lock();
        writeln!(out, "i386 getpid: {number}").unwrap();
    }
}
