//! App Container images, in turn with actool, GNU tar and the Go implementation: validating, importing and extracting a gzip archive of
//! about 200 MB and a plain one, extracting 40 000 small files, and reading and writing a manifest.
//!
//! ```sh
//! cargo bench -p podkit-benches --bench appc                # `-- 9` for nine rounds, `-- manifests` for those alone
//! ```
//!
//! What is timed is a process from its start to its end, and the processor time that it took; on our side that is this program as a command.
//! A peer that is not installed is named and left out.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a benchmark prints, and stops at the first thing that goes wrong"
)]

use std::fs::{self, File};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use appc_spec::archive::{
    BuildOptions, Compression, ExtractPolicy, ImageBuilder, ScanOptions, extract, scan,
};
use appc_spec::store::{ImportOptions, Store};
use appc_spec::{AcIdentifier, ImageManifest, Json, Strength};

/// The argument that makes this program a command: what to do, a file, a directory.
const RUN: &str = "--run";

const MANIFEST: &str = include_str!("../data/image-manifest.json");

/// About how many bytes the large tar has, and how many small files there are.
const LARGE: u64 = 200 << 20;
const SMALL: usize = 40_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == RUN) {
        return run(&arguments[2], Path::new(&arguments[3]), Path::new(&arguments[4]));
    }
    let rounds = arguments.iter().find_map(|word| word.parse::<usize>().ok()).unwrap_or(5);
    let dir = tempfile::tempdir().unwrap();
    if !arguments.iter().any(|word| word == "manifests") {
        archives(dir.path(), rounds);
    }
    manifests(dir.path());
}

/// What is measured of us.
fn run(what: &str, file: &Path, directory: &Path) {
    let options = ScanOptions::new(Strength::Strict);
    let archive = || File::open(file).unwrap();
    match what {
        "validate" => {
            black_box(scan("bench", archive(), &options, &mut |_| {}).unwrap());
        }
        "extract" => {
            fs::create_dir_all(directory).unwrap();
            let policy = if rustix::process::geteuid().is_root() {
                ExtractPolicy::FAITHFUL
            } else {
                ExtractPolicy::PLAIN
            };
            extract("bench", archive(), directory, &options, &policy, &mut |_| {}).unwrap();
        }
        "import" => {
            let store = Store::open(directory).unwrap();
            let options = ImportOptions::new(Strength::Strict, SystemTime::now());
            store.import("bench", archive(), &options, &mut |_| {}).unwrap();
        }
        other => panic!("nothing is called `{other}`"),
    }
}

/// Somebody who does the same.
struct Contender {
    name: &'static str,
    command: Box<dyn Fn(&Path) -> Command>,
}

fn ours(what: &'static str, file: &Path) -> Contender {
    let file = file.to_owned();
    let command = move |out: &Path| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([RUN, what]).arg(&file).arg(out);
        command
    };
    Contender { name: "appc-spec", command: Box::new(command) }
}

fn actool(file: &Path) -> Contender {
    let file = file.to_owned();
    let command = move |_: &Path| {
        let mut command = Command::new("actool");
        command.arg("validate").arg(&file);
        command
    };
    Contender { name: "actool", command: Box::new(command) }
}

fn tar(flags: &'static str, file: &Path) -> Contender {
    let file = file.to_owned();
    let command = move |out: &Path| {
        fs::create_dir_all(out).unwrap();
        let mut command = Command::new("tar");
        command.arg(flags).arg(&file).arg("-C").arg(out);
        command
    };
    Contender { name: "GNU tar", command: Box::new(command) }
}

fn archives(dir: &Path, rounds: usize) {
    let (gzip, plain, small) = (dir.join("large.aci"), dir.join("large-plain.aci"), dir.join("small.aci"));
    let tree = large(dir);
    for (file, compression) in [(&gzip, Compression::Gzip), (&plain, Compression::None)] {
        build(&tree, file, compression);
    }
    build(&many(dir), &small, Compression::None);
    let size = |file: &Path| fs::metadata(file).unwrap().len() >> 20;
    println!(
        "gzip archive {} MiB, plain {} MiB, {SMALL} small files {} MiB; {rounds} rounds\n",
        size(&gzip),
        size(&plain),
        size(&small)
    );
    println!("{:<44} {:>9} {:>9} {:>9} {:>9}", "", "median s", "least s", "cpu s", "to peer");
    compare("validate, gzip", rounds, dir, &[actool(&gzip), ours("validate", &gzip)]);
    compare(
        "validate, plain (actool computes no ID)",
        rounds,
        dir,
        &[actool(&plain), ours("validate", &plain)],
    );
    compare("extract, gzip (tar hashes nothing)", rounds, dir, &[tar("-xzf", &gzip), ours("extract", &gzip)]);
    compare(
        "import, gzip (tar extracts, we flush)",
        rounds,
        dir,
        &[tar("-xzf", &gzip), ours("import", &gzip)],
    );
    compare("extract 40 000 small files, plain", rounds, dir, &[tar("-xf", &small), ours("extract", &small)]);
}

