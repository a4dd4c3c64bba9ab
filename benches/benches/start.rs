//! Starts a prepared pod of one app that runs `true`, and removes it; in turn with crun and runc, which have the same root file
//! system, namespaces, control groups, capabilities, masks and system calls, and with the least that a container can be.
//!
//! ```sh
//! cargo bench -p podkit-benches --bench start                # as root; `-- 200` for 200 rounds
//! PODRUN=target/release/podrun cargo bench -p podkit-benches --bench start    # the command itself besides
//! ```
//!
//! What is timed is a process from its start to its end: `crun run`, `runc run`, and this program as a command that runs and
//! removes a prepared pod. The peers are spared the overlay: their root is a plain directory. A pod's records, logs and what its app
//! writes are files of the data directory; what they cost is the difference to the same with that directory in memory.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a benchmark prints, and stops at the first thing that goes wrong"
)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pod_core::image::PullPolicy;
use pod_core::lifecycle::{Notice, PodStatus};
use pod_core::pod::{
    App, AppKind, AppName, Capability, Dns, Fate, Hooks, ImageConfig, Isolation, PidIsolation, PodSpec,
    Probes, Resources, RestartPolicy, SeccompProfile, Security, Shared, Stdin, TerminationMessage,
    TerminationMessagePolicy, Uuid,
};
use pod_engine::{AppRoot, Engine, Loopback, Observer, RootFs, RootFsError, Stream};

/// The argument that makes this program a command: the data directory and a pod follow.
const RUN: &str = "--run-prepared-and-rm";
/// The argument of the program in its own mount namespace: the rounds follow.
const INSIDE: &str = "--inside";

const CONFIG: &str = include_str!("../data/start/config.json");
const SECCOMP: &str = include_str!("../data/start/seccomp.json");
const LIMIT: &str = include_str!("../data/start/limit.c");

fn main() {
    pod_engine::stage1::run_if_asked();
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some(RUN) => run_prepared_and_rm(Path::new(&arguments[2]), arguments[3].parse().unwrap()),
        Some(INSIDE) => compare(arguments[2].parse().unwrap()),
        _ if !rustix::process::geteuid().is_root() => println!("start: skipped, it needs root"),
        _ => {
            let rounds = arguments.iter().find_map(|word| word.parse::<usize>().ok()).unwrap_or(40);
            enter(rounds);
        }
    }
}

