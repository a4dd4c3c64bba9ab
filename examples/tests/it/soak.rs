//! Many runs of hello.yaml, half of them killed at random moments; then gc, and the machine must be as before.
//!
//! PODKIT_SOAK=yes runs a thousand, PODKIT_SOAK_RUNS any number; PODKIT_SEED repeats a run.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rustix::process::{Pid, Signal, kill_process};

use crate::hello::HELLO;
use crate::host::Host;
use crate::program::{Podrun, Ran, repository};
use crate::{Need, machine, network, test};

/// How many pods run at the same time: they mostly sleep.
const PARALLEL: u64 = 6;
/// No run of hello.yaml may take longer, whatever was killed in it.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("soak::killed_at_random", &[Need::Root], || killed_at_random(&Podrun::new(), &[])),
        test("soak::killed_at_random_on_a_network", network::DEFAULT, on_a_network),
    ]
}

/// No link, address, rule or lease stays either, whatever is killed: plugins, and what they start, are among the victims.
fn on_a_network() {
    let podrun = Podrun::on(Host::new());
    killed_at_random(&podrun, &["--net=default"]);
    assert_eq!(podrun.host().state(), Host::new().state());
}

fn killed_at_random(podrun: &Podrun, options: &[&str]) {
    let setting = |name: &str| std::env::var(name).ok();
    let number = |name: &str| setting(name).map(|text| text.parse::<u64>().expect("a number"));
    let soak = setting("PODKIT_SOAK").is_some_and(|soak| soak == "yes");
    let runs = number("PODKIT_SOAK_RUNS").unwrap_or(if soak { 1000 } else { 8 });
    let seed = number("PODKIT_SEED").unwrap_or(20_261_125);
    eprintln!("soak: {runs} runs, seed {seed}");

    podrun.run(arguments(options)).success();
    podrun.run(["gc", "--grace-period", "0"]).success();
    let (tree, links) = (kept(podrun), machine::links());
    let seen = Mutex::new(BTreeSet::new());
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                while let Some(run) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|run| *run < runs) {
                    let mut random = Random(seed.wrapping_add(run));
                    one_run(podrun, options, run, &mut random, &seen);
                }
            });
        }
    });
    podrun.run(["gc", "--grace-period", "0"]).success();
    let seen = seen.into_inner().expect("no thread failed");
    assert_eq!(machine::traces(podrun.marker(), &seen), Vec::<String>::new());
    assert_eq!(kept(podrun), tree);
    assert_eq!(machine::links(), links);
}

/// What is in the data directory, but for the files that locks are on: there are as many as 144, each made when it is first needed.
fn kept(podrun: &Podrun) -> BTreeSet<PathBuf> {
    let mut tree = machine::tree(&podrun.data());
    tree.retain(|path| path.parent() != Some(Path::new("cni/lock")));
    tree
}

/// `podrun run` of hello.yaml.
fn arguments(options: &[&str]) -> Vec<OsString> {
    let hello = repository(HELLO).into_os_string();
    ["run"].iter().chain(options).map(OsString::from).chain([hello]).collect()
}

/// Runs hello.yaml; every second time something is killed, and now and then gc comes in between.
fn one_run(podrun: &Podrun, options: &[&str], run: u64, random: &mut Random, seen: &Mutex<BTreeSet<String>>) {
    let mut child = podrun
        .command(arguments(options))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("podrun starts");
    if run.is_multiple_of(2) {
        let victim = kill_something(&child, Duration::from_millis(random.below(1800)), random);
        eprintln!("soak: run {run}: killed {victim}");
    }
    seen.lock().expect("no thread failed").extend(pods(podrun));
    if random.below(4) == 0 {
        podrun.run(["gc", "--grace-period", "0"]).success();
    }
    let id = child.id();
    let began = Instant::now();
    while child.try_wait().expect("a child can be waited for").is_none() {
        assert!(began.elapsed() < PATIENCE, "run {run}: podrun {id} does not end");
        thread::sleep(Duration::from_millis(20));
    }
    // An orphan of a killed podrun may hold the other ends of the pipes: gc ends it, nobody reads to the end before that.
    if run % 2 == 1 {
        let ran = Ran::of(child.wait_with_output().expect("podrun ends")).success();
        assert!(ran.stdout.contains("client  | Hello from hello: It is"), "run {run}: {}", ran.stdout);
    }
}

/// Kills the command or a process below it after a while, and says which.
fn kill_something(child: &Child, after: Duration, random: &mut Random) -> String {
    thread::sleep(after);
    let command = child.id();
    let mut candidates = vec![command];
    if random.below(3) > 0 {
        let below = machine::descendants(command);
        if !below.is_empty() {
            candidates = below;
        }
    }
    let index = usize::try_from(random.below(candidates.len() as u64)).expect("a small number");
    let victim = candidates[index];
    let name = fs::read_to_string(format!("/proc/{victim}/comm")).unwrap_or_default();
    if let Some(pid) = i32::try_from(victim).ok().and_then(Pid::from_raw) {
        // It may have ended by itself just now.
        let _ = kill_process(pid, Signal::KILL);
    }
    format!("{} after {} ms", name.trim(), after.as_millis())
}

/// The identifiers of all pods that have a directory now.
pub(crate) fn pods(podrun: &Podrun) -> BTreeSet<String> {
    let is_uuid =
        |name: &str| name.len() == 36 && name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    machine::tree(&podrun.data())
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .filter(|name| is_uuid(name))
        .map(str::to_owned)
        .collect()
}

/// Steele, Lea, Flood: SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit.max(1)
    }
}
