//! Runs the programs, and says what they printed.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::host::Host;

/// A program of the PATH, or of the directories where Debian keeps the administrator's.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|dir| dir.join(name))
        .find(|program| program.is_file())
}

/// What a program has done.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }

    /// It ended well; else the test fails, and shows what was printed.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        self.exits(0)
    }

    /// It ended with this exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// It failed with this exit code, and said only this.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, stderr: &str) {
        assert_eq!((self.code, self.stdout.as_str(), self.stderr.as_str()), (Some(code), "", stderr));
    }
}

/// `acitool` with these arguments.
pub(crate) fn acitool<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acitool"));
    Ran::of(command.args(arguments).output().expect("acitool starts"))
}

/// `kubetool` with these arguments, and this text on its standard input.
pub(crate) fn kubetool<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>, stdin: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubetool"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("kubetool starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    // A program that has seen enough closes the pipe before the end.
    let _ = pipe.write_all(stdin.as_bytes());
    drop(pipe);
    Ran::of(child.wait_with_output().expect("kubetool ends"))
}

/// A data directory of its own, and podrun with it.
#[derive(Debug)]
pub(crate) struct Podrun {
    dir: TempDir,
    host: Option<Host>,
}

impl Podrun {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory"), host: None }
    }

    /// One that takes a private network for this machine's.
    pub(crate) fn on(host: Host) -> Self {
        let mut podrun = Self::new();
        podrun.host = Some(host);
        podrun
    }

    /// The private network.
    pub(crate) fn host(&self) -> &Host {
        self.host.as_ref().expect("a podrun with a network of its own")
    }

    /// The data directory; it is made by the first podrun.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// What the paths in the data directory have in common with no others.
    pub(crate) fn marker(&self) -> &str {
        self.dir.path().file_name().and_then(OsStr::to_str).expect("a name in UTF-8")
    }

    /// A place for the test's own files.
    pub(crate) fn scratch(&self) -> &Path {
        self.dir.path()
    }

    /// The command, not yet started. It runs in the scratch directory, so that messages have short paths.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let podrun = env!("CARGO_BIN_EXE_podrun");
        let mut command =
            self.host.as_ref().map_or_else(|| Command::new(podrun), |host| host.command(podrun));
        command
            .args(arguments)
            .env("PODKIT_DIR", self.data())
            .env_remove("RUST_LOG")
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        Ran::of(self.command(arguments).output().expect("podrun starts"))
    }

    /// Runs a pod from a manifest that is given as text.
    pub(crate) fn run_pod(&self, options: &[&str], manifest: &str) -> Ran {
        let mut child = self
            .command(["run"].iter().chain(options).chain(&["-"]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("podrun starts");
        let mut stdin = child.stdin.take().expect("its standard input");
        stdin.write_all(manifest.as_bytes()).expect("podrun reads the manifest");
        drop(stdin);
        Ran::of(child.wait_with_output().expect("podrun ends"))
    }
}

impl Drop for Podrun {
    /// A test that failed leaves no pod that runs in the background.
    fn drop(&mut self) {
        if std::thread::panicking() {
            for uuid in crate::soak::pods(self) {
                let _ = self.command(["stop", "--force", &uuid]).output();
            }
            let _ = self.command(["gc", "--grace-period", "0"]).output();
        }
    }
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("examples is a folder of the repository").join(path)
}
