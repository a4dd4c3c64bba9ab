//! The table of faults: what a plugin may do wrong, from the client down to the processes.
//!
//! A chain of two: `good` behaves and notes what it is asked, `bad` has the fault. Whatever that is, ADD says it in so many words and
//! takes back what was done, DEL goes on to the good one, no record and no process stays.
#![expect(clippy::disallowed_methods, reason = "tests of the feature that does IO")]

use std::fs;
use std::time::{Duration, Instant};

use cni_client::attachment::AttachmentKey;
use cni_client::cache::Cache;
use cni_client::client::Client;
use cni_client::exec::Exec;
use cni_client::request::Request;
use tempfile::TempDir;

use super::exec::Bin;
use super::{config, full};

const NET: &str = r#"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"good"},{"type":"bad"}]}"#;

/// Notes its verb, and answers.
const GOOD: &str = r#"cat >/dev/null; echo $CNI_COMMAND >>"$0.log"; [ $CNI_COMMAND = ADD ] && echo '{"ips":[{"address":"10.0.0.2/24"}]}'; exit 0"#;

/// No fault may take longer than this to be dealt with; what hangs has 400 ms.
const SOON: Duration = Duration::from_secs(20);

/// What ADD comes to.
enum Outcome {
    /// It succeeds, and DEL does, too.
    Good,
    /// It fails with a message that has this in it, and is undone.
    Fails(&'static str),
}
use Outcome::{Fails, Good};

/// Name, what `bad` does on ADD (on DEL it behaves), and what comes of it.
const ON_ADD: &[(&str, &str, Outcome)] = &[
    ("hangs", "sleep 1000", Fails("plugin `bad` failed on ADD: killed after its time limit of 400ms")),
    (
        "hangs, deaf to SIGTERM, with a child",
        "trap '' TERM; sleep 1000 & sleep 1000; wait",
        Fails("killed after its time limit of 400ms"),
    ),
    ("never reads, never ends", "exec sleep 1000 </dev/null", Fails("killed after its time limit of 400ms")),
    ("a grandchild holds standard output", "sleep 1000 & echo $! >\"$0.pid\"; echo '{\"ips\":[]}'", Good),
    (
        "partial JSON",
        "printf '{\"ips\": [{\"addr'",
        Fails("the output of plugin `bad` on ADD cannot be read: 1:15: EOF while parsing a string"),
    ),
    ("no JSON", "echo done", Fails("the output of plugin `bad` on ADD cannot be read: 1:1: ")),
    ("no output", "true", Fails("plugin `bad` succeeded on ADD and wrote no result")),
    (
        "10 MB of output",
        "head -c 10000000 /dev/zero | tr '\\0' x",
        Fails(
            "plugin `bad` failed on ADD: killed because it wrote more than 1048576 bytes to standard output",
        ),
    ),
    (
        "output without end",
        "yes",
        Fails("killed because it wrote more than 1048576 bytes to standard output"),
    ),
    (
        "ended by a signal",
        "kill -SEGV $$",
        Fails("plugin `bad` failed on ADD with signal 11 and said nothing"),
    ),
    (
        "ended by a signal, with last words",
        "echo 'stack overflow' >&2; kill -KILL $$",
        Fails("plugin `bad` failed on ADD with signal 9 and said nothing; standard error: `stack overflow`"),
    ),
    (
        "noise on standard error",
        "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo '{\"code\":11,\"msg\":\"later\"}'; exit 1",
        Fails("exit code 1: later (code 11); standard error: `…xxxxx"),
    ),
    ("noise and a result", "head -c 3000000 /dev/zero >&2; echo '{\"ips\":[]}'", Good),
    (
        "an empty error",
        "echo '{}'; exit 3",
        Fails(
            "plugin `bad` failed on ADD with exit code 3 and wrote `{}` instead of an error: 1:1: an error has `code` and `msg`",
        ),
    ),
    (
        "an error with code 0",
        "echo '{\"code\":7,\"msg\":\"no\"}'; exit 0",
        Fails("plugin `bad` failed on ADD with exit code 0: no (code 7)"),
    ),
    ("input that is not read", "exec <&-; echo '{\"ips\":[]}'", Good),
    (
        "replaced while it runs",
        "printf '#!/bin/sh\\nexit 0\\n' >\"$0.new\"; chmod 755 \"$0.new\"; mv \"$0.new\" \"$0\"; echo '{\"ips\":[]}'",
        Good,
    ),
    (
        "removes itself",
        "rm \"$0\"; echo '{\"code\":999,\"msg\":\"sorry\"}'; exit 1",
        Fails("undoing it, plugin `bad` failed on DEL: the program is in none of"),
    ),
];

struct World {
    folder: TempDir,
    bin: Bin,
    container: String,
}

impl World {
    fn new(name: usize, bad: &str) -> Self {
        let bad = format!("[ $CNI_COMMAND = ADD ] || {{ {GOOD}; }}\n{bad}");
        Self {
            folder: TempDir::new().unwrap(),
            bin: Bin::new().with("good", GOOD).with("bad", &bad),
            container: format!("fault-{}-{name}", std::process::id()),
        }
    }

    fn client(&self) -> Client<Exec> {
        let exec = Exec::new().with_time_limit(Duration::from_millis(400));
        let path = self.bin.path().to_str().unwrap().parse().unwrap();
        Client::new(exec, path, Cache::open(self.folder.path().join("cache")).unwrap())
    }

