//! The files of the repository. Knows no rule, and of git only the simplest lines of `.gitignore`.

use crate::source::Source;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files of one checkout.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    ignored: Vec<String>,
}

impl Tree {
    /// The checkout at `root`.
    ///
    /// # Errors
    /// If its `.gitignore` cannot be read.
    pub fn new(root: PathBuf) -> io::Result<Self> {
        let ignored = fs::read_to_string(root.join(".gitignore"))?
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        Ok(Self { root, ignored })
    }

    /// The names in the root folder that git would see.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn top_level(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != ".git" && !is_ignored(&self.ignored, &name) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// All files that git would see, relative to the root, with `/`.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn files(&self) -> io::Result<Vec<String>> {
        let mut files = Vec::new();
        let mut folders: Vec<String> = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.root.join(&folder))? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                if path == ".git" || is_ignored(&self.ignored, &path) {
                    continue;
                }
                if entry.file_type()?.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        Ok(files)
    }

    /// All Rust files.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn sources(&self) -> io::Result<Vec<Source>> {
        let files = self.files()?.into_iter().filter(|path| path.ends_with(".rs"));
        files.map(|path| Ok(Source::new(&*path, self.read(&path)?))).collect()
    }

    /// The text of one file.
    ///
    /// # Errors
    /// If it cannot be read, or is no text.
    pub fn read(&self, path: &str) -> io::Result<String> {
        fs::read_to_string(self.root.join(path))
    }

    /// The root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// Whether a line of `.gitignore` covers `path`: `/from/the/root`, `*.ending`, `folder/` or `name` at any depth.
fn is_ignored(patterns: &[String], path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    patterns.iter().any(|pattern| {
        let pattern = pattern.trim_end_matches('/');
        match (pattern.strip_prefix('/'), pattern.strip_prefix('*')) {
            (Some(from_root), _) => path == from_root,
            (_, Some(ending)) => name.ends_with(ending),
            _ => name == pattern,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_as_git_does() {
        let patterns: Vec<String> = ["/target", "*.profraw", "wip/", "/a/b"].map(str::to_owned).to_vec();
        for path in ["target", "x/y.profraw", "x/wip", "a/b"] {
            assert!(is_ignored(&patterns, path), "{path}");
        }
        for path in ["x/target", "profraw", "x/a/b", "wipe"] {
            assert!(!is_ignored(&patterns, path), "{path}");
        }
    }
}
