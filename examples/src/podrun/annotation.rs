//! What the annotations of a pod ask of podrun.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cni_client::network::{ANNOTATION, Selection};
use pod_core::pod::{PodSpec, Shared};

/// The namespace of the annotations that are for podrun.
const OURS: &str = "podkit.dev/";
/// Which programs of this machine a container's image is made of; the container's name follows.
const COPY_EXEC: &str = "podkit.dev/copy-exec.";

/// What is wrong with a field of the pod.
#[derive(Debug)]
pub(super) struct Complaint {
    /// The field's path.
    pub(super) field: String,
    /// What is wrong.
    pub(super) message: String,
}

impl Complaint {
    fn new(annotation: &str, message: String) -> Self {
        Self { field: format!("metadata.annotations[{annotation}]"), message }
    }
}

/// What the pod's annotations ask for.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// The programs that an image is made of, by the image's name.
    ///
    /// An image is one thing however many containers run it: what one container's annotation says of it holds for all.
    recipes: BTreeMap<String, Recipe>,
}

#[derive(Debug)]
struct Recipe {
    /// The annotation that says so.
    annotation: String,
    programs: BTreeSet<PathBuf>,
}

impl Wishes {
    /// Those of a pod.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them. An annotation of ours that means nothing is wrong too, for it is a mistake.
    pub(super) fn of(pod: &PodSpec) -> Result<Self, Vec<Complaint>> {
        let mut wishes = Self::default();
        let mut complaints: Vec<_> = network(pod).err().into_iter().collect();
        for (annotation, value) in
            pod.annotations.iter().filter(|(key, _)| key.starts_with(OURS) && *key != ANNOTATION)
        {
            let wish = match annotation.strip_prefix(COPY_EXEC) {
                Some(container) => wishes.copy_exec(pod, container, annotation, value),
                None => Err(format!(
                    "podrun knows no such annotation: it knows `{ANNOTATION}` and `{COPY_EXEC}CONTAINER`"
                )),
            };
            complaints.extend(wish.err().map(|message| Complaint::new(annotation, message)));
        }
        if complaints.is_empty() { Ok(wishes) } else { Err(complaints) }
    }

    fn copy_exec(
        &mut self,
        pod: &PodSpec,
        container: &str,
        annotation: &str,
        value: &str,
    ) -> Result<(), String> {
        let Some(app) = pod.apps.iter().find(|app| app.name.as_str() == container) else {
            return Err(format!("the pod has no container `{container}`"));
        };
        let programs = programs(value)?;
        match self.recipes.get(&app.image) {
            Some(other) if other.programs != programs => Err(format!(
                "image `{}` is made of other programs by `{}`, but one image has one content: name the same programs, or another image",
                app.image, other.annotation
            )),
            Some(_) => Ok(()),
            None => {
                let recipe = Recipe { annotation: annotation.to_owned(), programs };
                self.recipes.insert(app.image.clone(), recipe);
                Ok(())
            }
        }
    }

    /// The programs of that image, when the pod says how it is made.
    pub(super) fn programs(&self, image: &str) -> Option<&BTreeSet<PathBuf>> {
        self.recipes.get(image).map(|recipe| &recipe.programs)
    }
}

/// Paths with commas between.
fn programs(value: &str) -> Result<BTreeSet<PathBuf>, String> {
    let programs = value.split(',').map(str::trim).map(|program| {
        if program.starts_with('/') {
            Ok(PathBuf::from(program))
        } else {
            Err(format!("`{program}` is no absolute path of a program"))
        }
    });
    programs.collect()
}

/// What is wrong with the networks that the pod asks for; which they are is decided when its flags are known.
fn network(pod: &PodSpec) -> Result<(), Complaint> {
    let text = pod.annotations.get(ANNOTATION).map(String::as_str);
    match Selection::of_pod(None, text, pod.isolation.network == Shared::Host) {
        Ok(_) => Ok(()),
        Err(error) => Err(Complaint::new(ANNOTATION, error.to_string())),
    }
}
