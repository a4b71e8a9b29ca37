#!/usr/bin/env bash
# valgrind-units.sh BUILD: each unit test under memcheck, for what the
# sanitizers miss (uninitialised bytes on their way into a system call), as
# many at once as there are processors.
# Tests that confine themselves, or count real memory, stand in SKIP: seccomp
# and smaps look different under valgrind.
set -eu
SKIP=" confine_test guarded_test "
# Those that try every place of many take minutes here: outside the long run
# they try every fifth (tests/unit/sample.h), after the build's own run and
# the sanitizers' have tried them all.
SLOW=" opener_test bundle_test store_faults_test"
SLOW="$SLOW store_tend_faults_test answer_test store_power_test"
SLOW="$SLOW keeper_faults_test store_traces_test bundle_courier_test "

# The names that ctest knows those by, as a regular expression.
if [ "${1:-}" = --not-whole ]; then
	# shellcheck disable=SC2086 # a list of names
	printf '^unit\\.(%s)$' "$(echo $SKIP $SLOW | tr ' ' '|')"
	exit
fi

one() {
	name=$(basename "$1")
	log=$2/$name.valgrind
	begin=$SECONDS
	case $SLOW in
	*" $name "*)
		[ "${TIPLINE_LONG:-}" = 1 ] || export TIPLINE_SAMPLE=5
		;;
	esac
	if valgrind -q --error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite --trace-children=no \
		"$1" >"$log" 2>&1; then
		echo "valgrind $name: clean, $((SECONDS - begin)) s"
		return 0
	fi
	echo "valgrind $name: FAILED" >&2
	tail -60 "$log" >&2
	return 1
}

if [ "${1:-}" = --one ]; then
	one "$2" "$3"
	exit
fi
build=$1
# The slow ones first, so that none is left alone at the end.
for pass in slow rest; do
	for t in "$build"/tests/*_test; do
		case $SKIP in
		*" $(basename "$t") "*) continue ;;
		esac
		case $SLOW in
		*" $(basename "$t") "*) [ $pass = slow ] || continue ;;
		*) [ $pass = rest ] || continue ;;
		esac
		printf '%s\0' "$t"
	done
done | xargs -0 -n 1 -P "$(nproc)" sh -c '"$0" --one "$2" "$1"' "$0" "$build"
