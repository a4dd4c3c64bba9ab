//! `imagetool`: reads image names, and moves images between registries and layouts.

use std::process::ExitCode;

fn main() -> ExitCode {
    podkit_examples::imagetool::main()
}
