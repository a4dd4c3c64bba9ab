//! Controllers of pods.

use super::pod::containers;
use super::table::{Column, Options, Release, Row, labels, or_none, selector};
use super::{age, human_duration, since};
use crate::batch::{Job, JobConditionType};
use crate::core::{ConditionStatus, PodTemplateSpec};
use crate::object::Object;

const NAME: Column = Column::always("Name");
const AGE: Column = Column::always("Age");

/// The columns that wide tables of controllers have: containers, images, and the selector where there is one.
fn wide(template: &PodTemplateSpec, selector: Option<String>) -> impl Iterator<Item = (Column, String)> {
    let (names, images) = containers(&template.spec.containers);
    [(Column::wide("Containers"), names), (Column::wide("Images"), images)]
        .into_iter()
        .chain(selector.map(|text| (Column::wide("Selector"), text)))
}

fn counts(numbers: &[(&'static str, i32)]) -> Vec<(Column, String)> {
    numbers.iter().map(|(name, number)| (Column::always(name), number.to_string())).collect()
}

pub(super) fn row(object: &Object, options: &Options) -> Option<Row> {
    let metadata = object.metadata()?;
    let name = (NAME, metadata.name.clone());
    let age = (AGE, since(metadata.creation_timestamp, options.now));
    let mut cells = vec![name];
    match object {
        Object::Deployment(object) => {
            let (spec, status) = (&object.spec, &object.status);
            let desired = spec.replicas.unwrap_or_default();
            if options.release == Release::V1_10 {
                cells.extend(counts(&[
                    ("Desired", desired),
                    ("Current", status.replicas),
                    ("Up-to-date", status.updated_replicas),
                    ("Available", status.available_replicas),
                ]));
            } else {
                cells.push((Column::always("Ready"), format!("{}/{desired}", status.ready_replicas)));
                cells.extend(counts(&[
                    ("Up-to-date", status.updated_replicas),
                    ("Available", status.available_replicas),
                ]));
            }
            cells.push(age);
            cells.extend(wide(&spec.template, Some(selector(spec.selector.as_deref()))));
        }
        Object::ReplicaSet(object) => {
            let (spec, status) = (&object.spec, &object.status);
            cells.extend(counts(&[
                ("Desired", spec.replicas.unwrap_or_default()),
                ("Current", status.replicas),
                ("Ready", status.ready_replicas),
            ]));
            cells.push(age);
            cells.extend(wide(&spec.template, Some(selector(spec.selector.as_deref()))));
        }
        Object::ReplicationController(object) => {
            let (spec, status) = (&object.spec, &object.status);
            cells.extend(counts(&[
                ("Desired", spec.replicas.unwrap_or_default()),
                ("Current", status.replicas),
                ("Ready", status.ready_replicas),
            ]));
            cells.push(age);
            let none = PodTemplateSpec::default();
            let template = spec.template.as_deref().unwrap_or(&none);
            cells.extend(wide(template, Some(labels(&spec.selector))));
        }
        Object::StatefulSet(object) => {
            let (spec, status) = (&object.spec, &object.status);
            let desired = spec.replicas.unwrap_or_default();
            cells.push((Column::always("Ready"), format!("{}/{desired}", status.ready_replicas)));
            cells.push(age);
            cells.extend(wide(&spec.template, None));
        }
        Object::DaemonSet(object) => {
            let (spec, status) = (&object.spec, &object.status);
            cells.extend(counts(&[
                ("Desired", status.desired_number_scheduled),
                ("Current", status.current_number_scheduled),
                ("Ready", status.number_ready),
                ("Up-to-date", status.updated_number_scheduled),
                ("Available", status.number_available),
            ]));
            cells.push((Column::always("Node Selector"), labels(&spec.template.spec.node_selector)));
            cells.push(age);
            cells.extend(wide(&spec.template, Some(selector(spec.selector.as_deref()))));
        }
        Object::Job(object) => {
            if options.release >= Release::V1_36 {
                cells.push((Column::always("Status"), status(object).to_owned()));
            }
            cells.push((Column::always("Completions"), completions(object)));
            cells.push((Column::always("Duration"), duration(object, options)));
            cells.push(age);
            cells.extend(wide(&object.spec.template, Some(selector(object.spec.selector.as_deref()))));
        }
        Object::CronJob(object) => {
            let spec = &object.spec;
            cells.push((Column::always("Schedule"), spec.schedule.clone()));
            if options.release >= Release::V1_36 {
                let zone = spec.time_zone.as_deref().unwrap_or_default();
                cells.push((Column::always("Timezone"), or_none(zone)));
            }
            let suspend = match spec.suspend {
                Some(true) => "True",
                Some(false) => "False",
                None => "<unset>",
            };
            cells.push((Column::always("Suspend"), suspend.to_owned()));
            cells.push((Column::always("Active"), object.status.active.len().to_string()));
            let last = object.status.last_schedule_time;
            let last = last.map_or_else(|| or_none(""), |time| since(Some(time), options.now));
            cells.push((Column::always("Last Schedule"), last));
            cells.push(age);
            let job = &spec.job_template.spec;
            let selector = job.selector.as_deref().map_or_else(|| or_none(""), |given| selector(Some(given)));
            cells.extend(wide(&job.template, Some(selector)));
        }
        Object::ControllerRevision(object) => {
            let owner = metadata.owner_references.iter().find(|owner| owner.controller == Some(true));
            let controller = owner.map_or_else(
                || or_none(""),
                |owner| {
                    let kind = owner.kind.to_lowercase();
                    match crate::registry::group_of(&owner.api_version) {
                        "" => format!("{kind}/{}", owner.name),
                        group => format!("{kind}.{group}/{}", owner.name),
                    }
                },
            );
            cells.push((Column::always("Controller"), controller));
            cells.push((Column::always("Revision"), object.revision.to_string()));
            cells.push(age);
        }
        _ => return None,
    }
    Some(Row::new(cells))
}

fn status(job: &Job) -> &'static str {
    let holds = |kind: &JobConditionType| {
        job.status
            .conditions
            .iter()
            .any(|condition| condition.type_ == *kind && condition.status == ConditionStatus::True)
    };
    if holds(&JobConditionType::Complete) {
        "Complete"
    } else if holds(&JobConditionType::Failed) {
        "Failed"
    } else if job.metadata.deletion_timestamp.is_some() {
        "Terminating"
    } else if holds(&JobConditionType::Suspended) {
        "Suspended"
    } else if holds(&JobConditionType::FailureTarget) {
        "FailureTarget"
    } else if holds(&JobConditionType::SuccessCriteriaMet) {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

fn completions(job: &Job) -> String {
    let done = job.status.succeeded;
    match (job.spec.completions, job.spec.parallelism.unwrap_or_default()) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, parallel) if parallel > 1 => format!("{done}/1 of {parallel}"),
        (None, _) => format!("{done}/1"),
    }
}

fn duration(job: &Job, options: &Options) -> String {
    let Some(start) = job.status.start_time else { return String::new() };
    let end = job.status.completion_time.map_or(options.now, crate::time::Time::timestamp);
    human_duration(age::seconds(start.timestamp(), end))
}
