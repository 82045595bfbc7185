//! `cargo metadata` as the rules' [`Package`]s. Knows no rule.

use serde_json::Value;
use std::process::Command;
use tidy::package::{Dependency, Kind, Package, Target};
use tidy::tree::Tree;

/// The members of the workspace.
pub(crate) fn packages(tree: &Tree) -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(tree.root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let defaults =
        metadata["workspace_default_members"].as_array().expect("a cargo that names default members");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() >= 10, "only {} packages were found", packages.len());
    packages.iter().map(|value| package(tree, value, defaults.contains(&value["id"]))).collect()
}

fn package(tree: &Tree, value: &Value, default_member: bool) -> Package {
    let root = tree.root().canonicalize().expect("a readable root");
    let relative = |path: &Value| {
        let path = std::path::Path::new(path.as_str().expect("a path")).canonicalize().expect("a file");
        path.strip_prefix(&root).expect("a file of this repository").to_string_lossy().replace('\\', "/")
    };
    let manifest_path = relative(&value["manifest_path"]);
    let fields = ["description", "license", "readme", "rust_version", "repository"];
    let given = fields.iter().filter(|field| value[**field].is_string()).map(|field| field.replace('_', "-"));
    Package {
        name: text(&value["name"]),
        dir: manifest_path.trim_end_matches("/Cargo.toml").to_owned(),
        manifest: tree.read(&manifest_path).expect("a readable manifest"),
        published: value["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
        default_member,
        fields: given.collect(),
        dependencies: list(&value["dependencies"]).map(dependency).collect(),
        targets: list(&value["targets"])
            .map(|target| Target { kind: text(&target["kind"][0]), path: relative(&target["src_path"]) })
            .collect(),
    }
}

fn dependency(value: &Value) -> Dependency {
    Dependency {
        name: text(&value["name"]),
        kind: match value["kind"].as_str() {
            None => Kind::Normal,
            Some("dev") => Kind::Dev,
            Some(_) => Kind::Build,
        },
        own: value["source"].is_null(),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
