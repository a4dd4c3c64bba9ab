//! `get`, `describe`, `ps`, `events`: what is there.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::bail;
use k8s_model::core::{Event, Pod};
use k8s_model::encode::{to_json_pretty, to_yaml};
use k8s_model::lower;
use k8s_model::object::{List, Object};
use k8s_model::print::{self, Options};
use pod_engine::Engine;
use serde_json::Value;

use super::Play;
use super::cli::{DescribeArgs, GetArgs, ObjectEventsArgs, PsArgs, Which};
use super::meant::{self, Meant};
use super::server::{self, now};
use super::store::Key;
use super::wake::Wake;
use crate::output::{eprint, print, table, text};
use crate::podrun::{OWN_FAILURE, node};
use crate::shape::Shape;

impl Which {
    /// The objects that are meant.
    fn objects(&self, play: &Play<'_>, meant: &[Meant]) -> anyhow::Result<Vec<Object>> {
        let mut found = Vec::new();
        for one in meant {
            if one.resource() == "events" && one.name.is_none() {
                let events = all_events(play, self.all_namespaces)?;
                found.extend(events.into_iter().map(Object::from));
            } else {
                found.extend(meant::objects(play, std::slice::from_ref(one), self.all_namespaces)?);
            }
        }
        let matcher = self.selector.compile();
        found.retain(|object| object.metadata().is_some_and(|metadata| matcher.matches(&metadata.labels)));
        Ok(found)
    }
}

