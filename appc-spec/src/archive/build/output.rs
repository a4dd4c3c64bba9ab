//! Where the tar of an image goes: hashed, compressed, counted.

use std::io::{self, Write};

use sha2::{Digest, Sha512};

use super::{BuildError, Built, Compression};
use crate::ImageId;

pub(in crate::archive) struct Output<W: Write> {
    hash: Sha512,
    tar_size: u64,
    encoder: Encoder<Counted<W>>,
}

enum Encoder<W: Write> {
    None(W),
    Gzip(flate2::write::GzEncoder<W>),
    Bzip2(bzip2::write::BzEncoder<W>),
    Xz(Box<lzma_rust2::XzWriter<W>>),
}

struct Counted<W> {
    out: W,
    size: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Output<W> {
    pub(in crate::archive) fn new(out: W, compression: Compression) -> Result<Self, BuildError> {
        let out = Counted { out, size: 0 };
        let encoder = match compression {
            Compression::None => Encoder::None(out),
            // Neither name nor time stand in its header.
            Compression::Gzip => {
                Encoder::Gzip(flate2::write::GzEncoder::new(out, flate2::Compression::default()))
            }
            Compression::Bzip2 => {
                Encoder::Bzip2(bzip2::write::BzEncoder::new(out, bzip2::Compression::best()))
            }
            Compression::Xz => {
                let options = lzma_rust2::XzOptions::with_preset(6);
                let writer = lzma_rust2::XzWriter::new(out, options).map_err(BuildError::write)?;
                Encoder::Xz(Box::new(writer))
            }
            Compression::Zstd => return Err(BuildError::zstd()),
        };
        Ok(Self { hash: Sha512::new(), tar_size: 0, encoder })
    }

    pub(in crate::archive) fn finish(self) -> io::Result<Built> {
        let mut out = match self.encoder {
            Encoder::None(out) => out,
            Encoder::Gzip(encoder) => encoder.finish()?,
            Encoder::Bzip2(encoder) => encoder.finish()?,
            Encoder::Xz(encoder) => encoder.finish()?,
        };
        out.flush()?;
        let digest: [u8; 64] = self.hash.finalize().into();
        Ok(Built { image_id: ImageId::from_digest(&digest), size: out.size, tar_size: self.tar_size })
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = match &mut self.encoder {
            Encoder::None(out) => out.write(bytes),
            Encoder::Gzip(encoder) => encoder.write(bytes),
            Encoder::Bzip2(encoder) => encoder.write(bytes),
            Encoder::Xz(encoder) => encoder.write(bytes),
        }?;
        self.hash.update(bytes.get(..count).unwrap_or_default());
        self.tar_size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.encoder {
            Encoder::None(out) => out.flush(),
            Encoder::Gzip(encoder) => encoder.flush(),
            Encoder::Bzip2(encoder) => encoder.flush(),
            Encoder::Xz(encoder) => encoder.flush(),
        }
    }
}
