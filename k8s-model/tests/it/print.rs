//! Tables, against those of a real API server (kube-apiserver 1.20.2), ages, JSONPath and custom columns.

use k8s_model::decode::{Mode, decode_str};
use k8s_model::object::Object;
use k8s_model::print::{CustomColumns, JsonPath, Options, Release, describe, human_duration, row, table};
use pod_core::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::vectors;

fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

fn object(text: &str) -> Object {
    let mut decoded = decode_str(text, "", Mode::Lenient);
    assert_eq!(decoded.documents.len(), 1, "{text}: {:?}", decoded.problems);
    decoded.documents.remove(0).object
}

/// A cell as text; Go's booleans are lower case in our tables.
fn text(cell: &Value) -> String {
    match cell {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn cells_are_the_servers() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in vectors::lines(include_str!("../vectors/apiserver-tables.jsonl")) {
        count += 1;
        let id = case["id"].as_str().unwrap();
        let object = object(&case["object"].to_string());
        // The server's tables hold what wide ones show.
        let options = Options { release: Release::V1_20, wide: true, ..Options::new(now()) };
        let row = row(&object, &options);
        let dropped: Vec<&str> =
            case["droppedCells"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let wanted: Vec<(String, bool, String)> = case["columns"]
            .as_array()
            .unwrap()
            .iter()
            .zip(case["cells"].as_array().unwrap())
            .map(|(column, cell)| {
                let name = column["name"].as_str().unwrap();
                let cell = if dropped.contains(&name) { String::new() } else { text(cell) };
                (name.to_owned(), column["priority"] == 1, cell)
            })
            .collect();
        let found: Vec<(String, bool, String)> = row
            .columns
            .iter()
            .zip(row.cells)
            .map(|(column, cell)| {
                let cell = if dropped.contains(&column.name) { String::new() } else { cell };
                (column.name.to_owned(), column.wide, cell)
            })
            .collect();
        if found != wanted {
            wrong.push(format!("{id}:\n  ours:   {found:?}\n  theirs: {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn ages() {
    let (minute, hour, day) = (60, 3600, 86_400);
    let cases = [
        (-2, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * hour - 1, "179m"),
        (3 * hour, "3h"),
        (8 * hour - minute, "7h59m"),
        (8 * hour, "8h"),
        (2 * day - 1, "47h"),
        (2 * day, "2d"),
        (2 * day + hour, "2d1h"),
        (8 * day, "8d"),
        (2 * 365 * day - 1, "729d"),
        (2 * 365 * day, "2y"),
        (2 * 365 * day + day, "2y1d"),
        (8 * 365 * day, "8y"),
    ];
    for (seconds, wanted) in cases {
        assert_eq!(human_duration(seconds), wanted, "{seconds}");
    }
}

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"dev","creationTimestamp":"2026-11-25T11:00:00Z","labels":{"app":"web","example.com/tier":"front"}},
  "spec":{"nodeName":"n1","containers":[{"name":"c","image":"nginx"}],"initContainers":[{"name":"s","image":"p","restartPolicy":"Always"}]},
  "status":{"phase":"Running","podIPs":[{"ip":"10.0.0.5"}],
    "initContainerStatuses":[{"name":"s","ready":true,"started":true,"restartCount":0,"state":{"running":{}}}],
    "containerStatuses":[{"name":"c","ready":true,"restartCount":3,"state":{"running":{}},"lastState":{"terminated":{"exitCode":1,"finishedAt":"2026-11-25T11:55:00Z"}}}]}}"#;
const DEPLOYMENT: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"nginx","namespace":"dev","creationTimestamp":"2026-11-24T12:00:00Z"},
  "spec":{"replicas":2,"selector":{"matchLabels":{"app":"nginx"}},"template":{"metadata":{"labels":{"app":"nginx"}},"spec":{"containers":[{"name":"nginx","image":"nginx:1.7.9"}]}}},
  "status":{"replicas":2,"updatedReplicas":2,"readyReplicas":1,"availableReplicas":1}}"#;

/// The layout is that of kubectl 1.32 (`--server` of the vectors' kind) and of the project's sources for old ones.
#[test]
fn layouts() {
    let (pod, deployment) = (object(POD), object(DEPLOYMENT));
    let plain = Options::new(now());
    assert_eq!(
        table(&[&pod], &plain),
        "NAME   READY   STATUS    RESTARTS     AGE\nweb    2/2     Running   3 (5m ago)   60m\n"
    );
    let wide = Options { wide: true, ..plain.clone() };
    assert_eq!(
        table(&[&pod], &wide),
        "NAME   READY   STATUS    RESTARTS     AGE   IP         NODE   NOMINATED NODE   READINESS GATES\n\
         web    2/2     Running   3 (5m ago)   60m   10.0.0.5   n1     <none>           <none>\n"
    );
    let labelled = Options {
        label_columns: vec!["app".to_owned(), "example.com/tier".to_owned(), "none".to_owned()],
        show_labels: true,
        namespaces: true,
        ..plain.clone()
    };
    assert_eq!(
        table(&[&pod], &labelled),
        "NAMESPACE   NAME   READY   STATUS    RESTARTS     AGE   APP   TIER    NONE   LABELS\n\
         dev         web    2/2     Running   3 (5m ago)   60m   web   front          app=web,example.com/tier=front\n"
    );
    assert_eq!(
        table(&[&pod, &deployment], &plain),
        "NAME      READY   STATUS    RESTARTS     AGE\npod/web   2/2     Running   3 (5m ago)   60m\n\n\
         NAME                    READY   UP-TO-DATE   AVAILABLE   AGE\ndeployment.apps/nginx   1/2     2            1           24h\n"
    );
    let old = Options { release: Release::V1_10, ..plain.clone() };
    assert_eq!(
        table(&[&pod, &deployment], &old),
        "NAME     READY   STATUS     RESTARTS   AGE\npo/web   0/1     Init:0/1   0          60m\n\n\
         NAME           DESIRED   CURRENT   UP-TO-DATE   AVAILABLE   AGE\ndeploy/nginx   2         2         2            1           24h\n"
    );
    let bare = Options { no_headers: true, ..plain };
    assert_eq!(table(&[&deployment], &bare), "nginx   1/2   2     1     24h\n");
    assert_eq!(table(&[], &bare), "");
}

/// The row of the walk-through of the project's sources, and what was added since.
#[test]
fn claims() {
    let claim = object(
        r#"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"task-pv-claim","creationTimestamp":"2026-11-25T11:59:30Z"},
        "spec":{"volumeName":"task-pv-volume","storageClassName":"manual","accessModes":["ReadWriteOnce"]},
        "status":{"phase":"Bound","capacity":{"storage":"10Gi"},"accessModes":["ReadWriteOnce"]}}"#,
    );
    let old = Options { release: Release::V1_20, ..Options::new(now()) };
    assert_eq!(
        table(&[&claim], &old),
        "NAME            STATUS   VOLUME           CAPACITY   ACCESS MODES   STORAGECLASS   AGE\n\
         task-pv-claim   Bound    task-pv-volume   10Gi       RWO            manual         30s\n"
    );
    let today = table(&[&claim], &Options::new(now()));
    assert!(today.contains("VOLUMEATTRIBUTESCLASS") && today.contains("<unset>"), "{today}");
}

fn data() -> Value {
    json!({
        "kind": "List",
        "items": [
            {"metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x"}}, "status": {"ready": true, "count": 3, "ips": ["1", "2"]}},
            {"metadata": {"name": "b"}, "status": {"ready": false, "count": 12}},
        ],
        "users": [{"name": "u1", "user": {}}, {"name": "u2", "user": {"token": "t"}}],
    })
}

