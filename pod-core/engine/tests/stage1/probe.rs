//! Probes and hooks by network, against servers of our own on the loopback interface.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use pod_core::lifecycle::Outcome;
use pod_core::pod::{Handler, HttpHeader, HttpScheme};
use pod_engine::plan::{Plan, ProbePlan};
use pod_engine::stage1::{Pids, Report};

use super::fixture::run;
use super::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("probe::http_statuses", Needs::Root, http_statuses),
    ("probe::http_request", Needs::Root, http_request),
    ("probe::http_redirects", Needs::Root, http_redirects),
    ("probe::time_limit", Needs::Root, time_limit),
    ("probe::tcp", Needs::Root, tcp),
    ("probe::https", Needs::Https, https),
    ("probe::grpc", Needs::Root, grpc),
    ("probe::grpc_with_a_real_server", Needs::Grpc, grpc_with_a_real_server),
    ("probe::hooks_take_any_answer", Needs::Root, hooks_take_any_answer),
    ("probe::joins_the_network", Needs::Root, joins_the_network),
];

/// Answers one request for each text, then ends; the result is what was asked.
fn serve(answers: Vec<String>) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut chunk = [0; 1024];
            while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                let count = stream.read(&mut chunk).unwrap();
                assert_ne!(count, 0);
                request.extend_from_slice(&chunk[..count]);
            }
            requests.push(String::from_utf8(request).unwrap());
            // The client may have gone already.
            let _ = stream.write_all(answer.as_bytes());
        }
        requests
    });
    (port, server)
}

fn answer(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 2\r\nConnection: close\r\n\r\nok")
}

fn get(port: u16, path: &str, headers: &[(&str, &str)]) -> Handler {
    let header = |(name, value): &(&str, &str)| HttpHeader { name: (*name).into(), value: (*value).into() };
    Handler::HttpGet {
        host: None,
        port,
        path: path.into(),
        scheme: HttpScheme::Http,
        headers: headers.iter().map(header).collect(),
    }
}

fn plan(handler: Handler) -> ProbePlan {
    ProbePlan { net: None, handler, default_host: "127.0.0.1".into(), timeout_ms: 5000 }
}

fn outcome(plan: &Plan) -> Outcome {
    let ended = run(plan, Pids::Host);
    match ended.reports.as_slice() {
        [Report::Ready, Report::Outcome(outcome)] if ended.status == 0 => outcome.clone(),
        other => panic!("{other:?}"),
    }
}

fn probe(handler: Handler) -> Outcome {
    outcome(&Plan::Probe(plan(handler)))
}

fn failure(text: &str) -> Outcome {
    Outcome::Failure(text.to_owned())
}

fn http_statuses() {
    let cases = [
        ("200 OK", Outcome::Success),
        ("204 No Content", Outcome::Success),
        ("304 Not Modified", Outcome::Success),
        ("399 Odd", Outcome::Success),
        ("400 Bad Request", failure("HTTP probe failed with statuscode: 400")),
        ("404 Not Found", failure("HTTP probe failed with statuscode: 404")),
        ("503 Service Unavailable", failure("HTTP probe failed with statuscode: 503")),
    ];
    for (status, wanted) in cases {
        let body = if status.starts_with("204") || status.starts_with("304") {
            format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n")
        } else {
            answer(status, "")
        };
        let (port, server) = serve(vec![body]);
        assert_eq!(probe(get(port, "/", &[])), wanted, "{status}");
        server.join().unwrap();
    }
    // A long answer is read in part only.
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n{}", "x".repeat(100_000));
    let (port, server) = serve(vec![long]);
    assert_eq!(probe(get(port, "/", &[])), Outcome::Success);
    server.join().unwrap();
}

fn http_request() {
    let version = env!("CARGO_PKG_VERSION");
    let ask = |headers: &[(&str, &str)]| {
        let (port, server) = serve(vec![answer("200 OK", "")]);
        assert_eq!(probe(get(port, "/health?deep=1#part", headers)), Outcome::Success);
        let request = server.join().unwrap().remove(0).to_lowercase();
        let mut lines: Vec<String> =
            request.trim_end().lines().map(|line| line.replace(&port.to_string(), "PORT")).collect();
        lines[1..].sort();
        lines.join("\n")
    };
    assert_eq!(
        ask(&[]),
        format!(
            "get /health?deep=1 http/1.1\naccept: */*\nconnection: close\nhost: 127.0.0.1:PORT\nuser-agent: podkit-probe/{version}"
        )
    );
    assert_eq!(
        ask(&[
            ("Host", "example.com"),
            ("X-One", "1"),
            ("x-one", "2"),
            ("User-Agent", "mine"),
            ("Accept", "")
        ]),
        "get /health?deep=1 http/1.1\nconnection: close\nhost: example.com\nuser-agent: mine\nx-one: 1\nx-one: 2"
    );
}

