//! An image in a registry: what a name stands for, and what is behind it.

mod choice;
mod content;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use ureq::http::Method;

use super::http::Session;
use super::login::Target;
use super::settings::Settings;
use super::{Cancel, Error, ErrorKind, Progress};
use crate::image::{Descriptor, Digest, ImageManifest, Manifest, Platform, Reference};
use content::manifest_request;

/// How many layers are transferred at once unless the caller says otherwise: what containerd and Docker do.
const JOBS: usize = 3;

/// An image in a registry, by its name. Made by [`Client::image`](super::Client::image); each call is an operation of its own.
#[must_use]
pub struct Remote<'a> {
    pub(super) settings: &'a Settings,
    pub(super) name: &'a Reference<'a>,
    pub(super) platform: Option<Platform>,
    pub(super) jobs: usize,
    pub(super) cancel: Cancel,
    pub(super) progress: &'a (dyn Fn(Progress<'_>) + Sync),
}

/// A manifest as it came, with the descriptor by which it is referred to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Fetched {
    /// Type, digest and size.
    pub descriptor: Descriptor,
    /// The bytes, which have that digest.
    pub bytes: Vec<u8>,
    /// What they say.
    pub manifest: Manifest,
}

/// What is known of an image without its layers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Inspected {
    /// What the name stands for: the index where there is one, else the manifest.
    pub root: Fetched,
    /// The manifest for the platform.
    pub descriptor: Descriptor,
    /// What that manifest says.
    pub manifest: ImageManifest,
    /// The image's configuration, as it came.
    pub config: Vec<u8>,
}

impl<'a> Remote<'a> {
    pub(super) fn new(settings: &'a Settings, name: &'a Reference<'a>) -> Self {
        Self { settings, name, platform: None, jobs: JOBS, cancel: Cancel::new(), progress: &|_| {} }
    }

    /// Takes the image for this machine out of an index; else a pull takes the whole index with all its images.
    pub fn for_platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// How many layers are transferred at once: 3 unless it is said.
    pub const fn jobs(mut self, jobs: NonZeroUsize) -> Self {
        self.jobs = jobs.get();
        self
    }

