#!/bin/sh
# Makes this machine ready to build, test and show cobrand: a Rust toolchain, a C compiler and
# PostgreSQL's server programs. What is there is used; what can be installed is installed; otherwise
# one exact command is printed and the exit status is 78.
#
#   scripts/setup.sh tests    also OpenSSH's server, which the tests of SFTP start themselves. Where it cannot be
#                             had those tests are skipped: that is no reason to fail.
#
#   COBRAND_PG_BIN=<folder>   use the server programs in this folder
#   COBRAND_PG_HIDE=1         behave as if the system had no PostgreSQL and we were not root (for tests)
#
# PostgreSQL comes from the system's packages: installed with root or sudo, without a system-wide
# cluster; or, without either, downloaded and unpacked into a cache from which they run as they are.
# crates/private-postgres/src/binaries.rs looks in the same places.
set -eu

PG_VERSION_MIN=13
CONFIG_ERROR=78
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
started=$(date +%s)

# Progress goes to the error stream: the output of `make demo` stays the demo's own.
say() { printf 'setup: %s\n' "$*" >&2; }
elapsed() { echo "$(($(date +%s) - started)) s"; }

# give_up <what is missing> <the one command>
give_up() {
    printf '\nsetup: %s\nRun this, then repeat the command:\n\n    %s\n\n' "$1" "$2" >&2
    exit "$CONFIG_ERROR"
}

has() { command -v "$1" >/dev/null 2>&1; }
has_apt() { has apt-get && has dpkg-deb; }
hidden() { [ "${COBRAND_PG_HIDE:-0}" != 0 ]; }
is_root() { [ "$(id -u)" = 0 ]; }
may_install() { is_root || { has sudo && sudo -n true 2>/dev/null; }; }

# for_people <command>: how a person without our rights would run it as root
for_people() {
    if is_root; then
        echo "$*"
    elif has sudo; then
        echo "sudo $*"
    else
        echo "su -c '$*'"
    fi
}

as_root() {
    if is_root; then "$@"; else sudo -n "$@"; fi
}

# --- Rust ------------------------------------------------------------------------------------------

check_rust() {
    needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$here/Cargo.toml")
    if ! has cargo && [ -x "${CARGO_HOME:-${HOME:-/nonexistent}/.cargo}/bin/cargo" ]; then
        give_up "cargo is installed but not on PATH." ". \"${CARGO_HOME:-$HOME/.cargo}/env\""
    fi
    if has rustup; then
        command='rustup toolchain install stable && rustup default stable'
    else
        command="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
    fi
    has cargo || give_up "a Rust toolchain ($needed or later) is needed and none was found." "$command"
    found=$(cd "$here" && cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9]*\.[0-9]*\).*/\1/p')
    [ -n "$found" ] || give_up "cargo is there but does not run." "$command"
    if ! version_at_least "$found" "$needed"; then
        give_up "Rust $found is too old; $needed or later is needed." "$command"
    fi
}

# version_at_least 1.95 1.88
version_at_least() {
    [ "${1%%.*}" -gt "${2%%.*}" ] && return 0
    [ "${1%%.*}" -eq "${2%%.*}" ] && [ "${1#*.}" -ge "${2#*.}" ]
}

# --- a C compiler, for the TLS library and for linking -----------------------------------------------

check_c_compiler() {
    has cc && return 0
    if has_apt && may_install; then
        say "installing a C compiler from the system's packages ..."
        apt_install gcc libc6-dev
        say "C compiler installed ($(elapsed))"
    elif has_apt; then
        give_up "a C compiler (cc) is needed and none was found." "$(for_people apt-get install -y gcc libc6-dev)"
    elif [ "$(uname -s)" = Darwin ]; then
        give_up "a C compiler (cc) is needed and none was found." "xcode-select --install"
    else
        give_up "a C compiler (cc) is needed and none was found." "$(package_command gcc)"
    fi
}

# package_command <package>: the command of a system without apt
package_command() {
    for tool in dnf:'dnf install -y' zypper:'zypper install -y' pacman:'pacman -S --noconfirm' \
        apk:'apk add' brew:'brew install'; do
        if has "${tool%%:*}"; then
            if [ "${tool%%:*}" = brew ]; then echo "${tool#*:} $1"; else for_people "${tool#*:} $1"; fi
            return
        fi
    done
    echo "install the package $1 with this system's package manager"
}

