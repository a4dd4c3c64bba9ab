//! `cnitool add`, `check` and `del`.

use std::process::ExitCode;

use cni_client::attachment::Attachment;
use cni_client::cache::{load_libcni, remove_libcni};
use cni_client::network::PodNetwork;

use super::cli::{AddArgs, Global, print_json};
use crate::output::{Format, print, table, text};

pub(super) fn add(global: &Global, args: &AddArgs) -> anyhow::Result<ExitCode> {
    let attachment = global.client()?.add(global.network(&args.network)?, args.request()?)?;
    match (global.output, attachment.result()) {
        (Some(Format::Table), _) => print(&summary(&attachment))?,
        (output, Some(result)) => print_json(output, &result.to_json())?,
        (_, None) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// What the namespace has, for people.
fn summary(attachment: &Attachment) -> String {
    let mut table = table(&["INTERFACE", "MAC", "ADDRESSES", "ROUTES"]);
    let network = PodNetwork::of([attachment]);
    for interface in network.interfaces {
        let joined = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join(",");
        let routes = joined(&mut interface.routes.iter().map(|route| match route.gw {
            Some(gateway) => format!("{} via {gateway}", route.dst),
            None => route.dst.to_string(),
        }));
        let addresses = joined(&mut interface.addresses.iter().map(ToString::to_string));
        table.add_row([interface.name, interface.mac, addresses, routes]);
    }
    text(&table)
}

pub(super) fn check(global: &Global, args: &AddArgs) -> anyhow::Result<ExitCode> {
    let (key, mut client) = (args.key()?, global.client()?);
    if client.cache().load(&key)?.is_none()
        && let Some(attachment) = load_libcni(global.libcni_cache(), &key)?
    {
        // Records of libcni before 1.2 do not say where the namespace is.
        client.check_unrecorded(attachment.with_netns(args.request()?.netns))?;
    } else {
        client.check(&key)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn del(global: &Global, args: &AddArgs) -> anyhow::Result<ExitCode> {
    let (key, mut client) = (args.key()?, global.client()?);
    if client.del(&key)? {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(attachment) = load_libcni(global.libcni_cache(), &key)? {
        client.del_unrecorded(attachment.with_netns(args.request()?.netns))?;
        remove_libcni(global.libcni_cache(), &key)?;
    } else {
        client.del_unrecorded(args.unrecorded(global.network(&args.network)?)?)?;
    }
    Ok(ExitCode::SUCCESS)
}