/// Runs both in turn, so that whatever else the machine does comes to both.
fn compare(title: &str, rounds: usize, dir: &Path, contenders: &[Contender]) {
    let mut times: Vec<(Vec<Duration>, u64)> = contenders.iter().map(|_| (Vec::new(), 0)).collect();
    for _ in 0..rounds {
        for (contender, (walls, ticks)) in contenders.iter().zip(&mut times) {
            let out = dir.join("out");
            let mut command = (contender.command)(&out);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let (before, began) = (children(), Instant::now());
            match command.status() {
                Ok(status) => assert!(status.success(), "{}: {command:?}", contender.name),
                Err(error) => {
                    println!("{title:<44} skipped: `{}`: {error}", contender.name);
                    return;
                }
            }
            walls.push(began.elapsed());
            *ticks += children() - before;
            if out.exists() {
                fs::remove_dir_all(&out).unwrap();
            }
        }
    }
    let peer = median(&times[0].0);
    for (contender, (walls, ticks)) in contenders.iter().zip(&times) {
        let (median, least) = (median(walls), walls.iter().min().unwrap().as_secs_f64());
        let cpu = *ticks as f64 / 100.0 / walls.len() as f64;
        let name = format!("{title}: {}", contender.name);
        println!("{name:<44} {median:>9.3} {least:>9.3} {cpu:>9.3} {:>9.2}", median / peer);
    }
}

fn median(walls: &[Duration]) -> f64 {
    let mut walls = walls.to_vec();
    walls.sort_unstable();
    walls[walls.len() / 2].as_secs_f64()
}

/// The processor time of all children that were waited for, in hundredths of a second (proc_pid_stat(5), `cutime` and `cstime`).
fn children() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[13].parse::<u64>().unwrap() + fields[14].parse::<u64>().unwrap()
}

fn build(rootfs: &Path, file: &Path, compression: Compression) {
    let manifest = ImageManifest::new("example.com/bench".parse().unwrap());
    let builder = ImageBuilder::new(manifest).host_tree(rootfs).unwrap();
    let out = std::io::BufWriter::new(File::create(file).unwrap());
    builder.write(out, &BuildOptions::reproducible().compression(compression)).unwrap();
}

/// Programs and libraries of this machine, as images have them.
fn large(dir: &Path) -> PathBuf {
    let tree = dir.join("large");
    fs::create_dir(&tree).unwrap();
    let mut left = LARGE;
    for source in ["/usr/lib/gcc", "/usr/lib/git-core", "/usr/lib/python3", "/usr/bin", "/usr/share"] {
        let mut open = vec![PathBuf::from(source)];
        while let Some(path) = open.pop() {
            let mut entries: Vec<_> =
                fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            entries.sort();
            for path in entries {
                let Ok(meta) = fs::symlink_metadata(&path) else { continue };
                if meta.is_dir() {
                    open.push(path);
                } else if meta.is_file() && meta.len() <= left {
                    let target = tree.join(path.strip_prefix("/").unwrap());
                    fs::create_dir_all(target.parent().unwrap()).unwrap();
                    fs::copy(&path, target).unwrap();
                    left -= meta.len();
                }
            }
        }
    }
    tree
}

/// Small files in directories of a hundred.
fn many(dir: &Path) -> PathBuf {
    let tree = dir.join("small");
    for index in 0..SMALL {
        let parent = tree.join(format!("d{:03}", index / 100));
        fs::create_dir_all(&parent).unwrap();
        fs::write(parent.join(format!("f{index}")), format!("{index}\n").repeat(1 + index % 300)).unwrap();
    }
    tree
}

/// Nanoseconds for each of many times.
fn each(times: u32, mut what: impl FnMut()) -> f64 {
    let began = Instant::now();
    (0..times).for_each(|_| what());
    began.elapsed().as_nanos() as f64 / f64::from(times)
}

fn manifests(dir: &Path) {
    const TIMES: u32 = 20_000;
    let parsed = ImageManifest::from_json(MANIFEST, Strength::Compat).unwrap();
    let ours = [
        each(TIMES, || {
            drop(black_box(ImageManifest::from_json(black_box(MANIFEST), Strength::Compat).unwrap()))
        }),
        each(TIMES, || drop(black_box(black_box(&parsed).to_json(Strength::Compat)))),
        each(TIMES * 10, || {
            drop(black_box(black_box("example.com/tools/reduce-worker").parse::<AcIdentifier>().unwrap()));
        }),
    ];
    let theirs = go(dir, TIMES);
    println!("\n{:<44} {:>9} {:>9} {:>9}", "", "ours ns", "Go ns", "to Go");
    for (index, name) in
        ["parse a manifest", "emit a manifest", "check an identifier"].into_iter().enumerate()
    {
        match &theirs {
            Ok(theirs) => {
                println!(
                    "{name:<44} {:>9.0} {:>9.0} {:>9.3}",
                    ours[index],
                    theirs[index],
                    ours[index] / theirs[index]
                );
            }
            Err(reason) => println!("{name:<44} {:>9.0} skipped: {reason}", ours[index]),
        }
    }
}

/// The Go implementation's times, by a small program over Debian's golang-github-appc-spec-dev.
fn go(dir: &Path, times: u32) -> Result<Vec<f64>, String> {
    let (program, manifest) = (dir.join("appc-peer"), dir.join("manifest.json"));
    fs::write(&manifest, MANIFEST).unwrap();
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("appc/manifest.go"))
        .envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode")])
        .output()
        .map_err(|error| format!("`go` (Debian's package golang-go) cannot be started: {error}"))?;
    if !built.status.success() {
        return Err(format!("it does not build: {}", String::from_utf8_lossy(&built.stderr)));
    }
    let ran = Command::new(&program).arg(&manifest).arg(times.to_string()).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    let times: Vec<f64> = text.lines().map(|line| line.parse().unwrap()).collect();
    if times.len() == 3 { Ok(times) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
}
