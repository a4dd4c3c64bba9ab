//! EndpointSlices: the addresses of a service, a hundred at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::action::{self, Action};
use super::super::at::{At, Names};
use super::super::owner::controller_reference;
use super::super::pods::is_ready;
use super::{HEADLESS, address, belongs, families, hostname, is_headless, is_kept, node, port, target};
use crate::core::{IpFamily, Node, Pod, Service};
use crate::discovery::{
    AddressType, Endpoint, EndpointConditions, EndpointPort, EndpointSlice, SERVICE_NAME_LABEL,
};
use crate::meta::ObjectMeta;

const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const CONTROLLER: &str = "endpointslice-controller.k8s.io";
const ZONE: &str = "topology.kubernetes.io/zone";
/// How many endpoints a slice holds at most.
const MOST: usize = 100;

/// What is to be done about the slices of a service.
///
/// `pods` are those of its namespace that its selector means, `slices` those that are labelled with its name; those of other controllers are
/// left alone. Slices change as little as possible: what is new goes where there is room in a slice that changes anyway, then to the
/// fullest one that has room for all of it, then to new ones.
#[must_use]
pub fn plan(
    service: &Service,
    pods: &[&Pod],
    slices: &[&EndpointSlice],
    nodes: &[&Node],
    at: At,
) -> Vec<Action> {
    if !is_kept(service) {
        return Vec::new();
    }
    let zones: HashMap<&str, &str> = nodes
        .iter()
        .filter_map(|node| Some((node.metadata.name.as_str(), node.metadata.labels.get(ZONE)?.as_str())))
        .collect();
    let own: Vec<&EndpointSlice> = slices
        .iter()
        .copied()
        .filter(|slice| slice.metadata.labels.get(MANAGED_BY).map(String::as_str) == Some(CONTROLLER))
        .filter(|slice| slice.is_of(service))
        .collect();
    let taken = slices.iter().map(|slice| slice.metadata.name.as_str());
    let prefix = format!("{}-", service.metadata.name);
    let names = Names::new(at, prefix, &service.metadata.uid, taken);
    let mut reconciler = Reconciler { service, zones, names, actions: Vec::new() };
    let families = families(service);
    for family in &families {
        reconciler.reconcile(family, pods, &own);
    }
    // Of a family that the service has no longer, none is left.
    let kept: Vec<AddressType> = families.iter().map(address_type).collect();
    for slice in own.into_iter().filter(|slice| !kept.contains(&slice.address_type)) {
        reconciler.actions.push(delete(slice));
    }
    reconciler.actions
}

const fn address_type(family: &IpFamily) -> AddressType {
    match family {
        IpFamily::IPv6 => AddressType::IPv6,
        _ => AddressType::IPv4,
    }
}

fn delete(slice: &EndpointSlice) -> Action {
    action::delete(action::reference("discovery.k8s.io/v1", "EndpointSlice", &slice.metadata), None)
}

/// A port that can be compared.
type Port = (Option<String>, Option<String>, Option<i32>, Option<String>);

fn comparable(port: &EndpointPort) -> Port {
    let protocol = port.protocol.as_ref().map(ToString::to_string);
    (port.name.clone(), protocol, port.port, port.app_protocol.clone())
}

/// By what an endpoint is the same one as before: its pod and its address.
fn identity(endpoint: &Endpoint) -> (String, String) {
    let uid = endpoint.target_ref.as_ref().map(|target| target.uid.clone()).unwrap_or_default();
    (uid, endpoint.addresses.first().cloned().unwrap_or_default())
}

struct Reconciler<'a> {
    service: &'a Service,
    zones: HashMap<&'a str, &'a str>,
    names: Names<'a>,
    actions: Vec<Action>,
}

/// A slice that may change.
struct Draft {
    slice: EndpointSlice,
    changed: bool,
    gone: bool,
}