fn http_redirects() {
    let to = |place: &str| answer("302 Found", &format!("Location: {place}\r\n"));
    // (answers, number of requests, outcome)
    let cases = [
        (vec![to("/next"), answer("200 OK", "")], Outcome::Success),
        (vec![to("next?x"), answer("500 No", "")], failure("HTTP probe failed with statuscode: 500")),
        // Another host is not asked: its name alone is success, as the kubelet has it.
        (vec![to("http://example.com/")], Outcome::Success),
        (vec![to("ftp://127.0.0.1/")], Outcome::Success),
        (vec![answer("302 Found", "")], Outcome::Success),
    ];
    for (answers, wanted) in cases {
        let count = answers.len();
        let (port, server) = serve(answers);
        assert_eq!(probe(get(port, "/dir/page", &[])), wanted);
        let requests = server.join().unwrap();
        assert_eq!(requests.len(), count);
        if let Some(second) = requests.get(1) {
            assert!(
                second.starts_with("GET /next HTTP/1.1") || second.starts_with("GET /dir/next?x HTTP/1.1"),
                "{second}"
            );
        }
    }
    let (port, server) = serve(vec![to("/again"); 10]);
    assert_eq!(
        probe(get(port, "/", &[])),
        failure(&format!("Get \"http://127.0.0.1:{port}/\": stopped after 10 redirects"))
    );
    server.join().unwrap();
}

fn time_limit() {
    // It accepts, by the kernel, and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut slow = plan(get(port, "/", &[]));
    slow.timeout_ms = 300;
    let begin = std::time::Instant::now();
    assert_eq!(outcome(&Plan::Probe(slow)), Outcome::TimedOut);
    assert!(begin.elapsed().as_secs() < 3);
}

fn tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(probe(Handler::TcpSocket { host: None, port }), Outcome::Success);
    assert_eq!(probe(Handler::TcpSocket { host: Some("localhost".into()), port }), Outcome::Success);
    drop(listener);
    let refused = failure(&format!("dial tcp 127.0.0.1:{port}: connect: connection refused"));
    assert_eq!(probe(Handler::TcpSocket { host: None, port }), refused);
    let refused = failure(&format!("Get \"http://127.0.0.1:{port}/x\": connection refused"));
    assert_eq!(probe(get(port, "/x", &[])), refused);
    let v6 = probe(Handler::TcpSocket { host: Some("::1".into()), port });
    assert!(
        matches!(&v6, Outcome::Failure(text) if text.starts_with(&format!("dial tcp [::1]:{port}: connect: "))),
        "{v6:?}"
    );
}

fn hooks_take_any_answer() {
    let (port, server) = serve(vec![answer("500 No", "")]);
    assert_eq!(outcome(&Plan::Hook(plan(get(port, "/", &[])))), Outcome::Success);
    assert!(server.join().unwrap()[0].to_lowercase().contains("user-agent: podkit-lifecycle/"));
    let refused = failure(&format!("Get \"http://127.0.0.1:{port}/\": connection refused"));
    assert_eq!(outcome(&Plan::Hook(plan(get(port, "/", &[])))), refused);
}

fn joins_the_network() {
    let mut fixture = super::fixture::Fixture::shell("");
    let net = fixture.pin("net");
    let pins = pod_engine::plan::NamespacePaths { net: Some(net.clone()), ..Default::default() };
    let sandbox = pod_engine::plan::SandboxPlan { pins: pins.clone(), hostname: None, sysctls: vec![] };
    pod_engine::stage1::make_sandbox(&sandbox).unwrap();
    fixture.plan.namespaces = pins;
    fixture.plan.process = super::fixture::process(&["sh", "-c", "echo; exec nc -l -p 8080"]);
    let app = fixture.start();
    app.line();
    let mut plan = plan(Handler::TcpSocket { host: None, port: 8080 });
    plan.net = Some(net);
    let begin = std::time::Instant::now();
    while outcome(&Plan::Probe(plan.clone())) != Outcome::Success {
        assert!(begin.elapsed().as_secs() < 10);
    }
    // Nobody listens there on the host.
    plan.net = None;
    assert_ne!(outcome(&Plan::Probe(plan)), Outcome::Success);
    app.kill();
}

