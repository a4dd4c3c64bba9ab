//! What a pair of ADD and DEL costs above running the plugin itself: cni-client and libcni, in turns, in one run.
//!
//! The plugin does nothing. Bare is the standard library's `Command` with the same input and environment, and no more; both
//! libraries keep a record of the attachment, neither waits for the disk. libcni is a small Go program over Debian's
//! golang-github-appc-cni-dev, built here; where that cannot be, the reason is printed and only our own cost is.
//!
//! Time is told by the clock and by the processor: the second is what the calling process itself used, its children left out, and
//! tells more on a machine that does other things, too.
//!
//! CNI_ROUNDS and CNI_PAIRS change how much is measured.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints and fails aloud")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use cni_client::cache::Cache;
use cni_client::chain::{Add, Chain};
use cni_client::client::Client;
use cni_client::config::NetworkConfig;
use cni_client::exec::Exec;
use cni_client::invocation::Invocation;
use cni_client::request::Request;
use tempfile::TempDir;

const NETWORK: &str = r#"{"cniVersion":"1.0.0","name":"bench","plugins":[{"type":"cni-noop","ipam":{"type":"host-local","subnet":"10.1.0.0/16"}}]}"#;

/// The aim: our cost above bare is at most this part of libcni's.
const AIM: f64 = 0.2;

fn main() {
    // `cargo test --benches` asks whether it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let setting = |name: &str, default: usize| {
        std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
    };
    let (rounds, pairs) = (setting("CNI_ROUNDS", 30), setting("CNI_PAIRS", 50));
    let dir = tempfile::tempdir().expect("a temporary directory");
    let plugins = Path::new(env!("CARGO_BIN_EXE_cni-noop")).parent().expect("a folder").to_owned();
    let mut libcni = match Libcni::start(&dir, &plugins, rounds, pairs) {
        Ok(libcni) => Some(libcni),
        Err(reason) => {
            println!("libcni is left out: {reason}");
            None
        }
    };
    let mut client = Client::new(
        Exec::new(),
        plugins.display().to_string().parse().expect("a search path"),
        Cache::open(dir.path().join("records")).expect("a folder for records"),
    );
    let (own, config, run) = (std::process::id(), config(), invocation(&plugins));
    let (mut bare, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        bare.push(Cost::of(own, pairs, || (0..pairs).for_each(|_| bare_pair(&plugins, &run))));
        ours.push(Cost::of(own, pairs, || (0..pairs).for_each(|_| our_pair(&mut client, &config))));
        theirs.extend(libcni.as_mut().map(|libcni| Cost::of(libcni.child.id(), pairs, || libcni.round())));
    }
    report(&bare, &ours, &theirs, pairs);
}

/// The microseconds that a pair takes.
#[derive(Debug, Clone, Copy)]
struct Cost {
    clock: f64,
    processor: f64,
}

impl Cost {
    /// That of pairs which a process does.
    fn of(process: u32, pairs: usize, work: impl FnOnce()) -> Self {
        let (began, used) = (Instant::now(), processor(process));
        work();
        let per_pair = |seconds: f64| seconds * 1e6 / pairs as f64;
        Self {
            clock: per_pair(began.elapsed().as_secs_f64()),
            processor: per_pair(processor(process) - used),
        }
    }
}

/// The seconds of processor that the threads of a process have used (proc_pid_schedstat(5)).
fn processor(process: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("the threads of a process");
    let nanoseconds = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() / 1e9
}

fn request() -> Request {
    let parse = "the names are valid";
    Request::new(
        "c1".parse().expect(parse),
        "/run/netns/none".parse().expect(parse),
        "eth0".parse().expect(parse),
    )
}

fn config() -> NetworkConfig {
    NETWORK.parse().expect("the configuration is valid")
}

/// The configuration was read before, as libcni has it, too.
fn our_pair(client: &mut Client<Exec>, config: &NetworkConfig) {
    let key = client.add(config.clone(), request()).expect("ADD").key();
    assert!(client.del(&key).expect("DEL"));
}

fn invocation(plugins: &Path) -> Invocation {
    let path = plugins.display().to_string().parse().expect("a search path");
    Add::new(config(), request(), path).expect("a chain").next_invocation().expect("a plugin")
}

