//! Labels: version, operating system and processor.

use pod_core::image::{Platform, Reference};

use super::NotCarried;
use crate::oci::image_config::ImageConfig;
use crate::oci::{OciError, OciErrorKind};
use crate::{AcIdentifier, Labels, Strength};

/// Processors by Go's names, with their variant, and by App Container's.
const LINUX: [(&str, &str, &str); 13] = [
    ("amd64", "", "amd64"),
    ("386", "", "i386"),
    ("arm64", "", "aarch64"),
    ("arm64be", "", "aarch64_be"),
    ("arm", "v6", "armv6l"),
    ("arm", "v7", "armv7l"),
    // An older program runs on the oldest processor that App Container has a name for.
    ("arm", "v5", "armv6l"),
    ("arm", "v8", "armv7l"),
    ("armbe", "", "armv7b"),
    ("ppc64", "", "ppc64"),
    ("ppc64le", "", "ppc64le"),
    ("s390x", "", "s390x"),
    ("amd64", "v1", "amd64"),
];

const FREEBSD: [(&str, &str, &str); 3] = [("amd64", "", "amd64"), ("386", "", "i386"), ("arm", "v7", "arm")];

const DARWIN: [(&str, &str, &str); 2] = [("amd64", "", "x86_64"), ("386", "", "i386")];

fn table(os: &str) -> &'static [(&'static str, &'static str, &'static str)] {
    match os {
        "linux" => &LINUX,
        "freebsd" => &FREEBSD,
        "darwin" => &DARWIN,
        _ => &[],
    }
}

/// Operating system and processor by App Container's names, as far as it has any. Of a variant that it has none for, the processor
/// counts.
pub(in crate::oci) fn os_and_arch(config: &ImageConfig) -> (Option<String>, Option<&'static str>) {
    let Some(platform) = config.platform() else { return (None, None) };
    let rows = table(&platform.os);
    let exact =
        rows.iter().find(|(arch, variant, _)| platform.architecture == *arch && platform.variant == *variant);
    let any = || rows.iter().find(|(arch, variant, _)| platform.architecture == *arch && variant.is_empty());
    let arch = exact.or_else(any).map(|(_, _, arch)| *arch);
    (Some(platform.os).filter(|os| !os.is_empty()), arch)
}

/// The platform that labels mean.
pub(in crate::oci) fn platform_of(labels: &Labels) -> Option<Platform> {
    let (os, arch) = (labels.value("os")?, labels.value("arch")?);
    let (go, variant, _) = table(os).iter().find(|(_, _, name)| *name == arch)?;
    Some(Platform::new(os, go, variant))
}

pub(in crate::oci) fn labels(
    config: &ImageConfig,
    name: Option<&Reference<'_>>,
    not_carried: &mut Vec<NotCarried>,
) -> Result<Labels, OciError> {
    let (os, arch) = os_and_arch(config);
    if let Some(platform) = config.platform().filter(|_| arch.is_none()) {
        let reason = format!("App Container has no name for `{platform}`");
        not_carried.push(NotCarried::new("architecture", reason));
    }
    let version = name.and_then(|name| match (name.tag(), name.digest()) {
        (Some(tag), _) => Some(tag.to_owned()),
        (None, Some(_)) => None,
        (None, None) => Some("latest".to_owned()),
    });
    let mut labels = Labels::default();
    for (name, value) in [("version", version), ("os", os), ("arch", arch.map(str::to_owned))] {
        if let (Ok(name), Some(value)) = (AcIdentifier::parse(name, Strength::Strict), value) {
            labels.set(name, value).map_err(|error| {
                OciError::caused(OciErrorKind::Unsupported, "cannot carry over the image's platform", error)
            })?;
        }
    }
    Ok(labels)
}
