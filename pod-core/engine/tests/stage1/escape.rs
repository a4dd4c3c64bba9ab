//! Images and volumes that try to lead out of the app's root.

use std::fs;
use std::os::unix::fs::symlink;

use pod_engine::plan::MountPlan;

use super::fixture::Fixture;
use super::volume::{mount, source};
use super::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("escape::targets_behind_links", Needs::Root, targets_behind_links),
    ("escape::targets_with_dots", Needs::Root, targets_with_dots),
    ("escape::targets_behind_dangling_links", Needs::Root, targets_behind_dangling_links),
    ("escape::links_in_a_circle", Needs::Root, links_in_a_circle),
    ("escape::targets_in_proc", Needs::Root, targets_in_proc),
    ("escape::sub_paths", Needs::Root, sub_paths),
    ("escape::kernel_file_systems_behind_links", Needs::Root, kernel_file_systems_behind_links),
    ("escape::devices_of_images_and_volumes", Needs::Root, devices),
    ("escape::accounts", Needs::Root, accounts),
    ("escape::working_directory", Needs::Root, working_directory),
    ("escape::program_behind_a_link", Needs::Root, program_behind_a_link),
];

fn targets_behind_links() {
    let mut fixture = Fixture::shell("cat /out/mine; readlink /out");
    let outside = fixture.host("outside");
    fs::create_dir(&outside).unwrap();
    symlink(&outside, fixture.image("out")).unwrap();
    symlink("../../../../../../../../..", fixture.image("up")).unwrap();
    let source = source(&fixture);
    let marker = format!("/up/{}/marker", fixture.host("").display());
    fixture.plan.mounts = vec![mount(&source.join("file"), "/out/mine"), mount(&source, &marker)];
    assert_eq!(fixture.run().success(), format!("content\n{}\n", outside.display()));
    // What was made for them was made inside.
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    assert!(!fixture.host("marker").exists());
    let inside = fixture.upper(outside.to_str().unwrap().trim_start_matches('/'));
    assert!(inside.join("mine").is_file());
}

fn targets_with_dots() {
    let mut fixture = Fixture::shell("cat /etc/../../../new/file");
    let source = source(&fixture);
    fixture.plan.mounts = vec![mount(&source, "/../../etc/../../../new")];
    assert_eq!(fixture.run().success(), "content\n");
    assert!(fixture.upper("new").is_dir());
}

/// Nodes that the app was not given are dead where the plan says so; a device that is mounted itself was meant.
fn devices() {
    let mut fixture = Fixture::shell(
        "for file in /zero /volume/zero /given; do head -c 3 $file | wc -c; done 2>&1; stat -c %t:%T /dev/console",
    );
    let volume = source(&fixture);
    let zero = rustix::fs::makedev(1, 5);
    for path in [fixture.image("zero"), volume.join("zero")] {
        let kind = rustix::fs::FileType::CharacterDevice;
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, rustix::fs::Mode::from_raw_mode(0o666), zero)
            .unwrap();
    }
    let given = mount(&volume.join("zero"), "/given");
    fixture.plan.mounts = vec![mount(&volume, "/volume"), given];
    assert_eq!(fixture.run().success(), "3\n3\n3\n1:3\n", "a controller may keep the app from them instead");

    fixture.plan.root.no_devices = true;
    fixture.plan.mounts.iter_mut().for_each(|mount| mount.no_devices = true);
    let refused = |path: &str| format!("head: {path}: Permission denied\n0\n");
    assert_eq!(fixture.run().success(), format!("{}{}3\n1:3\n", refused("/zero"), refused("/volume/zero")));
}

/// `/var/run -> /run` without `/run`, as some images have it: the target of the link is made, inside.
fn targets_behind_dangling_links() {
    let mut fixture = Fixture::shell("cat /run/secrets/token/file; cat /etc/resolv.conf");
    fs::create_dir(fixture.image("var")).unwrap();
    symlink("/run", fixture.image("var/run")).unwrap();
    symlink("../run/resolv/stub.conf", fixture.image("etc/resolv.conf")).unwrap();
    let source = source(&fixture);
    fixture.plan.mounts =
        vec![mount(&source, "/var/run/secrets/token"), mount(&source.join("file"), "/etc/resolv.conf")];
    assert_eq!(fixture.run().success(), "content\ncontent\n");
    assert!(fixture.upper("run/resolv/stub.conf").is_file());
}

fn links_in_a_circle() {
    let mut fixture = Fixture::shell("");
    symlink("/b", fixture.image("a")).unwrap();
    symlink("/a", fixture.image("b")).unwrap();
    let source = source(&fixture);
    fixture.plan.mounts = vec![mount(&source, "/a/x")];
    let wanted = format!(
        "Create: mounting the volume `{}` at `/a/x`: too many levels of symbolic links",
        source.display()
    );
    assert_eq!(fixture.run().failure(), wanted);
}

