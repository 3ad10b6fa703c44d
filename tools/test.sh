#!/usr/bin/env bash
# Installs what the tests need and is missing, then runs every check of this
# project. Nothing is skipped: what can't be had here is an error. (Only the Nu
# HTML checker is left out where there is no Java, and that is reported.)
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null; }

# browser prints the browser that the tests drive: $CHROMIUM, or the first of the usual names.
browser() {
	local name
	for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
		if [ -n "$name" ] && command -v "$name"; then return; fi
	done
	return 1
}

# install installs packages of the system, where that is Debian or Ubuntu and allows it.
install() {
	local root=""
	[ "$(id -u)" = 0 ] || root="sudo -n"
	has apt-get && $root true 2>/dev/null || return 0
	say "Installing $*"
	$root apt-get update -q >&2
	$root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@" >&2
}

has go || fail "Go is missing: install it from https://go.dev/dl/"
has npm || fail "Node.js with npm is missing (the tests use axe-core, html-validate and a FHIR validator): install it from https://nodejs.org/"
browser >/dev/null || install chromium fonts-liberation
CHROMIUM=$(browser) || fail "Chromium is missing: install it (on Debian: sudo apt-get install chromium), or set CHROMIUM to its path"
export CHROMIUM
has pdftoppm || install poppler-utils # makes pictures of printed sheets
has pdftoppm || fail "pdftoppm is missing: install poppler-utils (on Debian: sudo apt-get install poppler-utils)"
has pgrep || install procps
has pgrep || fail "pgrep is missing: install it (on Debian: sudo apt-get install procps)"
say "Browser: $CHROMIUM"
has java || say "No Java here: the Nu HTML checker is left out, html-validate is not"

say "Test tools of package-lock.json"
# npm notes in .package-lock.json what it has installed. Only a newer lock file asks for more, because npm ci deletes all first.
[ tools/node_modules/.package-lock.json -nt tools/package-lock.json ] || npm ci --prefix tools --no-audit --no-fund --ignore-scripts

say "Formatting"
unformatted=$(gofmt -l tools/*.go tools/*/*.go)
[ -z "$unformatted" ] || fail "Not formatted; run: gofmt -w $unformatted"

say "go.mod and go.sum"
go mod tidy -diff

say "Workflows"
go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 -shellcheck= -pyflakes=

say "go vet, for each system"
go vet ./...
GOOS=darwin go vet ./...
GOOS=windows go vet ./...

say "Hugo (compiling it takes a few minutes the first time)"
go tool hugo version

# The race detector makes code several times slower, so it watches only the packages that start goroutines of their own.
concurrent="./tools/hugo ./tools/rendered ./tools/site ./tools/watch"
say "go test, with the race detector"
go test -race -vet=off -timeout 30m $concurrent

say "go test"
go test -vet=off -timeout 30m $(go list ./... | grep -vE "/e2e$|$(go list $concurrent | paste -sd '|')")

say "go test, with a browser" # alone, because a browser and a printer keep two cores busy
go test -vet=off -timeout 45m ./tools/e2e
