//! A data directory, an image of the host's static busybox, and pods made of shell scripts.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pod_core::image::PullPolicy;
use pod_core::lifecycle::PodStatus;
use pod_core::pod::{
    App, AppKind, Capability, Dns, Fate, Handler, Hooks, Isolation, Mount, PidIsolation, PodSpec, Probe,
    Probes, Propagation, Resources, RestartPolicy, SeccompProfile, Security, Shared, Stdin,
    TerminationMessage, TerminationMessagePolicy, Uuid, Volume, VolumeSource,
};
use pod_engine::{Engine, GcOptions, GcReport, Loopback, PodEntry};

use crate::monitor::{self, Line};

/// A statically linked busybox, if the host has one.
pub(crate) fn busybox() -> Option<PathBuf> {
    /// Looked for once: a program is long.
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let is_static = |path: &PathBuf| {
        // A dynamic program names its loader.
        fs::read(path).is_ok_and(|bytes| !bytes.windows(10).any(|part| part == b"/lib64/ld-"))
    };
    let find = || ["/bin/busybox", "/bin/busybox.static"].iter().map(PathBuf::from).find(is_static);
    FOUND.get_or_init(find).clone()
}

pub(crate) fn has_memory_controller() -> bool {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    mounts.lines().any(|line| line.contains(" - cgroup ") && line.ends_with(",memory"))
        || fs::read_to_string("/sys/fs/cgroup/cgroup.controllers").is_ok_and(|list| list.contains("memory"))
}

/// An engine with its own data directory and one image.
pub(crate) struct Host {
    dir: tempfile::TempDir,
    pub(crate) engine: Engine,
}

impl Host {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("image");
        for name in ["bin", "etc", "tmp", "proc", "sys", "dev", "root"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        if let Some(busybox) = busybox() {
            fs::copy(busybox, root.join("bin/busybox")).unwrap();
            for applet in [
                "sh", "cat", "echo", "sleep", "true", "false", "dd", "touch", "ls", "stat", "test", "seq",
                "kill", "id", "rm", "head", "mount", "hostname", "mkdir", "wc", "ip", "cp", "grep",
            ] {
                symlink("busybox", root.join("bin").join(applet)).unwrap();
            }
        }
        fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n").unwrap();
        let engine = Engine::open(dir.path().join("data")).unwrap();
        Self { dir, engine }
    }

    pub(crate) fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Starts a monitor for a pod, in a process of its own.
    pub(crate) fn spawn(&self, spec: &PodSpec) -> Monitor {
        let file = self.dir.path().join(format!("{}.json", spec.uid));
        fs::write(&file, serde_json::to_vec(spec).unwrap()).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .arg(monitor::ARGUMENT)
            .arg(self.engine.data_dir())
            .arg(file)
            .arg(self.image())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Monitor { child: Some(child) }
    }

    /// Starts a pod whose monitor is in the background, and comes back when it runs.
    pub(crate) fn start(&self, spec: &PodSpec) -> Result<PodStatus, pod_engine::Error> {
        let prepared = self.engine.prepare(spec, &mut monitor::OneImage(self.image())).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .arg(monitor::BACKGROUND)
            .arg(self.engine.data_dir())
            .arg(spec.uid.to_string())
            .arg(self.image());
        self.engine.start(prepared, &mut command)
    }

    /// What is known of a pod now.
    pub(crate) fn pod(&self, spec: &PodSpec) -> PodEntry {
        self.engine.pod(&spec.uid.to_string()).unwrap()
    }