impl Reconciler<'_> {
    fn reconcile(&mut self, family: &IpFamily, pods: &[&Pod], slices: &[&EndpointSlice]) {
        let mut wanted: BTreeMap<BTreeSet<Port>, BTreeMap<(String, String), Endpoint>> = BTreeMap::new();
        for pod in pods.iter().filter(|pod| belongs(pod, true)) {
            let Some(endpoint) = self.endpoint(pod, family) else { continue };
            let group = wanted.entry(self.ports(pod)).or_default();
            group.insert(identity(&endpoint), endpoint);
        }
        let kind = address_type(family);
        let mut drafts: BTreeMap<BTreeSet<Port>, Vec<Draft>> = BTreeMap::new();
        for slice in slices.iter().filter(|slice| slice.address_type == kind) {
            let draft = Draft { slice: (*slice).clone(), changed: false, gone: false };
            drafts.entry(slice.ports.iter().map(comparable).collect()).or_default().push(draft);
        }
        let mut all: Vec<Draft> = Vec::new();
        for (ports, endpoints) in wanted {
            let mut drafts = drafts.remove(&ports).unwrap_or_default();
            self.fill(&kind, &ports, endpoints, &mut drafts);
            all.extend(drafts);
        }
        // Slices of ports that no pod has any more go, but the last one stays, empty: it says that the service is looked after.
        let mut unused: Vec<Draft> = drafts.into_values().flatten().collect();
        let is_placeholder = |draft: &Draft| draft.slice.endpoints.is_empty() && draft.slice.ports.is_empty();
        let kept = all.is_empty().then(|| unused.iter().position(is_placeholder)).flatten();
        for (index, draft) in unused.iter_mut().enumerate() {
            draft.gone = Some(index) != kept;
        }
        if all.is_empty() && kept.is_none() {
            all.push(self.fresh(&kind, &BTreeSet::new()));
        }
        all.extend(unused);
        for draft in all {
            self.write(draft);
        }
    }

    fn endpoint(&self, pod: &Pod, family: &IpFamily) -> Option<Endpoint> {
        let serving = is_ready(pod);
        let terminating = pod.metadata.deletion_timestamp.is_some();
        let ready = self.service.spec.publish_not_ready_addresses || serving && !terminating;
        Some(Endpoint {
            addresses: vec![address(pod, family)?],
            conditions: EndpointConditions {
                ready: Some(ready),
                serving: Some(serving),
                terminating: Some(terminating),
            },
            hostname: hostname(pod, self.service).map(str::to_owned),
            target_ref: target(pod),
            zone: self.zones.get(pod.spec.node_name.as_str()).map(|zone| (*zone).to_owned()),
            node_name: node(pod),
            ..Endpoint::default()
        })
    }

    fn ports(&self, pod: &Pod) -> BTreeSet<Port> {
        let ports = self.service.spec.ports.iter().filter_map(|own| {
            let protocol = if own.protocol.is_unset() { "TCP".to_owned() } else { own.protocol.to_string() };
            Some((Some(own.name.clone()), Some(protocol), Some(port(pod, own)?), own.app_protocol.clone()))
        });
        ports.collect()
    }

    /// Brings the slices of a set of ports to hold what is wanted.
    fn fill(
        &mut self,
        kind: &AddressType,
        ports: &BTreeSet<Port>,
        mut wanted: BTreeMap<(String, String), Endpoint>,
        drafts: &mut Vec<Draft>,
    ) {
        for draft in drafts.iter_mut() {
            let mut kept = Vec::new();
            for endpoint in std::mem::take(&mut draft.slice.endpoints) {
                match wanted.remove(&identity(&endpoint)) {
                    Some(new) => {
                        let new = Endpoint { hints: endpoint.hints.clone(), ..new };
                        draft.changed |= new != endpoint;
                        kept.push(new);
                    }
                    None => draft.changed = true,
                }
            }
            draft.slice.endpoints = kept;
        }
        let mut rest: Vec<Endpoint> = wanted.into_values().collect();
        let take = |draft: &mut Draft, rest: &mut Vec<Endpoint>| {
            let room = MOST.saturating_sub(draft.slice.endpoints.len()).min(rest.len());
            draft.changed |= room > 0;
            draft.slice.endpoints.extend(rest.drain(..room));
        };
        drafts.sort_by_key(|draft| std::cmp::Reverse(draft.slice.endpoints.len()));
        for draft in drafts.iter_mut().filter(|draft| draft.changed) {
            take(draft, &mut rest);
        }
        let fits = |draft: &&mut Draft| MOST.saturating_sub(draft.slice.endpoints.len()) >= rest.len() % MOST;
        if !rest.len().is_multiple_of(MOST)
            && let Some(draft) = drafts.iter_mut().filter(|draft| !draft.changed).find(fits)
        {
            let mut last = rest.split_off(rest.len() - rest.len() % MOST);
            take(draft, &mut last);
        }
        while !rest.is_empty() {
            let mut draft = self.fresh(kind, ports);
            take(&mut draft, &mut rest);
            drafts.push(draft);
        }
        for draft in drafts {
            draft.gone = draft.slice.endpoints.is_empty();
        }
    }

    fn fresh(&mut self, kind: &AddressType, ports: &BTreeSet<Port>) -> Draft {
        let ports = ports.iter().map(|(name, protocol, port, app_protocol)| EndpointPort {
            name: name.clone(),
            protocol: protocol.as_deref().map(Into::into),
            port: *port,
            app_protocol: app_protocol.clone(),
        });
        let slice = EndpointSlice {
            metadata: ObjectMeta {
                generate_name: self.names.prefix.clone(),
                name: self.names.next(),
                namespace: self.service.metadata.namespace.clone(),
                owner_references: vec![controller_reference("v1", "Service", &self.service.metadata)],
                ..ObjectMeta::default()
            },
            address_type: kind.clone(),
            ports: ports.collect(),
            ..EndpointSlice::default()
        };
        Draft { slice, changed: true, gone: false }
    }

    fn write(&mut self, draft: Draft) {
        let Draft { mut slice, mut changed, gone } = draft;
        let is_new = slice.metadata.labels.is_empty();
        if gone {
            if !is_new {
                self.actions.push(delete(&slice));
            }
            return;
        }
        let labels = self.labels();
        if slice.metadata.labels != labels {
            slice.metadata.labels = labels;
            changed = true;
        }
        if changed {
            let object = slice.into();
            self.actions.push(if is_new { Action::Create(object) } else { Action::Update(object) });
        }
    }

    /// The labels of the service's slices: its own, whose it is and who looks after it.
    fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.service.metadata.labels.clone();
        labels.remove(HEADLESS);
        if is_headless(self.service) {
            labels.insert(HEADLESS.to_owned(), String::new());
        }
        labels.insert(SERVICE_NAME_LABEL.to_owned(), self.service.metadata.name.clone());
        labels.insert(MANAGED_BY.to_owned(), CONTROLLER.to_owned());
        labels
    }
}