    /// The switch that stops the operation.
    pub fn cancelled_by(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Who is told how far it is. The calls come from several threads, and the transfer waits for them.
    pub fn progress(mut self, progress: &'a (dyn Fn(Progress<'_>) + Sync)) -> Self {
        self.progress = progress;
        self
    }

    /// What the name stands for now: the type, digest and size of a manifest or index (distribution specification,
    /// "Checking if content exists in the registry").
    ///
    /// # Errors
    ///
    /// The registry cannot be asked, does not let us, or has no such image.
    pub fn resolve(&self) -> Result<Descriptor, Error> {
        let session = Session::new(self.settings, &self.cancel);
        let doing = format!("cannot look up `{}`", self.name);
        let what = self.what();
        self.at_each(&self.targets(false)?, |target| {
            let answer = session.retrying(target.is_home, || {
                let request = manifest_request(target, Method::HEAD, &what, &doing)?;
                let answer = session.send(target, &request)?;
                if answer.status() == 200 { Ok(answer) } else { Err(answer.unexpected(&doing)) }
            })?;
            let digest =
                answer.header("docker-content-digest").and_then(|text| text.parse::<Digest<'_>>().ok());
            let size = answer.header("content-length").and_then(|text| text.parse().ok());
            let media_type = answer.header("content-type").map(str::to_owned);
            Ok(match (media_type, digest, size) {
                (Some(media_type), Some(digest), Some(size)) => {
                    if self.name.digest().is_some_and(|asked| asked.as_str() != digest.as_str()) {
                        let detail = format!("the registry calls it `{digest}`");
                        return Err(Error::new(ErrorKind::Corrupt, &*doing, detail));
                    }
                    Descriptor::new(media_type, digest, size)
                }
                // Registries need not name the digest: then the manifest itself does.
                _ => {
                    self.manifest_from(
                        &session,
                        target,
                        &what,
                        self.name.digest().map(Digest::into_owned),
                        None,
                    )?
                    .descriptor
                }
            })
        })
    }

    /// Fetches the manifest or index that the name stands for.
    ///
    /// # Errors
    ///
    /// As [`Remote::resolve`], and when what comes has another digest or is no [`Manifest`].
    pub fn manifest(&self) -> Result<Fetched, Error> {
        let session = Session::new(self.settings, &self.cancel);
        self.root(&session, &self.targets(false)?)
    }

    /// Fetches manifest and configuration for the platform that was chosen, else for the one of this program.
    ///
    /// # Errors
    ///
    /// As [`Remote::manifest`], and when no image of an index is for the platform.
    pub fn inspect(&self) -> Result<Inspected, Error> {
        let session = Session::new(self.settings, &self.cancel);
        let targets = self.targets(false)?;
        let root = self.root(&session, &targets)?;
        let platform = self.platform.clone().unwrap_or_else(Platform::of_this_program);
        let chosen = self.choose(&session, &targets, &root, &platform)?;
        let config = match chosen.config {
            Some(config) => config,
            None => self.small_blob(&session, &targets, &chosen.manifest.config)?,
        };
        Ok(Inspected { root, descriptor: chosen.fetched.descriptor, manifest: chosen.manifest, config })
    }

    /// The tag or digest that is asked for.
    pub(super) fn what(&self) -> String {
        match (self.name.digest(), self.name.tag()) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag.unwrap_or("latest").to_owned(),
        }
    }

    /// The registry and, for pulls, its mirrors before it.
    pub(super) fn targets(&self, push: bool) -> Result<Vec<Target>, Error> {
        let path = self.name.path();
        let targets: Vec<_> = self
            .settings
            .endpoints(self.name.domain())
            .into_iter()
            .filter(|(_, is_home)| *is_home || !push)
            .map(|(origin, is_home)| {
                let name = if is_home {
                    self.name.name().to_string()
                } else {
                    format!("{}/{path}", origin.authority())
                };
                Target { origin, repository: path.clone().into_owned(), name, push, is_home }
            })
            .collect();
        if targets.is_empty() {
            let doing = format!("cannot reach the registry of `{}`", self.name);
            return Err(Error::new(ErrorKind::Refused, doing, "its domain is no host of a URL"));
        }
        Ok(targets)
    }

    /// The first success; else what the registry itself, the last of the targets, said.
    fn at_each<T>(
        &self,
        targets: &[Target],
        mut ask: impl FnMut(&Target) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut last = None;
        for target in targets {
            match ask(target) {
                Err(error) if error.kind() != ErrorKind::Cancelled => last = Some(error),
                result => return result,
            }
        }
        Err(last.unwrap_or_else(|| Error::cancelled(format!("cannot reach the registry of `{}`", self.name))))
    }

    /// Does something with each blob, several at once. The first failure stops the others.
    pub(super) fn in_parallel(
        &self,
        session: &Session<'_>,
        blobs: &[&Descriptor],
        work: impl Fn(&Descriptor) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let queue = Mutex::new(blobs.iter());
        let failure = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.min(blobs.len()) {
                scope.spawn(|| {
                    while !session.is_stopped() {
                        let Some(blob) = queue.lock().unwrap_or_else(PoisonError::into_inner).next() else {
                            return;
                        };
                        if let Err(error) = work(blob) {
                            // What the others say after this is that they were stopped.
                            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                            session.stop();
                        }
                    }
                });
            }
        });
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None if session.is_stopped() => Err(Error::cancelled(format!("cannot transfer `{}`", self.name))),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Remote<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("name", &self.name)
            .field("platform", &self.platform)
            .field("jobs", &self.jobs)
            .field("cancel", &self.cancel)
            .finish_non_exhaustive()
    }
}
