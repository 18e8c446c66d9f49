#!/usr/bin/env bash
# Fails when code of this module calls a function with a known vulnerability,
# in a module that go.mod requires or in the toolchain's standard library.
#
#   vuln.sh          with the database that deploy/tools/go.mod pins
#   vuln.sh latest   with the newest one
#
# `make vuln` and `make vuln-latest` run it, with the toolchain of go.mod.
# The database is a Go module too, so that nothing but modules is fetched, and
# nothing at all when they are in the module cache.
set -euo pipefail
cd "$(dirname "$0")/../.."

go=${GO:-go}
db=golang.org/x/vulndb

tool() { "$go" tool -modfile=deploy/tools/go.mod "$@"; }

# field NAME: one field of the JSON that `go mod download` prints.
field() { sed -n "s/^\t\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" "$work/module"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case ${1-} in
'') "$go" -C deploy/tools mod download -json "$db" >"$work/module" ;;
*) (cd "$work" && "$go" mod download -json "$db@$1" >module) ;;
esac
echo "Vulnerabilities known to $db $(field Version)"
tool indexdb -vulns "$(field Dir)/data/osv" -out "$work/db"

# With an empty or unread database nothing is ever found. So govulncheck first
# looks at a web server as if Go 1.26.8 had built it, and must find something.
code=0
GOVERSION=go1.26.8 tool govulncheck -db "file://$work/db" ./cmd/portal >"$work/proof" 2>&1 || code=$?
if [ "$code" -ne 3 ]; then
	cat "$work/proof" >&2
	echo "govulncheck finds nothing in Go 1.26.8, which has known vulnerabilities (exit code $code, want 3)" >&2
	exit 1
fi

tool govulncheck -db "file://$work/db" ./...
