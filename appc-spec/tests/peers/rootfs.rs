//! What needs root: images that run, owners, devices.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use appc_spec::archive::{
    BuildOptions, Compression, ExtractPolicy, ImageBuilder, Owner, ScanOptions, Times, extract,
};
use appc_spec::{ImageManifest, Strength};

use super::run;

fn manifest() -> ImageManifest {
    ImageManifest::new("example.com/peer".parse().unwrap())
}

/// Builds and extracts an image; returns its root directory.
fn extracted(builder: ImageBuilder, directory: &Path) -> PathBuf {
    let mut bytes = Vec::new();
    builder.write(&mut bytes, &BuildOptions::reproducible()).unwrap();
    let options = ScanOptions::new(Strength::Strict);
    extract("peer.aci", bytes.as_slice(), directory, &options, &ExtractPolicy::FAITHFUL, &mut |_| {})
        .unwrap();
    directory.join("rootfs")
}

fn in_root(root: &Path, command: &[&str]) -> String {
    // Without /proc the loader knows the program's own directory only by this variable (glibc, `_dl_get_origin`).
    let origin = Path::new(command[0]).parent().unwrap();
    let origin = format!("LD_ORIGIN_PATH={}", origin.display());
    let mut arguments = vec![std::ffi::OsStr::new(&origin), "chroot".as_ref(), root.as_os_str()];
    arguments.extend(command.iter().map(|word| std::ffi::OsStr::new(*word)));
    String::from_utf8(run("env", &arguments, root).stdout).unwrap()
}

pub(super) fn programs_run() {
    let directory = tempfile::tempdir().unwrap();
    let programs = ["/bin/sh", "/bin/cat", "/bin/ls", "/usr/bin/env", "/bin/sleep"];
    let builder = ImageBuilder::new(manifest()).copy_exec(&programs).unwrap();
    let root = extracted(builder, directory.path());
    let text = in_root(&root, &["/bin/sh", "-c", "cat /etc/passwd && ls -d /tmp && sleep 0"]);
    assert_eq!(text, "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n/tmp\n");
    assert!(in_root(&root, &["/usr/bin/env"]).contains("PATH="));
}

/// A program whose library stands beside it and is named by `$ORIGIN`, and needs a second one by its own `$ORIGIN`.
pub(super) fn origin() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    for (name, text) in [
        ("inner.c", "int inner(void) { return 40; }\n"),
        ("outer.c", "int inner(void); int outer(void) { return inner() + 2; }\n"),
        (
            "main.c",
            "#include <stdio.h>\nint outer(void); int main(void) { printf(\"%d\\n\", outer()); return 0; }\n",
        ),
    ] {
        fs::write(path.join(name), text).unwrap();
    }
    fs::create_dir_all(path.join("lib/inner")).unwrap();
    let cc = |arguments: &[&str]| {
        let arguments: Vec<&std::ffi::OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        run("cc", &arguments, path);
    };
    cc(&["-shared", "-fPIC", "-o", "lib/inner/libinner.so", "inner.c"]);
    let inner = "-Wl,-rpath,$ORIGIN/inner,--enable-new-dtags";
    cc(&["-shared", "-fPIC", "-o", "lib/libouter.so", "outer.c", "-Llib/inner", "-linner", inner]);
    let outer = "-Wl,-rpath,${ORIGIN}/lib,--enable-new-dtags";
    cc(&["-o", "program", "main.c", "-Llib", "-louter", outer, "-Wl,--allow-shlib-undefined"]);
    let program = path.join("program");

    let image = tempfile::tempdir().unwrap();
    let root = extracted(ImageBuilder::new(manifest()).copy_exec(&[&program]).unwrap(), image.path());
    assert_eq!(in_root(&root, &[program.to_str().unwrap()]), "42\n");

    // The same by DT_RPATH, which libraries inherit; and one library missing.
    let inherited = "-Wl,-rpath,$ORIGIN/lib:$ORIGIN/lib/inner,--disable-new-dtags";
    cc(&["-shared", "-fPIC", "-o", "lib/libouter.so", "outer.c", "-Llib/inner", "-linner"]);
    cc(&["-o", "program", "main.c", "-Llib", "-louter", inherited, "-Wl,--allow-shlib-undefined"]);
    let image = tempfile::tempdir().unwrap();
    let root = extracted(ImageBuilder::new(manifest()).copy_exec(&[&program]).unwrap(), image.path());
    assert_eq!(in_root(&root, &[program.to_str().unwrap()]), "42\n");

    fs::remove_file(path.join("lib/inner/libinner.so")).unwrap();
    let error = ImageBuilder::new(manifest()).copy_exec(&[&program]).unwrap_err().to_string();
    let start = format!(
        "the library `libinner.so` that `{}` needs is in none of `",
        path.join("lib/libouter.so").display()
    );
    assert!(error.starts_with(&start), "{error}");

    let error =
        ImageBuilder::new(manifest()).copy_exec(&[path.join("lib/libouter.so")]).unwrap_err().to_string();
    let library = path.join("lib/libouter.so");
    assert_eq!(
        error,
        format!("`{}` is an ELF file, but neither a program nor a library that is one", library.display())
    );
}

