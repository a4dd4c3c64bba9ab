//! The paths of fields in old versions.

use super::{Form, OldVersion};

/// Parts of paths of the modelled version, with those that stand for them in the old one; the first that fits counts.
type Names = &'static [(&'static str, &'static str)];

const INGRESS: Names = &[
    ("spec.defaultBackend", "spec.backend"),
    ("backend.service.name", "backend.serviceName"),
    ("backend.service.port.name", "backend.servicePort"),
    ("backend.service.port.number", "backend.servicePort"),
    ("backend.service.port", "backend.servicePort"),
    ("backend.service", "backend"),
];

const SLICE: Names = &[("zone", "topology"), ("deprecatedTopology", "topology")];

const METRICS: Names = &[
    ("object.metric.name", "object.metricName"),
    ("object.metric.selector", "object.selector"),
    ("object.describedObject", "object.target"),
    ("object.target.value", "object.targetValue"),
    ("object.target.averageValue", "object.averageValue"),
    ("pods.metric.name", "pods.metricName"),
    ("pods.metric.selector", "pods.selector"),
    ("pods.target.averageValue", "pods.targetAverageValue"),
    ("external.metric.name", "external.metricName"),
    ("external.metric.selector", "external.metricSelector"),
    ("external.target.value", "external.targetValue"),
    ("external.target.averageValue", "external.targetAverageValue"),
    ("esource.target.averageUtilization", "esource.targetAverageUtilization"),
    ("esource.target.averageValue", "esource.targetAverageValue"),
];

impl OldVersion {
    /// The path that a field of the modelled version has in this one: `spec.backend.servicePort` of an old `Ingress` for
    /// `spec.defaultBackend.service.port.name`. Where nothing was moved, and where a field came from an annotation, it is the same.
    #[must_use]
    pub fn field(&self, modelled: &str) -> String {
        let names = match self.form {
            Form::Ingress => INGRESS,
            Form::Slice => SLICE,
            Form::AutoscalerBeta => METRICS,
            _ => &[],
        };
        let mut path = modelled.to_owned();
        for (new, old) in names {
            if let Some(at) = place(&path, new) {
                path.replace_range(at..at + new.len(), old);
            }
        }
        path
    }
}

/// Where steps stand in a path; what they begin with may be the end of a longer name (`defaultBackend` ends in none of ours,
/// `containerResource` in `esource`).
fn place(path: &str, steps: &str) -> Option<usize> {
    let at = path.rfind(steps)?;
    let before = path.get(..at)?;
    let after = path.get(at + steps.len()..)?;
    let starts = before.is_empty() || before.ends_with('.') || steps.starts_with("esource");
    (starts && (after.is_empty() || after.starts_with(['.', '[']))).then_some(at)
}
