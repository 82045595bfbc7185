//! The standard library's sources, out of Debian's package `rust-web-src`.
//!
//! Knows nothing of what is in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = "rust-web-src";

/// The name of the package with its version, and the folder `library`, which is unpacked below `place` if it is not there.
///
/// # Errors
/// If the package cannot be had, with what apt said.
pub(crate) fn std_library(place: &Path) -> Result<(String, PathBuf), String> {
    if let Ok(found) = find(place) {
        return Ok(found);
    }
    fs::create_dir_all(place).map_err(|error| format!("{}: {error}", place.display()))?;
    run(Command::new("apt-get").args(["download", PACKAGE]).current_dir(place))
        .map_err(|error| format!("{error}\n(the list of packages may be old: apt-get update)"))?;
    let archive = entries(place)?
        .into_iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or_else(|| format!("apt-get has left no package in {}", place.display()))?;
    run(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(place))?;
    find(place)
}

/// `usr/src/rustc-1.96.0/library`.
fn find(place: &Path) -> Result<(String, PathBuf), String> {
    let src = place.join("usr").join("src");
    entries(&src)?
        .into_iter()
        .find_map(|folder| {
            let library = folder.join("library");
            let version = folder.file_name()?.to_str()?.strip_prefix("rustc-")?;
            library.join("std").is_dir().then(|| (format!("std::net {version}"), library))
        })
        .ok_or_else(|| format!("{PACKAGE} holds no sources of the standard library"))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>();
    read().map_err(|error| format!("{}: {error}", folder.display()))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
}
