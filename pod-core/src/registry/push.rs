//! From a layout to a registry.

use std::collections::HashSet;
use std::io::{self, Read};

use ureq::http::Method;

use super::endpoint::{resolve, with_query};
use super::http::{Payload, Request, Session};
use super::login::Target;
use super::{Error, ErrorKind, Layout, Progress, Remote, pull};
use crate::image::{Descriptor, Digest, Manifest};

impl Remote<'_> {
    /// Pushes an image, or an index with all its images, from a layout to the registry, under the name's tag; under its digest alone
    /// if it has one.
    ///
    /// Blobs that the registry has are not sent.
    ///
    /// # Errors
    ///
    /// Something is missing from the layout; the name's digest is another image's; the registry refuses.
    pub fn push(&self, layout: &Layout, image: &Descriptor) -> Result<(), Error> {
        let doing = format!("cannot push `{}`", self.name);
        if let Some(digest) = self.name.digest().filter(|digest| digest.as_str() != image.digest.as_str()) {
            return Err(Error::new(
                ErrorKind::Refused,
                doing,
                format!("the image is `{}`, not `{digest}`", image.digest),
            ));
        }
        let session = Session::new(self.settings, &self.cancel);
        let targets = self.targets(true)?;
        let Some(target) = targets.first() else {
            return Err(Error::new(ErrorKind::Refused, doing, "no registry"));
        };
        (self.progress)(Progress::Resolved(image));

        let manifests = gather(layout, image)?;
        let mut seen = HashSet::new();
        let blobs: Vec<_> = manifests
            .iter()
            .filter_map(|(_, _, manifest)| match manifest {
                Manifest::Image(image) => Some(std::iter::once(&image.config).chain(&image.layers)),
                Manifest::Index(_) => None,
            })
            .flatten()
            .filter(|blob| seen.insert(&blob.digest) && !pull::is_foreign(blob))
            .collect();
        self.in_parallel(&session, &blobs, |blob| {
            session.retrying(true, || self.push_blob(&session, target, layout, blob))
        })?;
        // Children first: a registry takes an index only when it has what is in it.
        for (descriptor, bytes, _) in manifests.iter().rev() {
            let what =
                if descriptor.digest == image.digest { self.what() } else { descriptor.digest.to_string() };
            session.retrying(true, || push_manifest(&session, target, descriptor, bytes, &what))?;
        }
        Ok(())
    }

    fn push_blob(
        &self,
        session: &Session<'_>,
        target: &Target,
        layout: &Layout,
        blob: &Descriptor,
    ) -> Result<(), Error> {
        let doing = format!("cannot push `{}` to `{}/{}`", blob.digest, target.origin, target.repository);
        let request = |method, url, payload| Request {
            method,
            url,
            headers: vec![("content-type", "application/octet-stream".to_owned())],
            payload,
            doing: &doing,
        };
        let url = target.url(&format!("blobs/{}", blob.digest), &doing)?;
        let answer = session.send(target, &request(Method::HEAD, url, Payload::None))?;
        match answer.status() {
            200 => {
                (self.progress)(Progress::Present(blob));
                return Ok(());
            }
            404 => {}
            _ => return Err(answer.unexpected(&doing)),
        }
        (self.progress)(Progress::Started { blob, offset: 0 });
        let start = session
            .send(target, &request(Method::POST, target.url("blobs/uploads/", &doing)?, Payload::None))?;
        if start.status() != 202 {
            return Err(start.unexpected(&doing));
        }
        let place = start.header("location").and_then(|location| resolve(&start.url, location));
        let place = place.and_then(|place| with_query(&place, "digest", blob.digest.as_str()));
        let place =
            place.ok_or_else(|| Error::new(ErrorKind::Malformed, &*doing, "the upload has no address"))?;

        let open = || {
            let file = layout.open_blob(blob)?;
            let stream = Counted { file, blob, done: 0, session, tell: self.progress };
            Ok(Box::new(stream) as Box<dyn Read>)
        };
        let payload = Payload::Stream { size: blob.size, open: &open };
        let answer = session.send(target, &request(Method::PUT, place, payload))?;
        if answer.status() != 201 {
            return Err(answer.unexpected(&doing));
        }
        (self.progress)(Progress::Finished(blob));
        Ok(())
    }
}

/// A manifest and those under it, each before its children.
fn gather(layout: &Layout, image: &Descriptor) -> Result<Vec<(Descriptor, Vec<u8>, Manifest)>, Error> {
    let mut found = Vec::new();
    let mut pending = vec![image.clone()];
    let mut seen = HashSet::from([image.digest.clone()]);
    while let Some(descriptor) = pending.pop() {
        let bytes = layout.read(&descriptor)?;
        let served = Some(descriptor.media_type.as_str());
        let manifest = Manifest::parse(&bytes, served).map_err(|error| {
            Error::caused(
                ErrorKind::Malformed,
                format!("cannot push the manifest `{}`", descriptor.digest),
                error,
            )
        })?;
        if let Manifest::Index(index) = &manifest {
            pending.extend(index.manifests.iter().filter(|child| seen.insert(child.digest.clone())).cloned());
        }
        found.push((descriptor, bytes, manifest));
    }
    Ok(found)
}

fn push_manifest(
    session: &Session<'_>,
    target: &Target,
    descriptor: &Descriptor,
    bytes: &[u8],
    what: &str,
) -> Result<(), Error> {
    let doing = format!("cannot push the manifest `{what}` to `{}/{}`", target.origin, target.repository);
    let media_type = match Manifest::parse(bytes, Some(&descriptor.media_type)) {
        Ok(manifest) => manifest.media_type().to_owned(),
        Err(error) => return Err(Error::caused(ErrorKind::Malformed, doing, error)),
    };
    let url = target.url(&format!("manifests/{what}"), &doing)?;
    let headers = vec![("content-type", media_type)];
    let request =
        Request { method: Method::PUT, url, headers, payload: Payload::Bytes(bytes), doing: &doing };
    let answer = session.send(target, &request)?;
    if answer.status() != 201 {
        return Err(answer.unexpected(&doing));
    }
    // A registry that calls it something else has stored something else.
    let named = answer.header("docker-content-digest").and_then(|text| text.parse::<Digest<'_>>().ok());
    match named.filter(|named| !named.matches(bytes)) {
        Some(named) => Err(Error::new(ErrorKind::Corrupt, doing, format!("the registry calls it `{named}`"))),
        None => Ok(()),
    }
}

/// A file that tells how much of it was read, and stops with the operation.
struct Counted<'a> {
    file: std::fs::File,
    blob: &'a Descriptor,
    done: u64,
    session: &'a Session<'a>,
    tell: &'a (dyn Fn(Progress<'_>) + Sync),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.session.is_stopped() {
            return Err(io::Error::other("the operation was stopped"));
        }
        let count = self.file.read(buffer)?;
        self.done += count as u64;
        (self.tell)(Progress::Advanced { blob: self.blob, done: self.done });
        Ok(count)
    }
}
