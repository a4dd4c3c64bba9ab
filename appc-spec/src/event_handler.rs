//! Programs that run before an app starts and after it has ended (specification, `app`: `eventHandlers`).

use crate::json::{Codec, Fault, Node, Object, Writer};
use crate::{List, Strength};

/// A program that runs at an event of an app's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHandler {
    /// The event.
    pub event: Event,
    /// The program and its arguments.
    pub exec: List<String>,
}

/// An event of an app's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// Before its program starts, which waits for the handler.
    PreStart,
    /// After its program has ended.
    PostStop,
}

impl Event {
    /// The name in a manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreStart => "pre-start",
            Self::PostStop => "post-stop",
        }
    }
}

impl Codec for EventHandler {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["name", "exec"])?;
        let name: String = object.required("name")?;
        let event = [Event::PreStart, Event::PostStop].into_iter().find(|event| event.as_str() == name);
        let event = event.ok_or_else(|| {
            object.invalid(
                "name",
                format!("`{}` is no event: it is `pre-start` or `post-stop`", name.escape_debug()),
            )
        })?;
        Ok(Self { event, exec: object.or_default("exec")? })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.text("name", self.event.as_str());
            object.member("exec", &self.exec);
        });
    }
}
