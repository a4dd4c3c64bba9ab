//! What a Service means: the addresses, ports and names that it gets, which endpoints its traffic goes to, and the rules that kube-proxy
//! writes for that.
//!
//! All of it is text and data: [`Proxy::restore`] gives the input of `iptables-restore --noflush`, and somebody else runs it.
//!
//! ```
//! use k8s_model::service::{Backed, Proxy, Saved};
//! # use k8s_model::decode::{Mode, decode_str};
//! # use k8s_model::object::Object;
//! # let text = "
//! # apiVersion: v1
//! # kind: Service
//! # metadata: {name: web, namespace: default}
//! # spec: {type: ClusterIP, clusterIP: 10.0.0.10, ports: [{port: 80, protocol: TCP, targetPort: 8080}]}
//! # ---
//! # apiVersion: discovery.k8s.io/v1
//! # kind: EndpointSlice
//! # metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
//! # addressType: IPv4
//! # ports: [{name: '', port: 8080, protocol: TCP}]
//! # endpoints: [{addresses: [10.1.0.2], conditions: {ready: true}}]
//! # ";
//! # let decoded = decode_str(text, "web.yaml", Mode::Strict);
//! # let objects: Vec<_> = decoded.documents.into_iter().map(|document| document.object).collect();
//! # let (Object::Service(service), Object::EndpointSlice(slice)) = (&objects[0], &objects[1]) else { panic!() };
//! let backed = [Backed { service, slices: vec![slice] }];
//! let rules = Proxy::default().restore(&backed, &Saved::default());
//! assert!(rules.contains("-j DNAT --to-destination 10.1.0.2:8080"));
//! ```
//!
//! Source: `pkg/proxy/iptables` and `pkg/proxy/topology.go` of Kubernetes 1.36. What is left out: the nfacct counters, and the
//! cleaning of stale conntrack entries for UDP, which is no rule.

mod allocate;
mod chain;
mod dns;
mod endpoints;
mod mirror;
mod part;
mod proxy;
mod saved;

pub use allocate::{Allocator, Ranges};
pub use chain::{ChainNames, ChainPrefix, ChainPrefixError, ServicePortName, UnnamedPort};
pub use dns::{Answer, Names, Record, RecordData, RecordType, Zone};
pub use endpoints::{Backed, Node, Place, Places, places, session_affinity};
pub use mirror::mirror;
pub use proxy::{EndpointComments, Masquerade, NodePortAddresses, PodTraffic, Proxy};
pub use saved::Saved;
