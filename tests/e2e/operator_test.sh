#!/bin/sh
# tipline-operator: each command on fresh folders, each refusal with its words
# and its exit code.  usage: operator_test.sh BIN
set -u
bin=$1
here=$(cd "$(dirname "$0")" && pwd)
python=/usr/bin/python3
work=$(mktemp -d /tmp/tipline-operator-XXXXXX)
server=
failed=0
trap 'exit 1' HUP INT TERM
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
chmod 700 .
onion=duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion
mistyped=euckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion

complain() {
	echo "FAILED: $*"
	sed 's/^/  | /' out err
	failed=$((failed + 1))
}

# try CODE STREAM WORDS COMMAND... : the exit code must be CODE and WORDS must
# stand in STREAM (out or err); a failure that is silent is one, too.
try() {
	code=$1 stream=$2 words=$3
	shift 3
	"$@" >out 2>err
	got=$?
	[ $got -eq "$code" ] || complain "$* gave $got, not $code"
	grep -qF -- "$words" $stream || complain "$*: no '$words' in $stream"
}

op=$bin/tipline-operator
keyset() { $python "$here/make_keyset.py" set keys "$@"; }
silent() { [ ! -s "$1" ] || complain "$1 should be empty"; }

# help, version, wrong usage
try 0 out 'usage: tipline-operator' $op --help; silent err
try 0 out 'tipline-operator 0' $op --version
try 2 err 'usage: tipline-operator' $op; silent out
try 2 err "no command 'frobnicate'" $op frobnicate
try 2 err "no command 'keyset make'" $op keyset make
try 0 out 'keyset install' $op keyset --help
for command in init 'keyset install' 'texts install' preview 'root show' 'root change' 'root replace' \
	check status export import purge; do
	# shellcheck disable=SC2086
	try 0 out "usage: tipline-operator $command" $op $command --help
	# shellcheck disable=SC2086
	try 2 err 'Try: tipline-operator' $op $command --nonsense
	# shellcheck disable=SC2086
	try 2 err 'operand' $op $command
done
try 2 err 'takes 1 operand' $op status one two

# init
try 2 err 'needs --listen' $op init line
try 2 err 'nothing was made' $op init line --listen 0.0.0.0:80
try 2 err 'never open to a network' $op init line --listen localhost:80
try 2 err 'from 0 to 65535' $op init line --listen 127.0.0.1:65536
try 2 err 'one address of each kind' $op init line --listen unix:a --listen unix:b
try 2 err 'too often' $op init line --listen a --listen b --listen c
try 2 err 'the kernel allows' $op init line --listen \
	unix:/$(printf 'a%.0s' 0 1 2 3 4 5 6 7 8 9)$(printf 'b%.0s' $(seq 100))
try 2 err 'as an absolute path' $op init line --listen unix:$(printf 'b%.0s' $(seq 100))
try 2 err 'mistyped' $op init line --listen unix:s --onion $mistyped
try 2 err 'no v3 onion' $op init line --listen unix:s --onion example.org
try 2 err 'none of off' $op init line --listen unix:s --proxy on
try 2 err 'at least 64.0 MiB' $op init line --listen unix:s --quota 1M
try 2 err 'at least 32.0 MiB' $op init line --listen unix:s --reserve many
[ ! -e line ] || complain 'a refused init made the folder'
try 1 err 'cannot be made' $op init no/such/line --listen unix:s
mkdir full && touch full/file
try 1 err 'is not empty' $op init full --listen unix:s
mkdir -m 755 empty
try 0 out 'server id' $op init --listen unix:s empty
[ "$(stat -c %a empty)" = 700 ] || complain 'an empty folder stays open'
try 1 err 'is a tip line already' $op init empty --listen unix:s
try 0 out 'server id' $op init --listen unix:./http.sock line \
	--listen 127.0.0.1:0 --quota 1G --reserve 64M
[ "$(find line ! -type d -perm /077)$(find line -type d -perm /077)" = "" ] ||
	complain 'init leaves something open to others'
grep -qx "unix = $work/http.sock" line/tipline.conf ||
	complain 'the relative socket was not made absolute'
grep -qx 'proxy = off' line/tipline.conf || complain 'proxy without onion'
try 0 out "$onion" $op init onion --listen unix:/tmp/x/s --onion $onion
grep -qx 'proxy = require' onion/tipline.conf || complain 'proxy with onion'
try 0 out 'server id' $op init port --listen 127.0.0.1:8080 --onion $onion
grep -qx 'proxy = off' port/tipline.conf || complain 'proxy without socket'

