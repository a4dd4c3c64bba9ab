//! What objects mean: validate, default, select, patch, diff, apply, get, create, expose, kustomize, hash, quantity.

use std::fs;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::program::kubetool;
use crate::test;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("kubetool::validate", &[], validate),
        test("kubetool::default", &[], default),
        test("kubetool::select", &[], select),
        test("kubetool::patch", &[], patch),
        test("kubetool::diff_and_apply", &[], diff_and_apply),
        test("kubetool::get", &[], get),
        test("kubetool::describe", &[], describe),
        test("kubetool::admission", &[], admission),
        test("kubetool::create_and_expose", &[], create_and_expose),
        test("kubetool::kustomize", &[], kustomize),
        test("kubetool::hash_and_quantity", &[], hash_and_quantity),
    ]
}

const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: web, env: prod}, creationTimestamp: 2026-11-25T11:00:00Z}
spec: {nodeName: n1, containers: [{name: c, image: nginx}]}
status: {phase: Running, containerStatuses: [{name: c, ready: true, state: {running: {}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, labels: {app: db}, creationTimestamp: 2026-11-23T12:00:00Z}
spec: {containers: [{name: c, image: postgres}]}
status: {phase: Pending}
";

fn describe() {
    const NOW: &str = "2026-11-25T12:00:00Z";
    let files = format!(
        "{PODS}---\n{}---\n{}",
        "apiVersion: v1\nkind: Event\nmetadata: {name: e}\ninvolvedObject: {kind: Pod, name: a}\ntype: Warning\nreason: BackOff\nmessage: again\nfirstTimestamp: 2026-11-25T11:59:00Z\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
    );
    let both = kubetool(["describe", "--now", NOW, "-"], &files).success().stdout;
    let texts: Vec<&str> = both.split("\n\n\n").collect();
    assert_eq!(texts.len(), 2, "{both}");
    assert!(texts[0].starts_with("Name:         a\n") && texts[1].starts_with("Name:         b\n"), "{both}");
    for line in [
        "Node:         n1/",
        "Labels:       app=web\n              env=prod",
        "Status:       Running",
        "Warning  BackOff  60s",
    ] {
        assert!(texts[0].contains(line), "{line}\n{both}");
    }
    assert!(
        texts[1].contains("Status:       Pending") && texts[1].contains("Events:           <none>"),
        "{both}"
    );
    let one = kubetool(["describe", "-l", "app=db", "--now", NOW, "-"], &files).success().stdout;
    assert_eq!(one.trim_end(), texts[1].trim_end());
    kubetool(["describe", "-l", "app=none", "-"], &files)
        .fails(1, "kubetool: no object is there that could be described\n");
}

fn admission() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let cluster = dir.path().join("cluster.yaml");
    let limits = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec: {limits: [{type: Container, default: {cpu: 500m}, max: {cpu: 1}}]}\n---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {pods: 1}}\n";
    fs::write(&cluster, limits).expect("a file");
    let cluster = cluster.to_str().expect("a name");
    let pod = |name: &str, cpu: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: c, image: i, resources: {{limits: {{{cpu}}}}}}}]}}\n"
        )
    };
    let files = format!("{}---\n{}---\n{}", pod("a", "cpu: 2"), pod("b", ""), pod("c", ""));
    let ran = kubetool(["validate", "--cluster", cluster, "-"], &files).exits(1);
    assert_eq!(
        ran.stdout,
        "<stdin>:1:1: Pod/a: Forbidden: LimitRanger: maximum cpu usage per Container is 1, but limit is 2\n\
         <stdin>:11:1: Pod/c: Forbidden: ResourceQuota: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1\n"
    );
    let ran = kubetool(["validate", "-o", "json", "--cluster", cluster, "-"], &files).exits(1);
    let types: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&types[0][0]["type"], &types[1]), (&json!("Forbidden"), &json!([])));
    let ran = kubetool(["default", "--cluster", cluster, "-o", "json", "-"], &files).exits(1);
    let object: Value = serde_json::from_str(&ran.stdout).expect("one object");
    assert_eq!(object["spec"]["containers"][0]["resources"]["limits"]["cpu"], "500m");
    assert_eq!(object["spec"]["priority"], 0);
    assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
    kubetool(["validate", "-"], &files).success();
}

