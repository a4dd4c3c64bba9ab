//! The system calls that rustix does not offer: the one file of the workspace with unsafe code.
#![expect(
    unsafe_code,
    reason = "rustix has no clone3, execve, mount_setattr, seccomp and signal dispositions"
)]

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_uint, c_void};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions};

/// Where descriptors wait for the new process: above every number that it is given.
const PARKED: RawFd = 64;

/// clone3(2); no `c_int` holds it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// What the new process needs before it is a program: its stack holds two frames and the arguments of a system call.
const STACK: usize = 32 * 1024;

/// A process to be made.
#[derive(Debug)]
pub(crate) struct Spawn<'a> {
    /// The program.
    pub(crate) exe: BorrowedFd<'a>,
    /// Its argument 0. The environment is empty.
    pub(crate) name: &'a CStr,
    /// Its argument 1, if it has one.
    pub(crate) mark: Option<&'a CStr>,
    /// `CLONE_NEW…` flags: the namespaces that it begins.
    pub(crate) namespaces: c_int,
    /// A process, by its pidfd, in whose PID namespace it is born; else in this process's own, or a new one.
    pub(crate) pids_of: Option<BorrowedFd<'a>>,
    /// A control group of version 2 that it is born in.
    pub(crate) cgroup: Option<BorrowedFd<'a>>,
    /// Its descriptors 0, 1, 2, …; it has no other ones.
    pub(crate) fds: &'a [BorrowedFd<'a>],
}

/// What the parent and the new process share until the latter is a program.
struct Shared {
    fds: *const RawFd,
    count: c_int,
    exe: RawFd,
    argv: *const *const c_char,
    envp: *const *const c_char,
    errno: c_int,
    /// Only for a birth in another PID namespace: the process that is there, what the one in between passes to clone3, and the
    /// number that it gets back.
    pids_of: RawFd,
    second: libc::clone_args,
    born: c_long,
}

/// Makes a process that runs a program, with one clone and no copy of the caller's memory (`CLONE_VM | CLONE_VFORK`, as posix_spawn(3) does).
///
/// Into the PID namespace of another process it is two: the one in between joins the namespace, and makes the new process a child of
/// ours (`CLONE_PARENT`). So this process never leaves its own namespace, to which it could not return without privilege there.
pub(crate) fn spawn(request: &Spawn<'_>) -> Result<(Pid, OwnedFd), Errno> {
    let parked = request
        .fds
        .iter()
        .map(|fd| rustix::io::fcntl_dupfd_cloexec(fd, PARKED))
        .collect::<Result<Vec<OwnedFd>, Errno>>()?;
    let numbers: Vec<RawFd> = parked.iter().map(AsRawFd::as_raw_fd).collect();
    let exe = rustix::io::fcntl_dupfd_cloexec(request.exe, PARKED)?;
    // An absent mark is the null pointer that ends the list.
    let argv = [request.name.as_ptr(), request.mark.map_or(ptr::null(), CStr::as_ptr), ptr::null()];
    let envp = [ptr::null()];
    let mut stack = vec![0u128; STACK / size_of::<u128>()];
    let mut second = vec![0u128; if request.pids_of.is_some() { STACK / size_of::<u128>() } else { 0 }];
    let mut pidfd: c_int = -1;
    let mut args = clone_args(request.namespaces, request.cgroup, &mut stack);
    let mut shared = Shared {
        fds: numbers.as_ptr(),
        count: c_int::try_from(numbers.len()).map_err(|_| Errno::MFILE)?,
        exe: exe.as_raw_fd(),
        argv: argv.as_ptr(),
        envp: envp.as_ptr(),
        errno: 0,
        pids_of: request.pids_of.map_or(-1, |fd| fd.as_raw_fd()),
        second: clone_args(request.namespaces, request.cgroup, &mut second),
        born: -1,
    };
    let entry = if request.pids_of.is_none() {
        become_program
    } else {
        // A child of ours as well, with our exit signal: none may be named.
        shared.second.flags |= libc::CLONE_PARENT as u64;
        shared.second.exit_signal = 0;
        args = clone_args(0, None, &mut stack);
        become_parent
    };
    args.flags |= libc::CLONE_PIDFD as u64;
    args.pidfd = (&raw mut pidfd).expose_provenance() as u64;

    let mask = block_signals();
    // SAFETY: `args` names a stack of our own, 16-byte aligned, that outlives the child's use of it, because CLONE_VFORK
    // keeps this thread here until the child has become a program or ended; the one in between waits in the same way for the
    // one that it makes, which has the second stack. So do `shared` and all that it points to, and no one
    // else uses them meanwhile. Both functions make system calls only: they take no lock, allocate nothing and run no
    // destructor, so it does not matter what other threads of this process hold. All signals are blocked, so no handler of this
    // process runs in the child. `pidfd` is where CLONE_PIDFD has the kernel write.
    let pid = unsafe { clone3(&args, entry, (&raw mut shared).cast()) };
    let pid = positive(pid);
    restore_signals(&mask);

    let pid = pid?;
    // SAFETY: clone3 succeeded, so the kernel stored a new descriptor there, which nobody else knows.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    // SAFETY: `shared` is a live local; the children, which may have written to it, have ended or have their own memory now.
    // Volatile reads, because the compiler does not see those writes.
    let (errno, born) =
        unsafe { ((&raw const shared.errno).read_volatile(), (&raw const shared.born).read_volatile()) };
    let (pid, pidfd) = if request.pids_of.is_none() {
        (pid, pidfd)
    } else {
        reap(&pidfd);
        if errno != 0 && born < 0 {
            return Err(Errno::from_raw_os_error(errno));
        }
        // A child of ours that nobody has waited for: the number is its own.
        let pid = positive(born)?;
        (pid, rustix::process::pidfd_open(pid, PidfdFlags::empty())?)
    };
    match errno {
        0 => Ok((pid, pidfd)),
        errno => {
            reap(&pidfd);
            Err(Errno::from_raw_os_error(errno))
        }
    }
}

