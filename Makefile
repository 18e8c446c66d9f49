# What one types every day; `make` alone lists it.

GO ?= go
# The toolchain that go.mod names, also where GOTOOLCHAIN=local ignores that line.
export GOTOOLCHAIN := $(shell sed -n 's/^toolchain //p' go.mod)

# Tools have modules of their own, so that go.mod holds what the product needs. Go builds them from the module cache.
TOOL := $(GO) tool -modfile=deploy/tools/go.mod
LINT := $(GO) tool -modfile=deploy/tools/lint/go.mod golangci-lint
BINARIES := omgevingsloket-id portal

.PHONY: help
help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | sort | expand -t 14

.PHONY: demo
demo: ## run the practice environment with a portal, on http://localhost:8081
	$(GO) run ./cmd/omgevingsloket-id demo

.PHONY: build
build: ## build the static binaries into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags=-s -o bin/ $(BINARIES:%=./cmd/%)

# `go test` without its own, smaller vet, because `go vet` has run, and without
# information for debuggers, which takes a third of the linker's time.
.PHONY: check
check: fmt vet lint ## before a commit: format, vet, lint and the tests that need no server or browser
	$(GO) test -vet=off -ldflags='-s -w' -short ./...

# Every server and browser in the tests is a real one, started by the tests
# themselves. The race detector needs a C compiler; the binaries do not.
.PHONY: test
test: fmt vet lint vuln ## before a push: everything that CI runs; installs what the tests need (Debian, as root or with sudo)
	@deploy/test/install.sh
	CGO_ENABLED=1 $(GO) test -vet=off -race -timeout 40m ./...

# The packages that have a test which calls testenv.Long.
LONG = $(shell grep -rlE --include='*_test.go' '\bLong\(t\)' . | xargs dirname | sort -u)

.PHONY: long
long: ## before an issue is resolved: the packages with tests that are too slow for every push, those tests included
	@deploy/test/install.sh long
	LONG_TESTS=1 CGO_ENABLED=1 $(GO) test -vet=off -race -timeout 80m $(LONG)

# Binaries as in a release: without the race detector. The report is part of the log.
.PHONY: bench
bench: ## what calls cost, beside a yardstick and oidc-provider, into deploy/performance.md; half an hour on an idle machine
	@deploy/test/install.sh
	$(GO) test -count=1 -timeout 90m -run '^TestBench$$' -v ./e2e/load -args -rounds 5 -span 5s -write

.PHONY: bench-short
bench-short: ## the same in a few minutes, printed only
	@deploy/test/install.sh
	$(GO) test -count=1 -timeout 20m -run '^TestBench$$' -v ./e2e/load -args -rounds 1 -span 3s

.PHONY: growth
growth: ## what calls, searches and jobs cost in a large installation, and what it stores, into deploy/growth.md; half an hour
	@deploy/test/install.sh
	LONG_TESTS=1 $(GO) test -count=1 -timeout 90m -run '^TestGrowth$$' -v ./e2e/load -args -accounts 100000 -events 1000000 -write

.PHONY: fmt
fmt:
	@files=$$($$($(GO) env GOROOT)/bin/gofmt -l cmd e2e op pkg storage templates); test -z "$$files" || { echo "gofmt -w $$files" >&2; exit 1; }

.PHONY: vet
vet:
	$(GO) vet ./...

.PHONY: lint
lint: ## look for common mistakes with golangci-lint (.golangci.yml)
	$(LINT) run

.PHONY: vuln
vuln: ## fail when our code calls something with a known vulnerability (database pinned in deploy/tools/go.mod)
	@GO=$(GO) deploy/test/vuln.sh

.PHONY: vuln-latest
vuln-latest: ## the same with the newest database: by hand, and before a release
	@GO=$(GO) deploy/test/vuln.sh latest

.PHONY: sbom
sbom: build ## list the modules and licences in the binaries, in CycloneDX, into bin/*.cdx.json
	@for b in $(BINARIES); do \
		$(TOOL) cyclonedx-gomod bin -json -std -licenses -version "$$(git describe --tags --always --dirty)" -output bin/$$b.cdx.json bin/$$b || exit 1; \
	done

.PHONY: css
css: ## build the style sheets in templates/static from templates/css (needs Node 20)
	$(MAKE) -C templates/css css
