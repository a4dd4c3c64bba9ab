//! `kubetool`: reads Kubernetes manifests, and says what is wrong with them.

use std::process::ExitCode;

fn main() -> ExitCode {
    podkit_examples::kubetool::main()
}
