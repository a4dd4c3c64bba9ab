//! What a pod's life looks like: lines of its containers, events, and the table at the end.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use pod_core::Timestamp;
use pod_core::lifecycle::{Notice, PodStatus, Severity};
use pod_core::pod::{AppName, PodSpec};
use pod_engine::{Observer, Stream};

use super::cli::Global;
use crate::output::{Format, Paint};

/// One colour a container, again from the start when there are more containers.
const COLORS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightMagenta,
];

/// How a pod is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// Each line behind its container's name, and every event.
    Full,
    /// Each line behind its container's name, and warnings.
    Quiet,
    /// Bare lines, and warnings.
    Bare,
}

/// Where the output of a pod goes.
#[derive(Debug)]
pub(super) struct Console {
    /// What stands before each line of a container: on standard output, and on standard error.
    prefixes: BTreeMap<AppName, (String, String)>,
    /// Whether lines of standard output go there, or standard output is kept for a document.
    lines_to_stdout: bool,
    stderr: Paint,
    with_time: bool,
    warnings_only: bool,
}

impl Console {
    /// For the containers of that pod.
    pub(super) fn new(pod: &PodSpec, global: &Global, view: View) -> Self {
        let (stdout, stderr) = (global.color.paint(&io::stdout()), global.color.paint(&io::stderr()));
        let width = pod.apps.iter().map(|app| app.name.as_str().len()).max().unwrap_or(0);
        let prefix = |paint: Paint, name: &AppName, color: AnsiColor| {
            if view == View::Bare {
                return String::new();
            }
            paint.text(color.on_default(), &format!("{:width$} |", name.as_str())) + " "
        };
        let prefixes = pod.apps.iter().zip(COLORS.into_iter().cycle()).map(|(app, color)| {
            (app.name.clone(), (prefix(stdout, &app.name, color), prefix(stderr, &app.name, color)))
        });
        Self {
            prefixes: prefixes.collect(),
            lines_to_stdout: global.output() == Format::Table,
            stderr,
            with_time: global.verbose > 0,
            warnings_only: view != View::Full && global.verbose == 0,
        }
    }
}

impl Observer for Console {
    fn notice(&mut self, notice: &Notice) {
        if self.warnings_only && notice.severity == Severity::Normal {
            return;
        }
        let style = match notice.severity {
            Severity::Normal => Style::new().dimmed(),
            Severity::Warning => AnsiColor::Yellow.on_default(),
        };
        let time = if self.with_time { clock(notice.at) + "  " } else { String::new() };
        let about = notice.app.as_ref().map_or_else(String::new, |app| format!("{app}: "));
        let severity = notice.severity.to_string();
        let event = format!("{time}{severity:<7}  {:<9}  {about}{}", notice.reason, notice.message);
        write_line(&mut io::stderr().lock(), "", self.stderr.text(style, &event).as_bytes());
    }

    fn output(&mut self, app: &AppName, stream: Stream, line: &[u8]) {
        let (out, err) = self.prefixes.get(app).map_or(("", ""), |(out, err)| (out, err));
        if stream == Stream::Stdout && self.lines_to_stdout {
            write_line(&mut io::stdout().lock(), out, line);
        } else {
            write_line(&mut io::stderr().lock(), err, line);
        }
    }

    fn status(&mut self, _: &PodStatus) {}
}

/// Writes a whole line at once. When nobody reads any more the pod goes on: its logs are on disk.
fn write_line(to: &mut impl Write, prefix: &str, line: &[u8]) {
    let whole = [prefix.as_bytes(), line, b"\n"].concat();
    let _ = to.write_all(&whole).and_then(|()| to.flush());
}

/// The time of the day in UTC, to the millisecond.
fn clock(at: Timestamp) -> String {
    let (seconds, nanos) = at.unix();
    let of_day = seconds.rem_euclid(86_400);
    format!(
        "{:02}:{:02}:{:02}.{:03}Z",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60,
        nanos.unsigned_abs() / 1_000_000
    )
}
