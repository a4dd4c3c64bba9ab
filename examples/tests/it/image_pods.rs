//! Pods of images, by rkt's command language.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use libtest_mimic::Trial;

use crate::program::{Podrun, Ran, acitool};
use crate::soak::pods;
use crate::{Need, test};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("image_pods::alone", &[Need::Root], alone),
        test("image_pods::where_an_image_is", &[Need::Root], where_an_image_is),
        test("image_pods::dependencies", &[Need::Root], dependencies),
        test("image_pods::several", &[Need::Root], several),
        test("image_pods::options", &[Need::Root], options),
        test("image_pods::environment", &[Need::Root], environment),
        test("image_pods::confinement", &[Need::Root], confinement),
        test("image_pods::prepared", &[Need::Root], prepared),
        test("image_pods::written_manifest", &[Need::Root], written_manifest),
        test("image_pods::refused", &[Need::Root], refused),
    ]
}

/// A podrun with an image file `tools.aci` beside it: `example.com/tools:1.0`, whose program is a shell.
pub(crate) fn with_tools() -> Podrun {
    /// Built once for all tests of this process.
    static BUILT: OnceLock<Vec<u8>> = OnceLock::new();
    let podrun = Podrun::new();
    let file = tools(&podrun);
    let built = BUILT.get_or_init(|| {
        let programs = "/bin/sh,/bin/cat,/bin/ls,/bin/sleep,/usr/bin/env,/usr/bin/id";
        let words =
            ["build", "--copy-exec", programs, "--name", "example.com/tools:1.0", "--exec", "/bin/sh"];
        acitool(words.iter().map(OsStr::new).chain([file.as_os_str()])).success();
        fs::read(&file).expect("the image")
    });
    fs::write(&file, built).expect("a file");
    podrun
}

fn tools(podrun: &Podrun) -> PathBuf {
    podrun.scratch().join("tools.aci")
}

/// Runs a pod without a network.
fn run(podrun: &Podrun, arguments: &[&str]) -> Ran {
    podrun.run(["run", "--net=none"].iter().chain(arguments))
}

/// One image is as if its program ran here.
fn alone() {
    let podrun = with_tools();
    let ran = run(&podrun, &["tools.aci", "--", "-c", "echo out; echo err >&2; exit 3"]).exits(3);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("out\n", "err\n"));
    // Options of the image may stand before it when it is the only one.
    let ran = run(&podrun, &["--exec", "/usr/bin/id", "tools.aci"]).success();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("uid=0(root) gid=0(root) groups=0(root)\n", ""));
    let ran =
        podrun.run(["run", "--net=none", "-o", "json", "tools.aci", "--", "-c", "echo out; exit 4"]).exits(4);
    let status: serde_json::Value = serde_json::from_str(&ran.stdout).expect("a document");
    assert_eq!((&status["exitCode"], &status["status"]["phase"]), (&4.into(), &"Failed".into()));
    assert_eq!(ran.stderr, "out\n");
    podrun.run(["gc", "--grace-period", "0"]).success();
    assert!(pods(&podrun).is_empty());
    let seccomp = ["--seccomp", "mode=remove,errno=EPERM,mkdir", "--", "-c", "exit 6"];
    run(&podrun, &[&["--rm", "tools.aci"], &seccomp[..]].concat()).exits(6);
    assert!(pods(&podrun).is_empty());
    assert_eq!(fs::read_dir(podrun.data().join("seccomp")).expect("profiles").count(), 0);
}

/// What the images say that an image depends on is below it.
fn dependencies() {
    let podrun = with_tools();
    let layout = podrun.scratch().join("layout");
    fs::create_dir_all(layout.join("rootfs/etc")).expect("a directory");
    fs::write(layout.join("rootfs/etc/motd"), "of the upper image\n").expect("a file");
    let manifest = r#"{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/upper",
        "dependencies": [{"imageName": "example.com/tools", "labels": [{"name": "version", "value": "1.0"}]}],
        "app": {"exec": ["/bin/cat", "/etc/motd"], "user": "0", "group": "0"}}"#;
    fs::write(layout.join("manifest"), manifest).expect("a file");
    let upper = podrun.scratch().join("upper.aci");
    acitool([OsStr::new("build"), layout.as_os_str(), upper.as_os_str()]).success();
    let ran = run(&podrun, &["upper.aci"]).exits(254);
    assert!(ran.stderr.contains("example.com/tools"), "{}", ran.stderr);
    assert!(pods(&podrun).is_empty());
    podrun.run(["fetch", "tools.aci"]).success();
    assert_eq!(run(&podrun, &["upper.aci"]).success().stdout, "of the upper image\n");
    podrun.run(["image", "render", "--rootfs-only", "example.com/upper", "root"]).success();
    assert!(
        podrun.scratch().join("root/etc/motd").exists() && podrun.scratch().join("root/usr/bin/env").exists()
    );
}

