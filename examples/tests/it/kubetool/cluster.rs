//! What a cluster makes of objects together: schedule, bind, route.

use libtest_mimic::Trial;

use crate::program::kubetool;
use crate::test;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("kubetool::schedule", &[], schedule),
        test("kubetool::bind", &[], bind),
        test("kubetool::route", &[], route),
    ]
}

const CLUSTER: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {allocatable: {cpu: '2', memory: 4Gi, pods: '10'}}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
spec: {taints: [{key: dedicated, value: ci, effect: NoSchedule}]}
status: {capacity: {cpu: '4', memory: 8Gi, pods: '10'}}
---
apiVersion: v1
kind: Pod
metadata: {name: there}
spec: {nodeName: n1, containers: [{name: c, image: i, resources: {requests: {cpu: '1'}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: late}
spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 800m}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: urgent}
spec: {priority: 5, containers: [{name: c, image: i, resources: {requests: {cpu: 800m}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ci}
spec: {tolerations: [{key: dedicated, operator: Exists}], nodeSelector: {}, containers: [{name: c, image: i, resources: {requests: {cpu: '3'}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db}
spec: {volumes: [{name: data, persistentVolumeClaim: {claimName: data}}], containers: [{name: c, image: i}]}
";

const CLAIM: &str = "
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {storageClassName: local, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec:
  storageClassName: local
  capacity: {storage: 2Gi}
  accessModes: [ReadWriteOnce]
  local: {path: /data}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [n1]}]}]}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: local}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
";

fn schedule() {
    let ran = kubetool(["schedule", "-"], CLUSTER).exits(1);
    assert_eq!(
        ran.stdout,
        "default/urgent n1\n\
         default/late - 0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s).\n\
         default/ci n2\n\
         default/db - 0/2 nodes are available: persistentvolumeclaim \"data\" not found.\n"
    );
    let ran = kubetool(["schedule", "-"], &format!("{CLUSTER}{CLAIM}")).exits(1);
    assert!(ran.stdout.ends_with("default/db n1\n"), "{}", ran.stdout);
    let ran =
        kubetool(["schedule", "-"], "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {node: b}\n")
            .exits(1);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.starts_with("<stdin>:4:8: spec.node: unknown field"), "{}", ran.stderr);
}

/// The walk-through of source document 000, and claims that wait.
fn bind() {
    let text = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: task-pv-volume, labels: {type: local}}
spec: {storageClassName: manual, capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /mnt/data}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: task-pv-claim}
spec: {storageClassName: manual, accessModes: [ReadWriteOnce], resources: {requests: {storage: 3Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: waits}
spec: {storageClassName: '', accessModes: [ReadWriteOnce], resources: {requests: {storage: 30Gi}}}
";
    let ran = kubetool(["bind", "-"], text).success();
    let words: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    let row = |name: &str| words.iter().find(|row| row.first() == Some(&name)).map(|row| row[1..5].to_vec());
    assert_eq!(
        row("persistentvolume/task-pv-volume"),
        Some(vec!["10Gi", "RWO", "Retain", "Bound"]),
        "{}",
        ran.stdout
    );
    assert_eq!(
        row("persistentvolumeclaim/task-pv-claim"),
        Some(vec!["Bound", "task-pv-volume", "10Gi", "RWO"]),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.ends_with(
            "Normal FailedBinding persistentvolumeclaim default/waits: no persistent volumes available for this claim and no storage class is set\n"
        ),
        "{}",
        ran.stdout
    );
    let ran = kubetool(["bind", "-o", "name", "-"], text).success();
    assert_eq!(ran.stdout, "persistentvolume/task-pv-volume\npersistentvolumeclaim/task-pv-claim\n");
    // What was written is bound.
    let changed = kubetool(["bind", "-o", "yaml", "-"], text).success().stdout;
    assert_eq!(kubetool(["bind", "-o", "name", "-"], &changed).success().stdout, "");
}

fn route() {
    let text = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  rules:
  - host: web.example.com
    http:
      paths:
      - {path: /api, pathType: Prefix, backend: {service: {name: back, port: {name: http}}}}
      - {path: /file, pathType: Exact, backend: {resource: {apiGroup: example.com, kind: Bucket, name: files}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: other}
spec: {defaultBackend: {service: {name: rest, port: {number: 81}}}}
---
apiVersion: v1
kind: Service
metadata: {name: back}
spec: {ports: [{name: http, port: 8080}]}
";
    let go = |url: &str| kubetool(["route", url, "-"], text);
    let said = |url: &str| go(url).success().stdout;
    assert_eq!(
        said("http://web.example.com:8000/api/users?id=1"),
        "default/web: path /api (Prefix) -> service default/back port 8080\n"
    );
    assert_eq!(said("web.example.com/file"), "default/web: path /file (Exact) -> Bucket files\n");
    assert_eq!(
        said("any.example.com"),
        "default/other: the default backend -> service default/rest port 81\n"
    );
    let ran = kubetool(["route", "--class", "nginx", "any.example.com", "-"], text).exits(1);
    assert_eq!(ran.stderr, "kubetool: no rule is about `any.example.com`: a controller answers 404\n");
    let wrong = text.replace("port: {name: http}", "port: {name: https}");
    let ran = kubetool(["route", "web.example.com/api", "-"], &wrong).exits(1);
    assert_eq!(ran.stderr, "kubetool: service `back` has no port `https`, only `http` (8080)\n");
}
