//! Blobs of a registry as they come, for whoever unpacks them at once and keeps nothing of them.

use std::fmt;
use std::io::{self, Read};

use super::http::Session;
use super::login::Target;
use super::{Error, ErrorKind, Progress, Remote, blob};
use crate::image::Descriptor;

/// The blobs of an image in a registry. Made by [`Remote::blobs`]; all share one login.
pub struct Blobs<'a> {
    remote: &'a Remote<'a>,
    session: Session<'a>,
    targets: Vec<Target>,
}

impl Remote<'_> {
    /// The blobs of the image's repository, to be read by several threads at once, say. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// The domain of the name is no host.
    pub fn blobs(&self) -> Result<Blobs<'_>, Error> {
        let session = Session::new(self.settings, &self.cancel);
        Ok(Blobs { remote: self, session, targets: self.targets(false)? })
    }
}

impl<'a> Blobs<'a> {
    /// A blob as it comes: it is asked for by the first read, and after a break the rest is. Mirrors are asked before the registry.
    ///
    /// **Its bytes are not checked.** They are as many as the descriptor says, and nothing else is known of them: whoever reads them compares
    /// their digest before believing anything.
    #[must_use]
    pub fn open(&'a self, blob: &Descriptor) -> BlobReader<'a> {
        BlobReader {
            blobs: self,
            blob: blob.clone(),
            target: 0,
            at: 0,
            failures: 0,
            has_ranges: true,
            answer: None,
        }
    }
}

impl Blobs<'_> {
    /// The same from the registry itself: for whoever has found out that a mirror gave other bytes.
    #[must_use]
    pub fn without_mirrors(mut self) -> Self {
        self.targets.retain(|target| target.is_home);
        self
    }
}

impl fmt::Debug for Blobs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blobs").field("remote", &self.remote).finish_non_exhaustive()
    }
}

/// A blob as it comes from a registry ([`Blobs::open`]). What fails for good is an [`Error`] within an [`io::Error`].
pub struct BlobReader<'a> {
    blobs: &'a Blobs<'a>,
    blob: Descriptor,
    target: usize,
    /// How many bytes were given away.
    at: u64,
    /// How many times in a row something failed that may pass.
    failures: u32,
    /// Whether the server gives parts.
    has_ranges: bool,
    answer: Option<Box<dyn Read + Send>>,
}

impl fmt::Debug for BlobReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobReader").field("blob", &self.blob).field("at", &self.at).finish_non_exhaustive()
    }
}

impl BlobReader<'_> {
    fn doing(&self, target: &Target) -> String {
        format!("cannot fetch `{}` from `{}/{}`", self.blob.digest, target.origin, target.repository)
    }

    fn attempt(&mut self, target: &Target, buffer: &mut [u8]) -> Result<usize, Error> {
        let doing = self.doing(target);
        let session = &self.blobs.session;
        if session.is_stopped() {
            return Err(Error::cancelled(doing));
        }
        let answer = match &mut self.answer {
            Some(answer) => answer,
            None => {
                let answer = self.ask(target, &doing)?;
                self.answer.insert(answer)
            }
        };
        let most = usize::try_from(self.blob.size - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let count = answer
            .read(buffer.get_mut(..most).unwrap_or_default())
            .map_err(|error| session.failed_io(error, &doing))?;
        if count == 0 {
            let detail = format!("it ended after {} of {} bytes", self.at, self.blob.size);
            return Err(Error::new(ErrorKind::Network, doing, detail));
        }
        Ok(count)
    }

    /// The answer from where we are.
    fn ask(&mut self, target: &Target, doing: &str) -> Result<Box<dyn Read + Send>, Error> {
        let session = &self.blobs.session;
        let from = if self.has_ranges { self.at } else { 0 };
        let Some((answer, from)) = blob::ask(session, target, &self.blob, from, doing)? else {
            self.has_ranges = false;
            return Err(Error::new(ErrorKind::Server, doing, "the server does not give the rest of it"));
        };
        let mut answer = answer.into_reader();
        // What was given away already comes again.
        let again = self.at - from;
        let skipped = io::copy(&mut (&mut answer).take(again), &mut io::sink())
            .map_err(|error| session.failed_io(error, doing))?;
        if skipped < again {
            let detail = format!("it ended after {skipped} of {} bytes", self.blob.size);
            return Err(Error::new(ErrorKind::Network, doing, detail));
        }
        Ok(Box::new(answer))
    }

    /// Gets ready for another attempt, if there is to be one.
    fn recover(&mut self, target: &Target, error: Error) -> Result<(), Error> {
        self.answer = None;
        if error.kind() == ErrorKind::Cancelled {
            return Err(error);
        }
        if error.is_transient() && self.failures < self.blobs.session.retries(target.is_home) {
            self.failures += 1;
            (self.blobs.remote.progress)(Progress::Retrying { blob: &self.blob, offset: self.at });
            return self.blobs.session.pause(self.failures, &error);
        }
        if self.target + 1 >= self.blobs.targets.len() {
            return Err(error);
        }
        (self.target, self.failures, self.has_ranges) = (self.target + 1, 0, true);
        Ok(())
    }
}

impl Read for BlobReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let blobs = self.blobs;
        while self.at < self.blob.size && !buffer.is_empty() {
            let Some(target) = blobs.targets.get(self.target) else { break };
            match self.attempt(target, buffer) {
                Ok(count) => {
                    self.at += count as u64;
                    self.failures = 0;
                    (blobs.remote.progress)(Progress::Advanced { blob: &self.blob, done: self.at });
                    return Ok(count);
                }
                Err(error) => self.recover(target, error).map_err(io::Error::other)?,
            }
        }
        Ok(0)
    }
}
