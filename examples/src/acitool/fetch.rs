//! `acitool discover` and `fetch`: images from where they are published.

use std::fs;
use std::io::{self, Seek};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context, bail};
use appc_spec::Strength;
use appc_spec::archive::{ScanOptions, scan};
use appc_spec::discovery::Endpoint;
use appc_spec::fetch::{Attempt, Client, Downloaded, Settings, Signature};
use appc_spec::trust::{Keystore, Signed};
use serde::Serialize;

use super::cli::{DiscoverArgs, FetchArgs, KeysArgs, NetworkArgs};
use crate::output::{Format, print};
use crate::place::write_beside;
use crate::progress::Progress;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    image: String,
    signature: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Discovery {
    page: String,
    endpoints: Vec<Place>,
    keys: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    file: PathBuf,
    image_id: String,
    url: String,
    /// The fingerprint of the key that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

pub(super) fn discover(output: Format, args: &DiscoverArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.network)?;
    let discovered = client.discover(&args.app.clone().for_this_machine())?;
    told(&discovered.attempts);
    let place = |one: &Endpoint| Place { image: one.image.clone(), signature: one.signature.clone() };
    let endpoints: Vec<Place> = discovered.found.endpoints.iter().map(place).collect();
    for passed in &discovered.found.passed_over {
        tracing::warn!(template = passed.template, "passed over: {}", passed.error);
    }
    // The keys may be told of on another page.
    let keys = client.discover_keys(&args.app.name).map(|keys| keys.found.keys).unwrap_or_default();
    if output == Format::Table {
        let images =
            endpoints.iter().map(|one| format!("image      {}\nsignature  {}\n", one.image, one.signature));
        let keys = keys.iter().map(|url| format!("keys       {url}\n"));
        print(&images.chain(keys).collect::<String>())?;
    } else {
        output.print(&Discovery { page: discovered.page, endpoints, keys })?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn fetch(output: Format, args: &FetchArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.network)?;
    let app = args.app.clone().for_this_machine();
    let discovered = client.discover(&app)?;
    told(&discovered.attempts);
    let (image_id, url, signed) = write_beside(&args.out, args.overwrite, |out| {
        let keyring = keystore(&args.keys).keyring(&app.name)?;
        let signature = match args.insecure_no_signature {
            true => Signature::Unchecked,
            false => Signature::By(&keyring, SystemTime::now()),
        };
        let mut file = tempfile::tempfile().context("cannot make a temporary file")?;
        let progress = Progress::new(format!("fetching {app}"), 0);
        let mut progress_told = |_: &str, done: u64, _: Option<u64>| progress.set(done);
        let Downloaded { endpoint, signed, attempts, .. } =
            client.download(&discovered, signature, &|_| None, &mut file, &mut progress_told)?;
        told(&attempts);
        // Only now is anything of it looked at.
        let options = ScanOptions::new(Strength::Strict);
        let summary = scan(&endpoint.image, &mut file, &options, &mut |_| {})?;
        if !app.fits(&summary.manifest) {
            bail!("`{}` is another image than `{app}`: its name or a label differs", endpoint.image);
        }
        file.rewind()?;
        io::copy(&mut file, out).context("cannot copy the image")?;
        Ok((summary.image_id, endpoint.image, signed))
    })?;
    let key = signed.map(|signed: Signed| signed.key.to_string());
    output.print(&Report { file: args.out.clone(), image_id: image_id.to_string(), url, key })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn keystore(args: &KeysArgs) -> Keystore {
    Keystore::new(Some(args.system_keys.clone()), Some(args.keys.clone()))
}

pub(super) fn client(args: &NetworkArgs) -> anyhow::Result<Client> {
    let mut settings = Settings::new();
    if let Some(path) = &args.ca_file {
        let pem = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        settings = settings.with_authorities(&pem)?;
    }
    settings.port = args.port;
    settings.plain_http = args.allow_http.clone();
    Ok(Client::new(settings))
}

fn told(attempts: &[Attempt]) {
    for attempt in attempts {
        match &attempt.error {
            Some(error) => tracing::info!("asked in vain: {error}"),
            None => tracing::info!("`{}` says nothing of it", attempt.place),
        }
    }
}
