//! From a request to a backend.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::path::{path_matches, rank};
use crate::networking::{HttpIngressPath, Ingress, IngressBackend, PathType};

/// Where a request goes.
#[derive(Debug, Clone, Copy)]
pub struct Route<'a> {
    /// The ingress that says so; the backend is of its namespace.
    pub ingress: &'a Ingress,
    /// The backend.
    pub backend: &'a IngressBackend,
    /// The rule's path; `None` for a default backend.
    pub path: Option<&'a HttpIngressPath>,
}

/// The rules of ingresses, by host.
#[derive(Debug, Clone, Default)]
pub struct Router<'a> {
    /// By host in lower case, `*.example.com` and the empty one too; the best path comes first.
    hosts: BTreeMap<String, Vec<(&'a Ingress, Option<&'a HttpIngressPath>)>>,
    defaults: Vec<(&'a Ingress, &'a IngressBackend)>,
}

impl<'a> Router<'a> {
    /// The rules of these ingresses together, those of the oldest first.
    #[must_use]
    pub fn new(ingresses: impl IntoIterator<Item = &'a Ingress>) -> Self {
        let mut ingresses: Vec<&Ingress> = ingresses.into_iter().collect();
        ingresses.sort_by_key(|ingress| {
            let metadata = &ingress.metadata;
            (metadata.creation_timestamp, &metadata.namespace, &metadata.name)
        });
        let mut router = Self::default();
        for ingress in ingresses {
            router.defaults.extend(ingress.spec.default_backend.as_deref().map(|backend| (ingress, backend)));
            for rule in &ingress.spec.rules {
                let paths = router.hosts.entry(rule.host.to_ascii_lowercase()).or_default();
                match &rule.http {
                    Some(http) => paths.extend(http.paths.iter().map(|path| (ingress, Some(path)))),
                    // A host without paths sends all to the default backend.
                    None => paths.push((ingress, None)),
                }
            }
        }
        for paths in router.hosts.values_mut() {
            paths.sort_by_key(|(_, path)| Reverse(path.map(|path| rank(&kind(path), &path.path))));
        }
        router
    }

    /// Where a request goes, by its header `Host`, with or without a port, and its target, with or without a query. `None` is for the controller
    /// to answer, with the status 404.
    ///
    /// A host counts before one with `*`, which stands for exactly one label, and before rules for all hosts. Then the longest path counts, and of
    /// equal ones `Exact` before `Prefix`. Where no path fits, the default backend is that of the oldest ingress with the host, else of the
    /// oldest that has one.
    #[must_use]
    pub fn route(&self, host: &str, target: &str) -> Option<Route<'a>> {
        let host = host_name(host);
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let wildcard = host.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        let names = [Some(host), wildcard, Some(String::new())];
        let paths = names.into_iter().flatten().find_map(|name| self.hosts.get(&name));
        let paths = paths.map_or(&[][..], Vec::as_slice);
        let found = paths.iter().find_map(|(ingress, rule)| {
            let rule = (*rule)?;
            path_matches(&kind(rule), &rule.path, path).then_some(Route {
                ingress,
                backend: &rule.backend,
                path: Some(rule),
            })
        });
        let of_host = || {
            let own = |ingress: &Ingress| paths.iter().any(|(other, _)| std::ptr::eq(*other, ingress));
            self.defaults.iter().find(|(ingress, _)| own(ingress))
        };
        found.or_else(|| {
            let (ingress, backend) = of_host().or_else(|| self.defaults.first())?;
            Some(Route { ingress, backend, path: None })
        })
    }
}

fn kind(path: &HttpIngressPath) -> PathType {
    path.path_type.clone().unwrap_or_default()
}

/// A host without its port and the dot at its end, in lower case; an address of IPv6 keeps its brackets.
fn host_name(host: &str) -> String {
    let end = match host.rfind(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    let name = host.get(..end).unwrap_or(host);
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}
