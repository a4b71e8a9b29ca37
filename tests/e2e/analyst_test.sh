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

# forget: the keyring has seen nothing yet; most bundles here are first ones
forget() {
	rm -f keys/ledger-*
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
	for words in '' init 'keyset make' keyset verify open reply ack \
	    'sentinel make' 'sentinel add' 'sentinel list' sentinel; do
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
	find . -path ./cases.hostile -prune -o -print |
	    grep -v '^./keys/ledger-' | sort >before
	expect 0 "$analyst" open keys b.hostile cases.hostile $pass
	find . -path ./cases.hostile -prune -o -print |
	    grep -v '^./keys/ledger-' | sort >after
	cmp -s before after || fail "written outside the cases"
	(cd cases.hostile && find . | sort) >names
	cat >names.want <<-END
	.
	./.threads
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
	says 'tip 2: not sealed to those whom key set [0-9]* names for epoch'
	says 'analyst (key [0-9a-f]*) was left out, key [0-9a-f]* was put in'
	says 'tip 3: damaged in record 1'
	[ -d cases.bad/tip-000001 ] && [ -d cases.bad/tip-000004 ] || fail dirs
	[ ! -e cases.bad/tip-000002 ] && [ ! -e cases.bad/tip-000003 ] ||
		fail "a bad tip was kept"
	[ -z "$(find cases.bad -name '.*' ! -name .threads ! -path cases.bad)" ] || fail left
}

an_altered_tip_is_named() {
	{
		text_tip
		printf 'tip\nmessage msg\nalter 9000\nend\n'
		text_tip
	} | bundle b.altered 41
	expect 1 "$analyst" verify keys b.altered
	says 'tip 42 was altered'
	says 'first number 41'
	expect 1 "$analyst" open keys b.altered cases.altered $pass
	says 'Opened 2'
	says 'tip 42: altered'
	# Each tip is proved alone, so the other two are.
	[ "$(ls cases.altered)" = "index.html
tip-000041
tip-000043" ] || fail "$(ls cases.altered)"
	grep -q '"proved":.true' cases.altered/tip-000041/tip.json ||
		fail "does not say that it is proved"
}

a_link_in_the_place_of_unproved_is_not_followed() {
	# A bundle with a tip that the server never signed.
	{ text_tip && text_tip; } | bundle b.true
	{ text_tip && text_tip; } | "$make_bundle" bundle other/server.key \
	    keyset.txt 1 b.false
	size=$(stat -c %s b.true)
	half=$(((size - 156 - 105) / 2))
	{
		head -c $((156 + half)) b.true
		tail -c +$((156 + half + 1)) b.false | head -c $half
		tail -c 105 b.true
	} >b.half
	expect 1 "$analyst" open keys b.half cases.half $pass
	says 'tip 2 was invented'
	says 'Opened 1, already there 0, could not be opened 0'
	[ ! -e cases.half/unproved ] || fail "kept what nothing proves"
	mkdir cases.link elsewhere2
	ln -s ../elsewhere2 cases.link/unproved
	expect 1 "$analyst" open keys b.half cases.link --unproved $pass
	says 'cannot open the folder unproved'
	[ -z "$(ls elsewhere2)" ] || fail "followed a link"
	# What came before it is whole and kept.
	[ -d cases.link/tip-000001 ] || fail "lost a tip"
	expect 1 "$analyst" open keys b.half cases.half --unproved $pass
	says 'Opened 1, already there 1'
	grep -q 'Nothing proves' cases.half/unproved/index.html || fail index
	grep -q 'href="unproved/index.html"' cases.half/index.html || fail link
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
	expect 0 "$analyst" verify keys b.hostile
	says 'Another run uses keys: waiting'
	wait
	expect 0 "$analyst" verify keys b.hostile
	! grep -q 'waiting' said || fail "waits for nobody"
	forget
	lock cases.half 6
	expect 1 "$analyst" open keys b.half cases.half $pass
	says 'another run is at work in cases.half'
	wait
	lock cases.half/unproved 6
	expect 1 "$analyst" open keys b.half cases.half --unproved $pass
	says 'another run is at work in unproved'
	wait
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
	forget
	text_tip | bundle b.again 4
	expect 1 "$analyst" open keys b.again cases.bad $pass
	says 'tip 4: something else has the place'
	[ -f cases.bad/tip-000004/data/notes.txt ] || fail "overwritten"
	# A link in the way is not followed.
	forget
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
	kept=$(ls cases.many | grep -c '^tip-')
	[ "$kept" -lt 3000 ] || fail "killed too late: $kept"
	expect 0 "$analyst" open keys b.many cases.many $pass
	says "Opened $((3000 - kept)), already there $kept,"
	# Pages of 500 tips, the newest of them index.html.
	[ "$(ls -A cases.many | grep -vc '^tip-')" = 7 ] || fail "left-overs"
	[ "$(ls cases.many | grep -c '^tip-')" = 3000 ] || fail "tips"
	for n in 1 2 3 4 5; do
		page=cases.many/index-000$n.html
		grep -q "tip-00$(printf %04d $((n * 500)))/" $page ||
		    fail "page $n"
		grep -q "index-000$n.html" cases.many/index.html ||
		    fail "page $n is not named"
	done
	grep -q 'tip-003000/index.html' cases.many/index.html || fail newest
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
	says 'disk of the cases is full, or that of the keys'
	says 'Opened 1, already there 0, could not be opened 0'
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
    a_link_in_the_place_of_unproved_is_not_followed \
    two_runs_at_once_do_not_meet \
    a_second_run_continues_and_overwrites_nothing \
    a_run_killed_in_the_middle_continues \
    a_full_disk_is_said_and_leaves_nothing_half; do
	forget
	"$part"
	echo "ok  $part"
done
