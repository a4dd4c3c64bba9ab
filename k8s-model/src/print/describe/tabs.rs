//! Lines with tabs, whose cells stand below each other.

use std::fmt;

use serde_json::Value;

/// Lines of cells. A column reaches over lines that follow each other and all have a cell after it.
#[derive(Debug, Default)]
pub(super) struct Page {
    lines: Vec<Vec<String>>,
}

impl Page {
    /// A line; cells are divided by tabs.
    pub(super) fn line(&mut self, level: usize, text: &str) {
        let text = format!("{}{text}", "  ".repeat(level));
        self.lines.push(text.split('\t').map(str::to_owned).collect());
    }

    /// A title and a text.
    pub(super) fn field(&mut self, level: usize, title: &str, text: &str) {
        self.line(level, &format!("{title}:\t{text}"));
    }

    /// A title and texts, one a line.
    pub(super) fn several(&mut self, title: &str, texts: &[String]) {
        match texts.split_first() {
            None => self.field(0, title, "<none>"),
            Some((first, rest)) => {
                self.field(0, title, first);
                for text in rest {
                    self.line(0, &format!("\t{text}"));
                }
            }
        }
    }

    /// Pairs, one a line.
    pub(super) fn pairs(&mut self, title: &str, value: Option<&Value>) {
        let pairs = value.and_then(Value::as_object).into_iter().flatten();
        let texts: Vec<String> =
            pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
        self.several(title, &texts);
    }

    /// Annotations, one a line; long ones below their keys. What kubectl itself notes is left out.
    pub(super) fn annotations(&mut self, title: &str, value: Option<&Value>) {
        const LONGEST: usize = 140;
        const HIDDEN: &str = "kubectl.kubernetes.io/last-applied-configuration";
        let mut texts = Vec::new();
        for (key, value) in
            value.and_then(Value::as_object).into_iter().flatten().filter(|(key, _)| *key != HIDDEN)
        {
            let value = value.as_str().unwrap_or_default();
            let value = value.strip_suffix('\n').unwrap_or(value);
            if value.len() + key.len() + 2 > LONGEST || value.contains('\n') {
                texts.push(format!("{key}:"));
                texts.extend(value.split('\n').map(|line| {
                    let short: String = line.chars().take(LONGEST - 2).collect();
                    let more = if short.len() < line.len() { "..." } else { "" };
                    format!("  {short}{more}")
                }));
            } else {
                texts.push(format!("{key}: {value}"));
            }
        }
        self.several(title, &texts);
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PADDING: usize = 2;
        let columns = self.lines.iter().map(Vec::len).max().unwrap_or(0);
        // The width of each cell that another one follows.
        let mut widths: Vec<Vec<usize>> = self.lines.iter().map(|line| vec![0; line.len()]).collect();
        for column in 0..columns {
            let mut start = 0;
            while start < self.lines.len() {
                let rest = self.lines.get(start..).unwrap_or_default();
                let run = rest.iter().take_while(|line| line.len() > column + 1).count();
                let cells = || rest.iter().take(run).filter_map(|line| line.get(column));
                let widest = cells().map(|cell| cell.chars().count()).max().unwrap_or(0) + PADDING;
                for line in widths.iter_mut().skip(start).take(run) {
                    if let Some(width) = line.get_mut(column) {
                        *width = widest;
                    }
                }
                start += run.max(1);
            }
        }
        for (line, widths) in self.lines.iter().zip(&widths) {
            for (index, (cell, width)) in line.iter().zip(widths).enumerate() {
                if index + 1 == line.len() {
                    writeln!(f, "{cell}")?;
                } else {
                    write!(f, "{cell:width$}")?;
                }
            }
        }
        Ok(())
    }
}
