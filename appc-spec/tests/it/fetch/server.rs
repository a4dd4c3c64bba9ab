//! A web server for tests, on the loopback.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// A question: its path with query, and its headers by lower-case name.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
}

/// An answer: status, headers, content.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) content: Vec<u8>,
    /// Whether the connection ends before the announced length.
    pub(crate) cut: bool,
}

impl Answer {
    pub(crate) fn ok(content: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, content: content.into(), ..Self::default() }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

type Answers = Arc<dyn Fn(&Question) -> Answer + Send + Sync>;
pub(crate) type Wrap = Arc<dyn Fn(std::net::TcpStream) -> Option<Box<dyn Stream>> + Send + Sync>;

pub(crate) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A server that answers as long as the process lives; each connection has one question.
pub(crate) struct Server {
    pub(crate) port: u16,
    log: Arc<Mutex<Vec<Question>>>,
}

impl Server {
    pub(crate) fn new(answers: impl Fn(&Question) -> Answer + Send + Sync + 'static, wrap: Wrap) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let log: Arc<Mutex<Vec<Question>>> = Arc::default();
        let (answers, of_thread): (Answers, _) = (Arc::new(answers), log.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answers, log, wrap) = (answers.clone(), of_thread.clone(), wrap.clone());
                std::thread::spawn(move || {
                    // A client that does not like us goes away.
                    let _ = wrap(stream).and_then(|stream| serve(stream, &*answers, &log).ok());
                });
            }
        });
        Self { port, log }
    }

    /// The questions so far.
    pub(crate) fn asked(&self) -> Vec<Question> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|question| question.path).collect()
    }
}

fn serve(
    stream: Box<dyn Stream>,
    answers: &dyn Fn(&Question) -> Answer,
    log: &Mutex<Vec<Question>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let Some(path) = line.split(' ').nth(1).filter(|_| line.starts_with("GET ")) else { return Ok(()) };
    let path = path.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let question = Question { path, headers };
    log.lock().unwrap().push(question.clone());
    let answer = answers(&question);
    let mut head = format!("HTTP/1.1 {} x\r\nConnection: close\r\n", answer.status);
    let length = answer.content.len() + usize::from(answer.cut) * 10;
    let chunked = answer.headers.iter().any(|(name, _)| name == "Transfer-Encoding");
    if answer.status != 304 && !chunked {
        head += &format!("Content-Length: {length}\r\n");
    }
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let stream = stream.get_mut();
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(&answer.content)?;
    stream.flush()
}