/// crun 1.8 refuses a machine with control groups of both versions, so version 2 is taken away for all: in a mount namespace.
fn enter(rounds: usize) {
    let script = "if [ -d /sys/fs/cgroup/unified ]; then umount /sys/fs/cgroup/unified; fi; exec \"$@\"";
    let status = Command::new("unshare")
        .args(["-m", "sh", "-euc", script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([INSIDE, &rounds.to_string()])
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}

/// Somebody who takes part: a name, and what is run in a round.
struct Contestant {
    name: &'static str,
    command: Box<dyn FnMut(usize) -> Command>,
    times: Vec<Duration>,
    /// Processor time of all rounds, the children's included, in clock ticks of a hundredth of a second.
    ticks: u64,
}

impl Contestant {
    fn new(name: &'static str, command: impl FnMut(usize) -> Command + 'static) -> Self {
        Self { name, command: Box::new(command), times: vec![], ticks: 0 }
    }
}

/// The processor time of all children that were waited for (proc_pid_stat(5), `cutime` and `cstime`).
fn children() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_ascii_whitespace().collect();
    fields[13].parse::<u64>().unwrap() + fields[14].parse::<u64>().unwrap()
}

fn compare(rounds: usize) {
    let dir = tempfile::tempdir().unwrap();
    let root = image(&dir.path().join("image"));
    let memory = dir.path().join("memory");
    fs::create_dir(&memory).unwrap();
    let status = Command::new("mount").args(["-t", "tmpfs", "none"]).arg(&memory).status().unwrap();
    assert!(status.success(), "{status}");
    let mut contestants = vec![
        podkit("podkit, engine in one process", dir.path(), &root, rounds),
        podkit("the same, data in memory", &memory, &root, rounds),
    ];
    contestants.extend(podrun(dir.path(), rounds));
    contestants.extend(["crun", "runc"].into_iter().filter_map(|name| peer(name, dir.path(), &root)));
    contestants.extend(limit(dir.path(), &root));
    contestants.push(Contestant::new("fork, exec, wait", move |_| Command::new(root.join("bin/true"))));
    // One round for nothing: caches are warm, and what does not work is seen at once.
    for round in 0..=rounds {
        for contestant in &mut contestants {
            let mut command = (contestant.command)(round);
            command.stdin(Stdio::null()).stdout(Stdio::null());
            let (start, ticks) = (Instant::now(), children());
            let status = command.status().unwrap();
            let took = start.elapsed();
            assert!(status.success(), "{}: {status}", contestant.name);
            if round > 0 {
                contestant.times.push(took);
                contestant.ticks += children() - ticks;
            }
        }
    }
    report(&mut contestants);
    let _ = Command::new("umount").arg(&memory).status();
}

fn report(contestants: &mut [Contestant]) {
    let median = |times: &[Duration]| times[times.len() / 2].as_secs_f64() * 1e3;
    contestants.iter_mut().for_each(|contestant| contestant.times.sort());
    let crun = contestants.iter().find(|contestant| contestant.name == "crun");
    let crun = crun.map(|contestant| median(&contestant.times));
    let title = "start and removal of `true`";
    println!("{title:<34} {:>9} {:>9} {:>9} {:>9}", "median ms", "least ms", "to crun", "cpu ms");
    for Contestant { name, times, ticks, .. } in contestants.iter() {
        let ratio = crun.map_or_else(|| "-".to_owned(), |crun| format!("{:.2}", median(times) / crun));
        let least = times[0].as_secs_f64() * 1e3;
        let cpu = *ticks as f64 * 10.0 / times.len() as f64;
        println!("{name:<34} {:>9.2} {least:>9.2} {ratio:>9} {cpu:>9.1}", median(times));
    }
}

/// A root file system with one program.
fn image(root: &Path) -> PathBuf {
    for name in ["bin", "dev", "etc", "proc", "root", "sys", "tmp"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    let source = root.join("true.c");
    fs::write(&source, "int main(void) { return 0; }\n").unwrap();
    compile(&source, &root.join("bin/true"));
    fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n").unwrap();
    fs::write(root.join("etc/group"), "root:x:0:\n").unwrap();
    root.to_owned()
}

fn compile(source: &Path, program: &Path) {
    let status = Command::new("cc").args(["-O2", "-static", "-o"]).arg(program).arg(source).status().unwrap();
    assert!(status.success(), "{status}");
}

fn podkit(name: &'static str, dir: &Path, root: &Path, rounds: usize) -> Contestant {
    let data = dir.join("data");
    let engine = Engine::open(&data).unwrap();
    let prepare = |_| engine.prepare(&pod(), &mut OneTree(root.to_owned())).unwrap().keep().unwrap();
    let pods: Vec<Uuid> = (0..=rounds).map(prepare).collect();
    let command = move |round: usize| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(RUN).arg(&data).arg(pods[round].to_string());
        command
    };
    Contestant::new(name, command)
}

/// The command line, when `PODRUN` says where it is: two commands, with the image in a store.
fn podrun(dir: &Path, rounds: usize) -> Option<Contestant> {
    let podrun = PathBuf::from(std::env::var_os("PODRUN")?);
    let data = dir.join("podrun");
    let call = |arguments: &[&OsStr]| {
        let output = Command::new(&podrun).arg("--dir").arg(&data).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let manifest = dir.join("pod.yaml");
    fs::write(&manifest, POD).unwrap();
    let pods: Vec<String> = (0..=rounds).map(|_| call(&["prepare".as_ref(), manifest.as_os_str()])).collect();
    let command = move |round: usize| {
        let script = "\"$0\" --dir \"$1\" run-prepared \"$2\" 2>/dev/null && \"$0\" --dir \"$1\" rm \"$2\"";
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(&podrun).arg(&data).arg(&pods[round]);
        command
    };
    Some(Contestant::new("podrun run-prepared && podrun rm", command))
}

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: start, annotations: {podkit.dev/net: none, \
    podkit.dev/copy-exec.true: /bin/true}}, spec: {restartPolicy: Never, containers: [{name: 'true', \
    image: 'example.com/true:1', command: [/bin/true]}]}}";

