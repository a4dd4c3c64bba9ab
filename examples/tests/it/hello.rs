//! hello.yaml from its first line to its last trace, and what comes of pods that end in other ways.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::Trial;
use serde_json::Value;

use crate::machine;
use crate::program::{Podrun, Ran, repository};
use crate::soak::pods;
use crate::{Need, test};

/// The demo, as the README has it run.
pub(crate) const HELLO: &str = "examples/pods/hello.yaml";

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("hello::tells_its_story", &[Need::Root], tells_its_story),
        test("hello::leaves_nothing", &[Need::Root], leaves_nothing),
        test("hello::documents", &[Need::Root], documents),
        test("hello::exit_codes", &[Need::Root], exit_codes),
    ]
}

/// The lines of each container, without their prefix; everything else stands under the empty name.
pub(crate) fn by_container(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut lines = BTreeMap::<_, Vec<_>>::new();
    for line in text.lines() {
        let (name, line) = line.split_once(" | ").map_or(("", line), |(name, line)| (name.trim_end(), line));
        lines.entry(name).or_default().push(line);
    }
    lines
}

/// The events: severity, reason and message.
pub(crate) fn events(stderr: &str) -> Vec<(&str, &str, &str)> {
    stderr
        .lines()
        .filter_map(|line| {
            let (severity, rest) =
                line.split_once(' ').filter(|(word, _)| matches!(*word, "Normal" | "Warning"))?;
            let (reason, message) = rest.trim_start().split_once(' ')?;
            Some((severity, reason, message.trim_start()))
        })
        .collect()
}

fn hello(podrun: &Podrun, options: &[&str]) -> Ran {
    let file = repository(HELLO).into_os_string();
    podrun.run(options.iter().map(Into::into).chain(["run".into(), file])).success()
}

fn tells_its_story() {
    let podrun = Podrun::new();
    let ran = hello(&podrun, &[]);
    let lines = by_container(&ran.stdout);
    assert_eq!(
        lines.keys().copied().collect::<Vec<_>>(),
        ["client", "prepare", "reader", "web"],
        "{}",
        ran.stdout
    );
    assert_eq!(lines["prepare"], ["wrote /shared/page"]);
    assert_eq!(
        lines["web"],
        ["listening on 127.0.0.1:8080", "the preStop hook of web says: time to go", "asked to stop: bye"],
    );
    let [page] = lines["client"][..] else { panic!("{}", ran.stdout) };
    assert!(
        page.starts_with("Hello from hello: It is ")
            && page.ends_with(" UTC, and an init container wrote this page.")
    );
    assert_eq!(
        lines["reader"],
        ["the volume that we share has this log:", "the postStart hook of web was here", "Hello from hello"],
    );
    assert_eq!(
        by_container(&ran.stderr)["client"],
        ["nobody listens on 127.0.0.1:8080 yet: I give up"],
        "{}",
        ran.stderr,
    );

    let events = events(&ran.stderr);
    let at = |reason: &str, message: &str| {
        let found = events.iter().position(|event| event.1 == reason && event.2.starts_with(message));
        found.unwrap_or_else(|| panic!("no event {reason} {message} in\n{}", ran.stderr))
    };
    let order = [
        at("Pulled", "prepare: "),
        at("Created", "prepare: "),
        at("Started", "prepare: "),
        at("Started", "web: "),
        at("Started", "client: "),
        at("Killing", "web: "),
    ];
    assert!(order.is_sorted(), "{}", ran.stderr);
    assert_eq!(events[at("Unhealthy", "web: Readiness probe failed")].0, "Warning");
    assert_eq!(
        events.iter().filter(|event| event.1 == "Started" && event.2.starts_with("client: ")).count(),
        2
    );

    let (_, table) = ran.stderr.split_once("\n\n").expect("a blank line before the table");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let expected = [
        "NAME KIND STATE REASON EXIT RESTARTS READY",
        "prepare init Terminated Completed 0 0 yes",
        "web sidecar Terminated Completed 0 0 no",
        "client main Terminated Completed 0 1 no",
        "reader main Terminated Completed 0 0 no",
        "",
        "Pod hello Succeeded",
    ];
    assert_eq!(rows, expected.map(|row| row.split_whitespace().collect::<Vec<_>>()), "{}", ran.stderr);
}

