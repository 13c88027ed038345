#!/bin/sh
# The console in headless Chromium, with axe-core looking for what bars people. Without a browser or its driver:
# installed where CI=true and we are root, otherwise skipped, loudly. COBRAND_CHROMIUM and COBRAND_CHROMEDRIVER name
# others than the first of the usual names; COBRAND_UPDATE_SCREENSHOTS=1 also writes the pictures in docs/images.
set -eu

# first <named> <usual name>...: the path of the first program that runs; a named one is not replaced by another.
first() {
    named=$1
    shift
    [ -z "$named" ] || set -- "$named"
    for name in "$@"; do
        # Ubuntu's chromium-browser is a stub that only tells to install a snap.
        if path=$(command -v "$name" 2>/dev/null) && "$path" --version >/dev/null 2>&1; then
            echo "$path"
            return 0
        fi
    done
    return 1
}

find_both() {
    browser=$(first "${COBRAND_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable chrome) &&
        driver=$(first "${COBRAND_CHROMEDRIVER:-}" chromedriver chromium.chromedriver)
}

install_both() {
    [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    echo 'browser-test: installing chromium and chromium-driver from the system packages ...'
    log=$(mktemp)
    for attempt in known refreshed; do
        [ "$attempt" = known ] || apt-get -q update >"$log" 2>&1 || true
        if DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
            install --no-install-recommends chromium chromium-driver >"$log" 2>&1 </dev/null; then
            rm -f "$log"
            return 0
        fi
    done
    cat "$log" >&2
    rm -f "$log"
    return 1
}

if ! find_both; then
    for named in "${COBRAND_CHROMIUM:-}" "${COBRAND_CHROMEDRIVER:-}"; do
        if [ -n "$named" ] && ! first "$named" >/dev/null; then
            echo "browser-test: cannot run $named: correct COBRAND_CHROMIUM or COBRAND_CHROMEDRIVER, or unset it" >&2
            exit 1
        fi
    done
    install_both || true
    if ! find_both; then
        echo '===============================================================================================' >&2
        echo 'SKIPPED: make browser-test: no chromium with a chromedriver here.' >&2
        echo 'Install them: apt-get install chromium chromium-driver' >&2
        echo '===============================================================================================' >&2
        exit 0
    fi
fi
echo "browser-test: using $browser and $driver"

# axe-core is one script of a package that needs nothing else; its version is named so that findings do not change by
# themselves. COBRAND_AXE names another copy of it.
AXE_VERSION=4.11.1
axe=${COBRAND_AXE:-$PWD/target/axe-$AXE_VERSION/node_modules/axe-core/axe.min.js}
if [ ! -f "$axe" ] && command -v npm >/dev/null 2>&1; then
    npm install --silent --no-audit --no-fund --ignore-scripts --no-save --prefix "target/axe-$AXE_VERSION" \
        "axe-core@$AXE_VERSION" || true
fi
if [ ! -f "$axe" ]; then
    echo 'SKIPPED: the pages are not looked at with axe-core: npm or its registry is not there' >&2
    axe=
fi
COBRAND_CHROMIUM=$browser COBRAND_CHROMEDRIVER=$driver COBRAND_AXE=$axe \
    exec "${CARGO:-cargo}" test -p end-to-end --test console_in_chromium --test programs_in_chromium \
    --test morning_in_chromium -- --ignored --nocapture