/// Templates of kubectl's reference and more, each with what client-go's library makes of it.
#[test]
fn json_paths() {
    let data = data();
    let cases = [
        ("{.kind}", "List"),
        ("{$.kind}", "List"),
        ("{['kind']}", "List"),
        ("kind is {.kind}!", "kind is List!"),
        ("{.items[0].metadata.name}", "a"),
        ("{.items[-1].metadata.name}", "b"),
        ("{.items[*].metadata.name}", "a b"),
        ("{.items[*]['metadata.name', 'status.count']}", ""),
        ("{.items[0:2:2].metadata.name}", "a"),
        ("{.items[1:].metadata.name}", "b"),
        ("{.items[0,1].metadata.name}", "a b"),
        ("{..name}", "a b u1 u2"),
        (r#"{.users[?(@.name=="u2")].user.token}"#, "t"),
        ("{.items[?(@.status.count>3)].metadata.name}", "b"),
        ("{.items[?(@.status.count<=3)].metadata.name}", "a"),
        ("{.items[?(@.status.ready==true)].metadata.name}", "a"),
        ("{.items[?(@.status.ips)].metadata.name}", "a"),
        (r#"{range .items[*]}[{.metadata.name}, {.status.count}] {end}"#, "[a, 3] [b, 12] "),
        (r#"{range .items[*]}{.metadata.name}{"\t"}{.status.ips}{"\n"}{end}"#, "a\t[\"1\",\"2\"]\nb\t\n"),
        (r"{.items[0].metadata.labels.app\.kubernetes\.io/name}", "x"),
        ("{.items[0].status.ready}", "true"),
        ("{.missing}", ""),
        ("{.items[0].status.ips[*]}", "1 2"),
        ("", ""),
    ];
    for (template, wanted) in cases {
        let path: JsonPath = template.parse().unwrap_or_else(|error| panic!("{template}: {error}"));
        assert_eq!(path.render(&data).as_deref(), Ok(wanted), "{template}");
    }
}

#[test]
fn templates_that_are_none() {
    let cases = [
        ("{.a", 3, "a brace is not closed at byte 3 of a JSONPath template"),
        ("{.a[0}", 5, "a closing bracket is wanted at byte 5 of a JSONPath template"),
        ("{.a[x]}", 4, "a number, a name in quotes or `*` is wanted at byte 4 of a JSONPath template"),
        ("{range .a}x", 11, "a range is not ended at byte 11 of a JSONPath template"),
        ("{end}", 5, "an end without a range at byte 5 of a JSONPath template"),
        ("{'a}", 1, "a quote is not closed at byte 1 of a JSONPath template"),
        ("{.a[::0]}", 7, "a step above 0 is wanted at byte 7 of a JSONPath template"),
        ("{.a[?(@.b==1 && @.c==2)]}", 13, "a filter ends with `)]` at byte 13 of a JSONPath template"),
    ];
    for (template, position, message) in cases {
        let error = template.parse::<JsonPath>().unwrap_err();
        assert_eq!((error.to_string().as_str(), error.position()), (message, position), "{template}");
    }
    let beyond = "{.items[7]}".parse::<JsonPath>().unwrap().render(&data()).unwrap_err();
    assert_eq!(beyond.to_string(), "array index out of bounds: index 7, length 2");
}

#[test]
fn custom_columns() {
    let items: Vec<Value> = serde_json::from_value(data()["items"].clone()).unwrap();
    let columns: CustomColumns = "NAME:metadata.name,COUNT:{.status.count},IPS:.status.ips".parse().unwrap();
    assert_eq!(
        columns.table(&items, false),
        "NAME   COUNT   IPS\na      3       [1 2]\nb      12      <none>\n"
    );
    let cases = [
        ("NAME", "unexpected custom-columns spec: `NAME`, expected <header>:<json-path-expr>"),
        (
            "A:.b[",
            "the path of column `A`: a number, a name in quotes or `*` is wanted at byte 4 of a JSONPath template",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(text.parse::<CustomColumns>().unwrap_err().to_string(), message);
    }
}

proptest! {
    #[test]
    fn templates_never_panic(template in r#"[{}\[\].,:*@$?()='"a-c0-2 \\-]{0,24}"#) {
        if let Ok(path) = template.parse::<JsonPath>() {
            let _ = path.render(&data());
        }
    }
}

#[test]
fn descriptions() {
    let pod = object(
        "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: dev, labels: {app: web}}, spec: {nodeName: n1, containers: [{name: c, image: nginx, args: [-v], ports: [{containerPort: 80, protocol: TCP}], env: [{name: A, value: b}, {name: POD, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: metadata.name}}}], resources: {limits: {cpu: 100m, memory: 1Gi}}, volumeMounts: [{name: d, mountPath: /d}]}], volumes: [{name: d, emptyDir: {}}], tolerations: [{key: k, operator: Exists, effect: NoExecute, tolerationSeconds: 300}]}, status: {phase: Running, hostIP: 10.0.0.1, podIP: 10.1.0.1, startTime: '2026-11-25T11:00:00Z', podIPs: [{ip: 10.1.0.1}], containerStatuses: [{name: c, ready: true, restartCount: 2, imageID: i, containerID: x, state: {running: {startedAt: '2026-11-25T11:00:05Z'}}}], conditions: [{type: Ready, status: 'True'}]}}",
    );
    let event = object(
        "{apiVersion: v1, kind: Event, metadata: {name: e, namespace: dev}, involvedObject: {kind: Pod, name: web, namespace: dev}, type: Normal, reason: Pulled, message: 'Image is there', source: {component: kubelet, host: n1}, count: 3, firstTimestamp: '2026-11-25T11:00:00Z', lastTimestamp: '2026-11-25T11:58:00Z'}",
    );
    let expected = "\
Name:         web
Namespace:    dev
Node:         n1/10.0.0.1
Start Time:   Wed, 25 Nov 2026 11:00:00 +0000
Labels:       app=web
Annotations:  <none>
Status:       Running
IP:           10.1.0.1
IPs:
  IP:  10.1.0.1
Containers:
  c:
    Container ID:  x
    Image:         nginx
    Image ID:      i
    Port:          80/TCP
    Host Port:     0/TCP
    Args:
      -v
    State:          Running
      Started:      Wed, 25 Nov 2026 11:00:05 +0000
    Ready:          True
    Restart Count:  2
    Limits:
      cpu:     100m
      memory:  1Gi
    Environment:
      A:    b
      POD:  web (v1:metadata.name)
    Mounts:
      /d from d (rw)
Conditions:
  Type    Status
  Ready   True 
Volumes:
  d:
    Type:        EmptyDir (a temporary directory that shares a pod's lifetime)
    Medium:      
    SizeLimit:   <unset>
QoS Class:       Guaranteed
Node-Selectors:  <none>
Tolerations:     k:NoExecute op=Exists for 300s
Events:
  Type    Reason  Age               From     Message
  ----    ------  ----              ----     -------
  Normal  Pulled  2m (x3 over 60m)  kubelet  Image is there
";
    assert_eq!(describe(&pod, &[&event], now()).unwrap(), expected);
    let service = object(
        "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: ClusterIP, clusterIP: 10.0.0.9, selector: {app: web}, ports: [{name: http, port: 80, protocol: TCP, targetPort: 8080}]}}",
    );
    let points = object(
        "{apiVersion: v1, kind: Endpoints, metadata: {name: web}, subsets: [{addresses: [{ip: 10.1.0.1}, {ip: 10.1.0.2}, {ip: 10.1.0.3}, {ip: 10.1.0.4}], ports: [{name: http, port: 8080}]}]}",
    );
    let text = describe(&service, &[&points], now()).unwrap();
    assert!(text.contains("Port:              http  80/TCP\nTargetPort:        8080/TCP\nEndpoints:         10.1.0.1:8080,10.1.0.2:8080,10.1.0.3:8080 + 1 more...\n"), "{text}");
    assert!(text.ends_with("Events:            <none>\n"), "{text}");
    let deployment = object(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3, selector: {matchLabels: {app: web}}, strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 1}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: nginx}]}}}}",
    );
    let text = describe(&deployment, &[], now()).unwrap();
    assert!(
        text.contains(
            "Replicas:               3 desired | 0 updated | 0 total | 0 available | 0 unavailable\n"
        ),
        "{text}"
    );
    assert!(text.contains("RollingUpdateStrategy:  1 max unavailable, 25% max surge\n"), "{text}");
    let claim = object("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: d, namespace: dev}}");
    let user = object(
        "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: dev}, spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: d}}]}}",
    );
    assert!(describe(&claim, &[&user], now()).unwrap().contains("Used By:       p\n"));
    let volume = object(
        "{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, nfs: {server: s, path: /}, claimRef: {namespace: dev, name: d}}}",
    );
    let text = describe(&volume, &[], now()).unwrap();
    assert!(text.contains("Claim:           dev/d\n") && text.contains("    Server:    s\n"), "{text}");
    assert!(describe(&points, &[], now()).is_none());
}
