//! A root file system of the host's static busybox, and the life of one process in it.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use pod_core::pod::{Capability, Process, SeccompProfile, User};
use pod_engine::plan::{AppPlan, Confinement, NamespacePaths, Plan, RootPlan, RootSource};
use pod_engine::stage1::{Launched, Launcher, Next, Pids, Report, Stdio};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Signal, WaitId, WaitIdOptions, WaitIdStatus};
use tempfile::TempDir;

const APPLETS: &[&str] = &[
    "sh", "cat", "ls", "id", "mount", "umount", "grep", "sleep", "true", "echo", "stat", "readlink", "env",
    "pwd", "touch", "mkdir", "ln", "rm", "ps", "hostname", "dd", "mknod", "tty", "chroot", "unshare", "ip",
    "wc", "sort", "find", "kill", "cut", "tr", "head", "printf", "mkfifo", "test", "setsid", "sed", "nc",
    "httpd",
];

/// A statically linked busybox, if the host has one.
pub(crate) fn busybox() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            ["/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static"].iter().map(PathBuf::from).find(
                |path| {
                    // A dynamic one names its loader.
                    fs::read(path).is_ok_and(|bytes| {
                        !bytes.windows(10).any(|window| window == b"/lib64/ld-" || window == b"/lib/ld-li")
                    })
                },
            )
        })
        .as_deref()
}

/// One app and all that is made for it; everything goes away with it.
pub(crate) struct Fixture {
    pub(crate) dir: TempDir,
    pub(crate) plan: AppPlan,
    pins: Vec<PathBuf>,
}

impl Fixture {
    /// An app that runs a shell command in a fresh overlay, in the host's network, IPC and UTS namespaces.
    pub(crate) fn shell(script: &str) -> Self {
        Self::command(&["sh", "-c", script])
    }

    pub(crate) fn command(argv: &[&str]) -> Self {
        let dir = tempfile::Builder::new().prefix("podkit-test-").tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in ["upper", "work", "target"] {
            fs::create_dir(path(name)).unwrap();
        }
        make_image(&path("lower"));
        let source = RootSource::Overlay {
            lower: vec![path("lower")],
            upper: path("upper"),
            work: path("work"),
            target: path("target"),
            user_xattrs: false,
        };
        let plan = AppPlan {
            namespaces: NamespacePaths::default(),
            own_pid_namespace: true,
            cgroups: vec![],
            root: RootPlan { source, read_only: false, no_devices: false },
            mounts: vec![],
            all_devices: false,
            process: process(argv),
            confinement: confinement(),
            oom_score_adj: None,
            terminal: false,
        };
        Self { dir, plan, pins: vec![] }
    }

    /// A path of the image.
    pub(crate) fn image(&self, name: &str) -> PathBuf {
        self.dir.path().join("lower").join(name)
    }

    /// What the app wrote to that path, and what was made there for it.
    pub(crate) fn upper(&self, name: &str) -> PathBuf {
        self.dir.path().join("upper").join(name)
    }

    /// Puts this very program into the image, with the libraries that it needs.
    pub(crate) fn copy_self(&self) {
        let exe = std::env::current_exe().unwrap();
        fs::copy(&exe, self.image("bin/self")).unwrap();
        let listing = std::process::Command::new("ldd").arg(&exe).output().expect("ldd");
        let listing = String::from_utf8(listing.stdout).unwrap();
        for library in listing.split_whitespace().filter(|word| word.starts_with('/')) {
            let target = self.image(&library[1..]);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(library, target).unwrap();
        }
    }

