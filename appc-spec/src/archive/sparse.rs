//! Files with holes in a tar: GNU's old header and its three pax forms (GNU tar manual, "Storing Sparse Files").

use super::error::{ArchiveError, ArchiveErrorKind};

/// What a header of the old form, or a block that goes on with it, has room for.
const IN_HEADER: usize = 4;
const IN_BLOCK: usize = 21;

/// A file with holes: where its stored bytes belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SparseMap {
    /// Begin and end of what is stored, in order.
    regions: Vec<(u64, u64)>,
    size: u64,
}

/// Where in a file with holes the reader is.
#[derive(Debug)]
pub(super) struct SparseReader {
    map: SparseMap,
    region: usize,
    at: u64,
}

/// What comes next in a file with holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    /// So many stored bytes.
    Data(u64),
    /// So many zeros.
    Hole(u64),
    End,
}

fn format(message: &str) -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::Format, message)
}

impl SparseMap {
    /// A map of offsets and lengths in turn, for a file of that size of which so many bytes are stored.
    pub(super) fn new(numbers: &[u64], size: u64, stored: u64) -> Result<Self, ArchiveError> {
        let wrong = || format("the map of its holes is wrong");
        let mut regions = Vec::with_capacity(numbers.len() / 2);
        let (mut end, mut sum) = (0_u64, 0_u64);
        for pair in numbers.chunks(2) {
            let [offset, length] = *pair else { return Err(wrong()) };
            let next = offset.checked_add(length).filter(|next| *next <= size).ok_or_else(wrong)?;
            if offset < end {
                return Err(wrong());
            }
            sum = sum.checked_add(length).ok_or_else(wrong)?;
            end = next;
            if length > 0 {
                regions.push((offset, next));
            }
        }
        if sum == stored { Ok(Self { regions, size }) } else { Err(wrong()) }
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    pub(super) const fn reader(self) -> SparseReader {
        SparseReader { map: self, region: 0, at: 0 }
    }
}

impl SparseReader {
    pub(super) fn run(&mut self) -> Run {
        while self.map.regions.get(self.region).is_some_and(|(_, end)| *end <= self.at) {
            self.region += 1;
        }
        match self.map.regions.get(self.region) {
            Some((offset, end)) if *offset <= self.at => Run::Data(end - self.at),
            Some((offset, _)) => Run::Hole(offset - self.at),
            None if self.at < self.map.size => Run::Hole(self.map.size - self.at),
            None => Run::End,
        }
    }

    pub(super) const fn advance(&mut self, count: u64) {
        self.at = self.at.saturating_add(count);
    }
}

/// What a header of the old form says: its numbers so far, whether blocks follow with more, and the size of the file.
pub(super) fn old_header(header: &[u8; 512]) -> Result<(Vec<u64>, bool, u64), ArchiveError> {
    let mut numbers = Vec::new();
    let more = pairs(header.get(386..).unwrap_or_default(), IN_HEADER, &mut numbers)?;
    let size = header.get(483..495).and_then(number).ok_or_else(|| format("its size is no number"))?;
    Ok((numbers, more, size))
}

/// What a block says that goes on with a header of the old form: adds its numbers, and gives whether another block follows.
pub(super) fn old_block(block: &[u8; 512], numbers: &mut Vec<u64>) -> Result<bool, ArchiveError> {
    pairs(block, IN_BLOCK, numbers)
}

/// Pairs of fields of twelve bytes, and the mark whether more follow.
fn pairs(bytes: &[u8], most: usize, numbers: &mut Vec<u64>) -> Result<bool, ArchiveError> {
    let (fields, rest) = bytes.split_at_checked(most * 24).unwrap_or((bytes, &[]));
    for pair in fields.chunks_exact(24) {
        let (offset, length) = pair.split_at(12);
        if offset.first().is_none_or(|byte| *byte == 0) {
            break;
        }
        for field in [offset, length] {
            numbers.push(number(field).ok_or_else(|| format("the map of its holes is wrong"))?);
        }
    }
    Ok(rest.first().is_some_and(|mark| !matches!(mark, 0 | b'0')))
}

/// A number in octal, or in binary where the first bit says so.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((first, rest)) = field.split_first()
        && first & 0x80 != 0
    {
        let start = u64::from(first & 0x7f);
        return rest.iter().try_fold(start, |sum, byte| {
            sum.checked_mul(256).and_then(|sum| sum.checked_add((*byte).into()))
        });
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

/// What pax records say of a file with holes.
#[derive(Debug, Default)]
pub(super) struct PaxSparse {
    /// The map, in forms 0.0 and 0.1.
    numbers: Vec<u64>,
    size: Option<u64>,
    major: u64,
    any: bool,
}

impl PaxSparse {
    /// Takes a record `GNU.sparse.KEY`; `false` when its value is malformed.
    pub(super) fn set(&mut self, key: &[u8], value: &str) -> bool {
        self.any = true;
        let single = value.parse::<u64>();
        match key {
            b"major" => single.map(|major| self.major = major).is_ok(),
            b"size" | b"realsize" => single.map(|size| self.size = Some(size)).is_ok(),
            b"offset" | b"numbytes" => single.map(|number| self.numbers.push(number)).is_ok(),
            b"map" => {
                let numbers = value.split(',').filter(|text| !text.is_empty()).map(str::parse);
                numbers.collect::<Result<_, _>>().map(|numbers| self.numbers = numbers).is_ok()
            }
            // What else there is repeats, or counts, what these say.
            _ => true,
        }
    }

    /// Whether the file has holes at all: its map is known, or stands before its content.
    pub(super) fn form(self) -> Result<Option<PaxForm>, ArchiveError> {
        if !self.any {
            return Ok(None);
        }
        let size = self.size.ok_or_else(|| format("the size of a file with holes is missing"))?;
        match self.major {
            0 => Ok(Some(PaxForm::Numbers(self.numbers, size))),
            1 => Ok(Some(PaxForm::InContent(size))),
            _ => Err(format("it has holes in a form that is not known")),
        }
    }
}

/// Where the map of a file with holes is, and how large the file is.
#[derive(Debug)]
pub(super) enum PaxForm {
    Numbers(Vec<u64>, u64),
    InContent(u64),
}

/// A decimal map at the start of a file's content, as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct ContentMap {
    numbers: Vec<u64>,
    wanted: Option<usize>,
    digits: u64,
    begun: bool,
}

impl ContentMap {
    /// Takes a block; `true` when the map is whole, and the rest of the block is nothing.
    pub(super) fn take(&mut self, block: &[u8]) -> Result<bool, ArchiveError> {
        let wrong = || format("the map of its holes is wrong");
        for byte in block {
            match byte {
                b'0'..=b'9' => {
                    let next = self.digits.checked_mul(10);
                    let next = next.and_then(|digits| digits.checked_add(u64::from(byte - b'0')));
                    self.digits = next.ok_or_else(wrong)?;
                    self.begun = true;
                }
                b'\n' if self.begun => {
                    let number = std::mem::take(&mut self.digits);
                    self.begun = false;
                    match self.wanted {
                        None => {
                            let pairs = usize::try_from(number).ok().and_then(|count| count.checked_mul(2));
                            self.wanted = Some(pairs.ok_or_else(wrong)?);
                        }
                        Some(_) => self.numbers.push(number),
                    }
                    if self.wanted == Some(self.numbers.len()) {
                        return Ok(true);
                    }
                }
                _ => return Err(wrong()),
            }
        }
        Ok(false)
    }

    pub(super) fn into_numbers(self) -> Vec<u64> {
        self.numbers
    }
}
