//! Volumes whose files have known contents (kubelet, volume plugins `configmap`, `secret`, `downwardapi`, `projected`).

use std::collections::BTreeMap;

use pod_core::pod::{FileContent, FileEntry, Template};

use super::{Context, FieldProblem, Problems, field};
use crate::core::{
    ConfigMap, ConfigMapVolumeSource, DownwardApiVolumeFile, DownwardApiVolumeSource, KeyToPath,
    ProjectedVolumeSource, Secret, SecretVolumeSource, VolumeProjection,
};
use crate::path::Path;

/// The permission bits of a file for which none are given.
const FILE_MODE: i32 = 0o644;

/// The files of a volume by their path: where two sources give the same one, the later wins.
type Files = BTreeMap<String, FileEntry>;

fn list(fill: impl FnOnce(&mut Files, &mut Problems)) -> Result<Vec<FileEntry>, Vec<FieldProblem>> {
    let (mut files, mut problems) = (Files::new(), Problems::default());
    fill(&mut files, &mut problems);
    if problems.0.is_empty() { Ok(files.into_values().collect()) } else { Err(problems.0) }
}

/// The files of a volume from a config map. The path is the source's own, such as `spec.volumes[0].configMap`.
///
/// # Errors
///
/// When the config map, or a key that is named, is not there and not optional.
pub fn config_map_files(
    source: &ConfigMapVolumeSource,
    path: &str,
    context: &Context<'_>,
) -> Result<Vec<FileEntry>, Vec<FieldProblem>> {
    let keys = Keys {
        name: &source.name,
        items: &source.items,
        optional: source.optional == Some(true),
        mode: source.default_mode.unwrap_or(FILE_MODE),
    };
    list(|files, problems| keys.config_map(&Path::new(path), "name", context, files, problems))
}

/// The files of a volume from a secret. The path is the source's own, such as `spec.volumes[0].secret`.
///
/// # Errors
///
/// When the secret, or a key that is named, is not there and not optional.
pub fn secret_files(
    source: &SecretVolumeSource,
    path: &str,
    context: &Context<'_>,
) -> Result<Vec<FileEntry>, Vec<FieldProblem>> {
    let keys = Keys {
        name: &source.secret_name,
        items: &source.items,
        optional: source.optional == Some(true),
        mode: source.default_mode.unwrap_or(FILE_MODE),
    };
    list(|files, problems| keys.secret(&Path::new(path), "secretName", context, files, problems))
}

/// The files of a volume with fields of the pod. The path is the source's own, such as `spec.volumes[0].downwardAPI`.
///
/// # Errors
///
/// When a field or a container is named that the pod does not have.
pub fn downward_files(
    source: &DownwardApiVolumeSource,
    path: &str,
    context: &Context<'_>,
) -> Result<Vec<FileEntry>, Vec<FieldProblem>> {
    let mode = source.default_mode.unwrap_or(FILE_MODE);
    list(|files, problems| downward(&source.items, mode, &Path::new(path), context, files, problems))
}

/// The files of a projected volume. The path is the source's own, such as `spec.volumes[0].projected`.
///
/// # Errors
///
/// As for its parts; and for tokens, trust bundles and certificates, which only a cluster gives.
pub fn projected_files(
    source: &ProjectedVolumeSource,
    path: &str,
    context: &Context<'_>,
) -> Result<Vec<FileEntry>, Vec<FieldProblem>> {
    let mode = source.default_mode.unwrap_or(FILE_MODE);
    list(|files, problems| {
        let path = Path::new(path);
        let sources = path.child("sources");
        for (index, projection) in source.sources.iter().enumerate() {
            part(projection, mode, &sources.index(index), context, files, problems);
        }
    })
}

fn part(
    projection: &VolumeProjection,
    mode: i32,
    path: &Path<'_>,
    context: &Context<'_>,
    files: &mut Files,
    problems: &mut Problems,
) {
    if let Some(source) = &projection.config_map {
        let optional = source.optional == Some(true);
        let keys = Keys { name: &source.name, items: &source.items, optional, mode };
        keys.config_map(&path.child("configMap"), "name", context, files, problems);
    }
    if let Some(source) = &projection.secret {
        let optional = source.optional == Some(true);
        let keys = Keys { name: &source.name, items: &source.items, optional, mode };
        keys.secret(&path.child("secret"), "name", context, files, problems);
    }
    if let Some(source) = &projection.downward_api {
        downward(&source.items, mode, &path.child("downwardAPI"), context, files, problems);
    }
    let of_a_cluster = [
        ("serviceAccountToken", projection.service_account_token.is_some(), "a token"),
        ("clusterTrustBundle", projection.cluster_trust_bundle.is_some(), "a trust bundle"),
        ("podCertificate", projection.pod_certificate.is_some(), "a certificate"),
    ];
    for (name, set, what) in of_a_cluster {
        if set {
            problems.add(&path.child(name), format!("{what} comes from a cluster, which is not there"));
        }
    }
}

