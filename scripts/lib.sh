# Sourced by the scripts beside it; not a program.
# shellcheck shell=bash disable=SC2034

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Where cargo builds: the same place that cargo itself would choose.
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
# Tools that outlive a clone: compiled once for a machine.
TOOLS=${XDG_CACHE_HOME:-$HOME/.cache}/nauthera/tools
# The Python environment of the end-to-end tests.
PYTHON_ENV=$TARGET/tools/python
CARGO_DENY_VERSION=0.20.2
CARGO_MACHETE_VERSION=0.9.2

say() { printf '%s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