fn targets_in_proc() {
    let mut fixture = Fixture::shell("");
    symlink("/proc/sys", fixture.image("innocent")).unwrap();
    let source = source(&fixture);
    for target in ["/proc", "/proc/sys", "/proc/self/attr", "/innocent/kernel", "/proc/fs"] {
        fixture.plan.mounts = vec![mount(&source, target)];
        let wanted = format!("Config: a volume cannot be mounted at `{target}`, which is in `/proc`");
        assert_eq!(fixture.run().failure(), wanted);
    }
}

fn sub_paths() {
    let mut fixture = Fixture::shell("cat /data/passwd");
    let source = source(&fixture);
    symlink("/etc", source.join("absolute")).unwrap();
    symlink("../../../../../../etc", source.join("relative")).unwrap();
    symlink("/proc/self/root", source.join("magic")).unwrap();
    fs::create_dir(source.join("dir")).unwrap();
    symlink("../..", source.join("dir/up")).unwrap();
    for sub_path in
        ["..", "dir/../..", "absolute", "absolute/new", "relative", "magic", "dir/up", "dir/up/lower", "/etc"]
    {
        fixture.plan.mounts = vec![MountPlan { sub_path: Some(sub_path.into()), ..mount(&source, "/data") }];
        let wanted = format!(
            "Create: opening `{sub_path}` of the volume `{}` for `/data`: invalid cross-device link",
            source.display()
        );
        assert_eq!(fixture.run().failure(), wanted);
    }
    assert!(!std::path::Path::new("/etc/new").exists());
}

fn kernel_file_systems_behind_links() {
    for name in ["proc", "sys", "dev"] {
        let fixture = Fixture::shell("");
        let outside = fixture.host("outside");
        fs::create_dir(&outside).unwrap();
        symlink(&outside, fixture.image(name)).unwrap();
        let wanted =
            format!("Create: `/{name}` of the image is a symbolic link: too many levels of symbolic links");
        assert_eq!(fixture.run().failure(), wanted);
    }
}

/// Account files that are no files, lead out, or never end: nothing hangs, nothing of the host is read.
fn accounts() {
    let mut fixture = Fixture::shell("id -u");
    fixture.plan.process.user.user = "secret".into();
    let passwd = fixture.image("etc/passwd");
    let outside = fixture.host("passwd");
    fs::write(&outside, "secret:x:4242:0::/:\n").unwrap();
    fs::remove_file(&passwd).unwrap();
    symlink(&outside, &passwd).unwrap();
    let unknown = "Config: the user `secret` is not in the app's `/etc/passwd`, and no number";
    assert_eq!(fixture.run().failure(), unknown);

    let refused = |reason: &str| format!("Create: reading the app's `/etc/passwd`: {reason}");
    fs::remove_file(&passwd).unwrap();
    symlink("/dev/zero", &passwd).unwrap();
    assert_eq!(fixture.run().failure(), refused("invalid argument"));
    fs::remove_file(&passwd).unwrap();
    symlink("/proc/self/fd/3", &passwd).unwrap();
    assert_eq!(fixture.run().failure(), refused("too many levels of symbolic links"));
    fs::remove_file(&passwd).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &passwd, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .unwrap();
    assert_eq!(fixture.run().failure(), refused("invalid argument"));
    fs::remove_file(&passwd).unwrap();
    fs::File::create(&passwd).unwrap().set_len(17 << 20).unwrap();
    assert_eq!(fixture.run().failure(), refused("file too large"));
}

/// CVE-2024-21626: a working directory that leads through a descriptor of the runtime.
fn working_directory() {
    let mut fixture = Fixture::shell("pwd");
    for number in 3..10 {
        fixture.plan.process.working_dir = format!("/proc/self/fd/{number}");
        let failure = fixture.run().failure();
        assert!(failure.starts_with("Create: entering the working directory `/proc/self/fd/"), "{failure}");
    }
}

/// CVE-2019-5736: the app's program is the runtime's. It runs confined, and cannot write to what it runs.
fn program_behind_a_link() {
    let fixture = Fixture::command(&["/bin/link", "--syscalls"]);
    fixture.copy_self();
    symlink("/proc/self/exe", fixture.image("bin/link")).unwrap();
    let before = fs::read(std::env::current_exe().unwrap()).unwrap();
    // It is this test program, which makes system calls as any app may.
    assert!(fixture.run().success().contains("\nmount: EPERM\n"));
    let fixture = Fixture::shell("exec 3< /proc/self/exe; ls /proc/self/fd | wc -l");
    assert_eq!(fixture.run().success(), "5\n");
    assert_eq!(fs::read(std::env::current_exe().unwrap()).unwrap(), before);
}
