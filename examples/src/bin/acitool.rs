//! `acitool`: makes, checks and unpacks App Container images.

use std::process::ExitCode;

fn main() -> ExitCode {
    podkit_examples::acitool::main()
}