fn where_an_image_is() {
    let podrun = with_tools();
    let says = |image: &str| run(&podrun, &[image, "--", "-c", "echo here"]).success().stdout;
    assert_eq!(says("aci:tools.aci"), "here\n");
    assert_eq!(says(tools(&podrun).to_str().expect("a path in UTF-8")), "here\n");
    // It is in the store now.
    fs::rename(tools(&podrun), podrun.scratch().join("file")).expect("renamed");
    let listed = podrun.run(["image", "list", "-o", "json"]).success().stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("a document");
    let id = listed[0]["id"].as_str().expect("an ID");
    for name in
        ["file", "example.com/tools:1.0", "example.com/tools", "example.com/tools,version=1.0", id, &id[..15]]
    {
        assert_eq!(says(name), "here\n", "{name}");
    }
}

fn several() {
    let podrun = with_tools();
    let ran = run(
        &podrun,
        &[
            "--volume",
            "shared,kind=empty",
            "--mount",
            "volume=shared,target=/shared",
            "tools.aci",
            "--name",
            "writer",
            "--",
            "-c",
            "echo hello >/shared/new; exec cat </shared/new >/shared/x",
            "---",
            "example.com/tools",
            "--name=reader",
            "--",
            "-c",
            "until [ -s /shared/x ]; do sleep 0.05; done; cat /shared/x",
        ],
    )
    .success();
    assert_eq!(ran.stdout, "reader | hello\n");
    assert_eq!(ran.stderr.lines().filter(|line| line.contains("Completed")).count(), 2, "{}", ran.stderr);
    // The first failure ends the pod, as the specification has it.
    let ran = run(
        &podrun,
        &[
            "tools.aci",
            "--name",
            "a",
            "--",
            "-c",
            "trap 'exit 0' TERM; while :; do sleep 0.1; done",
            "---",
            "tools.aci",
            "--name",
            "b",
            "--",
            "-c",
            "exit 7",
        ],
    );
    ran.exits(7);
}

fn options() {
    let podrun = with_tools();
    let shell = |options: &[&str], script: &str| {
        let words: Vec<&str> =
            ["tools.aci"].iter().chain(options).chain(&["--", "-c", script]).copied().collect();
        run(&podrun, &words).success().stdout
    };
    assert_eq!(shell(&["--user", "5:6", "--supplementary-gids", "7,8"], "id"), "uid=5 gid=6 groups=6,7,8\n");
    assert_eq!(shell(&["--user=5", "--group=9"], "id"), "uid=5 gid=9 groups=9\n");
    assert_eq!(shell(&["--working-dir", "/usr"], "pwd"), "/usr\n");
    assert_eq!(shell(&["--name", "else"], "echo $AC_APP_NAME"), "else\n");
    assert_eq!(shell(&["--readonly-rootfs"], "(: >/new) 2>/dev/null || echo no"), "no\n");
    assert_eq!(shell(&["--readonly-rootfs=false"], "(: >/new) 2>/dev/null && echo yes"), "yes\n");
    fs::write(podrun.scratch().join("of-host"), "from the host\n").expect("a file");
    let volume = format!("host,kind=host,source={},readOnly=true", podrun.scratch().display());
    let words = [
        "--volume",
        &volume,
        "tools.aci",
        "--mount",
        "volume=host,target=/mnt",
        "--",
        "-c",
        "cat /mnt/of-host; (: >/mnt/x) 2>/dev/null || echo read-only",
    ];
    assert_eq!(run(&podrun, &words).success().stdout, "from the host\nread-only\n");
}

