#!/usr/bin/env bash
# run.sh BIN [--short | --full] [--only NAME,...]: the table of bench.py.
# --full takes some minutes, and writes docs/BENCH.md.
set -eu
[ $# -ge 1 ] || { echo "usage: run.sh BIN [--short | --full]" >&2; exit 2; }
top=$(cd "$(dirname "$0")/.." && pwd)
bin=$1
shift
page=
only=
for word in "$@"; do
	[ "$word" = --full ] && page=$top/docs/BENCH.md
	[ "$word" = --only ] && only=1
done
# Part of a run must not stand in the place of a whole one.
[ -z "$only" ] || page=
exec /usr/bin/python3 -B "$top/bench/bench.py" "$bin" "$@" \
	${page:+--page "$page"}
