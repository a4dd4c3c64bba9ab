//! Admission: each step with an object that passes and one that is refused. The pairs are those of the tests of upstream's plugins and
//! of the tutorials of kubernetes.io (`limit-range-pod-…`, `memory-constraints-pod-…`, `quota-…`), written anew.

use k8s_model::admission::{
    Cluster, STEPS, Step, admit, default_toleration_seconds, keep_addresses, namespace_lifecycle,
    service_account, service_account_token, without_status,
};
use k8s_model::core::Service;
use k8s_model::decode::{Mode, decode_str};
use k8s_model::default::default;
use k8s_model::encode::{Part, to_json};
use k8s_model::object::Object;
use k8s_model::validate::validate;

use crate::plan::objects;

fn cluster(text: &str) -> Cluster {
    let mut cluster = Cluster::default();
    cluster.extend(objects(text));
    cluster
}

/// A pod with these members of its spec and these of its one container.
fn pod(spec: &str, container: &str) -> Object {
    let text = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{{spec}containers: [{{name: c, image: i{container}}}]}}}}"
    );
    objects(&text).remove(0)
}

/// What becomes of an object in one step; what admission makes of it is still valid.
fn step(step: Step, mut object: Object, cluster: &mut Cluster) -> Result<Object, String> {
    let admitted = admit(&mut object, cluster, &[step]);
    let refusal = admitted.map(|()| object.clone()).map_err(|refusal| {
        assert_eq!(refusal.step(), step);
        refusal.to_string()
    });
    if refusal.is_ok() {
        assert_eq!(validate(&object), []);
    }
    refusal
}

fn spec(object: &Object) -> &k8s_model::core::PodSpec {
    let Object::Pod(pod) = object else { panic!("no pod") };
    &pod.spec
}

#[test]
fn limits_fill_in_and_bound() {
    let mut small = cluster(
        "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [
           {type: Container, max: {cpu: 800m}, min: {cpu: 100m}, default: {memory: 512Mi}, defaultRequest: {memory: 256Mi}},
           {type: Pod, max: {memory: 1Gi}, maxLimitRequestRatio: {memory: 2}},
           {type: PersistentVolumeClaim, min: {storage: 1Gi}, max: {storage: 2Gi}}]}}",
    );
    let limits = |container: &str| format!(", resources: {{limits: {{{container}}}}}");
    let filled = step(Step::LimitRanger, pod("", ""), &mut small).unwrap();
    let Object::Pod(filled) = &filled else { panic!("no pod") };
    assert_eq!(
        to_json(&Part(&filled.spec.containers[0].resources)),
        r#"{"limits":{"cpu":"800m","memory":"512Mi"},"requests":{"cpu":"800m","memory":"256Mi"}}"#
    );
    assert_eq!(
        filled.metadata.annotations["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c"
    );
    let cases: &[(String, &str)] = &[
        (limits("cpu: 500m, memory: 1Gi"), ""),
        (limits("cpu: 1500m"), "maximum cpu usage per Container is 800m, but limit is 1500m"),
        (limits("cpu: 50m"), "minimum cpu usage per Container is 100m, but request is 50m"),
        (
            ", resources: {requests: {cpu: 50m, memory: 2Gi}, limits: {cpu: 1, memory: 2Gi}}".to_owned(),
            "[minimum cpu usage per Container is 100m, but request is 50m, maximum cpu usage per Container is 800m, but limit is 1, maximum memory usage per Pod is 1Gi, but limit is 2Gi]",
        ),
        (
            ", resources: {requests: {memory: 100Mi}, limits: {memory: 500Mi}}".to_owned(),
            "memory max limit to request ratio per Pod is 2, but provided ratio is 5.000000",
        ),
        (
            ", resources: {requests: {memory: 0}}".to_owned(),
            "memory max limit to request ratio per Pod is 2, but no request is specified or request is 0",
        ),
    ];
    for (container, wanted) in cases {
        let found = step(Step::LimitRanger, pod("", container), &mut small).err().unwrap_or_default();
        assert_eq!(found, *wanted, "{container}");
    }
    let claim = |storage: &str| {
        let text = format!(
            "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: c}}, spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: {storage}}}}}}}}}"
        );
        objects(&text).remove(0)
    };
    assert!(step(Step::LimitRanger, claim("1Gi"), &mut small).is_ok());
    assert_eq!(
        step(Step::LimitRanger, claim("500Mi"), &mut small).unwrap_err(),
        "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi"
    );
    assert_eq!(
        step(Step::LimitRanger, claim("4Gi"), &mut small).unwrap_err(),
        "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 4Gi"
    );
    // Of other namespaces nothing counts.
    let mut other = cluster(
        "{apiVersion: v1, kind: LimitRange, metadata: {name: l, namespace: o}, spec: {limits: [{type: Container, max: {cpu: 1m}}]}}",
    );
    assert!(step(Step::LimitRanger, pod("", ""), &mut other).is_ok());
    // What is not filled in must be there.
    let mut no_default = cluster(
        "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{type: Pod, max: {cpu: 1}, min: {memory: 1Mi}}]}}",
    );
    assert_eq!(
        step(Step::LimitRanger, pod("", ""), &mut no_default).unwrap_err(),
        "[minimum memory usage per Pod is 1Mi.  No request is specified, maximum cpu usage per Pod is 1.  No limit is specified]"
    );
}

