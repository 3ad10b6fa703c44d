#!/usr/bin/env bash
# Prints what pages cost: bytes, requests, first sight beside an empty page,
# Lighthouse's scores. Nothing else should run on the machine meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."
npm ci --prefix tools/bench --no-audit --no-fund --ignore-scripts >&2
go test -timeout 60m -run '^$' -bench '^BenchmarkPages$' -benchtime 1x ./tools/e2e
