//! Isolators of pods and apps (specification, "Isolators").

use std::collections::{BTreeMap, BTreeSet};

use pod_core::pod::{Capability, Resources, SeccompProfile};
use pod_core::quantity::Quantity;

use super::pod::{PodSettings, Problems, Source};
use super::seccomp::{self, SeccompFile};
use crate::{CapabilityName, CapabilitySet, Isolator, IsolatorValue, PodManifest, Resource};

/// What the isolators of an app make of it.
#[derive(Debug)]
pub(super) struct AppIsolation {
    pub(super) resources: Resources,
    pub(super) capabilities: BTreeSet<Capability>,
    pub(super) no_new_privileges: bool,
    pub(super) seccomp: SeccompProfile,
    pub(super) file: Option<SeccompFile>,
}

/// What the isolators of a pod make of it.
#[derive(Debug, Default)]
pub(super) struct PodIsolation {
    /// Its kernel parameters.
    pub(super) sysctls: BTreeMap<String, String>,
    /// Its bounds, which are those of its only app: the model has none for several apps together.
    bounds: Resources,
}

pub(super) fn of_pod(
    manifest: &PodManifest,
    settings: &PodSettings,
    ignored: &mut Vec<String>,
    problems: &mut Problems,
) -> PodIsolation {
    let mut pod = PodIsolation::default();
    let mut found = Found::default();
    let has_one_app = manifest.apps.len() == 1;
    for (index, isolator) in manifest.isolators.iter().enumerate() {
        let field = format!("isolators[{index}]");
        match isolator.value() {
            IsolatorValue::Sysctl(values) => {
                for (name, value) in values {
                    if pod.sysctls.insert(name.clone(), value.clone()).is_some_and(|other| other != *value) {
                        problems.add(&field, format!("`{}` has two values", name.escape_debug()));
                    }
                }
            }
            IsolatorValue::Cpu(resource) if has_one_app => found.cpu(resource, &field, problems),
            IsolatorValue::Memory(resource) if has_one_app => found.memory(resource, &field, problems),
            IsolatorValue::Cpu(_) | IsolatorValue::Memory(_) => {
                let message = format!("`{}` cannot bound several apps together", isolator.name());
                problems.add(field, message);
            }
            IsolatorValue::Unknown => unknown(&field, isolator, settings, ignored, problems),
            _ => problems.add(field, format!("`{}` cannot bound a pod as a whole", isolator.name())),
        }
    }
    pod.bounds = found.resources;
    pod
}

impl PodIsolation {
    /// Holds the pod's only app to the bounds of the pod: the smaller limit counts, and what the pod asks for where the app asks for
    /// nothing.
    pub(super) fn narrow(&self, app: &mut Resources) {
        let Resources { cpu_request_milli, cpu_limit_milli, memory_request, memory_limit, .. } = &self.bounds;
        for (own, of_pod) in
            [(&mut app.cpu_limit_milli, cpu_limit_milli), (&mut app.memory_limit, memory_limit)]
        {
            *own = own.iter().chain(of_pod).min().copied();
        }
        app.cpu_request_milli = request(app.cpu_request_milli, *cpu_request_milli, app.cpu_limit_milli);
        app.memory_request = request(app.memory_request, *memory_request, app.memory_limit);
    }
}

/// A request, or what the pod asks for, which is no more than the limit.
fn request(own: Option<u64>, of_pod: Option<u64>, limit: Option<u64>) -> Option<u64> {
    own.or(of_pod).map(|request| limit.map_or(request, |limit| request.min(limit)))
}

fn unknown(
    field: &str,
    isolator: &Isolator,
    settings: &PodSettings,
    ignored: &mut Vec<String>,
    problems: &mut Problems,
) {
    if settings.all_isolators {
        problems.add(field, format!("the isolator `{}` is not known", isolator.name()));
    } else {
        ignored.push(format!("{field}: {}", isolator.name()));
    }
}

pub(super) fn of_app(
    source: &Source<'_>,
    settings: &PodSettings,
    ignored: &mut Vec<String>,
    problems: &mut Problems,
) -> AppIsolation {
    let mut found = Found::default();
    for (index, isolator) in source.app.isolators.iter().enumerate() {
        let field = format!("{}.isolators[{index}]", source.app_field);
        found.take(isolator, &field, source, settings, ignored, problems);
    }
    found.finish()
}

/// The isolators of an app, as they come.
#[derive(Debug, Default)]
struct Found {
    resources: Resources,
    /// The weight among others, in `cpu.shares`: it counts instead of a request that only follows from a limit.
    shares: Option<u32>,
    cpu_requested: bool,
    retained: Option<BTreeSet<Capability>>,
    removed: BTreeSet<Capability>,
    no_new_privileges: bool,
    seccomp: Option<(SeccompProfile, Option<SeccompFile>)>,
}

