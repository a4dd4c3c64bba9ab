//! Against the tools that others made, and as root: each test is decided at run time, and one that cannot run says why and
//! counts as ignored.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests run other programs and say what they skip"
)]

#[path = "peers/actool.rs"]
mod actool;
#[path = "peers/crash.rs"]
mod crash;
#[path = "peers/full_disk.rs"]
mod full_disk;
#[cfg(feature = "trust")]
#[path = "peers/gpg.rs"]
mod gpg;
#[cfg(all(feature = "fetch", feature = "trust"))]
#[path = "peers/obtain.rs"]
mod obtain;
#[path = "peers/oci.rs"]
mod oci;
#[path = "peers/rootfs.rs"]
mod rootfs;
#[cfg(feature = "fetch")]
#[path = "it/fetch/server.rs"]
mod server;
#[cfg(feature = "fetch")]
#[path = "peers/tls.rs"]
mod tls;

use std::path::Path;
use std::process::{Command, ExitCode, Output};

use libtest_mimic::{Arguments, Trial};

/// What a test needs of the machine.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Root,
    Program(&'static str),
}

impl Needs {
    /// Why the need is not met.
    fn missing(self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Root => (!rustix::process::geteuid().is_root()).then(|| "it needs root".to_owned()),
            Self::Program(name) => {
                let path = std::env::var_os("PATH").unwrap_or_default();
                let found = std::env::split_paths(&path).any(|directory| directory.join(name).is_file());
                (!found).then(|| format!("`{name}` is not installed"))
            }
        }
    }
}

fn trial(name: &'static str, needs: &[Needs], run: fn()) -> Trial {
    let missing = needs.iter().find_map(|need| need.missing());
    if let Some(reason) = &missing {
        eprintln!("skipped: {name}: {reason}");
    }
    Trial::test(name, move || {
        run();
        Ok(())
    })
    .with_ignored_flag(missing.is_some())
}

/// Runs a program that must succeed.
fn run(program: &str, arguments: &[&std::ffi::OsStr], directory: &Path) -> Output {
    let output = Command::new(program).args(arguments).current_dir(directory).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn main() -> ExitCode {
    if let Some(directory) = std::env::var_os(crash::VICTIM) {
        crash::victim(Path::new(&directory));
        return ExitCode::SUCCESS;
    }
    use Needs::{Nothing, Program, Root};
    let actool = Program("actool");
    let (buildah, skopeo, busybox) = (Program("buildah"), Program("skopeo"), Program("busybox"));
    #[allow(unused_mut, reason = "features add to it")]
    let mut trials = vec![
        trial("actool_takes_what_we_build", &[actool], actool::takes_what_we_build),
        trial("actool_reads_our_manifest", &[actool], actool::reads_our_manifest),
        trial("we_take_what_actool_builds", &[actool, Program("sha512sum")], actool::we_take_what_it_builds),
        trial("bzip2_is_undone", &[Program("bzip2")], || actool::compressor("bzip2")),
        trial("gzip_is_undone", &[Program("gzip")], || actool::compressor("gzip")),
        trial("xz_is_undone", &[Program("xz")], || actool::compressor("xz")),
        trial("zstd_is_undone", &[Program("zstd")], || actool::compressor("zstd")),
        trial("programs_of_the_host_run_in_the_image", &[Root, Program("chroot")], rootfs::programs_run),
        trial("libraries_by_origin_are_found", &[Root, Program("chroot"), Program("cc")], rootfs::origin),
        trial("extraction_is_as_faithful_as_gnu_tar", &[Root, Program("tar")], rootfs::as_gnu_tar),
        trial("gnu_tar_reads_what_we_build", &[Root, Program("tar")], rootfs::gnu_tar_reads),
        trial("files_with_holes_of_gnu_tar_come_in", &[Program("tar")], rootfs::sparse),
        trial(
            "every_format_of_skopeo_is_the_same_image",
            &[Root, buildah, skopeo, busybox],
            oci::formats_of_skopeo,
        ),
        trial(
            "archives_of_podman_come_in",
            &[Root, buildah, Program("podman"), busybox],
            oci::archives_of_podman,
        ),
        trial(
            "layers_by_gzip_and_zstd_come_in",
            &[Root, buildah, skopeo, Program("umoci"), busybox],
            oci::compressions_of_skopeo,
        ),
        trial(
            "skopeo_umoci_and_podman_take_what_we_export",
            &[Root, skopeo, Program("umoci"), Program("podman"), Program("runc"), busybox],
            oci::exports,
        ),
        trial("a_store_survives_kill_9", &[Nothing], crash::kill_9),
        trial("a_store_survives_a_full_disk", &[Root, Program("mount"), Program("umount")], full_disk::store),
    ];
    #[cfg(feature = "fetch")]
    trials.push(trial("https_with_certificates_of_openssl", &[Program("openssl")], tls::https));
    #[cfg(feature = "trust")]
    trials.extend([
        trial("signatures_of_gpg_hold", &[Program("gpg")], gpg::algorithms),
        trial("what_gpg_and_rpgp_take_and_we_do_not", &[Program("gpg")], gpg::policy),
        trial("keys_in_rkts_layout", &[Program("gpg")], gpg::keystore),
        trial("gpg_takes_our_signatures", &[Program("gpg")], gpg::signing),
    ]);
    #[cfg(all(feature = "fetch", feature = "trust"))]
    trials.extend([
        trial("images_are_had_by_name", &[Program("gpg")], obtain::by_name),
        trial("images_are_had_with_their_dependencies", &[Program("gpg")], obtain::with_dependencies),
    ]);
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
