//! Strict and lenient decoding: what is said, and where.

use k8s_model::decode::{Mode, Severity, decode_slice, decode_str};
use k8s_model::object::Object;

fn problems(text: &str) -> Vec<String> {
    decode_str(text, "f.yaml", Mode::Strict).problems.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(text: &str, wanted: &[&str]) {
    assert_eq!(problems(text), wanted, "{text}");
}

const HEAD: &str = "apiVersion: v1\nkind: Pod\n";

#[test]
fn all_problems_are_found_at_once() {
    let text = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {on: yes, tier: 1}
  handler: x
spec:
  restartpolicy: Always
  hostNetwork: \"yes\"
  terminationGracePeriodSeconds: soon
  containers:
  - name: web
    imagePullPolcy: Always
    ports:
    - containerPort: 99999999999
    - 80
    env:
    - name: A
      value: yes
      value: no
    resources:
      limits: {cpu: ten, memory: 64Mi}
  volumes: {}
";
    check(
        text,
        &[
            "f.yaml:5:16: metadata.labels[true]: text is wanted, not a boolean: put it in quotes",
            "f.yaml:5:27: metadata.labels[tier]: text is wanted, not a number: put it in quotes",
            "f.yaml:6:3: metadata.handler: unknown field",
            "f.yaml:8:3: spec.restartpolicy: unknown field, did you mean `restartPolicy`?",
            "f.yaml:9:16: spec.hostNetwork: `true` or `false` is wanted, not text",
            "f.yaml:10:34: spec.terminationGracePeriodSeconds: a whole number is wanted, not text",
            "f.yaml:13:5: spec.containers[0].imagePullPolcy: unknown field, did you mean `imagePullPolicy`?",
            "f.yaml:15:22: spec.containers[0].ports[0].containerPort: the number is out of range: from -2147483648 to 2147483647 is allowed",
            "f.yaml:16:7: spec.containers[0].ports[1]: a mapping is wanted, not a number",
            "f.yaml:19:14: spec.containers[0].env[0].value: text is wanted, not a boolean: put it in quotes",
            "f.yaml:20:7: spec.containers[0].env[0].value: the key stands here again, after 19:7",
            "f.yaml:20:14: spec.containers[0].env[0].value: text is wanted, not a boolean: put it in quotes",
            "f.yaml:22:21: spec.containers[0].resources.limits[cpu]: unexpected `t` at byte 0 of a quantity: a digit is wanted",
            "f.yaml:23:12: spec.volumes: a list is wanted, not a mapping",
        ],
    );
}

#[test]
fn lenient_decoding_warns_and_goes_on() {
    let text = format!("{HEAD}metadata: {{name: a, name: b, colour: red}}\nspec: {{hostPID: 1}}\n");
    let decoded = decode_str(&text, "f.yaml", Mode::Lenient);
    assert!(!decoded.has_errors());
    assert_eq!(decoded.problems.len(), 3);
    assert!(decoded.problems.iter().all(|problem| problem.severity() == Severity::Warning));
    let Object::Pod(pod) = &decoded.documents[0].object else { panic!("no pod") };
    assert_eq!(pod.metadata.name, "b");
    assert!(!pod.spec.host_pid);
}

#[test]
fn the_type_of_an_object_is_told_first() {
    check(
        "metadata: {name: a}\n",
        &[
            "f.yaml:1:1: apiVersion: it is missing: each object names its own, such as `v1`",
            "f.yaml:1:1: kind: it is missing: each object names its own, such as `Pod`",
        ],
    );
    check(
        "kind: pod\napiVersion: v1\n",
        &["f.yaml:1:7: kind: unknown kind `pod` of `v1`, did you mean `Pod`?"],
    );
    check(
        "kind: Gizmo\napiVersion: apps/v1\n",
        &[
            "f.yaml:1:7: kind: unknown kind `Gizmo` of `apps/v1`: known are `ControllerRevision`, `DaemonSet`, `Deployment`, `ReplicaSet`, `StatefulSet`",
        ],
    );
    check(
        "kind: Deployment\napiVersion: v1\n",
        &["f.yaml:2:13: apiVersion: there is no `Deployment` in `v1`; known is `apps/v1`"],
    );
    check(
        "kind: Gizmo\napiVersion: app/v1\n",
        &["f.yaml:2:13: apiVersion: unknown version `app/v1`, did you mean `apps/v1`?"],
    );
    check(
        "kind: Gizmo\napiVersion: gizmos/v1\n",
        &[
            "f.yaml:2:13: apiVersion: unknown version `gizmos/v1`: groups that are not Kubernetes' own have a dot",
        ],
    );
    check(
        "kind: Ingress\napiVersion: networking.k8s.io/v9\n",
        &[
            "f.yaml:2:13: apiVersion: `networking.k8s.io/v9` of `Ingress` is not known: the object is kept as it is",
        ],
    );
    check("kind: Gizmo\napiVersion: example.com/v1\n", &[]);
    check("kind: Pod\napiVersion: example.com/v1\n", &[]);
    check("kind: DenyList\napiVersion: example.com/v1\nspec: {}\n", &[]);
    check(
        "kind: GizmoList\napiVersion: example.com/v1\nitems: [{spec: {}}]\nx: 1\n",
        &["f.yaml:4:1: x: unknown field"],
    );
    check(
        "kind: Pod\napiVersion: v2\n",
        &["f.yaml:2:13: apiVersion: there is no `Pod` in `v2`; known is `v1`"],
    );
    // The other problems of a pod without version are told too.
    check(
        "kind: Pod\napiVersion:\nspec: {x: 1}\n",
        &[
            "f.yaml:2:11: apiVersion: it is empty: each object names its own, such as `v1`",
            "f.yaml:3:8: spec.x: unknown field",
        ],
    );
    check("- a\n", &["f.yaml:1:1: an object, which is a mapping, is wanted, not a list"]);
    check("hello\n", &["f.yaml:1:1: an object, which is a mapping, is wanted, not text"]);
}

/// The claims of a stateful set are whole objects in Go; a template of pods is none.
#[test]
fn claims_of_a_stateful_set_may_say_what_they_are() {
    let text = "{apiVersion: apps/v1, kind: StatefulSet, spec: {volumeClaimTemplates: [{apiVersion: v1, kind: PersistentVolumeClaim, x: 1}], template: {kind: Pod}}}";
    check(
        text,
        &[
            "f.yaml:1:118: spec.volumeClaimTemplates[0].x: unknown field",
            "f.yaml:1:137: spec.template.kind: unknown field",
        ],
    );
}

#[test]
fn documents_are_told_apart() {
    let text = format!(
        "# nothing\n---\n{HEAD}metadata: {{name: a}}\n--- # c\n\n---\n{HEAD}spec: {{x: 1}}\n---\na: b: c\n---\n{HEAD}metadata: {{name: z}}\n...\n"
    );
    let decoded = decode_str(&text, "f.yaml", Mode::Strict);
    let names: Vec<&str> = decoded.documents.iter().map(|d| d.object.name()).collect();
    assert_eq!(names, ["a", "", "z"]);
    let found: Vec<String> = decoded.problems.iter().map(|p| format!("{} {p}", p.document())).collect();
    assert_eq!(
        found,
        [
            "2 f.yaml:11:8: spec.x: unknown field",
            "3 f.yaml:13:5: mapping values are not allowed in this context",
        ]
    );
    check(
        "\u{feff}apiVersion: v1\r\nkind: Pod\r\nspec:\r\n  x: 1\r\n",
        &["f.yaml:4:3: spec.x: unknown field"],
    );
    check("", &[]);
    check("# only a comment\n", &[]);
    check("null\n", &[]);
    check(
        "%YAML 1.1\n---\napiVersion: v1\nkind: Pod\nspec: {x: 1}\n",
        &["f.yaml:5:8: spec.x: unknown field"],
    );
    check(&format!("{HEAD}...\nmore: 1\n"), &["f.yaml:4:1: a second document begins here without `---`"]);
}

#[test]
fn json_is_read_too() {
    check(
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\n \"spec\":{\"x\":1,\"hostPID\":1.5}}",
        &[
            "f.yaml:2:10: spec.x: unknown field",
            "f.yaml:2:26: spec.hostPID: `true` or `false` is wanted, not a number",
        ],
    );
    let two = "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"data\":{\"a\":\"?\"}}\n{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"é\":1}";
    check(
        two,
        &[
            "f.yaml:1:48: data[a]: this is not base64: invalid symbol 63, offset 0",
            "f.yaml:2:36: é: unknown field",
        ],
    );
    check("{\"kind\":\"Pod\" \"a\":1}", &["f.yaml:1:15: unexpected `\"` where `,` or `}` is wanted"]);
    check("{kind: Pod, apiVersion: v1, spec: {x: 1}}", &["f.yaml:1:36: spec.x: unknown field"]);
}

/// The manifests of the project's source document 004 lost their indentation: two of them are valid YAML all the same.
#[test]
fn manifests_without_indentation_are_caught() {
    let found = problems(
        "apiVersion: v1\nkind: Pod\nmetadata:\nname: traefik\nlabels:\napp: traefik\nspec:\ncontainers:\n- name: traefik\nimage: traefik\n",
    );
    assert_eq!(
        found,
        [
            "f.yaml:4:1: name: unknown field, did you mean `metadata.name`?",
            "f.yaml:5:1: labels: unknown field, did you mean `metadata.labels`?",
            "f.yaml:6:1: app: unknown field",
            "f.yaml:8:1: containers: unknown field, did you mean `spec.containers`?",
            "f.yaml:10:1: image: unknown field",
        ]
    );
}

#[test]
fn bytes_that_are_no_text() {
    let decoded = decode_slice(b"kind: Pod\n\xc3\xa9\xff", "f.yaml", Mode::Strict);
    assert_eq!(decoded.problems[0].to_string(), "f.yaml:2:2: the text is not UTF-8 from here on");
    assert!(decoded.documents.is_empty());
    let decoded = decode_slice(b"kind: Pod\napiVersion: v1\n", "f.yaml", Mode::Strict);
    assert_eq!((decoded.documents.len(), decoded.problems.len()), (1, 0));
}

#[test]
fn a_field_can_be_found_again() {
    let text = format!(
        "---\n{HEAD}spec:\n  containers:\n  - name: a\n    env: [{{name: X}}]\n  nodeSelector:\n    a.b/c: d\n"
    );
    let decoded = decode_str(&text, "f.yaml", Mode::Strict);
    let origin = &decoded.documents[0].origin;
    let at = |path: &str| origin.position(path).unwrap().to_string();
    assert_eq!(at("spec.containers[0].name"), "6:11");
    assert_eq!(at("spec.containers[0].env[0].name"), "7:18");
    assert_eq!(at("spec.nodeSelector[a.b/c]"), "9:12");
    assert_eq!(at("spec.containers[0].image"), "6:5");
    assert_eq!(at("spec.containers[7].image"), "6:5");
    assert_eq!(at("metadata.name"), "2:1");
}