fn grpc_outcome(port: u16, service: &str, timeout_ms: u64) -> Outcome {
    let handler = Handler::Grpc { port, service: service.to_owned() };
    outcome(&Plan::Probe(ProbePlan { timeout_ms, ..plan(handler) }))
}

/// Servers that do not behave.
fn grpc() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // An HTTP/1.1 server; one that says nothing; one that ends the call.
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        let silent = listener.accept().unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x02");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        drop(silent);
    });
    let failed = |what: &str| Outcome::Failure(format!("error: health rpc probe failed: {what}"));
    assert_eq!(grpc_outcome(port, "", 5000), failed("the server does not speak HTTP/2"));
    assert_eq!(grpc_outcome(port, "", 300), Outcome::TimedOut);
    assert_eq!(grpc_outcome(port, "", 5000), failed("the server reset the call"));
    server.join().unwrap();
    let Outcome::Failure(text) = grpc_outcome(port, "", 5000) else { panic!("nobody listens") };
    assert_eq!(text, format!("dial tcp 127.0.0.1:{port}: connect: connection refused"));
}

/// Google's server, with a health service of four answers.
const SERVER: &str = r#"
import grpc, sys, time
from concurrent import futures
ANSWERS = {b"": b"\x08\x01", b"\x0a\x03bad": b"\x08\x02", b"\x0a\x07unknown": b""}
def check(request, context):
    if request == b"\x0a\x04slow":
        time.sleep(3)
    if request not in ANSWERS:
        context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
    return ANSWERS[request]
server = grpc.server(futures.ThreadPoolExecutor(4))
handlers = {"Check": grpc.unary_unary_rpc_method_handler(check, lambda b: b, lambda b: b)}
if len(sys.argv) < 2:
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("grpc.health.v1.Health", handlers),))
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
"#;

/// Whether there is gRPC for Python.
pub(crate) fn has_grpc() -> bool {
    let import = std::process::Command::new("/usr/bin/python3").args(["-c", "import grpc"]).output();
    import.is_ok_and(|output| output.status.success())
}

/// A server in Python; its standard input ends it.
fn python_server(arguments: &[&str]) -> (std::process::Child, u16) {
    use std::io::BufRead;
    use std::process::{Command, Stdio};
    let mut server = Command::new("/usr/bin/python3")
        .args(["-c", SERVER])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (server, line.trim().parse().unwrap())
}

fn grpc_with_a_real_server() {
    let (mut server, port) = python_server(&[]);
    let unhealthy = |name: &str| Outcome::Failure(format!("service unhealthy (responded with \"{name}\")"));
    assert_eq!(grpc_outcome(port, "", 5000), Outcome::Success);
    assert_eq!(grpc_outcome(port, "bad", 5000), unhealthy("NOT_SERVING"));
    assert_eq!(grpc_outcome(port, "unknown", 5000), unhealthy("UNKNOWN"));
    assert_eq!(grpc_outcome(port, "slow", 500), Outcome::TimedOut);
    let none = "error: health rpc probe failed: the server answered without a health status; it may not implement grpc.health.v1.Health";
    assert_eq!(grpc_outcome(port, "missing", 5000), Outcome::Failure(none.to_owned()));
    server.kill().unwrap();
    server.wait().unwrap();
    let (mut server, port) = python_server(&["without"]);
    assert_eq!(grpc_outcome(port, "", 5000), Outcome::Failure(none.to_owned()));
    server.kill().unwrap();
    server.wait().unwrap();
}

/// A server of OpenSSL with a certificate that nobody would believe.
fn https() {
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-keyout", "key", "-out", "cert", "-subj", "/CN=nobody", "-days", "1"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Command::new("openssl")
        .args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-key", "key", "-cert", "cert", "-www"])
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let asked = |scheme| {
        let Handler::HttpGet { host, port, path, headers, .. } = get(port, "/", &[]) else { panic!() };
        outcome(&Plan::Probe(plan(Handler::HttpGet { host, port, path, scheme, headers })))
    };
    let mut seen = asked(HttpScheme::Https);
    for _ in 0..200 {
        if seen == Outcome::Success {
            break;
        }
        thread::sleep(std::time::Duration::from_millis(20));
        seen = asked(HttpScheme::Https);
    }
    assert_eq!(seen, Outcome::Success);
    assert!(matches!(asked(HttpScheme::Http), Outcome::Failure(_)), "it speaks nothing else");
    server.kill().unwrap();
    server.wait().unwrap();
}