# --- PostgreSQL: is it there? ------------------------------------------------------------------------

cache_dir() {
    if is_root; then
        # Root's home is closed to the user that the server runs as.
        echo /var/cache/cobrand/postgresql
    else
        echo "${XDG_CACHE_HOME:-$HOME/.cache}/cobrand/postgresql"
    fi
}

# The library folders of an unpacked tree.
cached_libraries() {
    libraries="$1/usr/lib"
    for dir in "$1"/usr/lib/*-linux-*; do
        [ -d "$dir" ] && libraries="$dir:$libraries"
    done
    echo "$libraries"
}

# usable <bin folder> [<library path>]: prints the version if the programs run and are new enough
usable() {
    [ -x "$1/postgres" ] && [ -x "$1/initdb" ] || return 1
    version=$(LD_LIBRARY_PATH="${2:+$2:}${LD_LIBRARY_PATH:-}" "$1/postgres" --version 2>/dev/null |
        sed -n 's/.*(PostgreSQL) \([0-9][0-9]*\).*/\1/p')
    [ -n "$version" ] && [ "$version" -ge "$PG_VERSION_MIN" ] && echo "$version"
}

# Folders on PATH, behind symbolic links, and the usual places; one per line.
system_folders() {
    for program in postgres initdb pg_ctl; do
        found=$(command -v "$program" 2>/dev/null) || continue
        real=$(readlink -f "$found" 2>/dev/null) || continue
        dirname -- "$real"
    done
    if has pg_config; then pg_config --bindir 2>/dev/null || true; fi
    for dir in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql*/bin \
        /usr/local/opt/postgresql*/bin /home/linuxbrew/.linuxbrew/opt/postgresql*/bin /usr/pgsql-*/bin /usr/bin; do
        [ -d "$dir" ] && echo "$dir"
    done
    return 0
}

