//! `acitool trust`, `verify` and `sign`: who is believed to have made an image.

use std::fs::{self, File};
use std::io::{self, BufRead, Seek};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context, bail};
use appc_spec::archive::{ScanOptions, scan};
use appc_spec::trust::{Fingerprint, PublicKey, Scope, SecretKey};
use appc_spec::{AcIdentifier, Strength};
use pod_core::Timestamp;
use serde::Serialize;

use super::cli::{NetworkArgs, ScopeArgs, SignArgs, TrustArgs, TrustCommand, VerifyArgs};
use super::fetch::{client, keystore};
use crate::output::{Format, print};
use crate::place::write_beside;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    fingerprint: String,
    /// `*` for all images, else the prefix of their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    owners: Vec<String>,
    /// Why it may not sign now, or that it is taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    file: PathBuf,
    image_id: String,
    key: String,
    owners: Vec<String>,
    signed: Timestamp,
}

pub(super) fn trust(output: Format, args: &TrustArgs) -> anyhow::Result<ExitCode> {
    let store = keystore(&args.keys);
    let mut listed = Vec::new();
    match &args.command {
        TrustCommand::Add { network, scope, fingerprint, file } => {
            let scope = scope.scope()?;
            let offered = match (file, &scope) {
                (Some(file), _) => read_keys(file)?,
                (None, Scope::Prefix(prefix)) => discovered_keys(network, prefix)?,
                (None, Scope::Root) => bail!("keys for all images come from a file: name it"),
            };
            let chosen = choose(offered, fingerprint, file.is_none())?;
            for key in chosen {
                key.check(SystemTime::now()).with_context(|| format!("the key `{}`", key.fingerprint()))?;
                let path = store.trust(&key, &scope)?;
                listed.push(Listed { path: Some(path), ..Listed::of(&key, Some(&scope)) });
            }
        }
        TrustCommand::Remove { scope, fingerprint } => {
            if !store.distrust(fingerprint, &scope.scope()?)? {
                bail!("there is no key `{fingerprint}` for these images");
            }
            return Ok(ExitCode::SUCCESS);
        }
        TrustCommand::List => {
            for stored in store.list()? {
                let mut shown = match &stored.key {
                    Some(key) => Listed::of(key, Some(&stored.scope)),
                    None => Listed {
                        fingerprint: stored.fingerprint.to_string(),
                        scope: Some(shown(&stored.scope)),
                        owners: vec![],
                        fault: Some("taken back".to_owned()),
                        path: None,
                    },
                };
                shown.path = Some(stored.path);
                listed.push(shown);
            }
        }
        TrustCommand::Show { file } => {
            listed.extend(read_keys(file)?.iter().map(|key| Listed::of(key, None)));
        }
    }
    match output {
        Format::Table => print(&listed.iter().map(Listed::line).collect::<String>())?,
        Format::Json | Format::Yaml => output.print(&listed)?,
    }
    Ok(ExitCode::SUCCESS)
}

impl ScopeArgs {
    fn scope(&self) -> anyhow::Result<Scope> {
        match (&self.prefix, self.root) {
            (Some(prefix), false) => Ok(Scope::Prefix(prefix.clone())),
            (None, true) => Ok(Scope::Root),
            _ => bail!("either `--prefix` or `--root`"),
        }
    }
}

/// The keys that are wanted of those that are there.
fn choose(
    offered: Vec<PublicKey>,
    wanted: &[Fingerprint],
    from_network: bool,
) -> anyhow::Result<Vec<PublicKey>> {
    if let Some(missing) = wanted.iter().find(|one| !offered.iter().any(|key| key.fingerprint() == *one)) {
        bail!("no key there has the fingerprint `{missing}`");
    }
    if wanted.is_empty() && from_network {
        let lines: String = offered.iter().map(|key| Listed::of(key, None).line()).collect();
        bail!(
            "keys from the network are believed by `--fingerprint`; these are there:\n{}",
            lines.trim_end()
        );
    }
    Ok(offered.into_iter().filter(|key| wanted.is_empty() || wanted.contains(key.fingerprint())).collect())
}

