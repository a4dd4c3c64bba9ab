//! kubetool's contracts.

mod cluster;
mod meaning;

use std::fs;

use libtest_mimic::Trial;

use crate::program::{find, kubetool};
use crate::{Need, test};

pub(crate) fn tests() -> Vec<Trial> {
    let mut all = vec![
        test("kubetool::decode", &[], decode),
        test("kubetool::decode_says_what_is_wrong", &[], decode_says_what_is_wrong),
        test("kubetool::snippets_on_a_terminal", &[Need::Program("script")], snippets_on_a_terminal),
        test("kubetool::convert", &[], convert),
        test("kubetool::fmt", &[], fmt),
        test("kubetool::split", &[], split),
        test("kubetool::kinds", &[], kinds),
        test("kubetool::explain", &[], explain),
    ];
    all.extend(meaning::tests());
    all.extend(cluster::tests());
    all
}

const TWO: &str = "\
metadata: {name: web, namespace: prod}
apiVersion: apps/v1
kind: Deployment
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{image: nginx, name: web}]}}
---
# nothing
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: prod}}
- {apiVersion: example.com/v1, kind: Gizmo, metadata: {name: g}, spec: {size: 1.50}}
";

fn decode() {
    let ran = kubetool(["decode", "-o", "name", "--unfold", "-"], TWO).success();
    assert_eq!(ran.stdout, "deployment.apps/web\nnamespace/prod\ngizmo.example.com/g\n");
    assert_eq!(ran.stderr, "");
    let ran = kubetool(["decode", "--unfold", "-"], TWO).success();
    assert!(
        ran.stdout.starts_with("kind: Deployment\napiVersion: apps/v1\nmetadata:\n  name: web\n"),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.stdout.matches("---\n").count(), 2, "{}", ran.stdout);
    // What was written is read as the same.
    assert_eq!(kubetool(["decode", "-"], &ran.stdout).success().stdout, ran.stdout);
    let json = kubetool(["decode", "-o", "json", "-"], TWO).success().stdout;
    assert!(json.starts_with("{\n    \"kind\": \"Deployment\",\n"), "{json}");
    assert_eq!(kubetool(["decode", "-o", "json", "-"], &json).success().stdout, json);
}

fn decode_says_what_is_wrong() {
    let text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    imag: b\n---\napiVersion: v1\nkind: Namespace\n";
    let ran = kubetool(["decode", "-o", "name", "-"], text).exits(1);
    assert_eq!(ran.stdout, "namespace/\n");
    assert_eq!(ran.stderr, "<stdin>:6:5: spec.containers[0].imag: unknown field, did you mean `image`?\n");
    let ran = kubetool(["decode", "-o", "name", "--lenient", "-"], text).success();
    assert_eq!(ran.stdout, "pod/\nnamespace/\n");
    assert_eq!(
        ran.stderr,
        "warning: <stdin>:6:5: spec.containers[0].imag: unknown field, did you mean `image`?\n"
    );
    kubetool(["decode", "/nowhere.yaml"], "")
        .fails(1, "kubetool: cannot read `/nowhere.yaml`: No such file or directory (os error 2)\n");
    kubetool(["decode"], "").exits(2);
}

/// On a terminal the part of the text is shown that is meant; `script` is such a terminal.
fn snippets_on_a_terminal() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("pod.yaml");
    fs::write(&file, "apiVersion: v1\nkind: Pod\nspec: {hostNetwork: 1}\n").expect("a file");
    let script = find("script").expect("script");
    let command = format!("{} --color never decode {}", env!("CARGO_BIN_EXE_kubetool"), file.display());
    let ran = std::process::Command::new(script)
        .args(["-qec", &command, "/dev/null"])
        .output()
        .expect("script runs");
    let shown = String::from_utf8_lossy(&ran.stdout).replace('\r', "");
    assert!(
        shown.starts_with("error: spec.hostNetwork: `true` or `false` is wanted, not a number\n"),
        "{shown}"
    );
    assert!(shown.contains("pod.yaml:3:21\n"), "{shown}");
    assert!(shown.contains("spec: {hostNetwork: 1}\n"), "{shown}");
}