#[test]
fn a_pod_gets_the_number_of_its_class() {
    let mut classes = cluster(
        "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 1000, preemptionPolicy: Never}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: usual}, value: 10, globalDefault: true}",
    );
    let cases = [
        ("", Ok(("usual", 10, "PreemptLowerPriority"))),
        ("priorityClassName: high, ", Ok(("high", 1000, "Never"))),
        ("priorityClassName: high, priority: 1000, ", Ok(("high", 1000, "Never"))),
        (
            "priorityClassName: system-node-critical, ",
            Ok(("system-node-critical", 2_000_001_000, "PreemptLowerPriority")),
        ),
        ("priorityClassName: none, ", Err("no PriorityClass with name none was found")),
        (
            "priorityClassName: high, priority: 1, ",
            Err(
                "the integer value of priority (1) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name",
            ),
        ),
        (
            "priorityClassName: high, preemptionPolicy: PreemptLowerPriority, ",
            Err(
                "the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name",
            ),
        ),
    ];
    for (said, wanted) in cases {
        let found = step(Step::Priority, pod(said, ""), &mut classes);
        let found = found.as_ref().map(|object| {
            let spec = spec(object);
            let policy = spec.preemption_policy.as_ref().unwrap().as_str();
            (spec.priority_class_name.as_str(), spec.priority.unwrap(), policy)
        });
        assert_eq!(found.map_err(String::as_str), wanted, "{said}");
    }
    let object = step(Step::Priority, pod("", ""), &mut Cluster::default()).unwrap();
    assert_eq!((spec(&object).priority, spec(&object).priority_class_name.as_str()), (Some(0), ""));
    let second = "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: b}, value: 1, globalDefault: true}";
    assert_eq!(
        step(Step::Priority, objects(second).remove(0), &mut classes).unwrap_err(),
        "PriorityClass usual is already marked as default. Only one default can exist"
    );
    assert!(step(Step::Priority, objects(second).remove(0), &mut Cluster::default()).is_ok());
}

#[test]
fn every_pod_stays_five_minutes() {
    let cases = [
        ("", 2),
        ("tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists, tolerationSeconds: 5}], ", 2),
        ("tolerations: [{operator: Exists}], ", 1),
        ("tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoSchedule}], ", 3),
    ];
    for (said, wanted) in cases {
        let mut object = pod(said, "");
        let Object::Pod(pod) = &mut object else { panic!("no pod") };
        default_toleration_seconds(&mut pod.spec);
        assert_eq!(pod.spec.tolerations.len(), wanted, "{said}");
        let once = pod.spec.clone();
        default_toleration_seconds(&mut pod.spec);
        assert_eq!(pod.spec, once);
    }
    let object = step(Step::DefaultTolerationSeconds, pod("", ""), &mut Cluster::default()).unwrap();
    let shown: Vec<String> = spec(&object).tolerations.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
            "node.kubernetes.io/unreachable:NoExecute op=Exists for 300s"
        ]
    );
}

