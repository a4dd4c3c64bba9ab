//! podkit.