# nothing is there
for command in status check 'export'; do
	bundle=; [ $command != export ] || bundle=b
	stream=err; [ $command != check ] || stream=out
	try 1 $stream 'the folder is not there' $op $command nowhere $bundle
	try 1 $stream 'it is no tip line' $op $command full $bundle
done
try 1 out 'none is installed' $op check line
try 0 out 'no key set was installed' $op status line
try 0 out 'state          critical' $op status line
try 2 out 'TIPLINE CRITICAL - tipline-intake is not running' $op status line --monitor
[ "$(wc -l <out)" = 1 ] || complain 'monitoring gets more than a line'
try 3 out 'TIPLINE UNKNOWN - nowhere: the folder is not there' $op status nowhere --monitor
try 2 err 'exclude each other' $op status line --monitor --json

# texts: what init made says nothing; what is put in is checked
texts=$here/../../deploy/texts.example.ini
ini() { printf '%b' "$1" >new.ini; }
try 1 out 'ok    texts: texts.ini says nothing, so the pages are neutral' $op check line
try 1 out 'warn  languages: to be reviewed by native speakers: the pages in ar es fa fr ko ru zh' $op check line
try 0 out 'languages      en ar es fa fr ko ru zh' $op status line
cp line/texts.ini neutral.ini
try 1 err 'absent.ini cannot be read' $op texts install line absent.ini
ini '[topic a]\ntext = T\n'
try 1 err 'new.ini line 1: this topic has no title: add title = ...; nothing was changed' $op texts install line new.ini
ini '[site]\nlanguages = en klingon\n'
try 1 err "new.ini line 2: unknown language 'klingon'" $op texts install line new.ini
cmp -s line/texts.ini neutral.ini || complain 'a refused file changed the line'
ini '[site]\nlanguages = ko en\n[topic a]\ntitle = T\ntitle[ko] = K\nreward = R\n'
try 0 out 'The texts are installed: 1 topic, 0 questions.' $op texts install line new.ini
grep -qx 'Languages offered: en ko' out || complain 'the languages are not told'
grep -q 'ko: 1 of 2 texts is not translated; visitors see it in English: topic a reward' out ||
	complain 'what is not translated is not told'
grep -q 'no native speaker has reviewed yet: ko$' out || complain 'no draft is told'
grep -q 'it takes the texts up when it starts' out || complain 'no word of the server'
cmp -s line/texts.ini new.ini || complain 'the texts are not in the line'
[ "$(stat -c %a line/texts.ini)" = 600 ] || complain 'texts.ini is open to others'
try 1 out 'warn  texts: ko: 1 of 2 texts is not translated' $op check line
grep -q 'to be reviewed by native speakers: the pages in ko;' out || complain 'drafts'
try 0 out 'drafts         ko: not yet reviewed' $op status line
printf '[topic b]\n' >>line/texts.ini
try 1 out 'FAIL  texts: texts.ini line 7: this topic has no title' $op check line
try 0 out 'warning  texts.ini line 7: this topic has no title' $op status line
try 0 out '"languages":	null' $op status line --json
rm line/texts.ini
try 1 out 'ok    texts: there is no texts.ini, so the pages are neutral' $op check line
try 0 out '9 topics, 2 questions' $op texts install line "$texts"
grep -q 'not translated' out && complain 'the example is not whole'
chmod 666 line/texts.ini; try 1 out 'texts.ini: chmod 0600' $op check line
chmod 600 line/texts.ini