# Prints `<version> <folder>` of the first usable one.
find_postgresql() {
    if [ -n "${COBRAND_PG_BIN:-}" ]; then
        version=$(usable "$COBRAND_PG_BIN") || return 1
        echo "$version $COBRAND_PG_BIN"
        return 0
    fi
    if ! hidden; then
        found=$(system_folders | while IFS= read -r dir; do
            if version=$(usable "$dir"); then
                echo "$version $dir"
                break
            fi
        done)
        if [ -n "$found" ]; then
            echo "$found"
            return 0
        fi
    fi
    for cache in "$(cache_dir)" /var/cache/cobrand/postgresql; do
        for dir in "$cache"/usr/lib/postgresql/*/bin; do
            if version=$(usable "$dir" "$(cached_libraries "$cache")"); then
                echo "$version $dir"
                return 0
            fi
        done
    done
    return 1
}

# --- PostgreSQL: the system's packages, with root or sudo ---------------------------------------------

# apt_install <package>...: with fresh lists if the known ones do not do
apt_install() {
    apt_get_install "$@" && return 0
    say "refreshing the package lists ..."
    quietly as_root apt-get -q update || true
    apt_get_install "$@" && return 0
    cat "$apt_log" >&2
    return 1
}

# apt says a hundred lines; they are shown only if it failed.
apt_log=$(mktemp)
trap 'rm -f "$apt_log"' EXIT
quietly() { "$@" >"$apt_log" 2>&1 </dev/null; }

apt_get_install() {
    quietly as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
        apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
        install --no-install-recommends "$@"
}

clusters() {
    if has pg_lsclusters; then pg_lsclusters -h 2>/dev/null | awk '{ print $1, $2 }'; fi
}

createcluster=/etc/postgresql-common/createcluster.conf
createcluster_saved=''

# While the packages are installed, this file tells them to create no cluster. An existing one is put back.
forbid_main_cluster() {
    as_root mkdir -p /etc/postgresql-common
    if [ -e "$createcluster" ]; then
        createcluster_saved=$(as_root mktemp /etc/postgresql-common/createcluster.conf.cobrand.XXXXXX)
        as_root cp -p "$createcluster" "$createcluster_saved"
    else
        createcluster_saved=none
    fi
    trap 'restore_createcluster; rm -f "$apt_log"' EXIT
    trap 'exit 130' INT TERM
    echo 'create_main_cluster = false' | as_root tee "$createcluster" >/dev/null
}

restore_createcluster() {
    shipped=/usr/share/postgresql-common/createcluster.conf
    case $createcluster_saved in
        '') return 0 ;;
        none)
            if [ -e "$shipped" ]; then as_root cp "$shipped" "$createcluster"; else as_root rm -f "$createcluster"; fi
            as_root rm -f "$createcluster.ucf-dist" "$createcluster.dpkg-dist"
            ;;
        *) as_root mv "$createcluster_saved" "$createcluster" ;;
    esac
    createcluster_saved=''
}

# Belt and braces: a cluster that the installation made and started all the same is stopped.
stop_new_clusters() {
    clusters | while read -r version name; do
        if ! printf '%s\n' "$1" | grep -qx "$version $name"; then
            say "stopping the system-wide cluster $version $name that the packages started"
            as_root pg_ctlcluster "$version" "$name" stop || true
        fi
    done
}

install_postgresql() {
    say "installing PostgreSQL from the system's packages (no system-wide cluster is created) ..."
    before=$(clusters)
    forbid_main_cluster
    outcome=0
    apt_install postgresql || outcome=$?
    restore_createcluster
    stop_new_clusters "$before"
    [ "$outcome" = 0 ] || return 1
    say "PostgreSQL installed ($(elapsed))"
}

# --- PostgreSQL: unpacked into a cache, without root --------------------------------------------------

# The major version that the metapackage `postgresql` stands for in the package lists at hand.
packaged_version() {
    apt-cache depends postgresql 2>/dev/null |
        sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1
}

# Package lists of our own, below the given folder: the system's may be missing or old and are root's to refresh.
use_private_lists() {
    mkdir -p "$1/lists/partial" "$1/archives/partial"
    cat >"$1/apt.conf" <<CONF
Dir::State::Lists "$1/lists";
Dir::Cache "$1";
Acquire::Languages "none";
CONF
    export APT_CONFIG="$1/apt.conf"
    say "reading the package lists into a private folder ..."
    # Hooks of the system may fail without root although the lists arrived: the download decides.
    apt-get -q update >"$1/update.log" 2>&1 || true
    say "package lists read ($(elapsed))"
}

# The server and those libraries it needs that are not installed. Not libllvm: only JIT uses it and it is off.
packages_to_unpack() {
    echo "postgresql-$1"
    apt-get -s install --no-install-recommends "postgresql-$1" 2>/dev/null |
        sed -n 's/^Inst \(lib[^ ]*\) .*/\1/p' | grep -v -e '^libllvm' -e '^libperl' -e '-perl$' || true
}

download_packages() {
    version=$(packaged_version)
    [ -n "$version" ] || return 1
    [ "$version" -ge "$PG_VERSION_MIN" ] ||
        give_up "this system's packages have PostgreSQL $version; $PG_VERSION_MIN or later is needed." \
            "COBRAND_PG_BIN=<folder of newer server programs> make setup"
    say "downloading the packages of PostgreSQL $version ..."
    # shellcheck disable=SC2046 # package names have no spaces
    (cd "$1" && apt-get -q download $(packages_to_unpack "$version") >download.log 2>&1)
}

