//! Runs a credential helper.
#![expect(clippy::disallowed_methods, reason = "feature `registry` runs the helpers that the keyring names")]

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Cancel, Error, ErrorKind};
use crate::image::{Credential, HelperCall};

/// What a helper may print, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// Asks a helper, which may take as long as `limit`.
pub(super) fn ask(call: &HelperCall, limit: Duration, cancel: &Cancel) -> Result<Option<Credential>, Error> {
    let doing = format!("cannot ask `{}` for `{}`", call.program(), call.server());
    let mut child = Command::new(call.program())
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| Error::io(&*doing, error))?;
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let server = call.server().to_owned();
    std::thread::scope(|scope| {
        // A helper that does not read its input is judged by what it prints.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(server.as_bytes())));
        let output = scope.spawn(move || {
            let mut bytes = zeroize::Zeroizing::new(Vec::new());
            stdout.map(|stdout| stdout.take(MAX_ANSWER).read_to_end(&mut bytes));
            bytes
        });
        let deadline = Instant::now() + limit;
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Ok(status),
                Ok(None) if Instant::now() > deadline => {
                    break Err(Error::new(ErrorKind::Silent, &*doing, format!("no answer in {limit:?}")));
                }
                Ok(None) if !cancel.wait(Duration::from_millis(5)) => break Err(Error::cancelled(&*doing)),
                Ok(None) => {}
                Err(error) => break Err(Error::io(&*doing, error)),
            }
        };
        if status.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let status = status?;
        let output = output.join().unwrap_or_default();
        call.read_answer(status.success(), &output)
            .map_err(|error| Error::caused(ErrorKind::Unauthorized, &*doing, error))
    })
}
