#!/usr/bin/env bash
# Fuzzes each target for FUZZ_SECONDS (default 60), beginning with the seeds of `make fuzz-seeds`.
# Needs a nightly toolchain and cargo-fuzz; says so when they are missing.
#
#   fuzz/run.sh            every target
#   fuzz/run.sh decode     only that one
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
target=${CARGO_TARGET_DIR:-target}
[[ $target = /* ]] || target=$PWD/$target
export CARGO_TARGET_DIR=$target/fuzz

skipped() {
    printf 'SKIPPED: fuzzing: %s\n' "$1" >&2
    exit 0
}

cargo +nightly --version >/dev/null 2>&1 ||
    skipped 'no nightly toolchain is there. Install it with: rustup toolchain install nightly'
command -v c++ >/dev/null || skipped 'no C++ compiler is there, which libFuzzer is built with. Install g++'
if ! cargo fuzz --version >/dev/null 2>&1; then
    printf 'installing cargo-fuzz\n'
    cargo install --locked --quiet cargo-fuzz ||
        skipped 'cargo-fuzz is not installed and cannot be. Install it with: cargo install --locked cargo-fuzz'
fi

targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(decode round_trip framing ipm dialect_file)
cargo +nightly fuzz build
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
"$CARGO_TARGET_DIR/$host/release/seeds"
for name in "${targets[@]}"; do
    printf '== fuzz %s for %s s\n' "$name" "$seconds"
    # What is found is written to fuzz/artifacts and ends this script.
    cargo +nightly fuzz run "$name" -- \
        -max_total_time="$seconds" -max_len=4096 -timeout=10 -verbosity=0 -print_pcs=0 -print_funcs=0
done
