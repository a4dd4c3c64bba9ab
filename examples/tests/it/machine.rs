//! What a pod could leave behind on the machine.
//!
//! Other tests make pods at the same time, so only what can be told to be of one data directory is looked at: mounts and
//! processes name it, cgroups name the pods' identifiers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Everything on this machine that is of a data directory or of pods, as sorted lines for people.
///
/// `marker` is what the paths of that data directory have in common with no others; `pods` are identifiers.
pub(crate) fn traces(marker: &str, pods: &BTreeSet<String>) -> Vec<String> {
    let of_a_pod = |text: &str| pods.iter().any(|pod| text.contains(pod));
    let mut traces: Vec<_> = read("/proc/self/mountinfo")
        .lines()
        .filter(|line| line.contains(marker) || of_a_pod(line))
        .map(|line| format!("mount: {line}"))
        .collect();
    let own_mounts = fs::read_link("/proc/self/ns/mnt").ok();
    for id in entries(Path::new("/proc")).filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        let proc = format!("/proc/{id}");
        // It has ended, and only waits for its parent (after a killed podrun that is init) to take note of it.
        if read(format!("{proc}/stat"))
            .rsplit_once(')')
            .is_some_and(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
        {
            continue;
        }
        let command = read(format!("{proc}/cmdline")).replace('\0', " ");
        let inside = fs::read_link(format!("{proc}/ns/mnt")).ok() != own_mounts
            && read(format!("{proc}/mountinfo")).contains(marker);
        if inside || command.contains(marker) || of_a_pod(&read(format!("{proc}/cgroup"))) {
            traces.push(format!("process {id}: {command}"));
        }
    }
    let mut cgroups = Vec::new();
    directories(Path::new("/sys/fs/cgroup"), &mut cgroups);
    let cgroups = cgroups.iter().map(|dir| dir.display().to_string()).filter(|dir| of_a_pod(dir));
    traces.extend(cgroups.map(|dir| format!("cgroup: {dir}")));
    traces.extend(
        entries(Path::new("/run/netns")).filter(|name| of_a_pod(name)).map(|name| format!("netns: {name}")),
    );
    traces.sort();
    traces
}

/// The network interfaces of the host.
pub(crate) fn links() -> BTreeSet<String> {
    entries(Path::new("/sys/class/net")).collect()
}

/// The files and directories below a directory, by their relative paths.
pub(crate) fn tree(dir: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut left = vec![dir.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                left.push(entry.path());
            }
            found.insert(entry.path().strip_prefix(dir).expect("a path below").to_owned());
        }
    }
    found
}

/// The text of a file; empty when it is gone.
fn read(path: impl AsRef<Path>) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

fn entries(dir: &Path) -> impl Iterator<Item = String> {
    fs::read_dir(dir).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok())
}

fn directories(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.push(entry.path());
            directories(&entry.path(), found);
        }
    }
}

/// The processes below a process, in no order.
pub(crate) fn descendants(of: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = entries(Path::new("/proc"))
        .filter_map(|name| {
            let id = name.parse().ok()?;
            // The name in parentheses may hold blanks and parentheses (proc_pid_stat(5)).
            let stat = read(format!("/proc/{id}/stat"));
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((id, parent))
        })
        .collect();
    let mut below = vec![of];
    let mut at = 0;
    while let Some(parent) = below.get(at).copied() {
        below.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
        at += 1;
    }
    below.split_off(1)
}