#[test]
fn a_class_of_runtime_brings_its_overhead() {
    let mut classes = cluster(
        "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: kata}, handler: kata, overhead: {podFixed: {cpu: 250m}},
          scheduling: {nodeSelector: {kvm: 'yes'}, tolerations: [{key: kvm, operator: Exists}]}}
---
{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: plain}, handler: runc}",
    );
    let object = step(
        Step::RuntimeClass,
        pod("runtimeClassName: kata, tolerations: [{key: kvm, operator: Equal, value: a}, {key: b, operator: Exists}], ", ""),
        &mut classes,
    )
    .unwrap();
    let own = spec(&object);
    assert_eq!(to_json(&Part(&own.overhead)), r#"{"cpu":"250m"}"#);
    assert_eq!(to_json(&Part(&own.node_selector)), r#"{"kvm":"yes"}"#);
    let shown: Vec<String> = own.tolerations.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["b op=Exists", "kvm op=Exists"]);
    for (said, wanted) in [
        ("", ""),
        ("runtimeClassName: plain, ", ""),
        ("runtimeClassName: kata, overhead: {cpu: 250m}, nodeSelector: {kvm: 'yes'}, ", ""),
        ("runtimeClassName: none, ", "pod rejected: RuntimeClass \"none\" not found"),
        (
            "runtimeClassName: kata, overhead: {cpu: 1}, ",
            "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
        ),
        (
            "runtimeClassName: plain, overhead: {cpu: 1}, ",
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        ),
        (
            "overhead: {cpu: 1}, ",
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        ),
        (
            "runtimeClassName: kata, nodeSelector: {kvm: 'no'}, ",
            "conflict: runtimeClass.scheduling.nodeSelector[kvm] = yes; pod.spec.nodeSelector[kvm] = no",
        ),
    ] {
        let found = step(Step::RuntimeClass, pod(said, ""), &mut classes).err().unwrap_or_default();
        assert_eq!(found, wanted, "{said}");
    }
}

#[test]
fn a_pod_takes_the_secrets_of_its_account() {
    let mut accounts = cluster(
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}, imagePullSecrets: [{name: registry}]}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: build, namespace: default}, automountServiceAccountToken: false}",
    );
    let secrets = |said: &str, accounts: &mut Cluster| {
        step(Step::ServiceAccount, pod(said, ""), accounts).map(|object| {
            let spec = spec(&object);
            assert_eq!(spec.service_account_name, spec.service_account);
            let names: Vec<&str> =
                spec.image_pull_secrets.iter().map(|secret| secret.name.as_str()).collect();
            format!("{} {}", spec.service_account_name, names.join(","))
        })
    };
    assert_eq!(secrets("", &mut accounts).unwrap(), "default registry");
    assert_eq!(secrets("imagePullSecrets: [{name: own}], ", &mut accounts).unwrap(), "default own");
    assert_eq!(secrets("serviceAccountName: build, ", &mut accounts).unwrap(), "build ");
    assert_eq!(secrets("", &mut Cluster::default()).unwrap(), "default ");
    assert_eq!(
        secrets("serviceAccountName: other, ", &mut accounts).unwrap_err(),
        "error looking up service account default/other: serviceaccount \"other\" not found"
    );
}

