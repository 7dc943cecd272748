//! The manifests' folder: which files are there, and what they hold. Bounded in every direction.

use super::problem::{Place, Problem};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A manifest is far smaller than this.
const LARGEST_FILE: u64 = 1024 * 1024;
/// All of them together.
const LARGEST_TOTAL: u64 = 64 * 1024 * 1024;
const MOST_FILES: usize = 5_000;
const DEEPEST: usize = 16;

/// A file and what tells, without reading it, whether it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    length: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

/// What a look at a folder found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Manifests by path
    pub files: BTreeMap<PathBuf, Seen>,
    /// What could not be listed
    pub problems: Vec<Problem>,
}

/// Adds to the listing every `*.yaml` and `*.yml` below a folder (or the one file that is named). Hidden names are passed over: editors' swap files,
/// and the `..data` folders behind a mounted ConfigMap, whose files are reached by their visible links. Links are followed.
pub fn list(root: &Path, listing: &mut Listing) {
    match fs::metadata(root) {
        Ok(metadata) if metadata.is_dir() => walk(root, 0, &mut BTreeSet::new(), listing),
        Ok(metadata) => {
            listing.files.insert(root.to_owned(), seen(&metadata));
        }
        Err(error) => listing.problems.push(Problem::error(Place::file(root), reason(&error))),
    }
}

fn walk(folder: &Path, depth: usize, visited: &mut BTreeSet<PathBuf>, listing: &mut Listing) {
    if depth > DEEPEST {
        let message = format!("passed over: more than {DEEPEST} folders deep");
        listing.problems.push(Problem::error(Place::file(folder), message));
        return;
    }
    // A link may lead back up: each real folder is visited once.
    if !fs::canonicalize(folder).is_ok_and(|real| visited.insert(real)) {
        return;
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            listing.problems.push(Problem::error(Place::file(folder), reason(&error)));
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => walk(&path, depth + 1, visited, listing),
            Ok(metadata) if is_manifest(&name) => {
                if listing.files.len() >= MOST_FILES {
                    let message = format!("passed over: there are more than {MOST_FILES} manifests");
                    listing.problems.push(Problem::error(Place::file(path), message));
                    return;
                }
                listing.files.insert(path, seen(&metadata));
            }
            Ok(_) => {}
            Err(error) if is_manifest(&name) => {
                listing.problems.push(Problem::error(Place::file(path), reason(&error)));
            }
            Err(_) => {}
        }
    }
}

fn is_manifest(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

fn seen(metadata: &fs::Metadata) -> Seen {
    use std::os::unix::fs::MetadataExt;
    Seen {
        length: metadata.len(),
        modified: metadata.modified().ok(),
        inode: metadata.ino(),
    }
}

/// What an error means to a person.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "is not there".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read (permission denied)".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

/// Reads files one after the other, up to a total.
#[derive(Debug, Default)]
pub struct Reader {
    total: u64,
}

impl Reader {
    /// The file's text.
    ///
    /// # Errors
    /// A [`Problem`] if it is too large, not a regular file, not UTF-8, or cannot be read.
    pub fn text(&mut self, path: &Path) -> Result<String, Problem> {
        let fail = |message: String| Problem::error(Place::file(path), message);
        // Asked before opening: to open a named pipe waits for its writer.
        let metadata = fs::metadata(path).map_err(|error| fail(reason(&error)))?;
        if !metadata.is_file() {
            return Err(fail("is not a regular file".to_owned()));
        }
        let mut bytes = Vec::new();
        fs::File::open(path)
            .and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
            .map_err(|error| fail(reason(&error)))?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > LARGEST_FILE {
            return Err(fail(format!("is larger than {} KiB", LARGEST_FILE / 1024)));
        }
        self.total = self.total.saturating_add(length);
        if self.total > LARGEST_TOTAL {
            return Err(fail(format!(
                "passed over: the manifests are larger than {} MiB together",
                LARGEST_TOTAL / 1024 / 1024
            )));
        }
        String::from_utf8(bytes).map_err(|error| {
            let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let line = good.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            Problem::error(Place::line(path, line), "is not UTF-8 text")
        })
    }
}
