//! What is wrong in a manifest is said with its place, and nothing is made.

use std::fs;

use libtest_mimic::Trial;

use crate::program::Podrun;
use crate::{Need, test};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("manifest::wrong", &[Need::Root], wrong),
        test("manifest::not_text", &[Need::Root], not_text),
        test("manifest::not_there", &[Need::Root], not_there),
        test("manifest::objects_beside_the_pod", &[Need::Root], objects_beside_the_pod),
    ]
}

/// What is wrong, the manifest, and everything that is said about it.
const WRONG: &[(&str, &str, &str)] = &[
    ("no YAML", "a: [\n", "pod.yaml:2:1: while parsing a node, did not find expected node content\n"),
    (
        "a tab",
        "apiVersion: v1
	kind: Pod
",
        "pod.yaml:1:13: while scanning a plain scalar, found a tab\n",
    ),
    (
        "no object",
        "- a
- b
",
        "pod.yaml:1:1: an object, which is a mapping, is wanted, not a list\n",
    ),
    (
        "no kind",
        "apiVersion: v1\n",
        "pod.yaml:1:1: kind: it is missing: each object names its own, such as `Pod`\n",
    ),
    (
        "an unknown kind",
        "apiVersion: v1
kind: Pud
",
        "pod.yaml:2:7: kind: unknown kind `Pud` of `v1`, did you mean `Pod`?\n",
    ),
    (
        "a kind of another version",
        "apiVersion: v2
kind: Pod
",
        "pod.yaml:1:13: apiVersion: there is no `Pod` in `v2`; known is `v1`\n",
    ),
    (
        "an unknown field",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    imag: example.com/web:1
",
        "pod.yaml:9:5: spec.containers[0].imag: unknown field, did you mean `image`?\n",
    ),
    (
        "a key twice",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  restartPolicy: Never
  restartPolicy: Always
  containers:
  - name: web
    image: example.com/web:1
",
        "pod.yaml:8:3: spec.restartPolicy: the key stands here again, after 7:3\n",
    ),
    (
        "a wrong type",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
    ports:
    - containerPort: eighty
",
        "pod.yaml:11:22: spec.containers[0].ports[0].containerPort: a whole number is wanted, not text\n",
    ),
    (
        "a truth value for a text",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
    env:
    - {name: A, value: yes}
",
        "pod.yaml:11:24: spec.containers[0].env[0].value: text is wanted, not a boolean: put it in quotes\n",
    ),
    (
        "a malformed quantity",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
    resources:
      limits: {memory: 1 GB}
",
        "pod.yaml:11:24: spec.containers[0].resources.limits[memory]: unknown suffix ` GB` at byte 1 of a quantity: one of n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent such as e3 is wanted\n",
    ),
    (
        "no containers",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers: []
",
        "pod.yaml:7:15: spec.containers: Required value\n",
    ),
    (
        "no image",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
",
        "pod.yaml:8:5: spec.containers[0].image: Required value\n",
    ),
    (
        "a bad name",
        "apiVersion: v1
kind: Pod
metadata:
  name: Web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
",
        "pod.yaml:4:9: metadata.name: Invalid value: \"Web\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n",
    ),
    (
        "a name twice",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
  - name: web
    image: example.com/other:1
",
        "pod.yaml:10:11: spec.containers[1].name: Duplicate value: \"web\"\n",
    ),
    (
        "a port out of range",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
    ports:
    - containerPort: 80000
",
        "pod.yaml:11:22: spec.containers[0].ports[0].containerPort: Invalid value: 80000: must be between 1 and 65535, inclusive\n",
    ),
    (
        "no such volume",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
    volumeMounts:
    - {name: data, mountPath: /data}
",
        "pod.yaml:11:14: spec.containers[0].volumeMounts[0].name: Not found: \"data\"\n",
    ),
    (
        "two volume sources",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  volumes:
  - {name: v, emptyDir: {}, hostPath: {path: /tmp}}
  containers:
  - name: web
    image: example.com/web:1
",
        "pod.yaml:8:39: spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type\n",
    ),
    (
        "a bad restart policy",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  restartPolicy: Sometimes
  containers:
  - name: web
    image: example.com/web:1
",
        "pod.yaml:7:18: spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"\n",
    ),
    (
        "a probe with two handlers",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
    livenessProbe:
      exec: {command: [a]}
      tcpSocket: {port: 1}
",
        "pod.yaml:12:18: spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type\n",
    ),
    (
        "limits below requests",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
    resources:
      limits: {cpu: 100m}
      requests: {cpu: 200m}
",
        "pod.yaml:12:17: spec.containers[0].resources.requests: Invalid value: \"200m\": must be less than or equal to cpu limit of 100m\n",
    ),
    (
        "what one node cannot do",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  volumes:
  - {name: v, nfs: {server: a, path: /b}}
  containers:
  - name: web
    image: example.com/web:1
",
        "pod.yaml:8:20: spec.volumes[0].nfs: volumes over a network or of a cloud are not supported\n",
    ),
    (
        "no such config map",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
    envFrom:
    - configMapRef: {name: missing}
",
        "pod.yaml:11:28: spec.containers[0].envFrom[0].configMapRef.name: there is no config map `missing`\n",
    ),
    (
        "all at once",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  restartPolicy: Sometimes
  containers:
  - name: web
    image: example.com/web:1
    ports:
    - containerPort: 0
  - name: web
",
        r#"pod.yaml:12:22: spec.containers[0].ports[0].containerPort: Required value
pod.yaml:13:5: spec.containers[1].image: Required value
pod.yaml:13:11: spec.containers[1].name: Duplicate value: "web"
pod.yaml:7:18: spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"
"#,
    ),
    (
        "the second document",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: Bad_Name
",
        "pod.yaml:14:9: metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n",
    ),
    (
        "JSON",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"web\"}, \"spec\": {\"containers\": [{\"name\": \"web\", \"imag\": \"a\"}]}}\n",
        "pod.yaml:1:106: spec.containers[0].imag: unknown field, did you mean `image`?\n",
    ),
    (
        "no pod",
        "apiVersion: v1
kind: ConfigMap
metadata: {name: a}
",
        "pod.yaml:2:7: kind: the file holds no Pod, and only a Pod is run\n",
    ),
    ("nothing", "# nothing\n", "podrun: `pod.yaml` holds nothing: a Pod is wanted\n"),
    (
        "no path of the host",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  volumes: [{name: v, hostPath: {path: /no/such, type: Directory}}]
  containers:
  - name: web
    image: example.com/web:1
",
        "pod.yaml:7:3: spec: volume `v`: hostPath type check failed: /no/such is not a directory\n",
    ),
    (
        "two pods",
        "apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {podkit.dev/net: none}
spec:
  containers:
  - name: web
    image: example.com/web:1
",
        "pod.yaml:12:7: kind: this is the second pod of 2: podrun runs one at a time\n",
    ),
];

