#!/bin/sh
# The console's day page in headless Chromium. Without a browser: installed where CI=true and we are root,
# otherwise skipped, loudly. COBRAND_CHROMIUM names another browser than the first of the usual names.
set -eu

browser() {
    if [ -n "${COBRAND_CHROMIUM:-}" ]; then
        command -v "$COBRAND_CHROMIUM"
        return
    fi
    for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
        # Ubuntu's chromium-browser is a stub that only tells to install a snap.
        if path=$(command -v "$name" 2>/dev/null) && "$path" --version >/dev/null 2>&1; then
            echo "$path"
            return 0
        fi
    done
    return 1
}

install_browser() {
    [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    echo 'browser-test: installing chromium from the system packages ...'
    log=$(mktemp)
    for attempt in known refreshed; do
        [ "$attempt" = known ] || apt-get -q update >"$log" 2>&1 || true
        if DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
            install --no-install-recommends chromium >"$log" 2>&1 </dev/null; then
            rm -f "$log"
            return 0
        fi
    done
    cat "$log" >&2
    rm -f "$log"
    return 1
}

if ! found=$(browser); then
    install_browser || true
    if ! found=$(browser); then
        echo '==================================================================================' >&2
        echo 'SKIPPED: make browser-test: no chromium here. Install it: apt-get install chromium' >&2
        echo '==================================================================================' >&2
        exit 0
    fi
fi
echo "browser-test: using $found"
COBRAND_CHROMIUM=$found exec "${CARGO:-cargo}" test -p end-to-end --test console_in_chromium -- --ignored --nocapture
