# What one types every day; `make` alone lists it.

GO ?= go
# The toolchain that go.mod names, also where GOTOOLCHAIN=local ignores that line.
export GOTOOLCHAIN := $(shell sed -n 's/^toolchain //p' go.mod)

.PHONY: help
help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | sort | expand -t 10

.PHONY: demo
demo: ## run the practice environment with a portal, on http://localhost:8081
	$(GO) run ./cmd/omgevingsloket-id demo

.PHONY: build
build: ## build the static binaries into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags=-s -o bin/ ./cmd/omgevingsloket-id ./cmd/portal

# Every server and browser in the tests is a real one, started by the tests
# themselves. The race detector needs a C compiler; the binaries do not.
.PHONY: test
test: ## install what the tests need (Debian, as root or with sudo) and run them all
	@deploy/test/install.sh
	$(GO) vet ./...
	CGO_ENABLED=1 $(GO) test -race -p 2 -timeout 40m ./...

.PHONY: css
css: ## build the style sheets in templates/static from templates/css (needs Node 20)
	$(MAKE) -C templates/css css
