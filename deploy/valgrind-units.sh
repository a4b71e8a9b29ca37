#!/usr/bin/env bash
# valgrind-units.sh BUILD: each unit test under memcheck, for what the
# sanitizers miss (uninitialised bytes on their way into a system call).
# Tests that confine themselves, or count real memory, say so by their name
# in SKIP: seccomp and smaps look different under valgrind.
set -eu
build=$1
SKIP=" confine_test guarded_test "
failed=0
for t in "$build"/tests/*_test; do
	name=$(basename "$t")
	case $SKIP in *" $name "*) continue ;; esac
	if valgrind -q --error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite --trace-children=no \
		"$t" >"$build/$name.valgrind" 2>&1; then
		echo "valgrind $name: clean"
	else
		echo "valgrind $name: FAILED" >&2
		tail -60 "$build/$name.valgrind" >&2
		failed=1
	fi
done
exit $failed
