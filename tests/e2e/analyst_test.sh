#!/bin/sh
# The analysts' tool, from new keys to opened tips, on good and bad bundles.
#
#	analyst_test.sh PATH/tipline-analyst PATH/make_bundle
#
# Each part is a function named as a sentence; the first that fails ends it.
set -eu

analyst=$1
make_bundle=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 077

fail() {
	echo "FAILED: $*" >&2
	[ ! -f said ] || sed 's/^/    /' said >&2
	exit 1
}

# expect CODE COMMAND...: run it, keep what it says in ./said
expect() {
	want=$1
	shift
	got=0
	"$@" >out 2>said || got=$?
	[ "$got" = "$want" ] || fail "exit $got, not $want: $*"
}

says() {
	grep -q -- "$1" said || fail "does not say: $1"
}

# The arguments after open and keyset make that every call has.
pass="--passphrase-file pw"

set_up() {
	echo 'correct horse battery staple' >pw
	mkdir server other
	"$make_bundle" server server
	"$make_bundle" server other
	expect 0 "$analyst" init keys $pass
	says 'fingerprint'
	expect 0 "$analyst" keyset make keys --server server/server.pub \
	    --weeks 8 --out keyset.txt $pass
	printf 'First line <script>\r\nsecond \033[2J \342\200\256 \377' >msg
	head -c 300000 /dev/urandom >big.pdf
	printf x >one
}

bundle() { # bundle OUT [FIRST], the recipe on standard input
	"$make_bundle" bundle server/server.key keyset.txt "${2:-1}" "$1"
}

text_tip() {
	printf 'tip\nmessage msg\nend\n'
}

hex() {
	od -An -v -tx1 | tr -d ' \n'
}

help_goes_to_standard_output_and_wrong_use_is_2() {
	for words in '' init 'keyset make' keyset verify open; do
		expect 0 "$analyst" $words --help
		[ -s out ] && [ ! -s said ] || fail "help of $words"
	done
	expect 0 "$analyst" --version
	[ -s out ] || fail "no version"
	for words in '' frob 'keyset' 'keyset frob' init 'verify keys' \
	    'open keys b' 'init --frob keys' 'init a b' \
	    'keyset make keys --server s' \
	    'keyset make keys --server s --out o --weeks 0' \
	    'keyset make keys --server s --out o --weeks 401' \
	    'keyset make keys --server s --out o --name A'; do
		expect 2 "$analyst" $words
		[ -s said ] && [ ! -s out ] || fail "wrong use: $words"
	done
}

init_refuses_what_would_harm() {
	expect 1 "$analyst" init keys $pass
	says 'not empty'
	echo short >pw7
	expect 1 "$analyst" init keys7 --passphrase-file pw7
	says 'too short'
	echo >pw0
	expect 1 "$analyst" init keys7 --passphrase-file pw0
	says 'empty passphrase'
	[ ! -e keys7 ] || fail "keys were made all the same"
	[ "$(stat -c %a keys)" = 700 ] || fail "mode of keys"
	[ -z "$(find keys -type f ! -perm 600)" ] || fail "mode in keys"
}

minisign_accepts_the_key_set() {
	command -v minisign >/dev/null || return 0
	minisign -V -q -p keys/root.pub -m keyset.txt || fail "minisign"
}

a_second_key_set_keeps_the_keys_and_counts_on() {
	grep '^key ' keyset.txt >keys.before
	expect 1 "$analyst" keyset make keys --server server/server.pub \
	    --weeks 8 --out keyset.txt $pass
	says 'refusing to overwrite'
	expect 0 "$analyst" keyset make $pass --weeks 10 keys \
	    --out keyset2.txt --server server/server.pub
	grep -q '^sequence 2$' keyset2.txt || fail "sequence"
	[ "$(grep -c '^epoch ' keyset2.txt)" = 10 ] || fail "epochs"
	grep '^key ' keyset2.txt | head -8 | cmp -s - keys.before ||
		fail "keys were not kept"
	expect 1 "$analyst" keyset make keys --server other/server.pub \
	    --out keyset3.txt $pass
	says 'replace-server'
	[ ! -e keyset3.txt ] || fail "key set for another server"
}

