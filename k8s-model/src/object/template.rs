//! The template of pods in an object that makes some.

use super::Object;
use crate::core::PodTemplateSpec;

impl Object {
    /// The template of the pods that it makes; of a `CronJob` that of its jobs.
    #[must_use]
    pub fn pod_template(&self) -> Option<&PodTemplateSpec> {
        match self {
            Self::PodTemplate(object) => Some(&object.template),
            Self::ReplicationController(object) => object.spec.template.as_deref(),
            Self::ReplicaSet(object) => Some(&object.spec.template),
            Self::Deployment(object) => Some(&object.spec.template),
            Self::DaemonSet(object) => Some(&object.spec.template),
            Self::StatefulSet(object) => Some(&object.spec.template),
            Self::Job(object) => Some(&object.spec.template),
            Self::CronJob(object) => Some(&object.spec.job_template.spec.template),
            _ => None,
        }
    }

    /// The same, to be changed.
    #[must_use]
    pub fn pod_template_mut(&mut self) -> Option<&mut PodTemplateSpec> {
        match self {
            Self::PodTemplate(object) => Some(&mut object.template),
            Self::ReplicationController(object) => object.spec.template.as_deref_mut(),
            Self::ReplicaSet(object) => Some(&mut object.spec.template),
            Self::Deployment(object) => Some(&mut object.spec.template),
            Self::DaemonSet(object) => Some(&mut object.spec.template),
            Self::StatefulSet(object) => Some(&mut object.spec.template),
            Self::Job(object) => Some(&mut object.spec.template),
            Self::CronJob(object) => Some(&mut object.spec.job_template.spec.template),
            _ => None,
        }
    }

    /// The path of that template: `spec.template`, and others for `PodTemplate` and `CronJob`.
    pub(crate) const fn template_path(&self) -> &'static str {
        match self {
            Self::PodTemplate(_) => "template",
            Self::CronJob(_) => "spec.jobTemplate.spec.template",
            _ => "spec.template",
        }
    }
}