#[test]
fn the_token_is_mounted_where_nothing_is() {
    let mounts = |said: &str, container: &str, account: Option<usize>| {
        let accounts = cluster(
            "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}, automountServiceAccountToken: false}",
        );
        let mut object = pod(said, container);
        let Object::Pod(pod) = &mut object else { panic!("no pod") };
        service_account(pod, &accounts.service_accounts).unwrap();
        service_account_token(pod, account.map(|index| &accounts.service_accounts[index]), "abcde");
        let found = (pod.spec.volumes.len(), pod.spec.containers[0].volume_mounts.len());
        default(&mut object);
        assert_eq!(validate(&object), []);
        found
    };
    assert_eq!(mounts("", "", None), (1, 1));
    assert_eq!(mounts("automountServiceAccountToken: false, ", "", None), (0, 0));
    assert_eq!(mounts("", "", Some(0)), (0, 0));
    assert_eq!(mounts("automountServiceAccountToken: true, ", "", Some(0)), (1, 1));
    let own = ", volumeMounts: [{name: v, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]";
    assert_eq!(mounts("volumes: [{name: v, emptyDir: {}}], ", own, None), (1, 1));
}

#[test]
fn classes_of_storage_and_ingress_have_a_default() {
    let mut classes = cluster(
        "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: old, creationTimestamp: 2026-01-01T00:00:00Z, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}, provisioner: p}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: new, creationTimestamp: 2026-02-01T00:00:00Z, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}, provisioner: p}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: slow}, provisioner: p}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: traefik, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}, spec: {controller: traefik.io/c}}",
    );
    let claim = |said: &str, classes: &mut Cluster| {
        let text = format!(
            "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: c}}, spec: {{{said}accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}}}"
        );
        let Object::PersistentVolumeClaim(claim) =
            step(Step::DefaultStorageClass, objects(&text).remove(0), classes).unwrap()
        else {
            panic!("no claim")
        };
        claim.spec.storage_class_name
    };
    assert_eq!(claim("", &mut classes).as_deref(), Some("new"));
    assert_eq!(claim("storageClassName: '', ", &mut classes).as_deref(), Some(""));
    assert_eq!(claim("storageClassName: slow, ", &mut classes).as_deref(), Some("slow"));
    assert_eq!(claim("", &mut Cluster::default()), None);
    let ingress = |annotations: &str, classes: &mut Cluster| {
        let text = format!(
            "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: i, annotations: {{{annotations}}}}}, spec: {{defaultBackend: {{service: {{name: s, port: {{number: 80}}}}}}}}}}"
        );
        let Object::Ingress(ingress) =
            step(Step::DefaultIngressClass, objects(&text).remove(0), classes).unwrap()
        else {
            panic!("no ingress")
        };
        ingress.spec.ingress_class_name
    };
    assert_eq!(ingress("", &mut classes).as_deref(), Some("traefik"));
    assert_eq!(ingress("kubernetes.io/ingress.class: nginx", &mut classes), None);
    assert_eq!(ingress("", &mut Cluster::default()), None);
}

#[test]
fn a_namespace_must_be_there() {
    let namespaces = cluster(
        "{apiVersion: v1, kind: Namespace, metadata: {name: live}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: dying}, status: {phase: Terminating}}",
    );
    let of = |kind: &str, namespace: &str| {
        let text =
            format!("{{apiVersion: v1, kind: {kind}, metadata: {{name: a, namespace: '{namespace}'}}}}");
        let object = decode_str(&text, "f", Mode::Lenient).documents.remove(0).object;
        namespace_lifecycle(&object, &namespaces.namespaces).map_err(|refusal| refusal.to_string())
    };
    for good in ["", "default", "kube-system", "live"] {
        assert_eq!(of("ConfigMap", good), Ok(()), "{good}");
    }
    assert_eq!(of("Node", ""), Ok(()));
    assert_eq!(of("ConfigMap", "absent"), Err("namespaces \"absent\" not found".to_owned()));
    assert_eq!(
        of("ConfigMap", "dying"),
        Err("unable to create new content in namespace dying because it is being terminated".to_owned())
    );
}

