//! The real programs.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub(crate) fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Runs a program to its end; its standard output.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    String::from_utf8(run_with_input(program, arguments, b"")).unwrap()
}

pub(crate) fn run_with_input(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// A docker-registry of our own.
pub(crate) struct Registry {
    child: Child,
    /// `127.0.0.1:port`.
    pub(crate) host: String,
    _folder: tempfile::TempDir,
}

impl Registry {
    pub(crate) fn start() -> Self {
        Self::with(|_| String::new(), "")
    }

    /// `http` and `top` are lines of its configuration; `http` is told the folder.
    pub(crate) fn with(http: impl Fn(&Path) -> String, top: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Another process may take the port between; then there is another.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let host = format!("127.0.0.1:{port}");
            let storage = folder.path().join("storage");
            let lines = http(folder.path());
            let top = top.replace("FOLDER", &folder.path().display().to_string());
            let text = format!(
                "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {host}\n{lines}{top}",
                storage.display()
            );
            let config = folder.path().join("config.yml");
            std::fs::write(&config, text).unwrap();
            let mut child = Command::new("docker-registry")
                .arg("serve")
                .arg(&config)
                .stdout(Stdio::null())
                .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
                .spawn()
                .unwrap();
            let deadline = Instant::now() + Duration::from_secs(20);
            while Instant::now() < deadline && child.try_wait().unwrap().is_none() {
                if TcpStream::connect(&host).is_ok() {
                    return Self { child, host, _folder: folder };
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        panic!("docker-registry does not start: {log}");
    }

    pub(crate) fn name(&self, rest: &str) -> String {
        format!("{}/{rest}", self.host)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate authority and a certificate of it for 127.0.0.1, made once.
pub(crate) struct Certificates {
    _folder: tempfile::TempDir,
    pub(crate) authority: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificates {
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Certificates> = OnceLock::new();
        SHARED.get_or_init(Self::make)
    }

    pub(crate) fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let text = |name: &str| path(name).display().to_string();
        std::fs::write(path("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        let new_key = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        // Two authorities of one name would be told apart by their signatures only.
        let subject = format!("/CN={}", folder.path().display()).replace("/tmp/", "");
        let ours = ["-x509", "-days", "2", "-subj", &subject];
        let (ca, ca_key, key, request, certificate, names) = (
            text("ca.pem"),
            text("ca.key"),
            text("key.pem"),
            text("request"),
            text("certificate.pem"),
            text("names"),
        );
        run("openssl", &[&new_key[..], &ours[..], &["-keyout", &ca_key, "-out", &ca]].concat());
        run(
            "openssl",
            &[&new_key[..], &["-subj", "/CN=127.0.0.1", "-keyout", &key, "-out", &request]].concat(),
        );
        run(
            "openssl",
            &[
                "x509",
                "-req",
                "-days",
                "2",
                "-in",
                &request,
                "-CA",
                &ca,
                "-CAkey",
                &ca_key,
                "-CAcreateserial",
                "-extfile",
                &names,
                "-out",
                &certificate,
            ],
        );
        Self {
            authority: path("ca.pem"),
            certificate: path("certificate.pem"),
            key: path("key.pem"),
            _folder: folder,
        }
    }

    /// The lines of a registry's configuration.
    pub(crate) fn http(&self) -> String {
        format!("  tls:\n    certificate: {}\n    key: {}\n", self.certificate.display(), self.key.display())
    }
}
