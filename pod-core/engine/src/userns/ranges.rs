//! The ranges of identifiers that the machine gives to an ordinary user: subuid(5) and subgid(5).

use std::fs;
use std::path::Path;

/// Consecutive identifiers of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    /// The first.
    pub(super) start: u32,
    /// How many.
    pub(super) count: u32,
}

/// What a file in the form of subuid(5) gives to a user, by name or by number. Lines that do not read are passed over, as
/// newuidmap(1) does.
pub(super) fn of_user(path: &Path, uid: u32, name: Option<&str>) -> Vec<Range> {
    fs::read(path).map(|bytes| parse(&String::from_utf8_lossy(&bytes), uid, name)).unwrap_or_default()
}

fn parse(text: &str, uid: u32, name: Option<&str>) -> Vec<Range> {
    let number = uid.to_string();
    let range = |line: &str| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        if Some(owner) != name && owner != number {
            return None;
        }
        let (start, count) = (fields.next()?.parse::<u32>().ok()?, fields.next()?.parse::<u32>().ok()?);
        let whole = count > 0 && start.checked_add(count).is_some() && fields.next().is_none();
        whole.then_some(Range { start, count })
    };
    text.lines().filter_map(range).collect()
}

/// The name of a user by passwd(5), without asking a name service.
pub(super) fn user_name(uid: u32) -> Option<String> {
    let text = fs::read("/etc/passwd").ok()?;
    String::from_utf8_lossy(&text).lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// What newuidmap(1) and newgidmap(1) are told after the process: 0 is the user, the ranges follow each other from 1.
pub(super) fn arguments(own: u32, ranges: &[Range]) -> Vec<String> {
    let mut next = 1_u32;
    let mut words = vec!["0".to_owned(), own.to_string(), "1".to_owned()];
    for range in ranges {
        // What would not fit any more is left out; the kernel takes at most 340 lines (user_namespaces(7)).
        let Some(after) = next.checked_add(range.count).filter(|_| words.len() < 3 * 340) else { break };
        words.extend([next, range.start, range.count].map(|number| number.to_string()));
        next = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_subuid() {
        let text = "root:1:2\nann:100000:65536\n1000:300000:10\nann:x:1\nann:5\nann:7:0\nann:4294967290:10\nann:1:2:3\n\n";
        let ann = [Range { start: 100_000, count: 65536 }, Range { start: 300_000, count: 10 }];
        assert_eq!(parse(text, 1000, Some("ann")), ann);
        assert_eq!(parse(text, 1000, None), ann[1..]);
        assert_eq!(parse(text, 1001, Some("bob")), []);
        assert_eq!(arguments(1000, &ann).join(" "), "0 1000 1 1 100000 65536 65537 300000 10");
        assert_eq!(arguments(1000, &[]).join(" "), "0 1000 1");
    }
}
