//! Bytes into lines, with bounded memory.

/// The longest piece of a line: containerd's `max_container_log_line_size`.
const MAX: usize = 16 * 1024;

/// A line, or a piece of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// The text without its newline.
    pub(crate) text: &'a [u8],
    /// Whether the line ends here.
    pub(crate) whole: bool,
}

/// Takes a stream of bytes apart into lines. It keeps at most 16 KiB.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pending: Vec<u8>,
}

impl Lines {
    /// Adds bytes, and hands out what is complete.
    pub(crate) fn add(&mut self, bytes: &[u8], mut out: impl FnMut(Piece<'_>)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, whole) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            if whole && self.pending.is_empty() && text.len() <= MAX {
                out(Piece { text, whole });
                continue;
            }
            let mut rest = text;
            while self.pending.len() + rest.len() > MAX {
                let (now, later) = rest.split_at(MAX - self.pending.len());
                self.pending.extend_from_slice(now);
                out(Piece { text: &self.pending, whole: false });
                self.pending.clear();
                rest = later;
            }
            self.pending.extend_from_slice(rest);
            if whole {
                out(Piece { text: &self.pending, whole });
                self.pending.clear();
            }
        }
    }

    /// Hands out what is left when the stream ends: a line without an end.
    pub(crate) fn end(&mut self, out: impl FnOnce(Piece<'_>)) {
        if !self.pending.is_empty() {
            out(Piece { text: &self.pending, whole: false });
            self.pending.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pieces = Vec<(Vec<u8>, bool)>;

    /// The pieces of a stream that comes in parts of some size.
    fn pieces(bytes: &[u8], size: usize) -> Pieces {
        let mut lines = Lines::default();
        let mut all = Vec::new();
        for part in bytes.chunks(size) {
            lines.add(part, |piece| all.push((piece.text.to_vec(), piece.whole)));
            assert!(lines.pending.len() <= MAX);
        }
        lines.end(|piece| all.push((piece.text.to_vec(), piece.whole)));
        all
    }

    #[test]
    fn the_parts_do_not_matter() {
        let long = [vec![b'a'; MAX * 2 + 3], b"\n".to_vec()].concat();
        let cases: [(&[u8], Pieces); 5] = [
            (b"", vec![]),
            (b"one\n\ntwo", vec![(b"one".to_vec(), true), (vec![], true), (b"two".to_vec(), false)]),
            (b"\n", vec![(vec![], true)]),
            (&vec![b'b'; MAX], vec![(vec![b'b'; MAX], false)]),
            (&long, vec![(vec![b'a'; MAX], false), (vec![b'a'; MAX], false), (b"aaa".to_vec(), true)]),
        ];
        for (bytes, expected) in &cases {
            for size in [1, 2, 7, 4096, MAX, MAX + 1, 1 << 20] {
                assert_eq!(pieces(bytes, size), *expected, "in parts of {size}");
            }
        }
    }
}
