# Sourced by demo, test and run: makes the environment, once. Progress goes to stderr, so that
# stdout belongs to the program. Sets MOTIONLENS_PYTHON_ENV, the environment's folder.

set -euo pipefail

checkout="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
MOTIONLENS_PYTHON_ENV="${MOTIONLENS_VENV:-$checkout/.venv}"
case "$MOTIONLENS_PYTHON_ENV" in /*) ;; *) MOTIONLENS_PYTHON_ENV="$PWD/$MOTIONLENS_PYTHON_ENV" ;; esac
# Two stamps: the pinned set, and the system's libraries. Either is looked into again only when its
# own list changed, or when something was still missing the last time.
stamp="$MOTIONLENS_PYTHON_ENV/motionlens-setup"
system_stamp="$MOTIONLENS_PYTHON_ENV/motionlens-system"

say() { printf '%s\n' "$*" >&2; }

# What Qt needs of the system, as (library, Debian package); the virtual screen is for tests.
qt_libraries="libglib-2.0.so.0:libglib2.0-0 libGL.so.1:libgl1 libEGL.so.1:libegl1
libfontconfig.so.1:libfontconfig1 libxkbcommon.so.0:libxkbcommon0 libdbus-1.so.3:libdbus-1-3
libxcb-cursor.so.0:libxcb-cursor0 libxcb-icccm.so.4:libxcb-icccm4
libxcb-image.so.0:libxcb-image0 libxcb-keysyms.so.1:libxcb-keysyms1
libxcb-randr.so.0:libxcb-randr0 libxcb-render-util.so.0:libxcb-render-util0
libxcb-shape.so.0:libxcb-shape0 libxcb-xkb.so.1:libxcb-xkb1
libxkbcommon-x11.so.0:libxkbcommon-x11-0"

missing_packages() { # python; one start of it for the whole list
    "$1" -c '
import ctypes, sys
for pair in sys.argv[1].split():
    library, package = pair.rsplit(":", 1)
    try:
        ctypes.CDLL(library)
    except OSError:
        print(package)
' "$qt_libraries"
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

# Succeeds where nothing is missing any more.
install_system_packages() { # python
    local python="$1" missing
    [ "$(uname -s)" = Linux ] || return 0
    missing="$(missing_packages "$python" | tr '\n' ' ')"
    if [ "${MOTIONLENS_FOR_TESTS:-}" = 1 ]; then
        command -v Xvfb >/dev/null 2>&1 || missing="${missing}xvfb "
        command -v xauth >/dev/null 2>&1 || missing="${missing}xauth "
    fi
    # A machine without one font shows a window without one letter.
    if ! compgen -G "/usr/share/fonts/*/*" >/dev/null && ! compgen -G "${HOME:-/}/.fonts/*" >/dev/null
    then
        missing="${missing}fonts-dejavu-core "
    fi
    missing="${missing% }"
    [ -n "$missing" ] || return 0
    local mend="apt-get update && apt-get install -y --no-install-recommends $missing"
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        say "[2/4] Installing system libraries: $missing"
        # Unquoted on purpose: one word a package.
        # shellcheck disable=SC2086
        if apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends $missing >/dev/null; then
            return 0
        fi
        say "Some system libraries could not be installed. The window needs them; try by hand:"
        say "$mend"
        return 1
    fi
    if command -v apt-get >/dev/null 2>&1; then
        say "The window needs system libraries that are missing. Install them with:"
    else
        say "The window needs system libraries that are missing. With Debian's names for them:"
    fi
    say "sudo sh -c '$mend'"
    return 1
}

make_environment() {
    local python="$1"
    # A venv that was cut short, or made where ensurepip is missing, has a python and no pip.
    if "$MOTIONLENS_PYTHON_ENV/bin/python" -m pip --version >/dev/null 2>&1; then
        return 0
    fi
    say "[1/4] Making $MOTIONLENS_PYTHON_ENV"
    if "$python" -m venv "$MOTIONLENS_PYTHON_ENV" >/dev/null 2>&1; then
        return 0
    fi
    # Debian's own Python has its venv module in a package of the same version.
    local version package="python3-venv"
    version="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    [ "$(command -v "$python")" != "/usr/bin/python$version" ] || package="python$version-venv"
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        apt-get update -qq >&2 || true
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null || true
        if "$python" -m venv "$MOTIONLENS_PYTHON_ENV" >/dev/null 2>&1; then
            return 0
        fi
    fi
    say "$python cannot make a virtual environment in $MOTIONLENS_PYTHON_ENV (its venv module is"
    say "missing, or the folder cannot be written). On Debian, install the module with:"
    say "sudo apt-get install -y $package"
    exit 2
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
    if ! wait "$pip"; then
        say "The pinned packages could not be installed (see above). The same command goes on from here."
        exit 2
    fi
    say "[4/4] Installing MotionLens itself"
    "$env_python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --editable "$checkout" >&2 \
        2> >(grep -v "is ignored: it is neither a file nor a directory" >&2)
}

# The folder is part of it: an environment that two checkouts share runs the one that set it up.
wanted="$checkout $(cat "$checkout/packaging/constraints.txt" "$checkout/pyproject.toml" \
    "$checkout/packaging/setup.sh" | cksum)"
wanted_of_system="$qt_libraries ${MOTIONLENS_FOR_TESTS:-0}"
have_stamp() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
# A test run needs more of the system than a plain one does.
have_system() {
    have_stamp "$system_stamp" "$wanted_of_system" || have_stamp "$system_stamp" "$qt_libraries 1"
}

if ! have_stamp "$stamp" "$wanted" || ! have_system; then
    python="$(find_python)"
    make_environment "$python"
    if ! have_system && install_system_packages "$python"; then
        printf '%s' "$wanted_of_system" >"$system_stamp"
    fi
    if ! have_stamp "$stamp" "$wanted"; then
        install_python_packages
        printf '%s' "$wanted" >"$stamp"
        say "Ready."
    fi
fi
