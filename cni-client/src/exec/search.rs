//! Finding the program of a plugin.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::name::PluginType;
use crate::plugins::Failure;

/// The first executable file with the plugin's name in the folders.
///
/// libcni takes the first regular file and fails when that cannot be executed; here the search goes on, and the file is
/// named if there is no better one.
pub(super) fn find(plugin: &PluginType, folders: &[PathBuf]) -> Result<PathBuf, Failure> {
    let mut unfit = None;
    for folder in folders {
        let program = folder.join(plugin.as_str());
        match fs::metadata(&program) {
            Ok(metadata) if !metadata.is_file() => {}
            Ok(metadata) if metadata.permissions().mode() & 0o111 != 0 => return Ok(program),
            Ok(_) => {
                let source = io::Error::new(io::ErrorKind::PermissionDenied, "it is not executable");
                unfit.get_or_insert((program, source));
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => {
                unfit.get_or_insert((program, error));
            }
        }
    }
    match unfit {
        Some((program, source)) => Err(Failure::Start { program, source: source.into() }),
        None => Err(Failure::NotFound { searched: folders.to_owned() }),
    }
}
