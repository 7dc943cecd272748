//! The folder of key-encryption keys, as Kubernetes mounts a Secret: one file a key, read anew when they change.

use crate::jose::seal::{KEY_BYTES, Sealer, SealingKeys};
use anyhow::{Context, anyhow};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Reads the folder, and follows it: the keys of the AuthServer `server`. Must run under an actix system.
///
/// # Errors
/// A folder without keys, or a file that is none.
pub fn open(folder: &Path, server: &str) -> anyhow::Result<Sealer> {
    let first = read(folder)?;
    let sealer = Sealer::new(server, keys(&first, folder)?);
    tracing::info!(ids = ?sealer.keys().ids(), "what rests in the database is sealed, with the last of these keys");
    actix_rt::spawn(follow(folder.to_owned(), first, sealer.clone()));
    Ok(sealer)
}

/// Reads the folder, once.
///
/// # Errors
/// As [`open`].
pub fn open_once(folder: &Path, server: &str) -> anyhow::Result<Sealer> {
    Ok(Sealer::new(server, keys(&read(folder)?, folder)?))
}

type Files = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// Takes what the folder holds when it changes. What cannot be used changes nothing: it may be half-written.
async fn follow(folder: PathBuf, mut last: Files, sealer: Sealer) {
    let mut complained = None;
    loop {
        actix_rt::time::sleep(LOOK_EVERY).await;
        match look(&folder, &last) {
            Ok(None) => complained = None,
            Ok(Some((files, keys))) => {
                tracing::info!(ids = ?keys.ids(), "the key-encryption keys changed; the last one seals from now on");
                sealer.replace(keys);
                last = files;
                complained = None;
            }
            Err(error) => {
                let error = format!("{error:#}");
                if complained.as_ref() != Some(&error) {
                    tracing::warn!(error, "the key-encryption keys on disk are not usable; those in use stay");
                    complained = Some(error);
                }
            }
        }
    }
}

/// The files and the keys, if they are others than before.
fn look(folder: &Path, last: &Files) -> anyhow::Result<Option<(Files, SealingKeys)>> {
    let files = read(folder)?;
    if files == *last {
        return Ok(None);
    }
    let keys = keys(&files, folder)?;
    Ok(Some((files, keys)))
}

fn keys(files: &Files, folder: &Path) -> anyhow::Result<SealingKeys> {
    SealingKeys::new(files.iter().map(|(id, key)| (id.as_str(), key.as_slice())))
        .map_err(|error| anyhow!("--kek {}: {error}. {HOW}", folder.display()))
}

const HOW: &str = "Each file is one key: 32 random bytes (`head -c 32 /dev/urandom >DIR/2026-01`), its name the key's id";

/// The files but hidden ones: Kubernetes keeps its links there.
fn read(folder: &Path) -> anyhow::Result<Files> {
    let complaint = || format!("--kek {} cannot be read", folder.display());
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).with_context(complaint)? {
        let entry = entry.with_context(complaint)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        // Through links
        if name.starts_with('.') || std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            continue;
        }
        // One more than a key has, so that what is too long shows.
        let mut key = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
        let file = std::fs::File::open(&path).with_context(|| format!("the key-encryption key {} cannot be read", path.display()))?;
        file.take(KEY_BYTES as u64 + 1)
            .read_to_end(&mut key)
            .with_context(|| format!("the key-encryption key {} cannot be read", path.display()))?;
        files.insert(name, key);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::seal::Binding;
    use std::os::unix::fs::symlink;

    const HERE: Binding<'static> = Binding {
        purpose: "test",
        server: "a/b",
        facts: &[],
    };

    /// As the kubelet lays a Secret out.
    fn mounted(keys: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let hidden = folder.path().join("..2026_01_01");
        std::fs::create_dir(&hidden).unwrap();
        symlink("..2026_01_01", folder.path().join("..data")).unwrap();
        for (name, key) in keys {
            std::fs::write(hidden.join(name), key).unwrap();
            symlink(format!("..data/{name}"), folder.path().join(name)).unwrap();
        }
        folder
    }

    fn load(folder: &Path) -> anyhow::Result<SealingKeys> {
        keys(&read(folder)?, folder)
    }

    #[test]
    fn a_mounted_secret_is_its_keys() {
        let folder = mounted(&[("2026-01", vec![1; 32]), ("2026-02", vec![2; 32])]);
        assert_eq!(load(folder.path()).unwrap().ids(), ["2026-01", "2026-02"]);
    }

    #[test]
    fn a_folder_without_usable_keys_is_named_with_a_way_out() {
        let cases = [
            mounted(&[]),
            mounted(&[("a", vec![1; 31])]),
            mounted(&[("a", vec![1; 33])]),
            mounted(&[("a b", vec![1; 32])]),
        ];
        for folder in cases {
            let error = format!("{:#}", load(folder.path()).unwrap_err());
            let (named, told) = (
                error.contains(&*folder.path().display().to_string()),
                error.contains("32 random bytes"),
            );
            assert!(named && told, "{error}");
        }
        let error = format!("{:#}", load(Path::new("/nowhere")).unwrap_err());
        assert!(error.contains("/nowhere"), "{error}");
    }

    #[test]
    fn a_key_that_is_added_seals_and_one_that_is_half_written_changes_nothing() {
        let folder = mounted(&[("2026-01", vec![1; 32])]);
        let first = read(folder.path()).unwrap();
        assert!(look(folder.path(), &first).unwrap().is_none());
        std::fs::write(folder.path().join("2026-02"), [2; 7]).unwrap();
        assert!(look(folder.path(), &first).is_err());
        std::fs::write(folder.path().join("2026-02"), [2; 32]).unwrap();
        let (_, both) = look(folder.path(), &first).unwrap().unwrap();
        let sealed = both.seal(&HERE, b"x").unwrap();
        assert!(keys(&first, folder.path()).unwrap().open(&HERE, &sealed).is_err());
    }
}