/// What both clones have in common. The stack may be empty where the arguments are not used.
fn clone_args(namespaces: c_int, cgroup: Option<BorrowedFd<'_>>, stack: &mut [u128]) -> libc::clone_args {
    // SAFETY: all of it are numbers, for which zero is valid.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = (namespaces | libc::CLONE_VM | libc::CLONE_VFORK) as u64;
    args.exit_signal = libc::SIGCHLD as u64;
    args.stack = stack.as_mut_ptr().expose_provenance() as u64;
    args.stack_size = size_of_val(stack) as u64;
    if let Some(cgroup) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup.as_raw_fd() as u64;
    }
    args
}

/// clone3(2), which the C library does not offer: the child calls `entry` with `argument`, on the stack that the arguments name.
/// A negative result is an errno.
///
/// # Safety
///
/// `args` must name a stack that nobody else uses, or whose use by others ends where the child begins; `entry` must not return. What both
/// may do with the memory that they share (`CLONE_VM`) is the caller's to ensure.
unsafe fn clone3(
    args: &libc::clone_args,
    entry: extern "C" fn(*mut c_void) -> c_int,
    argument: *mut c_void,
) -> c_long {
    let result: c_long;
    // SAFETY: the kernel keeps every register but those named here, in the child as well. The child leaves this code by the call,
    // on its own stack, which begins aligned as the calling convention has it, and never comes back; the parent goes on behind.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r8",
            "call r9",
            "ud2",
            "2:",
            inlateout("rax") libc::SYS_clone3 => result,
            in("rdi") args,
            in("rsi") size_of::<libc::clone_args>(),
            in("r8") argument,
            in("r9") entry,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        std::arch::asm!(
            "svc #0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x0, x9",
            "blr x10",
            "brk #1",
            "2:",
            in("x8") libc::SYS_clone3,
            inlateout("x0") args => result,
            in("x1") size_of::<libc::clone_args>(),
            in("x9") argument,
            in("x10") entry,
        );
    }
    result
}

