# Short names for daily work; the logic lives in crates/xtask (`cargo xtask`) and scripts/.
.DEFAULT_GOAL := help
.PHONY: help run replay test lint fmt bench golden measure models fuzz docs

# A toolchain from rustup.rs is not on every shell's path.
export PATH := $(PATH):$(HOME)/.cargo/bin

# Chores that judge the tree are built without the product, so that they run even when it does not compile.
XTASK := cargo run --quiet --locked --package xtask --no-default-features --
PRODUCT_XTASK := cargo run --quiet --package xtask --

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name about; do \
		printf '  make %-10s %s\n' "$$name" "$$about"; done

run: ## a sample site defended by Palisade, every verdict in the terminal
	@sh scripts/prepare.sh build
	@sh scripts/run.sh demo

replay: ## judge the sample log and open the report
	@sh scripts/prepare.sh build
	@sh scripts/run.sh replay

test: ## every check CI makes; the last line is the sum
	@sh scripts/prepare.sh test
	@cargo run --quiet --locked --profile ci --package xtask --no-default-features -- test

lint: ## rustfmt, clippy with warnings as errors, tidy
	@cargo fmt --all --check
	@cargo clippy --quiet --workspace --all-targets -- -D warnings
	@$(XTASK) tidy

fmt: ## format everything
	@cargo fmt --all
	@cargo fmt --manifest-path fuzz/Cargo.toml

bench: ## criterion benches as one table; B=name for one, QUICK=1 for a first look
	@$(XTASK) bench $(B) $(if $(QUICK),--quick)

golden: ## rewrite golden files from what the code does now; read the diff
	@UPDATE_GOLDEN=1 cargo test --quiet --workspace
	@$(PRODUCT_XTASK) docs

measure: ## figures that need the data folder beside the repository; M=name for one
	@cargo run --quiet --profile measure --package xtask -- measure $(M)

fuzz: ## T=target SECONDS=60; without T all of them
	@sh scripts/prepare.sh fuzz
	@$(XTASK) fuzz $(or $(T),all) $(or $(SECONDS),60)

models: ## make the models that ship again, bit for bit (needs the data folder beside the repository)
	@cargo run --quiet --profile measure --package xtask -- models

docs: ## write the generated pages (docs/BOUNDS.md, docs/features.md, docs/detectors/)
	@$(PRODUCT_XTASK) docs
