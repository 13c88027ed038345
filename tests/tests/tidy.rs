//! The rules of the house that a machine can check. Each failure names the place and the mend.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Our crates and which of them each may import; anything not listed is forbidden (docs/ARCHITECTURE.md).
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("iso8583", &[]),
    ("private-postgres", &[]),
    ("https-listener", &[]),
    ("program-files", &["domain"]),
    ("store", &["domain"]),
    ("partner-adapters", &["domain"]),
    ("gateway", &["domain", "iso8583", "store", "program-files", "https-listener"]),
    ("settlement", &["domain", "store", "partner-adapters", "program-files"]),
    ("console", &["domain", "store", "settlement", "program-files", "https-listener"]),
    ("bank-simulator", &["iso8583"]),
    ("cobrand", ALL),
    ("end-to-end", ALL),
    ("second-model", &["domain", "program-files"]),
    ("second-settlement", &[]),
    ("planted-month", &[]),
];
const ALL: &[&str] = &["*"];

/// Allowed as a dev-dependency of every crate.
const FOR_TESTS_ANYWHERE: &[&str] = &["private-postgres", "bank-simulator"];

/// What the pure core may use from outside.
const DOMAIN_MAY_USE: &[&str] = &["rust_decimal", "jiff", "thiserror"];

/// Crates that never talk to a database, and the drivers they must therefore not have.
const WITHOUT_DATABASE: &[&str] =
    &["domain", "iso8583", "program-files", "partner-adapters", "bank-simulator", "private-postgres"];
const DRIVERS: &[&str] = &["tokio-postgres", "postgres", "bb8", "bb8-postgres", "sqlx", "diesel"];

/// One TLS stack and one cryptographic provider: rustls with aws-lc-rs.
const NEVER_BUILT: &[&str] = &["ring", "openssl", "openssl-sys", "native-tls"];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "misc"];

/// Sources that compute with money: no binary fractions.
const MONEY_SOURCES: &[&str] = &["crates/domain/src/", "crates/store/src/", "settlement/src/"];
/// Files there that may name a float, each with its reason.
const FLOAT_ALLOWED: &[(&str, &str)] = &[];

/// What the pure core never names: clocks, randomness, and collections whose order differs between runs.
const NOT_IN_DOMAIN: &[(&str, &str)] = &[
    ("SystemTime::now", "take the time from the event"),
    ("Instant::now", "take the time from the event"),
    ("Timestamp::now", "take the time from the event"),
    ("Zoned::now", "take the time from the event"),
    ("HashMap", "use BTreeMap"),
    ("HashSet", "use BTreeSet"),
    ("RandomState", "use an ordered collection"),
    ("std::fs", "the shell reads files"),
    ("std::net", "the shell talks"),
    ("std::env", "the shell reads the environment"),
];

// --- the tree ----------------------------------------------------------------------------------------

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files of the project, relative to its root: those of git, or all of an unpacked archive.
fn files() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .ok()
        .filter(|output| output.status.success() && !output.stdout.is_empty());
    let mut files: Vec<String> = match listed {
        Some(output) => String::from_utf8_lossy(&output.stdout).split('\0').map(str::to_owned).collect(),
        None => walk(&root()),
    };
    files.retain(|file| root().join(file).is_file());
    files.sort();
    assert!(files.iter().any(|file| file == "Cargo.toml"), "the list of files is wrong: {files:?}");
    files
}

fn walk(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if ["target", ".git", "cobrand-demo"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
        }
    }
    found
}

/// `None` for a file that is not text.
fn text_of(file: &str) -> Option<String> {
    String::from_utf8(fs::read(root().join(file)).unwrap()).ok()
}

fn required(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}. Write it"))
}

fn rust_files() -> Vec<String> {
    files().into_iter().filter(|file| file.ends_with(".rs")).collect()
}

/// Numbered lines of a Rust file without its comments; what a string says is not told apart.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(n, line)| (n + 1, line.split("//").next().unwrap_or_default()))
}

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

// --- imports -----------------------------------------------------------------------------------------

struct Dependency {
    name: String,
    for_tests: bool,
}

/// Our crates by name, each with its manifest (relative) and its direct dependencies.
fn members() -> BTreeMap<String, (String, Vec<Dependency>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(member).collect()
}