/// The number of a new process, or the reason why there is none.
fn positive(result: c_long) -> Result<Pid, Errno> {
    match i32::try_from(result) {
        Ok(number) if number < 0 => Err(Errno::from_raw_os_error(number.saturating_neg())),
        Ok(number) => Pid::from_raw(number).ok_or(Errno::CHILD),
        Err(_) => Err(Errno::CHILD),
    }
}

fn reap(process: &OwnedFd) {
    let _ = rustix::process::waitid(WaitId::PidFd(process.as_fd()), WaitIdOptions::EXITED);
}

/// What the process in between does on the borrowed memory of its parent. Only system calls.
extern "C" fn become_parent(shared: *mut c_void) -> c_int {
    let of = shared.cast::<Shared>();
    // SAFETY: `spawn` passes its `Shared` with a descriptor and arguments that name a second stack, all valid while it waits. Nothing
    // but setns and clone3 happens; the clone's child borrows this process's memory as this one does its parent's, and holds this one
    // up meanwhile.
    unsafe {
        if libc::setns((*of).pids_of, libc::CLONE_NEWPID) == 0 {
            let born = clone3(&(*of).second, become_program, shared);
            (&raw mut (*of).born).write_volatile(born);
            libc::_exit(0);
        }
        (&raw mut (*of).errno).write_volatile(*libc::__errno_location());
        libc::_exit(127)
    }
}

/// What the new process does on the borrowed memory of its parent. Only system calls.
extern "C" fn become_program(shared: *mut c_void) -> c_int {
    let shared = shared.cast::<Shared>();
    // SAFETY: `spawn` passes its `Shared`, whose pointers are valid for `count` numbers and for null-terminated lists, and waits.
    // dup2, close_range and execveat touch no memory but those lists; `errno` is the parent's, who is suspended.
    unsafe {
        let mut number = 0;
        while number < (*shared).count {
            if libc::dup2(*(*shared).fds.add(number as usize), number) < 0 {
                (&raw mut (*shared).errno).write_volatile(*libc::__errno_location());
                libc::_exit(127);
            }
            number += 1;
        }
        // What is left open must still be there for execveat, so it is closed by that. Kernels before 5.11 do not know
        // how; then it relies on every descriptor of this process being close-on-exec, as Rust's are.
        libc::syscall(libc::SYS_close_range, (*shared).count, c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
        libc::syscall(
            libc::SYS_execveat,
            (*shared).exe,
            c"".as_ptr(),
            (*shared).argv,
            (*shared).envp,
            libc::AT_EMPTY_PATH,
        );
        (&raw mut (*shared).errno).write_volatile(*libc::__errno_location());
        libc::_exit(127)
    }
}

/// A process that holds namespaces open and does nothing else; it ends with this value, and with its parent.
#[derive(Debug)]
pub(crate) struct Holder {
    pid: Pid,
    pidfd: OwnedFd,
}

impl Holder {
    /// Makes one that begins these namespaces (`CLONE_NEW…`).
    pub(crate) fn new(namespaces: c_int) -> Result<Self, Errno> {
        let flags = namespaces | libc::CLONE_PIDFD | libc::SIGCHLD;
        let mut stack = vec![0u128; STACK / size_of::<u128>()];
        let mut pidfd: c_int = -1;
        let mask = block_signals();
        // SAFETY: without CLONE_VM the child has a copy of all memory, its stack included, so nothing here is shared. `hold`
        // makes system calls only, so locks that other threads held at the copy do not matter. `pidfd` is as in `spawn`.
        let pid = unsafe {
            let top = stack.as_mut_ptr_range().end.cast::<c_void>();
            let parent = rustix::process::getpid().as_raw_nonzero().get();
            libc::clone(hold, top, flags, ptr::without_provenance_mut(parent as usize), &raw mut pidfd)
        };
        let pid = if pid > 0 { Pid::from_raw(pid).ok_or(Errno::CHILD) } else { Err(last_error()) };
        restore_signals(&mask);
        let pid = pid?;
        // SAFETY: clone succeeded, so the kernel stored a new descriptor there, which nobody else knows.
        let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
        Ok(Self { pid, pidfd })
    }

    /// Its number in this process's PID namespace.
    pub(crate) const fn pid(&self) -> Pid {
        self.pid
    }

    /// Itself.
    pub(crate) fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = rustix::process::pidfd_send_signal(&self.pidfd, rustix::process::Signal::KILL);
        reap(&self.pidfd);
    }
}