fn leaves_nothing() {
    let podrun = Podrun::new();
    hello(&podrun, &[]);
    podrun.run(["gc", "--grace-period", "0"]).success();
    let (tree, links) = (machine::tree(&podrun.data()), machine::links());

    hello(&podrun, &[]);
    let seen = pods(&podrun);
    assert_eq!(seen.len(), 1);
    let uuid = seen.first().expect("one pod").as_str();
    // What ended leaves its directory only, until gc takes that away too.
    let traces = machine::traces(podrun.marker(), &seen);
    assert!(traces.iter().all(|trace| !trace.starts_with("process")), "{traces:?}");
    let listed = podrun.run(["list"]).success().stdout;
    assert!(listed.lines().any(|line| line.starts_with(uuid) && line.contains("exited")), "{listed}");
    let status = podrun.run(["status", &uuid[..8]]).success().stdout;
    assert!(status.contains("POD    default/hello\n") && status.contains("PHASE  Succeeded\n"), "{status}");

    let marked = podrun.run(["gc", "--mark-only"]).success().stdout;
    assert_eq!(marked, format!("marked   {uuid}\n"));
    assert_eq!(podrun.run(["gc"]).success().stdout, "");
    assert_eq!(podrun.run(["gc", "--grace-period", "0"]).success().stdout, format!("deleted  {uuid}\n"));
    assert_eq!(machine::traces(podrun.marker(), &seen), Vec::<String>::new());
    assert_eq!(machine::tree(&podrun.data()), tree);
    assert_eq!(machine::links(), links);
    podrun.run(["status", uuid]).fails(254, &format!("podrun: no pod has the identifier `{uuid}`\n"));
}

/// With a document format, standard output has the final status and nothing else.
fn documents() {
    let podrun = Podrun::new();
    let ran = hello(&podrun, &["--output", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    assert_eq!(report["name"], "hello");
    assert_eq!(report["exitCode"], 0);
    assert_eq!(report["status"]["phase"], "Succeeded");
    let apps = report["status"]["apps"].as_array().expect("a list");
    let names: Vec<_> = apps.iter().map(|app| app["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["prepare", "web", "client", "reader"]);
    assert_eq!(by_container(&ran.stderr)["prepare"], ["wrote /shared/page"]);
    let uuid = report["uuid"].as_str().expect("text");
    let again: Value =
        serde_json::from_str(&podrun.run(["status", "-o", "json", uuid]).success().stdout).expect("JSON");
    assert_eq!(again, report);
    let list: Value =
        serde_json::from_str(&podrun.run(["list", "-o", "json"]).success().stdout).expect("JSON");
    assert_eq!(list, Value::Array(vec![report]));
}

/// The first exit code that is not 0, in the order of the containers; what init containers did counts first.
fn exit_codes() {
    let podrun = Podrun::new();
    let cases = [
        (&["exit 0", "exit 0"][..], 0),
        (&["sleep 0.3; exit 3", "exit 4"], 3),
        (&["exit 0", "exit 255"], 255),
    ];
    for (scripts, code) in cases {
        let ran = podrun.run_pod(&[], &pod_of("Never", scripts)).exits(code);
        let phase = if code == 0 { "Pod codes Succeeded\n" } else { "Pod codes Failed\n" };
        assert!(ran.stderr.ends_with(phase), "{}", ran.stderr);
    }
    let uuids: BTreeSet<_> = pods(&podrun);
    assert_eq!(uuids.len(), cases.len());
    podrun.run(["gc", "--grace-period", "0"]).success();
    assert_eq!(machine::traces(podrun.marker(), &uuids), Vec::<String>::new());
}

/// A pod whose containers run these scripts.
pub(crate) fn pod_of(restart_policy: &str, scripts: &[&str]) -> String {
    let mut pod = format!(
        "apiVersion: v1
kind: Pod
metadata:
  name: codes
  annotations:
    podkit.dev/net: none
    podkit.dev/copy-exec.c0: /bin/sh,/bin/sleep
spec:
  restartPolicy: {restart_policy}
  terminationGracePeriodSeconds: 2
  containers:
"
    );
    for (index, script) in scripts.iter().enumerate() {
        pod += &format!(
            "  - {{name: c{index}, image: 'example.com/sh:1', command: [/bin/sh, -c, {}]}}\n",
            serde_json::to_string(script).expect("text is JSON"),
        );
    }
    pod
}
