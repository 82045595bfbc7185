//! Where the published text lies on this machine, as cargo tells.
//!
//! Knows nothing of what is in it.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `cargo metadata` says of this workspace.
pub(crate) struct Sources {
    metadata: Value,
}

impl Sources {
    /// Asks cargo, which fetches what is not in the registry's folder yet.
    ///
    /// # Errors
    /// If cargo fails, with what it said.
    pub(crate) fn ask() -> Result<Self, String> {
        let output = Command::new(cargo())
            .args(["metadata", "--format-version=1", "--manifest-path"])
            .arg(own_folder().join("Cargo.toml"))
            .output()
            .map_err(|error| format!("cargo metadata: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let metadata = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        Ok(Self { metadata })
    }

    /// The version of a package of others whose version begins with `line`, and the folder of its sources.
    ///
    /// # Errors
    /// If this workspace does not depend on it.
    pub(crate) fn package(&self, name: &str, line: &str) -> Result<(String, PathBuf), String> {
        let packages = self.metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
        packages
            .iter()
            .filter(|package| package["name"] == name)
            .find(|package| package["version"].as_str().is_some_and(|version| version.starts_with(line)))
            .and_then(|package| {
                let folder = Path::new(package["manifest_path"].as_str()?).parent()?;
                Some((package["version"].as_str()?.to_owned(), folder.to_owned()))
            })
            .ok_or_else(|| format!("{name} {line} is not among this workspace's packages"))
    }

    /// Where builds go.
    pub(crate) fn target(&self) -> PathBuf {
        self.folder("target_directory")
    }

    /// The workspace's root.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder("workspace_root")
    }

    fn folder(&self, key: &str) -> PathBuf {
        PathBuf::from(self.metadata[key].as_str().expect("cargo metadata names its folders"))
    }
}

/// The cargo that runs this, or built it.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// The folder of this crate.
pub(crate) fn own_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