keys_that_others_can_read_are_refused() {
	text_tip | bundle b.mode
	chmod 750 keys
	expect 1 "$analyst" open keys b.mode cases.mode $pass
	says 'others can look'
	chmod 700 keys
	chmod 640 keys/master.key
	expect 1 "$analyst" open keys b.mode cases.mode $pass
	says 'others can read master.key'
	chmod 600 keys/master.key
	echo 'another passphrase' >pw.wrong
	expect 1 "$analyst" open keys b.mode cases.mode \
	    --passphrase-file pw.wrong
	says 'not the passphrase'
	[ ! -e cases.mode ] || fail "cases were made"
}

a_key_set_cut_between_its_two_files_is_put_together() {
	cp -r keys keys.cut
	cp keyset.txt keys.cut/keyset.txt # the text of sequence 1 again
	expect 0 "$analyst" verify keys.cut b.mode
	cp keyset.txt keys.cut/keyset.next
	expect 1 "$analyst" verify keys.cut b.mode
	says 'not signed'
	rm -rf keys.cut
}

hostile_recipe() {
	long=$(head -c 1000 /dev/zero | tr '\0' 'a' | hex)
	cat <<-END
	tip
	message msg
	file $(printf '../../etc/passwd' | hex) one
	file $(printf 'a\nb' | hex) one
	file $(printf '\342\200\256fdp.exe' | hex) big.pdf
	file $long one
	file $(printf '\377\376.PDF' | hex) big.pdf
	file $(printf '\033[2J.html' | hex) one
	file $(printf 'x.desktop' | hex) one
	file - one
	field topic msg
	end
	END
}

hostile_names_become_nothing_but_words_in_tip_json() {
	hostile_recipe | bundle b.hostile
	: >before >after
	find . -path ./cases.hostile -prune -o -print | sort >before
	expect 0 "$analyst" open keys b.hostile cases.hostile $pass
	find . -path ./cases.hostile -prune -o -print | sort >after
	cmp -s before after || fail "written outside the cases"
	(cd cases.hostile && find . | sort) >names
	cat >names.want <<-END
	.
	./index.html
	./tip-000001
	./tip-000001/bag-info.txt
	./tip-000001/bagit.txt
	./tip-000001/data
	./tip-000001/data/field-01.txt
	./tip-000001/data/file-01.bin
	./tip-000001/data/file-02.bin
	./tip-000001/data/file-03.bin
	./tip-000001/data/file-04.bin
	./tip-000001/data/file-05.pdf
	./tip-000001/data/file-06.bin
	./tip-000001/data/file-07.bin
	./tip-000001/data/file-08.bin
	./tip-000001/data/message.txt
	./tip-000001/index.html
	./tip-000001/manifest-sha256.txt
	./tip-000001/tagmanifest-sha256.txt
	./tip-000001/tip.json
	END
	cmp -s names names.want || fail "names: $(diff names names.want)"
	cmp -s msg cases.hostile/tip-000001/data/message.txt || fail message
	cmp -s big.pdf cases.hostile/tip-000001/data/file-05.pdf || fail file
	grep -q "$(printf '../../etc/passwd' | hex)" \
	    cases.hostile/tip-000001/tip.json || fail "name_hex"
	for f in tip.json index.html; do
		# No control but LF and tab, no mark of direction.
		LC_ALL=C tr -d '\n\t\040-\176\200-\377' \
		    <"cases.hostile/tip-000001/$f" >controls
		[ ! -s controls ] || fail "controls in $f"
		! grep -q "$(printf '\342\200\256')" \
		    "cases.hostile/tip-000001/$f" || fail "bidi in $f"
	done
	! grep -q '<script' cases.hostile/index.html \
	    cases.hostile/tip-000001/index.html || fail "a script"
	grep -q "default-src 'none'" cases.hostile/index.html || fail csp
	(cd cases.hostile/tip-000001 && sha256sum --quiet -c \
	    manifest-sha256.txt tagmanifest-sha256.txt) || fail manifest
	LC_ALL=C tr -d '\n\t\040-\176' <said >controls
	[ ! -s controls ] || fail "raw bytes on the terminal"
}

