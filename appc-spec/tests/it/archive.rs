//! Archives: what is built is read, and what is wrong is said.

mod build;
mod extract;
mod hostile;
mod programs;
mod sniff;
mod support;
