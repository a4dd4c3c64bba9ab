//! One blob from a registry into a layout.

use std::io::Read;

use ureq::http::Method;

use super::http::{Answer, Payload, Request, Session};
use super::ingest::Ingest;
use super::login::Target;
use super::{Error, ErrorKind, Layout, Progress};
use crate::image::Descriptor;

/// How much is read at once, in bytes.
const CHUNK: usize = 256 << 10;

/// Fetches a blob from the first of `targets` that gives it, unless it is there. The bytes are checked as they come; after a
/// break the rest is asked for.
pub(super) fn fetch(
    session: &Session<'_>,
    targets: &[Target],
    blob: &Descriptor,
    layout: &Layout,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), Error> {
    let Some(mut ingest) = Ingest::begin(layout, blob, session.cancel())? else {
        tell(Progress::Present(blob));
        return Ok(());
    };
    tell(Progress::Started { blob, offset: ingest.len() });
    let mut last = None;
    for target in targets {
        match fetch_from(session, target, blob, &mut ingest, tell) {
            Ok(()) => {
                ingest.finish()?;
                tell(Progress::Finished(blob));
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| {
        Error::new(ErrorKind::Refused, format!("cannot fetch `{}`", blob.digest), "no registry to ask")
    }))
}

fn fetch_from(
    session: &Session<'_>,
    target: &Target,
    blob: &Descriptor,
    ingest: &mut Ingest<'_>,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), Error> {
    let doing = format!("cannot fetch `{}` from `{}/{}`", blob.digest, target.origin, target.repository);
    let (mut failures, mut began_anew) = (0, false);
    loop {
        let before = ingest.len();
        // Bytes that an earlier writer left, or that came before a break, are part of what may be wrong.
        let resumed = before > 0;
        let result = attempt(session, target, blob, ingest, &doing, tell);
        match result {
            Ok(()) if ingest.is_good() => return Ok(()),
            Ok(()) if resumed && !began_anew => {
                began_anew = true;
                ingest.restart()?;
            }
            Ok(()) => {
                let found = ingest.digest();
                ingest.restart()?;
                return Err(Error::new(ErrorKind::Corrupt, doing, format!("its digest is `{found}`")));
            }
            Err(error) if error.is_transient() => {
                failures = if ingest.len() > before { 0 } else { failures + 1 };
                // A mirror that breaks off has had its chance, even if something came.
                if !target.is_home || failures > session.retries(true) {
                    return Err(error);
                }
                tell(Progress::Retrying { blob, offset: ingest.len() });
                session.pause(failures, &error)?;
            }
            Err(error) => {
                // Too many bytes: none of them can be trusted.
                if error.kind() == ErrorKind::Corrupt {
                    ingest.restart()?;
                }
                return Err(error);
            }
        }
    }
}

/// One request for what is missing.
fn attempt(
    session: &Session<'_>,
    target: &Target,
    blob: &Descriptor,
    ingest: &mut Ingest<'_>,
    doing: &str,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), Error> {
    if ingest.len() == blob.size {
        return Ok(());
    }
    let Some((answer, from)) = ask(session, target, blob, ingest.len(), doing)? else {
        // From the start, then.
        ingest.restart()?;
        return Err(Error::new(ErrorKind::Server, doing, "the server does not give the rest of it"));
    };
    if from < ingest.len() {
        ingest.restart()?;
    }
    copy(session, answer, blob, ingest, doing, tell)
}

/// Asks for a blob from a byte on. Gives the answer and where it begins, which is at the start when the server has no ranges; `None` when it
/// does not give the rest.
pub(super) fn ask(
    session: &Session<'_>,
    target: &Target,
    blob: &Descriptor,
    from: u64,
    doing: &str,
) -> Result<Option<(Answer, u64)>, Error> {
    let url = target.url(&format!("blobs/{}", blob.digest), doing)?;
    let mut headers = vec![("accept", "*/*".to_owned())];
    if from > 0 {
        headers.push(("range", format!("bytes={from}-")));
    }
    let request = Request { method: Method::GET, url, headers, payload: Payload::None, doing };
    let answer = session.send(target, &request)?;
    match answer.status() {
        206 if starts_at(&answer, from) => Ok(Some((answer, from))),
        200 => Ok(Some((answer, 0))),
        206 | 416 if from > 0 => Ok(None),
        _ => Err(answer.unexpected(doing)),
    }
}

fn copy(
    session: &Session<'_>,
    answer: Answer,
    blob: &Descriptor,
    ingest: &mut Ingest<'_>,
    doing: &str,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), Error> {
    let mut reader = answer.into_reader();
    let mut buffer = vec![0; CHUNK];
    loop {
        if session.is_stopped() {
            return Err(Error::cancelled(doing));
        }
        let count = reader.read(&mut buffer).map_err(|error| session.failed_io(error, doing))?;
        if count == 0 {
            break;
        }
        ingest.write(buffer.get(..count).unwrap_or_default())?;
        tell(Progress::Advanced { blob, done: ingest.len() });
    }
    if ingest.len() < blob.size {
        let detail = format!("it ended after {} of {} bytes", ingest.len(), blob.size);
        return Err(Error::new(ErrorKind::Network, doing, detail));
    }
    Ok(())
}

/// Whether a partial answer begins where it was asked to (RFC 9110, section 14.4).
fn starts_at(answer: &Answer, offset: u64) -> bool {
    let range = answer.header("content-range").and_then(|range| range.strip_prefix("bytes "));
    range.and_then(|range| range.split('-').next()).is_some_and(|start| start.trim().parse() == Ok(offset))
}
