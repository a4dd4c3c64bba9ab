//! What an app sees of itself and of the machine.

use std::fs;
use std::path::PathBuf;

use pod_engine::plan::RootSource;
use pod_engine::stage1::Report;

use super::fixture::Fixture;
use super::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("view::is_pid_1_and_alone", Needs::Root, is_pid_1_and_alone),
    ("view::has_three_descriptors", Needs::Root, has_three_descriptors),
    ("view::has_only_its_environment", Needs::Root, has_only_its_environment),
    ("view::starts_where_it_is_told", Needs::Root, starts_where_it_is_told),
    ("view::dev_is_complete", Needs::Root, dev_is_complete),
    ("view::devices_work", Needs::Root, devices_work),
    ("view::mounts", Needs::Root, mounts),
    ("view::hidden_paths", Needs::Root, hidden_paths),
    ("view::read_only_paths", Needs::Root, read_only_paths),
    ("view::privileged", Needs::Root, privileged),
    ("view::read_only_root", Needs::Root, read_only_root),
    ("view::directory_root", Needs::Root, directory_root),
    ("view::own_cgroups", Needs::Root, own_cgroups),
    ("view::processes_of_the_host", Needs::Root, processes_of_the_host),
];

fn is_pid_1_and_alone() {
    let ended = Fixture::shell("echo $$; ls -d /proc/[0-9]*; cut -d' ' -f 4-6 /proc/1/stat; true").run();
    // Parent 0 is outside; group and session are its own.
    assert_eq!(ended.success(), "1\n/proc/1\n0 1 1\n");
}

fn has_three_descriptors() {
    let ended = Fixture::command(&["ls", "/proc/self/fd"]).run();
    // 3 is the directory that ls reads.
    assert_eq!(ended.success(), "0\n1\n2\n3\n");
}

fn has_only_its_environment() {
    let mut fixture = Fixture::command(&["env"]);
    fixture.plan.process.env.push(("A".into(), "two words\nand a line".into()));
    assert_eq!(fixture.run().success(), "PATH=/usr/bin:/bin\nA=two words\nand a line\nHOME=/root\n");
    fixture.plan.process.env = vec![("HOME".into(), "/elsewhere".into())];
    fixture.plan.process.argv = vec!["/bin/env".into()];
    assert_eq!(fixture.run().success(), "HOME=/elsewhere\n");
}

fn starts_where_it_is_told() {
    let mut fixture = Fixture::shell("pwd; umask; touch file; mkdir dir; stat -c '%a %u' file dir .");
    fixture.plan.process.working_dir = "/srv/new/place".into();
    assert_eq!(fixture.run().success(), "/srv/new/place\n0022\n644 0\n755 0\n755 0\n");
    fixture.plan.process.working_dir = "/etc/passwd".into();
    assert_eq!(
        fixture.run().failure(),
        "Create: entering the working directory `/etc/passwd`: not a directory"
    );
}

fn dev_is_complete() {
    let ended = Fixture::shell(
        "ls /dev; stat -c '%F %t:%T %a' /dev/null /dev/full /dev/tty; ls /dev/pts; for l in ptmx fd stderr; do readlink /dev/$l; done",
    )
    .run();
    assert_eq!(
        ended.success(),
        "console\nfd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n\
         character special file 1:3 666\ncharacter special file 1:7 666\ncharacter special file 5:0 666\nptmx\n\
         pts/ptmx\n/proc/self/fd\n/proc/self/fd/2\n"
    );
}

fn devices_work() {
    let ended = Fixture::shell(
        "head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c; echo x > /dev/null; echo x > /dev/console; \
         echo x > /dev/full; echo shared > /dev/shm/file && cat /dev/shm/file; touch /dev/mqueue/queue && echo queue",
    )
    .run();
    assert_eq!(ended.output, "3\n3\nsh: write error: No space left on device\nshared\nqueue\n");
}

fn mounts() {
    let ended = Fixture::shell(
        "cut -d' ' -f 5,6 /proc/self/mountinfo; grep -c -E 'shared:|master:' /proc/self/mountinfo; true",
    )
    .run();
    let lines: Vec<&str> = ended.success().lines().collect();
    let base = [
        "/ rw,relatime",
        "/proc rw,nosuid,nodev,noexec,relatime",
        "/sys ro,nosuid,nodev,noexec,relatime",
        "/sys/fs/cgroup ro,nosuid,nodev,noexec,relatime",
        "/dev rw,nosuid",
        "/dev/pts rw,nosuid,noexec,relatime",
        "/dev/mqueue rw,nosuid,nodev,noexec,relatime",
        "/dev/shm rw,nosuid,nodev,noexec,relatime",
    ];
    assert_eq!(lines[..base.len()], base);
    // Nothing of the host, nothing that passes.
    assert!(
        lines[base.len()..lines.len() - 1]
            .iter()
            .all(|line| line.starts_with("/proc/") || line.starts_with("/sys/")),
        "{lines:?}"
    );
    assert_eq!(lines.last(), Some(&"0"));
}

fn hidden_paths() {
    let files = "/proc/kcore /proc/keys /proc/timer_list /proc/kallsyms /proc/interrupts /proc/config.gz /proc/sched_debug";
    let dirs = "/proc/acpi /proc/scsi /sys/firmware /sys/module /sys/power";
    let script = format!(
        "for f in {files}; do test -e $f || continue; wc -c < $f; done; \
         for d in {dirs}; do test -e $d || continue; ls $d | wc -l; touch $d/x 2>/dev/null && echo made; done; true"
    );
    let mut fixture = Fixture::shell(&script);
    let ended = fixture.run();
    let lines: Vec<&str> = ended.success().lines().collect();
    assert!(lines.len() >= 4 && lines.iter().all(|line| *line == "0"), "{lines:?}");
    fixture.plan.confinement.mask_paths = false;
    let ended = fixture.run();
    assert!(ended.success().lines().any(|line| line != "0"), "{}", ended.output);
}

