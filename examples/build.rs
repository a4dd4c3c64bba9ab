//! How the programs are linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |name: &str| std::env::var(name).unwrap_or_default();
    // podrun starts itself again for each pod and each app, and stays beside a pod as its monitor. At a fixed address its tables of
    // pointers are the file's own pages; a position-independent one writes to all 150 of them, each time (benches/benches/start.rs).
    // The stack, the heap and the libraries are still where nobody can guess.
    if target("CARGO_CFG_TARGET_OS") == "linux" && target("CARGO_CFG_TARGET_ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bin=podrun=-no-pie");
    }
}
