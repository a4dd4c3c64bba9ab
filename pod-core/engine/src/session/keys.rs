//! The keys that leave an app without ending it.

use std::fmt;
use std::str::FromStr;

/// A sequence of keys, as Docker and Podman write it: single characters and `ctrl-` with a letter or one of `@[\]^_`, with
/// commas between. Empty: there is no way out by keys.
///
/// ```
/// use pod_engine::DetachKeys;
///
/// assert_eq!(DetachKeys::default().to_string(), "ctrl-p,ctrl-q");
/// assert_eq!("ctrl-],x".parse::<DetachKeys>()?.bytes(), [0x1d, b'x']);
/// # Ok::<(), pod_engine::ParseDetachKeysError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachKeys(Vec<u8>);

impl DetachKeys {
    /// What the keys send.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Default for DetachKeys {
    /// Docker's: `ctrl-p,ctrl-q`.
    fn default() -> Self {
        Self(vec![b'p' & 0x1f, b'q' & 0x1f])
    }
}

/// Why a text is no sequence of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseDetachKeysError {
    key: String,
    position: usize,
}

impl fmt::Display for ParseDetachKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "key {}, `{}`: a key is one ASCII character, or `ctrl-` with a letter or one of `@[\\]^_`",
            self.position,
            self.key.escape_debug()
        )
    }
}

impl std::error::Error for ParseDetachKeysError {}

impl FromStr for DetachKeys {
    type Err = ParseDetachKeysError;

    /// # Errors
    ///
    /// On what is no key: `ctrl-`, `ctrl-1`, `ab`, `a,,b`, `é`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let keys = text.split(',').enumerate().map(|(index, key)| {
            byte(key).ok_or_else(|| ParseDetachKeysError { key: key.to_owned(), position: index + 1 })
        });
        keys.collect::<Result<_, _>>().map(Self)
    }
}

fn byte(key: &str) -> Option<u8> {
    let single = |text: &str| match text.as_bytes() {
        [byte] if byte.is_ascii_graphic() || *byte == b' ' => Some(*byte),
        _ => None,
    };
    match key.strip_prefix("ctrl-") {
        Some(key) => single(key)
            .map(|byte| byte.to_ascii_uppercase())
            .filter(|byte| (b'@'..=b'_').contains(byte))
            .map(|byte| byte & 0x1f),
        None => single(key),
    }
}

impl fmt::Display for DetachKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match *byte {
                control @ ..0x20 => write!(f, "ctrl-{}", char::from(control | 0x40).to_ascii_lowercase())?,
                byte => write!(f, "{}", char::from(byte))?,
            }
        }
        Ok(())
    }
}

/// Finds the keys in what is typed. A part of the sequence is held back until it is clear that it is none.
#[derive(Debug)]
pub(super) struct Finder {
    keys: Vec<u8>,
    seen: usize,
}

impl Finder {
    pub(super) fn new(keys: &DetachKeys) -> Self {
        Self { keys: keys.0.clone(), seen: 0 }
    }

    /// Adds what was typed to `out`, and tells whether the whole sequence was.
    pub(super) fn pass(&mut self, typed: &[u8], out: &mut Vec<u8>) -> bool {
        for byte in typed {
            if self.keys.get(self.seen) == Some(byte) {
                self.seen += 1;
                if self.seen == self.keys.len() {
                    return true;
                }
                continue;
            }
            // The keys that were held back are no beginning of the sequence, but their end may be.
            let mut held: Vec<u8> = self.keys.get(..self.seen).unwrap_or_default().to_vec();
            held.push(*byte);
            let kept = (0..held.len().min(self.keys.len()))
                .rev()
                .find(|count| held.ends_with(self.keys.get(..*count).unwrap_or_default()))
                .unwrap_or(0);
            out.extend_from_slice(held.get(..held.len() - kept).unwrap_or_default());
            self.seen = kept;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for text in ["ctrl-p,ctrl-q", "ctrl-]", "a,b,c", "ctrl-@,x", ""] {
            assert_eq!(text.parse::<DetachKeys>().unwrap().to_string(), text);
        }
        for (text, position) in [("ctrl-", 1), ("ctrl-1", 1), ("ab", 1), ("a,,b", 2), ("a,é", 2)] {
            let error = text.parse::<DetachKeys>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("key {position}, ")), "{text}: {error}");
        }
    }

    #[test]
    fn keys_are_found_however_they_come() {
        let cases = [
            ("ab", "xaby", "x", true),
            ("ab", "aab", "a", true),
            ("aab", "aaab", "a", true),
            ("ab", "axab", "ax", true),
            ("ab", "ba", "b", false),
            ("", "ab", "ab", false),
        ];
        for (keys, typed, expected, found) in cases {
            for size in [1, 2, 10] {
                let mut finder = Finder::new(&DetachKeys(keys.as_bytes().to_vec()));
                let mut out = Vec::new();
                let end = typed.as_bytes().chunks(size).any(|part| finder.pass(part, &mut out));
                assert_eq!(
                    (out.as_slice(), end),
                    (expected.as_bytes(), found),
                    "{keys:?} in {typed:?} by {size}"
                );
            }
        }
    }
}
