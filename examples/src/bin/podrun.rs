//! `podrun`: runs pods.

use std::process::ExitCode;

fn main() -> ExitCode {
    podkit_examples::podrun::main()
}