/// Waits to be killed, at the latest when the parent, whose number the argument is, ends. All signals are blocked, as they were
/// in the parent.
extern "C" fn hold(parent: *mut c_void) -> c_int {
    // SAFETY: prctl, getppid and pause touch no memory with these arguments.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        // It may have ended before that.
        while libc::getppid() as usize == parent.addr() {
            libc::pause();
        }
    }
    0
}

/// Begins a mount namespace of this process's own: a copy of the one that it is in (unshare(2)).
pub(crate) fn unshare_mounts() -> Result<(), Errno> {
    // SAFETY: only CLONE_FILES makes unshare a danger to code that relies on shared descriptors; this flag is another.
    unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWNS) }
}

fn last_error() -> Errno {
    // SAFETY: `__errno_location` returns the address of this thread's errno, valid while the thread lives.
    Errno::from_raw_os_error(unsafe { *libc::__errno_location() })
}

fn block_signals() -> libc::sigset_t {
    // SAFETY: a zeroed `sigset_t` is a valid value, and both sets are live locals. sigfillset and pthread_sigmask cannot fail
    // with valid arguments.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        before
    }
}

fn restore_signals(mask: &libc::sigset_t) {
    // SAFETY: the set comes from `block_signals`; a null old set is allowed.
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, mask, ptr::null_mut());
    }
}

/// Gives every signal its default disposition and unblocks all: what was ignored or blocked by whoever started us is not passed on.
pub(crate) fn reset_signals() {
    // The kernel's `struct sigaction` and `sigset_t`, zeroed: SIG_DFL, no flags, no restorer, an empty mask.
    let zeros = [0u64; 4];
    // SAFETY: the kernel only reads a `struct sigaction` of at most 32 bytes (8 of them the mask, as is said) and a set of 8. With
    // SIG_DFL it never jumps anywhere. The C library's own function would refuse the two signals that it keeps for itself;
    // nothing here uses those. What cannot be changed (KILL, STOP) is refused without effect.
    unsafe {
        for signal in 1..=64 {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                zeros.as_ptr(),
                ptr::null::<u64>(),
                size_of::<u64>(),
            );
        }
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            zeros.as_ptr(),
            ptr::null::<u64>(),
            size_of::<u64>(),
        );
    }
}

/// Leaves children that end to the kernel: none becomes a zombie (sigaction(2), SIGCHLD ignored).
pub(crate) fn ignore_children() -> Result<(), Errno> {
    // SAFETY: a zeroed `sigaction` is valid, and SIG_IGN installs no handler.
    check(c_long::from(unsafe {
        let mut ignore: libc::sigaction = std::mem::zeroed();
        ignore.sa_sigaction = libc::SIG_IGN;
        libc::sigaction(libc::SIGCHLD, &raw const ignore, ptr::null_mut())
    }))
}

/// Takes possession of descriptors that this process was started with. Only the first call gets any.
pub(crate) fn inherited<const N: usize>(numbers: [RawFd; N]) -> [Option<OwnedFd>; N] {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let first = !TAKEN.swap(true, Ordering::Relaxed);
    numbers.map(|number| {
        // SAFETY: fcntl with F_GETFD touches no memory and changes nothing, whatever the number is.
        if first && number > 2 && unsafe { libc::fcntl(number, libc::F_GETFD) } >= 0 {
            // SAFETY: it is open, and nobody else of this process owns it: the caller is at the start of main, has checked
            // that the process was started as stage1, whose descriptors these are, and `TAKEN` makes this happen once.
            let fd = unsafe { OwnedFd::from_raw_fd(number) };
            rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC).ok()?;
            Some(fd)
        } else {
            None
        }
    })
}