# keyset install
$python "$here/make_keyset.py" root keys
$python "$here/make_keyset.py" root others
keyset line/server.pub one.txt sequence=1
try 1 err 'no root key is pinned yet' $op keyset install line one.txt
try 1 err 'absent.txt cannot be read' $op keyset install line absent.txt --root keys/root.pub
cp one.txt unsigned.txt
try 1 err 'its signature beside it' $op keyset install line unsigned.txt --root keys/root.pub
try 1 err 'no minisign public key' $op keyset install line one.txt --root one.txt
try 1 err 'another key than the root' $op keyset install line one.txt --root others/root.pub
sed 's/alice/alicf/' one.txt >changed.txt; cp one.txt.minisig changed.txt.minisig
try 1 err 'the signature is wrong' $op keyset install line changed.txt --root keys/root.pub
keyset onion/server.pub wrong.txt
try 1 err 'another server' $op keyset install line wrong.txt --root keys/root.pub
keyset line/server.pub wrong.txt onion=$onion
try 1 err 'names the onion address' $op keyset install line wrong.txt --root keys/root.pub
keyset line/server.pub wrong.txt start=2
try 1 err 'valid from' $op keyset install line wrong.txt --root keys/root.pub
keyset line/server.pub wrong.txt start=-70
try 1 err 'ended at' $op keyset install line wrong.txt --root keys/root.pub
keyset line/server.pub wrong.txt gap=1
try 1 err 'no epoch in force' $op keyset install line wrong.txt --root keys/root.pub
[ ! -e line/root.pub ] || complain 'a refused key set pinned the root'
minisign -Vq -p keys/root.pub -m one.txt || complain 'minisign disagrees'
try 0 out 'Key set 1 is installed' $op keyset install line one.txt --root keys/root.pub
grep -q 'pinned:' out || complain 'the fingerprint is not told'
try 0 out 'not running' $op keyset install line one.txt
keyset line/server.pub two.txt sequence=2
try 0 out 'Key set 2 is installed' $op keyset install --root keys/root.pub line two.txt
try 1 err 'it is an old one' $op keyset install line one.txt
try 1 err 'another root key is pinned' $op keyset install line two.txt --root others/root.pub
keyset line/server.pub again.txt sequence=2 weeks=9
try 1 err 'needs a higher number' $op keyset install line again.txt

# check
try 0 out 'key set: number 2' $op check line
grep -q FAIL out && complain 'a fresh line FAILs'
chmod 755 line; try 1 out 'chmod 0700' $op check line; chmod 700 line
chmod 644 line/server.key; try 1 out 'server.key: chmod 0600' $op check line
try 1 err 'mode 0600' $op export line b; chmod 600 line/server.key
mv line/server.pub kept; try 1 out 'server.pub: it is missing' $op check line
cp onion/server.pub line/server.pub
try 1 out 'do not belong together' $op check line
try 1 err 'do not belong together' $op export line b
mv kept line/server.pub
sed -i 's/^quota.*/quota = 100M/' line/tipline.conf
try 1 out 'one upload may be larger' $op check line
# A quota that the disk has no room for, however large the disk is.
reserve=$(grep '^reserve' line/tipline.conf)
free=$(df -m --output=avail line | tail -n 1)
sed -i "s/^quota.*/quota = 8G/; s/^reserve.*/reserve = $((free - 2000))M/" \
	line/tipline.conf
try 0 out 'lower quota' $op check line
sed -i "s/^reserve.*/$reserve/" line/tipline.conf
sed -i 's/^quota.*/quota = many/' line/tipline.conf
try 1 out 'tipline.conf line' $op check line
sed -i 's/^quota.*/quota = 1G/' line/tipline.conf
sed -i 's/^onion.*/onion = '$onion'/' line/tipline.conf
try 1 out 'a key set can fit only one' $op check line
sed -i 's/^onion.*/onion = none/' line/tipline.conf
sed -i 's/^circuit-uploads.*/circuit-uploads = 99/' line/tipline.conf
try 0 out 'does nothing' $op check line
keyset line/server.pub three.txt sequence=3 start=-30
try 0 out 'installed' $op keyset install line three.txt
try 0 out 'have a new one made' $op check line
cp line/data/tips.sqlite kept
dd if=/dev/zero of=line/data/tips.sqlite bs=100 count=1 conv=notrunc 2>/dev/null
try 1 out 'store: the database' $op check line
try 1 err 'the database cannot be read' $op status line
cp kept line/data/tips.sqlite
mkdir -m 777 open; sed -i "s#^unix.*#unix = $work/open/s#" line/tipline.conf
try 1 out 'anybody can write' $op check line
sed -i "s#^unix.*#unix = $work/gone/s#" line/tipline.conf
try 1 out 'make it with mode' $op check line
sed -i "s#^unix.*#unix = $work/http.sock#" line/tipline.conf

