//! Writes a suite as a crate of its own under the target folder, builds it, and lists its tests.
//!
//! Knows nothing of how they are run. The generated text is never part of this repository.

use super::debian;
use super::rewrite::{enter_tests, replace_all, test_modules};
use super::sources::{Sources, cargo, own_folder};
use super::suites::{Origin, Part, Suite};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A suite that can be run.
pub(crate) struct Built {
    /// Whose tests, and of which version.
    pub(crate) title: String,
    /// The test program.
    pub(crate) program: PathBuf,
    /// Its tests, by their full names.
    pub(crate) tests: Vec<String>,
    /// Those that the suite itself ignores on this system.
    pub(crate) ignored: Vec<String>,
}

/// Writes, builds and lists.
///
/// # Errors
/// If a file has changed so that it can no longer be rewritten, or the crate does not build.
pub(crate) fn generate(suite: &Suite, sources: &Sources) -> Result<Built, String> {
    let (title, from) = match suite.origin {
        Origin::Registry(package, line) => {
            let (version, from) = sources.package(package, line)?;
            (format!("{package} {version}"), from)
        }
        Origin::Std => debian::std_library(&sources.target().join("conformance").join("std-library"))?,
    };
    let folder = sources.target().join("conformance").join(suite.name);
    write_crate(suite, &from, &folder, sources).map_err(|error| format!("{}: {error}", suite.name))?;
    let program = build(&folder, &sources.target().join("conformance").join("build"))?;
    let (tests, ignored) = (list(&program, false)?, list(&program, true)?);
    if tests.len() < suite.tests_min {
        return Err(format!("{}: {} tests, not {} or more", suite.name, tests.len(), suite.tests_min));
    }
    Ok(Built { title, program, tests, ignored })
}

fn write_crate(suite: &Suite, from: &Path, folder: &Path, sources: &Sources) -> Result<(), String> {
    let src = folder.join("src");
    fs::create_dir_all(&src).map_err(|error| error.to_string())?;
    let mut root = String::from("#![allow(warnings)]\n");
    for file in suite.files {
        let path = from.join(file.path);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let part = if file.part == Part::Whole { &*text } else { test_modules(&text)? };
        let left_out: Vec<_> = file.left_out.iter().map(|(name, _)| *name).collect();
        let text = replace_all(part, file.replace)
            .and_then(|text| enter_tests(&text, &left_out))
            .map_err(|error| format!("{}: {error}", file.path))?;
        write(&src.join(format!("{}.rs", file.module)), &text)?;
        writeln!(root, "#[cfg(test)]\nmod {};", file.module).map_err(|error| error.to_string())?;
    }
    write(&src.join("lib.rs"), &root)?;
    write(&folder.join("Cargo.toml"), &manifest(suite, sources)?)?;
    // The same versions of everything as this workspace.
    fs::copy(sources.root().join("Cargo.lock"), folder.join("Cargo.lock"))
        .map_err(|error| error.to_string())?;
    Ok(())
}

/// sisal optimised, so that the long tests end in time, but with every assertion; the tests not, since that takes minutes.
fn manifest(suite: &Suite, sources: &Sources) -> Result<String, String> {
    let own = own_folder();
    let sisal = own.with_file_name("sisal");
    let (name, edition) = (suite.name, suite.edition);
    let (rand, _) = sources.package("rand", "0.8.")?;
    Ok(format!(
        "[package]\nname = \"conformance-{name}\"\nedition = \"{edition}\"\npublish = false\n\n\
         [workspace]\n\n[dependencies]\nconformance = {{ path = {own:?} }}\nsisal = {{ path = {sisal:?} }}\n\
         rand = \"={rand}\"\n\n[profile.test.package.\"*\"]\nopt-level = 2\n"
    ))
}

/// Writes the file unless it already reads so, in order not to build it again.
fn write(path: &Path, text: &str) -> Result<(), String> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn build(folder: &Path, target: &Path) -> Result<PathBuf, String> {
    let output = Command::new(cargo())
        .args(["test", "--no-run", "--message-format=json-render-diagnostics", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo test: {error}"))?;
    if !output.status.success() {
        return Err(format!("the crate in {} does not build", folder.display()));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["profile"]["test"] == true)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo names no test program".to_owned())
}

fn list(program: &Path, ignored: bool) -> Result<Vec<String>, String> {
    let mut command = Command::new(program);
    command.args(["--list", "--format=terse"]);
    if ignored {
        command.arg("--ignored");
    }
    let output = command.output().map_err(|error| format!("{}: {error}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}
