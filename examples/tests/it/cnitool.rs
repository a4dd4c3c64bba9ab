//! `cnitool`, with scripts as plugins, and beside libcni with real ones.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use cni_client::netns;
use libtest_mimic::Trial;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::host::Host;
use crate::program::{Ran, repository};
use crate::{Need, test};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("cnitool::add_check_del", &[], add_check_del),
        test("cnitool::traces", &[], traces),
        test("cnitool::networks", &[], networks),
        test("cnitool::collects_garbage", &[], collects_garbage),
        test("cnitool::time_limit", &[], time_limit),
        test("cnitool::interrupted", &[], interrupted),
        test("cnitool::killed_between_plugins", &[], killed_between_plugins),
        test("cnitool::wrong_command_lines", &[], wrong_command_lines),
        test(
            "cnitool::beside_libcni",
            &[
                Need::Root,
                Need::Program("go"),
                Need::File("/usr/share/gocode/src/github.com/containernetworking/cni/libcni/api.go"),
                Need::Program("iptables-save"),
                Need::Program("nsenter"),
                Need::Plugins(&["bridge", "host-local", "portmap"]),
            ],
            beside_libcni,
        ),
    ]
}

/// Folders of a test's own.
struct Tool {
    dir: TempDir,
}

/// A plugin that notes what it is asked and answers as a plugin does.
const PLUGIN: &str = r#"
input=$(cat)
echo "$CNI_COMMAND $CNI_CONTAINERID ${CNI_NETNS:-gone} $CNI_IFNAME ${CNI_ARGS:-} $input" >>"$0.log"
case $CNI_COMMAND in
ADD) echo '{"cniVersion":"1.1.0","interfaces":[{"name":"eth0","mac":"aa:bb:cc:dd:ee:ff","sandbox":"/n"}],"ips":[{"interface":0,"address":"10.1.0.7/16"}],"routes":[{"dst":"0.0.0.0/0","gw":"10.1.0.1"}],"x-big":9007199254740993}' ;;
VERSION) echo '{"cniVersion":"1.1.0","supportedVersions":["0.4.0","1.0.0","1.1.0"]}' ;;
esac
echo noise >&2
"#;

const NET: &str = r#"{"cniVersion":"1.0.0","cniVersions":["1.0.0","1.1.0"],"name":"db","plugins":[{"type":"plug","capabilities":{"mac":true},"x":1e400}]}"#;

impl Tool {
    fn new() -> Self {
        let tool = Self { dir: tempfile::tempdir().expect("a temporary directory") };
        for folder in ["bin", "net.d"] {
            fs::create_dir(tool.path(folder)).expect("a folder");
        }
        tool.plugin(PLUGIN);
        fs::write(tool.path("net.d/10-db.conflist"), NET).expect("a configuration");
        tool
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn plugin(&self, script: &str) {
        let file = self.path("bin/plug");
        fs::write(&file, format!("#!/bin/sh\n{script}")).expect("a plugin");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a plugin");
    }

    fn set(&self, command: &mut Command) {
        command
            .env("CNI_PATH", self.path("bin"))
            .env("NETCONFPATH", self.path("net.d"))
            .env("CNITOOL_CACHE", self.path("attachments"))
            .env("CNI_IFNAME", "eth0");
    }

    fn run(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cnitool"));
        self.set(&mut command);
        command.arg(format!("--libcni-cache={}", self.path("results").display()));
        let output =
            command.envs(variables.iter().copied()).args(arguments).output().expect("cnitool starts");
        Ran::of(output)
    }

    /// What the plugin was asked since the last time.
    fn log(&self) -> Vec<String> {
        let file = self.path("bin/plug.log");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(file);
        text.lines().map(ToOwned::to_owned).collect()
    }
}

/// The ID that upstream's cnitool gives `/run/netns/web`, which need not be there for a script: `sha512sum` says so, too.
const ID: &str = "cnitool-82e215debf7df4651d36";

fn add_check_del() {
    let tool = Tool::new();
    let variables = [
        ("CNI_ARGS", "IgnoreUnknown=1;IP=fd00::7"),
        ("CAP_ARGS", r#"{"mac":"aa:bb:cc:dd:ee:ff","other":1}"#),
    ];
    let added = tool.run(&variables, &["add", "db", "/run/netns/../netns/web"]).success();
    // Laid out as upstream's tool does, and nothing lost.
    assert_eq!(
        added.stdout,
        r#"{
    "cniVersion": "1.1.0",
    "interfaces": [
        {
            "name": "eth0",
            "mac": "aa:bb:cc:dd:ee:ff",
            "sandbox": "/n"
        }
    ],
    "ips": [
        {
            "interface": 0,
            "address": "10.1.0.7/16"
        }
    ],
    "routes": [
        {
            "dst": "0.0.0.0/0",
            "gw": "10.1.0.1"
        }
    ],
    "x-big": 9007199254740993
}
"#
    );
    let config = r#"{"cniVersion":"1.1.0","name":"db","runtimeConfig":{"mac":"aa:bb:cc:dd:ee:ff"},"type":"plug","x":1e400}"#;
    let log = tool.log();
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log[0].starts_with("VERSION"), "{log:?}");
    assert_eq!(log[1], format!("ADD {ID} /run/netns/web eth0 IgnoreUnknown=1;IP=fd00::7 {config}"));

