//! How an archive is compressed (specification, "Image Archives").

use std::fmt;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// How an archive is compressed.
///
/// ```
/// use appc_spec::archive::Compression;
///
/// assert_eq!(Compression::of(b"\x1f\x8b\x08"), Compression::Gzip);
/// assert_eq!(Compression::of(b"manifest\0"), Compression::None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// A plain tar.
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// Zstandard (RFC 8878), which the specification does not name; it is read, never written.
    Zstd,
}

/// The most memory that the dictionary of an xz archive may take, in KiB: what `xz -9` takes.
const XZ_MEMORY: u32 = 128 << 10;

/// The largest window of a Zstandard archive: what `zstd -d` takes without being told more.
const ZSTD_WINDOW: u64 = 128 << 20;

impl Compression {
    /// Recognises a compression by its first bytes; six are enough.
    #[must_use]
    pub fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// Recognises the compression of a reader and undoes it.
    pub(crate) fn undo<R: Read>(mut reader: R) -> io::Result<(Self, Plain<R>)> {
        let mut start = Vec::with_capacity(6);
        reader.by_ref().take(6).read_to_end(&mut start)?;
        let compression = Self::of(&start);
        let whole = BufReader::with_capacity(128 << 10, Cursor::new(start).chain(reader));
        let plain = match compression {
            Self::None => Decoder::None(whole),
            Self::Gzip => Decoder::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(whole))),
            Self::Bzip2 => Decoder::Bzip2(Box::new(bzip2::bufread::MultiBzDecoder::new(whole))),
            Self::Xz => Decoder::Xz(Box::new(lzma_rust2::XzReader::new_mem_limit(whole, true, XZ_MEMORY))),
            Self::Zstd => Decoder::Zstd(Box::new(ZstdFrames::new(whole))),
        };
        Ok((compression, Plain(plain)))
    }
}

/// What the first bytes were read of, with them.
type Whole<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// A reader whose compression is undone.
pub(crate) struct Plain<R: Read>(Decoder<R>);

enum Decoder<R: Read> {
    None(Whole<R>),
    Gzip(Box<flate2::bufread::MultiGzDecoder<Whole<R>>>),
    Bzip2(Box<bzip2::bufread::MultiBzDecoder<Whole<R>>>),
    Xz(Box<lzma_rust2::XzReader<Whole<R>>>),
    Zstd(Box<ZstdFrames<Whole<R>>>),
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Decoder::None(reader) => reader.read(buffer),
            Decoder::Gzip(reader) => reader.read(buffer),
            Decoder::Bzip2(reader) => reader.read(buffer),
            Decoder::Xz(reader) => reader.read(buffer),
            Decoder::Zstd(reader) => reader.read(buffer),
        }
    }
}

impl fmt::Display for Compression {
    /// The name of the tool, or `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        })
    }
}

/// All Zstandard frames of a reader, one after the other.
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW);
        Self { source, decoder, in_frame: false }
    }

    /// Starts the next frame; `false` at the end.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? != length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }

    fn check_sum(&self) -> io::Result<()> {
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(wanted), Some(found)) if wanted != found => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum of a frame does not match"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame {
                if !self.next_frame()? {
                    return Ok(0);
                }
                self.in_frame = true;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            self.check_sum()?;
            self.in_frame = false;
        }
    }
}
