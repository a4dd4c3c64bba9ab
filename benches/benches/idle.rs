//! What it costs to watch over a pod that does nothing: the memory of podrun's monitor beside that of conmon, which podman and CRI-O
//! start for each container, and how often either wakes up.
//!
//! ```sh
//! cargo build --release -p podkit-examples --bin podrun
//! PODRUN=target/release/podrun cargo bench -p podkit-benches --bench idle    # as root, with conmon and crun installed
//! ```
//!
//! `dirty` is what nobody else uses and the kernel cannot have back (proc_pid_smaps(5), `Private_Dirty`); `pss` adds a share of the pages
//! of programs and libraries. The pods have one app and four; four containers have four conmons.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a benchmark prints, and stops at the first thing that goes wrong"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The argument of the program in its own mount namespace.
const INSIDE: &str = "--inside";

const CONFIG: &str = include_str!("../data/start/config.json");
const SECCOMP: &str = include_str!("../data/start/seccomp.json");

/// How long nobody does anything while wake-ups are counted.
const IDLE: Duration = Duration::from_secs(10);

fn main() {
    let Some(podrun) = std::env::var_os("PODRUN") else {
        return println!("idle: skipped, PODRUN does not say where podrun is");
    };
    if !rustix::process::geteuid().is_root() {
        return println!("idle: skipped, it needs root");
    }
    if std::env::args().any(|word| word == INSIDE) {
        return measure(&fs::canonicalize(podrun).unwrap());
    }
    // As for the start of pods: crun 1.8 refuses a machine with control groups of both versions.
    let script = "if [ -d /sys/fs/cgroup/unified ]; then umount /sys/fs/cgroup/unified; fi; exec \"$@\"";
    let status = Command::new("unshare")
        .args(["-m", "sh", "-euc", script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .arg(INSIDE)
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}

fn measure(podrun: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let pause = dir.path().join("pause");
    let source = dir.path().join("pause.c");
    fs::write(&source, "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n").unwrap();
    run(Command::new("cc").args(["-O2", "-static", "-o"]).arg(&pause).arg(&source));
    let mut groups = Vec::new();
    for apps in [1, 4] {
        groups.push((format!("podrun, a pod of {apps}"), vec![pod(podrun, dir.path(), &pause, apps)]));
    }
    if Command::new("conmon").arg("--version").output().is_ok() {
        let all: Vec<Watcher> = (0..4).map(|number| container(dir.path(), &pause, number)).collect();
        let (one, others) = all.split_at(1);
        groups.push(("conmon, a container".to_owned(), one.to_vec()));
        groups.push(("conmon, four containers".to_owned(), [one, others].concat()));
    } else {
        println!("conmon is not installed, and left out");
    }
    std::thread::sleep(Duration::from_secs(3));
    let before: Vec<u64> = groups.iter().map(|(_, watchers)| wake_ups(watchers)).collect();
    std::thread::sleep(IDLE);
    println!("{:<28} {:>9} {:>9} {:>9} {:>9}", "watching over", "dirty kB", "pss kB", "rss kB", "wake-ups");
    for ((name, watchers), before) in groups.iter().zip(before) {
        let sum = |field| watchers.iter().map(|watcher| memory(watcher.pid, field)).sum::<u64>();
        let [dirty, pss, rss] = ["Private_Dirty:", "Pss:", "Rss:"].map(sum);
        println!("{name:<28} {dirty:>9} {pss:>9} {rss:>9} {:>9}", wake_ups(watchers) - before);
    }
    for watcher in groups.into_iter().flat_map(|(_, watchers)| watchers) {
        // A container that is counted twice is ended once.
        let _ = Command::new("sh").args(["-c", &watcher.end]).output();
    }
}

/// A process that watches, and the command that ends what it watches.
#[derive(Clone)]
struct Watcher {
    pid: i32,
    end: String,
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn pod(podrun: &Path, dir: &Path, pause: &Path, apps: usize) -> Watcher {
    let containers: Vec<String> = (0..apps)
        .map(|app| {
            let pause = pause.display();
            format!("{{name: a{app}, image: 'example.com/pause:1', command: ['{pause}']}}")
        })
        .collect();
    let copies: Vec<String> =
        (0..apps).map(|app| format!("podkit.dev/copy-exec.a{app}: '{}'", pause.display())).collect();
    let manifest = dir.join(format!("pod-{apps}.yaml"));
    let text = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: idle-{apps}, annotations: {{podkit.dev/net: none, {}}}}}, \
         spec: {{containers: [{}]}}}}",
        copies.join(", "),
        containers.join(", ")
    );
    fs::write(&manifest, text).unwrap();
    let data = dir.join("podrun");
    let uuid = run(Command::new(podrun).arg("--dir").arg(&data).args(["run", "--detach"]).arg(&manifest));
    let owner = fs::read(data.join("pods/run").join(&uuid).join("owner.json")).unwrap();
    let owner: serde_json::Value = serde_json::from_slice(&owner).unwrap();
    let pid = i32::try_from(owner["pid"].as_i64().unwrap()).unwrap();
    let call = format!("'{}' --dir '{}'", podrun.display(), data.display());
    Watcher { pid, end: format!("{call} stop --force {uuid}; {call} rm {uuid}") }
}

