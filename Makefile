# `make demo` and `make test` install what is missing by themselves. Rust 1.95 or newer is taken as given.

.PHONY: help demo test bench fmt
.DEFAULT_GOAL := help

help: ## Say what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 14
	@printf '\nmake demo ARGS="--say ..." and make bench ARGS="--json" hand on what the command takes.\n'

demo: ## Hear a machine take a phone call and book an appointment: no account, no key, no network
	@scripts/install demo
	cargo build --locked --bin earpiece
	cargo run --quiet --locked --bin earpiece -- demo $(ARGS)

test: ## Format, lints, licences, and every test
	@scripts/install test
	@scripts/test

bench: ## Measure latency, CPU and memory a call, beside a bare TCP relay
	@scripts/install demo
	cargo build --release --locked --bin earpiece
	cargo run --quiet --release --locked --bin earpiece -- bench $(ARGS)

fmt: ## Format the code
	cargo fmt --all
