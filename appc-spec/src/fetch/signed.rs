//! An image that somebody who is believed has signed, from where discovery finds it.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::time::SystemTime;

use super::{
    Attempt, Body, CacheInfo, Client, Discovered, FetchError, FetchErrorKind, FetchedSignature, ObtainError,
};
use crate::discovery::Endpoint;
use crate::trust::{Keyring, Signed};

/// How many bytes are read at once.
const CHUNK: usize = 128 << 10;

/// Is told the URL, how many bytes have come, and how many there will be if the server said so.
pub type Told<'a> = &'a mut dyn FnMut(&str, u64, Option<u64>);

/// Who must have signed an image.
#[derive(Debug, Clone, Copy)]
pub enum Signature<'a> {
    /// One of these keys, which are those for the name that was asked for; and what time it is.
    By(&'a Keyring, SystemTime),
    /// Nobody: whoever owns the server, or the road to it, decides what the image is.
    Unchecked,
}

/// What came of asking for an image.
#[derive(Debug)]
#[non_exhaustive]
pub struct Downloaded {
    /// Where it is.
    pub endpoint: Endpoint,
    /// What the server said of it, to be kept for the next time.
    pub cache: CacheInfo,
    /// Whether what is known already is the newest: then nothing was written, and no signature checked.
    pub is_known: bool,
    /// Whose signature it has; `None` for [`Signature::Unchecked`].
    pub signed: Option<Signed>,
    /// The places that were asked before.
    pub attempts: Vec<Attempt>,
}

impl Client {
    /// Downloads an image from the first place that has it, and checks its signature over the bytes as they came. Nothing else is done
    /// with them: they are in `into`, in the place of whatever was there, and its position is at its start.
    ///
    /// The signature is asked for first: an image that nobody has signed who is believed is not downloaded. Of a place that `known` has
    /// something of, the answer may be that it is still the newest.
    ///
    /// # Errors
    ///
    /// When no place has the image and its signature, with the last place's fault; when the signature is by nobody who is believed or does
    /// not fit the bytes: another place is not asked then; and when `into` cannot be written.
    pub fn download(
        &self,
        discovered: &Discovered,
        signature: Signature<'_>,
        known: &dyn Fn(&Endpoint) -> Option<CacheInfo>,
        into: &mut File,
        told: Told<'_>,
    ) -> Result<Downloaded, ObtainError> {
        let mut attempts: Vec<Attempt> = Vec::new();
        for endpoint in &discovered.found.endpoints {
            let begun = self.begin(endpoint, signature, known(endpoint).as_ref())?;
            let (early, body) = match begun {
                Ok(begun) => begun,
                Err(error) => {
                    attempts.push(Attempt::failed(endpoint, error));
                    continue;
                }
            };
            let (mut reader, cache, size) = match body {
                Body::NotModified(cache) => {
                    return Ok(Downloaded {
                        endpoint: endpoint.clone(),
                        cache,
                        is_known: true,
                        signed: None,
                        attempts,
                    });
                }
                Body::New { reader, cache, size } => (reader, cache, size),
                Body::Deferred => {
                    let message = "status 202, which is for signatures only";
                    let error = FetchError::new(FetchErrorKind::Malformed, &endpoint.image, message);
                    attempts.push(Attempt::failed(endpoint, error));
                    continue;
                }
            };
            let url = &endpoint.image;
            let copied = empty(into).and_then(|()| copy(&mut *reader, into, url, size, told));
            if let Err(error) = copied.map_err(|error| ObtainError::file(url, error))? {
                attempts.push(Attempt::failed(endpoint, error));
                continue;
            }
            let signed = match signature {
                Signature::Unchecked => None,
                Signature::By(keyring, now) => {
                    let bytes = early.map_or_else(|| self.late_signature(endpoint), Ok)?;
                    into.rewind().map_err(|error| ObtainError::file(url, error))?;
                    let signed = keyring.verify(&bytes, &mut *into, now);
                    Some(signed.map_err(|error| ObtainError::trust(&endpoint.image, error))?)
                }
            };
            into.rewind().map_err(|error| ObtainError::file(url, error))?;
            return Ok(Downloaded { endpoint: endpoint.clone(), cache, is_known: false, signed, attempts });
        }
        Err(ObtainError::fetch(&discovered.page, Attempt::in_vain(&discovered.page, &attempts)))
    }

    /// The signature, unless it comes later, and the image as it begins to come. The inner error is this place's alone.
    #[expect(clippy::type_complexity, reason = "it is taken apart at once")]
    fn begin(
        &self,
        endpoint: &Endpoint,
        signature: Signature<'_>,
        known: Option<&CacheInfo>,
    ) -> Result<Result<(Option<Vec<u8>>, Body), FetchError>, ObtainError> {
        let early = match signature {
            Signature::Unchecked => None,
            Signature::By(keyring, now) => match self.signature(endpoint) {
                Ok(FetchedSignature::Bytes(bytes)) => {
                    keyring.check(&bytes, now).map_err(|error| ObtainError::trust(&endpoint.image, error))?;
                    Some(bytes)
                }
                Ok(FetchedSignature::Deferred) => None,
                Err(error) => return Ok(Err(error)),
            },
        };
        Ok(self.get(&endpoint.image, known).map(|body| (early, body)))
    }

    /// A signature that was put off until the image was fetched.
    fn late_signature(&self, endpoint: &Endpoint) -> Result<Vec<u8>, ObtainError> {
        match self.signature(endpoint) {
            Ok(FetchedSignature::Bytes(bytes)) => Ok(bytes),
            Ok(FetchedSignature::Deferred) => {
                let message = "it is not there even after the image";
                let error = FetchError::new(FetchErrorKind::NotFound, &endpoint.signature, message);
                Err(ObtainError::signature(&endpoint.image, error))
            }
            Err(error) => Err(ObtainError::signature(&endpoint.image, error)),
        }
    }
}

fn empty(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()
}

/// Copies all that comes. The outer error is the file's, the inner one the server's.
fn copy(
    reader: &mut dyn Read,
    into: &mut File,
    url: &str,
    size: Option<u64>,
    told: Told<'_>,
) -> io::Result<Result<(), FetchError>> {
    let mut buffer = vec![0; CHUNK];
    let mut done = 0;
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => return Ok(Ok(())),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Ok(Err(FetchError::broken(url, error))),
        };
        into.write_all(buffer.get(..count).unwrap_or_default())?;
        done += count as u64;
        told(url, done, size);
    }
}