impl Found {
    fn take(
        &mut self,
        isolator: &Isolator,
        field: &str,
        source: &Source<'_>,
        settings: &PodSettings,
        ignored: &mut Vec<String>,
        problems: &mut Problems,
    ) {
        match isolator.value() {
            IsolatorValue::Cpu(resource) => self.cpu(resource, field, problems),
            IsolatorValue::Memory(resource) => self.memory(resource, field, problems),
            IsolatorValue::CpuShares(shares) => once(&mut self.shares, *shares, field, isolator, problems),
            IsolatorValue::OomScoreAdj(score) => {
                once(&mut self.resources.oom_score_adj, *score, field, isolator, problems);
            }
            IsolatorValue::CapabilitiesRetain(set) => {
                let set = capabilities(set, field, problems);
                // Each says that all others are removed.
                self.retained = Some(match self.retained.take() {
                    Some(earlier) => earlier.intersection(&set).copied().collect(),
                    None => set,
                });
            }
            IsolatorValue::CapabilitiesRemove(set) => self.removed.extend(capabilities(set, field, problems)),
            IsolatorValue::NoNewPrivileges(wanted) => self.no_new_privileges |= wanted,
            IsolatorValue::SeccompRetain(set) | IsolatorValue::SeccompRemove(set) => {
                let retain = matches!(isolator.value(), IsolatorValue::SeccompRetain(_));
                let made = seccomp::profile(set, retain, &source.runtime.name, &settings.seccomp_directory);
                if let Some(made) = problems.take(made, field) {
                    once(&mut self.seccomp, made, field, isolator, problems);
                }
            }
            IsolatorValue::Unknown => unknown(field, isolator, settings, ignored, problems),
            IsolatorValue::Sysctl(_) => {
                problems.add(field, "kernel parameters are set for a pod, not for an app");
            }
            _ => problems.add(field, format!("`{}` cannot be applied", isolator.name())),
        }
        if self.retained.is_some() && !self.removed.is_empty() {
            problems.add(field, "a retain set and a remove set of capabilities exclude each other");
            self.removed.clear();
        }
    }

    fn cpu(&mut self, resource: &Resource, field: &str, problems: &mut Problems) {
        if self.resources.cpu_limit_milli.is_some() || self.resources.cpu_request_milli.is_some() {
            problems.add(field, "`resource/cpu` stands there twice");
        }
        self.cpu_requested |= resource.request.is_some();
        let (request, limit) = amounts(resource, Quantity::milli_value, field, problems);
        self.resources.cpu_request_milli = request;
        self.resources.cpu_limit_milli = limit;
    }

    fn memory(&mut self, resource: &Resource, field: &str, problems: &mut Problems) {
        if self.resources.memory_limit.is_some() || self.resources.memory_request.is_some() {
            problems.add(field, "`resource/memory` stands there twice");
        }
        let (request, limit) = amounts(resource, Quantity::value, field, problems);
        self.resources.memory_request = request;
        self.resources.memory_limit = limit;
    }

    fn finish(self) -> AppIsolation {
        let mut resources = self.resources;
        if let Some(shares) = self.shares.filter(|_| !self.cpu_requested) {
            // The smallest amount that has so many shares: 1024 are one processor.
            resources.cpu_request_milli = Some((u64::from(shares) * 1000).div_ceil(1024));
        }
        let capabilities = self.retained.unwrap_or_else(|| {
            Capability::DEFAULT.iter().copied().filter(|one| !self.removed.contains(one)).collect()
        });
        let (seccomp, file) = self.seccomp.unwrap_or((SeccompProfile::RuntimeDefault, None));
        // Only so can a filter be put on right before the program, when nothing of ours runs under it.
        let no_new_privileges = self.no_new_privileges || file.is_some();
        AppIsolation { resources, capabilities, no_new_privileges, seccomp, file }
    }
}

fn once<T>(place: &mut Option<T>, value: T, field: &str, isolator: &Isolator, problems: &mut Problems) {
    if place.replace(value).is_some() {
        problems.add(field, format!("`{}` stands there twice", isolator.name()));
    }
}

/// Request and limit in whole units; the request is the limit where it is not said.
fn amounts(
    resource: &Resource,
    whole: impl Fn(&Quantity) -> Option<i64>,
    field: &str,
    problems: &mut Problems,
) -> (Option<u64>, Option<u64>) {
    let mut amount = |name: &str, quantity: Option<&Quantity>| {
        let quantity = quantity?;
        let fits = whole(quantity).and_then(|whole| u64::try_from(whole).ok());
        if fits.is_none() {
            let message = format!("`{quantity}` is negative, or more than 64 bits hold");
            problems.add(format!("{field}.value.{name}"), message);
        }
        fits
    };
    let limit = amount("limit", resource.limit.as_ref());
    let request = match &resource.request {
        Some(request) => amount("request", Some(request)),
        None => limit,
    };
    (request, limit)
}

fn capabilities(set: &CapabilitySet, field: &str, problems: &mut Problems) -> BTreeSet<Capability> {
    let mut known = BTreeSet::new();
    for (index, name) in set.set.iter().enumerate() {
        match name {
            CapabilityName::Known(capability) => drop(known.insert(*capability)),
            CapabilityName::Unknown(text) => problems.add(
                format!("{field}.value.set[{index}]"),
                format!("`{}` is no Linux capability", text.escape_debug()),
            ),
        }
    }
    known
}
