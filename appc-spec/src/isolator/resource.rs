//! Amounts of resources (specification, "Resource Isolators").

use pod_core::quantity::Quantity;

use crate::Strength;
use crate::json::{Codec, Fault, Node, Object, Value, Writer, wrong_type};

/// How much of a resource an app asks for, and how much it may use at most.
///
/// The specification gives a missing request the value of the limit: [`Resource::request_or_limit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// What it asks for.
    pub request: Option<Quantity>,
    /// What it may use at most.
    pub limit: Option<Quantity>,
}

/// The most that is used of a resource of all devices or networks that nothing else is said of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceDefault {
    /// What it may use at most.
    pub limit: Option<Quantity>,
}

impl Resource {
    /// What it asks for: the request, else the limit.
    #[must_use]
    pub fn request_or_limit(&self) -> Option<&Quantity> {
        self.request.as_ref().or(self.limit.as_ref())
    }
}

const MEMBERS: [&str; 3] = ["default", "request", "limit"];

impl Codec for Resource {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &MEMBERS)?;
        if object.or_default::<bool>("default")? {
            return Err(object.invalid("default", "this resource has no default to set: it must be false"));
        }
        let resource = Self {
            request: amount(&object, "request", strength)?,
            limit: amount(&object, "limit", strength)?,
        };
        if let (Some(request), Some(limit), Strength::Strict) = (&resource.request, &resource.limit, strength)
            && request > limit
        {
            return Err(object
                .invalid("request", format!("the request `{request}` is more than the limit `{limit}`")));
        }
        Ok(resource)
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            for (name, amount) in [("request", &self.request), ("limit", &self.limit)] {
                if let Some(amount) = amount {
                    object.text(name, &amount.to_string());
                }
            }
        });
    }
}

impl Codec for ResourceDefault {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &MEMBERS)?;
        if !object.or_default::<bool>("default")? {
            return Err(
                object.invalid("default", "this resource has only its default to set: it must be true")
            );
        }
        if object.node_of("request").is_some() {
            return Err(object.invalid("request", "this resource has no request"));
        }
        Ok(Self { limit: amount(&object, "limit", strength)? })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("default", &true);
            if let Some(limit) = &self.limit {
                object.text("limit", &limit.to_string());
            }
        });
    }
}

fn amount(
    object: &Object<'_, '_>,
    name: &'static str,
    strength: Strength,
) -> Result<Option<Quantity>, Fault> {
    let Some(node) = object.node_of(name) else { return Ok(None) };
    let fail = |fault: Fault| fault.within(name);
    let amount = quantity(node).map_err(fail)?;
    if strength.is_strict() {
        if amount.is_negative() {
            return Err(fail(Fault::value(node, format!("`{amount}` is negative"))));
        }
        if amount.value().is_none() {
            return Err(fail(Fault::value(node, format!("`{amount}` is more than 64 bits hold"))));
        }
    }
    Ok(Some(amount))
}

/// A quantity as a string or a number; both by the text.
fn quantity(node: &Node<'_>) -> Result<Quantity, Fault> {
    let text = match &node.value {
        Value::Text(text) => text.trim(),
        Value::Number(text) => text,
        _ => return Err(wrong_type(node, "a quantity, such as `\"500m\"` or 2,")),
    };
    text.parse().map_err(|error| Fault::value(node, error))
}
