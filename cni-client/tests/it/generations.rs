//! One configuration for plugins of several generations, and what is remembered of their answers.
#![expect(clippy::disallowed_methods, reason = "tests of the feature that does IO")]

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use cni_client::cache::Cache;
use cni_client::client::Client;
use cni_client::exec::Exec;
use cni_client::invocation::{Invocation, Verb};
use cni_client::name::PluginType;
use cni_client::plugins::{Exit, Failure, Identity, Output, Plugins};
use cni_client::request::{Request, SearchPath};
use tempfile::TempDir;

use super::{config, full, path};

/// What Debian's 1.1.1 (bookworm) and 1.9.1 (sid) answer: the latter was unpacked and asked, and cannot be installed beside the former.
const BOOKWORM: &str =
    r#"{"cniVersion":"1.0.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0"]}"#;
const FIREWALL: &str = r#"{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}"#;
const SID: &str =
    r#"{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}"#;

const LIST: &str = r#"{"cniVersion":"0.4.0","cniVersions":["0.4.0","1.0.0","1.1.0"],"name":"n",
    "plugins":[{"type":"bridge","ipam":{"type":"host-local"}},{"type":"firewall"}]}"#;

/// Plugins by name: what the program is, and what it answers.
type Programs = Rc<RefCell<HashMap<&'static str, (&'static str, &'static str)>>>;

struct Fake {
    programs: Programs,
    seen: Rc<RefCell<Vec<String>>>,
}