/// A directory with something of everything.
fn sample(root: &Path) {
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::write(root.join("a/file"), vec![3; 10_000]).unwrap();
    fs::hard_link(root.join("a/file"), root.join("a/b/second")).unwrap();
    fs::write(root.join("su"), "x").unwrap();
    std::os::unix::fs::symlink("/a/file", root.join("link")).unwrap();
    for (name, kind, device) in [
        ("null", rustix::fs::FileType::CharacterDevice, rustix::fs::makedev(1, 3)),
        ("disk", rustix::fs::FileType::BlockDevice, rustix::fs::makedev(259, 7)),
        ("pipe", rustix::fs::FileType::Fifo, 0),
    ] {
        let mode = rustix::fs::Mode::from_raw_mode(0o640);
        rustix::fs::mknodat(rustix::fs::CWD, root.join(name), kind, mode, device).unwrap();
    }
    for (index, name) in ["a/file", "su", "link", "null", "a/b", "pipe"].into_iter().enumerate() {
        let owner = 1000 + u32::try_from(index).unwrap();
        std::os::unix::fs::lchown(root.join(name), Some(owner), Some(3_000_000)).unwrap();
    }
    fs::set_permissions(root.join("su"), fs::Permissions::from_mode(0o6755)).unwrap();
    fs::set_permissions(root.join("a/b"), fs::Permissions::from_mode(0o2570)).unwrap();
    let time = rustix::fs::Timespec { tv_sec: 1_111_111_111, tv_nsec: 123_456_789 };
    let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
    for name in ["a/file", "su", "link", "a/b", "a", "pipe"] {
        let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::utimensat(rustix::fs::CWD, root.join(name), &times, flags).unwrap();
    }
}

/// Everything that is to be seen of the files below a directory.
fn seen(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut seen = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        let of = fs::symlink_metadata(&path).unwrap();
        let mut text = format!(
            "{:o} {}:{} {} {} {}.{}",
            of.mode(),
            of.uid(),
            of.gid(),
            of.rdev(),
            if of.is_dir() { 0 } else { of.nlink() },
            of.mtime(),
            of.mtime_nsec()
        );
        if of.is_symlink() {
            text += &format!(" -> {}", fs::read_link(&path).unwrap().display());
        } else if of.is_file() {
            text += &format!(" {:?}", fs::read(&path).unwrap());
        } else if of.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        seen.insert(path.strip_prefix(root).unwrap().to_owned(), text);
    }
    seen
}

/// GNU tar makes the archive; we extract it as it was.
pub(super) fn as_gnu_tar() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let root = path.join("rootfs");
    fs::create_dir(&root).unwrap();
    sample(&root);
    fs::write(path.join("manifest"), r#"{"acKind":"ImageManifest","acVersion":"0.8.11","name":"a"}"#)
        .unwrap();
    for format in ["gnu", "pax", "posix", "ustar"] {
        let target = path.join(format);
        fs::create_dir(&target).unwrap();
        let archive = path.join("peer.aci");
        let arguments =
            ["-cf", "peer.aci", "--numeric-owner", &format!("--format={format}"), "manifest", "rootfs"];
        let arguments: Vec<&std::ffi::OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        if format == "ustar" {
            // It has no room for an owner of 3000000.
            std::os::unix::fs::chown(root.join("su"), None, Some(7)).unwrap();
            fs::set_permissions(root.join("su"), fs::Permissions::from_mode(0o6755)).unwrap();
            for name in ["a/file", "link", "null", "a/b", "pipe"] {
                std::os::unix::fs::lchown(root.join(name), None, Some(7)).unwrap();
            }
            fs::set_permissions(root.join("a/b"), fs::Permissions::from_mode(0o2570)).unwrap();
        }
        run("tar", &arguments, path);
        let file = fs::File::open(&archive).unwrap();
        let options = ScanOptions::new(Strength::Strict);
        extract("peer.aci", file, &target, &options, &ExtractPolicy::FAITHFUL, &mut |_| {}).unwrap();
        let (mut found, mut wanted) = (seen(&target.join("rootfs")), seen(&root));
        if !matches!(format, "pax" | "posix") {
            // The old formats have whole seconds only.
            for text in found.values_mut().chain(wanted.values_mut()) {
                let (before, after) = text.split_once('.').unwrap();
                let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
                *text = format!("{before}{rest}");
            }
        }
        assert_eq!(found, wanted, "{format}");
    }
}

/// We make the archive of a directory; GNU tar extracts it as it was.
pub(super) fn gnu_tar_reads() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let root = path.join("source");
    fs::create_dir(&root).unwrap();
    sample(&root);
    let long = root.join("l".repeat(200));
    fs::create_dir(&long).unwrap();
    fs::write(long.join("m".repeat(200)), "deep").unwrap();
    let mut options = BuildOptions::reproducible().times(Times::Keep).owner(Owner::Keep);
    options.compression = Compression::None;
    let file = fs::File::create(path.join("peer.aci")).unwrap();
    ImageBuilder::new(manifest()).host_tree(&root).unwrap().write(file, &options).unwrap();
    let arguments = ["-xpf", "peer.aci", "--numeric-owner", "--same-owner"];
    let arguments: Vec<&std::ffi::OsStr> = arguments.iter().map(AsRef::as_ref).collect();
    run("tar", &arguments, path);
    assert_eq!(seen(&path.join("rootfs")), seen(&root));
}

