use std::os::unix::fs::FileTypeExt;

use pod_core::pod::{FileContent, FileEntry, HostPathKind, SandboxFact, Template};

use super::*;
use crate::sample;

fn volume(source: VolumeSource) -> Volume {
    Volume { name: "v".parse().unwrap(), source }
}

fn entry(path: &str, mode: u32, content: FileContent) -> FileEntry {
    FileEntry { path: path.to_owned(), mode, content }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn an_empty_directory_has_its_mode_whatever_the_umask() {
    let pod = tempfile::tempdir().unwrap();
    let own = fs::metadata(pod.path()).unwrap();
    let empty = volume(VolumeSource::EmptyDir {
        memory: false,
        size_limit: None,
        mode: 0o1777,
        uid: own.uid(),
        gid: own.gid(),
    });
    make(pod.path(), &empty, None, &SandboxFacts::default()).unwrap();
    assert_eq!(mode(&source(pod.path(), &empty)), 0o1777);
    // With a group of the pod's, as the kubelet shows it: `drwxrwsrwx`.
    make(pod.path(), &empty, Some(own.gid()), &SandboxFacts::default()).unwrap();
    assert_eq!(mode(&source(pod.path(), &empty)), 0o3777);
}

#[test]
fn files_with_facts_of_the_sandbox() {
    let pod = tempfile::tempdir().unwrap();
    let facts = SandboxFacts { pod_ips: vec!["10.1.2.3".parse().unwrap()], host_ips: vec![] };
    let files = volume(VolumeSource::Files {
        entries: vec![
            entry("a/address", 0o644, FileContent::Text(Template::from(SandboxFact::PodIp).then_text("\n"))),
            entry("key", 0o400, FileContent::Bytes(vec![0, 255])),
        ],
        memory: false,
    });
    make(pod.path(), &files, None, &facts).unwrap();
    let path = source(pod.path(), &files);
    assert_eq!(fs::read_to_string(path.join("a/address")).unwrap(), "10.1.2.3\n");
    assert_eq!(fs::read(path.join("key")).unwrap(), [0, 255]);
    assert_eq!((mode(&path.join("a/address")), mode(&path.join("key"))), (0o644, 0o400));
}

#[test]
fn files_stay_in_their_volume() {
    for (paths, text) in [
        (vec!["../x"], "volume `v`: file `../x`: its path must be relative and without `..`"),
        (vec!["/x"], "volume `v`: file `/x`: its path must be relative and without `..`"),
        (vec![""], "volume `v`: file ``: its path must be relative and without `..`"),
        (vec!["a", "a"], "volume `v`: file `a`: it is there twice"),
    ] {
        let entries = paths.iter().map(|path| entry(path, 0o644, FileContent::Bytes(vec![]))).collect();
        let mut spec = sample::pod(1, vec![]);
        spec.volumes = vec![volume(VolumeSource::Files { entries, memory: false })];
        assert_eq!(check(&spec).unwrap_err().to_string(), text);
    }
}

#[test]
fn host_paths_as_the_kubelet_checks_them() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let absent = dir.path().join("absent");
    let null = Path::new("/dev/null");
    assert!(fs::metadata(null).unwrap().file_type().is_char_device());
    for (path, kind, wrong) in [
        (dir.path(), HostPathKind::Unchecked, None),
        (absent.as_path(), HostPathKind::Unchecked, Some("is not there")),
        (dir.path(), HostPathKind::Directory, None),
        (&file, HostPathKind::Directory, Some("is not a directory")),
        (&absent, HostPathKind::Directory, Some("is not a directory")),
        (&file, HostPathKind::DirectoryOrCreate, Some("is not a directory")),
        (&absent, HostPathKind::DirectoryOrCreate, None),
        (&file, HostPathKind::File, None),
        (dir.path(), HostPathKind::FileOrCreate, Some("is not a file")),
        (&absent, HostPathKind::FileOrCreate, None),
        (&socket, HostPathKind::Socket, None),
        (&file, HostPathKind::Socket, Some("is not a socket")),
        (null, HostPathKind::CharDevice, None),
        (null, HostPathKind::BlockDevice, Some("is not a block device")),
        (Path::new("relative"), HostPathKind::Unchecked, Some("is no absolute path")),
    ] {
        let result = host_path::check(path, kind, false).map_err(|error| error.to_string());
        let expected = wrong
            .map_or(Ok(()), |wrong| Err(format!("hostPath type check failed: {} {wrong}", path.display())));
        assert_eq!(result, expected, "{path:?} {kind:?}");
    }
    assert!(!absent.exists());
    host_path::check(&absent.join("a/b"), HostPathKind::DirectoryOrCreate, true).unwrap();
    host_path::check(&absent.join("a/b/file"), HostPathKind::FileOrCreate, true).unwrap();
    assert_eq!(mode(&absent.join("a/b/file")), 0o644);
    host_path::check(&absent.join("no/file"), HostPathKind::FileOrCreate, true).unwrap_err();
}
