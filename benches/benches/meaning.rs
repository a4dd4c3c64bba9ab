//! What objects mean: defaults and validation of 1 000 Deployments, 1 000 000 label sets that a selector is matched with, and 10 000
//! documents through `kubetool validate`, in turn with kubernetes-validate of PyPI, which checks their schemas alone.
//!
//! ```sh
//! cargo build --release -p podkit-examples --bin kubetool
//! KUBETOOL=target/release/kubetool PYTHON=venv/bin/python cargo bench -p podkit-benches --bench meaning    # `-- 1000` for the peer
//! ```
//!
//! The peer takes tens of milliseconds for a document, so it can be given fewer; what is compared is the time for one document.
//! Without `KUBETOOL`, or a `PYTHON` that has kubernetes-validate, the last part is left out. The first part stands beside decoding the
//! same Deployments, the second beside matching without a compiled selector.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first thing that goes wrong"
)]

use std::fmt::Write;
use std::fs;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use k8s_model::decode::{Mode, decode_str};
use k8s_model::default::default;
use k8s_model::selector::{Labels, Selector};
use k8s_model::validate::validate;

const ROUNDS: usize = 7;

/// The peer, which is told where the documents are: what its own command does, but for all documents of a file.
const PEER: &str = "import sys, yaml, kubernetes_validate
bad = 0
for document in yaml.load_all(open(sys.argv[1]), Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader)):
    try:
        kubernetes_validate.validate(document, '1.33', strict=True)
    except kubernetes_validate.ValidationError:
        bad += 1
print(bad)
";

fn main() {
    deployments();
    labels();
    documents();
}

fn deployment(number: u32) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{number}
  labels: {{app: web, number: '{number}'}}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: web, number: '{number}'}}}}
  template:
    metadata: {{labels: {{app: web, number: '{number}'}}}}
    spec:
      containers:
      - name: web
        image: registry.example/web:1.{number}
        ports: [{{name: http, containerPort: 8080}}]
        env: [{{name: MODE, value: fast}}, {{name: NODE, valueFrom: {{fieldRef: {{fieldPath: spec.nodeName}}}}}}]
        resources: {{requests: {{cpu: 100m, memory: 64Mi}}, limits: {{memory: 128Mi}}}}
        readinessProbe: {{httpGet: {{path: /ready, port: http}}}}
        volumeMounts: [{{name: data, mountPath: /data}}]
      volumes: [{{name: data, emptyDir: {{}}}}]
"
    )
}

fn stream(count: u32) -> String {
    let mut text = String::new();
    for number in 0..count {
        write!(text, "---\n{}", deployment(number)).unwrap();
    }
    text
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn timed(mut run: impl FnMut()) -> Duration {
    median(
        (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                run();
                start.elapsed()
            })
            .collect(),
    )
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn deployments() {
    let text = stream(1000);
    let decoded = decode_str(&text, "web.yaml", Mode::Strict);
    assert_eq!((decoded.documents.len(), decoded.problems.len()), (1000, 0));
    let decoding = timed(|| drop(black_box(decode_str(&text, "web.yaml", Mode::Strict))));
    let mut sets = vec![decoded.documents; ROUNDS].into_iter();
    let meaning = timed(|| {
        let mut documents = sets.next().unwrap();
        for document in &mut documents {
            default(&mut document.object);
            assert!(validate(&document.object).is_empty());
        }
        black_box(documents);
    });
    println!(
        "default and validate 1 000 Deployments: {meaning:?}; reading them: {decoding:?}; {:.2} of it",
        ratio(meaning, decoding)
    );
}

fn labels() {
    let sets: Vec<Labels> = (0..1_000_000)
        .map(|number| {
            Labels::from([
                ("app".to_owned(), format!("web-{}", number % 100)),
                ("tier".to_owned(), ["front", "back"][number % 2].to_owned()),
                ("zone".to_owned(), format!("z{}", number % 7)),
            ])
        })
        .collect();
    let selector: Selector = "app in (web-1, web-2, web-3), tier!=back, zone, !canary".parse().unwrap();
    let count = |matches: &dyn Fn(&Labels) -> bool| sets.iter().filter(|labels| matches(labels)).count();
    let matcher = selector.compile();
    let expected = count(&|labels| selector.matches(labels));
    let compiled = timed(|| assert_eq!(count(&|labels| matcher.matches(labels)), expected));
    let plain = timed(|| assert_eq!(count(&|labels| selector.matches(labels)), expected));
    println!(
        "match 1 000 000 label sets: compiled {compiled:?}, plain {plain:?}; {:.2} of it",
        ratio(compiled, plain)
    );
}

fn documents() {
    let (Some(kubetool), Some(python)) = (std::env::var_os("KUBETOOL"), std::env::var_os("PYTHON")) else {
        println!("validate 10 000 documents: left out, there is no KUBETOOL or no PYTHON");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let fewer: u32 = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let file = dir.path().join("all.yaml");
    fs::write(&file, stream(10_000)).unwrap();
    let fewer_file = dir.path().join("fewer.yaml");
    fs::write(&fewer_file, stream(fewer)).unwrap();
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    // In turn; the peer takes long, so three rounds do.
    for _ in 0..3 {
        let start = Instant::now();
        assert!(Command::new(&kubetool).arg("validate").arg(&file).status().unwrap().success());
        ours.push(start.elapsed());
        let start = Instant::now();
        let output = Command::new(&python).args(["-c", PEER]).arg(&fewer_file).output().unwrap();
        assert_eq!(output.stdout, b"0\n", "{}", String::from_utf8_lossy(&output.stderr));
        theirs.push(start.elapsed());
    }
    let (ours, theirs) = (median(ours) / 10_000, median(theirs) / fewer);
    println!(
        "validate 10 000 documents: kubetool {ours:?} for one, kubernetes-validate {theirs:?} (of {fewer}); {:.1} times as fast",
        ratio(theirs, ours)
    );
}
