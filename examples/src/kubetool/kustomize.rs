//! `kubetool kustomize`: what a kustomization builds.

use std::fs;
use std::process::ExitCode;

use k8s_model::kustomize::build;

use super::cli::Written;
use super::cli::meaning::Objects;
use super::cli::objects::KustomizeArgs;
use super::untyped;
use crate::output::print;

pub(super) fn run(args: &KustomizeArgs) -> anyhow::Result<ExitCode> {
    let read = |path: &str| fs::read(path).ok();
    let mut documents = Vec::new();
    for object in build(&args.dir.to_string_lossy(), &read)? {
        documents.push(match args.output {
            Written::Yaml => untyped::write(&object, Objects::Yaml)?,
            Written::Json => untyped::write(&object, Objects::Json)?,
            Written::Name => untyped::resource_name(&object) + "\n",
        });
    }
    print(&documents.join(if args.output == Written::Yaml { "---\n" } else { "" }))?;
    Ok(ExitCode::SUCCESS)
}
