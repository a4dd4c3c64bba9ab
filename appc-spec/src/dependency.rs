//! Images that an image is built on (specification, `dependencies`).

use crate::json::{Codec, Fault, Node, Object, Writer};
use crate::{AcIdentifier, ImageId, Labels, Strength};

/// An image that another is built on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Its name.
    pub image_name: AcIdentifier,
    /// Its image ID, if it must be exactly that one.
    pub image_id: Option<ImageId>,
    /// Labels that it must have.
    pub labels: Labels,
    /// Its size in bytes as it is fetched; 0 where the manifest does not say.
    pub size: u64,
}

impl Codec for Dependency {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["imageName", "imageID", "labels", "size"])?;
        Ok(Self {
            image_name: object.required("imageName")?,
            image_id: object.optional("imageID")?,
            labels: object.or_default("labels")?,
            size: object.or_default("size")?,
        })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("imageName", &self.image_name);
            object.optional("imageID", self.image_id.as_ref());
            object.optional("labels", Some(&self.labels).filter(|labels| !labels.is_empty()));
            object.optional("size", Some(&self.size).filter(|size| **size > 0));
        });
    }
}