/// What an image says, podrun's environment, files, the pod's options, the image's options: each wins over what is before it, but
/// what is inherited wins over nothing.
fn environment() {
    let podrun = with_tools();
    fs::write(podrun.scratch().join("vars"), "# a comment\nA=file\nB=file\n\nC=a=b\n").expect("a file");
    let mut command = podrun.command([
        "run",
        "--net=none",
        "--inherit-env",
        "--set-env-file",
        "vars",
        "--set-env",
        "B=option",
        "--set-env",
        "FROM_HERE",
        "tools.aci",
        "-e",
        "D=image",
        "--environment=A=image",
        "--",
        "-c",
        "echo $A $B $C $D $FROM_HERE $HOME_GROWN; echo $PATH",
    ]);
    command.env("FROM_HERE", "here").env("HOME_GROWN", "inherited");
    let ran = Ran::of(command.output().expect("podrun starts")).success();
    assert_eq!(ran.stdout.lines().next(), Some("image option a=b image here inherited"));
    fs::write(podrun.scratch().join("vars"), "A=1\nB\n").expect("a file");
    run(&podrun, &["--set-env-file", "vars", "tools.aci"])
        .fails(254, "podrun: vars:2: `NAME=VALUE` is wanted\n");
    run(&podrun, &["tools.aci", "-e", "1A=x"]).fails(
        254,
        "podrun: app `tools`: unexpected `1` at byte 0 of the environment variable `1A`: a name has letters, digits, `_`, `.` and \
         `-`, and begins with a letter or `_`\n",
    );
}

fn confinement() {
    let podrun = with_tools();
    let capabilities = |options: &[&str]| {
        let script =
            "while read -r name value; do [ $name != CapEff: ] || echo $value; done </proc/self/status";
        let words: Vec<&str> =
            ["tools.aci"].iter().chain(options).chain(&["--", "-c", script]).copied().collect();
        run(&podrun, &words).success().stdout
    };
    assert_eq!(capabilities(&["--caps-retain=CAP_KILL,chown"]), "0000000000000021\n");
    let usual = u64::from_str_radix(capabilities(&[]).trim(), 16).expect("a set");
    let less = u64::from_str_radix(capabilities(&["--caps-remove", "CAP_KILL"]).trim(), 16).expect("a set");
    assert_eq!(usual ^ less, 1 << 5);
    let script = "(: </etc/group) && ls /etc/group; ls / >/dev/null 2>&1 || echo no listing";
    let seccomp = "mode=remove,errno=EPERM,getdents64";
    let ran = run(&podrun, &["tools.aci", "--seccomp", seccomp, "--", "-c", script]).success();
    assert_eq!(ran.stdout, "/etc/group\nno listing\n");
    assert_eq!(fs::read_dir(podrun.data().join("seccomp")).expect("profiles").count(), 1);
    podrun.run(["gc", "--grace-period", "0"]).success();
    assert_eq!(fs::read_dir(podrun.data().join("seccomp")).expect("profiles").count(), 0);
}

fn prepared() {
    let podrun = with_tools();
    let prepare = |words: &[&str]| {
        let uuid = podrun.run(["prepare", "--net=none"].iter().chain(words)).success().stdout;
        uuid.trim_end().to_owned()
    };
    let uuid = prepare(&["tools.aci", "--", "-c", "echo ran; exit 5"]);
    let listed = podrun.run(["list"]).success().stdout;
    assert!(listed.lines().any(|line| line.starts_with(&uuid) && line.contains("  prepared")), "{listed}");
    fs::remove_file(tools(&podrun)).expect("removed");
    assert_eq!(podrun.run(["run-prepared", &uuid[..8]]).exits(5).stdout, "ran\n");
    let ran = podrun.run(["run-prepared", &uuid]);
    ran.fails(254, &format!("podrun: pod `{uuid}` is exited, not prepared\n"));
    // A Kubernetes Pod, too: its annotation is what its image is made by, should it need another one.
    let pod = crate::hello::pod_of("Never", &["echo from yaml"]);
    fs::write(podrun.scratch().join("pod.yaml"), pod).expect("a manifest");
    let uuid = prepare(&["pod.yaml"]);
    assert_eq!(podrun.run(["run-prepared", &uuid]).success().stdout, "c0 | from yaml\n");
    let status = podrun.run(["status", &uuid]).success().stdout;
    assert!(status.contains("  READY  IMAGE\n"), "{status}");
    let ran = run(&podrun, &["--uuid-file-save", "uuid", "example.com/tools", "--", "-c", ":"]).success();
    assert_eq!(ran.stdout, "");
    let saved = fs::read_to_string(podrun.scratch().join("uuid")).expect("the file");
    let status = podrun.run(["status", saved.trim_end()]).success().stdout;
    assert!(status.contains("  example.com/tools:1.0\n"), "{status}");
    let uuid = prepare(&["example.com/tools"]);
    assert!(
        podrun.run(["gc", "--expire-prepared", "0"]).success().stdout.contains(&format!("deleted  {uuid}\n"))
    );
}

