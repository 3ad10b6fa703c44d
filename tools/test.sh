#!/usr/bin/env bash
# Installs what the tests need and is missing, then runs every check of this
# project. Nothing is skipped: what can't be had here is an error. (Only the Nu
# HTML checker is left out where there is no Java, and that is said.)
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }
need() { printf '%s\n' "$*" >&2; exit 1; }

command -v go >/dev/null || need "Go is missing: install it from https://go.dev/dl/"
command -v npm >/dev/null || need "Node.js with npm is missing (the tests use axe-core and html-validate): install it from https://nodejs.org/"

# The browser that the tests drive: CHROMIUM, or the first of the usual names.
browser() {
	local name
	for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
		if [ -n "$name" ] && command -v "$name"; then return; fi
	done
	return 1
}
if ! browser >/dev/null; then
	root=""
	[ "$(id -u)" = 0 ] || root="sudo -n"
	if command -v apt-get >/dev/null && $root true 2>/dev/null; then
		say "Installing Chromium from the system's packages"
		$root apt-get update -q >&2
		$root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium fonts-liberation >&2
	fi
fi
CHROMIUM=$(browser) || need "Chromium is missing: install it (on Debian: sudo apt-get install chromium), or set CHROMIUM to its path"
export CHROMIUM

# What turns printed sheets into pictures.
if ! command -v pdftoppm >/dev/null; then
	root=""
	[ "$(id -u)" = 0 ] || root="sudo -n"
	if command -v apt-get >/dev/null && $root true 2>/dev/null; then
		say "Installing poppler-utils from the system's packages"
		$root apt-get update -q >&2
		$root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends poppler-utils >&2
	fi
fi
command -v pdftoppm >/dev/null || need "pdftoppm is missing: install poppler-utils (on Debian: sudo apt-get install poppler-utils)"
command -v ps >/dev/null || need "ps is missing: install it (on Debian: sudo apt-get install procps)"
say "Browser: $CHROMIUM"

command -v java >/dev/null || say "No Java here: the Nu HTML checker is left out, html-validate is not"

say "Installing the test tools of package-lock.json"
npm ci --prefix tools --no-audit --no-fund --ignore-scripts

say "Formatting"
unformatted=$(gofmt -l tools/*.go tools/*/*.go)
[ -z "$unformatted" ] || need "Not formatted; run: gofmt -w $unformatted"

say "go.mod and go.sum"
go mod tidy -diff

say "Hugo (compiling it takes a few minutes the first time)"
go tool hugo version

say "go vet"
go vet ./...

say "go test"
go test -race -timeout 30m ./... # the browser's tests take minutes on a small machine
