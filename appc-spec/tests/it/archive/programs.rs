//! Programs of the host.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use appc_spec::archive::{BuildOptions, EntryKind, ImageBuilder, scan_with};

use super::support::{chain, directory, manifest, strict};

fn copied(programs: &[&Path]) -> Result<Vec<u8>, String> {
    let builder = ImageBuilder::new(manifest()).copy_exec(programs).map_err(|error| chain(&error))?;
    let mut bytes = Vec::new();
    builder.write(&mut bytes, &BuildOptions::reproducible()).map_err(|error| chain(&error))?;
    Ok(bytes)
}

fn kinds(bytes: &[u8]) -> BTreeMap<String, (EntryKind, u32)> {
    let mut kinds = BTreeMap::new();
    scan_with("x", bytes, &strict(), &mut |_| {}, &mut std::io::sink(), |entry, _| {
        kinds.insert(entry.to_string(), (entry.kind.clone(), entry.mode));
        Ok(())
    })
    .unwrap();
    kinds
}

/// Whether a path leads to a file, by the links of the image only.
fn leads_to_file(kinds: &BTreeMap<String, (EntryKind, u32)>, path: &str) -> bool {
    let mut left: Vec<String> =
        path.split('/').filter(|part| !part.is_empty()).rev().map(str::to_owned).collect();
    let mut here = vec!["rootfs".to_owned()];
    for _ in 0..100 {
        let Some(part) = left.pop() else {
            return matches!(kinds.get(&here.join("/")), Some((EntryKind::File, _)));
        };
        if part == ".." {
            here.pop();
            continue;
        }
        here.push(part);
        if let Some((EntryKind::Symlink(target), _)) = kinds.get(&here.join("/")) {
            let target = String::from_utf8(target.clone()).unwrap();
            here.pop();
            if target.starts_with('/') {
                here.truncate(1);
            }
            left.extend(target.split('/').filter(|part| !part.is_empty()).rev().map(str::to_owned));
        }
    }
    false
}

#[test]
fn a_shell_comes_with_its_loader_and_libraries() {
    let bytes = copied(&[Path::new("/bin/sh"), Path::new("/bin/cat")]).unwrap();
    assert_eq!(
        bytes,
        copied(&[Path::new("/bin/sh"), Path::new("/bin/cat")]).unwrap(),
        "the same host gives the same image"
    );
    let kinds = kinds(&bytes);
    for program in ["/bin/sh", "/bin/cat"] {
        assert!(leads_to_file(&kinds, program), "{program} in {:?}", kinds.keys());
        // What the loader itself says of the program is the oracle.
        let listed = std::process::Command::new("ldd").arg(program).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        for word in listed.split_whitespace().filter(|word| word.starts_with('/')) {
            assert!(leads_to_file(&kinds, word), "{word} in {:?}", kinds.keys());
        }
    }
    assert_eq!(kinds["rootfs/tmp"], (EntryKind::Directory, 0o1777));
    for path in ["rootfs/etc/passwd", "rootfs/etc/group"] {
        assert_eq!(kinds[path], (EntryKind::File, 0o644));
    }
    for path in ["rootfs/dev", "rootfs/proc", "rootfs/sys"] {
        assert_eq!(kinds[path].0, EntryKind::Directory);
    }
}

#[test]
fn what_cannot_run_is_refused_by_name() {
    let (_guard, base) = directory();
    let script = base.join("script");
    fs::write(&script, "#!/usr/bin/env  python3\nprint()\n").unwrap();
    let text = base.join("text");
    fs::write(&text, "hello").unwrap();
    let foreign = base.join("foreign");
    let mut elf = fs::read("/bin/sh").unwrap();
    elf[18..20].copy_from_slice(&[0xf7, 0]);
    fs::write(&foreign, &elf).unwrap();
    let cut = base.join("cut");
    fs::write(&cut, &fs::read("/bin/sh").unwrap()[..80]).unwrap();
    symlink("loop", base.join("loop")).unwrap();
    let cases = [
        ("bin/sh".into(), "`bin/sh` is not an absolute path".to_owned()),
        (
            "/no/such/program".into(),
            "cannot read `/no/such/program`: No such file or directory (os error 2)".to_owned(),
        ),
        (
            script.clone(),
            format!(
                "`{}` is a script for `/usr/bin/env  python3`, and only ELF programs are copied: name the interpreter and add the \
                 script as a file",
                script.display()
            ),
        ),
        (text.clone(), format!("`{}` is no ELF program", text.display())),
        (base.clone(), format!("cannot read `{}`: is a directory", base.display())),
        ("/dev/null".into(), "`/dev/null` is not a regular file".to_owned()),
        (
            base.join("loop"),
            format!(
                "cannot read `{}`: Too many levels of symbolic links (os error 40)",
                base.join("loop").display()
            ),
        ),
    ];
    for (path, wanted) in cases {
        let path: std::path::PathBuf = path;
        assert_eq!(copied(&[&path]).unwrap_err(), wanted);
    }
    let error = copied(&[&foreign]).unwrap_err();
    assert!(
        error.contains("is made for ELF machine 247 (64 bits, little-endian), not for this host's "),
        "{error}"
    );
    let error = copied(&[&cut]).unwrap_err();
    assert!(error.starts_with(&format!("`{}` is a malformed ELF file: ", cut.display())), "{error}");
}