fn written_manifest() {
    let podrun = with_tools();
    let id = podrun.run(["image", "import", "tools.aci"]).success().stdout;
    let id = id.trim_end();
    let manifest = |id: &str, volume: &str| {
        format!(
            r#"{{"acVersion": "0.8.11", "acKind": "PodManifest", "apps": [{{"name": "one", "image": {{"id": "{id}"}},
            "app": {{"exec": ["/bin/sh", "-c", "cat /v/x /proc/sys/kernel/hostname >/dev/null; echo from a manifest"], "user": "0", "group": "0"}},
            "mounts": [{{"volume": "{volume}", "path": "/v"}}]}}],
            "volumes": [{{"name": "v", "kind": "host", "source": "{}"}}]}}"#,
            podrun.scratch().display()
        )
    };
    fs::write(podrun.scratch().join("x"), "").expect("a file");
    let write = |text: String| fs::write(podrun.scratch().join("pod.json"), text).expect("a manifest");
    write(manifest(id, "v"));
    let ran = run(&podrun, &["--pod-manifest", "pod.json"]).success();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("from a manifest\n", ""));
    let other = id.replace(&id[7..15], "00000000");
    write(manifest(&other, "v"));
    run(&podrun, &["--pod-manifest", "pod.json"])
        .fails(254, &format!("podrun: `pod.json`: apps[0].image.id: the store has no image `{other}`\n"));
    write(manifest(id, "w"));
    run(&podrun, &["--pod-manifest", "pod.json"])
        .fails(254, "podrun: the pod cannot be run:\n  apps[0].mounts[0]: no volume fulfils it\n");
    write("{}".to_owned());
    run(&podrun, &["--pod-manifest", "pod.json"])
        .fails(254, "podrun: pod.json:1:1: acKind: the member must be there\n");
}

fn refused() {
    let podrun = with_tools();
    fs::write(podrun.scratch().join("pod.yaml"), "kind: Pod\n").expect("a file");
    acitool([
        "build",
        "--copy-exec",
        "/bin/cat",
        "--name",
        "example.com/mute:1",
        podrun.scratch().join("mute.aci").to_str().expect("UTF-8"),
    ])
    .success();
    let cases: &[(&[&str], &str)] = &[
        (&["none.aci"], "cannot read `none.aci`: No such file or directory (os error 2)"),
        (
            &["https://example.com/a.aci"],
            "`https://example.com/a.aci`: images are not fetched by `https`: an image in a registry is `docker://NAME`, one to be discovered `appc://NAME`",
        ),
        (
            &["--pull-policy=never", "example.com/none"],
            "image `example.com/none` is not in the store, and `--pull-policy` is `never`",
        ),
        (&["sha512-1234"], "no image `sha512-1234` in the store"),
        (&["mute.aci"], "app `mute`: its image does not say what runs: name a program with `--exec`"),
        (
            &["tools.aci", "tools.aci"],
            "two apps of a pod have two names: `--name` behind the image gives it another: the pod has an app `tools` already: give the app of image `example.com/tools` another name",
        ),
        (
            &["--exec", "/bin/cat", "tools.aci", "mute.aci"],
            "with several images an option of one stands behind it: `podrun run IMAGE --exec=…`",
        ),
        (
            &["pod.yaml", "--exec", "/bin/sh"],
            "`--exec` is for images: the manifest `pod.yaml` says itself what it runs",
        ),
        (
            &["pod.yaml", "--", "x"],
            "arguments behind `--` are for images: the manifest `pod.yaml` says itself what it runs",
        ),
        (&["pod.yaml", "tools.aci"], "a manifest is a whole pod: it stands alone, without images beside it"),
        (
            &["tools.aci", "--mount", "volume=v,target=/v"],
            "the pod cannot be run:\n  apps[0].mounts[0]: no volume fulfils it",
        ),
    ];
    for (words, expected) in cases {
        run(&podrun, words).fails(254, &format!("podrun: {expected}\n"));
    }
    for (words, expected) in [
        (
            ["tools.aci", "--mount", "volume=v"],
            "invalid value 'volume=v' for '--mount <volume=NAME,target=PATH>': `volume=NAME,target=PATH` is wanted",
        ),
        (["tools.aci", "--seccomp", "a,b"], "it has no `mode=retain` or `mode=remove`"),
        (["tools.aci", "--memory", "1Z"], "unknown suffix `Z` at byte 1 of a quantity"),
        (["tools.aci", "--caps-retain", "FOO"], "`FOO` is no Linux capability"),
        (["tools.aci", "--cpu-shares", "1"], "1 is not in 2..=262144"),
    ] {
        let ran = run(&podrun, &words).exits(254);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(expected), "{}", ran.stderr);
    }
    assert!(pods(&podrun).is_empty());
}