#[test]
fn a_quota_counts_what_comes() {
    let quota = |hard: &str, scope: &str| {
        cluster(&format!(
            "{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: q}}, spec: {{{scope}hard: {{{hard}}}}}}}"
        ))
    };
    let resources = ", resources: {requests: {cpu: 600m, memory: 1Gi}, limits: {cpu: 1, memory: 2Gi}}";
    let mut full = quota("requests.cpu: 1, limits.memory: 10Gi, pods: 10, count/pods: 10", "");
    let admitted = |cluster: &mut Cluster, said: &str, container: &str| {
        step(Step::ResourceQuota, pod(said, container), cluster).map(|_| ())
    };
    assert_eq!(admitted(&mut full, "", resources), Ok(()));
    assert_eq!(
        to_json(&Part(&full.quotas[0].status.used)),
        r#"{"count/pods":"1","limits.memory":"2Gi","pods":"1","requests.cpu":"600m"}"#
    );
    assert_eq!(
        admitted(&mut full, "", resources).unwrap_err(),
        "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1"
    );
    assert_eq!(
        admitted(&mut full, "", "").unwrap_err(),
        "failed quota: q: must specify limits.memory for: c; requests.cpu for: c"
    );
    // A pod that is refused counts for nothing.
    assert_eq!(full.quotas[0].status.used["pods"].to_string(), "1");
    let mut none = quota("pods: 0", "");
    assert_eq!(
        admitted(&mut none, "", "").unwrap_err(),
        "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"
    );
    let scoped = [
        ("scopes: [BestEffort], ", "", "", false),
        ("scopes: [BestEffort], ", "", resources, true),
        ("scopes: [NotBestEffort], ", "", resources, false),
        ("scopes: [Terminating], ", "", "", true),
        ("scopes: [Terminating], ", "activeDeadlineSeconds: 60, ", "", false),
        ("scopes: [NotTerminating], ", "activeDeadlineSeconds: 60, ", "", true),
        (
            "scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [high]}]}, ",
            "priorityClassName: high, ",
            "",
            false,
        ),
        (
            "scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [high]}]}, ",
            "priorityClassName: low, ",
            "",
            true,
        ),
        (
            "scopes: [CrossNamespacePodAffinity], ",
            "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, namespaces: [o]}]}}, ",
            "",
            false,
        ),
    ];
    for (scope, said, container, passes) in scoped {
        assert_eq!(admitted(&mut quota("pods: 0", scope), said, container).is_ok(), passes, "{scope} {said}");
    }
}

#[test]
fn a_quota_counts_other_kinds_too() {
    let cases = [
        (
            "services.nodeports: 1",
            "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: NodePort, ports: [{name: a, port: 1}, {name: b, port: 2}]}}",
            "services.nodeports=2",
        ),
        (
            "services.loadbalancers: 0",
            "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: LoadBalancer, ports: [{port: 1}]}}",
            "services.loadbalancers=1",
        ),
        (
            "services: 0",
            "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 1}]}}",
            "services=1",
        ),
        (
            "count/deployments.apps: 0",
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}",
            "count/deployments.apps=1",
        ),
        ("configmaps: 0", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}", "configmaps=1"),
        (
            "requests.storage: 1Gi",
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 3Gi}}}}",
            "requests.storage=3Gi",
        ),
        (
            "gold.storageclass.storage.k8s.io/requests.storage: 1Gi",
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {storageClassName: gold, accessModes: [ReadWriteOnce], resources: {requests: {storage: 3Gi}}}}",
            "gold.storageclass.storage.k8s.io/requests.storage=3Gi",
        ),
    ];
    for (hard, object, requested) in cases {
        let text = format!(
            "{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: q}}, spec: {{hard: {{{hard}}}}}}}"
        );
        let refusal = step(Step::ResourceQuota, objects(object).remove(0), &mut cluster(&text)).unwrap_err();
        assert!(
            refusal.starts_with(&format!("exceeded quota: q, requested: {requested}, used: ")),
            "{refusal}"
        );
        let scoped = text.replace("spec: {", "spec: {scopes: [Terminating], ");
        assert!(step(Step::ResourceQuota, objects(object).remove(0), &mut cluster(&scoped)).is_ok());
    }
}

