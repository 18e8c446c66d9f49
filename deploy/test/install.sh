#!/usr/bin/env bash
# Installs what the tests need and this machine lacks, from Debian's packages,
# as root or with sudo. With the argument "long" also what only `make long` needs. Where there is no apt-get it says what is missing and
# fails. Servers are installed, not started: the tests start their own.
set -euo pipefail

missing=()

# need PROGRAM PACKAGE…: the packages are missing when the program is.
need() {
	local program=$1
	shift
	if ! command -v "$program" >/dev/null; then
		missing+=("$@")
	fi
}

# Debian's own Go is too old.
if ! command -v go >/dev/null; then
	echo "Go is not in PATH. Install the version that go.mod asks for: https://go.dev/dl/" >&2
	exit 1
fi

need redis-server redis-server
need pgbouncer pgbouncer
need chromium chromium chromium-sandbox
need chromium-headless-shell chromium-headless-shell
need zbarimg zbar-tools
need clamd clamav-daemon
need node nodejs
need npm npm
# PostgreSQL keeps its programs out of PATH.
if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
	need postgres postgresql
fi
# apache2-bin is the server without a service that starts.
need apache2 apache2-bin
if [ ! -e /usr/lib/apache2/modules/mod_auth_openidc.so ]; then
	missing+=(libapache2-mod-auth-openidc)
fi
if [ "${1:-}" = long ]; then
	need mvn maven
	need javac default-jdk-headless
	# A virtual environment needs more than Debian's python3.
	if ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
		missing+=(python3 python3-venv)
	fi
fi
# The race detector needs a C compiler with headers.
if ! echo '#include <stdlib.h>' | gcc -E - >/dev/null 2>&1; then
	missing+=(gcc libc6-dev)
fi

if [ "${#missing[@]}" -eq 0 ]; then
	exit 0
fi
if ! command -v apt-get >/dev/null; then
	echo "The tests need programs that are not here. By the names of Debian's packages: ${missing[*]}" >&2
	exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "Not root, and there is no sudo. As root: apt-get install ${missing[*]}" >&2
		exit 1
	fi
	as_root=(sudo)
fi

# Debian's own switch against starting services on installation. One that is
# there already is the machine's.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
	"${as_root[@]}" chmod 755 "$policy"
	trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

echo "Installing: ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "${missing[@]}"