/// Replaces this process by a program (execve(2)); comes back only with the reason why not.
pub(crate) fn execve(program: &CStr, argv: &[CString], env: &[CString]) -> Errno {
    let list = |strings: &[CString]| {
        strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect::<Vec<*const c_char>>()
    };
    let (argv, env) = (list(argv), list(env));
    // SAFETY: the program and all strings are NUL-terminated and outlive the call; both lists end with a null pointer.
    unsafe {
        libc::execve(program.as_ptr(), argv.as_ptr(), env.as_ptr());
    }
    last_error()
}

/// Changes attributes of the mount, or with `recursive` of all mounts, at a descriptor (mount_setattr(2)).
pub(crate) fn mount_setattr(
    fd: BorrowedFd<'_>,
    recursive: bool,
    set: u64,
    propagation: u64,
) -> Result<(), Errno> {
    change_mount(fd, recursive, libc::mount_attr { attr_set: set, attr_clr: 0, propagation, userns_fd: 0 })
}

/// Tries to make a mount writable, as somebody in a pod would.
#[cfg(test)]
pub(crate) fn clear_read_only(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    let attr_clr = u64::from(rustix::mount::MountAttrFlags::MOUNT_ATTR_RDONLY.bits());
    change_mount(fd, false, libc::mount_attr { attr_set: 0, attr_clr, propagation: 0, userns_fd: 0 })
}

fn change_mount(fd: BorrowedFd<'_>, recursive: bool, attr: libc::mount_attr) -> Result<(), Errno> {
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is NUL-terminated, and `attr` is a live value of the size that is passed, which the kernel only reads.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd.as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const attr,
            size_of::<libc::mount_attr>(),
        )
    })
}

/// Installs a system call filter for the calling thread, whose program has at most 4096 instructions (seccomp(2)).
pub(crate) fn load_filter(program: &[libc::sock_filter], flags: libc::c_ulong) -> Result<(), Errno> {
    let len = u16::try_from(program.len()).map_err(|_| Errno::INVAL)?;
    let program = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    // SAFETY: the kernel copies `len` instructions from a live slice of that length and writes nothing.
    check(unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program)
    })
}

/// Leaves the session keyring of whoever started us for a new, empty one (keyctl(2), `KEYCTL_JOIN_SESSION_KEYRING`).
pub(crate) fn new_session_keyring() -> Result<(), Errno> {
    // SAFETY: a null name asks for an anonymous keyring; no memory is touched.
    check(unsafe {
        libc::syscall(libc::SYS_keyctl, libc::KEYCTL_JOIN_SESSION_KEYRING, ptr::null::<c_char>())
    })
}

/// Begins namespaces of the calling thread's own; the process's other threads stay where they are (unshare(2)). For those of network,
/// IPC and host name, which the kernel keeps by thread.
pub(crate) fn unshare_thread(namespaces: rustix::thread::UnshareFlags) -> Result<(), Errno> {
    // SAFETY: only CLONE_FILES makes unshare a danger to code that relies on shared descriptors; the callers pass flags of namespaces.
    unsafe { rustix::thread::unshare_unsafe(namespaces) }
}

/// Begins a cgroup namespace whose root are the cgroups that this process is in (unshare(2)).
pub(crate) fn unshare_cgroup() -> Result<(), Errno> {
    // SAFETY: only CLONE_FILES makes unshare a danger to code that relies on shared descriptors; this flag is another.
    unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWCGROUP) }
}

/// Gives memory that was freed back to the kernel (malloc_trim(3)), where the C library can.
pub(crate) fn trim_heap() {
    // SAFETY: it takes the allocator's own locks, and moves nothing that is in use.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Sends a signal to a process (pidfd_send_signal(2)); unlike rustix's this takes the real-time ones.
pub(crate) fn send_signal(process: BorrowedFd<'_>, signal: c_int) -> Result<(), Errno> {
    let info = ptr::null::<libc::siginfo_t>();
    // SAFETY: a null `siginfo_t` asks the kernel to fill in its own; no memory is touched.
    check(unsafe { libc::syscall(libc::SYS_pidfd_send_signal, process.as_raw_fd(), signal, info, 0) })
}

fn check(result: c_long) -> Result<(), Errno> {
    if result < 0 { Err(last_error()) } else { Ok(()) }
}
