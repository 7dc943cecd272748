//! Holds the plan of ARCHITECTURE.md: which room may import which.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const RULES: &[(&str, &[&str])] = &[
    ("oauth", &[]),
    ("resources", &[]),
    ("telemetry", &[]),
    ("outbound", &[]),
    ("config", &["oauth", "resources"]),
    ("accounts", &["oauth"]),
    ("jose", &["oauth", "config"]),
    ("store", &["oauth", "accounts"]),
    ("directory", &["oauth", "accounts", "store"]),
    ("upstream", &["oauth", "config", "jose", "outbound"]),
    ("wire", &["oauth", "config"]),
    ("grpc", &["config", "wire", "actors"]),
    ("rates", &["oauth", "accounts", "config"]),
    ("source", &["oauth", "resources", "config"]),
    (
        "actors",
        &[
            "oauth",
            "resources",
            "config",
            "accounts",
            "jose",
            "store",
            "directory",
            "upstream",
            "outbound",
            "wire",
            "rates",
            "telemetry",
        ],
    ),
    ("http", &["oauth", "accounts", "config", "jose", "upstream", "actors", "telemetry"]),
    ("operator", &["oauth", "resources", "config", "wire", "grpc", "telemetry"]),
    (
        "cli",
        &[
            "oauth",
            "resources",
            "config",
            "accounts",
            "jose",
            "store",
            "directory",
            "source",
            "actors",
            "http",
            "grpc",
            "operator",
            "telemetry",
            "demo",
        ],
    ),
    ("demo", &[]),
];

fn rust_files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The rooms named by `crate::room` anywhere in a file: in a `use`, or in a path.
fn imported_rooms(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        for rest in line.split("crate::").skip(1) {
            if let Some(list) = rest.strip_prefix('{') {
                rooms.extend(
                    list.split(',')
                        .filter_map(|item| item.trim().split([':', '}', ' ', ';']).next())
                        .map(str::to_owned),
                );
            } else {
                rooms.extend(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned));
            }
        }
    }
    rooms.remove("");
    rooms
}

#[test]
fn each_room_imports_only_what_the_plan_allows() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    let mut seen = 0;
    for entry in fs::read_dir(&source).unwrap() {
        let room_path = entry.unwrap().path();
        if !room_path.is_dir() {
            continue;
        }
        let room = room_path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some((_, allowed)) = RULES.iter().find(|(name, _)| *name == room) else {
            broken.push(format!("src/{room}/ has no rule in tests/it/import_rules.rs"));
            continue;
        };
        let mut files = Vec::new();
        rust_files(&room_path, &mut files);
        for file in files {
            seen += 1;
            for imported in imported_rooms(&fs::read_to_string(&file).unwrap()) {
                let is_room = RULES.iter().any(|(name, _)| *name == imported);
                if is_room && imported != room && !allowed.contains(&imported.as_str()) {
                    broken.push(format!(
                        "{} imports `{imported}`, which {room} may not",
                        file.strip_prefix(&source).unwrap().display()
                    ));
                }
            }
        }
    }
    assert!(seen > 10, "the rule reads the source");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn sees_imports_in_lists_paths_and_nested_uses() {
    let found = imported_rooms("use crate::{store::Store, http};\nlet x = crate::oauth::ids::ClientId::new(1);\n// crate::cli\n");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["http", "oauth", "store"]);
}