fn validate() {
    let good = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n";
    let ran = kubetool(["validate", "-"], good).success();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let bad = "apiVersion: v1\nkind: Pod\nmetadata: {name: A}\nspec:\n  containers:\n  - {name: c}\n";
    let ran = kubetool(["validate", "-"], bad).exits(1);
    assert!(
        ran.stdout.starts_with("<stdin>:3:18: Pod/A: metadata.name: Invalid value: \"A\": ")
            && ran.stdout.ends_with("<stdin>:6:5: Pod/A: spec.containers[0].image: Required value\n"),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.stdout);
    let both = format!("{good}---\n{bad}");
    let ran = kubetool(["validate", "-o", "json", "--default", "-"], &both).exits(1);
    let verdicts: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(verdicts[0], json!([]));
    assert_eq!(verdicts[1][0]["field"], "metadata.name");
    assert_eq!(
        verdicts[1][1],
        json!({"field": "spec.containers[0].image", "type": "FieldValueRequired", "detail": ""})
    );
}

fn default() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n";
    let once = kubetool(["default", "-"], pod).success().stdout;
    assert!(once.contains("restartPolicy: Always\n"), "{once}");
    assert_eq!(kubetool(["default", "-"], &once).success().stdout, once);
    let object: Value =
        serde_json::from_str(&kubetool(["default", "-o", "json", "-"], pod).success().stdout).expect("JSON");
    assert_eq!(object["spec"]["containers"][0]["imagePullPolicy"], "Always");
}

fn select() {
    let selected = |arguments: &[&str]| {
        let arguments = ["select"].iter().chain(arguments).chain(&["-"]);
        kubetool(arguments, PODS).success().stdout
    };
    assert_eq!(selected(&["-l", "app in (web, db), env"]), "a\n");
    assert_eq!(selected(&["-l", "!env"]), "b\n");
    assert_eq!(selected(&["--field-selector", "status.phase!=Running"]), "b\n");
    assert_eq!(selected(&["-l", "app=none"]), "");
    assert_eq!(selected(&["--kinds"]), "pod/a\npod/b\n");
    kubetool(["select", "-l", "a in", "-"], PODS).exits(2);
}

fn patch() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n";
    let patched = |kind: &str, patch: &str| -> Value {
        let ran = kubetool(["patch", "--type", kind, "--patch", patch, "-o", "json", "-"], pod).success();
        serde_json::from_str(&ran.stdout).expect("JSON")
    };
    let added = patched("strategic", "spec: {containers: [{name: d, image: j}]}");
    assert_eq!(added["spec"]["containers"].as_array().map(Vec::len), Some(2));
    let replaced = patched("merge", r#"{"spec": {"containers": [{"name": "d"}]}}"#);
    assert_eq!(replaced["spec"]["containers"], json!([{"name": "d"}]));
    let changed = patched("json", r#"[{"op": "replace", "path": "/spec/containers/0/image", "value": "k"}]"#);
    assert_eq!(changed["spec"]["containers"][0]["image"], "k");
    kubetool(["patch", "--type", "json", "--patch", r#"[{"op": "remove", "path": "/x"}]"#, "-"], pod)
        .exits(1);
}

fn diff_and_apply() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, text: &str| {
        let file = dir.path().join(name);
        fs::write(&file, text).expect("a file");
        file.to_str().expect("a path in UTF-8").to_owned()
    };
    let old = write("old", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '1', z: '2'}}");
    let new = write("new", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '3'}}");
    let ran = kubetool(["diff", "-o", "json", &old, &new], "").exits(1);
    let change: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(change["data"], json!({"x": "3", "z": null}));
    assert_eq!(kubetool(["diff", &old, &old], "").success().stdout, "");

    assert_eq!(kubetool(["apply", &old], "").success().stdout, "configmap/a created\n");
    let live = write("live", &kubetool(["apply", "-o", "yaml", &old], "").success().stdout);
    assert_eq!(kubetool(["apply", "--live", &live, &old], "").success().stdout, "configmap/a unchanged\n");
    assert_eq!(kubetool(["apply", "--live", &live, &new], "").success().stdout, "configmap/a configured\n");
    let after = kubetool(["apply", "--live", &live, "-o", "json", &new], "").success().stdout;
    let after: Value = serde_json::from_str(&after).expect("JSON");
    assert_eq!(after["data"], json!({"x": "3"}));
}

