//! `cnitool`: attaches network namespaces to networks, by hand.

use std::process::ExitCode;

fn main() -> ExitCode {
    podkit_examples::cnitool::main()
}