unpack_postgresql() {
    cache=$(cache_dir)
    mkdir -p "$(dirname -- "$cache")"
    # Root's file mode mask must not hide the programs from the server's user.
    umask 022
    work=$(mktemp -d "$(dirname -- "$cache")/unpacking.XXXXXX")
    trap 'rm -rf "$work" "$apt_log"' EXIT
    trap 'exit 130' INT TERM
    mkdir "$work/packages" "$work/tree"
    if ! download_packages "$work/packages"; then
        use_private_lists "$work"
        download_packages "$work/packages" || {
            cat "$work/update.log" "$work/packages/download.log" >&2 2>/dev/null || true
            return 1
        }
    fi
    say "unpacking $(ls "$work"/packages/*.deb | wc -l | tr -d ' ') packages ($(elapsed)) ..."
    for package in "$work"/packages/*.deb; do
        dpkg-deb -x "$package" "$work/tree"
    done
    # Some packages still bring libraries in /lib, which on the system is a link to /usr/lib.
    if [ -d "$work/tree/lib" ]; then
        cp -R "$work/tree/lib/." "$work/tree/usr/lib/"
        rm -rf "$work/tree/lib"
    fi
    chmod 755 "$work/tree"
    prove_unpacked "$work/tree" || return 1
    rm -rf "$cache"
    mv "$work/tree" "$cache"
    say "PostgreSQL unpacked into $cache ($(elapsed))"
}

# Every library of the programs must be found, in the tree or in the system.
prove_unpacked() {
    libraries=$(cached_libraries "$1")
    for program in "$1"/usr/lib/postgresql/*/bin/postgres "$1"/usr/lib/postgresql/*/bin/initdb; do
        missing=$(LD_LIBRARY_PATH="$libraries" ldd "$program" 2>/dev/null | sed -n 's/^[[:space:]]*\(.*\) => not found.*/\1/p')
        if [ -n "$missing" ]; then
            echo "setup: libraries missing for ${program##*/}: $missing" >&2
            return 1
        fi
    done
}

check_postgresql() {
    if found=$(find_postgresql); then
        say "PostgreSQL ${found%% *} found in ${found#* }"
        return 0
    fi
    if [ -n "${COBRAND_PG_BIN:-}" ]; then
        give_up "COBRAND_PG_BIN=$COBRAND_PG_BIN has no PostgreSQL server $PG_VERSION_MIN or later." "unset COBRAND_PG_BIN"
    fi
    has_apt || give_up "PostgreSQL's server programs ($PG_VERSION_MIN or later) are needed." "$(postgresql_command)"
    if ! hidden && may_install; then
        install_postgresql || say "the packages could not be installed; trying to unpack them instead"
        find_postgresql >/dev/null && return 0
    fi
    unpack_postgresql && find_postgresql >/dev/null ||
        give_up "PostgreSQL's server programs could be neither installed nor unpacked." "$(for_people apt-get install -y postgresql)"
}

postgresql_command() {
    if has brew; then
        echo "brew install postgresql@17"
    elif has apk; then
        for_people apk add postgresql
    elif has pacman; then
        for_people pacman -S --noconfirm postgresql
    else
        package_command postgresql-server
    fi
}

# --- OpenSSH's server, for tests ------------------------------------------------------------------------

find_sshd() {
    for program in /usr/sbin/sshd /usr/local/sbin/sshd /usr/bin/sshd /opt/homebrew/sbin/sshd; do
        [ -x "$program" ] && return 0
    done
    return 1
}

check_sshd() {
    find_sshd && return 0
    if ! has_apt || ! may_install; then
        say "OpenSSH's server is not installed; tests of SFTP will be skipped. To run them: $(sshd_command)"
        return 0
    fi
    say "installing OpenSSH's server from the system's packages (no server is started) ..."
    install_sshd && say "OpenSSH's server installed ($(elapsed))" ||
        say "OpenSSH's server could not be installed; tests of SFTP will be skipped"
}

sshd_command() {
    if has_apt; then for_people apt-get install -y openssh-server; else package_command openssh-server; fi
}

policy=/usr/sbin/policy-rc.d
policy_ours=''

# The package would start a server on this machine's port 22, now and at every start. The tests only want its program.
install_sshd() {
    if [ ! -e "$policy" ]; then
        policy_ours=yes
        trap 'restore_policy; rm -f "$apt_log"' EXIT
        trap 'exit 130' INT TERM
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    outcome=0
    apt_install openssh-server || outcome=$?
    restore_policy
    if has systemctl; then quietly as_root systemctl disable ssh.service ssh.socket || true; fi
    [ "$outcome" = 0 ] && find_sshd
}

restore_policy() {
    [ -z "$policy_ours" ] || as_root rm -f "$policy"
    policy_ours=''
}

check_rust
check_c_compiler
check_postgresql
if [ "${1:-}" = tests ]; then check_sshd; fi
say "ready ($(elapsed))"
