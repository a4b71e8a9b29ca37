#!/usr/bin/env bash
# fuzz-all.sh BUILD SECONDS: run every fuzz target on its corpus for SECONDS
# each, two at once.  New inputs go to the build folder, never to the tree; a
# finding stays there as crash-*, and this script fails.
set -eu
build=$1
seconds=$2
top=$(cd "$(dirname "$0")/.." && pwd)
found=0
run_one() {
	name=$(basename "$1" _fuzz)
	work=$build/corpus/$name
	mkdir -p "$work" "$build/findings"
	seeds=$top/tests/fuzz/corpus/$name
	[ -d "$seeds" ] && [ -n "$(ls -A "$seeds")" ] ||
		{ echo "$name: no corpus in tests/fuzz/corpus/$name" >&2; return 1; }
	if "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
		-print_final_stats=1 -artifact_prefix="$build/findings/$name-" \
		"$work" "$seeds" >"$build/$name.log" 2>&1; then
		echo "fuzz $name: ok, $(sed -n \
			's/^stat::number_of_executed_units: *//p' \
			"$build/$name.log") inputs"
	else
		echo "fuzz $name: FAILED" >&2
		tail -40 "$build/$name.log" >&2
		return 1
	fi
}
pids=()
targets=("$build"/fuzz/*_fuzz)
[ -e "${targets[0]}" ] || { echo "no fuzz targets in $build/fuzz" >&2; exit 1; }
for target in "${targets[@]}"; do
	run_one "$target" &
	pids+=($!)
	if [ ${#pids[@]} -ge 2 ]; then
		wait "${pids[0]}" || found=1
		pids=("${pids[@]:1}")
	fi
done
for pid in "${pids[@]}"; do
	wait "$pid" || found=1
done
exit $found
