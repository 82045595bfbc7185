//! The rules, applied to this repository. Goal: a broken rule is named with file and line. Method: read everything.

mod metadata;

use std::path::Path;
use tidy::finding::Finding;
use tidy::rules::{allows, cfgs, edges, heads, lengths, manifests, top_level, unsafety, wording};
use tidy::source::Source;
use tidy::tables;
use tidy::tree::Tree;

fn tree() -> Tree {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two folders above this crate");
    Tree::new(root.to_owned()).expect("a readable checkout")
}

fn sources() -> Vec<Source> {
    let sources = tree().sources().expect("readable sources");
    assert!(sources.len() > 20, "only {} source files were found", sources.len());
    sources
}

#[track_caller]
fn report(findings: Vec<Finding>) {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", lines.join("\n"));
}

#[test]
fn crates_depend_on_the_floors_below() {
    report(
        metadata::packages(&tree())
            .iter()
            .flat_map(|package| edges::check_own(package, tables::EDGES))
            .collect(),
    );
}

#[test]
fn crates_of_others_have_a_reason() {
    report(edges::check_third_party(&metadata::packages(&tree()), tables::THIRD_PARTY));
}

#[test]
fn manifests_say_what_they_must() {
    report(metadata::packages(&tree()).iter().flat_map(manifests::check).collect());
}

#[test]
fn default_members_are_the_product() {
    report(manifests::check_default_members(&metadata::packages(&tree())));
}

#[test]
fn every_example_is_built() {
    let files = tree().files().expect("a readable checkout");
    let packages = metadata::packages(&tree());
    report(
        packages
            .iter()
            .filter(|package| manifests::has_programs(package))
            .flat_map(|package| manifests::check_examples(package, &files))
            .collect::<Vec<_>>(),
    )
}

#[test]
fn files_are_short() {
    report(sources().iter().flat_map(lengths::check).collect());
}

#[test]
fn files_say_what_they_are() {
    report(sources().iter().flat_map(heads::check).collect());
}

#[test]
fn conditional_compilation_keeps_to_its_places() {
    let mut findings: Vec<Finding> =
        sources().iter().flat_map(|source| cfgs::check(source, tables::CFGS)).collect();
    for package in metadata::packages(&tree()) {
        findings.extend(cfgs::check_manifest(&package.manifest_path(), &package.manifest, tables::CFGS));
    }
    report(findings);
}

#[test]
fn unsafe_keeps_to_its_files() {
    let sources = sources();
    let mut findings = unsafety::check_files(&sources, tables::UNSAFE);
    for package in metadata::packages(&tree()) {
        findings.extend(unsafety::check_roots(&package, &sources));
    }
    report(findings);
}

#[test]
fn lints_are_switched_off_with_a_reason() {
    report(sources().iter().flat_map(allows::check).collect());
}

#[test]
fn nothing_is_left_over() {
    let tree = tree();
    let mut findings = Vec::new();
    for path in tree.files().expect("a readable checkout") {
        let is_text =
            [".rs", ".md", ".toml", ".sh", ".yml", ".stderr", ".txt"].iter().any(|end| path.ends_with(end));
        if is_text || path.starts_with(".ci/") {
            findings.extend(wording::check(&path, &tree.read(&path).expect("a readable text")));
        }
    }
    report(findings);
}

#[test]
fn the_root_folder_is_a_table_of_contents() {
    report(top_level::check(&tree().top_level().expect("a readable checkout")));
}