# check --torrc
torrc() { printf '%b' "$1" >torrc; }
service="HiddenServiceDir /var/lib/tor/x\nHiddenServicePort 80 unix:$work/http.sock\n"
advice="HiddenServicePoWDefensesEnabled 1\nHiddenServiceMaxStreams 64\n"
try 1 err 'cannot be read' $op check line --torrc absent
torrc "$service$advice"
try 0 out 'torrc: it fits' $op check line --torrc torrc
torrc "hiddenservicedir /x # comment\nHIDDENSERVICEPORT 80 \\\\\n unix:\"$work/http.sock\"\n$advice"
try 0 out 'torrc: it fits' $op check --torrc torrc line
torrc "$service"
try 0 out 'HiddenServicePoWDefensesEnabled 1 costs' $op check line --torrc torrc
torrc "HiddenServiceDir /x\nHiddenServicePort 80 unix:/elsewhere\n"
try 1 out 'leads to us' $op check line --torrc torrc
torrc "#$service"
try 1 out 'leads to us' $op check line --torrc torrc
torrc "$service${advice}HiddenServiceSingleHopMode 1\n"
try 1 out 'must be 0' $op check line --torrc torrc
torrc "$service${advice}HiddenServiceExportCircuitID haproxy\n"
try 1 out 'does not expect' $op check line --torrc torrc
sed -i 's/^proxy.*/proxy = require/' line/tipline.conf
try 0 out 'torrc: it fits' $op check line --torrc torrc
torrc "HiddenServiceDir /y\nHiddenServiceExportCircuitID haproxy\nHiddenServicePort 80 unix:/y\n$service$advice"
try 1 out 'every visitor is' $op check line --torrc torrc
torrc "$service${advice}HiddenServiceVersion 2\n%include /x\n"
try 1 out 'must be 3' $op check line --torrc torrc
grep -q 'not followed' out || complain '%include is passed over'
sed -i 's/^proxy.*/proxy = off/' line/tipline.conf

# status
try 0 out '"running":	false' $op status line --json
$python -c 'import json,sys; d = json.load(open("out"))
assert d["key_set"]["sequence"] == 3 and d["tips"] == 0 and d["pid"] is None
assert d["epoch"]["number"] > 2900 and d["state"] == "critical"
assert d["epoch_state"] == "by_clock" and d["key_set"]["past_half"] is True
assert {"code": "en", "draft": False} in d["languages"]
assert any("not running" in w for w in d["warnings"])
assert any("have a new one made" in w for w in d["warnings"])
assert d["exported"] is None and d["purged"] == d["not_exported"] == 0
assert d["confirmed"] == [{"analyst": "alice", "up_to": 0, "highest": 0,
	"id": d["confirmed"][0]["id"]}] and d["restored"] is False' ||
	complain 'status --json'

# root
try 0 out 'changes        0' $op root show line
print=$(sed -n 's/^root key *//p' out)
try 1 err 'no root key is pinned yet' $op root show onion
try 2 err "no command 'root frobnicate'" $op root frobnicate
try 2 err 'needs --fingerprint' $op root replace line others/root.pub
try 1 err 'another fingerprint than the one you typed' $op root replace line \
	others/root.pub --fingerprint "$print"
try 1 err 'is the pinned one already' $op root replace line keys/root.pub \
	--fingerprint "$(echo "$print" | tr 'a-f ' 'A-F-')"
try 1 err 'three files' $op root change line one.txt

# with a server, on its unix socket alone
sed -i '/^loopback/d' line/tipline.conf
try 2 err 'name one folder' "$bin/tipline-intake"
"$bin/tipline-intake" line 2>log & server=$!
for _ in $(seq 50); do grep -q 'ready on' log && break; sleep 0.1; done
try 0 out 'runs as process' $op check line
try 1 out 'TIPLINE WARNING - key set 3 has' $op status line --monitor
try 0 out "yes, process $server" $op status line
grep -q 'E208' log || complain 'the log does not speak of the age'
cp line/texts.ini before.ini
ini '[site]\nlanguages = en\n[organisation]\nname = A new name\n'
try 0 out "(process $server) was told" $op texts install line new.ini
for _ in $(seq 20); do grep -q 'E221' log && break; sleep 0.1; done
grep -q 'E221 other texts taken up' log || complain 'the texts were not taken up'
try 0 out 'languages      en' $op status line
grep -q '^drafts' out && complain 'English is told as a draft'
ini '[organisation]\nname = \n'
try 1 err 'new.ini line 2' $op texts install line new.ini
echo broken >>line/texts.ini; kill -HUP "$server"
for _ in $(seq 20); do grep -q 'E222' log && break; sleep 0.1; done
grep -q 'E222 texts.ini was refused; keeping the texts in use' log ||
	complain 'broken texts are taken up in silence'
cp before.ini line/texts.ini
keyset line/server.pub four.txt sequence=4
try 0 out "(process $server) was told" $op keyset install line four.txt
for _ in $(seq 20); do grep -q 'E204' log && break; sleep 0.1; done
grep -q 'E204 key set taken up' log || complain 'SIGHUP was not obeyed'
try 0 out 'TIPLINE OK - 0 tips kept' $op status line --monitor
try 0 out 'state          ok' $op status line
for n in 1 2 3; do
	curl -s -m 10 -o page -F "message=tip number $n" --unix-socket http.sock \
		http://localhost/tip || complain "tip $n was not taken"