fn read_only_paths() {
    let mut fixture = Fixture::shell(
        "for f in /proc/sys/kernel/core_pattern /proc/sys/vm/panic_on_oom /proc/sys/net/ipv4/ip_forward /proc/sysrq-trigger \
         /sys/kernel/mm/ksm/run; do test -e $f && { (: >> $f) 2>&1; }; done; touch /sys/fs/cgroup/x; true",
    );
    let ended = fixture.run();
    assert!(ended.success().lines().count() >= 4, "{}", ended.output);
    assert!(ended.output.lines().all(|line| line.ends_with("Read-only file system")), "{}", ended.output);
    // Without masks /proc/sys is open, as in an app that Kubernetes gives `procMount: Unmasked`; /sys stays read-only.
    fixture.plan.confinement.mask_paths = false;
    let ended = fixture.run();
    assert!(ended.success().lines().count() < 4, "{}", ended.output);
}

fn privileged() {
    let mut fixture = Fixture::shell(
        "grep Seccomp: /proc/self/status; grep -c ' /proc/' /proc/self/mounts; touch /sys/fs/cgroup/x && echo made; (: >> /proc/sys/vm/swappiness) && echo open; \
         for d in null vda sda console kmsg mem; do test -e /dev/$d && echo $d; done; grep ' /sys ' /proc/self/mounts | cut -d' ' -f 4",
    );
    fixture.plan.confinement.privileged = true;
    fixture.plan.confinement.capabilities = pod_core::pod::Capability::ALL.to_vec();
    fixture.plan.all_devices = true;
    let ended = fixture.run();
    let mut wanted = "Seccomp:\t0\n0\nmade\nopen\n".to_owned();
    for device in ["null", "vda", "sda", "console", "kmsg", "mem"] {
        if PathBuf::from("/dev").join(device).exists() || device == "console" {
            wanted += &format!("{device}\n");
        }
    }
    assert_eq!(ended.success(), wanted + "rw,nosuid,nodev,noexec,relatime\n");
}

fn read_only_root() {
    let mut fixture = Fixture::shell("touch /x /etc/x /bin/x /dev/shm/x /dev/x; true");
    fixture.plan.root.read_only = true;
    let ended = fixture.run();
    let refused = |path: &str| format!("touch: {path}: Read-only file system\n");
    assert_eq!(ended.success(), refused("/x") + &refused("/etc/x") + &refused("/bin/x"));
    assert_eq!(ended.reports, [Report::Ready]);
}

fn directory_root() {
    let mut fixture = Fixture::shell("echo text > /etc/new; cut -d' ' -f 5 /proc/self/mountinfo | head -n 1");
    fixture.plan.root.source = RootSource::Directory(fixture.image(""));
    assert_eq!(fixture.run().success(), "/\n");
    assert_eq!(fs::read_to_string(fixture.image("etc/new")).unwrap(), "text\n");
    // Nothing of it is mounted here.
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(fixture.image("").to_str().unwrap()));
}

/// The hierarchies of the host in which this test may make cgroups.
fn hierarchies() -> Vec<PathBuf> {
    let root = PathBuf::from("/sys/fs/cgroup");
    if root.join("cgroup.procs").exists() {
        return vec![root];
    }
    ["pids", "memory", "freezer"]
        .iter()
        .map(|name| root.join(name))
        .filter(|path| path.join("cgroup.procs").exists())
        .collect()
}

fn own_cgroups() {
    let name = format!("podkit-test-{}", std::process::id());
    let hierarchies = hierarchies();
    assert!(!hierarchies.is_empty());
    let mut fixture = Fixture::shell(
        "cat /proc/self/cgroup; ls /sys/fs/cgroup; cat /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs 2>/dev/null | grep -x 1; \
         for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir $d/x 2>&1; done | grep -v -c Read-only; true",
    );
    for hierarchy in &hierarchies {
        let cgroup = hierarchy.join(&name);
        fs::create_dir(&cgroup).unwrap();
        fixture.plan.cgroups.push(cgroup);
    }
    let ended = fixture.run();
    for cgroup in &fixture.plan.cgroups {
        fs::remove_dir(cgroup).unwrap();
    }
    let output = ended.success();
    assert!(!output.contains(&name), "{output}");
    if let [first, ..] = hierarchies.as_slice()
        && first.ends_with("pids")
    {
        assert!(output.contains("pids:/\n") && output.contains("memory:/\n"), "{output}");
        // Each holds the shell, PID 1, and nothing outside is to be seen.
        assert!(output.contains("freezer\nmemory\npids\n1\n1\n1\n"), "{output}");
    }
    assert!(output.ends_with("\n0\n"), "{output}");
}

fn processes_of_the_host() {
    let mut fixture = Fixture::shell("echo $$; readlink /proc/self/ns/pid");
    fixture.plan.own_pid_namespace = false;
    let ended = super::fixture::run(&fixture.app(), pod_engine::stage1::Pids::Host);
    let own = fs::read_link("/proc/self/ns/pid").unwrap();
    let lines: Vec<&str> = ended.success().lines().collect();
    assert_ne!(lines[0], "1");
    assert_eq!(lines[1], own.to_str().unwrap());
}