    /// A path beside the image: of the host, as far as the app is concerned.
    pub(crate) fn host(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// An empty file to pin a namespace at, unmounted in the end.
    pub(crate) fn pin(&mut self, name: &str) -> PathBuf {
        let pin = self.host(name);
        File::create(&pin).unwrap();
        self.pins.push(pin.clone());
        pin
    }

    /// Starts the app.
    #[track_caller]
    pub(crate) fn start(&self) -> Running {
        let mut running = start(&self.app(), Pids::New);
        assert_eq!(running.settle(), [Report::Ready]);
        running
    }

    pub(crate) fn app(&self) -> Plan {
        Plan::App(Box::new(self.plan.clone()))
    }

    /// Runs the app to its end.
    pub(crate) fn run(&self) -> Ended {
        run(&self.app(), Pids::New)
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        for pin in &self.pins {
            let _ = rustix::mount::unmount(pin, rustix::mount::UnmountFlags::DETACH);
        }
    }
}

fn make_image(root: &Path) {
    fs::create_dir(root).unwrap();
    for name in ["bin", "etc", "tmp"] {
        fs::create_dir(root.join(name)).unwrap();
    }
    fs::copy(busybox().unwrap(), root.join("bin/busybox")).unwrap();
    for applet in APPLETS {
        symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    fs::write(root.join("etc/passwd"), "root:x:0:0::/root:/bin/sh\nweb:x:33:34::/srv/www:/bin/sh\n").unwrap();
    fs::write(root.join("etc/group"), "root:x:0:\nweb:x:34:\nlogs:x:50:web\n").unwrap();
}

pub(crate) fn process(argv: &[&str]) -> Process {
    Process {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        env: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        working_dir: "/".to_owned(),
        user: User { user: "0".to_owned(), group: None, supplementary_groups: vec![], non_root: false },
    }
}

/// What Docker gives by default.
pub(crate) fn confinement() -> Confinement {
    Confinement {
        capabilities: Capability::DEFAULT.to_vec(),
        no_new_privileges: false,
        seccomp: SeccompProfile::RuntimeDefault,
        mask_paths: true,
        privileged: false,
    }
}

/// A process that was launched, with its output.
pub(crate) struct Running {
    pub(crate) launched: Launched,
    output: OwnedFd,
    reports: Vec<Report>,
}

/// A process at its end.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) output: String,
    /// 128 + the number for a signal.
    pub(crate) status: i32,
    pub(crate) reports: Vec<Report>,
}

pub(crate) fn launcher() -> &'static Launcher {
    static LAUNCHER: OnceLock<Launcher> = OnceLock::new();
    LAUNCHER.get_or_init(|| Launcher::new().unwrap())
}

pub(crate) fn start(plan: &Plan, pids: Pids<'_>) -> Running {
    let (output, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    let null = File::open("/dev/null").unwrap();
    let stdio = Stdio { stdin: null.as_fd(), stdout: write.as_fd(), stderr: write.as_fd() };
    let launched = launcher().launch(plan, stdio, pids).expect("launch");
    Running { launched, output, reports: vec![] }
}

pub(crate) fn run(plan: &Plan, pids: Pids<'_>) -> Ended {
    start(plan, pids).end()
}

impl Running {
    /// Waits until the program runs, or everything has failed; the reports so far.
    pub(crate) fn settle(&mut self) -> &[Report] {
        loop {
            match self.launched.reports.next().unwrap() {
                Next::Report(report) => self.reports.push(report),
                Next::Pending => wait_for(&self.launched.reports),
                Next::End => return &self.reports,
            }
        }
    }

    /// Ends it.
    pub(crate) fn kill(self) -> Ended {
        self.signal_kill();
        self.end()
    }

    pub(crate) fn signal_kill(&self) {
        rustix::process::pidfd_send_signal(&self.launched.pidfd, Signal::KILL).unwrap();
    }

    /// Reads from its output until a line comes.
    pub(crate) fn line(&self) -> String {
        let mut line = String::new();
        let mut byte = [0];
        while !line.ends_with('\n') && rustix::io::read(&self.output, &mut byte).unwrap() == 1 {
            line.push(char::from(byte[0]));
        }
        line
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        self.settle();
        let mut output = String::new();
        File::from(rustix::io::dup(&self.output).unwrap()).read_to_string(&mut output).unwrap();
        let status = self.wait().expect("it was not waited for yet");
        let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| signal + 128));
        Ended { output, status: code.unwrap(), reports: std::mem::take(&mut self.reports) }
    }

    fn wait(&self) -> Option<WaitIdStatus> {
        rustix::process::waitid(WaitId::PidFd(self.launched.pidfd.as_fd()), WaitIdOptions::EXITED)
            .ok()
            .flatten()
    }
}

/// A test that panics leaves nothing that runs.
impl Drop for Running {
    fn drop(&mut self) {
        if rustix::process::pidfd_send_signal(&self.launched.pidfd, Signal::KILL).is_ok() {
            self.wait();
        }
    }
}

fn wait_for(fd: impl AsFd) {
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    let limit = Timespec { tv_sec: 20, tv_nsec: 0 };
    assert_ne!(rustix::event::poll(&mut fds, Some(&limit)).unwrap(), 0, "nothing was reported in 20 seconds");
}

impl Ended {
    /// The output of an app that started without a word and ended with success.
    #[track_caller]
    pub(crate) fn success(&self) -> &str {
        assert_eq!((&self.reports[..], self.status), (&[Report::Ready][..], 0), "{}", self.output);
        &self.output
    }

    /// The text of the one failure, after which nothing ran.
    #[track_caller]
    pub(crate) fn failure(&self) -> String {
        assert_eq!((self.status, self.output.as_str()), (254, ""), "{:?}", self.reports);
        match self.reports.last() {
            Some(Report::Failed(failure)) => format!("{:?}: {failure}", failure.failure),
            other => panic!("no failure but {other:?}: {}", self.output),
        }
    }
}