done
for _ in $(seq 20); do $op status line | grep -q 'last number    3' && break
	sleep 0.1; done
try 0 out 'last number    3' $op status line

# export, beside the running server
try 0 out 'tips 1 to 3' $op export line all.bundle
try 1 err 'is not overwritten' $op export line all.bundle
try 0 out 'tips 3 to 3' $op export line last.bundle --from 3
try 0 out 'no new tips since tip 3' $op export line none.bundle
try 1 err 'the last tip is 3' $op export line no.bundle --from 5
try 2 err '1 or more' $op export line no.bundle --from 0
try 2 err '1 or more' $op export line no.bundle --from x
try 1 err 'cannot be written' $op export line gone/no.bundle
[ -z "$(ls no.bundle* 2>/dev/null)" ] || complain 'a refused export left a file'
[ "$(stat -c %a all.bundle)" = 600 ] || complain 'the bundle is open to others'

# status of hand-offs
try 0 out 'not exported   0' $op status line
grep -q '^last export    bundle [0-9]*, up to tip 3$' out ||
	complain 'the last export is not told'
grep -q '^confirmed      nothing by alice$' out || complain 'nothing confirmed'
id=$(sed -n 's/^signer \([0-9a-f]*\) .*/\1/p' line/keyset.txt)
mkdir -p -m 700 line/confirmed
printf 'number 1\n1 1\n3 3\n' >"line/confirmed/$id"
try 0 out 'up to tip 1 by alice, and some up to tip 3' $op status line
printf 'number 1\n3 3\n' >"line/confirmed/$id"
try 0 out 'some up to tip 3 by alice, but not tip 1' $op status line
printf 'number 2\n1 3\n' >"line/confirmed/$id"
try 0 out 'confirmed      up to tip 3 by alice' $op status line
echo 'number x' >"line/confirmed/$id"
try 1 out 'TIPLINE WARNING - what alice confirmed cannot be read' \
	$op status line --monitor
rm "line/confirmed/$id"
mv line/exported kept; echo 7 >line/exported
try 1 out 'exported cannot be read' $op status line --monitor
mv kept line/exported
try 0 out 'TIPLINE OK - 3 tips kept' $op status line --monitor

# two of everything at once: one of them does it, and whole
for _ in $(seq 10); do
	rm -rf both both.bundle; mkdir both
	$op export line both.bundle --from 1 >/dev/null 2>&1 & one=$!
	$op export line both.bundle --from 1 >/dev/null 2>&1 & two=$!
	done=0
	wait $one && done=$((done + 1))
	wait $two && done=$((done + 1))
	[ $done -eq 1 ] || complain "$done of two exports to one file succeeded"
	# Each bundle has a number of its own, so only the length is the same.
	[ "$(stat -c %s both.bundle)" = "$(stat -c %s all.bundle)" ] ||
		complain 'two exports spoiled the file'
	[ ! -e both.bundle.part ] || complain 'two exports left a part'
	$op init both --listen 127.0.0.1:0 >/dev/null 2>&1 & one=$!
	$op init both --listen 127.0.0.1:0 >/dev/null 2>&1 & two=$!
	done=0
	wait $one && done=$((done + 1))
	wait $two && done=$((done + 1))
	[ $done -eq 1 ] || complain "$done of two inits of one folder succeeded"
	[ -f both/tipline.conf ] && [ -f both/server.key ] &&
		[ -f both/data/tips.sqlite ] || complain 'two inits spoiled it'
done
kill "$server"; wait "$server" || complain 'the server did not end with 0'
server=
[ ! -e http.sock ] || complain 'the socket is left'

# a tip damaged in the database is exported and told
$python - <<'END' || complain 'the database could not be damaged'
import sqlite3
db = sqlite3.connect('line/data/tips.sqlite')
rows = db.execute('select id, sealed from chunk').fetchall()
row, data = rows[len(rows) // 2]
data = bytes([data[0] ^ 1]) + data[1:]
db.execute('update chunk set sealed = ? where id = ?', (data, row))
db.commit()
END
try 1 err 'is damaged in the database' $op export line hurt.bundle --from 1
[ "$(stat -c %s hurt.bundle)" = "$(stat -c %s all.bundle)" ] ||
	complain 'the damaged bundle has another length'

[ $failed -eq 0 ] || { echo "$failed failed"; exit 1; }
echo 'tipline-operator: all as it should be'
