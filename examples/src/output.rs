//! How the programs speak: formats of documents, and colours.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice, stream::RawStream};
use anstyle::Style;
use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde::Serialize;

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
}

impl Format {
    /// Writes a value to standard output as one document; [`Format::Table`] has no document, and writes nothing.
    pub(crate) fn print<T: Serialize + ?Sized>(self, value: &T) -> anyhow::Result<()> {
        let text = match self {
            Self::Table => return Ok(()),
            Self::Json => serde_json::to_string_pretty(value)? + "\n",
            Self::Yaml => serde_yaml::to_string(value)?,
        };
        print(&text)
    }
}

/// Rows as a table, the first one its heading.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    for row in rows {
        table.add_row(row);
    }
    table.lines().map(|line| line.trim().to_owned() + "\n").collect()
}

/// Writes to standard output. A reader that has left (`| head`) has seen enough, which is no failure.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("cannot write to standard output"))
        }
        _ => Ok(()),
    }
}

/// Writes to standard error; there is nowhere left to report that it cannot.
pub(crate) fn eprint(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR or TERM=dumb says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// What that means for one stream.
    pub(crate) fn paint(self, stream: &impl RawStream) -> Paint {
        Paint(match self {
            Self::Auto => AutoStream::choice(stream) != ColorChoice::Never,
            Self::Always => true,
            Self::Never => false,
        })
    }
}

/// Whether a stream has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint(bool);

impl Paint {
    /// Whether it has.
    pub(crate) const fn is_on(self) -> bool {
        self.0
    }

    /// The text in that style, or as it is.
    pub(crate) fn text(self, style: Style, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// A table without borders, as kubectl prints it.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.to_vec());
    table
}

/// The text of a table, without the blanks at the ends of its lines.
pub(crate) fn text(table: &Table) -> String {
    table.lines().map(|line| line.trim().to_owned() + "\n").collect()
}
