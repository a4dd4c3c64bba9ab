//! Small changes of objects: `set image` and `scale`.

use std::str::FromStr;

use super::GenerateError;
use crate::core::PodSpec;
use crate::object::Object;

/// `container=image`; `*` stands for all containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageChange {
    container: String,
    image: String,
}

impl FromStr for ImageChange {
    type Err = GenerateError;

    /// Reads `web=nginx:1.27`.
    ///
    /// # Errors
    ///
    /// On a text without `=`, without a container or without an image.
    fn from_str(text: &str) -> Result<Self, GenerateError> {
        match text.split_once('=') {
            Some((container, image)) if !container.is_empty() && !image.is_empty() => {
                Ok(Self { container: container.to_owned(), image: image.to_owned() })
            }
            _ => Err(GenerateError::new(format!(
                "all resources must be specified as container=image, not `{text}`"
            ))),
        }
    }
}

/// `kubectl set image`; whether anything changed.
///
/// # Errors
///
/// On an object without pods (`Service`), and a container that it has not.
pub fn set_image(object: &mut Object, changes: &[ImageChange]) -> Result<bool, GenerateError> {
    let kind = object.kind().to_owned();
    let spec: &mut PodSpec = match object {
        Object::Pod(pod) => &mut pod.spec,
        other => match other.pod_template_mut() {
            Some(template) => &mut template.spec,
            None => return Err(GenerateError::new(format!("a {kind} has no containers"))),
        },
    };
    let mut changed = false;
    for change in changes {
        let mut found = false;
        for container in spec.init_containers.iter_mut().chain(&mut spec.containers) {
            if change.container == "*" || container.name == change.container {
                found = true;
                changed |= container.image != change.image;
                container.image.clone_from(&change.image);
            }
        }
        if !found {
            let name = &change.container;
            return Err(GenerateError::new(format!("unable to find container named {name:?}")));
        }
    }
    Ok(changed)
}

/// `kubectl scale`: how many pods are wanted; of a Job how many run at once.
///
/// # Errors
///
/// On a negative number, and an object that cannot be scaled (`DaemonSet`).
pub fn scale(object: &mut Object, replicas: i32) -> Result<(), GenerateError> {
    if replicas < 0 {
        return Err(GenerateError::new(
            "the --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    let place = match object {
        Object::Deployment(object) => &mut object.spec.replicas,
        Object::ReplicaSet(object) => &mut object.spec.replicas,
        Object::ReplicationController(object) => &mut object.spec.replicas,
        Object::StatefulSet(object) => &mut object.spec.replicas,
        Object::Job(object) => &mut object.spec.parallelism,
        other => return Err(GenerateError::new(format!("a {} cannot be scaled", other.kind()))),
    };
    *place = Some(replicas);
    Ok(())
}
