//! `kubetool get`, `describe`: objects as kubectl shows them.

use std::process::ExitCode;
use std::time::SystemTime;

use k8s_model::decode::{Document, Mode};
use k8s_model::object::Object;
use k8s_model::print::{Options, describe, table};
use k8s_model::selector::{Matcher, json_fields};
use pod_core::Timestamp;
use serde_json::{Value, json};

use super::cli::meaning::Objects;
use super::cli::objects::{DescribeArgs, GetArgs};
use super::manifest::Manifest;
use super::untyped;
use crate::output::{Color, print};
use crate::shape::Shape;

pub(super) fn run(color: Color, args: &GetArgs) -> anyhow::Result<ExitCode> {
    match args.output.as_ref().unwrap_or(&Shape::Table) {
        Shape::Table => tables(color, args, false),
        Shape::Wide => tables(color, args, true),
        Shape::Name => names(args),
        Shape::Yaml => one(args, |value| untyped::write(value, Objects::Yaml)),
        Shape::Json => one(args, |value| untyped::write(value, Objects::Json)),
        Shape::JsonPath(path) => one(args, |value| Ok(path.render(value)?)),
        Shape::Columns(columns) => {
            print(&columns.table(&values(args)?, args.no_headers))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn tables(color: Color, args: &GetArgs, wide: bool) -> anyhow::Result<ExitCode> {
    let matcher = args.selector.compile();
    let mut objects: Vec<Object> = Vec::new();
    let mut well = true;
    for file in &args.files {
        let Manifest { documents, well: all_well, .. } = Manifest::read(color, file, Mode::Lenient)?;
        well &= all_well;
        for object in documents.into_iter().flat_map(Document::unfold).map(|document| document.object) {
            let labels = object.metadata().map(|metadata| metadata.labels.clone()).unwrap_or_default();
            if matcher.matches(&labels) && args.field_selector.matches_object(&object)? {
                objects.push(object);
            }
        }
    }
    let options = Options {
        release: args.release.into(),
        wide,
        no_headers: args.no_headers,
        show_labels: args.show_labels,
        label_columns: args.label_columns.clone(),
        namespaces: args.all_namespaces,
        show_kind: args.show_kind,
        ..Options::new(args.now.unwrap_or_else(|| Timestamp::from(SystemTime::now())))
    };
    if objects.is_empty() {
        anstream::eprintln!("No resources found.");
    }
    print(&table(&objects.iter().collect::<Vec<_>>(), &options))?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) fn describe_objects(color: Color, args: &DescribeArgs) -> anyhow::Result<ExitCode> {
    let matcher = args.selector.compile();
    let now = args.now.unwrap_or_else(|| Timestamp::from(SystemTime::now()));
    let mut objects: Vec<Object> = Vec::new();
    let mut well = true;
    for file in &args.files {
        let Manifest { documents, well: all_well, .. } = Manifest::read(color, file, Mode::Lenient)?;
        well &= all_well;
        objects.extend(documents.into_iter().flat_map(Document::unfold).map(|document| document.object));
    }
    let all: Vec<&Object> = objects.iter().collect();
    let meant =
        |object: &&Object| object.metadata().is_some_and(|metadata| matcher.matches(&metadata.labels));
    let texts: Vec<String> =
        objects.iter().filter(meant).filter_map(|object| describe(object, &all, now)).collect();
    if texts.is_empty() {
        anyhow::bail!("no object is there that could be described");
    }
    print(&texts.join("\n\n"))?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The objects that are meant, as they stand in the files.
fn values(args: &GetArgs) -> anyhow::Result<Vec<Value>> {
    let matcher = args.selector.compile();
    let mut all = Vec::new();
    for file in &args.files {
        all.extend(untyped::read(file)?.into_iter().filter(|value| meant(value, &matcher, args)));
    }
    Ok(all)
}

fn meant(value: &Value, matcher: &Matcher, args: &GetArgs) -> bool {
    let labels = &value["metadata"]["labels"];
    matcher.matches_with(|key| labels[key].as_str()) && args.field_selector.matches(&json_fields(value))
}

fn names(args: &GetArgs) -> anyhow::Result<ExitCode> {
    let mut text = String::new();
    for value in values(args)? {
        text.push_str(&(untyped::resource_name(&value) + "\n"));
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Objects as one value: the only one, or a list.
fn one(args: &GetArgs, write: impl Fn(&Value) -> anyhow::Result<String>) -> anyhow::Result<ExitCode> {
    let mut values = values(args)?;
    let value = match values.len() {
        1 => values.remove(0),
        _ => {
            json!({"apiVersion": "v1", "items": values, "kind": "List", "metadata": {"resourceVersion": ""}})
        }
    };
    print(&write(&value)?)?;
    Ok(ExitCode::SUCCESS)
}
