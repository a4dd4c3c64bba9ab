//! Which parts of a file are worth writing.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use rustix::fs::SeekFrom;

/// Smaller files are written as they are.
const WORTH: u64 = 1 << 20;

/// What is looked at at once: a part that is all zeros is a hole.
const PART: u64 = 64 << 10;

/// What of a file is not zeros, in parts of 64 KiB; `None` when nothing can be left out.
///
/// The content decides, and not where the file system has holes: the same file makes the same bytes everywhere. A hole of the file system only
/// spares the reading.
pub(super) fn data(file: &File, size: u64) -> io::Result<Option<Vec<Range<u64>>>> {
    if size < WORTH {
        return Ok(None);
    }
    let mut regions: Vec<Range<u64>> = Vec::new();
    let mut buffer = vec![0; usize::try_from(PART).unwrap_or(0)];
    // Where the data begins that the file system has next, as far as it is known.
    let mut next_data = 0;
    let mut at = 0;
    while at < size {
        let end = size.min(at + PART);
        if next_data <= at {
            next_data = match rustix::fs::seek(file, SeekFrom::Data(at)) {
                Ok(found) => found,
                Err(rustix::io::Errno::NXIO) => size,
                // A file system that tells nothing of holes.
                Err(_) => at,
            };
        }
        if next_data < end && has_data(file, &mut buffer, at..end)? {
            match regions.last_mut().filter(|last| last.end == at) {
                Some(last) => last.end = end,
                None => regions.push(at..end),
            }
        }
        at = end;
    }
    let whole = matches!(regions.as_slice(), [all] if *all == (0..size));
    Ok((!whole).then_some(regions))
}

fn has_data(file: &File, buffer: &mut [u8], part: Range<u64>) -> io::Result<bool> {
    let length = usize::try_from(part.end - part.start).unwrap_or(usize::MAX);
    let Some(part_of) = buffer.get_mut(..length) else { return Ok(true) };
    file.read_exact_at(part_of, part.start)?;
    Ok(part_of.iter().any(|byte| *byte != 0))
}
