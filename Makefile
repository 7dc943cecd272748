# The verbs of this repository. `make` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help dev test lint fmt bench loadtest loadtest-memory loadtest-operator loadtest-guessing loadtest-logouts crds image setup

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: ## Run the platform with the sample manifests on http://127.0.0.1:8080
	cargo run --release -- dev

test: ## Install what the tests need, then check and test everything, browser included
	@scripts/test

lint: ## Formatting, clippy, licences, banned and unused crates; no tests
	cargo fmt --check
	cargo clippy --all-targets --quiet -- -D warnings
	@scripts/dependencies

fmt: ## Format the Rust sources
	cargo fmt

bench: ## Criterion benches: issuing a token beside the raw signature
	cargo bench --bench '*'

loadtest: ## Load a local release server pinned to one core; prints requests/s and CPU per request
	@loadtest/run.sh

loadtest-memory: ## A replica's memory, idle and after a million requests in one go, on PostgreSQL and Redis
	@loadtest/memory.sh

loadtest-operator: ## How soon a change is at every replica, and 5,000 AuthClients from nothing, on a real API server (root)
	@loadtest/operator.sh

loadtest-guessing: ## Guess 20,000 passwords of 200 accounts, then let their owners log in; and the time that a refusal takes
	@loadtest/guessing.sh

loadtest-logouts: ## How soon an application is told of a logout, and how fast many are told at once
	@loadtest/logouts.sh

crds: ## Write the custom resource definitions to k8s/crds and into the chart
	NAUTHERA_WRITE_CRDS=1 cargo test --quiet --lib crds

image: ## Build the image localhost/nauthera with podman or docker, else an archive for ctr and kind
	@scripts/image

setup: ## Only install what the tests need
	@scripts/setup