/// All steps in their order, over a list; the second pod is one too many.
#[test]
fn a_list_is_admitted_one_after_the_other() {
    let mut all =
        cluster("{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {pods: 1}}}");
    let one = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}]}}";
    let mut list = objects(&format!("{{apiVersion: v1, kind: List, items: [{one}]}}")).remove(0);
    admit(&mut list, &mut all, STEPS).unwrap();
    let Object::List(first) = &list else { panic!("no list") };
    assert_eq!((spec(&first.items[0]).priority, spec(&first.items[0]).tolerations.len()), (Some(0), 2));
    let refusal = admit(&mut list, &mut all, STEPS).unwrap_err();
    assert_eq!((refusal.step(), refusal.reasons().len()), (Step::ResourceQuota, 1));
    assert_eq!(refusal.step().to_string(), "ResourceQuota");
}

/// What a server answers; what changes an object comes before what looks at it.
#[test]
fn a_refusal_names_the_object() {
    let mut small = cluster(
        "{apiVersion: v1, kind: Namespace, metadata: {name: small}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: going, deletionTimestamp: '2026-11-25T12:00:00Z'}}
---
{apiVersion: v1, kind: LimitRange, metadata: {name: l, namespace: small}, spec: {limits: [{type: Container, max: {cpu: 500m}}]}}",
    );
    let cases = [
        ("v1, kind: ConfigMap, metadata: {name: c, namespace: none}", "namespaces \"none\" not found"),
        (
            "v1, kind: ConfigMap, metadata: {name: c, namespace: going}",
            "configmaps \"c\" is forbidden: unable to create new content in namespace going because it is being terminated",
        ),
        (
            "apps/v1, kind: ReplicaSet, metadata: {generateName: r-, namespace: going}",
            "replicasets.apps \"r-\" is forbidden: unable to create new content in namespace going because it is being terminated",
        ),
        (
            "v1, kind: Pod, metadata: {name: web, namespace: small}, spec: {serviceAccountName: x, containers: [{name: c, image: i, resources: {limits: {cpu: 1}}}]}",
            "pods \"web\" is forbidden: error looking up service account small/x: serviceaccount \"x\" not found",
        ),
        (
            "v1, kind: Pod, metadata: {name: web, namespace: small}, spec: {containers: [{name: c, image: i, resources: {limits: {cpu: 1}}}]}",
            "pods \"web\" is forbidden: maximum cpu usage per Container is 500m, but limit is 1",
        ),
    ];
    for (text, wanted) in cases {
        let text = format!("{{apiVersion: {text}}}");
        let mut object = decode_str(&text, "f", Mode::Lenient).documents.remove(0).object;
        default(&mut object);
        let refusal = admit(&mut object, &mut small, STEPS).unwrap_err();
        assert_eq!(refusal.answer(&object), wanted);
    }
}

#[test]
fn a_service_keeps_its_addresses() {
    let service = |text: &str| Service::try_from(objects(text).remove(0)).unwrap();
    let old = service(
        "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: NodePort, clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7], \
         ports: [{port: 80, nodePort: 30007}]}}",
    );
    let mut new = service(
        "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: NodePort, ports: [{port: 80}, {name: b, port: 81}]}}",
    );
    keep_addresses(&mut new, &old);
    assert_eq!(new.spec.cluster_ips, ["10.96.0.7"]);
    assert_eq!(new.spec.ports.iter().map(|port| port.node_port).collect::<Vec<_>>(), [30007, 0]);
    let mut inner = old.clone();
    inner.spec.type_ = "ClusterIP".into();
    keep_addresses(&mut inner, &old);
    assert_eq!(inner.spec.ports[0].node_port, 0);
}

#[test]
fn a_status_that_somebody_wrote_is_none() {
    let mut object = objects(
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}]}, status: {phase: Running, podIP: 10.0.0.1}}",
    )
    .remove(0);
    without_status(&mut object);
    let Object::Pod(pod) = object else { panic!("a pod") };
    assert_eq!(pod.status.pod_ip, "");
    assert_eq!(pod.spec.containers[0].name, "c");
}
