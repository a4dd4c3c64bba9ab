//! Which volume fulfils which mount point (specification, "Volume Setup"; rkt, `GenerateMounts`).

use crate::{App, MountPoint, PodManifest, RuntimeApp, Volume};

/// A place in an app, with the volume that appears there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fulfilled<'m> {
    /// Where the pod or the app says so.
    pub by: FulfilledBy,
    /// The path in the app.
    pub path: &'m str,
    /// The mount point at that path, if the app has one.
    pub mount_point: Option<&'m MountPoint>,
    /// The volume; `None` when there is none of the wanted name.
    pub volume: Option<&'m Volume>,
    /// Whether the app may not write there: what the volume says, else what the mount point says.
    pub read_only: bool,
}

/// What says that a volume appears at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FulfilledBy {
    /// The mount of this index in the pod's `apps[].mounts`.
    Mount(usize),
    /// The mount point of this index in the app's `mountPoints`, by its name.
    MountPoint(usize),
}

impl RuntimeApp {
    /// Every place where the app has or wants a volume: the pod's mounts for it in order, then the mount points at whose path no
    /// mount is, each with the volume of its own name.
    #[must_use]
    pub fn fulfil<'m>(&'m self, app: &'m App, pod: &'m PodManifest) -> Vec<Fulfilled<'m>> {
        let named = |name: &str| pod.volumes.iter().find(|volume| volume.name == *name);
        let place =
            |by, path: &'m str, point: Option<&'m MountPoint>, volume: Option<&'m Volume>| Fulfilled {
                by,
                path,
                mount_point: point,
                volume,
                read_only: volume
                    .and_then(|volume| volume.read_only)
                    .unwrap_or_else(|| point.is_some_and(|point| point.read_only)),
            };
        let mounts = self.mounts.iter().enumerate().map(|(index, mount)| {
            let point = app.mount_points.iter().find(|point| same_path(&point.path, &mount.path));
            let volume = mount.app_volume.as_ref().or_else(|| named(mount.volume.as_str()));
            place(FulfilledBy::Mount(index), &mount.path, point, volume)
        });
        let free = |point: &MountPoint| !self.mounts.iter().any(|mount| same_path(&mount.path, &point.path));
        let points = app.mount_points.iter().enumerate().filter(|(_, point)| free(point));
        let points = points.map(|(index, point)| {
            place(FulfilledBy::MountPoint(index), &point.path, Some(point), named(point.name.as_str()))
        });
        mounts.chain(points).collect()
    }
}

/// Whether two paths are the same but for repeated slashes and dots.
fn same_path(a: &str, b: &str) -> bool {
    fn parts(path: &str) -> impl Iterator<Item = &str> {
        path.split('/').filter(|part| !matches!(*part, "" | "."))
    }
    parts(a).eq(parts(b))
}
