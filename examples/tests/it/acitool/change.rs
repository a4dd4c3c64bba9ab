//! Images that are changed, compared and laid over each other.

use std::fs;

use serde_json::json;

use super::{Place, acitool, actool, json};

fn manifest_of(file: &str) -> serde_json::Value {
    json(&acitool(["cat-manifest", file]).success().stdout)
}

/// For what actool can do: the same flags, the same manifest.
pub(super) fn patches_as_actool_does() {
    let place = Place::new();
    let source = place.path("source.aci");
    acitool(["build", &place.layout(), &source]).success();
    let cases: &[&[&str]] = &[
        &["--name=example.com/other"],
        &["--exec=/bin/other -v --level=3", "--user=www", "--group=33", "--supplementary-groups=5,6"],
        &["--capability=CAP_SYS_ADMIN,CAP_NET_ADMIN"],
        &["--revoke-capability=CAP_SYS_CHROOT,CAP_MKNOD"],
        &["--mounts=work,path=/opt,readOnly=true:work2,path=/opt2"],
        &["--ports=query,protocol=tcp,port=8080,count=2:admin,protocol=udp,port=1,socketActivated=true"],
        &["--isolators=os/linux/oom-score-adj,-5:os/linux/no-new-privileges,true"],
        // The Go program puts several members of a value in the order of a map, that is in none.
        &["--isolators=resource/memory,limit=1G:resource/cpu,request=50m"],
        &["--seccomp-mode=remove,errno=EPERM", "--seccomp-set=reboot,mount"],
        &["--seccomp-mode=retain,errno=ENOSYS", "--seccomp-set=read"],
    ];
    for (index, flags) in cases.iter().enumerate() {
        let (ours, theirs) =
            (place.path(&format!("{index}-ours.aci")), place.path(&format!("{index}-theirs.aci")));
        let files =
            |out| ["patch-manifest"].into_iter().chain(flags.iter().copied()).chain([source.as_str(), out]);
        acitool(files(&ours)).success();
        actool(&files(&theirs).collect::<Vec<_>>()).success();
        actool(&["validate", &ours]).success();
        assert_eq!(manifest_of(&ours), manifest_of(&theirs), "{flags:?}");
        acitool(["diff", &ours, &theirs]).success();
    }
}

pub(super) fn patch_manifest() {
    let place = Place::new();
    let file = place.path("a.aci");
    acitool(["build", &place.layout(), &file]).success();
    let before = acitool(["id", &file]).success().stdout;
    let flags = [
        "patch-manifest",
        "--output",
        "json",
        "--replace",
        "--label",
        "version=2",
        "--remove-label",
        "arch",
        "--annotation",
        "authors=me",
        "--env",
        "A=1=2",
        "--working-dir",
        "/srv",
        "--dependency",
        "example.com/base:1,os=linux",
        "--path-whitelist",
        "/etc/,/motd",
        "--exec-word",
        "/bin/a b",
        "--exec-word",
        "-c",
        "--pre-start",
        "/bin/first x",
        &file,
    ];
    let report = json(&acitool(flags).success().stdout);
    assert_eq!(report["was"], before.trim_end());
    assert_eq!(report["imageId"], acitool(["id", &file]).success().stdout.trim_end());
    let manifest = manifest_of(&file);
    assert_eq!(
        manifest["labels"],
        json!([{"name": "version", "value": "2"}, {"name": "os", "value": "linux"}])
    );
    assert_eq!(manifest["annotations"], json!([{"name": "authors", "value": "me"}]));
    assert_eq!(manifest["app"]["environment"], json!([{"name": "A", "value": "1=2"}]));
    assert_eq!(manifest["app"]["exec"], json!(["/bin/a b", "-c"]));
    assert_eq!(manifest["app"]["eventHandlers"], json!([{"name": "pre-start", "exec": ["/bin/first", "x"]}]));
    assert_eq!(manifest["pathWhitelist"], json!(["/etc/", "/motd"]));
    assert_eq!(
        manifest["dependencies"],
        json!([{"imageName": "example.com/base", "labels": [{"name": "version", "value": "1"}, {"name": "os", "value": "linux"}]}])
    );

    let wrong = acitool(["patch-manifest", "--replace", "--label", "arch=x86_64", &file]).exits(1);
    assert!(wrong.stderr.contains("the arch `x86_64` is not one of linux's"), "{}", wrong.stderr);
    let wrong = acitool(["patch-manifest", "--user", "x", &file, &file]).exits(1);
    assert!(wrong.stderr.contains("is there already"), "{}", wrong.stderr);
    assert_eq!(manifest_of(&file), manifest, "a change that fails changes nothing");
    acitool(["patch-manifest", &file]).exits(2);
}

