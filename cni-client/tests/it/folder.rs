//! Folders with configurations: libcni's `conf_test.go`, and what it stumbles over.
#![expect(clippy::disallowed_methods, reason = "tests of the feature that does IO")]

use std::fs;

use cni_client::folder::{Changes, Folder, Networks};
use cni_client::network::Layer;
use tempfile::TempDir;

use super::full;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    folder
}

fn list(name: &str, plugin: &str) -> String {
    format!(r#"{{"cniVersion":"1.0.0","name":"{name}","plugins":[{{"type":"{plugin}"}}]}}"#)
}

#[test]
fn lists_come_first_then_names_count() {
    let folder = folder(&[
        ("10-a.conf", r#"{"name":"a","type":"single"}"#),
        ("20-b.conflist", &list("b", "early")),
        ("30-b.conflist", &list("b", "late")),
        ("40-a.conflist", &list("a", "list")),
        ("50-c.json", r#"{"name":"c","type":"json"}"#),
        ("60-d.txt", &list("d", "text")),
    ]);
    let loaded = Folder::load(folder.path());
    assert!(loaded.problems().is_empty());
    let files: Vec<_> =
        loaded.networks().map(|(file, _)| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(files, ["20-b.conflist", "30-b.conflist", "40-a.conflist", "10-a.conf", "50-c.json"]);
    let kind =
        |name: &str| loaded.find(&name.parse().unwrap()).map(|config| config.plugins()[0].kind().to_string());
    assert_eq!(
        (kind("a"), kind("b"), kind("c"), kind("d")),
        (Some("list".into()), Some("early".into()), Some("json".into()), None)
    );
    assert_eq!(loaded.layer().iter().count(), 5);
    assert_eq!(loaded.layer().origin(), folder.path().display().to_string());
}

#[test]
fn plugins_from_the_networks_own_folder() {
    let folder = folder(&[
        ("1.conflist", &list("n", "inline")),
        ("2.conflist", &list("only", "inline").replacen('{', "{\"loadOnlyInlinedPlugins\":true,", 1)),
        ("3.conflist", r#"{"cniVersion":"1.0.0","name":"all-outside"}"#),
        ("4.conflist", r#"{"cniVersion":"1.0.0","name":"none"}"#),
        ("n/20-b.conf", r#"{"type":"b"}"#),
        ("n/10-a.conf", r#"{"type":"a"}"#),
        ("n/30-c.json", r#"{"type":"c"}"#),
        ("only/10-a.conf", r#"{"type":"a"}"#),
        ("all-outside/1.conf", r#"{"type":"x"}"#),
    ]);
    let loaded = Folder::load(folder.path());
    let kinds = |name: &str| -> Vec<String> {
        let config = loaded.find(&name.parse().unwrap()).unwrap();
        config.plugins().iter().map(|plugin| plugin.kind().to_string()).collect()
    };
    assert_eq!(kinds("n"), ["inline", "a", "b"]);
    assert_eq!(kinds("only"), ["inline"]);
    assert_eq!(kinds("all-outside"), ["x"]);
    let problems: Vec<String> = loaded.problems().iter().map(|problem| full(problem)).collect();
    let none = folder.path().join("4.conflist").display().to_string();
    assert_eq!(problems, [format!("{none}: the network has no plugins, neither here nor in its folder")]);
}

/// libcni: one malformed file blocks every network that is sorted after it, and `../evil` leads outside.
#[test]
fn broken_files_are_problems_and_no_walls() {
    let folder = folder(&[
        ("00-x.conflist", "{\n  \"name\": \"x\",\n  oops"),
        ("10-evil.conflist", r#"{"name": "../evil"}"#),
        ("20-half.conflist", &list("half", "p")),
        ("half/bad.conf", r#"{"a": 1}"#),
        ("30-good.conflist", &list("good", "p")),
    ]);
    fs::write(folder.path().join("40-huge.conf"), " ".repeat(1024 * 1024 + 1)).unwrap();
    fs::write(folder.path().join("50-binary.conf"), b"\xff\xfe").unwrap();
    fs::create_dir(folder.path().join("60-folder.conf")).unwrap();
    std::os::unix::fs::symlink("/nowhere", folder.path().join("70-dangling.conf")).unwrap();
    let loaded = Folder::load(folder.path());
    assert!(loaded.find(&"good".parse().unwrap()).is_some());
    assert!(loaded.find(&"half".parse().unwrap()).is_none());
    let path = folder.path().display();
    let problems: Vec<String> = loaded.problems().iter().map(|problem| full(problem)).collect();
    assert_eq!(
        problems,
        [
            format!("{path}/00-x.conflist:3:3: key must be a string"),
            format!(
                "{path}/10-evil.conflist:1:10: name: unexpected `.` at byte 0 of a network name: it begins with a letter or a digit"
            ),
            format!("{path}/half/bad.conf:1:1: `type` is missing"),
            format!("{path}/40-huge.conf: larger than 1048576 bytes"),
            format!("cannot read `{path}/50-binary.conf`: stream did not contain valid UTF-8"),
            format!("cannot read `{path}/70-dangling.conf`: No such file or directory (os error 2)"),
        ]
    );
}

#[test]
fn a_folder_that_is_not_there_is_empty() {
    let folder = Folder::load(std::path::Path::new("/nowhere/net.d"));
    assert_eq!((folder.networks().count(), folder.problems().len()), (0, 0));
}

/// Added, changed, removed and kept names.
fn told(changes: &Changes) -> [String; 4] {
    let names = |names: &[cni_client::name::NetworkName]| {
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    [names(&changes.added), names(&changes.changed), names(&changes.removed), names(&changes.kept)]
}

#[test]
fn what_has_changed_is_told_when_it_is_asked_for() {
    let system = folder(&[("10-a.conflist", &list("a", "system")), ("20-b.conflist", &list("b", "system"))]);
    let user = folder(&[("10-a.conflist", &list("a", "user")), ("n/10-p.conf", r#"{"type":"p"}"#)]);
    let write = |folder: &TempDir, name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let remove = |folder: &TempDir, name: &str| fs::remove_file(folder.path().join(name)).unwrap();
    let mut networks = Networks::load([Layer::builtin()], [system.path(), user.path()]);
    let kind = |networks: &Networks, name: &str| {
        let found = networks.find(&name.parse().unwrap());
        found.map(|config| config.plugins().last().unwrap().kind().to_string())
    };
    assert_eq!(kind(&networks, "a").as_deref(), Some("user"));
    assert_eq!(kind(&networks, "default").as_deref(), Some("ptp"));
    assert_eq!(networks.layers().len(), 3);
    assert!(networks.reload().is_empty());

    // What another layer covers changes nothing; one that covers a built-in network does.
    write(&system, "10-a.conflist", &list("a", "other"));
    write(&user, "05-d.conflist", &list("default", "bridge"));
    write(&user, "30-c.conflist", &list("c", "user"));
    assert_eq!(told(&networks.reload()), ["c", "default", "", ""]);
    remove(&user, "10-a.conflist");
    remove(&user, "05-d.conflist");
    remove(&system, "20-b.conflist");
    assert_eq!(told(&networks.reload()), ["", "a default", "b", ""]);
    assert_eq!(kind(&networks, "a").as_deref(), Some("other"));

    // A file that moves within its folder is the same network; the first of two counts.
    fs::rename(user.path().join("30-c.conflist"), user.path().join("40-c.conflist")).unwrap();
    assert!(networks.reload().is_empty());
    write(&user, "20-c.conflist", &list("c", "first"));
    assert_eq!(told(&networks.reload()), ["", "c", "", ""]);
    remove(&user, "40-c.conflist");
    assert!(networks.reload().is_empty());

    // Who has slipped keeps the network, until it is right or gone.
    write(&user, "20-c.conflist", "{\"cniVersion\": ");
    assert_eq!(told(&networks.reload()), ["", "", "", "c"]);
    assert_eq!(networks.problems().count(), 1);
    assert_eq!(kind(&networks, "c").as_deref(), Some("first"));
    assert_eq!(told(&networks.reload()), ["", "", "", "c"], "and so it stays");
    write(&user, "20-c.conflist", &list("c", "fixed"));
    assert_eq!(
        (told(&networks.reload()), networks.problems().count()),
        (["", "c", "", ""].map(String::from), 0)
    );
    write(&user, "20-c.conflist", "");
    let _ = networks.reload();
    remove(&user, "20-c.conflist");
    assert_eq!(told(&networks.reload()), ["", "", "c", ""]);

    // The plugins of a network may be in a folder of their own.
    write(&user, "50-n.conflist", r#"{"cniVersion":"1.0.0","name":"n"}"#);
    assert_eq!(told(&networks.reload()), ["n", "", "", ""]);
    write(&user, "n/10-p.conf", "{");
    assert_eq!(told(&networks.reload()), ["", "", "", "n"]);
    write(&user, "n/10-p.conf", r#"{"type":"q"}"#);
    assert_eq!(told(&networks.reload()), ["", "n", "", ""]);
    fs::remove_dir_all(user.path()).unwrap();
    assert_eq!(told(&networks.reload()), ["", "", "n", ""]);
}
