//! Images of the built program, without an image builder: `tests/kubelab/node/mkimage.py` packs the binary and the libraries that it needs.

use super::tools::{cache, repository, run};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// What the chart runs unless it is told otherwise.
pub const IMAGE: &str = concat!("localhost/nauthera:", env!("CARGO_PKG_VERSION"));
/// The same program under another tag: a release to upgrade to.
pub const NEXT_IMAGE: &str = "localhost/nauthera:next";

static FOLDER: LazyLock<Archives> = LazyLock::new(Archives::make);

/// The archives of this run.
pub struct Archives {
    _folder: tempfile::TempDir,
    /// Of all images: `IMAGES` of `cluster.sh`.
    pub paths: Vec<PathBuf>,
}

/// Those of this test binary, made once.
pub fn archives() -> &'static Archives {
    &FOLDER
}

impl Archives {
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A tenth of the size without what only a debugger reads.
        let binary = folder.path().join("nauthera");
        let stripped = Command::new("strip")
            .arg("-o")
            .args([&binary, Path::new(env!("CARGO_BIN_EXE_nauthera"))])
            .status()
            .expect("strip (binutils)");
        assert!(stripped.success());
        let make = |arguments: &[&str]| {
            run(&repository("tests/kubelab/node/mkimage.py"), arguments, &[], "").success();
        };
        let path = |name: &str| folder.path().join(name);
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let (archive, source) = (path("nauthera.tar"), text(&binary));
        make(&[
            "--user",
            "65532:65532",
            "--libraries-of",
            &source,
            &text(&archive),
            &format!("{IMAGE},{NEXT_IMAGE}"),
            "/usr/local/bin/nauthera",
            &format!("/usr/local/bin/nauthera={source}"),
        ]);
        let pause = path("pause.tar");
        let busybox = cache("kubelab/ctr/bin/busybox");
        make(&[
            &text(&pause),
            "lab.local/pause:1",
            "/bin/sleep infinity",
            &format!("/bin/busybox={}", busybox.display()),
            "/bin/sleep=->busybox",
        ]);
        Self {
            _folder: folder,
            paths: vec![archive, pause],
        }
    }
}