pub(super) fn diff() {
    let place = Place::new();
    let (first, second) = (place.path("1.aci"), place.path("2.aci"));
    let layout = place.layout();
    acitool(["build", &layout, &first]).success();
    fs::write(format!("{layout}/rootfs/etc/motd"), "changed\n").expect("a file");
    fs::write(format!("{layout}/rootfs/new"), "").expect("a file");
    fs::remove_file(format!("{layout}/rootfs/motd")).expect("a file");
    acitool(["build", &layout, &second]).success();
    acitool(["patch-manifest", "--replace", "--user", "7", "--no-compression", &second]).success();
    assert_eq!(acitool(["diff", &first, &first]).success().stdout, "");
    let shown = acitool(["diff", &first, &second]).exits(1).stdout;
    for line in ["manifest    app.user\n", "only-first  /motd\n", "only-second /new\n"] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    assert!(
        shown.lines().any(|line| line.starts_with("changed     /etc/motd: ") && line.ends_with("content"))
    );
    let document = json(&acitool(["diff", "-o", "json", &first, &second]).exits(1).stdout);
    assert_eq!(document[0], json!({"kind": "manifest", "path": "app.user"}));
}

pub(super) fn render() {
    let place = Place::new();
    let (base, top, dir) = (place.path("base.aci"), place.path("top.aci"), place.path("out"));
    acitool(["build", &place.layout(), &base]).success();
    let layout = place.path("top");
    fs::create_dir_all(format!("{layout}/rootfs/etc")).expect("a directory");
    fs::write(format!("{layout}/rootfs/etc/motd"), "top\n").expect("a file");
    let manifest = r#"{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/top",
        "dependencies": [{"imageName": "example.com/motd"}]}"#;
    fs::write(format!("{layout}/manifest"), manifest).expect("a file");
    acitool(["build", &layout, &top]).success();

    let missing = acitool(["render", &top, &dir]).exits(1);
    assert_eq!(
        missing.stderr,
        "acitool: image `example.com/top`: no image fulfils its dependency `example.com/motd`\n"
    );
    assert!(!fs::exists(&dir).expect("an answer"));
    let plan = acitool(["render", "--plan", "--with", &base, &top]).success().stdout;
    let files: Vec<_> = plan.lines().skip(2).collect();
    assert_eq!(
        files,
        [
            "/\texample.com/top",
            "/etc\texample.com/top",
            "/etc/motd\texample.com/top",
            "/etc/motd2\texample.com/motd",
            "/motd\texample.com/motd"
        ]
    );
    acitool(["render", "--with", &base, &top, &dir]).success();
    let read = |name: &str| fs::read_to_string(format!("{dir}/rootfs/{name}")).expect("a file");
    assert_eq!((read("etc/motd"), read("etc/motd2")), ("top\n".to_owned(), "hello\n".to_owned()));
    // It is the image's own manifest, byte for byte as the builder wrote it.
    assert_eq!(json(&fs::read_to_string(format!("{dir}/manifest")).expect("a file")), manifest_of(&top));
    acitool(["render", "--with", &base, &top, &dir]).exits(1);
}