    tool.run(&[], &["add", "db", "/run/netns/web"])
        .fails(1, &format!("cnitool: `eth0` of container `{ID}` is attached to network `db` already\n"));
    tool.log();
    tool.run(&[], &["check", "db", "/run/netns/web"]).success();
    assert!(
        tool.log()[0].starts_with(&format!("CHECK {ID} /run/netns/web eth0 IgnoreUnknown=1;IP=fd00::7 "))
    );
    let record = tool.run(&[], &["show", "db", "/run/netns/web"]).success().stdout;
    assert!(
        record.contains("\"containerId\": \"cnitool-") && record.contains("9007199254740993"),
        "{record}"
    );

    // Neither the configuration nor the namespace nor the arguments are needed to undo it.
    fs::remove_file(tool.path("net.d/10-db.conflist")).expect("the configuration goes");
    tool.run(&[], &["del", "db", "/run/netns/web"]).success();
    let log = tool.log();
    assert!(log[0].starts_with(&format!("DEL {ID} gone eth0 IgnoreUnknown=1;IP=fd00::7 ")), "{log:?}");
    assert!(log[0].contains(r#""mac":"aa:bb:cc:dd:ee:ff""#) && log[0].contains("prevResult"), "{log:?}");
    tool.run(&[], &["del", "db", "/run/netns/web"])
        .fails(1, &format!("cnitool: no network `db` in `{}`\n", tool.path("net.d").display()));
    fs::write(tool.path("net.d/10-db.conflist"), NET).expect("a configuration");
    tool.run(&[], &["del", "db", "/run/netns/web"]).success();
    assert_eq!(tool.log().len(), 1);
    tool.run(&[], &["check", "db", "/run/netns/web"])
        .fails(1, &format!("cnitool: `eth0` of container `{ID}` is not attached to network `db`\n"));

    let table =
        tool.run(&[], &["--output=table", "add", "db", "/run/netns/web", "-i", "eth0"]).success().stdout;
    assert_eq!(
        table,
        "INTERFACE  MAC                ADDRESSES    ROUTES\n\
         eth0       aa:bb:cc:dd:ee:ff  10.1.0.7/16  0.0.0.0/0 via 10.1.0.1\n"
    );
}

fn traces() {
    let tool = Tool::new();
    let ran = tool.run(&[], &["--trace", "add", "db", "/run/netns/web", "--container-id=c1"]).success();
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("> plug CNI_COMMAND=VERSION"), "{lines:?}");
    let add = lines.iter().position(|line| line.contains("CNI_COMMAND=ADD")).expect("a trace of ADD");
    assert!(lines[add].contains(" CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/web CNI_IFNAME=eth0"), "{lines:?}");
    assert_eq!(lines[add + 1], r#"> {"cniVersion":"1.1.0","name":"db","type":"plug","x":1e400}"#);
    assert!(lines[add + 2].starts_with(r#"< {"cniVersion":"1.1.0","interfaces""#), "{lines:?}");
    assert_eq!(lines[add + 3], "< stderr: noise");
    assert!(
        lines[add + 4].starts_with("< exit code 0 after ") && lines[add + 4].ends_with(" ms"),
        "{lines:?}"
    );
}

fn networks() {
    let tool = Tool::new();
    fs::write(tool.path("net.d/20-old.conf"), r#"{"name":"old","type":"gone"}"#).expect("a configuration");
    let net_d = tool.path("net.d");
    let table = tool.run(&[], &["list"]).success().stdout;
    assert_eq!(
        table,
        format!(
            "NETWORK  VERSIONS     PLUGINS  FILE\n\
             db       1.1.0,1.0.0  plug     {0}/10-db.conflist\n\
             old      0.1.0        gone     {0}/20-old.conf\n",
            net_d.display()
        )
    );
    fs::write(net_d.join("00-bad.conflist"), "{\n  \"name\": 3}").expect("a file");
    let listed = tool.run(&[], &["list", "--output=json"]).exits(1);
    let list: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(list[0]["name"], "db");
    assert!(
        listed
            .stderr
            .starts_with(&format!("cnitool: warning: {}/00-bad.conflist:2:11: name: ", net_d.display())),
        "{}",
        listed.stderr
    );
    fs::remove_file(net_d.join("00-bad.conflist")).expect("the file goes");

    let shown = tool.run(&[], &["show", "db"]).success().stdout;
    assert!(shown.contains("            \"x\": 1e400\n"), "{shown}");
    let spoken = tool.run(&[], &["version", "db"]).success().stdout;
    assert_eq!(spoken, "PLUGIN  VERSIONS\nplug    0.4.0,1.0.0,1.1.0\n\nNetwork db is spoken to in 1.1.0\n");
    let gone = tool.run(&[], &["version", "old"]).exits(1);
    assert!(
        gone.stderr.contains("plugin `gone` failed on VERSION: the program is in none of"),
        "{}",
        gone.stderr
    );

    tool.log();
    tool.run(&[], &["status", "db", "/run/netns/web"]).success();
    let log = tool.log();
    assert!(log.last().is_some_and(|line| line.starts_with("STATUS  gone  ")), "{log:?}");
    tool.plugin("[ $CNI_COMMAND = VERSION ] && echo '{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"1.1.0\"]}' && exit\n\
                 echo '{\"code\":50,\"msg\":\"no daemon\"}'; exit 1");
    tool.run(&[], &["status", "db"]).fails(
        1,
        "cnitool: not ready: network `db`: plugin `plug` failed on STATUS with exit code 1: no daemon (code 50)\n",
    );
}

fn collects_garbage() {
    let tool = Tool::new();
    // This process's own namespace is there; the other one is not.
    let here = format!("/proc/{}/ns/net", std::process::id());
    let add = |id: &str, netns: &str| {
        tool.run(&[], &["add", "db", netns, &format!("--container-id={id}")]).success();
    };
    add("here", &here);
    add("gone", "/run/netns/gone");
    tool.log();
    let done = tool.run(&[], &["gc", "db"]).success().stdout;
    assert_eq!(done, "deleted  db:gone:eth0\n");
    // Whether the plugin is asked for its versions again depends on how old its file was.
    let log: Vec<_> = tool.log().into_iter().filter(|line| !line.starts_with("VERSION")).collect();
    let verbs: Vec<_> = log.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(verbs, ["DEL", "GC"]);
    assert!(
        log[1].contains(r#""cni.dev/valid-attachments":[{"containerID":"here","ifname":"eth0"}]"#),
        "{log:?}"
    );

    add("gone", "/run/netns/gone");
    assert_eq!(tool.run(&[], &["gc", "db", "--keep=gone:eth0"]).success().stdout, "deleted  db:here:eth0\n");
    assert_eq!(tool.run(&[], &["gc", "db", "--all"]).success().stdout, "deleted  db:gone:eth0\n");
    assert_eq!(
        tool.run(&[], &["gc", "db", "--all", "--output=json"]).success().stdout,
        "{\n  \"deleted\": []\n}\n"
    );
}

fn time_limit() {
    let tool = Tool::new();
    tool.plugin("[ $CNI_COMMAND = ADD ] && sleep 1000; exit 0");
    let ran = tool.run(&[], &["--timeout=300ms", "add", "db", "/run/netns/web"]).exits(1);
    assert!(
        ran.stderr.ends_with("plugin `plug` failed on ADD: killed after its time limit of 300ms\n"),
        "{}",
        ran.stderr
    );
}

/// Who does not want to wait any longer presses Ctrl-C.
fn interrupted() {
    let tool = Tool::new();
    tool.plugin(
        "cat >/dev/null; echo $CNI_COMMAND >>\"$0.log\"; [ $CNI_COMMAND = ADD ] && sleep 1000; exit 0",
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_cnitool"));
    tool.set(&mut command);
    command.args(["add", "db", "/run/netns/web"]).stderr(std::process::Stdio::piped());
    let child = command.spawn().expect("cnitool starts");
    let began = Instant::now();
    while !fs::read_to_string(tool.path("bin/plug.log")).unwrap_or_default().contains("ADD\n") {
        assert!(began.elapsed() < Duration::from_secs(30), "the plugin does not run");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(pid, Signal::INT).expect("cnitool runs");
    let ran = Ran::of(child.wait_with_output().expect("cnitool ends")).exits(1);
    assert!(
        ran.stderr.ends_with("plugin `plug` failed on ADD: killed because the operation was cancelled\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(tool.log().last().map(String::as_str), Some("DEL"));
    tool.run(&[], &["show", "db", "/run/netns/web"]).exits(1);
}

/// The second plugin kills its caller in the midst of its work, and goes on for a while: another process finds the record, waits for
/// the orphan, and undoes what both have done.
fn killed_between_plugins() {
    let tool = Tool::new();
    let two = NET.replace(r#""plugins":["#, r#""plugins":[{"type":"first"},"#);
    fs::write(tool.path("net.d/10-db.conflist"), two).expect("a configuration");
    let note = "echo \"$CNI_COMMAND ${0##*/}\" >>\"${0%/*}/plug.log\"";
    let first = tool.path("bin/first");
    let answers = "case $CNI_COMMAND in ADD) echo '{\"ips\":[]}' ;; VERSION) echo '{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"1.1.0\"]}' ;; esac";
    fs::write(&first, format!("#!/bin/sh\n{note}\n{answers}\n")).expect("a plugin");
    fs::set_permissions(&first, fs::Permissions::from_mode(0o755)).expect("a plugin");
    tool.plugin(&format!(
        "cat >/dev/null\n{note}\n[ $CNI_COMMAND = ADD ] && kill -9 $PPID && sleep 0.7 && echo 'ADD is done' >>\"$0.log\"\n{answers}\n"
    ));
    let ran = tool.run(&[], &["add", "db", "/run/netns/web"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (None, ""), "killed by a signal");
    let record = tool.run(&[], &["show", "db", "/run/netns/web"]).success().stdout;
    assert!(record.contains("\"result\""), "that of the first plugin: {record}");
    tool.run(&[], &["del", "db", "/run/netns/web"]).success();
    let log: Vec<_> = tool.log().into_iter().filter(|line| !line.starts_with("VERSION")).collect();
    assert_eq!(log, ["ADD first", "ADD plug", "ADD is done", "DEL plug", "DEL first"]);
    let left = fs::read_dir(tool.path("attachments")).expect("the records").flatten();
    let records = left.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "json"));
    assert_eq!(records.count(), 0);
}

fn wrong_command_lines() {
    let tool = Tool::new();
    for (arguments, text) in [
        (&[][..], "Usage:"),
        (&["add", "db"], "<NETNS>"),
        (&["add", "../evil", "/n"], "unexpected `.` at byte 0 of a network name"),
        (&["add", "db", "/n", "-i", "a/b"], "unexpected `/` at byte 1 of an interface name"),
        (&["gc", "db", "--keep=a"], "`CONTAINER:INTERFACE` is expected"),
        (&["gc", "db", "--keep=a:b", "--all"], "cannot be used with"),
        (&["--timeout=soon", "list"], "invalid value"),
    ] {
        let ran = tool.run(&[], arguments).exits(2);
        assert!(ran.stderr.contains(text), "{}", ran.stderr);
    }
    let ran = tool.run(&[("CAP_ARGS", "{")], &["add", "db", "/n"]).exits(2);
    assert!(ran.stderr.contains("1:1: EOF"), "{}", ran.stderr);
    tool.run(&[], &["add", "nosuch", "/n"])
        .fails(1, &format!("cnitool: no network `nosuch` in `{}`\n", tool.path("net.d").display()));
    for command in ["add", "check", "del", "status", "gc", "version", "list", "show"] {
        let help = tool.run(&[], &[command, "--help"]).success().stdout;
        let examples = help.split_once("Examples:").expect("examples").1;
        assert!(examples.matches("cnitool ").count() >= 2, "{help}");
    }
}

/// What one has attached, the other detaches; and both print the same.
fn beside_libcni() {
    let host = Host::new();
    let tool = Tool::new();
    let leases = tool.path("leases").display().to_string();
    let list = r#"{"cniVersion":"1.0.0","name":"real","plugins":[
        {"type":"bridge","bridge":"br0","isGateway":true,"ipam":{"type":"host-local","dataDir":"LEASES","subnet":"10.77.0.0/24",
         "routes":[{"dst":"0.0.0.0/0"}]}},
        {"type":"portmap","capabilities":{"portMappings":true}}]}"#;
    // libcni reads no file with 1e400 in it.
    fs::remove_file(tool.path("net.d/10-db.conflist")).expect("a configuration goes");
    fs::write(tool.path("net.d/20-real.conflist"), list.replace("LEASES", &leases)).expect("a configuration");
    let peer = tool.path("libcni");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&peer)
        .arg(repository("benches/cni/libcni.go"))
        .envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode")])
        .output()
        .expect("go starts");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let netns = Guard(tool.path("ns"));
    netns::create(&netns.0).expect("a namespace");
    let netns = netns.0.to_str().expect("UTF-8");
    let ports = r#"{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}"#;
    let run = |program: &str, verb: &str| {
        let mut command = host.command(program);
        tool.set(&mut command);
        command
            .envs([("CNI_PATH", "/usr/lib/cni:/opt/cni/bin"), ("CAP_ARGS", ports)])
            .env("CNI_CACHE", tool.path("cni"))
            .args([verb, "real", netns]);
        if program.ends_with("cnitool") {
            command.arg(format!("--libcni-cache={}", tool.path("cni/results").display()));
        }
        Ran::of(command.output().expect("a program starts"))
    };
    let (ours, theirs) = (env!("CARGO_BIN_EXE_cnitool"), peer.to_str().expect("UTF-8"));

    let by_them = run(theirs, "add").success().stdout;
    // portmap 1.1.1 looks for rules of IPv6 that it has not made: both are told so, or neither.
    let checked = run(theirs, "check");
    assert_eq!(run(ours, "check").code, checked.code, "{}", checked.stderr);
    run(ours, "del").success();
    assert_eq!(fs::read_dir(tool.path("cni/results")).expect("libcni's records").count(), 0);
    let is_clean = || {
        let state = host.state();
        assert!(state.iter().all(|line| !line.contains("veth") && !line.contains("8080")), "{state:?}");
    };
    is_clean();
    // host-local goes round: from its first address again.
    fs::remove_dir_all(&leases).expect("the leases go");
    let by_us = run(ours, "add").success().stdout;
    assert_eq!(ours_as_theirs(&by_us), ours_as_theirs(&by_them));
    run(theirs, "del").success();
    // It had no record of ours, but the plugins know what to do.
    run(ours, "del").success();
    is_clean();
}

/// A result without what differs from run to run, and without the empty `dns` that Go writes.
fn ours_as_theirs(result: &str) -> String {
    let lines = result.trim_end().lines().filter(|line| !line.contains("\"mac\"") && !line.contains("veth"));
    lines.collect::<Vec<_>>().join("\n").replace(",\n    \"dns\": {}", "")
}

/// A namespace that goes whatever happens.
struct Guard(PathBuf);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = netns::remove(&self.0);
    }
}