/// The same runs, with nothing around them.
fn bare_pair(plugins: &Path, run: &Invocation) {
    for verb in ["ADD", "DEL"] {
        bare_run(plugins, run, verb);
    }
}

fn bare_run(plugins: &Path, run: &Invocation, verb: &str) {
    let mut child = Command::new(plugins.join(run.plugin.as_str()))
        .env_clear()
        .envs(run.environment.iter().map(|(name, value)| (name, value)))
        .env("CNI_COMMAND", verb)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the plugin starts");
    let mut stdin = child.stdin.take().expect("its standard input");
    stdin.write_all(run.stdin.as_bytes()).expect("the plugin reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the plugin ends");
    assert!(output.status.success());
}

/// libcni, which does a round for each line that it is sent.
struct Libcni {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Libcni {
    fn start(dir: &TempDir, plugins: &Path, rounds: usize, pairs: usize) -> Result<Self, String> {
        let program = build(dir)?;
        let networks = dir.path().join("net.d");
        fs::create_dir(&networks).map_err(|error| error.to_string())?;
        fs::write(networks.join("bench.conflist"), NETWORK).map_err(|error| error.to_string())?;
        // One round more: its process starts in it.
        let mut child = Command::new(program)
            .args(["bench".to_owned(), (rounds + 1).to_string(), pairs.to_string()])
            .env("CNI_PATH", plugins)
            .env("NETCONFPATH", networks)
            .env("CNI_CACHE", dir.path().join("libcni"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let stdout = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut libcni = Self { child, stdout };
        libcni.line();
        Ok(libcni)
    }

    fn line(&mut self) {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("libcni answers");
        assert!(line.trim().parse::<f64>().is_ok(), "libcni says how long a round took: {line}");
    }

    fn round(&mut self) {
        self.child.stdin.as_mut().expect("its standard input").write_all(b"\n").expect("libcni listens");
        self.line();
    }
}

impl Drop for Libcni {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn build(dir: &TempDir) -> Result<PathBuf, String> {
    const LIBRARY: &str = "/usr/share/gocode/src/github.com/containernetworking/cni/libcni";
    if !Path::new(LIBRARY).is_dir() {
        return Err("Debian's package golang-github-appc-cni-dev is not installed".to_owned());
    }
    let program = dir.path().join("libcni-peer");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("cni/libcni.go"))
        .envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode")])
        .output()
        .map_err(|error| format!("`go` (Debian's package golang-go) cannot be started: {error}"))?;
    if built.status.success() {
        Ok(program)
    } else {
        Err(format!("it does not build: {}", String::from_utf8_lossy(&built.stderr)))
    }
}

fn report(bare: &[Cost], ours: &[Cost], theirs: &[Cost], pairs: usize) {
    println!("{} rounds of {pairs} pairs of ADD and DEL; microseconds of one pair", bare.len());
    for (name, of) in [("median", median as fn(Vec<f64>) -> f64), ("least", least)] {
        let figures = |costs: &[Cost]| Cost {
            clock: of(costs.iter().map(|cost| cost.clock).collect()),
            processor: of(costs.iter().map(|cost| cost.processor).collect()),
        };
        println!("\n{name:<12} {:>8} {:>12} {:>12} {:>12}", "clock", "above bare", "processor", "above bare");
        let bare = figures(bare);
        println!("{:<12} {:>8.0} {:>12} {:>12.0}", "bare", bare.clock, "", bare.processor);
        let row = |name: &str, costs: &[Cost]| {
            let Cost { clock, processor } = figures(costs);
            let above = Cost { clock: clock - bare.clock, processor: processor - bare.processor };
            println!(
                "{name:<12} {clock:>8.0} {:>12.0} {processor:>12.0} {:>12.0}",
                above.clock, above.processor
            );
            above
        };
        let ours = row("cni-client", ours);
        if !theirs.is_empty() {
            let theirs = row("libcni", theirs);
            println!(
                "cni-client adds {:.2} (clock), {:.2} (processor) of what libcni adds; the aim is {AIM}",
                ours.clock / theirs.clock,
                ours.processor / theirs.processor
            );
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// What others do on the machine only adds.
fn least(values: Vec<f64>) -> f64 {
    values.into_iter().fold(f64::INFINITY, f64::min)
}
