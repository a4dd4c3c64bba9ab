//! podrun
fn main() {}