    /// Runs a pod on another machine: a shell script sets it up in a mount namespace of its own, where `$DATA` is the data
    /// directory, `$OUT` a file to leave something in, and `"$@"` the monitor.
    pub(crate) fn run_on(&self, script: &str, spec: &PodSpec) -> (Story, String) {
        let file = self.dir.path().join(format!("{}.json", spec.uid));
        fs::write(&file, serde_json::to_vec(spec).unwrap()).unwrap();
        let out = self.dir.path().join("out");
        fs::write(&out, "").unwrap();
        let child = Command::new("unshare")
            .args(["-m", "sh", "-euc", script, "sh"])
            .arg(std::env::current_exe().unwrap())
            .arg(monitor::ARGUMENT)
            .args([self.engine.data_dir(), &file, &self.image()])
            .env("DATA", self.engine.data_dir())
            .env("OUT", &out)
            .env("TOOL", std::env::current_exe().unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let story = Monitor { child: Some(child) }.finish();
        (story, fs::read_to_string(out).unwrap())
    }

    /// Runs a pod to its end, and checks that nothing but its directory is left.
    pub(crate) fn run(&self, spec: &PodSpec) -> Story {
        let story = self.spawn(spec).finish();
        assert_eq!(leftovers(self.path(), spec.uid), Vec::<String>::new(), "after the pod's end");
        story
    }

    pub(crate) fn gc(&self) -> GcReport {
        let options =
            GcOptions { grace_period: Duration::ZERO, expire_prepared: Duration::ZERO, mark_only: false };
        self.engine.gc(&options, &mut Loopback).unwrap()
    }

    /// What an app of a pod that is over wrote into its log.
    pub(crate) fn log(&self, uid: Uuid, app: &str, attempt: u32) -> String {
        let entry = self.engine.pod(&uid.to_string()).unwrap();
        fs::read_to_string(entry.dir.join(format!("logs-{app}/{attempt}.log"))).unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // A test that failed must not leave anything on the machine.
        let report = self.gc();
        if !std::thread::panicking() {
            assert!(report.failed.is_empty(), "{report:?}");
        }
    }
}

/// A monitor that runs.
pub(crate) struct Monitor {
    child: Option<Child>,
}

/// What a monitor said from its start to its end.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) lines: Vec<Line>,
    /// The last status, when the monitor came to its end.
    pub(crate) status: Option<PodStatus>,
    pub(crate) took: Duration,
}

impl Monitor {
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.as_ref().unwrap().id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Waits until an app has written this line.
    pub(crate) fn wait_for(&mut self, text: &str) {
        use std::io::BufRead;
        let child = self.child.as_mut().unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut reader = std::io::BufReader::with_capacity(1, stdout);
        loop {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).unwrap() > 0, "the monitor ended before `{text}`");
            if matches!(serde_json::from_str(&line).unwrap(), Line::Output { line, .. } if line == text) {
                break;
            }
        }
        child.stdout = Some(reader.into_inner());
    }

    pub(crate) fn finish(mut self) -> Story {
        let start = Instant::now();
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        let lines: Vec<Line> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let status = lines.iter().rev().find_map(|line| match line {
            Line::Ended { status } => Some(status.clone()),
            _ => None,
        });
        Story { lines, status, took: start.elapsed() }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Story {
    pub(crate) fn status(&self) -> &PodStatus {
        self.status
            .as_ref()
            .unwrap_or_else(|| panic!("the monitor did not come to its end: {:#?}", self.lines))
    }

    pub(crate) fn app(&self, name: &str) -> &pod_core::lifecycle::AppStatus {
        self.status().apps.iter().find(|app| app.name.as_str() == name).unwrap()
    }

    /// The lines that an app wrote.
    pub(crate) fn output(&self, wanted: &str) -> Vec<&str> {
        let mut lines = Vec::new();
        for line in &self.lines {
            if let Line::Output { app, line, .. } = line
                && app == wanted
            {
                lines.push(line.as_str());
            }
        }
        lines
    }

    /// The notices of that reason.
    pub(crate) fn notices(&self, wanted: &str) -> Vec<&str> {
        let mut messages = Vec::new();
        for line in &self.lines {
            if let Line::Notice { reason, message } = line
                && reason == wanted
            {
                messages.push(message.as_str());
            }
        }
        messages
    }
}

/// What of a pod is on the machine besides its files: mounts, control groups, processes.
pub(crate) fn leftovers(dir: &Path, uid: Uuid) -> Vec<String> {
    let mut found = Vec::new();
    let text = dir.to_str().unwrap();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    found.extend(mounts.lines().filter(|line| line.contains(text)).map(|line| format!("mount {line}")));
    let uid = uid.to_string();
    for line in mounts.lines().filter(|line| line.contains(" - cgroup")) {
        let group = Path::new(line.split(' ').nth(4).unwrap()).join("podkit").join(&uid);
        if group.exists() {
            found.push(format!("control group {}", group.display()));
        }
    }
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let groups = fs::read_to_string(entry.path().join("cgroup")).unwrap_or_default();
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        // What is dead waits for its parent, here the machine's first process.
        if groups.contains(&uid) && !status.contains("State:\tZ") {
            found.push(format!("process {}", entry.file_name().display()));
        }
    }
    found
}

