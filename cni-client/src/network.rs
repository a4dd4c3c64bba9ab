//! The networks of a pod, in the language of rkt's `--net`: which ones, from where, under which interface names.
//!
//! [`Selection`] reads what a user asked for, [`Layer`]s hold what there is, [`resolve`] brings both together.
//!
//! ```
//! use cni_client::network::{Layer, Selection, resolve};
//!
//! let Selection::Networks(wanted) = "default,db:IP=fd00::7".parse()? else { unreachable!() };
//! let user = Layer::new("/etc/podkit/net.d").with(
//!     "10-db.conflist",
//!     r#"{"cniVersion": "1.0.0", "name": "db", "plugins": [{"type": "bridge"}]}"#.parse()?,
//! );
//! let joined = resolve(&wanted, &[Layer::builtin(), user])?.networks;
//! // The order is that of the files, whatever the user's order was.
//! assert_eq!((joined[0].interface.as_str(), joined[0].config.name().as_str()), ("eth0", "db"));
//! assert_eq!((joined[1].interface.as_str(), joined[1].config.name().as_str()), ("eth1", "default"));
//! assert_eq!(joined[0].args.get("IP"), Some("fd00::7"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod choice;
mod layer;
mod ports;
mod publish;
mod selection;
mod summary;

pub use choice::{ANNOTATION, ChooseError};
pub use layer::{Joined, Layer, MissingNetworks, Remark, Resolved, resolve};
pub use ports::{
    PortError, check_ports_free, check_ports_lead, first_conflict, port_network, with_port_mappings,
    with_ports,
};
pub use publish::{ParsePublishError, Publish};
pub use selection::{ParseSelectionError, Selection, Wanted};
pub use summary::{PodInterface, PodNetwork};