/// Which keys of an object become which files.
struct Keys<'k> {
    name: &'k str,
    items: &'k [KeyToPath],
    optional: bool,
    mode: i32,
}

impl Keys<'_> {
    fn config_map(
        &self,
        path: &Path<'_>,
        name_field: &str,
        context: &Context<'_>,
        files: &mut Files,
        problems: &mut Problems,
    ) {
        let object = context.objects.config_map(context.namespace(), self.name);
        let content = |object: &ConfigMap, key: &str| {
            let text = object.data.get(key).map(|text| FileContent::Text(Template::from(text.as_str())));
            text.or_else(|| object.binary_data.get(key).map(|bytes| FileContent::Bytes(bytes.0.clone())))
        };
        match object {
            Some(object) => {
                let keys = object.data.keys().chain(object.binary_data.keys());
                self.take(keys, &|key| content(object, key), "config map", path, files, problems);
            }
            None => self.missing("config map", &path.child(name_field), problems),
        }
    }

    fn secret(
        &self,
        path: &Path<'_>,
        name_field: &str,
        context: &Context<'_>,
        files: &mut Files,
        problems: &mut Problems,
    ) {
        let object = context.objects.secret(context.namespace(), self.name);
        let content = |object: &Secret, key: &str| {
            object.data.get(key).map(|bytes| FileContent::Bytes(bytes.0.clone()))
        };
        match object {
            Some(object) => {
                self.take(object.data.keys(), &|key| content(object, key), "secret", path, files, problems);
            }
            None => self.missing("secret", &path.child(name_field), problems),
        }
    }

    fn missing(&self, kind: &str, path: &Path<'_>, problems: &mut Problems) {
        if !self.optional {
            problems.add(path, format!("there is no {kind} `{}`", self.name));
        }
    }

    fn take<'o>(
        &self,
        all: impl Iterator<Item = &'o String>,
        content: &dyn Fn(&str) -> Option<FileContent>,
        kind: &str,
        path: &Path<'_>,
        files: &mut Files,
        problems: &mut Problems,
    ) {
        if self.items.is_empty() {
            for key in all {
                if let Some(content) = content(key) {
                    put(files, key, self.mode, content, path, problems);
                }
            }
        }
        let items = path.child("items");
        for (index, item) in self.items.iter().enumerate() {
            let mode = item.mode.unwrap_or(self.mode);
            match content(&item.key) {
                Some(content) => put(files, &item.path, mode, content, &items.index(index), problems),
                None if self.optional => {}
                None => {
                    let reason = format!("the {kind} `{}` has no key `{}`", self.name, item.key);
                    problems.add(&items.index(index).child("key"), reason);
                }
            }
        }
    }
}

fn downward(
    items: &[DownwardApiVolumeFile],
    mode: i32,
    path: &Path<'_>,
    context: &Context<'_>,
    files: &mut Files,
    problems: &mut Problems,
) {
    let list = path.child("items");
    for (index, item) in items.iter().enumerate() {
        let path = list.index(index);
        let content = match (&item.field_ref, &item.resource_field_ref) {
            (Some(selector), _) => {
                problems.take(&path.child("fieldRef.fieldPath"), field::field(selector, context))
            }
            (None, Some(selector)) => problems
                .take(&path.child("resourceFieldRef"), field::resource(selector, None, context))
                .map(Template::from),
            (None, None) => None,
        };
        if let Some(content) = content {
            put(files, &item.path, item.mode.unwrap_or(mode), FileContent::Text(content), &path, problems);
        }
    }
}

fn put(
    files: &mut Files,
    path: &str,
    mode: i32,
    content: FileContent,
    at: &Path<'_>,
    problems: &mut Problems,
) {
    // A path that leaves the volume must not reach the engine, whoever validated the objects.
    let leaves = path.split('/').any(|part| matches!(part, "" | "." | "..")) || path.contains('\0');
    if leaves {
        problems.add(at, format!("`{}` is no relative path without `..`", path.escape_debug()));
        return;
    }
    let mode = u32::try_from(mode & 0o777).unwrap_or(0o644);
    files.insert(path.to_owned(), FileEntry { path: path.to_owned(), mode, content });
}
