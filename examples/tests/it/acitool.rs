//! acitool's contracts, and that the real actool agrees.

mod change;
mod convert;
mod trust;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::Value;
use tempfile::TempDir;

use crate::machine;
use crate::program::{Ran, acitool};
use crate::{Need, test};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("acitool::actool_agrees", &[Need::Program("actool")], actool_agrees),
        test("acitool::takes_what_actool_makes", &[Need::Program("actool")], takes_what_actool_makes),
        test("acitool::id", &[Need::Program("sha512sum"), Need::Program("gzip")], id),
        test("acitool::validate", &[], validate),
        test("acitool::extract_and_build_again", &[], extract_and_build_again),
        test("acitool::modes_and_umask", &[], modes_and_umask),
        test("acitool::build_refuses", &[], build_refuses),
        test("acitool::patches_as_actool_does", &[Need::Program("actool")], change::patches_as_actool_does),
        test("acitool::patch_manifest", &[], change::patch_manifest),
        test(
            "acitool::convert_there_and_back",
            &[Need::Program("actool"), Need::Program("skopeo")],
            convert::there_and_back,
        ),
        test("acitool::convert_refuses", &[], convert::refuses),
        test("acitool::diff", &[], change::diff),
        test("acitool::render", &[], change::render),
        test(
            "acitool::published_images_are_fetched_and_believed",
            &[Need::Program("gpg"), Need::Program("python3")],
            trust::published_images_are_fetched_and_believed,
        ),
        test("acitool::copied_programs_run", &[Need::Root, Need::Program("chroot")], copied_programs_run),
    ]
}

/// A directory of the test's own, and paths in it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("a path in UTF-8").to_owned()
    }

    /// An image of a shell.
    fn shell(&self) -> String {
        let file = self.path("sh.aci");
        let arguments = [
            "build",
            "--copy-exec",
            "/bin/sh,/bin/cat",
            "--name",
            "example.com/sh:1.0,os=linux,arch=amd64",
            "--exec",
        ];
        acitool(arguments.iter().chain(&["/bin/sh", file.as_str()])).success();
        file
    }

    /// A layout directory.
    fn layout(&self) -> String {
        let layout = self.0.path().join("layout");
        fs::create_dir_all(layout.join("rootfs/etc")).expect("a directory");
        fs::write(layout.join("manifest"), MANIFEST).expect("a file");
        fs::write(layout.join("rootfs/etc/motd"), "hello\n").expect("a file");
        fs::hard_link(layout.join("rootfs/etc/motd"), layout.join("rootfs/etc/motd2")).expect("a hard link");
        std::os::unix::fs::symlink("etc/motd", layout.join("rootfs/motd")).expect("a link");
        self.path("layout")
    }
}

const MANIFEST: &str = r#"{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/motd",
    "labels": [{"name": "version", "value": "1"}, {"name": "os", "value": "linux"}, {"name": "arch", "value": "amd64"}],
    "app": {"exec": ["/bin/cat", "/etc/motd"], "user": "0", "group": "0"}}"#;