/// Files with holes by GNU tar, in each of its forms: the contents are the same, and so are the holes.
pub(super) fn sparse() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let layout = path.join("layout");
    fs::create_dir_all(layout.join("rootfs")).unwrap();
    let json = appc_spec::Json::to_json(&manifest(), Strength::Strict);
    fs::write(layout.join("manifest"), json).unwrap();
    let write = |name: &str, pieces: &[(u64, &[u8])], size: u64| {
        use std::os::unix::fs::FileExt;
        let file = fs::File::create(layout.join("rootfs").join(name)).unwrap();
        for (offset, bytes) in pieces {
            file.write_all_at(bytes, *offset).unwrap();
        }
        file.set_len(size).unwrap();
    };
    write("hole", &[], 8 << 20);
    write("end", &[((8 << 20) - 5, b"bytes")], 8 << 20);
    write("start", &[(0, b"bytes")], 8 << 20);
    // More pieces than a header and two further blocks of the old form have room for.
    let many: Vec<(u64, &[u8])> = (0..50).map(|index| (index << 17, b"piece".as_slice())).collect();
    write("many", &many, 50 << 17);
    write("none", &[(0, b"no hole")], 7);
    for form in [
        ["--format=gnu", "--sparse-version=0.0"],
        ["--format=posix", "--sparse-version=0.0"],
        ["--format=posix", "--sparse-version=0.1"],
        ["--format=posix", "--sparse-version=1.0"],
    ] {
        let name = form.concat();
        let archive = path.join(format!("{name}.aci"));
        let flags =
            ["-C".as_ref(), layout.as_os_str(), "--sparse".as_ref(), form[0].as_ref(), form[1].as_ref()];
        let rest = ["-cf".as_ref(), archive.as_os_str(), "manifest".as_ref(), "rootfs".as_ref()];
        run("tar", &flags.into_iter().chain(rest).collect::<Vec<_>>(), path);
        assert!(fs::metadata(&archive).unwrap().len() < 4 << 20, "{name} is sparse");
        let out = path.join(&name);
        fs::create_dir(&out).unwrap();
        let options = ScanOptions::new(Strength::Strict);
        let file = fs::File::open(&archive).unwrap();
        extract(&name, file, &out, &options, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
        for file in ["hole", "end", "start", "many", "none"] {
            let (theirs, ours) = (layout.join("rootfs").join(file), out.join("rootfs").join(file));
            assert!(fs::read(&theirs).unwrap() == fs::read(&ours).unwrap(), "{name}: {file}");
            let blocks = |path: &Path| fs::metadata(path).unwrap().blocks();
            // A piece that is all zeros is a hole at any size here, a block more or less elsewhere.
            assert!(blocks(&ours) <= blocks(&theirs).max(8) * 32, "{name}: {file}: {}", blocks(&ours));
        }
        assert_eq!(fs::metadata(out.join("rootfs/hole")).unwrap().blocks(), 0);
    }
    ours_with_holes(path, &layout.join("rootfs"));
}

/// What we make of files with holes: GNU tar and this crate give them back as they were, and where the file system had holes does not matter.
fn ours_with_holes(path: &Path, root: &Path) {
    let options = BuildOptions::reproducible().compression(Compression::None);
    let build = |root: &Path| {
        let mut bytes = Vec::new();
        ImageBuilder::new(manifest()).host_tree(root).unwrap().write(&mut bytes, &options).unwrap();
        bytes
    };
    let bytes = build(root);
    assert!(bytes.len() < 5 << 20, "{} bytes are sparse", bytes.len());
    let dense = path.join("dense");
    fs::create_dir(&dense).unwrap();
    for entry in fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        fs::write(dense.join(entry.file_name()), fs::read(entry.path()).unwrap()).unwrap();
    }
    assert!(build(&dense) == bytes, "the same files make the same bytes");
    fs::write(path.join("ours.aci"), &bytes).unwrap();
    let out = path.join("ours");
    fs::create_dir_all(out.join("by-tar")).unwrap();
    let scan = ScanOptions::new(Strength::Strict);
    extract("ours", bytes.as_slice(), &out, &scan, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    run("tar", &["-xf", "ours.aci", "-C", "ours/by-tar"].map(std::ffi::OsStr::new), path);
    for by in [out.join("rootfs"), out.join("by-tar/rootfs")] {
        for entry in fs::read_dir(root).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(fs::read(root.join(&name)).unwrap() == fs::read(by.join(&name)).unwrap(), "{name:?}");
        }
        assert_eq!(fs::metadata(by.join("hole")).unwrap().blocks(), 0);
    }
    if std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|dir| dir.join("actool").is_file())
    {
        run("actool", &["validate", "ours.aci"].map(std::ffi::OsStr::new), path);
    }
}
