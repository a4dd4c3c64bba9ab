//! `kubetool bind`: which volume each claim gets.

use std::process::ExitCode;
use std::time::SystemTime;

use k8s_model::encode::Encode;
use k8s_model::object::Object;
use k8s_model::print::{Options, table};
use k8s_model::volume_binding::Storage;
use pod_core::Timestamp;

use super::cli::cluster::BindArgs;
use super::manifest::{applied, write};
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &BindArgs) -> anyhow::Result<ExitCode> {
    let Some(objects) = applied(color, &args.files)? else { return Ok(ExitCode::FAILURE) };
    let mut storage = Storage::default();
    for mut object in objects {
        if let Object::PersistentVolumeClaim(claim) = &mut object
            && claim.metadata.uid.is_empty()
        {
            claim.metadata.uid = format!("{}/{}", claim.metadata.namespace, claim.metadata.name);
        }
        storage.take(object);
    }
    let plan = storage.reconcile();
    let volumes = plan.volumes.into_iter().map(|volume| Object::PersistentVolume(Box::new(volume)));
    let claims = plan.claims.into_iter().map(|claim| Object::PersistentVolumeClaim(Box::new(claim)));
    let changed: Vec<Object> = volumes.chain(claims).collect();
    if let Some(output) = args.output {
        let all = changed.iter().map(|object| (object as &dyn Encode, object.resource_name()));
        print(&write(output, all))?;
        return Ok(ExitCode::SUCCESS);
    }
    for object in changed {
        storage.take(object);
    }
    let volumes = storage.volumes().cloned().map(|volume| Object::PersistentVolume(Box::new(volume)));
    let claims = storage.claims().cloned().map(|claim| Object::PersistentVolumeClaim(Box::new(claim)));
    let all: Vec<Object> = volumes.chain(claims).collect();
    let options = Options::new(Timestamp::from(SystemTime::now()));
    let mut text = table(&all.iter().collect::<Vec<_>>(), &options);
    for step in plan.steps {
        text.push_str(&format!("{step}\n"));
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
