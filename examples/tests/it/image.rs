//! Where a container's image comes from: the store, the programs of this machine, or nowhere.

use std::fs;

use libtest_mimic::Trial;

use crate::program::{Podrun, acitool};
use crate::soak::pods;
use crate::{Need, test};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("image::pull_policies", &[Need::Root], pull_policies),
        test("image::made_once", &[Need::Root], made_once),
        test("image::cannot_be_had", &[Need::Root], cannot_be_had),
        test("image::life_in_the_store", &[Need::Root], life_in_the_store),
        test("image::wrong_wishes", &[Need::Root], wrong_wishes),
    ]
}

/// A pod of one container that says whether its image has a program.
fn pod(image: &str, policy: &str, programs: Option<&str>) -> String {
    let programs =
        programs.map_or_else(String::new, |programs| format!("\n    podkit.dev/copy-exec.main: {programs}"));
    let policy = if policy.is_empty() { String::new() } else { format!("\n    imagePullPolicy: {policy}") };
    format!(
        "apiVersion: v1
kind: Pod
metadata:
  name: policy
  annotations:
    podkit.dev/net: none{programs}
spec:
  restartPolicy: Never
  containers:
  - name: main
    image: {image}{policy}
    command: [/bin/sh, -c, 'if [ -e /bin/cat ]; then echo with cat; else echo without cat; fi']
"
    )
}

/// The policies of Kubernetes (kubelet, `EnsureImageExists`), and its defaults by the tag.
fn pull_policies() {
    let podrun = Podrun::new();
    let run = |image: &str, policy: &str, programs: Option<&str>| {
        podrun.run_pod(&[], &pod(image, policy, programs)).success().stdout
    };
    let tagged = "example.com/policy:1";
    assert_eq!(run(tagged, "", Some("/bin/sh")), "main | without cat\n");
    // It is there: what it is made of does not matter any more, not even whether somebody knows that.
    assert_eq!(run(tagged, "", Some("/bin/sh,/bin/cat")), "main | without cat\n");
    assert_eq!(run(tagged, "IfNotPresent", None), "main | without cat\n");
    assert_eq!(run(tagged, "Never", Some("/bin/sh,/bin/cat")), "main | without cat\n");
    // Made anew, and what is made last is what the name means.
    assert_eq!(run(tagged, "Always", Some("/bin/sh,/bin/cat")), "main | with cat\n");
    assert_eq!(run(tagged, "Never", None), "main | with cat\n");
    // `latest`, said or meant, is pulled always.
    for image in ["example.com/policy", "example.com/policy:latest"] {
        assert_eq!(run(image, "", Some("/bin/sh,/bin/cat")), "main | with cat\n");
        assert_eq!(run(image, "", Some("/bin/sh")), "main | without cat\n");
    }
}

/// A restart waits for no image that was made in this pod's life already, whatever the policy.
fn made_once() {
    let podrun = Podrun::new();
    let manifest = pod("example.com/policy:1", "Always", Some("/bin/sh"))
        .replace("restartPolicy: Never", "restartPolicy: OnFailure\n  volumes: [{name: v, emptyDir: {}}]")
        .replace(
            "if [ -e /bin/cat ]; then echo with cat; else echo without cat; fi",
            "[ -e /v/x ] || { : >/v/x; exit 1; }",
        )
        + "    volumeMounts: [{name: v, mountPath: /v}]\n";
    let ran = podrun.run_pod(&[], &manifest).success();
    assert_eq!(ran.stderr.matches("Successfully pulled image").count(), 1, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("already present on machine").count(), 1, "{}", ran.stderr);
}

fn cannot_be_had() {
    let podrun = Podrun::new();
    let script = podrun.scratch().join("script.sh");
    fs::write(&script, "#!/bin/sh\n").expect("a file");
    let script = script.to_str().expect("a path in UTF-8");
    let never =
        "ErrImageNeverPull: image `example.com/a:1` is not in the store, and imagePullPolicy is Never";
    let cases = [
        (pod("example.com/a:1", "Never", None), never.to_owned()),
        (pod("example.com/a:1", "Never", Some("/bin/sh")), never.to_owned()),
        (
            pod("example.com/a:1", "", Some("/bin/sh,/no/such")),
            "ErrImagePull: image `example.com/a:1`: cannot read `/no/such`: No such file or directory (os error 2)".to_owned(),
        ),
        (
            pod("example.com/a:1", "", Some(script)),
            format!(
                "ErrImagePull: image `example.com/a:1`: `{script}` is a script for `/bin/sh`, and only ELF programs are copied: \
                 name the interpreter and add the script as a file"
            ),
        ),
        (
            pod("Example.com/A", "", Some("/bin/sh")),
            "InvalidImageName: `Example.com/A`: unexpected `A` at byte 12 of an image name: a repository is made of `a-z` and \
             `0-9`, joined by `.`, `_`, `__`, `-` or `/`"
                .to_owned(),
        ),
    ];
    for (manifest, expected) in cases {
        podrun.run_pod(&[], &manifest).fails(254, &format!("podrun: app `main`: {expected}\n"));
        assert!(pods(&podrun).is_empty());
    }
    // Nobody listens there.
    let ran = podrun.run_pod(&["--plain-http=127.0.0.1:1"], &pod("127.0.0.1:1/a:1", "", None)).exits(254);
    assert!(
        ran.stderr.starts_with("podrun: app `main`: ErrImagePull: image `127.0.0.1:1/a:1`: "),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("onnection refused"), "{}", ran.stderr);
    assert!(pods(&podrun).is_empty());
}

