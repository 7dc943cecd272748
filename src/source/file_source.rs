//! Watches the manifests and delivers what they come to.

use super::data::DataFolder;
use super::folder::Listing;
use super::loader::{Loader, SourceUpdate};
use crate::config::directory_health::DirectoryHealth;
use crate::config::input::Options;
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecursiveMode, Watcher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Editors write in several steps: an edit is read once nothing has happened for this long …
const QUIET: Duration = Duration::from_millis(80);
/// … or after this long in any case.
const PATIENCE: Duration = Duration::from_millis(400);
/// Some file systems announce nothing, and a folder that is replaced takes its watch along: a look at names, sizes and dates finds what
/// was missed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

enum Signal {
    Touched,
    /// How the directories stand
    Directories(Arc<Vec<DirectoryHealth>>),
    Stop,
}

/// A folder of manifests that is watched until this is dropped.
#[derive(Debug)]
pub struct FileSource {
    updates: mpsc::Receiver<SourceUpdate>,
    signals: Sender<Signal>,
}

impl FileSource {
    /// Reads `manifests` (a folder, or one file), makes the Secrets that clients need below `data`, and begins to watch. The first
    /// update comes with it, whatever it says: broken files are in its `problems`.
    ///
    /// # Errors
    /// If `manifests` is not there, or `data` cannot be used.
    pub async fn open(manifests: &Path, data: &Path, options: Options) -> io::Result<(Self, SourceUpdate)> {
        let manifests = manifests.to_owned();
        let data = data.to_owned();
        let opened = tokio::task::spawn_blocking(move || Self::start(&manifests, &data, options)).await;
        opened.map_err(io::Error::other)?
    }

    fn start(manifests: &Path, data: &Path, options: Options) -> io::Result<(Self, SourceUpdate)> {
        std::fs::metadata(manifests)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {}", manifests.display(), super::folder::reason(&error))))?;
        let folder = data;
        let data = DataFolder::open(folder)?;
        if std::fs::canonicalize(folder)?.starts_with(std::fs::canonicalize(manifests)?) {
            let message = format!(
                "{}: the data folder may not be inside the manifests' folder {}, or what is written there would be read as a manifest",
                folder.display(),
                manifests.display()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let mut loader = Loader::new(&[manifests.to_owned()], Some(data), options);
        let (signals, received) = channel();
        // Watching begins before reading, so that nothing falls between.
        let watch = Watch::new(manifests, signals.clone());
        let seen = loader.look();
        let first = loader.load();
        let (sender, updates) = mpsc::channel(1);
        let state = State {
            loader,
            seen,
            last: first.clone(),
            watch,
            sender,
        };
        std::thread::Builder::new()
            .name("manifests".to_owned())
            .spawn(move || state.run(&received))?;
        Ok((Self { updates, signals }, first))
    }

    /// How the directories stand, for the statuses of their UserStores.
    pub fn tell(&self, directories: Arc<Vec<DirectoryHealth>>) {
        let _ = self.signals.send(Signal::Directories(directories));
    }

    /// The next change; `None` once watching has ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<SourceUpdate> {
        self.updates.recv().await
    }
}

impl Drop for FileSource {
    fn drop(&mut self) {
        let _ = self.signals.send(Signal::Stop);
    }
}

/// The operating system's announcements, where they can be had.
struct Watch {
    root: PathBuf,
    watcher: Option<notify::RecommendedWatcher>,
    /// The folder that is watched, as the file system knows it: another one in its place needs a watch of its own
    identity: Option<(u64, u64)>,
    signals: Sender<Signal>,
}

impl Watch {
    fn new(root: &Path, signals: Sender<Signal>) -> Self {
        let mut watch = Self {
            root: root.to_owned(),
            watcher: None,
            identity: None,
            signals,
        };
        watch.renew();
        watch
    }

    /// Sets the watch anew if the folder is another one than before. What cannot be watched is still looked at now and then.
    fn renew(&mut self) {
        use std::os::unix::fs::MetadataExt;
        let identity = std::fs::metadata(&self.root).ok().map(|metadata| (metadata.dev(), metadata.ino()));
        if identity.is_some() && identity == self.identity && self.watcher.is_some() {
            return;
        }
        let signals = self.signals.clone();
        let announced = move |event: notify::Result<notify::Event>| {
            // Reading the files is announced too: only what can change them counts.
            let matters = event.map_or(
                true,
                |event| !matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)),
            );
            if matters {
                let _ = signals.send(Signal::Touched);
            }
        };
        self.watcher = notify::recommended_watcher(announced)
            .and_then(|mut watcher| watcher.watch(&self.root, RecursiveMode::Recursive).map(|()| watcher))
            .ok();
        self.identity = identity;
    }
}

struct State {
    loader: Loader,
    seen: Listing,
    last: SourceUpdate,
    watch: Watch,
    sender: mpsc::Sender<SourceUpdate>,
}

impl State {
    fn run(mut self, received: &Receiver<Signal>) {
        loop {
            match received.recv_timeout(LOOK_EVERY) {
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Signal::Directories(stand)) => {
                    self.loader.told(stand, &self.last);
                    continue;
                }
                Ok(Signal::Touched) => {
                    let (ends, stand) = settled(received);
                    if let Some(stand) = stand {
                        self.loader.told(stand, &self.last);
                    }
                    if ends {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.watch.renew();
                    if self.loader.look() == self.seen && !self.loader.lost_a_secret(&self.last.generated) {
                        continue;
                    }
                }
            }
            self.seen = self.loader.look();
            let update = self.loader.load();
            if says_the_same(&self.last, &update) {
                continue;
            }
            self.last = update.clone();
            if self.sender.blocking_send(update).is_err() {
                return;
            }
        }
    }
}

/// Waits until nothing more is announced. Returns whether it is time to stop, and what was told of directories meanwhile.
fn settled(received: &Receiver<Signal>) -> (bool, Option<Arc<Vec<DirectoryHealth>>>) {
    let deadline = Instant::now() + PATIENCE;
    let mut directories = None;
    loop {
        let wait = QUIET.min(deadline.saturating_duration_since(Instant::now()));
        match received.recv_timeout(wait) {
            Ok(Signal::Directories(stand)) => directories = Some(stand),
            Ok(Signal::Touched) if Instant::now() < deadline => {}
            Ok(Signal::Touched) | Err(RecvTimeoutError::Timeout) => return (false, directories),
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return (true, directories),
        }
    }
}

/// Whether an update says nothing new: a file was touched, or a comment changed.
fn says_the_same(a: &SourceUpdate, b: &SourceUpdate) -> bool {
    let revisions = |update: &SourceUpdate| -> Vec<_> {
        let snapshots = update.compiled.snapshots.iter();
        snapshots.map(|(key, snapshot)| (key.clone(), snapshot.revision.clone())).collect()
    };
    a.problems == b.problems && a.compiled.verdicts == b.compiled.verdicts && revisions(a) == revisions(b)
}
