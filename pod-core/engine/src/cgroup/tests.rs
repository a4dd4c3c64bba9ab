use std::collections::BTreeMap;

use super::*;
use crate::sample;

const ALL: [Controller; 4] = [Controller::Cpu, Controller::Memory, Controller::Pids, Controller::Devices];

fn app(resources: Resources) -> App {
    App { resources, ..sample::app("web") }
}

fn full() -> Resources {
    Resources {
        cpu_request_milli: Some(250),
        cpu_limit_milli: Some(1500),
        memory_request: None,
        memory_limit: Some(64 << 20),
        pids_limit: Some(32),
        oom_score_adj: None,
    }
}

fn written(version: Version, resources: &Resources) -> Vec<(&'static str, String)> {
    settings(version, &ALL[..3], resources, None).into_iter().map(|s| (s.file, s.value)).collect()
}

#[test]
fn what_is_written() {
    let expect = |pairs: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        pairs.iter().map(|(file, value)| (*file, (*value).to_owned())).collect()
    };
    assert_eq!(
        written(Version::V1, &full()),
        expect(&[
            ("cpu.shares", "256"),
            ("cpu.cfs_period_us", "100000"),
            ("cpu.cfs_quota_us", "150000"),
            ("memory.limit_in_bytes", "67108864"),
            ("memory.memsw.limit_in_bytes", "67108864"),
            ("memory.swappiness", "0"),
            ("pids.max", "32"),
        ])
    );
    assert_eq!(
        written(Version::V2, &full()),
        expect(&[
            ("cpu.weight", "10"),
            ("cpu.max", "150000 100000"),
            ("memory.max", "67108864"),
            ("memory.swap.max", "0"),
            ("memory.oom.group", "1"),
            ("pids.max", "32"),
        ])
    );
    assert_eq!(written(Version::V1, &Resources::default()), []);
    // The kubelet's bounds (MinShares, MinQuotaPeriod): a request of nothing, a limit below one per cent.
    let tiny = Resources { cpu_request_milli: Some(0), cpu_limit_milli: Some(1), ..Resources::default() };
    assert_eq!(
        written(Version::V1, &tiny),
        expect(&[("cpu.shares", "2"), ("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "1000")])
    );
    let huge = Resources { cpu_request_milli: Some(u64::MAX), ..Resources::default() };
    assert_eq!(written(Version::V2, &huge), expect(&[("cpu.weight", "10000")]));
}

#[test]
fn devices_are_closed_but_for_the_usual_ones_and_those_given() {
    let given = [DeviceRule::device(true, 8, 1, true)];
    let list = settings(Version::V1, &[Controller::Devices], &Resources::default(), Some(&given));
    assert_eq!((list[0].file, list[0].value.as_str()), ("devices.deny", "a"));
    assert_eq!(list.last().unwrap().value, "b 8:1 rm");
    assert!(list.iter().any(|setting| setting.value == "c 1:3 rwm"));
    assert!(settings(Version::V1, &[Controller::Devices], &Resources::default(), None).is_empty());
}

/// A directory that stands for a hierarchy, with the files that a kernel would make.
fn hierarchy(uid: Uuid, files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let group = dir.path().join(TOP).join(uid.to_string()).join("web");
    fs::create_dir_all(&group).unwrap();
    for file in files {
        fs::write(group.join(file), "").unwrap();
    }
    dir
}

#[test]
fn limits_reach_the_files() {
    let uid = Uuid::from_u128(7);
    let files = ["cpu.weight", "cpu.max", "memory.max", "memory.swap.max", "pids.max"];
    let dir = hierarchy(uid, &files);
    fs::write(dir.path().join("cgroup.subtree_control"), "cpu").unwrap();
    let mut warnings = Vec::new();
    let group = Cgroups::fake(Version::V2, dir.path(), &ALL[..3])
        .make(uid, &app(full()), None, &mut warnings)
        .unwrap();
    // `memory.oom.group` is not in every kernel: its absence is no warning.
    assert_eq!(warnings, Vec::<String>::new());
    let path = group.dirs().remove(0);
    let read: BTreeMap<_, _> =
        files.iter().map(|file| (*file, fs::read_to_string(path.join(file)).unwrap())).collect();
    assert_eq!(read["cpu.max"], "150000 100000");
    assert_eq!(read["memory.max"], "67108864");
    assert_eq!(read["pids.max"], "32");
    // Only what is not delegated yet is asked for, one at a time; the last stands in this fake file.
    assert_eq!(fs::read_to_string(dir.path().join("cgroup.subtree_control")).unwrap(), "+pids");
}

#[test]
fn a_written_limit_that_is_refused_is_an_error_and_a_derived_one_a_warning() {
    let uid = Uuid::from_u128(8);
    let dir = hierarchy(uid, &["cpu.cfs_period_us"]);
    let cgroups = Cgroups::fake(Version::V1, dir.path(), &[Controller::Cpu]);
    let path = dir.path().join(TOP).join(uid.to_string()).join("web");

    let error = cgroups.make(uid, &app(full()), None, &mut Vec::new()).unwrap_err();
    assert!(error.is_refused());
    assert_eq!(
        error.to_string(),
        "app `web`: memory limit: this machine has no `memory` control group controller"
    );

    let limit = Resources { cpu_limit_milli: Some(100), ..Resources::default() };
    let error = cgroups.make(uid, &app(limit), None, &mut Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "app `web`: cpu limit: cannot set `{}/cpu.cfs_quota_us`: No such file or directory (os error 2)",
            path.display()
        )
    );

    let mut warnings = Vec::new();
    let request = Resources { cpu_request_milli: Some(100), ..Resources::default() };
    cgroups.make(uid, &app(request), None, &mut warnings).unwrap();
    assert_eq!(
        warnings,
        [format!("cannot set `{}/cpu.shares`: No such file or directory (os error 2)", path.display())]
    );
}

#[test]
fn the_counter_of_both_versions() {
    assert_eq!(oom_kill("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"), Some(3));
    assert_eq!(oom_kill("low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n"), Some(1));
    assert_eq!(oom_kill("oom_kill_disable 0\nunder_oom 0\n"), None);
}
