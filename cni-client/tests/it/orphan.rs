//! What goes on when a client was killed.
#![expect(clippy::disallowed_methods, reason = "tests of the feature that does IO")]

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Command;
use std::time::Duration;

use cni_client::client::Client;
use cni_client::request::Request;
use tempfile::TempDir;

use super::client::{Fake, TWO, client, take};
use super::config;

/// What a client leaves that is killed while it works on a container: its name in the lock.
fn leave(client: &Client<Fake>, container: &str) {
    let lock = client.cache().lock_container(&container.parse().unwrap(), Duration::ZERO).unwrap();
    std::mem::forget(lock);
    for entry in fs::read_dir(client.cache().folder().join("lock")).unwrap() {
        let file = entry.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        if text.starts_with(&format!("{container}\n")) {
            // The lock itself goes with the process; here its file gets another inode.
            fs::remove_file(&file).unwrap();
            fs::write(&file, text).unwrap();
        }
    }
}

fn of_container(name: &str) -> Request {
    Request::new(name.parse().unwrap(), "/n".parse().unwrap(), "eth0".parse().unwrap())
}

/// A client that was killed leaves its lock's file, and perhaps a plugin that works on.
#[test]
fn plugins_of_a_killed_client_come_to_their_end_first() {
    let folder = TempDir::new().unwrap();
    let (mut client, log) = client(&folder, |_| None);
    let container = format!("orphaned-{}", std::process::id());
    let request = of_container(&container);
    let mut plugin =
        Command::new("sleep").arg("0.5").env("CNI_CONTAINERID", &container).process_group(0).spawn().unwrap();
    // Nobody was killed: nobody is looked for.
    let key = client.add(config(TWO), request).unwrap().key();
    assert_eq!(plugin.try_wait().unwrap(), None);
    leave(&client, &container);
    client.del(&key).unwrap();
    assert!(plugin.try_wait().unwrap().unwrap().success(), "it was waited for, and not killed");
    assert_eq!(take(&log).len(), 4);
}

#[test]
fn an_orphan_that_does_not_end_is_killed_and_a_daemon_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let (mut client, _) = client(&folder, |_| None);
    let container = format!("hanging-{}", std::process::id());
    let start = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).env("CNI_CONTAINERID", &container).process_group(0).spawn().unwrap()
    };
    let mut hanging = start("sleep", &["1000"]);
    // `setsid` forks, since it leads a group already: the daemon is a session's first.
    let mut parent = start("setsid", &["--fork", "sleep", "1000"]);
    parent.wait().unwrap();
    let mut stranger = Command::new("sleep").arg("1000").process_group(0).spawn().unwrap();
    leave(&client, &container);
    let request = of_container(&container);
    client.add(config(TWO), request).unwrap();
    assert_eq!(hanging.try_wait().unwrap().unwrap().signal(), Some(9));
    assert_eq!(stranger.try_wait().unwrap(), None);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    let daemons: Vec<i32> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok()?.parse().ok())
        .filter(|pid| {
            fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|environ| String::from_utf8_lossy(&environ).contains(&container))
        })
        .collect();
    assert_eq!(daemons.len(), 1, "the daemon lives");
    Command::new("kill").args(["-9", &daemons[0].to_string()]).status().unwrap();
}