impl Plugins for Fake {
    fn run(&mut self, run: &Invocation) -> Result<Output, Failure> {
        let answer = self.programs.borrow()[run.plugin.as_str()].1;
        let stdin: serde_json::Value = serde_json::from_str(&run.stdin).unwrap();
        let version = stdin["cniVersion"].as_str().unwrap().to_owned();
        self.seen.borrow_mut().push(format!("{} {} {version}", run.verb, run.plugin));
        if run.verb == Verb::Version {
            return Ok(Output::success(answer));
        }
        if !answer.contains(&format!("\"{version}\"")) {
            return Ok(Output::new(Exit::Code(1), r#"{"code":1,"msg":"incompatible CNI versions"}"#));
        }
        Ok(Output::success(if run.verb == Verb::Add { r#"{"ips":[{"address":"10.0.0.2/24"}]}"# } else { "" }))
    }

    fn identity(&mut self, plugin: &PluginType, _: &SearchPath) -> Option<Identity> {
        let programs = self.programs.borrow();
        Some(programs.get(plugin.as_str())?.0).filter(|text| !text.is_empty()).map(Identity::new)
    }
}

struct World {
    folder: TempDir,
    programs: Programs,
    seen: Rc<RefCell<Vec<String>>>,
    containers: usize,
}

impl World {
    fn new(programs: &[(&'static str, &'static str, &'static str)]) -> Self {
        let programs = programs.iter().map(|(name, what, answer)| (*name, (*what, *answer))).collect();
        Self {
            folder: TempDir::new().unwrap(),
            programs: Rc::new(RefCell::new(programs)),
            seen: Rc::default(),
            containers: 0,
        }
    }

    /// Another process.
    fn client(&self) -> Client<Fake> {
        let fake = Fake { programs: Rc::clone(&self.programs), seen: Rc::clone(&self.seen) };
        Client::new(fake, path(), Cache::open(self.folder.path().join("cache")).unwrap())
    }

    /// The runs of an ADD.
    fn add(&mut self, client: &mut Client<Fake>) -> Vec<String> {
        self.containers += 1;
        let container = format!("c{}", self.containers);
        let request =
            Request::new(container.parse().unwrap(), "/n".parse().unwrap(), "eth0".parse().unwrap());
        client.add(config(LIST), request).unwrap();
        self.seen.take()
    }
}

const ASKED: [&str; 3] = ["VERSION bridge 1.1.0", "VERSION host-local 1.1.0", "VERSION firewall 1.1.0"];

#[test]
fn the_newest_version_that_all_speak() {
    for (bridge, firewall, version) in [
        (BOOKWORM, FIREWALL, "1.0.0"),
        (SID, SID, "1.1.0"),
        (SID, FIREWALL, "1.0.0"),
        (BOOKWORM, SID, "1.0.0"),
    ] {
        let mut world =
            World::new(&[("bridge", "b", bridge), ("host-local", "h", bridge), ("firewall", "f", firewall)]);
        let mut client = world.client();
        let runs = world.add(&mut client);
        assert_eq!(runs[..3], ASKED);
        assert_eq!(runs[3..], [format!("ADD bridge {version}"), format!("ADD firewall {version}")]);
        // STATUS and GC came with 1.1.0: plugins of before would answer with an error.
        client.status(config(LIST)).unwrap();
        let report = client.gc(config(LIST), [("c1".parse().unwrap(), "eth0".parse().unwrap())]).unwrap();
        assert!(report.is_clean() && report.deleted.is_empty());
        let wanted: &[&str] = if version == "1.1.0" {
            &["STATUS bridge 1.1.0", "STATUS firewall 1.1.0", "GC bridge 1.1.0", "GC firewall 1.1.0"]
        } else {
            &[]
        };
        assert_eq!(world.seen.take(), wanted);
    }
}

#[test]
fn no_process_asks_the_same_program_again() {
    let mut world = World::new(&[
        ("bridge", "b1", BOOKWORM),
        ("host-local", "h1", BOOKWORM),
        ("firewall", "f1", FIREWALL),
    ]);
    let mut client = world.client();
    assert_eq!(world.add(&mut client)[..3], ASKED);
    assert_eq!(world.add(&mut client), ["ADD bridge 1.0.0", "ADD firewall 1.0.0"]);
    assert_eq!(world.add(&mut world.client()), ["ADD bridge 1.0.0", "ADD firewall 1.0.0"]);

    // One is replaced, then all: who runs for long notices it, too.
    world.programs.borrow_mut().insert("bridge", ("b2", SID));
    let runs = ["VERSION bridge 1.1.0", "ADD bridge 1.0.0", "ADD firewall 1.0.0"];
    assert_eq!(world.add(&mut client), runs);
    world.programs.borrow_mut().extend([("host-local", ("h2", SID)), ("firewall", ("f2", SID))]);
    let runs =
        ["VERSION host-local 1.1.0", "VERSION firewall 1.1.0", "ADD bridge 1.1.0", "ADD firewall 1.1.0"];
    assert_eq!(world.add(&mut client), runs);
    assert_eq!(world.add(&mut world.client()), ["ADD bridge 1.1.0", "ADD firewall 1.1.0"]);

    // What cannot be told apart is asked each time.
    world.programs.borrow_mut().insert("firewall", ("", FIREWALL));
    let runs = ["VERSION firewall 1.1.0", "ADD bridge 1.0.0", "ADD firewall 1.0.0"];
    assert_eq!(world.add(&mut client), runs);
    assert_eq!(world.add(&mut client), runs);
}

/// A script that stays the same and runs something older by now.
#[test]
fn an_answer_that_turns_out_wrong_is_forgotten() {
    let mut world = World::new(&[("bridge", "b", SID), ("host-local", "h", SID), ("firewall", "f", SID)]);
    let mut client = world.client();
    assert_eq!(world.add(&mut client)[3..], ["ADD bridge 1.1.0", "ADD firewall 1.1.0"]);
    world.programs.borrow_mut().insert("firewall", ("f", FIREWALL));
    let request = Request::new("other".parse().unwrap(), "/n".parse().unwrap(), "eth0".parse().unwrap());
    let error = client.add(config(LIST), request).unwrap_err();
    assert!(full(&error).contains("incompatible CNI versions"), "{}", full(&error));
    world.seen.take();
    let runs = ["VERSION firewall 1.1.0", "ADD bridge 1.0.0", "ADD firewall 1.0.0"];
    assert_eq!(world.add(&mut world.client()), runs);
    assert_eq!(world.add(&mut client)[..1], ["ADD bridge 1.0.0"], "the first has not asked before");
}

#[test]
fn what_is_written_down_of_versions_may_be_lost() {
    let mut world =
        World::new(&[("bridge", "b", BOOKWORM), ("host-local", "h", BOOKWORM), ("firewall", "f", FIREWALL)]);
    world.add(&mut world.client());
    let file = world.folder.path().join("cache/versions");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let whole = fs::read_to_string(&file).unwrap();
    // A line that was cut off, and one that is none; the line of the last program is lost.
    let (rest, _) = whole.trim_end().rsplit_once('\n').unwrap();
    fs::write(&file, format!("\0\n{rest}\n{{\"program\":\"f\",\"supported")).unwrap();
    let runs = ["VERSION firewall 1.1.0", "ADD bridge 1.0.0", "ADD firewall 1.0.0"];
    assert_eq!(world.add(&mut world.client()), runs);
    assert_eq!(world.add(&mut world.client())[..1], ["ADD bridge 1.0.0"]);
    // It does not grow for ever.
    fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(&[b'\n'; 70_000]).unwrap();
    world.programs.borrow_mut().insert("firewall", ("f2", FIREWALL));
    world.add(&mut world.client());
    assert!(fs::metadata(&file).unwrap().len() < 1000);
    // Nor is it needed.
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(world.add(&mut world.client())[..3], ASKED);
}

/// Whoever has just installed a plugin may install another one in its place within the same tick of the file system's clock.
#[test]
fn programs_are_known_by_their_files() {
    let folder = TempDir::new().unwrap();
    let install = |text: &str| {
        let new = folder.path().join(".new");
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(&new, folder.path().join("p")).unwrap();
    };
    let identity = |path: &Path| {
        let plugin = "p".parse().unwrap();
        Exec::new().identity(&plugin, &path.display().to_string().parse().unwrap())
    };
    assert_eq!(identity(folder.path()), None, "there is none");
    install("#!/bin/sh\n");
    assert_eq!(identity(folder.path()), None, "it is too new");
    std::thread::sleep(Duration::from_millis(2100));
    let first = identity(folder.path()).unwrap();
    assert_eq!(identity(folder.path()), Some(first.clone()));
    assert!(first.as_str().ends_with("/p"), "{first:?}");
    install("#!/bin/sh\n");
    assert_eq!(identity(folder.path()), None, "it is another one");
    std::thread::sleep(Duration::from_millis(2100));
    assert_ne!(identity(folder.path()), Some(first));
}
