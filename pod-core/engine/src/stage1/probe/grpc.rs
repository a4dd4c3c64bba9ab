//! The gRPC health check, `grpc.health.v1.Health/Check`: as much of HTTP/2 (RFC 9113) as one call without TLS needs.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use pod_core::lifecycle::Outcome;

/// What a client says first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PATH: &str = "/grpc.health.v1.Health/Check";
/// The longest frame that a server may send who was not told otherwise (RFC 9113 §4.2).
const MAX_FRAME: usize = 16_384;
/// As many frames as we look at: an answer has three or four.
const MAX_FRAMES: usize = 1000;
/// The one request of the connection.
const STREAM: u32 = 1;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

/// `END_STREAM` of DATA and HEADERS, `ACK` of SETTINGS and PING.
const END_OR_ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;

/// Asks a connected server whether a service serves; `authority` is what the server is called.
pub(super) fn check(stream: TcpStream, authority: &str, service: &str, deadline: Instant) -> Outcome {
    let mut exchange = Exchange { stream, deadline };
    match exchange.call(authority, service) {
        Ok(message) => verdict(&message),
        Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
            Outcome::TimedOut
        }
        Err(error) => Outcome::Failure(format!("error: health rpc probe failed: {error}")),
    }
}

/// What the body of an answer says: the kubelet's words (`pkg/probe/grpc`).
fn verdict(body: &[u8]) -> Outcome {
    let Some(message) = message(body) else {
        // Without a body only the status in the trailer says why; that of a server without the service is the usual one.
        return Outcome::Failure(
            "error: health rpc probe failed: the server answered without a health status; it may not implement grpc.health.v1.Health"
                .to_owned(),
        );
    };
    match status(message) {
        Some(1) => Outcome::Success,
        Some(status) => {
            let name = match status {
                0 => "UNKNOWN",
                2 => "NOT_SERVING",
                3 => "SERVICE_UNKNOWN",
                _ => return Outcome::Failure(format!("service unhealthy (responded with \"{status}\")")),
            };
            Outcome::Failure(format!("service unhealthy (responded with \"{name}\")"))
        }
        None => Outcome::Failure(
            "error: health rpc probe failed: the answer is no HealthCheckResponse".to_owned(),
        ),
    }
}

/// The message of a body that has one: a byte that says whether it is compressed, its length, itself.
fn message(body: &[u8]) -> Option<&[u8]> {
    let (prefix, rest) = body.split_at_checked(5)?;
    let [0, length @ ..] = prefix else { return None };
    let length = u32::from_be_bytes(length.try_into().ok()?);
    rest.get(..usize::try_from(length).ok()?)
}

/// Field 1 of a `HealthCheckResponse`, a varint (Protocol Buffers encoding); absent it is 0. `None`: it is no such message.
fn status(mut message: &[u8]) -> Option<u64> {
    let mut status = 0;
    while !message.is_empty() {
        let key = varint(&mut message)?;
        match (key >> 3, key & 7) {
            (1, 0) => status = varint(&mut message)?,
            (_, 0) => drop(varint(&mut message)?),
            (_, 1) => message = message.get(8..)?,
            (_, 2) => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                message = message.get(length..)?;
            }
            (_, 5) => message = message.get(4..)?,
            _ => return None,
        }
    }
    Some(status)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A connection with its time.
struct Exchange {
    stream: TcpStream,
    deadline: Instant,
}