one_bad_tip_stops_nothing() {
	{
		text_tip
		printf 'tip wrong-key\nmessage msg\nend\n'
		printf 'tip\nmessage msg\ndamage 5000\nend\n'
		text_tip
	} | bundle b.bad
	expect 0 "$analyst" verify keys b.bad
	says 'first number 1, last number 4'
	expect 1 "$analyst" open keys b.bad cases.bad $pass
	says 'Opened 2, already there 0, could not be opened 2'
	says 'tip 2: sealed to key [0-9a-f]* of epoch 1, which this'
	says 'tip 3: damaged in record 1'
	[ -d cases.bad/tip-000001 ] && [ -d cases.bad/tip-000004 ] || fail dirs
	[ ! -e cases.bad/tip-000002 ] && [ ! -e cases.bad/tip-000003 ] ||
		fail "a bad tip was kept"
	[ -z "$(find cases.bad -name '.*' ! -path cases.bad)" ] || fail left
}

an_altered_tip_is_named() {
	{
		text_tip
		printf 'tip\nmessage msg\nalter 9000\nend\n'
		text_tip
	} | bundle b.altered 41
	expect 1 "$analyst" verify keys b.altered
	says 'tip 42 is altered'
	says 'First number 41'
	expect 1 "$analyst" open keys b.altered cases.altered $pass
	says 'Opened 2'
	says 'tip 42: altered'
	# The list is proved, so the other two are.
	[ "$(ls cases.altered)" = "index.html
tip-000041
tip-000043" ] || fail "$(ls cases.altered)"
	grep -q '"proved":.true' cases.altered/tip-000041/tip.json ||
		fail "does not say that it is proved"
}

# unproved CASES NUMBER...: these are in CASES/unproved, and no tip in CASES
unproved() {
	[ -z "$(find "$1" -maxdepth 1 -name '*tip-*')" ] || fail "mixed: $1"
	got=$(cd "$1/unproved" && echo tip-*)
	dir=$1
	shift
	want=
	for n; do
		want="$want${want:+ }tip-00000$n"
		grep -q '"proved":.false' "$dir/unproved/tip-00000$n/tip.json" ||
			fail "tip $n does not say that nothing proves it"
		grep -q 'Nothing proves' "$dir/unproved/tip-00000$n/index.html" ||
			fail "the page of tip $n does not say it"
	done
	[ "$got" = "${want:-tip-*}" ] || fail "unproved: $got, not $want"
	grep -q 'Nothing proves' "$dir/unproved/index.html" || fail "index"
	grep -q 'href="unproved/index.html"' "$dir/index.html" || fail "link"
	says 'ask for another copy'
}

two_tips() {
	text_tip
	printf 'tip\nmessage big.pdf\nend\n'
}

a_cut_bundle_and_then_the_whole_one_make_no_conflict() {
	{ two_tips && text_tip; } | bundle b.copy
	size=$(stat -c %s b.copy)
	head -c $((size - 200)) b.copy >b.copy.cut
	expect 1 "$analyst" open keys b.copy.cut cases.copy $pass
	says "cut off at byte $((size - 200)), in tip 3"
	says 'Opened 2, already there 0, could not be opened 0'
	[ "$(grep -c 'cut off' said)" = 1 ] || fail "said twice"
	unproved cases.copy 1 2
	# Again: nothing anew.  A half tip of a killed run goes.
	mkdir -p cases.copy/unproved/.tip-000003.part/data
	expect 1 "$analyst" open keys b.copy.cut cases.copy $pass
	says 'Opened 0, already there 2, could not be opened 0'
	[ ! -e cases.copy/unproved/.tip-000003.part ] || fail "half a tip"
	expect 0 "$analyst" open keys b.copy cases.copy $pass
	says 'Opened 3, already there 0, could not be opened 0'
	cmp -s big.pdf cases.copy/tip-000002/data/message.txt || fail tip 2
	# What is proved already is not opened a second time.
	rm -r cases.copy/unproved
	expect 1 "$analyst" open keys b.copy.cut cases.copy $pass
	says 'Opened 0, already there 2, could not be opened 0'
	[ ! -e cases.copy/unproved/tip-000001 ] || fail "opened twice"
}

a_false_signature_keeps_the_tips_apart() {
	size=$(stat -c %s b.copy)
	{
		head -c $((size - 1)) b.copy
		tail -c 1 b.copy | tr '\000-\377' '\001-\377\000'
	} >b.sig
	expect 1 "$analyst" open keys b.sig cases.sig $pass
	says "signature is not the server's"
	says 'Opened 3'
	unproved cases.sig 1 2 3
	# The trailer's count, its head, and something behind it.
	for at in 104 96; do
		{
			head -c $((size - at)) b.copy
			printf '\177'
			tail -c $((at - 1)) b.copy
		} >b.sig
		expect 1 "$analyst" open keys b.sig cases.sig$at $pass
		unproved cases.sig$at 1 2 3
	done
	{ cat b.copy && echo; } >b.sig
	expect 1 "$analyst" open keys b.sig cases.sig1 $pass
	says "something behind the bundle's end"
	unproved cases.sig1 1 2 3
	expect 0 "$analyst" open keys b.copy cases.sig $pass
	says 'Opened 3'
}

# Two tips of one length whose data, or whose digests too, change places.
swapped_tips_are_told() {
	{ text_tip && text_tip; } | bundle b.pair
	size=$(stat -c %s b.pair)
	len=$(((size - 68 - 2 * 49 - 105) / 2))
	one=68
	two=$((68 + 49 + len))
	cut_out() { # cut_out FROM LENGTH
		tail -c +$(($1 + 1)) b.pair | head -c "$2"
	}
	{
		cut_out 0 $((one + 49))
		cut_out $((two + 49)) $len
		cut_out $two 49
		cut_out $((one + 49)) $len
		cut_out $((two + 49 + len)) 105
	} >b.data
	expect 1 "$analyst" open keys b.data cases.data $pass
	says 'tip 1 is altered'
	says 'tip 2 is altered'
	says 'Opened 0, already there 0, could not be opened 2'
	[ -z "$(find cases.data -name '*tip-*')" ] || fail "an altered tip"
	{
		cut_out 0 $((one + 17))
		cut_out $((two + 17)) $((32 + len))
		cut_out $two 17
		cut_out $((one + 17)) $((32 + len))
		cut_out $((two + 49 + len)) 105
	} >b.swap
	expect 1 "$analyst" open keys b.swap cases.swap $pass
	says 'tips were exchanged'
	says 'Opened 2'
	unproved cases.swap 1 2
	expect 0 "$analyst" open keys b.pair cases.swap $pass
	says 'Opened 2'
}

a_bundle_that_can_be_read_but_once_is_refused() {
	cat b.pair | expect 1 "$analyst" open keys /dev/stdin cases.pipe $pass
	says 'not a regular file'
	[ ! -e cases.pipe ] || fail "cases were made"
	cat b.pair | expect 0 "$analyst" verify keys /dev/stdin
}

# lock FOLDER SECONDS: hold its lock as another run would; waits until it is
lock() {
	flock "$1" sh -c 'echo >locked; sleep "$1"' sh "$2" &
	tries=0
	while [ ! -e locked ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || fail "no lock"
		sleep 0.05
	done
	rm locked
}

two_runs_at_once_do_not_meet() {
	command -v flock >/dev/null || return 0
	lock keys 1
	expect 0 "$analyst" verify keys b.pair
	says 'Another run uses keys: waiting'
	wait
	expect 0 "$analyst" verify keys b.pair
	! grep -q 'waiting' said || fail "waits for nobody"
	lock cases.swap 1
	expect 1 "$analyst" open keys b.swap cases.swap $pass
	says 'another run is at work in cases.swap'
	wait
	lock cases.swap/unproved 1
	expect 1 "$analyst" open keys b.swap cases.swap $pass
	says 'another run is at work in unproved'
	wait
}

a_link_in_the_place_of_unproved_is_not_followed() {
	mkdir cases.link elsewhere2
	ln -s ../elsewhere2 cases.link/unproved
	expect 1 "$analyst" open keys b.swap cases.link $pass
	says 'cannot open the folder unproved'
	[ -z "$(ls elsewhere2)" ] || fail "followed a link"
}

a_cut_bundle_tells_where() {
	size=$(stat -c %s b.hostile)
	head -c $((size - 1)) b.hostile >b.cut
	expect 1 "$analyst" verify keys b.cut
	says "cut off at byte $((size - 1))"
	says 'its end is missing'
	expect 1 "$analyst" open keys b.cut cases.cut $pass
	says 'Opened 1'
	head -c 5000 b.hostile >b.cut
	expect 1 "$analyst" verify keys b.cut
	says 'cut off at byte 5000, in tip 1'
	expect 1 "$analyst" open keys b.cut cases.cut2 $pass
	says 'Opened 0'
	[ ! -e cases.cut2/tip-000001 ] || fail "half a tip"
	head -c 80 b.hostile >b.cut
	expect 1 "$analyst" verify keys b.cut
	says 'cut off at byte 80, before its first tip'
	head -c 30 b.hostile >b.cut
	expect 1 "$analyst" verify keys b.cut
	says 'cut off in its head'
	: >b.cut
	expect 1 "$analyst" verify keys b.cut
	{ cat b.hostile && echo; } >b.cut
	expect 1 "$analyst" verify keys b.cut
	says "something behind the bundle's end"
	expect 1 "$analyst" verify keys msg
	says 'not a bundle'
	expect 1 "$analyst" verify keys nothing
	expect 1 "$analyst" verify keys .
}

another_servers_bundle_is_refused() {
	text_tip | "$make_bundle" bundle other/server.key keyset.txt 1 b.other
	expect 1 "$analyst" verify keys b.other
	says "another server's"
	expect 1 "$analyst" open keys b.other cases.other $pass
	says "another server's"
	[ ! -e cases.other ] || fail "cases were made"
	# Forged: our server's id in the head, signed by the other.
	{
		head -c 20 b.other
		head -c 28 b.mode | tail -c 8
		tail -c +29 b.other
	} >b.forged
	expect 1 "$analyst" verify keys b.forged
	says 'chain of tips'
	expect 1 "$analyst" open keys b.forged cases.forged $pass
	says 'chain of tips'
	says 'Opened 1'
	unproved cases.forged 1
	# From a later number on only the signature can tell.
	text_tip | "$make_bundle" bundle other/server.key keyset.txt 5 b.other
	{
		head -c 20 b.other
		head -c 28 b.mode | tail -c 8
		tail -c +29 b.other
	} >b.forged
	expect 1 "$analyst" open keys b.forged cases.forged5 $pass
	says "signature is not the server's"
	unproved cases.forged5 5
}

a_second_run_continues_and_overwrites_nothing() {
	expect 1 "$analyst" open keys b.bad cases.bad $pass
	says 'Opened 0, already there 2, could not be opened 2'
	echo 'my notes' >cases.bad/tip-000004/data/notes.txt
	rm -r cases.bad/tip-000001
	mkdir -p cases.bad/.tip-000001.part/data
	echo half >cases.bad/.tip-000001.part/data/message.txt
	expect 1 "$analyst" open keys b.bad cases.bad $pass
	says 'Opened 1, already there 1'
	[ -f cases.bad/tip-000004/data/notes.txt ] || fail "overwritten"
	cmp -s msg cases.bad/tip-000001/data/message.txt || fail "half kept"
	# Another tip under a number that is taken.
	text_tip | bundle b.again 4
	expect 1 "$analyst" open keys b.again cases.bad $pass
	says 'tip 4: something else has the place'
	[ -f cases.bad/tip-000004/data/notes.txt ] || fail "overwritten"
	# A link in the way is not followed.
	rm -r cases.bad/tip-000001
	mkdir elsewhere
	ln -s ../elsewhere cases.bad/tip-000001
	ln -s ../elsewhere cases.bad/.tip-000002.part
	expect 1 "$analyst" open keys b.bad cases.bad $pass
	says 'tip 1: something else has the place'
	[ -z "$(ls elsewhere)" ] || fail "followed a link"
}

a_run_killed_in_the_middle_continues() {
	{
		printf 'tip\nmessage msg\nfile %s one\nrepeat 3000\nend\n' \
		    "$(printf a.txt | hex)"
	} | bundle b.many
	"$analyst" open keys b.many cases.many $pass >out 2>said &
	pid=$!
	tries=0
	while [ "$(ls cases.many 2>/dev/null | wc -l)" -lt 100 ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "nothing is opened"
		sleep 0.05
	done
	kill -9 $pid || fail "ended before it was killed"
	wait $pid 2>/dev/null || :
	kept=$(ls cases.many | wc -l)
	[ "$kept" -lt 3000 ] || fail "killed too late: $kept"
	expect 0 "$analyst" open keys b.many cases.many $pass
	says "Opened $((3000 - kept)), already there $kept,"
	[ "$(ls -A cases.many | wc -l)" = 3001 ] || fail "left-overs"
	(cd cases.many && for d in tip-*; do
		sed "s#  data/#  $d/data/#" "$d/manifest-sha256.txt"
	done >../sums && sha256sum --quiet -c ../sums) || fail "half a tip"
}

a_full_disk_is_said_and_leaves_nothing_half() {
	[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null ||
		{ echo "skipped: needs root for a small disk" >&2; return 0; }
	{
		text_tip
		printf 'tip\nmessage msg\n'
		for i in 1 2 3 4 5 6 7 8; do
			printf 'file %s big.pdf\n' "$(printf a.pdf | hex)"
		done
		echo end
	} | bundle b.full
	mkdir small
	cat >in_small <<-'END'
	mount -t tmpfs -o size=1500k none small || exit 77
	got=0
	"$1" open keys b.full small/cases --passphrase-file pw || got=$?
	ls -A small/cases >in.cases
	mount -o remount,size=9M small
	again=0
	"$1" open keys b.full small/cases --passphrase-file pw >again 2>&1 ||
	    again=$?
	echo "$got $again" >codes
	END
	unshare -m sh in_small "$analyst" >out 2>said ||
		{ echo "skipped: no small disk to be had" >&2; return 0; }
	[ "$(cat codes)" = "1 0" ] || fail "codes $(cat codes) $(cat again)"
	says 'disk of the cases is full'
	! grep -q '\.part\|tip-000002' in.cases || fail "half: $(cat in.cases)"
	grep -q 'tip-000001' in.cases || fail "lost: $(cat in.cases)"
	grep -q 'Opened 1, already there 1' again || fail "$(cat again)"
}

set_up
for part in \
    help_goes_to_standard_output_and_wrong_use_is_2 \
    init_refuses_what_would_harm \
    minisign_accepts_the_key_set \
    a_second_key_set_keeps_the_keys_and_counts_on \
    keys_that_others_can_read_are_refused \
    a_key_set_cut_between_its_two_files_is_put_together \
    hostile_names_become_nothing_but_words_in_tip_json \
    one_bad_tip_stops_nothing \
    an_altered_tip_is_named \
    a_cut_bundle_and_then_the_whole_one_make_no_conflict \
    a_false_signature_keeps_the_tips_apart \
    swapped_tips_are_told \
    a_bundle_that_can_be_read_but_once_is_refused \
    two_runs_at_once_do_not_meet \
    a_link_in_the_place_of_unproved_is_not_followed \
    a_cut_bundle_tells_where \
    another_servers_bundle_is_refused \
    a_second_run_continues_and_overwrites_nothing \
    a_run_killed_in_the_middle_continues \
    a_full_disk_is_said_and_leaves_nothing_half; do
	"$part"
	echo "ok  $part"
done
