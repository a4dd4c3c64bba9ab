//! Projected volumes.

use std::collections::BTreeSet;

use super::errors::{Errors, Json};
use super::{meta, names, volume};
use crate::core::{
    ClusterTrustBundleProjection, PodCertificateProjection, ProjectedVolumeSource, VolumeProjection,
};
use crate::path::Path;

const CONFLICT: &str = "conflicting duplicate paths";

/// The types of keys of a pod certificate.
const KEY_TYPES: &[&str] = &["ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096"];

pub(super) fn projected(source: &ProjectedVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    volume::file_mode(source.default_mode, "defaultMode", path, errors);
    let list = path.child("sources");
    let mut files = BTreeSet::new();
    for (index, projection) in source.sources.iter().enumerate() {
        one(projection, path, &list.index(index), &mut files, errors);
    }
}

fn one<'p>(
    projection: &'p VolumeProjection,
    volume_path: &Path<'_>,
    path: &Path<'_>,
    files: &mut BTreeSet<&'p str>,
    errors: &mut Errors,
) {
    let mut count = 0;
    let named = [
        ("secret", projection.secret.as_ref().map(|source| (&source.name, &source.items))),
        ("configMap", projection.config_map.as_ref().map(|source| (&source.name, &source.items))),
    ];
    for (member, source) in named {
        let Some((name, items)) = source else { continue };
        count += 1;
        let path = path.child(member);
        if name.is_empty() {
            errors.required(&path.child("name"), "");
        }
        volume::keys(items, &path, errors);
        for item in items.iter().filter(|item| !item.path.is_empty()) {
            if !files.insert(&item.path) {
                errors.invalid(volume_path, name, CONFLICT);
            }
        }
    }
    if let Some(source) = &projection.downward_api {
        count += 1;
        let path = path.child("downwardAPI");
        for file in &source.items {
            volume::downward_file(file, &path, errors);
            if !file.path.is_empty() && !files.insert(&file.path) {
                errors.invalid(volume_path, &file.path, CONFLICT);
            }
        }
    }
    if let Some(source) = &projection.service_account_token {
        count += 1;
        let expiration = path.child("serviceAccountToken.expirationSeconds");
        let seconds = source.expiration_seconds.unwrap_or(3600);
        if seconds < 600 {
            errors.invalid(&expiration, seconds, "may not specify a duration less than 10 minutes");
        }
        if seconds > 1 << 32 {
            errors.invalid(&expiration, seconds, "may not specify a duration larger than 2^32 seconds");
        }
        // Upstream names a path of the volume here.
        if source.path.is_empty() {
            errors.required(&volume_path.child("path"), "");
        } else {
            volume::local_path(&source.path, &volume_path.child("path"), errors);
        }
    }
    if let Some(source) = &projection.cluster_trust_bundle {
        count += 1;
        trust_bundle(source, &path.child("clusterTrustBundle"), errors);
        if !files.insert(&source.path) {
            errors.invalid(volume_path, &source.path, CONFLICT);
        }
    }
    if let Some(source) = &projection.pod_certificate {
        count += 1;
        pod_certificate(source, volume_path, &path.child("podCertificate"), files, errors);
    }
    if count > 1 {
        errors.forbidden(path, "may not specify more than 1 volume type per source");
    }
}

fn trust_bundle(source: &ClusterTrustBundleProjection, path: &Path<'_>, errors: &mut Errors) {
    match (&source.name, &source.signer_name) {
        (Some(_), Some(_)) => {
            errors.invalid(path, Json(source), "only one of name and signerName may be used");
        }
        (Some(name), None) => {
            if name.is_empty() {
                errors.required(&path.child("name"), "must be a valid object name");
            }
            let messages = names::dns_subdomain(name.rsplit(':').next().unwrap_or_default());
            let messages =
                messages.into_iter().map(|message| format!("not a valid clustertrustbundlename: {message}"));
            errors.invalid_all(&path.child("name"), name, messages);
            if let Some(selector) = &source.label_selector {
                let detail = "labelSelector must be unset if name is specified";
                errors.invalid(&path.child("labelSelector"), Json(selector), detail);
            }
        }
        (None, Some(signer)) => {
            if signer.is_empty() {
                errors.required(&path.child("signerName"), "must be a valid signer name");
            }
            meta::label_selector(source.label_selector.as_deref(), &path.child("labelSelector"), errors);
        }
        (None, None) => errors.required(path, "either name or signerName must be specified"),
    }
    if source.path.is_empty() {
        errors.required(&path.child("path"), "");
    }
    volume::local_path(&source.path, &path.child("path"), errors);
}

fn pod_certificate<'p>(
    source: &'p PodCertificateProjection,
    volume_path: &Path<'_>,
    path: &Path<'_>,
    files: &mut BTreeSet<&'p str>,
    errors: &mut Errors,
) {
    if source.signer_name.is_empty() {
        errors.required(&path.child("signerName"), "");
    }
    if !KEY_TYPES.contains(&source.key_type.as_str()) {
        errors.not_supported(&path.child("keyType"), &source.key_type, KEY_TYPES);
    }
    if let Some(seconds) = source.max_expiration_seconds.filter(|seconds| *seconds < 3600) {
        errors.invalid(
            &path.child("maxExpirationSeconds"),
            seconds,
            "if provided, maxExpirationSeconds must be >= 3600",
        );
    }
    let paths = [
        ("credentialBundlePath", &source.credential_bundle_path),
        ("keyPath", &source.key_path),
        ("certificateChainPath", &source.certificate_chain_path),
    ];
    for (name, file) in paths.iter().filter(|(_, file)| !file.is_empty()) {
        volume::local_path(file, &path.child(name), errors);
        if !files.insert(file) {
            errors.invalid(volume_path, *file, CONFLICT);
        }
    }
    if paths.iter().all(|(_, file)| file.is_empty()) {
        errors.required(
            path,
            "specify at least one of credentialBundlePath, keyPath, and certificateChainPath",
        );
    }
}