fn actool(arguments: &[&str]) -> Ran {
    Ran::of(Command::new("actool").args(arguments).output().expect("actool starts"))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn actool_agrees() {
    let place = Place::new();
    let (shell, motd) = (place.shell(), place.path("motd.aci"));
    acitool(["build", &place.layout(), &motd]).success();
    for file in [&shell, &motd] {
        actool(&["validate", file]).success();
        let theirs = actool(&["cat-manifest", file]).success().stdout;
        assert_eq!(
            acitool(["cat-manifest", "--compat", file]).success().stdout.trim_end(),
            theirs.trim_end()
        );
        assert_eq!(json(&acitool(["cat-manifest", file]).success().stdout), json(&theirs));
    }
    let manifest = json(&acitool(["cat-manifest", &shell]).success().stdout);
    assert_eq!(manifest["name"], "example.com/sh");
    assert_eq!(manifest["labels"][0], serde_json::json!({"name": "version", "value": "1.0"}));
    assert_eq!(manifest["app"]["exec"], serde_json::json!(["/bin/sh"]));
}

fn takes_what_actool_makes() {
    let place = Place::new();
    let theirs = place.path("theirs.aci");
    actool(&["build", &place.layout(), &theirs]).success();
    let ran = acitool(["validate", &theirs]).success();
    assert_eq!(ran.stdout, format!("{theirs}: valid\n"));
    let dir = place.path("out");
    acitool(["extract", &theirs, &dir]).success();
    assert_eq!(fs::read_to_string(Path::new(&dir).join("rootfs/etc/motd")).expect("a file"), "hello\n");
}

/// The image ID is the SHA-512 of the plain tar, and does not depend on the compression.
fn id() {
    let place = Place::new();
    let (shell, plain) = (place.shell(), place.path("plain.aci"));
    let script = format!("gzip -dc {shell} > {plain}; sha512sum < {plain}");
    let sum = Ran::of(Command::new("sh").args(["-c", &script]).output().expect("sh starts")).success().stdout;
    let expected = format!("sha512-{}", sum.split_whitespace().next().expect("a sum"));
    assert_eq!(expected.len(), "sha512-".len() + 128);
    assert_eq!(acitool(["id", &shell]).success().stdout, format!("{expected}\n"));
    assert_eq!(
        acitool(["id", &shell, &plain]).success().stdout,
        format!("{expected}  {shell}\n{expected}  {plain}\n"),
    );
    let documents = json(&acitool(["id", "-o", "json", &plain]).success().stdout);
    assert_eq!(documents, serde_json::json!([{"file": plain, "imageId": expected}]));
    acitool(["id", &place.path("none.aci")]).fails(
        1,
        &format!(
            "acitool: cannot open `{}`: No such file or directory (os error 2)\n",
            place.path("none.aci")
        ),
    );
}

fn validate() {
    let place = Place::new();
    let shell = place.shell();
    let [text, empty, none] = ["text.aci", "empty.aci", "none.aci"].map(|name| place.path(name));
    fs::write(&text, "this is no archive\n".repeat(100)).expect("a file");
    fs::write(&empty, "").expect("a file");
    let ran = acitool(["validate", &shell, &text, &none, &empty, &shell]).exits(1);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{}", ran.stdout);
    let valid = format!("{shell}: valid");
    assert_eq!((lines[0], lines[4]), (&*valid, &*valid));
    assert_eq!(lines[2], format!("{none}: cannot open `{none}`: No such file or directory (os error 2)"));
    for (line, file) in [(lines[1], &text), (lines[3], &empty)] {
        assert!(line.starts_with(&format!("{file}: ")) && !line.contains("archive `"), "{line}");
    }
    let verdicts = json(&acitool(["validate", "-o", "json", &shell, &text]).exits(1).stdout);
    assert_eq!((&verdicts[0]["valid"], &verdicts[1]["valid"]), (&Value::Bool(true), &Value::Bool(false)));
    assert!(verdicts[0]["imageId"].is_string() && verdicts[1]["error"].is_string(), "{verdicts}");
}

/// What is unpacked makes the same image again.
fn extract_and_build_again() {
    let place = Place::new();
    let [first, second, dir] = ["first.aci", "second.aci", "out"].map(|name| place.path(name));
    acitool(["build", &place.layout(), &first]).success();
    acitool(["extract", &first, &dir]).success();
    let names: Vec<String> =
        machine::tree(Path::new(&dir)).iter().map(|path| path.display().to_string()).collect();
    assert_eq!(
        names,
        ["manifest", "rootfs", "rootfs/etc", "rootfs/etc/motd", "rootfs/etc/motd2", "rootfs/motd"]
    );
    let inode = |name: &str| fs::metadata(Path::new(&dir).join(name)).expect("a file").ino();
    assert_eq!(inode("rootfs/etc/motd"), inode("rootfs/etc/motd2"));
    acitool(["extract", &first, &dir]).fails(
        1,
        &format!("acitool: `{dir}` is not empty: an image is unpacked to a directory of its own\n"),
    );
    acitool(["build", &dir, &second]).success();
    assert_eq!(acitool(["id", &first]).success().stdout, acitool(["id", &second]).success().stdout);
    assert_eq!(fs::read(&first).expect("an image"), fs::read(&second).expect("an image"));
    let listed = json(&acitool(["ls", "-o", "json", &first]).success().stdout);
    let of =
        |path: &str| listed.as_array().expect("a list").iter().find(|file| file["path"] == path).cloned();
    assert_eq!(of("rootfs/motd").expect("the link")["target"], "etc/motd");
    assert_eq!(of("rootfs/etc/motd").expect("the file")["size"], 6);
    let lines = acitool(["ls", &first]).success().stdout;
    assert!(lines.contains("  rootfs/motd -> etc/motd\n"), "{lines}");
    assert!(lines.contains("  rootfs/etc/motd2 = rootfs/etc/motd\n"), "{lines}");
}

/// The modes are the image's, whatever the user's umask keeps from new files.
fn modes_and_umask() {
    let place = Place::new();
    let (layout, file) = (place.layout(), place.path("image.aci"));
    let modes = [0o400, 0o444, 0o600, 0o640, 0o644, 0o664, 0o666, 0o755, 0o777];
    for mode in modes {
        let path = Path::new(&layout).join(format!("rootfs/{mode:o}"));
        fs::write(&path, "").expect("a file");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("its mode");
    }
    acitool(["build", &layout, &file]).success();
    for umask in ["0", "022", "027", "077", "0777"] {
        let out = place.path(umask);
        fs::create_dir(&out).expect("a directory");
        let script = format!("umask {umask}; exec \"$0\" extract \"$1\" \"$2\"");
        let acitool = env!("CARGO_BIN_EXE_acitool");
        let ran =
            Command::new("sh").args(["-ec", &script, acitool, &file, &out]).output().expect("sh starts");
        Ran::of(ran).success();
        for mode in modes {
            let found = fs::metadata(format!("{out}/rootfs/{mode:o}")).expect("a file").mode() & 0o7777;
            assert_eq!(found, mode, "{found:o} under the umask {umask}");
        }
    }
}

fn build_refuses() {
    let place = Place::new();
    let (layout, out) = (place.layout(), place.path("out.aci"));
    fs::write(&out, "mine").expect("a file");
    acitool(["build", &layout, &out])
        .fails(1, &format!("acitool: `{out}` is there already: `--overwrite` writes over it\n"));
    let nowhere = place.path("none/out.aci");
    acitool(["build", &layout, &nowhere]).fails(
        1,
        &format!("acitool: cannot write `{nowhere}`: there is no directory `{}`\n", place.path("none")),
    );
    assert_eq!(fs::read_to_string(&out).expect("a file"), "mine");
    acitool(["build", "--overwrite", &layout, &out]).success();
    assert_eq!(fs::metadata(&out).expect("a file").mode() & 0o600, 0o600);

    let script = place.path("script.sh");
    fs::write(&script, "#!/bin/sh\necho no\n").expect("a file");
    let refused =
        acitool(["build", "--copy-exec", &script, "--name", "example.com/no", &place.path("no.aci")])
            .exits(1);
    assert!(refused.stderr.contains(&script) && refused.stderr.contains("script"), "{}", refused.stderr);
    let refused =
        acitool(["build", "--copy-exec", "/no/such", "--name", "example.com/no", &place.path("no.aci")])
            .exits(1);
    assert!(refused.stderr.contains("/no/such"), "{}", refused.stderr);
    assert!(!Path::new(&place.path("no.aci")).exists());
    acitool(["build", &out])
        .fails(1, "acitool: name a layout directory and the file to write, or programs with `--copy-exec`\n");
}

/// The copied programs are whole: they run with nothing of this machine around them.
fn copied_programs_run() {
    let place = Place::new();
    let dir = place.path("out");
    acitool(["extract", &place.shell(), &dir]).success();
    let rootfs = format!("{dir}/rootfs");
    let output = Command::new("chroot")
        .args([&rootfs, "/bin/sh", "-c", "echo hi | /bin/cat"])
        .output()
        .expect("chroot");
    assert_eq!(Ran::of(output).success().stdout, "hi\n");
}
