//! `kubetool iptables`: the rules that kube-proxy writes for services.

use std::process::ExitCode;

use anyhow::Context as _;
use k8s_model::core::{IpFamily, Service};
use k8s_model::decode::Mode;
use k8s_model::default::default;
use k8s_model::discovery::EndpointSlice;
use k8s_model::meta::ObjectMeta;
use k8s_model::object::Object;
use k8s_model::service::{Allocator, Backed, Node, PodTraffic, Proxy, Ranges, Saved, mirror};

use super::cli::IptablesArgs;
use super::manifest::Manifest;
use crate::input;
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &IptablesArgs) -> anyhow::Result<ExitCode> {
    let saved = match &args.saved {
        Some(file) => Saved::parse(&String::from_utf8_lossy(&input::read(file)?.1)),
        None => Saved::default(),
    };
    let proxy = proxy(args);
    if args.remove {
        print(&proxy.remove(&saved))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (mut services, mut slices, mut well) = (Vec::new(), Vec::new(), true);
    for file in &args.files {
        let Manifest { documents, well: all_well, .. } = Manifest::read(color, file, Mode::Strict)?;
        well &= all_well;
        for document in documents.into_iter().flat_map(k8s_model::decode::Document::unfold) {
            take(document.object, &mut services, &mut slices);
        }
    }
    if !well {
        return Ok(ExitCode::FAILURE);
    }
    address(args, &mut services)?;
    let backed: Vec<Backed<'_>> = services.iter().map(|service| backed(service, &slices)).collect();
    print(&proxy.restore(&backed, &saved))?;
    Ok(ExitCode::SUCCESS)
}

fn proxy(args: &IptablesArgs) -> Proxy {
    Proxy {
        prefix: args.prefix.clone(),
        family: if args.ipv6 { IpFamily::IPv6 } else { IpFamily::IPv4 },
        pods: args.pod_network.map_or(PodTraffic::Unknown, PodTraffic::Network),
        node: Node { name: args.node.clone().unwrap_or_default(), ..Node::default() },
        ..Proxy::default()
    }
}

/// Objects of other kinds are passed over: a file may hold a whole application.
fn take(mut object: Object, services: &mut Vec<Service>, slices: &mut Vec<EndpointSlice>) {
    let in_default = |metadata: &mut ObjectMeta| {
        if metadata.namespace.is_empty() {
            "default".clone_into(&mut metadata.namespace);
        }
    };
    default(&mut object);
    match object {
        Object::Service(mut service) => {
            in_default(&mut service.metadata);
            services.push(*service);
        }
        Object::EndpointSlice(mut slice) => {
            in_default(&mut slice.metadata);
            slices.push(*slice);
        }
        Object::Endpoints(mut endpoints) => {
            in_default(&mut endpoints.metadata);
            slices.extend(mirror(&endpoints));
        }
        _ => {}
    }
}

/// Services without an address or a node port get one, as from an API server.
fn address(args: &IptablesArgs, services: &mut [Service]) -> anyhow::Result<()> {
    let mut allocator = Allocator::new(match &args.service_network {
        networks if networks.is_empty() => Ranges::default(),
        networks => Ranges { addresses: networks.clone(), ..Ranges::default() },
    });
    let asked = services
        .iter()
        .filter(|service| !service.spec.cluster_ip.is_empty() && service.spec.cluster_ip != "None");
    for service in asked {
        // Addresses of a cluster with other networks are as good as any; only what is given out here must not meet them.
        if let Err(errors) = allocator.take(service) {
            tracing::debug!(service = %service.metadata.name, ?errors, "not of these networks");
        }
    }
    for service in services {
        let name = format!("service {}/{}", service.metadata.namespace, service.metadata.name);
        allocator.give(service).with_context(|| name)?;
    }
    Ok(())
}

fn backed<'a>(service: &'a Service, slices: &'a [EndpointSlice]) -> Backed<'a> {
    Backed { service, slices: slices.iter().filter(|slice| slice.is_of(service)).collect() }
}
