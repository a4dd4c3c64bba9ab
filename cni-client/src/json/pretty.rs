//! JSON for people.

/// Checked JSON with a member or an item a line, `indent` blanks for each level, as Go's `json.MarshalIndent` lays it out. Numbers
/// and strings stay as they were written.
pub(super) fn pretty(text: &str, indent: usize) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0usize;
    let mut in_string = false;
    let mut escaped = false;
    // Whether a bracket was opened and nothing has come in it yet.
    let mut opened = false;
    for c in text.chars() {
        if in_string {
            out.push(c);
            (in_string, escaped) = (escaped || c != '"', !escaped && c == '\\');
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(c, '}' | ']');
        if closes {
            depth = depth.saturating_sub(1);
        }
        if opened != closes {
            new_line(&mut out, depth * indent);
        }
        opened = matches!(c, '{' | '[');
        match c {
            '{' | '[' => depth += 1,
            '"' => in_string = true,
            _ => {}
        }
        out.push(c);
        match c {
            ',' => new_line(&mut out, depth * indent),
            ':' => out.push(' '),
            _ => {}
        }
    }
    out
}

fn new_line(out: &mut String, blanks: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', blanks));
}
