# The commands of cobrand. `make demo` and `make test` do all the set-up themselves.
#
#   make demo [ARGS=...]   a bank's day, from messages over mutual TLS to settlement files
#   make test              every test, against a private PostgreSQL cluster
#   make help              the rest

.DEFAULT_GOAL := help
.PHONY: help setup tools build demo test fmt lint tidy deny bench codec-bench fuzz fuzz-seeds mutate browser-test faults model lives settlement-month close-faults planted ci

CARGO ?= cargo
ARGS ?=
# Rounds of the long SIGKILL runs.
FAULT_ROUNDS ?= 100
# Messages of the second model's month, and random lives of each property.
MODEL_MESSAGES ?= 1000000
LIVES ?= 100000
# Messages of the second settlement's month, and rounds in which a close is killed.
SETTLEMENT_MESSAGES ?= 200000
CLOSE_ROUNDS ?= 200
# Purchases of the month in which faults are planted.
PLANTED_PURCHASES ?= 30000

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

setup: ## what is missing on this machine: PostgreSQL's server programs, a C compiler; for the tests OpenSSH's server
	@scripts/setup.sh tests

# Without what only tests need.
tools:
	@scripts/setup.sh

# One build for the demo and the tests: the same profile, the same features, so a machine compiles once.
build: tools
	@scripts/timed.sh "building everything once (the first time takes minutes)" $(CARGO) build --workspace --all-targets

demo: build ## one business day; stays up at a terminal (ARGS="--exit --json" prints a summary and ends)
	@if [ -t 1 ]; then exec target/debug/cobrand demo $(ARGS); else \
		case " $(ARGS) " in *" --exit "*) exec target/debug/cobrand demo $(ARGS) ;; \
		*) exec target/debug/cobrand demo --exit $(ARGS) ;; esac; fi

test: setup build ## every test
	@scripts/timed.sh "running every test" $(CARGO) test --workspace

fmt: ## format the code
	$(CARGO) fmt --all

lint: ## formatting and clippy, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

tidy: ## the rules of the house that a machine can check
	$(CARGO) test -p end-to-end --test tidy

deny: ## licences, bans, advisories and sources of the dependencies
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check; \
	else echo 'SKIPPED: make deny: cargo-deny is not installed. Install it with: cargo install --locked cargo-deny' >&2; fi

bench: tools ## messages per second, release build
	@scripts/timed.sh "building the release" $(CARGO) build --release -p cobrand
	target/release/cobrand bench --json $(ARGS)

codec-bench: ## nanoseconds and allocations per ISO 8583 message; then beside other crates, in one run
	$(CARGO) bench -p iso8583 --bench codec
	CARGO_TARGET_DIR=$${CARGO_TARGET_DIR:-target}/codec-comparison $(CARGO) bench --locked --manifest-path benches/codec-comparison/Cargo.toml

fuzz: ## FUZZ_SECONDS (default 60) of random input for each target of the codec
	fuzz/run.sh

fuzz-seeds: ## the first inputs of the fuzz targets, made from the test vectors
	$(CARGO) run --quiet --locked --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --bin seeds

browser-test: tools ## the console in headless Chromium
	@scripts/browser-test.sh

faults: build ## the long SIGKILL runs (FAULT_ROUNDS=100)
	COBRAND_FAULT_ROUNDS=$(FAULT_ROUNDS) $(CARGO) test -p end-to-end sigkill -- --include-ignored --nocapture --test-threads=1

mutate: ## ten million broken messages through the decoder
	COBRAND_MUTATIONS=10000000 $(CARGO) test -p iso8583 --test no_input_breaks_it -- --nocapture

model: ## a random month told to the core and to a second model of it (MODEL_MESSAGES=1000000)
	COBRAND_MODEL_MESSAGES=$(MODEL_MESSAGES) $(CARGO) test -p second-model month -- --nocapture

lives: ## random lives of a card, told to both in any order (LIVES=100000)
	COBRAND_LIVES=$(LIVES) $(CARGO) test -p second-model lives -- --nocapture

settlement-month: build ## a random month closed day by day; its files are what a second computation says (SETTLEMENT_MESSAGES=200000)
	SETTLEMENT_MESSAGES=$(SETTLEMENT_MESSAGES) $(CARGO) test -p end-to-end --test settlement_month -- --nocapture

close-faults: build ## the close of day, killed and contested (CLOSE_ROUNDS=200)
	CLOSE_ROUNDS=$(CLOSE_ROUNDS) $(CARGO) test -p end-to-end --test settlement_close_faults -- --nocapture

planted: build ## a month with 415 planted faults; reconciliation finds each and no other (PLANTED_PURCHASES=30000)
	PLANTED_PURCHASES=$(PLANTED_PURCHASES) $(CARGO) test -p end-to-end --test planted_faults -- --nocapture

ci: ## what the build machine runs
	.ci/run