/// The keys of a name, from where its pages say.
fn discovered_keys(network: &NetworkArgs, name: &AcIdentifier) -> anyhow::Result<Vec<PublicKey>> {
    let client = client(network)?;
    let mut keys: Vec<PublicKey> = Vec::new();
    for url in client.discover_keys(name)?.found.keys {
        let read = PublicKey::read_all(&client.keys(&url)?).with_context(|| format!("`{url}`"))?;
        keys.extend(read);
    }
    Ok(keys)
}

fn shown(scope: &Scope) -> String {
    match scope {
        Scope::Root => "*".to_owned(),
        Scope::Prefix(prefix) => prefix.to_string(),
    }
}

impl Listed {
    fn of(key: &PublicKey, scope: Option<&Scope>) -> Self {
        Self {
            fingerprint: key.fingerprint().to_string(),
            scope: scope.map(shown),
            owners: key.owners(),
            fault: key.check(SystemTime::now()).err().map(|error| error.to_string()),
            path: None,
        }
    }

    fn line(&self) -> String {
        let scope = self.scope.iter().map(|scope| format!("  {scope}"));
        let owners = self.owners.iter().map(|owner| format!("  {}", owner.escape_debug()));
        let fault = self.fault.iter().map(|fault| format!("  ({fault})"));
        let rest: String = scope.chain(owners).chain(fault).collect();
        format!("{}{rest}\n", self.fingerprint)
    }
}

pub(super) fn read_keys(file: &Path) -> anyhow::Result<Vec<PublicKey>> {
    let doing = || format!("`{}`", file.display());
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", doing()))?;
    PublicKey::read_all(&bytes).with_context(doing)
}

pub(super) fn verify(output: Format, args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let name = args.file.display().to_string();
    let signature_path = args.signature.clone().unwrap_or_else(|| beside(&args.file));
    let signature = fs::read(&signature_path)
        .with_context(|| format!("cannot read the signature `{}`", signature_path.display()))?;
    let mut keyring = keystore(&args.keys).keyring(&args.name.name)?;
    if !args.pin.is_empty() {
        keyring = keyring.pinned(args.pin.iter().cloned());
    }
    let mut file = File::open(&args.file).with_context(|| format!("cannot open `{name}`"))?;
    let signed = keyring.verify(&signature, &mut file, SystemTime::now()).with_context(|| name.clone())?;
    file.rewind()?;
    let summary = scan(&name, file, &ScanOptions::new(Strength::Compat), &mut |_| {})?;
    if !args.name.fits(&summary.manifest) {
        bail!("`{name}` is another image than `{}`: its name or a label differs", args.name);
    }
    let report = Verified {
        file: args.file.clone(),
        image_id: summary.image_id.to_string(),
        key: signed.key.to_string(),
        owners: signed.owners,
        signed: Timestamp::from(signed.at),
    };
    match output {
        Format::Table => {
            let owners = report.owners.join(", ");
            print(&format!("{name}: signed by {} ({owners}) on {}\n", report.key, report.signed))?;
        }
        Format::Json | Format::Yaml => output.print(&report)?,
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn sign(_: Format, args: &SignArgs) -> anyhow::Result<ExitCode> {
    let bytes = fs::read(&args.key)
        .with_context(|| format!("cannot read the secret key `{}`", args.key.display()))?;
    let mut password = String::new();
    if !args.no_password {
        io::stdin().lock().read_line(&mut password).context("cannot read the password")?;
    }
    let key = SecretKey::read(&bytes, password.trim_end_matches(['\r', '\n']))?;
    for path in &args.files {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot open `{name}`"))?;
        let signature = key.sign(file).with_context(|| name.clone())?;
        write_beside(&beside(path), args.overwrite, |out| Ok(out.write_all(signature.as_bytes())?))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The signature of a file, as the specification names it.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".asc");
    PathBuf::from(name)
}