fn container(dir: &Path, pause: &Path, number: usize) -> Watcher {
    let bundle = dir.join(format!("bundle-{number}"));
    let root = bundle.join("root");
    for name in ["bin", "dev", "etc", "proc", "sys", "tmp"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    fs::copy(pause, root.join("bin/pause")).unwrap();
    let config = CONFIG
        .replace("\"SECCOMP\"", SECCOMP)
        .replace("@ROOT@", root.to_str().unwrap())
        .replace("/bin/true", "/bin/pause")
        .replace("/podkit-bench/ID", &format!("/podkit-idle-{}-{number}", std::process::id()));
    fs::write(bundle.join("config.json"), config).unwrap();
    let (state, id, pid) = (dir.join("crun"), format!("idle-{number}"), bundle.join("conmon.pid"));
    let mut conmon = Command::new("conmon");
    conmon.args(["-c", &id, "-u", &id, "-n", &id, "-r"]).arg(which("crun")).arg("-b").arg(&bundle);
    conmon.arg("-p").arg(bundle.join("pid")).arg("-P").arg(&pid).arg("-l").arg(bundle.join("log"));
    conmon.arg("--exit-dir").arg(&bundle).arg("--socket-dir-path").arg(&bundle);
    conmon.args(["--runtime-arg", "--root", "--runtime-arg"]).arg(&state);
    run(&mut conmon);
    let begin = Instant::now();
    let crun = format!("crun --root '{}'", state.display());
    while !Command::new("sh").args(["-c", &format!("{crun} start {id}")]).output().unwrap().status.success() {
        assert!(begin.elapsed() < Duration::from_secs(20), "conmon has not made its container");
        std::thread::sleep(Duration::from_millis(50));
    }
    let pid = fs::read_to_string(pid).unwrap().trim().parse().unwrap();
    Watcher { pid, end: format!("{crun} kill {id} KILL; sleep 0.5; {crun} delete --force {id}") }
}

fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("{program} is not installed"))
}

/// A sum of all mappings of a process, in kB.
fn memory(pid: i32, field: &str) -> u64 {
    number(&format!("/proc/{pid}/smaps_rollup"), field)
}

/// How often these processes have waited, and were woken.
fn wake_ups(watchers: &[Watcher]) -> u64 {
    let of = |watcher: &Watcher| number(&format!("/proc/{}/status", watcher.pid), "voluntary_ctxt_switches:");
    watchers.iter().map(of).sum()
}

fn number(file: &str, field: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.split_ascii_whitespace().next().unwrap().parse().unwrap()
}
