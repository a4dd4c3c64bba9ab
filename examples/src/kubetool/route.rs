//! `kubetool route`: which service a request goes to.

use std::process::ExitCode;

use anyhow::Context as _;
use k8s_model::core::Service;
use k8s_model::ingress::{ClassChoice, Route, Router, class_of, service_port};
use k8s_model::networking::{Ingress, IngressClass};
use k8s_model::object::Object;

use super::cli::cluster::RouteArgs;
use super::manifest::applied;
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &RouteArgs) -> anyhow::Result<ExitCode> {
    let Some(objects) = applied(color, &args.files)? else { return Ok(ExitCode::FAILURE) };
    let (mut ingresses, mut services, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    for object in objects {
        match object {
            Object::Ingress(ingress) => ingresses.push(*ingress),
            Object::Service(service) => services.push(*service),
            Object::IngressClass(class) => classes.push(*class),
            _ => {}
        }
    }
    let counts =
        |ingress: &&Ingress| args.class.as_ref().is_none_or(|wanted| is_of(ingress, &classes, wanted));
    let router = Router::new(ingresses.iter().filter(counts));
    let rest = args.url.split_once("://").map_or(args.url.as_str(), |(_, rest)| rest);
    let (host, target) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let route = router.route(host, target);
    let route =
        route.with_context(|| format!("no rule is about `{}`: a controller answers 404", args.url))?;
    print(&describe(&route, &services)?)?;
    Ok(ExitCode::SUCCESS)
}

fn is_of(ingress: &Ingress, classes: &[IngressClass], wanted: &str) -> bool {
    match class_of(ingress, classes) {
        ClassChoice::Class(class) => class.metadata.name == wanted,
        ClassChoice::Unknown(name) => name == wanted,
        ClassChoice::None => false,
    }
}

fn describe(route: &Route<'_>, services: &[Service]) -> anyhow::Result<String> {
    let metadata = &route.ingress.metadata;
    let by = match route.path {
        Some(path) => {
            let kind = path.path_type.as_ref().map_or("", |kind| kind.as_str());
            format!("path {} ({kind})", path.path)
        }
        None => "the default backend".to_owned(),
    };
    let start = format!("{}/{}: {by} -> ", metadata.namespace, metadata.name);
    let Some(backend) = &route.backend.service else {
        let resource = route.backend.resource.as_ref();
        let name =
            resource.map_or_else(String::new, |resource| format!("{} {}", resource.kind, resource.name));
        return Ok(format!("{start}{name}\n"));
    };
    let is_meant = |service: &&Service| {
        service.metadata.name == backend.name && service.metadata.namespace == metadata.namespace
    };
    let port = match services.iter().find(is_meant) {
        Some(service) => service_port(service, backend)?.port.to_string(),
        None if backend.port.name.is_empty() => backend.port.number.to_string(),
        None => backend.port.name.clone(),
    };
    Ok(format!("{start}service {}/{} port {port}\n", metadata.namespace, backend.name))
}