fn get() {
    let shown = |arguments: &[&str]| {
        let arguments = ["get", "--now", "2026-11-25T12:00:00Z"].iter().chain(arguments).chain(&["-"]);
        kubetool(arguments, PODS).success().stdout
    };
    assert_eq!(
        shown(&[]),
        "NAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   0          60m\nb      0/1     Pending   0          2d\n"
    );
    assert_eq!(
        shown(&["-l", "app=web", "-L", "env", "--no-headers"]),
        "a     1/1   Running   0     60m   prod\n"
    );
    assert!(shown(&["-o", "wide"]).contains("NOMINATED NODE"));
    assert_eq!(shown(&["-o", "name"]), "pod/a\npod/b\n");
    assert_eq!(shown(&["-o", "jsonpath={.items[*].metadata.name}"]), "a b");
    assert_eq!(shown(&["-l", "app=db", "-o", "jsonpath={.metadata.name}"]), "b");
    assert_eq!(
        shown(&["-o", "custom-columns=NAME:.metadata.name,NODE:.spec.nodeName"]),
        "NAME   NODE\na      n1\nb      <none>\n"
    );
    let list: Value = serde_json::from_str(&shown(&["-o", "json"])).expect("JSON");
    assert_eq!((&list["kind"], list["items"].as_array().map(Vec::len)), (&json!("List"), Some(2)));
    kubetool(["get", "-o", "jsonpath={", "-"], PODS).exits(2);
}

fn create_and_expose() {
    let deployment =
        kubetool(["create", "deployment", "web", "--image", "nginx:1.27", "--port", "80"], "").success();
    assert_eq!(kubetool(["validate", "-"], &deployment.stdout).success().stdout, "");
    let service = kubetool(["expose", "-o", "json", "-"], &deployment.stdout).success().stdout;
    let service: Value = serde_json::from_str(&service).expect("JSON");
    assert_eq!(service["spec"]["ports"], json!([{"protocol": "TCP", "port": 80, "targetPort": 80}]));
    let made =
        kubetool(["create", "service", "nodeport", "web", "--tcp", "80:http", "-o", "name"], "").success();
    assert_eq!(made.stdout, "service/web\n");
    let secret = ["create", "secret", "generic", "s", "--from-literal", "k=v", "-n", "dev"];
    let secret = kubetool(secret, "").success().stdout;
    assert!(secret.contains("namespace: dev\n") && secret.contains("k: dg==\n"), "{secret}");
    let job = kubetool(["create", "job", "once", "--image", "busybox", "--", "date"], "").success().stdout;
    assert!(job.contains("- date\n"), "{job}");
    kubetool(["create", "configmap", "c", "--from-literal", "k"], "")
        .fails(1, "kubetool: invalid literal source k, expected key=value\n");
}

fn kustomize() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let text = "namePrefix: x-\nresources: [a.yaml]\nconfigMapGenerator: [{name: c, literals: [k=v]}]\n";
    fs::write(dir.path().join("kustomization.yaml"), text).expect("a file");
    fs::write(dir.path().join("a.yaml"), PODS).expect("a file");
    let directory = dir.path().to_str().expect("a path in UTF-8");
    let ran = kubetool(["kustomize", "-o", "name", directory], "").success();
    assert!(
        ran.stdout.starts_with("configmap/x-c-") && ran.stdout.ends_with("pod/x-a\npod/x-b\n"),
        "{}",
        ran.stdout
    );
    kubetool(["kustomize", "/nowhere"], "").fails(1, "kubetool: `/nowhere`: there is no kustomization\n");
}

fn hash_and_quantity() {
    let deployment = kubetool(["create", "deployment", "web", "--image", "nginx"], "").success().stdout;
    let hash = kubetool(["hash", "-"], &deployment).success().stdout;
    assert_eq!(hash.split(' ').next(), Some("deployment.apps/web"), "{hash}");
    assert_ne!(kubetool(["hash", "--collisions", "1", "-"], &deployment).success().stdout, hash);
    let ran = kubetool(["quantity", "--", "1.5Gi", "-100m"], "").success();
    let lines: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        lines[0],
        json!({"canonical": "1536Mi", "as_written": "1536Mi", "value": 1_610_612_736_i64, "milli": 1_610_612_736_000_i64})
    );
    assert_eq!(lines[1]["milli"], -100);
    kubetool(["quantity", "--", "1x"], "").exits(1);
}
