//! A YAML stream as its documents, each read by itself: one broken document does not hide the others.

/// A part of a stream: one document, with the number of lines before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk<'a> {
    pub(crate) text: &'a str,
    pub(crate) lines_before: u32,
}

/// Splits a stream before each line that begins with the document marker `---`. Such a line cannot be inside a scalar (YAML 1.2
/// §9.1.2), so this needs no parser. What is only comments and blank lines is no document.
pub(crate) fn split(text: &str) -> Vec<Chunk<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut chunks = Vec::new();
    let mut start = 0;
    let mut start_line = 0;
    let mut at = 0;
    let mut content = Content::Nothing;
    for (line_number, line) in (0_u32..).zip(text.split_inclusive('\n')) {
        // Directives stand before the marker of the document that they are for.
        if is_marker(line) && content != Content::Directives {
            push(&mut chunks, text.get(start..at), start_line, content);
            (start, start_line, content) = (at, line_number, Content::Nothing);
        }
        content = content.and(line);
        at += line.len();
    }
    push(&mut chunks, text.get(start..), start_line, content);
    chunks
}

fn push<'a>(chunks: &mut Vec<Chunk<'a>>, text: Option<&'a str>, lines_before: u32, content: Content) {
    if let Some(text) = text
        && content != Content::Nothing
    {
        chunks.push(Chunk { text, lines_before });
    }
}

/// Whether a line is `---` alone or with something after white space.
fn is_marker(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// What the lines of a chunk have been so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Nothing,
    Directives,
    Document,
}

impl Content {
    fn and(self, line: &str) -> Self {
        let inner = if is_marker(line) { line.get(3..).unwrap_or_default() } else { line };
        let inner = inner.trim();
        match self {
            Self::Document => Self::Document,
            _ if inner.is_empty() || inner.starts_with('#') || inner == "..." => self,
            Self::Nothing if line.starts_with('%') => Self::Directives,
            Self::Directives if line.starts_with('%') => Self::Directives,
            _ => Self::Document,
        }
    }
}
