//! Manifests and configurations, fetched whole and checked.

use ureq::http::Method;

use super::{Fetched, Remote};
use crate::image::{Descriptor, Digest, MANIFEST_TYPES, MAX_MANIFEST_SIZE, Manifest};
use crate::registry::http::{Payload, Request, Session};
use crate::registry::login::Target;
use crate::registry::{Error, ErrorKind, Progress};

impl Remote<'_> {
    pub(in crate::registry) fn root(
        &self,
        session: &Session<'_>,
        targets: &[Target],
    ) -> Result<Fetched, Error> {
        let digest = self.name.digest().map(Digest::into_owned);
        let root = self.at_each(targets, |target| {
            self.manifest_from(session, target, &self.what(), digest.clone(), None)
        })?;
        (self.progress)(Progress::Resolved(&root.descriptor));
        Ok(root)
    }

    pub(in crate::registry) fn by_descriptor(
        &self,
        session: &Session<'_>,
        targets: &[Target],
        descriptor: &Descriptor,
    ) -> Result<Fetched, Error> {
        let digest = descriptor.digest.clone();
        self.at_each(targets, |target| {
            self.manifest_from(session, target, digest.as_str(), Some(digest.clone()), Some(descriptor))
        })
    }

    pub(super) fn manifest_from(
        &self,
        session: &Session<'_>,
        target: &Target,
        what: &str,
        digest: Option<Digest<'static>>,
        expected: Option<&Descriptor>,
    ) -> Result<Fetched, Error> {
        let doing =
            format!("cannot fetch the manifest `{what}` from `{}/{}`", target.origin, target.repository);
        let corrupt = |detail| Error::new(ErrorKind::Corrupt, &*doing, detail);
        let (bytes, media_type, named) = session.retrying(target.is_home, || {
            let request = manifest_request(target, Method::GET, what, &doing)?;
            let answer = session.send(target, &request)?;
            if answer.status() != 200 {
                return Err(answer.unexpected(&doing));
            }
            let media_type = answer.header("content-type").map(str::to_owned);
            let named = answer.header("docker-content-digest").map(str::to_owned);
            Ok((answer.read(session, MAX_MANIFEST_SIZE, &doing)?, media_type, named))
        })?;
        let digest = match (digest, named.map(|named| named.parse::<Digest<'_>>())) {
            (Some(digest), _) => digest,
            (None, Some(Ok(named))) if named.registered().is_some() => named,
            _ => Digest::sha256(&bytes),
        };
        if !digest.matches(&bytes) {
            return Err(corrupt(format!("what came is `{}`, not `{digest}`", Digest::sha256(&bytes))));
        }
        let size = bytes.len() as u64;
        if let Some(expected) = expected.filter(|expected| expected.size != size) {
            return Err(corrupt(format!("it has {size} bytes, not {}", expected.size)));
        }
        let served = expected.map(|expected| expected.media_type.as_str()).or(media_type.as_deref());
        let manifest = Manifest::parse(&bytes, served)
            .map_err(|error| Error::caused(ErrorKind::Malformed, &*doing, error))?;
        let mut descriptor = Descriptor::new(manifest.media_type().to_owned(), digest, size);
        descriptor.platform = expected.and_then(|expected| expected.platform.clone());
        Ok(Fetched { descriptor, bytes, manifest })
    }

    pub(in crate::registry) fn small_blob(
        &self,
        session: &Session<'_>,
        targets: &[Target],
        blob: &Descriptor,
    ) -> Result<Vec<u8>, Error> {
        self.at_each(targets, |target| {
            let doing =
                format!("cannot fetch `{}` from `{}/{}`", blob.digest, target.origin, target.repository);
            if blob.size > MAX_MANIFEST_SIZE {
                let detail = format!("a configuration of {} bytes, more than {MAX_MANIFEST_SIZE}", blob.size);
                return Err(Error::new(ErrorKind::Malformed, doing, detail));
            }
            let bytes = session.retrying(target.is_home, || {
                let url = target.url(&format!("blobs/{}", blob.digest), &doing)?;
                let headers = vec![("accept", "*/*".to_owned())];
                let request =
                    Request { method: Method::GET, url, headers, payload: Payload::None, doing: &doing };
                let answer = session.send(target, &request)?;
                if answer.status() == 200 {
                    answer.read(session, blob.size, &doing)
                } else {
                    Err(answer.unexpected(&doing))
                }
            })?;
            if bytes.len() as u64 == blob.size && blob.digest.matches(&bytes) {
                Ok(bytes)
            } else {
                Err(Error::new(ErrorKind::Corrupt, doing, "what came does not have that size and digest"))
            }
        })
    }
}

pub(super) fn manifest_request<'a>(
    target: &Target,
    method: Method,
    what: &str,
    doing: &'a str,
) -> Result<Request<'a>, Error> {
    let url = target.url(&format!("manifests/{what}"), doing)?;
    let headers = vec![("accept", MANIFEST_TYPES.join(", "))];
    Ok(Request { method, url, headers, payload: Payload::None, doing })
}
