//! Which class of controller looks after an ingress.

use std::cmp::Reverse;

use crate::networking::{Ingress, IngressClass};

/// The annotation that named the class before there was a field.
pub(crate) const OLD_CLASS: &str = "kubernetes.io/ingress.class";
/// Says that ingresses without a class get this one.
const IS_DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";

/// The class of an ingress.
#[derive(Debug, Clone, Copy)]
pub enum ClassChoice<'a> {
    /// This one; its `spec.controller` says who looks after the ingress.
    Class(&'a IngressClass),
    /// One of this name, which is not there; a controller may know an old annotation by itself.
    Unknown(&'a str),
    /// None: no controller need look after it.
    None,
}

/// The class of an ingress: that of the old annotation, or of `ingressClassName`, or else the default one, which the admission plugin
/// `DefaultIngressClass` fills in.
#[must_use]
pub fn class_of<'a>(ingress: &'a Ingress, classes: &'a [IngressClass]) -> ClassChoice<'a> {
    let old = ingress.metadata.annotations.get(OLD_CLASS);
    match old.or(ingress.spec.ingress_class_name.as_ref()) {
        Some(name) => match classes.iter().find(|class| class.metadata.name == *name) {
            Some(class) => ClassChoice::Class(class),
            None => ClassChoice::Unknown(name),
        },
        None => default_class(classes).map_or(ClassChoice::None, ClassChoice::Class),
    }
}

/// The class that ingresses without one get: of those that say so the newest, and of these the first by name.
#[must_use]
pub fn default_class(classes: &[IngressClass]) -> Option<&IngressClass> {
    let says = |class: &&IngressClass| {
        class.metadata.annotations.get(IS_DEFAULT).is_some_and(|value| value == "true")
    };
    classes
        .iter()
        .filter(says)
        .min_by_key(|class| (Reverse(class.metadata.creation_timestamp), &class.metadata.name))
}