/// A frame, without its length.
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Exchange {
    /// The body of the answer.
    fn call(&mut self, authority: &str, service: &str) -> io::Result<Vec<u8>> {
        let mut request = PREFACE.to_vec();
        push_frame(&mut request, SETTINGS, 0, 0, &[]);
        push_frame(&mut request, HEADERS, END_HEADERS, STREAM, &headers(authority));
        push_frame(&mut request, DATA, END_OR_ACK, STREAM, &question(service));
        self.write(&request)?;
        let mut body = Vec::new();
        for _ in 0..MAX_FRAMES {
            let frame = self.read_frame()?;
            match frame.kind {
                SETTINGS | PING if frame.flags & END_OR_ACK == 0 => {
                    let mut answer = Vec::new();
                    let echo = if frame.kind == PING { frame.payload.as_slice() } else { &[] };
                    push_frame(&mut answer, frame.kind, END_OR_ACK, 0, echo);
                    self.write(&answer)?;
                }
                DATA if frame.stream == STREAM => body.extend_from_slice(data(&frame)?),
                RST_STREAM if frame.stream == STREAM => return Err(other("the server reset the call")),
                GOAWAY => return Err(other("the server ended the connection")),
                _ => {}
            }
            let ends = matches!(frame.kind, DATA | HEADERS) && frame.flags & END_OR_ACK != 0;
            if ends && frame.stream == STREAM {
                return Ok(body);
            }
        }
        Err(other("the server does not come to an end"))
    }

    fn read_frame(&mut self) -> io::Result<Frame> {
        let mut head = [0; 9];
        self.read(&mut head)?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        if length > MAX_FRAME {
            return Err(other("the server does not speak HTTP/2"));
        }
        let mut payload = vec![0; length];
        self.read(&mut payload)?;
        Ok(Frame { kind, flags, stream: u32::from_be_bytes(stream) & 0x7fff_ffff, payload })
    }

    /// Whatever a server does: each step has what is left of the time.
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    fn read(&mut self, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            self.stream.set_read_timeout(Some(self.left()?))?;
            match self.stream.read(buffer) {
                Ok(0) => return Err(other("the server closed the connection")),
                Ok(count) => buffer = buffer.get_mut(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write_all(bytes)
    }
}

fn other(text: &str) -> io::Error {
    io::Error::other(text)
}

/// What of a DATA frame is data (RFC 9113 §6.1).
fn data(frame: &Frame) -> io::Result<&[u8]> {
    if frame.flags & PADDED == 0 {
        return Ok(&frame.payload);
    }
    let padded = frame
        .payload
        .split_first()
        .and_then(|(padding, rest)| rest.get(..rest.len().checked_sub(usize::from(*padding))?));
    padded.ok_or_else(|| other("the server does not speak HTTP/2"))
}

fn push_frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    // What we send is far below the longest frame.
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// The request's fields as HPACK has them (RFC 7541), each by the static table or as a literal that is not remembered.
fn headers(authority: &str) -> Vec<u8> {
    // Static entries 3 and 6: `:method: POST`, `:scheme: http`.
    let mut out = vec![0x83, 0x86];
    // Names of the static table: 4 `:path`, 1 `:authority`; 31 `content-type` and 58 `user-agent` do not fit into four bits.
    literal(&mut out, &[0x04], PATH);
    literal(&mut out, &[0x01], authority);
    literal(&mut out, &[0x0f, 31 - 15], "application/grpc");
    literal(&mut out, &[0x0f, 58 - 15], concat!("podkit-probe/", env!("CARGO_PKG_VERSION")));
    let mut te = vec![0x00];
    string(&mut te, "te");
    literal(&mut out, &te, "trailers");
    out
}

fn literal(out: &mut Vec<u8>, name: &[u8], value: &str) {
    out.extend_from_slice(name);
    string(out, value);
}

/// A string without Huffman coding (RFC 7541 §5.2).
fn string(out: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    if length < 0x7f {
        out.push(u8::try_from(length).unwrap_or_default());
    } else {
        out.push(0x7f);
        length -= 0x7f;
        while length >= 0x80 {
            out.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
            length >>= 7;
        }
        out.push(u8::try_from(length).unwrap_or_default());
    }
    out.extend_from_slice(text.as_bytes());
}

/// A `HealthCheckRequest` with its prefix: field 1 is the service.
fn question(service: &str) -> Vec<u8> {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(0x0a);
        let mut length = service.len();
        while length >= 0x80 {
            message.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
            length >>= 7;
        }
        message.push(u8::try_from(length).unwrap_or_default());
        message.extend_from_slice(service.as_bytes());
    }
    let mut out = vec![0];
    out.extend_from_slice(&u32::try_from(message.len()).unwrap_or_default().to_be_bytes());
    out.extend_from_slice(&message);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let body = |message: &[u8]| [&[0, 0, 0, 0, u8::try_from(message.len()).unwrap()], message].concat();
        let unhealthy =
            |name: &str| Outcome::Failure(format!("service unhealthy (responded with \"{name}\")"));
        for (message, expected) in [
            (&[0x08, 0x01][..], Outcome::Success),
            (&[0x08, 0x02], unhealthy("NOT_SERVING")),
            (&[0x08, 0x03], unhealthy("SERVICE_UNKNOWN")),
            (&[], unhealthy("UNKNOWN")),
            (&[0x08, 0x80, 0x01], unhealthy("128")),
            // Fields that are not known are passed over.
            (
                &[0x12, 0x01, b'x', 0x08, 0x01, 0x1d, 0, 0, 0, 0, 0x21, 0, 0, 0, 0, 0, 0, 0, 0],
                Outcome::Success,
            ),
        ] {
            assert_eq!(verdict(&body(message)), expected, "{message:?}");
        }
        for broken in [
            &[][..],
            &[0, 0, 0, 0, 5, 8],
            &[1, 0, 0, 0, 0],
            &[0, 0, 0, 0, 2, 0x08, 0x80],
            &[0, 0, 0, 0, 1, 0x0b],
        ] {
            let Outcome::Failure(text) = verdict(broken) else { panic!("{broken:?}") };
            assert!(text.starts_with("error: health rpc probe failed: "), "{text}");
        }
    }

    #[test]
    fn questions() {
        assert_eq!(question(""), [0, 0, 0, 0, 0]);
        assert_eq!(question("web"), [0, 0, 0, 0, 5, 0x0a, 3, b'w', b'e', b'b']);
        let long = question(&"x".repeat(300));
        assert_eq!(long[..8], [0, 0, 0, 1, 0x2f, 0x0a, 0xac, 0x02]);
        let mut text = Vec::new();
        string(&mut text, &"y".repeat(300));
        assert_eq!(text[..3], [0x7f, 0xad, 0x01]);
    }
}