pub(super) fn get(play: &Play<'_>, args: &GetArgs) -> anyhow::Result<ExitCode> {
    let meant = meant::read(&args.which.what)?;
    let objects = |play: &Play<'_>| -> anyhow::Result<Vec<Object>> {
        let mut found = args.which.objects(play, &meant)?;
        let mut wrong = None;
        found.retain(|object| {
            args.field_selector.matches_object(object).unwrap_or_else(|error| {
                wrong = Some(error);
                false
            })
        });
        wrong.map_or(Ok(found), |error| Err(error.into()))
    };
    if args.watch || args.watch_only {
        return watch(play, args, objects);
    }
    let found = objects(play)?;
    if found.is_empty() && matches!(play.global.shape, Shape::Table | Shape::Wide) {
        let place = if args.which.all_namespaces {
            String::new()
        } else {
            format!(" in {} namespace", play.namespace)
        };
        eprint(&format!("No resources found{place}.\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let one = meant.len() == 1 && meant.iter().all(|meant| meant.name.is_some());
    let several = meant.len() > 1;
    print(&shown(play, args, &found, one, several, !args.no_headers)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Objects in the format that was asked for.
fn shown(
    play: &Play<'_>,
    args: &GetArgs,
    objects: &[Object],
    one: bool,
    several: bool,
    headers: bool,
) -> anyhow::Result<String> {
    let as_values = || objects.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
    let whole = || match objects {
        [object] if one => object.clone(),
        _ => List::of(objects.to_vec()).into(),
    };
    Ok(match &play.global.shape {
        Shape::Table | Shape::Wide => {
            let options = Options {
                wide: matches!(play.global.shape, Shape::Wide),
                no_headers: !headers,
                show_labels: args.show_labels,
                label_columns: args.label_columns.clone(),
                namespaces: args.which.all_namespaces,
                show_kind: args.show_kind || several,
                ..Options::new(now())
            };
            print::table(&objects.iter().collect::<Vec<_>>(), &options)
        }
        Shape::Yaml => to_yaml(&whole()),
        Shape::Json => to_json_pretty(&whole()) + "\n",
        Shape::Name => objects.iter().map(|object| object.resource_name() + "\n").collect(),
        Shape::JsonPath(path) => path.render(&serde_json::to_value(whole())?)?,
        Shape::Columns(columns) => columns.table(&as_values()?, !headers),
    })
}

/// Shows objects, and then each again when it has changed.
fn watch(
    play: &Play<'_>,
    args: &GetArgs,
    objects: impl Fn(&Play<'_>) -> anyhow::Result<Vec<Object>>,
) -> anyhow::Result<ExitCode> {
    let mut wake = Wake::new(&play.store)?;
    let mut seen: BTreeMap<Key, (String, Object)> = BTreeMap::new();
    let (mut first, mut headers) = (true, !args.no_headers);
    loop {
        let mut changed = Vec::new();
        let mut there = Vec::new();
        // One that was named may come later, or go.
        let found = match objects(play) {
            Err(error) if first => return Err(error),
            found => found.unwrap_or_default(),
        };
        for object in found {
            let key = Key::of(&object)?;
            there.push(key.clone());
            let version = object.metadata().map(|meta| meta.resource_version.clone()).unwrap_or_default();
            let new = seen.get(&key).is_none_or(|(before, _)| *before != version);
            if new {
                seen.insert(key, (version, object.clone()));
                changed.push(object);
            }
        }
        let gone: Vec<_> = seen.keys().filter(|key| !there.contains(key)).cloned().collect();
        changed.extend(gone.iter().filter_map(|key| seen.remove(key)).map(|(_, object)| object));
        changed.sort_by_key(version);
        if !(changed.is_empty() || (first && args.watch_only)) {
            let text = shown(play, args, &changed, changed.len() == 1, false, headers)?;
            print(&text)?;
            headers = false;
        }
        first = false;
        wake.wait(None)?;
    }
}

fn version(object: &Object) -> u64 {
    object.metadata().and_then(|metadata| metadata.resource_version.parse().ok()).unwrap_or(0)
}

pub(super) fn describe(play: &Play<'_>, args: &DescribeArgs) -> anyhow::Result<ExitCode> {
    let found = args.which.objects(play, &meant::read(&args.which.what)?)?;
    let mut related = play.store.all()?;
    related.retain(|object| !matches!(object, Object::Event(_)));
    related.extend(all_events(play, true)?.into_iter().map(Object::from));
    let related: Vec<_> = related.iter().collect();
    let mut texts = Vec::new();
    for object in &found {
        match print::describe(object, &related, now()) {
            Some(text) => texts.push(text),
            None => bail!("a {} is not described: `podrun play get -o yaml` shows it", object.kind()),
        }
    }
    if texts.is_empty() {
        eprint(&format!("No resources found in {} namespace.\n", play.namespace));
    }
    print(&texts.join("\n\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// The events of controllers, which are kept, and those of pods, which their monitors have.
fn all_events(play: &Play<'_>, all_namespaces: bool) -> anyhow::Result<Vec<Event>> {
    let namespace = (!all_namespaces).then_some(play.namespace);
    let (engine, node) = (play.global.engine()?, node::settings()?.node.name);
    let mut events = Vec::new();
    for object in play.store.list("events", namespace)? {
        if let Object::Event(event) = object {
            events.push(*event);
        }
    }
    for object in play.store.list("pods", namespace)? {
        if let Object::Pod(pod) = object {
            events.extend(of_pod(&engine, &pod, &node)?);
        }
    }
    events.sort_by(|a, b| (a.last_timestamp, &a.metadata.name).cmp(&(b.last_timestamp, &b.metadata.name)));
    Ok(events)
}

fn of_pod(engine: &Engine, pod: &Pod, node: &str) -> anyhow::Result<Vec<Event>> {
    let entry = match engine.pod(&server::uuid_of(pod)?.to_string()) {
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        entry => entry?,
    };
    let mut notices = Vec::new();
    let told = entry.events(false, &mut |notice| {
        notices.push(notice.clone());
        ControlFlow::Continue(())
    });
    // A pod that goes at this moment has none.
    Ok(told.map(|()| lower::events(pod, &notices, node)).unwrap_or_default())
}

pub(super) fn events(play: &Play<'_>, args: &ObjectEventsArgs) -> anyhow::Result<ExitCode> {
    let mut events = all_events(play, args.all_namespaces)?;
    if let Some(of) = &args.of {
        for meant in meant::read_named(std::slice::from_ref(of))? {
            events.retain(|event| {
                let involved = &event.involved_object;
                involved.kind == meant.info.kind && Some(&involved.name) == meant.name.as_ref()
            });
        }
    }
    let objects: Vec<Object> = events.into_iter().map(Object::from).collect();
    if objects.is_empty() {
        eprint("No events found.\n");
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options { namespaces: args.all_namespaces, ..Options::new(now()) };
    print(&match &play.global.shape {
        Shape::Table => print::table(&objects.iter().collect::<Vec<_>>(), &options),
        Shape::Yaml => to_yaml(&Object::from(List::of(objects))),
        Shape::Json => to_json_pretty(&Object::from(List::of(objects))) + "\n",
        _ => bail!("events are printed as `table`, `json` or `yaml`"),
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn ps(play: &Play<'_>, args: &PsArgs) -> anyhow::Result<ExitCode> {
    let namespace = (!args.all_namespaces).then_some(play.namespace);
    let mut rows = table(&["UUID", "NAMESPACE", "POD", "CONTAINER", "STATE", "RESTARTS", "IMAGE"]);
    let mut values = Vec::new();
    for object in play.store.list("pods", namespace)? {
        let Object::Pod(pod) = object else { continue };
        for status in pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses) {
            let state = match (&status.state.running, &status.state.terminated, &status.state.waiting) {
                (Some(_), ..) => "Running",
                (None, Some(ended), _) => &ended.reason,
                (None, None, Some(waiting)) => &waiting.reason,
                (None, None, None) => "",
            };
            let row = [
                pod.metadata.uid.clone(),
                pod.metadata.namespace.clone(),
                pod.metadata.name.clone(),
                status.name.clone(),
                state.to_owned(),
                status.restart_count.to_string(),
                status.image.clone(),
            ];
            let names = ["uuid", "namespace", "pod", "container", "state", "restarts", "image"];
            values.push(names.into_iter().map(str::to_owned).zip(row.clone()).collect::<BTreeMap<_, _>>());
            rows.add_row(row.to_vec());
        }
    }
    match play.global.shape {
        Shape::Table => print(&text(&rows))?,
        Shape::Json | Shape::Yaml => {
            play.global.output().print(&serde_json::to_value(values).unwrap_or(Value::Null))?
        }
        _ => {
            eprint("podrun: containers are printed as `table`, `json` or `yaml`\n");
            return Ok(ExitCode::from(OWN_FAILURE));
        }
    }
    Ok(ExitCode::SUCCESS)
}
