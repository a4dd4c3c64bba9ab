//! What a program is given to read.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context;

/// The content of a file, and what problems call it; `-` is standard input.
pub(crate) fn read(file: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
        return Ok(("<stdin>".to_owned(), bytes));
    }
    let name = file.display().to_string();
    let bytes = fs::read(file).with_context(|| format!("cannot read `{name}`"))?;
    Ok((name, bytes))
}