fn member(package: &Value) -> (String, (String, Vec<Dependency>)) {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let manifest = manifest.strip_prefix(root().canonicalize().unwrap()).or(manifest.strip_prefix(root()));
    let dependencies = package["dependencies"].as_array().unwrap().iter().map(|dependency| Dependency {
        name: dependency["name"].as_str().unwrap().to_owned(),
        for_tests: dependency["kind"] == "dev",
    });
    let name = package["name"].as_str().unwrap().to_owned();
    (name, (manifest.unwrap().to_string_lossy().into_owned(), dependencies.collect()))
}

fn may_import(importer: &str, dependency: &Dependency) -> bool {
    let (_, allowed) = MAY_IMPORT.iter().find(|(name, _)| *name == importer).unwrap();
    *allowed == ALL
        || allowed.contains(&dependency.name.as_str())
        || (dependency.for_tests && FOR_TESTS_ANYWHERE.contains(&dependency.name.as_str()))
}

#[test]
fn every_crate_imports_only_what_the_architecture_allows() {
    let members = members();
    let known: BTreeSet<&str> = MAY_IMPORT.iter().map(|(name, _)| *name).collect();
    let ours: BTreeSet<&str> = members.keys().map(String::as_str).collect();
    assert_eq!(
        ours, known,
        "a crate came or went: give it its line in MAY_IMPORT and in docs/ARCHITECTURE.md"
    );

    let mut problems = Vec::new();
    for (name, (manifest, dependencies)) in &members {
        for dependency in dependencies.iter().filter(|dependency| ours.contains(dependency.name.as_str())) {
            if !may_import(name, dependency) {
                problems.push(format!(
                    "{manifest}: `{name}` must not import `{}`: move the code to where both may look",
                    dependency.name
                ));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn the_pure_crates_have_no_forbidden_dependency() {
    let members = members();
    let mut problems = Vec::new();
    for (name, (manifest, dependencies)) in &members {
        for dependency in dependencies.iter().filter(|dependency| !dependency.for_tests) {
            let used = dependency.name.as_str();
            if name == "domain" && !DOMAIN_MAY_USE.contains(&used) {
                problems.push(format!("{manifest}: the core uses {DOMAIN_MAY_USE:?} and not `{used}`"));
            }
            if WITHOUT_DATABASE.contains(&name.as_str()) && DRIVERS.contains(&used) {
                problems.push(format!("{manifest}: `{name}` knows no database: take `{used}` out"));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn what_is_built_has_one_tls_stack() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--prefix", "none", "--edges", "normal,build,dev", "--format", "{p}"])
        .args(["--locked", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout);
    let built: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(built.contains("rustls") && built.contains("aws-lc-rs"), "cargo tree was not understood");
    let problems: Vec<String> = NEVER_BUILT
        .iter()
        .filter(|name| built.contains(*name))
        .map(|name| format!("`{name}` is built: see `cargo tree -i {name}` and switch the feature off"))
        .collect();
    assert_none(&problems);
}

// --- manifests ---------------------------------------------------------------------------------------

fn toml_of(file: &str) -> toml::Table {
    required(file).parse().unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn every_crate_inherits_the_lints_and_has_no_features() {
    let workspace = toml_of("Cargo.toml");
    let forbidden = workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str();
    assert_eq!(
        forbidden,
        Some("forbid"),
        "Cargo.toml: [workspace.lints.rust] unsafe_code must be \"forbid\""
    );

    let mut problems = Vec::new();
    for (manifest, _) in members().values() {
        let table = toml_of(manifest);
        let inherits =
            table.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        if inherits != Some(true) {
            problems.push(format!("{manifest}: add the lines `[lints]` and `workspace = true`"));
        }
        if table.contains_key("features") {
            problems.push(format!("{manifest}: our crates have no compile-time features: use configuration"));
        }
    }
    assert_none(&problems);
}

#[test]
fn the_core_s_clippy_file_repeats_the_workspace_s() {
    let core = toml_of("crates/domain/clippy.toml");
    for (key, value) in toml_of("clippy.toml") {
        assert_eq!(
            core.get(&key),
            Some(&value),
            "crates/domain/clippy.toml replaces clippy.toml: repeat `{key}`"
        );
    }
    for key in ["disallowed-methods", "disallowed-types"] {
        assert!(core.contains_key(key), "crates/domain/clippy.toml: `{key}` keeps the core pure: restore it");
    }
}

// --- sources -----------------------------------------------------------------------------------------

#[test]
fn every_source_file_says_first_what_it_is() {
    let silent = |file: &String| !text_of(file).is_some_and(|text| text.starts_with("//!"));
    let problems: Vec<String> = rust_files()
        .into_iter()
        .filter(silent)
        .map(|file| format!("{file}:1: begin with a line `//!` that says what the file is for"))
        .collect();
    assert_none(&problems);
}

#[test]
fn every_module_has_a_name_that_says_something() {
    let mut problems = Vec::new();
    for file in rust_files() {
        let path = Path::new(&file).with_extension("");
        if path.iter().any(|part| EMPTY_NAMES.contains(&&*part.to_string_lossy())) {
            problems.push(format!("{file}:1: name the module after what is in it"));
        }
    }
    assert_none(&problems);
}

#[test]
fn money_is_never_a_float() {
    let mut problems = Vec::new();
    for file in rust_files() {
        if !MONEY_SOURCES.iter().any(|dir| file.starts_with(dir))
            || FLOAT_ALLOWED.iter().any(|(f, _)| *f == file)
        {
            continue;
        }
        let text = text_of(&file).unwrap();
        for (number, line) in code_lines(&text).filter(|(_, line)| names_a_float(line)) {
            problems.push(format!("{file}:{number}: count in minor units or Decimal: {}", line.trim()));
        }
    }
    assert_none(&problems);
}

/// The type itself, or a number with it as a suffix.
fn names_a_float(line: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| {
        let number = word.strip_suffix("f64").or(word.strip_suffix("f32"));
        number.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit() || c == '_'))
    })
}

#[test]
fn the_core_has_no_clock_no_chance_and_no_files() {
    let mut problems = Vec::new();
    for file in rust_files().into_iter().filter(|file| file.starts_with("crates/domain/src/")) {
        let text = text_of(&file).unwrap();
        for (number, line) in code_lines(&text) {
            for (name, mend) in NOT_IN_DOMAIN.iter().filter(|(name, _)| line.contains(name)) {
                problems.push(format!("{file}:{number}: `{name}` is not for the core: {mend}"));
            }
        }
    }
    assert_none(&problems);
}

/// How many lines of a Rust file are no tests, and how many are: a test module stands at the end of its file.
fn lines_of(text: &str) -> (usize, usize) {
    let all = text.lines().count();
    let source = text.lines().position(|line| line.trim() == "#[cfg(test)]").unwrap_or(all);
    (source, all - source)
}

#[test]
fn the_core_has_as_many_lines_of_tests_as_of_source() {
    let (mut source, mut tests) = (0, 0);
    for file in rust_files() {
        let text = text_of(&file).unwrap();
        let of_core = file.starts_with("crates/domain/");
        // The second model tests nothing but the core.
        if file.starts_with("crates/domain/tests/") || file.starts_with("tests/second-model/") {
            tests += text.lines().count();
        } else if of_core {
            let (of_source, of_tests) = lines_of(&text);
            (source, tests) = (source + of_source, tests + of_tests);
        }
    }
    println!("the core: {source} lines of source, {tests} of tests");
    assert!(
        tests >= source,
        "crates/domain: {source} lines of source, {tests} of tests: write the missing tests"
    );
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let marks = [concat!("FIX", "ME"), concat!("to", "do!("), concat!("unimple", "mented!(")];
    let mut problems = Vec::new();
    for file in files() {
        let Some(text) = text_of(&file) else { continue };
        for (number, line) in text.lines().enumerate() {
            for mark in marks.iter().filter(|mark| line.contains(*mark)) {
                problems.push(format!("{file}:{}: `{mark}`: do it, or open an issue", number + 1));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn no_file_knows_somebody_s_machine() {
    let mut problems = Vec::new();
    for file in files() {
        let Some(text) = text_of(&file) else { continue };
        for (number, line) in text.lines().enumerate() {
            if let Some(path) = machine_path(line) {
                problems
                    .push(format!("{file}:{}: `{path}` exists on one machine: make it relative", number + 1));
            }
        }
    }
    assert_none(&problems);
}

/// A path into a person's or a build machine's folder.
fn machine_path(line: &str) -> Option<&str> {
    let tops = [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];
    tops.iter().find_map(|top| {
        line.match_indices(top).find_map(|(at, _)| {
            let (before, path) = line.split_at(at);
            let inside_a_longer_path =
                before.ends_with(|c: char| c.is_alphanumeric() || "._-/}$~*".contains(c));
            let rest = path.strip_prefix(top)?;
            let named = rest.starts_with(|c: char| c.is_alphanumeric() || c == '.');
            // Homebrew's fixed place on Linux.
            (named && !inside_a_longer_path && !rest.starts_with("linuxbrew/")).then_some(path)
        })
    })
}

// --- documents ---------------------------------------------------------------------------------------

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut problems = Vec::new();
    for file in files().into_iter().filter(|file| file.ends_with(".md")) {
        let text = text_of(&file).unwrap();
        let folder = root().join(&file).parent().unwrap().to_owned();
        for (number, target) in relative_links(&text) {
            if !folder.join(&target).exists() {
                problems.push(format!("{file}:{number}: the link leads to `{target}`, which does not exist"));
            }
        }
    }
    assert_none(&problems);
}

/// Targets of `[text](target)` outside code, without their `#section`.
fn relative_links(markdown: &str) -> Vec<(usize, String)> {
    let (mut links, mut fenced) = (Vec::new(), false);
    for (number, line) in markdown.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect();
        for link in prose.split("](").skip(1) {
            let target = link.split([')', ' ', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                links.push((number + 1, target.to_owned()));
            }
        }
    }
    links
}

#[test]
fn the_changelog_has_a_place_for_what_comes() {
    let there =
        required("CHANGELOG.md").lines().any(|line| line.starts_with("## ") && line.contains("Unreleased"));
    assert!(there, "CHANGELOG.md: add a section `## Unreleased`");
}

#[test]
fn every_make_target_of_the_readme_exists() {
    let makefile = required("Makefile");
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter(|line| !line.starts_with('\t'))
        .filter_map(|line| Some(line.split_once(':')?.0))
        .collect();
    let problems: Vec<String> = make_commands(&required("README.md"))
        .into_iter()
        .filter(|(_, target)| !targets.contains(target.as_str()))
        .map(|(number, target)| format!("README.md:{number}: the Makefile has no target `{target}`"))
        .collect();
    assert_none(&problems);
}

/// `make <target>` in code: between backticks, or in a fenced block.
fn make_commands(markdown: &str) -> Vec<(usize, String)> {
    let (mut commands, mut fenced) = (Vec::new(), false);
    for (number, line) in markdown.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let code: Vec<&str> = if fenced { vec![line] } else { line.split('`').skip(1).step_by(2).collect() };
        for command in
            code.iter().filter_map(|code| code.trim().trim_start_matches("$ ").strip_prefix("make "))
        {
            let target =
                command.split_whitespace().find(|word| !word.starts_with('-') && !word.contains('='));
            commands.extend(target.map(|target| (number + 1, target.to_owned())));
        }
    }
    commands
}

// --- the checks themselves ---------------------------------------------------------------------------

#[test]
fn the_checks_see_what_they_should_and_no_more() {
    for (line, float) in [("let x: f64 = 1.0;", true), ("1.5f32", true), ("buf64", false), ("leaf32", false)]
    {
        assert_eq!(names_a_float(line), float, "{line}");
    }
    let place = |name: &str| format!("see {name} there");
    for (line, found) in [
        (place(concat!("/ho", "me/ann/x")), true),
        (place(concat!("/ro", "ot/.cargo")), true),
        (place(concat!("/ho", "me/linuxbrew/.linuxbrew")), false),
        (place(concat!("src/wo", "rk/x")), false),
        (place(concat!("/ho", "me/<user>/x")), false),
    ] {
        assert_eq!(machine_path(&line).is_some(), found, "{line}");
    }
    let links = relative_links(
        "[a](docs/x.md#part) `[no](code)` [b](https://host/x)\n```\n[c](fenced)\n```\n[d](#s)",
    );
    assert_eq!(links, [(1, "docs/x.md".to_owned())]);
    let commands = make_commands("run `make demo ARGS=x`, make sure\n```\n$ make -s test\n```\n");
    assert_eq!(commands, [(1, "demo".to_owned()), (3, "test".to_owned())]);
}
