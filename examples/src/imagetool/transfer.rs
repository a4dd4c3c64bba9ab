//! Images to and from registries.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use pod_core::image::{Keyring, Platform, Reference};
use pod_core::registry::{Layout, Progress as Step, Remote};
use serde_json::json;

use super::cli::{CopyArgs, InspectArgs, PlatformArgs, PullArgs, PushArgs};
use crate::output::{Format, print};
use crate::progress::Progress;

pub(super) fn pull(args: &PullArgs) -> anyhow::Result<ExitCode> {
    let (client, name) = (args.registry.client("imagetool", Keyring::new())?, reference(&args.image)?);
    let layout = Layout::create(&args.layout)?;
    let bar = Bar::new(&name);
    let told = |step: Step<'_>| bar.tell(step);
    let pulled = on(client.image(&name), &args.platform).progress(&told).pull(&layout)?;
    drop(bar);
    print(&format!("{}\n", pulled.root.digest))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn push(args: &PushArgs) -> anyhow::Result<ExitCode> {
    let (client, name) = (args.registry.client("imagetool", Keyring::new())?, reference(&args.image)?);
    let layout = Layout::open(&args.layout)?;
    let image = layout.find(&reference(args.from.as_deref().unwrap_or(&args.image))?)?;
    client.image(&name).push(&layout, &image)?;
    print(&format!("{}\n", image.digest))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn inspect(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let (client, name) = (args.registry.client("imagetool", Keyring::new())?, reference(&args.image)?);
    let image = client.image(&name);
    let image = args.platform.clone().into_iter().fold(image, Remote::for_platform);
    let seen = image.inspect()?;
    let config: serde_json::Value =
        serde_json::from_slice(&seen.config).context("the configuration is not JSON")?;
    Format::Json.print(&json!({
        "name": name.to_string(), "digest": seen.root.descriptor.digest, "mediaType": seen.root.descriptor.media_type,
        "manifest": seen.descriptor, "layers": seen.manifest.layers, "config": config
    }))?;
    Ok(ExitCode::SUCCESS)
}

/// By way of a layout that is thrown away.
pub(super) fn copy(args: &CopyArgs) -> anyhow::Result<ExitCode> {
    let client = args.registry.client("imagetool", Keyring::new())?;
    let (from, to) = (reference(&args.from)?, reference(&args.to)?);
    let folder = tempfile::tempdir().context("cannot make a temporary directory")?;
    let layout = Layout::create(folder.path())?;
    let pulled = on(client.image(&from), &args.platform).pull(&layout)?;
    client.image(&to).push(&layout, &pulled.image)?;
    print(&format!("{}\n", pulled.image.digest))?;
    Ok(ExitCode::SUCCESS)
}

/// How far all blobs of an image are.
struct Bar {
    bar: Progress,
    blobs: Mutex<BTreeMap<String, u64>>,
}

impl Bar {
    fn new(name: &Reference<'_>) -> Self {
        let bar = Progress::new(format!("pulling {}", name.familiar()), 0);
        Self { bar, blobs: Mutex::default() }
    }

    fn tell(&self, step: Step<'_>) {
        if let Step::Advanced { blob, done } = step {
            let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
            blobs.insert(blob.digest.to_string(), done);
            self.bar.set(blobs.values().sum());
        }
    }
}

fn on<'a>(image: Remote<'a>, args: &PlatformArgs) -> Remote<'a> {
    if args.all {
        return image;
    }
    image.for_platform(args.platform.clone().unwrap_or_else(Platform::of_this_program))
}

fn reference(text: &str) -> anyhow::Result<Reference<'_>> {
    let name = text.strip_prefix("docker://").unwrap_or(text);
    Reference::parse(name).with_context(|| format!("`{}`", text.escape_debug()))
}
