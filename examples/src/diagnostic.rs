//! Problems of a manifest, each at its place.

use std::io::{self, IsTerminal};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use k8s_model::decode::{Problem, Severity};
use k8s_model::tree::Position;

use crate::output::{Color, eprint};

/// Shows problems on standard error: one line each, `file:line:column: field.path: what is wrong`; on a terminal with the part
/// of the text that is meant.
pub(crate) fn show(color: Color, text: &str, problems: &[Problem]) {
    let stderr = io::stderr();
    if !stderr.is_terminal() {
        return eprint(&problems.iter().map(line).collect::<String>());
    }
    let renderer = if color.paint(&stderr).is_on() { Renderer::styled() } else { Renderer::plain() };
    for problem in problems {
        eprint(&snippet(&renderer, text, problem));
    }
}

fn line(problem: &Problem) -> String {
    match problem.severity() {
        Severity::Error => format!("{problem}\n"),
        _ => format!("warning: {problem}\n"),
    }
}

fn snippet(renderer: &Renderer, text: &str, problem: &Problem) -> String {
    let Some(span) = problem.position().map(|position| span(text, position)) else {
        return line(problem);
    };
    let title = match problem.path() {
        "" => problem.message().to_owned(),
        path => format!("{path}: {}", problem.message()),
    };
    let level = match problem.severity() {
        Severity::Error => Level::ERROR,
        _ => Level::WARNING,
    };
    let place = Snippet::source(text).path(problem.label()).annotation(AnnotationKind::Primary.span(span));
    renderer.render(&[level.primary_title(title).element(place)]) + "\n"
}

/// What is meant by a place: the word that begins there.
fn span(text: &str, position: Position) -> Range<usize> {
    let line = text.split_inclusive('\n').nth((position.line as usize).saturating_sub(1)).unwrap_or_default();
    let before: usize =
        text.split_inclusive('\n').take((position.line as usize).saturating_sub(1)).map(str::len).sum();
    let column = line
        .char_indices()
        .nth((position.column as usize).saturating_sub(1))
        .map_or(line.len(), |(at, _)| at);
    let rest = line.get(column..).unwrap_or_default();
    let length = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}')).unwrap_or(rest.len());
    let start = (before + column).min(text.len());
    start..(start + length.max(1)).min(text.len()).max(start)
}
