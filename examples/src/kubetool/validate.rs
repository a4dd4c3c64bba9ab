//! `kubetool validate`: what an API server would refuse.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use k8s_model::decode::{Document, Mode, Problem, ProblemKind, Severity, decode_slice};
use k8s_model::default::default;
use k8s_model::object::Object;
use k8s_model::validate::{FieldError, validate, validate_update, warnings};
use serde_json::{Value, json};

use super::cli::meaning::{ValidateArgs, Verdicts};
use super::manifest::{self, Manifest};
use crate::output::{Color, eprint, print};
use crate::{diagnostic, input};

pub(super) fn run(color: Color, args: &ValidateArgs) -> anyhow::Result<ExitCode> {
    let mode = if args.lenient { Mode::Lenient } else { Mode::Strict };
    let earlier = match &args.replaces {
        Some(file) => Manifest::read(color, file, Mode::Lenient)?.documents,
        None => Vec::new(),
    };
    let earlier: Vec<Object> =
        earlier.into_iter().flat_map(Document::unfold).map(|document| defaulted(document).object).collect();
    let mut cluster = match args.cluster.as_slice() {
        [] => None,
        files => Some(manifest::cluster(color, files)?),
    };
    let mut valid = true;
    let mut text = String::new();
    for file in &args.files {
        let read = File::read(color, file, mode, args.output)?;
        valid &= read.wrong.is_empty();
        let mut verdicts = read.wrong;
        for document in read.documents.into_iter().flat_map(Document::unfold) {
            let mut document = match args.output {
                Verdicts::Json if !args.default && cluster.is_none() => document,
                _ => defaulted(document),
            };
            let refused =
                cluster.as_mut().map_or_else(Vec::new, |cluster| manifest::admitted(&mut document, cluster));
            let before = earlier.iter().find(|old| is_same(old, &document.object));
            let errors = match before {
                Some(old) => validate_update(&document.object, old),
                None => validate(&document.object),
            };
            valid &= errors.is_empty() && refused.is_empty();
            match args.output {
                Verdicts::Text => {
                    let all = refused.into_iter().chain(document.problems(&errors));
                    text.extend(all.map(|problem| line(&document, &problem)));
                }
                Verdicts::Json => {
                    let refused = refused.iter().map(forbidden);
                    let all = refused.chain(errors.iter().map(|error| entry(&document, error))).collect();
                    verdicts.push((document.origin.document(), all));
                }
            }
            if args.warnings {
                for warning in warnings(&document.object) {
                    eprint(&format!("warning: {}: {warning}\n", named(&document.object)));
                }
            }
        }
        if args.output == Verdicts::Json {
            verdicts.sort_by_key(|(number, _)| *number);
            text.extend(verdicts.into_iter().map(|(_, errors)| format!("{}\n", Value::Array(errors))));
        }
    }
    print(&text)?;
    Ok(if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A file as far as it decodes.
struct File {
    documents: Vec<Document>,
    /// The documents that do not, by number, each with what is wrong.
    wrong: Vec<(usize, Vec<Value>)>,
}

impl File {
    /// Reads a file; what does not decode goes to standard error, or into the verdicts.
    fn read(color: Color, file: &Path, mode: Mode, output: Verdicts) -> anyhow::Result<Self> {
        let (name, bytes) = input::read(file)?;
        let decoded = decode_slice(&bytes, &name, mode);
        if output == Verdicts::Text {
            diagnostic::show(color, &String::from_utf8_lossy(&bytes), &decoded.problems);
        }
        let mut wrong: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
        for problem in decoded.problems.iter().filter(|problem| problem.severity() == Severity::Error) {
            wrong.entry(problem.document()).or_default().push(undecoded(problem));
        }
        let mut documents = decoded.documents;
        documents.retain(|document| !wrong.contains_key(&document.origin.document()));
        Ok(Self { documents, wrong: wrong.into_iter().collect() })
    }
}

/// What does not decode, in the form of a verdict.
fn undecoded(problem: &Problem) -> Value {
    let kind = match problem.kind() {
        ProblemKind::WrongType => "FieldValueTypeInvalid",
        ProblemKind::UnknownField | ProblemKind::DuplicateKey => "StrictDecodingError",
        _ => "DecodingError",
    };
    json!({"field": problem.path(), "type": kind, "detail": problem.message()})
}

fn defaulted(mut document: Document) -> Document {
    default(&mut document.object);
    document
}

fn is_same(a: &Object, b: &Object) -> bool {
    (a.kind(), a.name(), a.namespace()) == (b.kind(), b.name(), b.namespace())
}

fn named(object: &Object) -> String {
    format!("{}/{}", object.kind(), object.name())
}

fn line(document: &Document, problem: &Problem) -> String {
    let place = problem.position().map_or_else(String::new, |position| format!("{position}:"));
    let path = if problem.path().is_empty() { String::new() } else { format!("{}: ", problem.path()) };
    format!("{}:{place} {}: {path}{}\n", problem.label(), named(&document.object), problem.message())
}

/// What admission refuses, in the form of a verdict.
fn forbidden(problem: &Problem) -> Value {
    json!({"field": problem.path(), "type": "Forbidden", "detail": problem.message()})
}

fn entry(document: &Document, error: &FieldError) -> Value {
    json!({"field": document.origin.written(&error.field), "type": error.error_type.reason(), "detail": error.detail})
}
