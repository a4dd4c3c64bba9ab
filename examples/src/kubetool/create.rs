//! `kubetool create`, `expose`: objects from flags.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use k8s_model::core::SecretType;
use k8s_model::decode::Mode;
use k8s_model::encode::Encode;
use k8s_model::generate::{self, DeploymentFlags, Entry, RunFlags, ServiceKind};
use k8s_model::object::Object;

use super::cli::Written;
use super::cli::objects::{CreateArgs, CreateSecret, CreateService, CreateWhat, Data, ExposeArgs};
use super::manifest::{self, Manifest};
use crate::output::{Color, print};

pub(super) fn run(args: &CreateArgs) -> anyhow::Result<ExitCode> {
    let mut object = object(&args.what)?;
    if let Some(metadata) = object.metadata_mut() {
        metadata.namespace.clone_from(&args.namespace);
    }
    write(&object, args.output)
}

fn write(object: &Object, output: Written) -> anyhow::Result<ExitCode> {
    print(&manifest::write(output, [(object as &dyn Encode, object.resource_name())]))?;
    Ok(ExitCode::SUCCESS)
}

/// The object that flags say.
pub(crate) fn object(what: &CreateWhat) -> anyhow::Result<Object> {
    Ok(match what {
        CreateWhat::Namespace { name } => generate::namespace(name)?.into(),
        CreateWhat::Deployment { name, image, replicas, port, command } => {
            let flags = DeploymentFlags {
                images: image.clone(),
                replicas: *replicas,
                port: *port,
                command: command.clone(),
            };
            generate::deployment(name, &flags)?.into()
        }
        CreateWhat::Job { name, image, command } => generate::job(name, image, command)?.into(),
        CreateWhat::Pod { name, image, port, env, restart, command, args } => {
            let flags = RunFlags {
                image: image.clone(),
                port: *port,
                env: env.clone(),
                restart: restart.as_str().into(),
                args: args.clone(),
                command: *command,
                ..RunFlags::default()
            };
            generate::run(name, &flags)?.into()
        }
        CreateWhat::Service(service) => self::service(service)?,
        CreateWhat::Configmap { name, data } => generate::config_map(name, entries(data)?)?.into(),
        CreateWhat::Secret(CreateSecret::Generic { name, type_, data }) => {
            generate::secret(name, SecretType::from(type_.as_str()), entries(data)?)?.into()
        }
        CreateWhat::Secret(CreateSecret::DockerRegistry {
            name,
            docker_server,
            docker_username,
            docker_password,
            docker_email,
        }) => generate::docker_registry(name, docker_server, docker_username, docker_password, docker_email)?
            .into(),
    })
}

fn service(service: &CreateService) -> anyhow::Result<Object> {
    let (name, kind, tcp) = match service {
        CreateService::Clusterip { name, tcp, clusterip } => {
            (name, ServiceKind::ClusterIp(clusterip.clone()), tcp)
        }
        CreateService::Nodeport { name, tcp, node_port } => (name, ServiceKind::NodePort(*node_port), tcp),
        CreateService::Loadbalancer { name, tcp } => (name, ServiceKind::LoadBalancer, tcp),
        CreateService::Externalname { name, external_name, tcp } => {
            (name, ServiceKind::ExternalName(external_name.clone()), tcp)
        }
    };
    Ok(generate::service(name, &kind, tcp)?.into())
}

fn entries(data: &Data) -> anyhow::Result<Vec<Entry>> {
    let read = |file: &Path| fs::read(file).with_context(|| format!("cannot read `{}`", file.display()));
    let mut all = Vec::new();
    for text in &data.from_literal {
        all.push(generate::literal(text)?);
    }
    for text in &data.from_file {
        let (key, file) = match text.split_once('=') {
            Some((key, file)) => (key.to_owned(), Path::new(file)),
            None => {
                let file = Path::new(text.as_str());
                let name = file.file_name().with_context(|| format!("`{text}` is no file"))?;
                (name.to_string_lossy().into_owned(), file)
            }
        };
        all.push((key, read(file)?));
    }
    for file in &data.from_env_file {
        let text =
            String::from_utf8(read(file)?).with_context(|| format!("`{}` is not UTF-8", file.display()))?;
        all.extend(generate::env_file(&text)?);
    }
    Ok(all)
}

pub(super) fn expose(color: Color, args: &ExposeArgs) -> anyhow::Result<ExitCode> {
    let Manifest { mut documents, well, .. } = Manifest::read(color, &args.file, Mode::Strict)?;
    if !well || documents.len() != 1 {
        anyhow::bail!("`{}` does not hold one object", args.file.display());
    }
    let object = documents.remove(0).object;
    write(&generate::expose(&object, &args.service.exposure())?.into(), args.output)
}
