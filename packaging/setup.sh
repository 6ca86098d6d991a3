# Sourced by demo, test and run: makes the environment, once. Progress goes to stderr, so that
# stdout belongs to the program. Sets MOTIONLENS_PYTHON_ENV, the environment's folder.

set -euo pipefail

checkout="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
MOTIONLENS_PYTHON_ENV="${MOTIONLENS_VENV:-$checkout/.venv}"
stamp="$MOTIONLENS_PYTHON_ENV/motionlens-setup"

say() { printf '%s\n' "$*" >&2; }

# What Qt needs of the system, as (library, Debian package); the virtual screen is for tests.
qt_libraries="libglib-2.0.so.0:libglib2.0-0 libGL.so.1:libgl1 libEGL.so.1:libegl1
libfontconfig.so.1:libfontconfig1 libxkbcommon.so.0:libxkbcommon0 libdbus-1.so.3:libdbus-1-3
libxcb-cursor.so.0:libxcb-cursor0 libxcb-icccm.so.4:libxcb-icccm4
libxcb-image.so.0:libxcb-image0 libxcb-keysyms.so.1:libxcb-keysyms1
libxcb-randr.so.0:libxcb-randr0 libxcb-render-util.so.0:libxcb-render-util0
libxcb-shape.so.0:libxcb-shape0 libxcb-xkb.so.1:libxcb-xkb1
libxkbcommon-x11.so.0:libxkbcommon-x11-0"

have_library() {
    "$1" - "$2" <<'PY' 2>/dev/null
import ctypes, sys
ctypes.CDLL(sys.argv[1])
PY
}

find_python() {
    local candidate
    for candidate in python3.11 python3.12 python3.13 python3.14 python3; do
        if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c \
            'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
    done
    say "MotionLens needs Python 3.11 to 3.14, and none is on the PATH. Install one: apt-get install python3 python3-venv"
    exit 2
}

install_system_packages() { # python, extra packages...
    local python="$1" missing="" pair
    shift
    [ "$(uname -s)" = Linux ] || return 0
    for pair in $qt_libraries; do
        have_library "$python" "${pair%%:*}" || missing="$missing ${pair##*:}"
    done
    if [ "${MOTIONLENS_FOR_TESTS:-}" = 1 ]; then
        command -v Xvfb >/dev/null 2>&1 || missing="$missing xvfb"
        command -v xauth >/dev/null 2>&1 || missing="$missing xauth"
    fi
    # A machine without one font shows a window without one letter.
    if ! ls /usr/share/fonts/*/* /usr/share/fonts/*/*/* "$HOME"/.fonts/* >/dev/null 2>&1; then
        missing="$missing fonts-dejavu-core"
    fi
    [ -n "$missing" ] || return 0
    local mend="apt-get update && apt-get install -y --no-install-recommends$missing"
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        say "[2/4] Installing system libraries:$missing"
        if apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends $missing >/dev/null; then
            return 0
        fi
        say "Some system libraries could not be installed. Try by hand: $mend"
        return 0
    fi
    say "The window needs system libraries that are missing. Install them with:"
    say "  sudo sh -c '$mend'"
}

make_environment() {
    local python="$1"
    if [ ! -x "$MOTIONLENS_PYTHON_ENV/bin/python" ]; then
        say "[1/4] Making $MOTIONLENS_PYTHON_ENV"
        if ! "$python" -m venv "$MOTIONLENS_PYTHON_ENV" >/dev/null 2>&1; then
            if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
                apt-get update -qq >&2
                DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
                "$python" -m venv "$MOTIONLENS_PYTHON_ENV"
            else
                say "Python's venv module is missing. Install it with: sudo apt-get install python3-venv"
                exit 2
            fi
        fi
    fi
}

install_python_packages() {
    local env_python="$MOTIONLENS_PYTHON_ENV/bin/python"
    local total
    total="$(grep -c '==' "$checkout/packaging/constraints.txt")"
    say "[3/4] Installing $total pinned packages (torch and Qt are large: some minutes on a slow line)"
    # --no-build-isolation: the build tools are pinned and installed like everything else.
    "$env_python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$checkout/packaging/constraints.txt" >&2 \
        2> >(grep -v "is ignored: it is neither a file nor a directory" >&2) &
    local pip=$! waited=0
    while kill -0 "$pip" 2>/dev/null; do
        sleep 1
        waited=$((waited + 1))
        if [ $((waited % 10)) = 0 ]; then
            local done_now
            done_now="$(find "$MOTIONLENS_PYTHON_ENV"/lib/python3*/site-packages -maxdepth 1 \
                -name '*.dist-info' 2>/dev/null | wc -l)"
            say "      $waited s, $done_now of $total packages in place"
        fi
    done
    wait "$pip"
    say "[4/4] Installing MotionLens itself"
    "$env_python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --editable "$checkout" >&2 \
        2> >(grep -v "is ignored: it is neither a file nor a directory" >&2)
}

wanted="$(cat "$checkout/packaging/constraints.txt" "$checkout/pyproject.toml" \
    "$checkout/packaging/setup.sh" | cksum) ${MOTIONLENS_FOR_TESTS:-0}"
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    python="$(find_python)"
    make_environment "$python"
    install_system_packages "$python"
    install_python_packages
    printf '%s' "$wanted" >"$stamp"
    say "Ready."
fi
