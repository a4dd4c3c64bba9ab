//! `podrun play`: the stories of the sources, with images made of this machine's busybox.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rustix::process::{Pid, Signal, kill_process};

use crate::machine;
use crate::program::{Podrun, Ran};
use crate::soak::pods;
use crate::{Need, test};

const BUSYBOX: &str = "/usr/bin/busybox";

pub(crate) fn tests() -> Vec<Trial> {
    let needs = [Need::Root, Need::File(BUSYBOX)];
    vec![
        test("play::a_bare_pod", &needs, a_bare_pod),
        test("play::in_the_foreground", &needs, in_the_foreground),
        test("play::what_is_refused", &needs, what_is_refused),
        test("play::what_a_pod_waits_for", &needs, what_a_pod_waits_for),
        test("play::a_deployment", &needs, a_deployment),
        test("play::killed_in_a_rollout", &needs, killed_in_a_rollout),
        test("play::limits_and_priorities", &needs, limits_and_priorities),
    ]
}

/// What its container runs until it is asked to end.
const WAITS: &str = "trap 'exit 0' TERM; while :; do busybox sleep 0.05; done";

/// A template of pods of one container, indented by so much.
fn template(indent: usize, labels: &str, image: &str, script: &str) -> String {
    let text = format!(
        "metadata:
  labels: {labels}
  annotations: {{podkit.dev/copy-exec.main: {BUSYBOX}, podkit.dev/net: none}}
spec:
  terminationGracePeriodSeconds: 5
  containers:
  - name: main
    image: {image}
    command: [{BUSYBOX}, sh, -c, \"{script}\"]
"
    );
    text.lines().map(|line| format!("{:indent$}{line}\n", "")).collect()
}

fn pod(name: &str, script: &str) -> String {
    let template = template(0, "{app: web, env: production}", "example.com/busybox:1", script);
    format!(
        "apiVersion: v1\nkind: Pod\n{}",
        template.replacen("metadata:", &format!("metadata:\n  name: {name}"), 1)
    )
}

/// The nginx Deployment of the sources, with the version that they have.
fn deployment(image: &str) -> String {
    format!(
        "apiVersion: extensions/v1beta1
kind: Deployment
metadata:
  name: nginx
spec:
  replicas: 2
  template:
{}",
        template(4, "{run: nginx}", image, WAITS)
    )
}

/// One machine for Kubernetes' objects; nothing of it is left when this goes.
struct Play {
    podrun: Podrun,
}

impl Play {
    fn new() -> Self {
        Self { podrun: Podrun::new() }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.podrun.run([&["play"], arguments].concat())
    }

    /// The same with a manifest, whose file takes the place of `@`.
    fn with(&self, arguments: &[&str], manifest: &str) -> Ran {
        std::fs::write(self.podrun.scratch().join("it.yaml"), manifest).expect("a manifest");
        let arguments: Vec<_> =
            arguments.iter().map(|word| if *word == "@" { "it.yaml" } else { word }).collect();
        self.run(&arguments)
    }

    fn says(&self, arguments: &[&str]) -> String {
        self.run(arguments).success().stdout
    }

    /// Asks until the answer is this; events drive what is waited for, and this only looks.
    #[track_caller]
    fn until(&self, arguments: &[&str], wanted: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let answer = self.run(arguments).stdout;
            if wanted(&answer) {
                return answer;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{arguments:?} says\n{answer}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Takes everything down, and sees that nothing is left.
    fn ends(self) {
        let uuids = pods(&self.podrun);
        self.run(&["down", "--all", "--grace-period", "2"]).success();
        assert_eq!(self.podrun.run(["list", "-o", "json"]).success().stdout, "[]\n");
        let kept = machine::tree(&self.podrun.data().join("objects/kept"));
        assert!(kept.is_empty(), "{kept:?}");
        let begun = machine::tree(&self.podrun.data().join("objects/begun"));
        assert!(begun.is_empty(), "{begun:?}");
        // A reconciler in the background ends by itself, once it has seen that nothing is left.
        let began = Instant::now();
        loop {
            let traces = machine::traces(self.podrun.marker(), &uuids);
            if traces.is_empty() {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{traces:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.run(&["down", "--all", "--grace-period", "1"]);
        }
    }
}

fn a_bare_pod() {
    let play = Play::new();
    let data = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {greeting: hello}\n";
    let env = "    env: [{name: GREETING, valueFrom: {configMapKeyRef: {name: settings, key: greeting}}}]\n";
    let manifest = pod("web", &format!("echo $GREETING; {WAITS}")) + env + data;
    let ran = play.with(&["up", "-d", "--wait=60s", "@"], &manifest).success();
    assert_eq!((&*ran.stdout, &*ran.stderr), ("pod/web created\nconfigmap/settings created\n", ""));
    let ran = play.with(&["up", "-d", "@"], &manifest).success();
    assert_eq!(ran.stdout, "pod/web unchanged\nconfigmap/settings unchanged\n");

    let got = play.says(&[
        "get",
        "pods",
        "-o",
        "custom-columns=N:.metadata.name,P:.status.phase,Q:.status.qosClass",
    ]);
    assert_eq!(got, "N     P         Q\nweb   Running   BestEffort\n");
    let table = play.says(&["get", "po", "-l", "env in (production)"]);
    assert!(
        table.starts_with("NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0          "),
        "{table}"
    );
    let none = play.run(&["get", "pods", "-l", "env notin (production)"]).success();
    assert_eq!((&*none.stdout, &*none.stderr), ("", "No resources found in default namespace.\n"));
    play.run(&["get", "pod", "other"]).fails(254, "podrun: pods \"other\" not found\n");
    play.run(&["get", "unicorns"]).fails(254, "podrun: there is no resource type \"unicorns\"\n");
    assert_eq!(play.says(&["get", "cm,pods", "-o", "name"]), "configmap/settings\npod/web\n");
    // The node's own name is what the pod is bound to.
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    assert_eq!(play.says(&["get", "pod", "web", "-o", "jsonpath={.spec.nodeName}"]), node);

    assert_eq!(play.says(&["logs", "web"]), "hello\n");
    assert_eq!(
        play.run(&["exec", "pod/web", "--", BUSYBOX, "sh", "-c", "echo $GREETING; exit 3"]).exits(3).stdout,
        "hello\n"
    );
    let events = play.says(&["events", "--for", "pod/web"]);
    assert!(events.contains("Normal   Started   pod/web   Container started\n"), "{events}");
    let described = play.says(&["describe", "pod", "web"]);
    assert!(described.contains("Status:           Running") && described.contains("Started"), "{described}");
    let listed = play.says(&["ps"]);
    assert!(
        listed.contains("Running") && pods(&play.podrun).iter().all(|uuid| listed.contains(uuid)),
        "{listed}"
    );

    let ran = play.run(&["delete", "pod", "web"]).success();
    assert_eq!(ran.stdout, "pod \"web\" deleted\n");
    assert_eq!(play.says(&["get", "pods", "-o", "name"]), "");
    assert_eq!(play.podrun.run(["list", "-o", "json"]).success().stdout, "[]\n");
    play.run(&["delete", "pod", "web"]).fails(254, "podrun: pods \"web\" not found\n");
    play.ends();
}

/// Starts `play up` and waits until a pod is ready.
fn foreground(play: &Play, manifest: &str) -> Child {
    std::fs::write(play.podrun.scratch().join("it.yaml"), manifest).expect("a manifest");
    play.podrun
        .command(["play", "up", "it.yaml"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("podrun starts")
}

fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(pid, signal).expect("podrun runs");
}

fn in_the_foreground() {
    let play = Play::new();
    // It ends by itself with its pods; a failure is told by the exit code.
    let once = pod("once", "exit 3").replace("spec:", "spec:\n  restartPolicy: Never");
    let ran = play.with(&["up", "@"], &once).exits(1);
    assert_eq!(ran.stdout, "pod/once created\n");
    let code = "jsonpath={.status.phase} {.status.containerStatuses[0].state.terminated.exitCode}";
    assert_eq!(play.says(&["get", "pod", "once", "-o", code]), "Failed 3");
    play.run(&["delete", "pod", "once"]).success();

    // Ctrl-C takes down what was brought up.
    let mut up = foreground(&play, &pod("web", WAITS));
    play.until(&["get", "pods"], |text| text.contains("1/1"));
    let second = play.with(&["up", "@"], &pod("second", WAITS)).success();
    assert!(second.stderr.contains("reconciles already"), "{}", second.stderr);
    play.until(&["get", "pod", "second"], |text| text.contains("1/1"));
    signal(&up, Signal::INT);
    assert!(up.wait().expect("podrun ends").success());
    assert_eq!(play.says(&["get", "pods", "-o", "name"]), "pod/second\n");
    // Its monitor lives on, whoever reconciles.
    assert_eq!(play.run(&["exec", "second", "--", BUSYBOX, "echo", "here"]).success().stdout, "here\n");

    // A reconciler that was killed is replaced by the next one, which finds the pods.
    let mut up = foreground(&play, &pod("third", WAITS));
    play.until(&["get", "pod", "third"], |text| text.contains("1/1"));
    let before = play.says(&["get", "pods", "-o", "jsonpath={.items[*].metadata.uid}"]);
    signal(&up, Signal::KILL);
    up.wait().expect("podrun ends");
    play.with(&["up", "-d", "--wait=60s", "@"], &pod("third", WAITS)).success();
    assert_eq!(play.says(&["get", "pods", "-o", "jsonpath={.items[*].metadata.uid}"]), before);
    let restarts = "jsonpath={.items[*].status.containerStatuses[0].restartCount}";
    assert_eq!(play.says(&["get", "pods", "-o", restarts]), "0 0");
    play.ends();
}

fn what_is_refused() {
    let play = Play::new();
    let nfs = pod("web", WAITS) + "  volumes: [{name: v, nfs: {server: s, path: /}}]\n";
    let ran = play.with(&["apply", "-f", "@"], &(pod("good", WAITS) + "---\n" + &nfs)).exits(254);
    assert_eq!((&*ran.stdout, ran.stderr.lines().count()), ("", 1), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("spec.volumes[0].nfs: volumes over a network or of a cloud are not supported"),
        "{}",
        ran.stderr
    );
    let ran = play.with(
        &["up", "-d", "@"],
        &deployment("example.com/busybox:1").replace("containers:", "hostUsers: false\n      containers:"),
    );
    let ran = ran.exits(254);
    assert!(ran.stderr.contains("spec.template.spec.hostUsers: a user namespace"), "{}", ran.stderr);
    for (manifest, text) in [
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n", "spec.containers: Required value"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {nam: p}\n", "metadata.nam: unknown field"),
        (
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {podSelector: {}}\n",
            "kind: podrun play does not run a NetworkPolicy of `networking.k8s.io/v1`",
        ),
    ] {
        let ran = play.with(&["create", "-f", "@"], manifest).exits(254);
        assert!(ran.stderr.contains(text), "{}", ran.stderr);
    }
    let ran = play.with(&["create", "service", "clusterip", "web", "--tcp", "80"], "").exits(254);
    assert_eq!(
        ran.stderr,
        "podrun: service/web cannot be created: kind: podrun play does not run a Service of `v1`\n"
    );
    // Of what was wrong nothing is kept.
    assert_eq!(play.says(&["get", "all", "-o", "name"]), "");
    play.with(&["-n", "nowhere", "apply", "@"], &pod("web", WAITS))
        .fails(254, "podrun: namespaces \"nowhere\" not found\n");
    let ran =
        play.with(&["create", "-f", "@"], "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n").success();
    assert_eq!(ran.stdout, "configmap/c created\n");
    play.with(&["create", "-f", "@"], "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")
        .fails(254, "podrun: configmap/c cannot be created: configmaps \"c\" already exists\n");
    play.ends();
}

fn what_a_pod_waits_for() {
    let play = Play::new();
    let env = "    envFrom: [{configMapRef: {name: later}}]\n";
    play.with(&["up", "-d", "@"], &(pod("web", &format!("echo $word; {WAITS}")) + env)).success();
    let reason = "jsonpath={.status.containerStatuses[0].state.waiting.reason}";
    play.until(&["get", "pod", "web", "-o", reason], |text| text == "CreateContainerConfigError");
    play.with(
        &["apply", "@"],
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: later}\ndata: {word: come}\n",
    )
    .success();
    play.until(&["logs", "web"], |text| text == "come\n");

    let never = pod("never", WAITS)
        .replace("busybox:1", "no-such:1")
        .replace("command:", "imagePullPolicy: Never\n    command:");
    play.with(&["apply", "@"], &never).success();
    play.until(&["get", "pod", "never", "-o", reason], |text| text == "ErrImageNeverPull");
    let events = play.says(&["events", "--for", "pod/never"]);
    assert!(events.contains("Warning   Failed") && events.contains("imagePullPolicy is Never"), "{events}");
    // Nobody answers there.
    let pulled = pod("pulled", WAITS)
        .replace("example.com/busybox:1", "127.0.0.1:1/none:1")
        .replace("podkit.dev/copy-exec.main: /usr/bin/busybox, ", "");
    play.with(&["apply", "@"], &pulled).success();
    play.until(&["get", "pod", "pulled", "-o", reason], |text| text == "ImagePullBackOff");
    play.ends();
}

fn a_deployment() {
    let play = Play::new();
    let first = deployment("example.com/busybox:1");
    let ran = play.with(&["up", "-d", "--wait=60s", "@"], &first).success();
    assert_eq!(ran.stdout, "deployment.extensions/nginx created\n");
    assert!(ran.stderr.contains("extensions/v1beta1"), "{}", ran.stderr);
    assert_eq!(
        play.with(&["apply", "-f", "@"], &first).success().stdout,
        "deployment.extensions/nginx unchanged\n"
    );
    let table = play.says(&["get", "deployments", "--no-headers"]);
    assert!(table.starts_with("nginx   2/2   2     2     "), "{table}");
    let names = |play: &Play| play.says(&["get", "pods", "-o", "jsonpath={.items[*].metadata.name}"]);
    let two = names(&play);
    let two: Vec<_> = two.split(' ').collect();
    assert!(two.len() == 2 && two.iter().all(|name| name.starts_with("nginx-")), "{two:?}");

    // Another rises for one that is killed.
    play.run(&["delete", "pod", two[0]]).success();
    let ready = |wanted: &'static str| move |text: &str| text == wanted;
    let count = ["get", "deploy", "nginx", "-o", "jsonpath={.status.readyReplicas}/{.status.replicas}"];
    play.until(&["get", "pods", "-o", "jsonpath={.items[*].metadata.name}"], |text| {
        text.split(' ').count() == 2 && !text.contains(two[0])
    });
    play.until(&count, ready("2/2"));

    assert_eq!(
        play.says(&["scale", "deployment", "nginx", "--replicas", "3"]),
        "deployment.apps/nginx scaled\n"
    );
    play.until(&count, ready("3/3"));
    play.says(&["scale", "deployment/nginx", "--replicas", "1"]);
    play.until(&count, ready("1/1"));
    play.until(&["get", "pods", "-o", "name"], |text| text.lines().count() == 1);

    // A new version, and back.
    let set = play.says(&["set", "image", "deployment/nginx", "main=example.com/busybox:2"]);
    assert_eq!(set, "deployment.apps/nginx image updated\n");
    let status = play.says(&["rollout", "status", "deployment/nginx"]);
    assert!(status.ends_with("deployment \"nginx\" successfully rolled out\n"), "{status}");
    let images = "jsonpath={.items[*].spec.containers[0].image}";
    play.until(&["get", "pods", "-o", images], |text| text == "example.com/busybox:2");
    let sets = play.says(&["get", "rs", "--no-headers"]);
    assert_eq!(sets.lines().count(), 2, "{sets}");
    let history = play.says(&["rollout", "history", "deployment/nginx"]);
    assert!(history.contains("1         <none>\n2         <none>\n"), "{history}");
    assert_eq!(play.says(&["rollout", "undo", "deployment/nginx"]), "deployment.apps/nginx rolled back\n");
    play.until(&["get", "pods", "-o", images], |text| text == "example.com/busybox:1");
    let events = play.says(&["events", "--for", "deployment/nginx"]);
    assert!(events.contains("ScalingReplicaSet"), "{events}");
    play.ends();
}

fn killed_in_a_rollout() {
    let play = Play::new();
    let mut up = foreground(&play, &deployment("example.com/busybox:1"));
    let count =
        ["get", "deploy", "nginx", "-o", "jsonpath={.status.readyReplicas}/{.status.updatedReplicas}"];
    play.until(&count, |text| text == "2/2");
    // A version that is never ready: the rollout stands in the middle.
    let stuck = "    readinessProbe: {exec: {command: [/usr/bin/busybox, 'false']}}\n";
    let next = deployment("example.com/busybox:2");
    let stuck: String = stuck.lines().map(|line| format!("    {line}\n")).collect();
    play.with(&["apply", "@"], &(next.clone() + &stuck)).success();
    play.until(&["get", "pods", "-o", "jsonpath={.items[*].spec.containers[0].image}"], |text| {
        text.contains("busybox:2")
    });
    signal(&up, Signal::KILL);
    up.wait().expect("podrun ends");
    // Whoever comes next goes on from there.
    play.with(&["up", "-d", "--wait=60s", "@"], &next).success();
    play.until(&count, |text| text == "2/2");
    play.until(&["get", "pods", "-o", "jsonpath={.items[*].spec.containers[0].image}"], |text| {
        text == "example.com/busybox:2 example.com/busybox:2"
    });
    play.ends();
}

fn limits_and_priorities() {
    let play = Play::new();
    let objects = "\
apiVersion: v1
kind: Namespace
metadata: {name: small}
---
apiVersion: v1
kind: LimitRange
metadata: {name: limits, namespace: small}
spec:
  limits:
  - {type: Container, max: {cpu: 500m}, default: {cpu: 200m}, defaultRequest: {cpu: 100m}}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: builder, namespace: small}
imagePullSecrets: [{name: pull}]
";
    play.with(&["apply", "@"], objects).success();
    let given =
        pod("web", WAITS).replace("spec:", "spec:\n  priorityClassName: high\n  serviceAccountName: builder");
    play.with(&["-n", "small", "create", "-f", "@"], &given).success();
    let shown = "jsonpath={.spec.priority} {.spec.containers[0].resources.limits.cpu} {.spec.containers[0].resources.requests.cpu} {.spec.imagePullSecrets[0].name}";
    assert_eq!(play.says(&["-n", "small", "get", "pod", "web", "-o", shown]), "1000 200m 100m pull");
    let much = pod("much", WAITS) + "    resources: {limits: {cpu: '1'}}\n";
    play.with(&["-n", "small", "create", "-f", "@"], &much).fails(
        254,
        "podrun: pod/much cannot be created: pods \"much\" is forbidden: maximum cpu usage per Container is 500m, but limit is 1\n",
    );
    let unknown = pod("other", WAITS).replace("spec:", "spec:\n  priorityClassName: none");
    play.with(&["create", "-f", "@"], &unknown).fails(
        254,
        "podrun: pod/other cannot be created: pods \"other\" is forbidden: no PriorityClass with name none was found\n",
    );
    play.ends();
}
