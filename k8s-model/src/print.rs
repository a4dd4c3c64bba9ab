//! What `kubectl get` and `describe` print: tables, ages, JSONPath, custom columns.
//!
//! ```
//! use k8s_model::decode::{Mode, decode_str};
//! use k8s_model::print::{Options, table};
//!
//! let text = "{apiVersion: v1, kind: Namespace, metadata: {name: dev, creationTimestamp: 2026-11-25T12:00:00Z}, status: {phase: Active}}";
//! let object = decode_str(text, "", Mode::Strict).documents.remove(0).object;
//! let now = "2026-11-25T13:30:00Z".parse()?;
//! assert_eq!(
//!     table(&[&object], &Options::new(now)),
//!     "NAME   STATUS   AGE\ndev    Active   90m\n",
//! );
//! # Ok::<(), pod_core::ParseTimestampError>(())
//! ```

mod age;
mod cluster;
mod columns;
mod describe;
mod json_path;
mod network;
mod pod;
mod storage;
mod table;
mod workload;

pub use age::{human_duration, since};
pub use columns::{CustomColumns, ParseColumnsError};
pub use describe::describe;
pub use json_path::{JsonPath, JsonPathError, ParseJsonPathError};
pub use table::{Column, Options, Release, Row, Table, row, table};
