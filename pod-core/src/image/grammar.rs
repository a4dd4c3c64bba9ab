//! The pieces of the distribution reference grammar, on bytes.
//!
//! Each function gives the length of what it takes, or as the error the byte at which the text stops following the rule.

/// `[0-9a-f]{64}`: an image's identifier, which is no name.
pub(super) fn is_identifier(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A whole domain: `host[:port]`, where the host is a name, an IPv4 address, or an IPv6 address in brackets.
pub(super) fn domain(text: &str) -> Result<(), (Part, usize)> {
    let bytes = text.as_bytes();
    let host = if bytes.first() == Some(&b'[') { ipv6(bytes) } else { host(bytes) };
    let end = host.map_err(|at| (Part::Host, at))?;
    let Some((_, port)) = bytes.get(end..).and_then(<[u8]>::split_first) else { return Ok(()) };
    if bytes.get(end) != Some(&b':') {
        return Err((Part::Host, end));
    }
    let digits = count(port, u8::is_ascii_digit);
    if digits == 0 || digits < port.len() {
        return Err((Part::Port, end + 1 + digits));
    }
    Ok(())
}

/// The part of a domain that a text stops following.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Host,
    Port,
}

/// `[0-9A-Za-z]` with `-` inside, joined by single dots.
fn host(bytes: &[u8]) -> Result<usize, usize> {
    let mut at = 0;
    loop {
        let length = count(bytes.get(at..).unwrap_or_default(), |b| b.is_ascii_alphanumeric() || *b == b'-');
        let label = bytes.get(at..at + length).unwrap_or_default();
        if matches!(label.first(), None | Some(b'-')) {
            return Err(at);
        }
        if label.last() == Some(&b'-') {
            return Err(at + length - 1);
        }
        at += length;
        if bytes.get(at) != Some(&b'.') {
            return Ok(at);
        }
        at += 1;
    }
}

/// `[` hexadecimal digits and colons `]`: a full or compressed address without zone.
fn ipv6(bytes: &[u8]) -> Result<usize, usize> {
    let inside = bytes.get(1..).unwrap_or_default();
    let end = 1 + count(inside, |b| b.is_ascii_hexdigit() || *b == b':');
    if end > 1 && bytes.get(end) == Some(&b']') { Ok(end + 1) } else { Err(end) }
}

/// The longest repository path at the start of a text: components of `[a-z0-9]`, joined inside by `.`, `_`, `__` or any number of
/// `-`, between single slashes.
pub(super) fn path(text: &str) -> Result<usize, usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        let word = count(bytes.get(at..).unwrap_or_default(), |b| matches!(b, b'a'..=b'z' | b'0'..=b'9'));
        if word == 0 {
            return Err(at);
        }
        at += word;
        match separator(bytes.get(at..).unwrap_or_default()) {
            0 => return Ok(at),
            length => at += length,
        }
    }
}

/// What may stand between two words of a path.
fn separator(bytes: &[u8]) -> usize {
    match bytes {
        [b'_', b'_', ..] => 2,
        [b'/' | b'.' | b'_', ..] => 1,
        _ => count(bytes, |b| *b == b'-'),
    }
}

/// `[A-Za-z0-9_]`, then as many of these, `.` and `-` as there are.
pub(super) fn tag(text: &str) -> usize {
    let bytes = text.as_bytes();
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    if bytes.first().is_some_and(word) { count(bytes, |b| word(b) || matches!(b, b'.' | b'-')) } else { 0 }
}

/// The algorithm of a digest in a reference: words that begin with a letter, joined by one of `+ . - _`.
pub(super) fn algorithm(text: &str) -> Result<usize, usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        if !bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
            return Err(at);
        }
        at += count(bytes.get(at..).unwrap_or_default(), u8::is_ascii_alphanumeric);
        if !matches!(bytes.get(at), Some(b'+' | b'.' | b'-' | b'_')) {
            return Ok(at);
        }
        at += 1;
    }
}

pub(super) fn count(bytes: &[u8], accept: impl Fn(&u8) -> bool) -> usize {
    bytes.iter().take_while(|b| accept(b)).count()
}
