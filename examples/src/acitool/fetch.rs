//! `acitool discover` and `fetch`: images from where they are published.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context, bail};
use appc_spec::archive::{ScanOptions, scan};
use appc_spec::discovery::Endpoint;
use appc_spec::fetch::{Attempt, Body, Client, Fetched, FetchedSignature, Settings};
use appc_spec::trust::{Keystore, Signed};
use appc_spec::{AppString, Labels, Strength};
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
    let discovered = client.discover(&of_this_machine(&args.app)?)?;
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
    let app = of_this_machine(&args.app)?;
    let discovered = client.discover(&app)?;
    told(&discovered.attempts);
    let (image_id, url, signed) = write_beside(&args.out, args.overwrite, |out| {
        let Fetched { endpoint, body, attempts, .. } = client.image(&discovered, None)?;
        told(&attempts);
        let mut file = tempfile::tempfile().context("cannot make a temporary file")?;
        download(&endpoint.image, body, &mut file)?;
        let signed = if args.insecure_no_signature {
            None
        } else {
            Some(verified(&client, &args.keys, &app, &endpoint, &mut file)?)
        };
        // Only now is anything of it looked at.
        file.rewind()?;
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

fn verified(
    client: &Client,
    keys: &KeysArgs,
    app: &AppString,
    endpoint: &Endpoint,
    file: &mut File,
) -> anyhow::Result<Signed> {
    let FetchedSignature::Bytes(signature) = client.signature(endpoint)? else {
        bail!("`{}` is not made yet", endpoint.signature);
    };
    let keyring = keystore(keys).keyring(&app.name)?;
    file.rewind()?;
    let signed = keyring.verify(&signature, file, SystemTime::now());
    signed.with_context(|| format!("image `{}` is not believed", endpoint.image))
}

fn download(url: &str, body: Body, file: &mut File) -> anyhow::Result<()> {
    let Body::New { mut reader, size, .. } = body else { bail!("`{url}` has no content") };
    let progress = Progress::new(format!("fetching {url}"), size.unwrap_or(0));
    let mut buffer = vec![0; 128 << 10];
    let mut done = 0;
    loop {
        let count = reader.read(&mut buffer).with_context(|| format!("cannot fetch `{url}`"))?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else { return Ok(()) };
        file.write_all(read).context("cannot write a temporary file")?;
        done += count as u64;
        progress.set(done);
    }
}

/// The image for this machine, unless the user asks for another's.
fn of_this_machine(app: &AppString) -> anyhow::Result<AppString> {
    let Some((os, arch)) = Labels::host_platform() else { return Ok(app.clone()) };
    let mut app = app.clone();
    for (name, value) in [("os", os), ("arch", arch)] {
        if app.label(name).is_none() {
            app = app.with_label(name.parse()?, value);
        }
    }
    Ok(app)
}

pub(super) fn keystore(args: &KeysArgs) -> Keystore {
    Keystore::new(Some(args.system_keys.clone()), Some(args.keys.clone()))
}

fn client(args: &NetworkArgs) -> anyhow::Result<Client> {
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