fn convert() {
    let old = "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\nspec: {backend: {serviceName: s, servicePort: 1}}\n---\napiVersion: v1\nkind: Service\n";
    let ran = kubetool(["convert", "-o", "json", "-"], old).success();
    assert!(ran.stdout.contains("\"apiVersion\": \"networking.k8s.io/v1\""), "{}", ran.stdout);
    assert_eq!(
        ran.stderr,
        "warning: <stdin>:1:13: apiVersion: `Ingress` of `extensions/v1beta1` was removed in Kubernetes 1.22: it is read as `networking.k8s.io/v1`\n"
    );
    let ran = kubetool(["convert", "--to", "networking.k8s.io/v1beta1", "-"], &ran.stdout).success();
    assert!(
        ran.stdout.starts_with("kind: Ingress\napiVersion: networking.k8s.io/v1beta1\n")
            && ran.stdout.contains("  backend:\n    serviceName: s\n    servicePort: 1\n")
            && ran.stdout.contains("---\nkind: Service\napiVersion: v1\n"),
        "{}",
        ran.stdout
    );
    let ran = kubetool(
        ["convert", "--to", "networking.k8s.io/v2", "-"],
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\n",
    );
    ran.fails(1, "<stdin>:1:13: apiVersion: there is no `Ingress` in `networking.k8s.io/v2`; known is `networking.k8s.io/v1`, `extensions/v1beta1`, `networking.k8s.io/v1beta1`\n");
    let ran = kubetool(["convert", "--to", "extensions/v1beta1", "-"], TWO).success();
    assert!(ran.stdout.contains("apiVersion: extensions/v1beta1"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("warning: <stdin>:5:3: spec.revisionHistoryLimit: `10` is filled in: the version has another default\n"),
        "{}",
        ran.stderr
    );
}

fn fmt() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("a.yaml");
    let file = file.to_str().expect("a path in UTF-8");
    fs::write(file, "{kind: Namespace, apiVersion: v1, metadata: {name: a}}\n").expect("a file");
    assert_eq!(kubetool(["fmt", "--check", file], "").exits(1).stdout, format!("{file}\n"));
    let formatted = kubetool(["fmt", file], "").success().stdout;
    assert_eq!(formatted, "kind: Namespace\napiVersion: v1\nmetadata:\n  name: a\nspec: {}\nstatus: {}\n");
    fs::write(file, formatted).expect("a file");
    assert_eq!(kubetool(["fmt", "--check", file], "").success().stdout, "");
    let old = kubetool(["fmt", "-"], "{kind: CronJob, apiVersion: batch/v1beta1}").success();
    assert!(old.stdout.starts_with("kind: CronJob\napiVersion: batch/v1beta1\n"), "{}", old.stdout);
}

fn split() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let parts = dir.path().join("parts");
    let at = parts.to_str().expect("a path in UTF-8");
    let ran = kubetool(["split", "--dir", at, "-"], TWO).success();
    assert_eq!(
        ran.stdout,
        format!("{at}/gizmo-g.yaml\n{at}/namespace-prod.yaml\n{at}/prod-deployment-web.yaml\n")
    );
    let gizmo = fs::read_to_string(parts.join("gizmo-g.yaml")).expect("a file");
    assert_eq!(gizmo, "kind: Gizmo\napiVersion: example.com/v1\nmetadata:\n  name: g\nspec:\n  size: 1.5\n");
    let again = kubetool(["split", "--dir", at, "-"], TWO).exits(1);
    assert!(
        again.stderr.contains("cannot write") && again.stderr.contains("File exists"),
        "{}",
        again.stderr
    );
    kubetool(["split", "--overwrite", "--dir", at, "-"], TWO).success();
    let twice = "{kind: Namespace, apiVersion: v1, metadata: {name: b}}\n---\n{kind: Namespace, apiVersion: v1, metadata: {name: b}}\n";
    kubetool(["split", "--dir", at, "-"], twice)
        .fails(1, &format!("kubetool: two objects would be written to `{at}/namespace-b.yaml`\n"));
    kubetool(["split", "--dir", at, "-"], "{kind: Namespace, apiVersion: v1}")
        .fails(1, "kubetool: a Namespace of `-` has no name to call its file by\n");
    kubetool(["split", "--dir", at, "-"], "{kind: Namespace, apiVersion: v1, metadata: {name: ../b}}")
        .fails(1, "kubetool: a Namespace of `-` has no name to call its file by\n");
}

fn kinds() {
    let ran = kubetool(["kinds", "deploy"], "").success();
    assert_eq!(
        ran.stdout,
        "NAME         SHORTNAMES  APIVERSION  NAMESPACED  KIND\ndeployments  deploy      apps/v1     true        Deployment\n"
    );
    let all = kubetool(["kinds", "-o", "json"], "").success().stdout;
    let all: serde_json::Value = serde_json::from_str(&all).expect("JSON");
    assert!(all.as_array().expect("a list").len() > 60);
    kubetool(["kinds", "gizmo"], "").exits(1);
}

fn explain() {
    let ran = kubetool(["explain", "pod.spec.restartPolicy"], "").success();
    assert_eq!(
        ran.stdout,
        "KIND:     Pod\nVERSION:  v1\n\nFIELD:    spec.restartPolicy <string>\n\nDESCRIPTION:\n    What happens to a container that ended.\n\nVALUES:\n    Always, Never, OnFailure\n"
    );
    let ran = kubetool(["explain", "rs", "--recursive"], "").success();
    assert!(
        ran.stdout.contains("\n        containers <[]Container>\n          name <string>\n"),
        "{}",
        ran.stdout
    );
    kubetool(["explain", "pod.spec.container"], "")
        .fails(1, "kubetool: `pod.spec` has no field `container`, did you mean `containers`?\n");
    kubetool(["explain", "podz"], "").fails(1, "kubetool: there is no kind `podz`, did you mean `pods`?\n");
}
