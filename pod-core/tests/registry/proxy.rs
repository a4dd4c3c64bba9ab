//! A server on loopback that passes requests on to a registry, or breaks what it is told to break.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a request looked like.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn is_blob(&self) -> bool {
        self.method == "GET" && self.path.contains("/blobs/sha256:")
    }

    pub(crate) fn authorization(&self) -> Option<&str> {
        self.headers.get("authorization").map(String::as_str)
    }
}

/// What becomes of a request.
pub(crate) enum Fate {
    Pass,
    /// An answer of our own: status line, headers and body.
    Answer(String),
    /// The upstream's body ends after so many bytes, and the connection with it.
    CutAfter(usize),
    /// As many bytes with a `Content-Length` to match: a blob that is too short but well framed.
    Truncate(usize),
    /// A byte of the body is another.
    Flip(usize),
    /// More bytes than there are.
    Append(usize),
    /// So many bytes, then silence.
    StallAfter(usize),
    /// So many bytes at a time, with pauses.
    Slow(usize, Duration),
    /// The whole blob, whatever range was asked for.
    IgnoreRange,
}

type Rule = Box<dyn Fn(&Seen, usize) -> Fate + Send + Sync>;

/// See the module.
pub(crate) struct Proxy {
    pub(crate) host: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Proxy {
    /// The rule is told of each request and how many of the same path came before it.
    pub(crate) fn start(upstream: &str, rule: impl Fn(&Seen, usize) -> Fate + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let rule: Arc<Rule> = Arc::new(Box::new(rule));
        let (upstream, ours, log) = (upstream.to_owned(), host.clone(), Arc::clone(&seen));
        // The thread ends with the test process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (upstream, ours, rule, log) =
                    (upstream.clone(), ours.clone(), Arc::clone(&rule), Arc::clone(&log));
                std::thread::spawn(move || {
                    // A client that goes away in the middle is what many tests are about.
                    let _ = serve(stream, &upstream, &ours, &rule, &log);
                });
            }
        });
        Self { host, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn blobs(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(Seen::is_blob).collect()
    }
}

fn serve(
    mut client: TcpStream,
    upstream: &str,
    ours: &str,
    rule: &Rule,
    log: &Mutex<Vec<Seen>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut first = lines.first().map(String::as_str).unwrap_or_default().split(' ');
    let (method, path) =
        (first.next().unwrap_or_default().to_owned(), first.next().unwrap_or_default().to_owned());
    let headers: HashMap<String, String> = lines
        .iter()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut body = vec![0; headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let seen = Seen { method, path, headers, body: body.clone() };
    let before = {
        let mut log = log.lock().unwrap();
        let before =
            log.iter().filter(|other| other.path == seen.path && other.method == seen.method).count();
        log.push(seen.clone());
        before
    };
    let fate = rule(&seen, before);
    if let Fate::Answer(text) = fate {
        return client.write_all(text.as_bytes());
    }
    let (head, body) = ask(upstream, ours, &seen, &body, matches!(fate, Fate::IgnoreRange))?;
    answer(&mut client, &head, body, &fate, seen.method == "HEAD")
}

/// The upstream's head and whole body.
fn ask(
    upstream: &str,
    ours: &str,
    seen: &Seen,
    body: &[u8],
    whole: bool,
) -> std::io::Result<(String, Vec<u8>)> {
    let mut server = TcpStream::connect(upstream)?;
    write!(server, "{} {} HTTP/1.1\r\nHost: {ours}\r\nConnection: close\r\n", seen.method, seen.path)?;
    for (name, value) in &seen.headers {
        let dropped = matches!(name.as_str(), "host" | "connection" | "expect") || (whole && name == "range");
        if !dropped {
            write!(server, "{name}: {value}\r\n")?;
        }
    }
    server.write_all(b"\r\n")?;
    server.write_all(body)?;
    let mut bytes = Vec::new();
    server.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = bytes.split_off((end + 4).min(bytes.len()));
    assert!(
        !head.to_ascii_lowercase().contains("transfer-encoding: chunked")
            || body.is_empty()
            || seen.method != "GET"
            || !seen.is_blob()
    );
    Ok((head, body))
}

fn answer(
    client: &mut TcpStream,
    head: &str,
    mut body: Vec<u8>,
    fate: &Fate,
    is_head: bool,
) -> std::io::Result<()> {
    let mut length = None;
    match fate {
        Fate::Truncate(count) => {
            body.truncate(*count);
            length = Some(body.len());
        }
        Fate::Append(count) => {
            body.extend(vec![b'x'; *count]);
            length = Some(body.len());
        }
        Fate::Flip(at) => {
            if let Some(byte) = body.get_mut(*at) {
                *byte ^= 0xff;
            }
        }
        _ => {}
    }
    for line in head.split("\r\n") {
        let name = line.to_ascii_lowercase();
        match length {
            Some(length) if name.starts_with("content-length:") => {
                write!(client, "Content-Length: {length}\r\n")?
            }
            _ if name.starts_with("connection:") => {}
            _ => write!(client, "{line}\r\n")?,
        }
    }
    client.write_all(b"Connection: close\r\n\r\n")?;
    if is_head {
        return Ok(());
    }
    match fate {
        Fate::CutAfter(count) => client.write_all(&body[..body.len().min(*count)]),
        Fate::StallAfter(count) => {
            client.write_all(&body[..body.len().min(*count)])?;
            std::thread::sleep(Duration::from_secs(30));
            Ok(())
        }
        Fate::Slow(count, pause) => body.chunks(*count).try_for_each(|chunk| {
            std::thread::sleep(*pause);
            client.write_all(chunk)
        }),
        _ => client.write_all(&body),
    }
}
