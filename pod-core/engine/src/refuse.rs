//! What a pod may ask for and this engine does not do: refused by name before anything is made.

use pod_core::pod::{App, Handler, HttpScheme, PodSpec, VolumeSource};

use crate::error::Error;
use crate::userns::Maps;

/// Checks that everything in a specification is done here.
pub(crate) fn check(spec: &PodSpec) -> Result<(), Error> {
    if spec.apps.is_empty() {
        return Err(Error::refused("apps", "a pod without apps cannot run"));
    }
    for (index, app) in spec.apps.iter().enumerate() {
        if spec.apps.iter().take(index).any(|other| other.name == app.name) {
            return Err(Error::refused(format!("app `{}`", app.name), "there is another app of that name"));
        }
        check_app(spec, app)?;
    }
    Ok(())
}

/// Checks that the users and groups that a specification names exist in this process's user namespace.
pub(crate) fn check_identifiers(spec: &PodSpec, maps: &Maps) -> Result<(), Error> {
    let number = |text: &str| text.parse::<u32>().ok();
    for app in &spec.apps {
        let security = &app.security;
        let user = security.user.as_deref().unwrap_or_default();
        let (user, group) = user.split_once(':').map_or((user, None), |(user, group)| (user, Some(group)));
        let subject = |what: &str| format!("app `{}`: {what}", app.name);
        if let Some(uid) = number(user) {
            exists(maps.has_user(uid), subject("user"), uid)?;
        }
        for gid in group.into_iter().chain(security.group.as_deref()).filter_map(number) {
            exists(maps.has_group(gid), subject("group"), gid)?;
        }
        for gid in &security.supplementary_groups {
            exists(maps.has_group(*gid), subject("supplementary group"), *gid)?;
        }
    }
    if let Some(gid) = spec.fs_group {
        exists(maps.has_group(gid), "the pod's group for volumes".to_owned(), gid)?;
    }
    for volume in &spec.volumes {
        if let VolumeSource::EmptyDir { uid, gid, .. } = volume.source {
            exists(maps.has_user(uid), format!("volume `{}`: owner", volume.name), uid)?;
            exists(maps.has_group(gid), format!("volume `{}`: group", volume.name), gid)?;
        }
    }
    Ok(())
}

fn exists(there: bool, subject: String, id: u32) -> Result<(), Error> {
    if there {
        return Ok(());
    }
    let why = "it does not exist in your user namespace: root could add it, with ranges for you in `/etc/subuid` and `/etc/subgid`";
    Err(Error::refused(format!("{subject} {id}"), why))
}

fn check_app(spec: &PodSpec, app: &App) -> Result<(), Error> {
    let name = &app.name;
    for mount in &app.mounts {
        let refused = |why| Error::refused_app(name, format_args!("mount at `{}`", mount.path), why);
        if spec.volume(&mount.volume).is_none() {
            return Err(refused(format!("the pod has no volume `{}`", mount.volume)));
        }
        if !mount.path.starts_with('/') {
            return Err(refused("it is not an absolute path".to_owned()));
        }
    }
    if let Some(signal) = app.stop_signal {
        check_stop_signal(signal).map_err(|why| Error::refused_app(name, "stop signal", why))?;
    }
    let hooks = [
        ("pre-start hook", &app.hooks.pre_start),
        ("postStart hook", &app.hooks.post_start),
        ("preStop hook", &app.hooks.pre_stop),
        ("post-stop hook", &app.hooks.post_stop),
    ];
    for (what, handler) in hooks {
        if let Some(handler) = handler {
            check_handler(handler).map_err(|why| Error::refused_app(name, what, why))?;
        }
    }
    for (what, handler) in
        [("pre-start hook", &app.hooks.pre_start), ("post-stop hook", &app.hooks.post_stop)]
    {
        if matches!(handler, Some(handler) if !matches!(handler, Handler::Exec { .. })) {
            return Err(Error::refused_app(name, what, "it can only run a command"));
        }
    }
    let probes = [
        ("startup probe", &app.probes.startup),
        ("liveness probe", &app.probes.liveness),
        ("readiness probe", &app.probes.readiness),
    ];
    for (what, probe) in probes {
        let Some(probe) = probe else { continue };
        let why = match &probe.handler {
            Handler::Sleep { .. } => Err("sleep asks nothing; it is for hooks only"),
            handler => check_handler(handler),
        };
        why.map_err(|why| Error::refused_app(name, what, why))?;
    }
    Ok(())
}

fn check_handler(handler: &Handler) -> Result<(), &'static str> {
    match handler {
        Handler::HttpGet { scheme: HttpScheme::Https, .. } if !cfg!(feature = "tls") => {
            Err("HTTPS needs the feature `tls` of pod-engine, which this program was built without")
        }
        Handler::Exec { command } if command.is_empty() => Err("it names no command"),
        Handler::Exec { .. }
        | Handler::HttpGet { .. }
        | Handler::TcpSocket { .. }
        | Handler::Grpc { .. }
        | Handler::Sleep { .. } => Ok(()),
    }
}

/// Checks that a signal can be sent.
pub(crate) fn check_stop_signal(signal: i32) -> Result<(), String> {
    // 32 and 33 are the C library's own.
    match signal {
        1..=31 | 34..=64 => Ok(()),
        _ => Err(format!("{signal} is no signal: 1 to 31, or a real-time one from 34 to 64")),
    }
}
