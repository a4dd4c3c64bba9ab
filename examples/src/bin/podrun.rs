//! `podrun`: runs pods.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The engine starts this same program again inside namespaces; then nothing of the command line may run.
    pod_engine::stage1::run_if_asked();
    podkit_examples::podrun::main()
}