    fn request(&self) -> Request {
        Request::new(self.container.parse().unwrap(), "/n".parse().unwrap(), "eth0".parse().unwrap())
    }

    fn key(&self) -> AttachmentKey {
        AttachmentKey::new("n".parse().unwrap(), self.container.parse().unwrap(), "eth0".parse().unwrap())
    }

    /// What `good` was asked.
    fn log(&self) -> String {
        fs::read_to_string(self.bin.path().join("good.log")).unwrap_or_default().replace('\n', " ")
    }

    /// The processes that were started for the container and still run, but for the daemon that a plugin has left on purpose.
    fn processes(&self) -> usize {
        let left = fs::read_to_string(self.bin.path().join("bad.pid")).unwrap_or_default();
        let variable = format!("CNI_CONTAINERID={}", self.container);
        let of_ours = |pid: &str| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            pid != left.trim() && environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
        };
        let names =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        names.filter(|name| of_ours(name)).count()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.bin.path().join("bad.pid")) {
            let _ = std::process::Command::new("kill").args(["-9", pid.trim()]).status();
        }
    }
}

#[test]
fn on_add() {
    for (index, (name, bad, outcome)) in ON_ADD.iter().enumerate() {
        let world = World::new(index, bad);
        let mut client = world.client();
        let began = Instant::now();
        let added = client.add(config(NET), world.request());
        assert!(began.elapsed() < SOON, "{name}: {:?}", began.elapsed());
        match (outcome, added) {
            (Good, Ok(attachment)) => {
                assert!(attachment.result().is_some(), "{name}");
                assert_eq!(world.log(), "ADD ", "{name}");
                assert!(client.del(&world.key()).unwrap(), "{name}");
            }
            (Fails(text), Err(error)) => {
                let error = full(&error);
                assert!(error.contains(text), "{name}: {error}");
            }
            (_, other) => panic!("{name}: {other:?}"),
        }
        assert_eq!(world.log(), "ADD DEL ", "{name}");
        // What could not be undone in full keeps its record, for another try.
        let is_left = *name == "removes itself";
        let listing = client.cache().list().unwrap();
        assert_eq!((listing.attachments.len(), listing.problems.len()), (usize::from(is_left), 0), "{name}");
        let until = Instant::now() + SOON;
        while world.processes() > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(world.processes(), 0, "{name}");
    }
}

/// The same on DEL: the good plugin gets its turn, and the record stays until all have succeeded.
#[test]
fn on_del() {
    for (index, (name, bad, text)) in [
        ("hangs", "sleep 1000", "plugin `bad` failed on DEL: killed after its time limit of 400ms"),
        (
            "partial JSON",
            "printf '{\"co'; exit 1",
            "plugin `bad` failed on DEL with exit code 1 and wrote `{\\\"co` instead",
        ),
        ("10 MB of output", "yes | head -c 10000000", "killed because it wrote more than 1048576 bytes"),
        ("ended by a signal", "kill -ABRT $$", "plugin `bad` failed on DEL with signal 6 and said nothing"),
        ("an error", "echo '{\"code\":999,\"msg\":\"stuck\"}'; exit 1", "exit code 1: stuck (code 999)"),
    ]
    .into_iter()
    .enumerate()
    {
        let world = World::new(1000 + index, "echo '{\"ips\":[]}'");
        let mut client = world.client();
        client.add(config(NET), world.request()).unwrap();
        let behaves = fs::read(world.bin.path().join("bad")).unwrap();
        fs::write(world.bin.path().join("bad"), format!("#!/bin/sh\n{bad}\n")).unwrap();
        let error = full(&client.del(&world.key()).unwrap_err());
        assert!(error.contains(text), "{name}: {error}");
        assert_eq!(world.log(), "ADD DEL ", "{name}");
        assert!(client.cache().load(&world.key()).unwrap().is_some(), "{name}");
        fs::write(world.bin.path().join("bad"), behaves).unwrap();
        assert!(client.del(&world.key()).unwrap(), "{name}");
        assert!(client.cache().load(&world.key()).unwrap().is_none(), "{name}");
        let until = Instant::now() + SOON;
        while world.processes() > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(world.processes(), 0, "{name}");
    }
}

/// A folder that cannot be written to: nothing runs, since nobody could undo it.
#[test]
fn an_unwritable_cache() {
    let world = World::new(2000, "echo '{\"ips\":[]}'");
    let mut client = world.client();
    let folder = client.cache().folder().to_owned();
    // Not even root writes to a folder that is gone; the locks are elsewhere for this.
    let locks = world.folder.path().join("locks");
    fs::rename(folder.join("lock"), &locks).unwrap();
    fs::remove_dir(&folder).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", &folder).unwrap();
    let error = full(&client.add(config(NET), world.request()).unwrap_err());
    assert!(
        error.starts_with("cannot lock `") && error.ends_with("No such file or directory (os error 2)"),
        "{error}"
    );
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    fs::rename(&locks, folder.join("lock")).unwrap();
    // A container's name may be longer than a file's.
    let long = Request::new("c".repeat(250).parse().unwrap(), "/n".parse().unwrap(), "eth0".parse().unwrap());
    let error = full(&client.add(config(NET), long).unwrap_err());
    assert!(error.ends_with("File name too long (os error 36)"), "{error}");
    assert_eq!((world.log().as_str(), world.processes()), ("", 0));
}
