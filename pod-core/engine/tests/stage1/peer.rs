//! What runc makes of the configuration that Docker writes, and what we make of the same.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::fixture::Fixture;
use super::{Case, Needs};

pub(crate) const CASES: &[Case] = &[("peer::runc_shows_the_same", Needs::Runc, runc_shows_the_same)];

pub(crate) fn is_there() -> bool {
    Command::new("runc").arg("--version").output().is_ok_and(|output| output.status.success())
}

const SCRIPT: &str = "grep -E '^(Cap|NoNewPrivs|Uid|Groups)' /proc/self/status; ls /dev /dev/pts; \
    stat -c '%n %F %t:%T %a %u:%g' /dev/* ; cut -d' ' -f 5,6 /proc/self/mountinfo; echo $$; umask; pwd";

fn runc_shows_the_same() {
    let fixture = Fixture::shell(SCRIPT);
    let bundle = fixture.host("bundle");
    fs::create_dir(&bundle).unwrap();
    let capabilities: Vec<&str> =
        fixture.plan.confinement.capabilities.iter().map(|one| one.as_str()).collect();
    let spec = Command::new("runc").args(["spec", "--bundle"]).arg(&bundle).output().unwrap();
    assert!(spec.status.success(), "{spec:?}");
    let config = bundle.join("config.json");
    let mut json: serde_json::Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
    let process = &mut json["process"];
    process["terminal"] = false.into();
    process["noNewPrivileges"] = false.into();
    process["args"] = serde_json::json!(["sh", "-c", SCRIPT]);
    process["env"] = serde_json::json!(["PATH=/usr/bin:/bin"]);
    process["capabilities"] =
        serde_json::json!({"bounding": capabilities, "effective": capabilities, "permitted": capabilities});
    json["root"] = serde_json::json!({"path": fixture.image(""), "readonly": false});
    fs::write(&config, json.to_string()).unwrap();
    let name = format!("podkit-test-{}", std::process::id());
    let theirs = Command::new("runc")
        .arg("--root")
        .arg(fixture.host("runc"))
        .args(["run", "--bundle"])
        .arg(&bundle)
        .arg(&name)
        .output()
        .unwrap();
    assert!(theirs.status.success(), "{theirs:?}");
    let theirs = String::from_utf8(theirs.stdout).unwrap();
    let ended = fixture.run();

    let lines = |text: &str| -> BTreeSet<String> {
        text.lines()
            .filter(|line| {
                // Decisions of their own: cgroups; Docker's link to kcore; our console; what is hidden; options of /proc, where
                // ours are Docker's; that the primary group is among the others, as in Docker since CVE-2022-36109.
                !["/sys/fs/cgroup", "/dev/console", "/dev/core", "console", "core", "/proc ", "Groups"]
                    .iter()
                    .any(|skipped| line.starts_with(skipped))
                    && !line.starts_with("/proc/")
                    && !line.starts_with("/sys/")
            })
            .map(str::to_owned)
            .collect()
    };
    let (theirs, ours) = (lines(&theirs), lines(ended.success()));
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        one.difference(other).cloned().collect::<Vec<String>>()
    };
    assert_eq!((only(&ours, &theirs), only(&theirs, &ours)), (vec![], vec![]));
}
