//! Which folders `nauthera dev` works with.

use crate::cli::manifests::create_private;
use anyhow::Context;
use rust_embed::RustEmbed;
use std::fs;
use std::path::{Path, PathBuf};

/// The samples, so that the binary alone can show them.
#[derive(RustEmbed)]
#[folder = "k8s/samples/"]
struct Samples;

/// Folders that were decided on.
#[derive(Debug, PartialEq, Eq)]
pub struct Places {
    /// Watched
    pub manifests: PathBuf,
    /// Written
    pub data: PathBuf,
}

impl Places {
    /// Decides, and creates what is missing: the data folder, and the samples below it if there is no clone to take them from.
    ///
    /// # Errors
    /// A folder that does not exist, or that cannot be made.
    pub fn decide(manifests: Option<PathBuf>, data: Option<PathBuf>) -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("cannot tell the current folder")?;
        let clone = here.ancestors().find(|folder| is_clone(folder)).map(Path::to_path_buf);
        let bundled = clone.as_ref().map(|clone| clone.join("k8s/samples"));
        let chosen = match manifests {
            Some(folder) => Some(fs::canonicalize(&folder).with_context(|| {
                format!(
                    "the manifests folder {} cannot be opened; --manifests names a folder of YAML files",
                    folder.display()
                )
            })?),
            None => bundled,
        };
        let data = match data {
            Some(folder) => folder,
            None => data_home()?.join(name_of(clone.as_deref().or(chosen.as_deref()))),
        };
        create_private(&data)?;
        let data = fs::canonicalize(&data).with_context(|| format!("the data folder {} cannot be opened", data.display()))?;
        let manifests = match chosen {
            Some(folder) => folder,
            None => unpack_samples(&data)?,
        };
        Ok(Self { manifests, data })
    }
}

fn is_clone(folder: &Path) -> bool {
    folder.join("k8s/samples").is_dir()
        && fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|text| text.contains("name = \"nauthera\""))
}

/// `$XDG_DATA_HOME/nauthera`, or `~/.local/share/nauthera` (XDG Base Directory Specification).
fn data_home() -> anyhow::Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder("XDG_DATA_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".local/share")))
        .map(|base| base.join("nauthera"))
        .context("there is no home folder to keep data in; name one with --data DIR")
}

/// One data folder for each clone (or manifests folder): the same at each start, and never shared by two.
fn name_of(place: Option<&Path>) -> String {
    let Some(place) = place else { return "dev".to_owned() };
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, place.as_os_str().as_encoded_bytes());
    let short: String = digest.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("dev-{short}")
}

/// Writes the samples once; what a person edited later stays.
fn unpack_samples(data: &Path) -> anyhow::Result<PathBuf> {
    let folder = data.join("manifests");
    if folder.is_dir() {
        return Ok(folder);
    }
    for name in Samples::iter() {
        let Some(file) = Samples::get(&name) else { continue };
        let path = folder.join(name.as_ref());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        fs::write(&path, &file.data).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_its_own_data_folder_and_keeps_it() {
        let names = ["/a/clone", "/another/clone", "/a/clone"].map(|place| name_of(Some(Path::new(place))));
        assert_eq!(names[0], names[2]);
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn the_embedded_samples_are_written_once_and_an_edit_stays() {
        let data = tempfile::tempdir().unwrap();
        let folder = unpack_samples(data.path()).unwrap();
        let first = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        fs::write(&first, "# edited").unwrap();
        assert_eq!(unpack_samples(data.path()).unwrap(), folder);
        assert_eq!(fs::read_to_string(&first).unwrap(), "# edited");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = Places::decide(Some("/nowhere/at/all".into()), Some(std::env::temp_dir())).unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    }
}