/// What `acitool build` makes is taken in, found by its name and version, kept while a pod needs it, and removed.
fn life_in_the_store() {
    let podrun = Podrun::new();
    let file = podrun.scratch().join("sh.aci");
    let file = file.to_str().expect("a path in UTF-8");
    acitool(["build", "--copy-exec", "/bin/sh", "--name", "example.com/imported:2", file]).success();
    let id = acitool(["id", file]).success().stdout;
    assert_eq!(podrun.run(["image", "import", file]).success().stdout, id);
    let id = id.trim_end();
    let listed = podrun.run(["image", "list"]).success().stdout;
    assert!(
        listed.lines().any(|line| line.starts_with(&format!("{}  example.com/imported  2 ", &id[..19]))),
        "{listed}"
    );

    let ran = podrun.run_pod(&[], &pod("example.com/imported:2", "Never", None)).success();
    assert_eq!(ran.stdout, "main | without cat\n");
    podrun.run_pod(&[], &pod("example.com/imported:3", "Never", None)).exits(254);
    podrun.run(["image", "rm", &id[..19]]).fails(
        254,
        &format!("podrun: image `{id}` is used by a pod: `podrun gc` removes pods that have ended\n"),
    );
    assert_eq!(podrun.run(["image", "gc", "--grace-period", "0"]).success().stdout, "");
    podrun.run(["gc", "--grace-period", "0"]).success();
    assert_eq!(podrun.run(["image", "rm", &id[..19]]).success().stdout, format!("deleted  {id}\n"));
    assert_eq!(podrun.run(["image", "list", "-o", "json"]).success().stdout, "[]\n");
}

/// Annotations that make no sense are found before anything is made.
fn wrong_wishes() {
    let podrun = Podrun::new();
    let manifest = |annotations: &str, spec: &str| {
        format!(
            "apiVersion: v1
kind: Pod
metadata:
  name: wishes
{annotations}spec:
{spec}  containers:
  - {{name: a, image: 'example.com/a:1'}}
  - {{name: b, image: 'example.com/a:1'}}
"
        )
    };
    let cases = [
        (
            "  annotations:\n    podkit.dev/net: none\n    podkit.dev/copy-exec.web: /bin/sh\n",
            "7:31: metadata.annotations[podkit.dev/copy-exec.web]: the pod has no container `web`",
        ),
        (
            "  annotations:\n    podkit.dev/net: none\n    podkit.dev/copy-exec.a: /bin/sh\n    \
             podkit.dev/copy-exec.b: /bin/sh,/bin/cat\n",
            "8:29: metadata.annotations[podkit.dev/copy-exec.b]: image `example.com/a:1` is made of other programs by \
             `podkit.dev/copy-exec.a`, but one image has one content: name the same programs, or another image",
        ),
        (
            "  annotations:\n    podkit.dev/net: none\n    podkit.dev/copyexec.a: /bin/sh\n",
            "7:28: metadata.annotations[podkit.dev/copyexec.a]: podrun knows no such annotation: it knows `podkit.dev/net` and \
             `podkit.dev/copy-exec.CONTAINER`",
        ),
        (
            "  annotations:\n    podkit.dev/net: none\n    podkit.dev/copy-exec.a: bin/sh\n",
            "7:29: metadata.annotations[podkit.dev/copy-exec.a]: `bin/sh` is no absolute path of a program",
        ),
        (
            "  annotations:\n    podkit.dev/net: a,../b\n",
            "6:21: metadata.annotations[podkit.dev/net]: the network at byte 2 of the networks: unexpected `.` at byte 0 of a \
             network name: it begins with a letter or a digit",
        ),
    ];
    for (annotations, expected) in cases {
        podrun.run_pod(&[], &manifest(annotations, "")).fails(254, &format!("<stdin>:{expected}\n"));
    }
    podrun.run_pod(&[], &manifest("  annotations: {podkit.dev/net: none}\n", "  hostNetwork: true\n")).fails(
        254,
        "<stdin>:5:33: metadata.annotations[podkit.dev/net]: `none` contradicts the pod, which is on the host's network\n",
    );
    assert!(!podrun.data().exists());
}
