//! Network namespaces.

use std::fs;
use std::path::Path;

use cni_client::netns::{self, Namespace};
use tempfile::TempDir;

use crate::world::full;
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("namespaces::anonymous", Needs::Root, anonymous),
    ("namespaces::named", Needs::Root, named),
    ("namespaces::faults", Needs::Root, faults),
    ("namespaces::panics_come_through", Needs::Root, panics_come_through),
    ("namespaces::in_a_user_namespace", Needs::UserNamespace, in_a_user_namespace),
];

fn anonymous() {
    let before = Namespace::current().unwrap();
    let namespace = Namespace::anonymous().unwrap();
    assert!(before.is_same(&Namespace::current().unwrap()), "the caller's thread has not moved");
    assert!(!namespace.is_same(&before));
    assert!(namespace.is_same(&Namespace::open(&namespace.path()).unwrap()));
    let inside = namespace.run(Namespace::current).unwrap().unwrap();
    assert!(inside.is_same(&namespace));
    let connects = || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        std::net::TcpStream::connect(listener.local_addr().unwrap()).is_ok()
    };
    assert!(!namespace.run(connects).unwrap());
    namespace.loopback_up().unwrap();
    namespace.loopback_up().unwrap();
    assert!(namespace.run(connects).unwrap());
    let v6 = || std::net::TcpListener::bind("[::1]:0").is_ok();
    assert!(namespace.run(v6).unwrap());
}

fn named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("c1");
    let namespace = netns::create(&path).unwrap();
    assert!(Namespace::open(&path).unwrap().is_same(&namespace));
    drop(namespace);
    let again = Namespace::open(&path).unwrap();
    assert!(again.run(|| std::net::TcpListener::bind("127.0.0.1:0").is_ok()).unwrap());
    // A second mount over the first, as a careless runtime leaves it.
    rustix::mount::mount_bind(again.path(), &path).unwrap();
    assert!(netns::remove(&path).unwrap());
    assert!(!path.exists() && !netns::remove(&path).unwrap());
    // Who is inside keeps it.
    assert!(again.run(|| true).unwrap());
}

fn faults() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x");
    let text = |path: &Path| path.display().to_string();
    let missing = Namespace::open(&path).unwrap_err();
    assert!(missing.is_not_found());
    assert_eq!(
        full(&missing),
        format!("cannot open network namespace `{}`: No such file or directory (os error 2)", text(&path))
    );
    fs::write(&path, "").unwrap();
    assert_eq!(
        full(&Namespace::open(&path).unwrap_err()),
        format!("`{}` is no network namespace", text(&path))
    );
    assert_eq!(
        full(&netns::create(&path).unwrap_err()),
        format!("cannot bind a network namespace to `{}`: File exists (os error 17)", text(&path))
    );
    // What `umount` leaves is an empty file.
    assert!(netns::remove(&path).unwrap());
    fs::write(&path, "precious").unwrap();
    assert_eq!(
        full(&netns::remove(&path).unwrap_err()),
        format!("`{}` is no network namespace", text(&path))
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    assert!(netns::remove(folder.path()).is_err() && folder.path().exists());
    let nowhere = folder.path().join("no/where");
    assert!(netns::create(&nowhere).is_err() && !netns::remove(&nowhere).unwrap());
    // Another kind of namespace is opened and cannot be entered.
    let uts = Namespace::open(Path::new("/proc/self/ns/uts")).unwrap();
    assert_eq!(
        full(&uts.run(|| ()).unwrap_err()),
        "cannot enter a network namespace: Invalid argument (os error 22)"
    );
}

fn panics_come_through() {
    let namespace = Namespace::anonymous().unwrap();
    let panic = std::panic::catch_unwind(|| namespace.run(|| panic!("inside"))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"inside"));
}

/// Without root on the machine: the same in a user namespace that owns its mounts.
fn in_a_user_namespace() {
    let own = std::env::current_exe().unwrap();
    for test in ["namespaces::anonymous", "namespaces::named"] {
        let output = std::process::Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "--"])
            .arg(&own)
            .args(["--exact", test])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{test}: {text}");
    }
}