/// An app that runs a script in the image's shell.
pub(crate) fn app(name: &str, script: &str) -> App {
    App {
        name: name.parse().unwrap(),
        kind: AppKind::Main,
        image: "example.com/busybox:1".to_owned(),
        pull_policy: PullPolicy::Never,
        command: Some(vec!["/bin/sh".into(), "-c".into(), script.into()]),
        args: None,
        working_dir: None,
        env: vec![],
        ports: vec![],
        mounts: vec![],
        resources: Resources::default(),
        security: Security {
            user: None,
            group: None,
            supplementary_groups: vec![],
            run_as_non_root: false,
            privileged: false,
            read_only_root: false,
            no_new_privileges: false,
            capabilities: Capability::DEFAULT.iter().copied().collect(),
            seccomp: SeccompProfile::RuntimeDefault,
            mask_paths: true,
        },
        hooks: Hooks::default(),
        probes: Probes::default(),
        restart_policy: None,
        restart_rules: Vec::new(),
        termination_message: TerminationMessage {
            path: Some("/dev/termination-log".to_owned()),
            policy: TerminationMessagePolicy::File,
        },
        stop_signal: None,
        stdin: Stdin::Null,
        tty: false,
    }
}

/// A pod of these apps that never restarts them.
pub(crate) fn pod(apps: Vec<App>) -> PodSpec {
    PodSpec {
        name: "test".to_owned(),
        namespace: "default".to_owned(),
        uid: uuid::Uuid::new_v4(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        hostname: Some("test".to_owned()),
        apps,
        volumes: vec![],
        restart_policy: RestartPolicy::Never,
        fate: Fate::Independent,
        termination_grace: Duration::from_secs(2),
        active_deadline: Some(Duration::from_secs(60)),
        isolation: Isolation { network: Shared::Pod, ipc: Shared::Pod, pid: PidIsolation::App },
        host_aliases: vec![],
        dns: Dns::Image,
        sysctls: BTreeMap::new(),
        fs_group: None,
        readiness_gates: vec![],
    }
}

pub(crate) fn volume(name: &str, source: VolumeSource) -> Volume {
    Volume { name: name.parse().unwrap(), source }
}

pub(crate) fn empty_dir() -> VolumeSource {
    VolumeSource::EmptyDir { memory: false, size_limit: None, mode: 0o777, uid: 0, gid: 0 }
}

pub(crate) fn mount(volume: &str, path: &str) -> Mount {
    Mount {
        volume: volume.parse().unwrap(),
        path: path.to_owned(),
        read_only: false,
        sub_path: None,
        propagation: Propagation::Private,
    }
}

/// A command in the image's shell, for hooks and probes.
pub(crate) fn exec(script: &str) -> Handler {
    Handler::Exec { command: vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()] }
}

/// A probe each second that counts at once.
pub(crate) fn probe(handler: Handler) -> Probe {
    Probe {
        handler,
        initial_delay: Duration::ZERO,
        period: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        success_threshold: 1,
        failure_threshold: 1,
        termination_grace: None,
    }
}