fn peer(name: &'static str, dir: &Path, root: &Path) -> Option<Contestant> {
    if Command::new(name).arg("--version").output().is_err() {
        println!("{name} is not installed, and left out");
        return None;
    }
    let bundle = dir.join(name);
    fs::create_dir(&bundle).unwrap();
    let config = CONFIG
        .replace("\"SECCOMP\"", SECCOMP)
        .replace("@ROOT@", root.to_str().unwrap())
        .replace("/podkit-bench/ID", &format!("/podkit-bench-{}-{name}", std::process::id()));
    fs::write(bundle.join("config.json"), config).unwrap();
    let state = dir.join(format!("{name}-state"));
    let command = move |round: usize| {
        let mut command = Command::new(name);
        command
            .arg("--root")
            .arg(&state)
            .args(["run", "--bundle"])
            .arg(&bundle)
            .arg(format!("start-{round}"));
        command
    };
    Some(Contestant::new(name, command))
}

fn limit(dir: &Path, root: &Path) -> Option<Contestant> {
    let (source, program) = (dir.join("limit.c"), dir.join("limit"));
    fs::write(&source, LIMIT).unwrap();
    compile(&source, &program);
    let root = root.to_owned();
    let command = move |_| {
        let mut command = Command::new(&program);
        command.arg(&root).arg("/bin/true");
        command
    };
    Some(Contestant::new("clone, pivot_root, exec", command))
}

fn run_prepared_and_rm(data: &Path, uid: Uuid) {
    let engine = Engine::open(data).unwrap();
    let prepared = engine.prepared(uid).unwrap();
    let status = engine.run(prepared, &mut OneTree(PathBuf::new()), &mut Loopback, &mut Silent).unwrap();
    engine.remove(uid, &mut Loopback).unwrap();
    if status.exit_code() != 0 {
        panic!("{status:#?}");
    }
}

/// Every image is the same tree.
struct OneTree(PathBuf);

impl RootFs for OneTree {
    fn root(&mut self, app: &App) -> Result<AppRoot, RootFsError> {
        let (image_id, layers) = (app.image.clone(), vec![self.0.clone()]);
        Ok(AppRoot { image_id, layers, config: ImageConfig::default(), pull: None })
    }
}

struct Silent;

impl Observer for Silent {
    fn notice(&mut self, _: &Notice) {}
    fn output(&mut self, _: &AppName, _: Stream, _: &[u8]) {}
    fn status(&mut self, _: &PodStatus) {}
}

fn pod() -> PodSpec {
    let app = App {
        name: "true".parse().unwrap(),
        kind: AppKind::Main,
        image: "example.com/true:1".to_owned(),
        pull_policy: PullPolicy::Never,
        command: Some(vec!["/bin/true".into()]),
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
        termination_message: TerminationMessage { path: None, policy: TerminationMessagePolicy::File },
        stop_signal: None,
        stdin: Stdin::Null,
        tty: false,
    };
    PodSpec {
        name: "start".to_owned(),
        namespace: "default".to_owned(),
        uid: Uuid::new_v4(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        hostname: Some("start".to_owned()),
        apps: vec![app],
        volumes: vec![],
        restart_policy: RestartPolicy::Never,
        fate: Fate::Shared,
        termination_grace: Duration::from_secs(2),
        active_deadline: None,
        isolation: Isolation { network: Shared::Pod, ipc: Shared::Pod, pid: PidIsolation::App },
        host_aliases: vec![],
        dns: Dns::Image,
        sysctls: BTreeMap::new(),
        fs_group: None,
        readiness_gates: vec![],
    }
}