fn wrong() {
    let podrun = Podrun::new();
    for (what, manifest, expected) in WRONG {
        fs::write(podrun.scratch().join("pod.yaml"), manifest).expect("a manifest");
        let ran = podrun.run(["run", "pod.yaml"]);
        assert_eq!((ran.code, &*ran.stdout, &*ran.stderr), (Some(254), "", *expected), "{what}");
        assert!(!podrun.data().exists(), "{what}");
    }
}

fn not_text() {
    let podrun = Podrun::new();
    fs::write(podrun.scratch().join("pod.yaml"), b"apiVersion: v1\nkind: \xc3\xa4\xff\n")
        .expect("a manifest");
    podrun.run(["run", "pod.yaml"]).fails(254, "pod.yaml:2:8: the text is not UTF-8 from here on\n");
    assert!(!podrun.data().exists());
}

fn not_there() {
    let podrun = Podrun::new();
    podrun
        .run(["run", "none.yaml"])
        .fails(254, "podrun: cannot read `none.yaml`: No such file or directory (os error 2)\n");
    assert!(!podrun.data().exists());
}

/// ConfigMaps and Secrets of the same file are what the pod's references mean.
fn objects_beside_the_pod() {
    let podrun = Podrun::new();
    let ran = podrun.run_pod(
        &[],
        "apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {COLOR: blue, motd: hello from a file}
---
apiVersion: v1
kind: Secret
metadata: {name: password}
stringData: {word: sesame}
---
apiVersion: v1
kind: Pod
metadata:
  name: beside
  annotations: {podkit.dev/net: none, podkit.dev/copy-exec.main: '/bin/sh,/bin/cat'}
spec:
  restartPolicy: Never
  volumes:
  - name: settings
    configMap: {name: settings}
  containers:
  - name: main
    image: example.com/beside:1
    envFrom:
    - configMapRef: {name: settings}
    env:
    - name: WORD
      valueFrom: {secretKeyRef: {name: password, key: word}}
    command: [/bin/sh, -c, 'echo $COLOR $WORD; cat /etc/settings/motd']
    volumeMounts:
    - {name: settings, mountPath: /etc/settings}
",
    );
    // A file without an end of line shows as a line all the same.
    assert_eq!(ran.success().stdout, "main | blue sesame\nmain | hello from a file\n");
}
