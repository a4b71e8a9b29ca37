/*
 * Key sets: one good text, and edits of it.  In the text $iN and $kN stand
 * for the id and the key of number N (in base64), $onion for an address.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keyset.h"
#include "tests/vectors/seeded.h"
#include "tests/vectors/vectors.h"

#define KEYS 11
#define ZERO_ED25519 8 /* no point */
#define ZERO_X25519 9  /* of low order */
#define BACKUP 10      /* $ia and $ka */

static uint8_t keys[KEYS][32], ids[KEYS][8];

static const char base[] = "tipline-keyset 1\n"
			   "onion $onion\n"
			   "sequence 7\n"
			   "from 2026-11-23T00:00:00Z\n"
			   "until 2026-12-14T00:00:00Z\n"
			   "server $i0 $k0\n"
			   "signer $i1 alice $k1\n"
			   "signer $i2 bob $k2\n"
			   "epoch 1 2026-11-23T00:00:00Z 2026-11-30T00:00:00Z\n"
			   "key $i3 alice $k3\n"
			   "key $i4 bob $k4\n"
			   "epoch 2 2026-11-30T00:00:00Z 2026-12-07T00:00:00Z\n"
			   "key $i5 alice $k5\n"
			   "epoch 3 2026-12-07T00:00:00Z 2026-12-14T00:00:00Z\n"
			   "key $i6 alice $k6\n";

/* An edit: the first from becomes to.  Line 0: the key set is good. */
struct edit {
	const char *name, *from, *to;
	unsigned line;
	const char *why;
};

#define ASCII "a character that is not printable ASCII"
#define MUST(w) "another line than \"" w "\" stands where that must be"
#define KIND "another kind of file, or its first line is missing"
#define UNKNOWN "unknown field"
#define FEWER "a word is missing in the line"
#define TOO_MANY "a word too many in the line"
#define SPACE "a space too many in the line"
#define ONION "not an onion address of version 3"
#define MISTYPED "the onion address is mistyped: its checksum is wrong"
#define NUMBER "not a number: digits only, none but 0 begins with 0"
#define LARGE "the number is too large"
#define ROLE(is, must)                                                         \
	"wrong role: this is " is ", and " must " must stand here"
#define A_SERVER "a server's key"
#define A_SIGNER "a signer's key"
#define AN_EPOCH "an epoch's key"
#define A_BACKUP "a backup key"
#define TIME "not a time like 2026-11-23T00:00:00Z"
#define ID "the id is not that of the key"
#define BASE64 "the key is not 32 bytes in base64"
#define UNUSABLE "the key is none that can be used"
#define NAME "a name has only a-z, 0-9 and - in it"
#define NAME_LEN "a name is 1 to 32 characters long"
#define MORE "the text ends here, but more must follow"
#define THIRTY_TWO "abcdefghijklmnopqrstuvwxyz-01234"
#define E2 "epoch 2 2026-11-30T00:00:00Z 2026-12-07T00:00:00Z"

/* clang-format off */
static const struct edit edits[] = {
	{"good", "", "", 0, ""},
	{"good-no-onion", "$onion", "none", 0, ""},
	{"good-largest-sequence", "sequence 7", "sequence 18446744073709551615",
	    0, ""},
	{"good-overlap-of-a-day", E2,
	    "epoch 2 2026-11-29T00:00:00Z 2026-12-07T00:00:00Z", 0, ""},
	{"good-a-week-without", E2,
	    "epoch 2 2026-12-06T00:00:00Z 2026-12-07T00:00:00Z", 0, ""},
	{"good-numbers-with-gaps", "epoch 3", "epoch 4294967295", 0, ""},
	{"good-longest-name", "signer $i1 alice", "signer $i1 " THIRTY_TWO, 0,
	    ""},
	{"empty", base, "", 1, MORE},
	{"version", "keyset 1", "keyset 2", 1,
	    "a version this program does not know"},
	{"another-file", "tipline-keyset 1", "tipline-server 1", 1, KIND},
	{"unknown-field", "sequence 7\n", "colour red\nsequence 7\n", 3,
	    UNKNOWN},
	{"comment", "sequence 7\n", "# seven\nsequence 7\n", 3,
	    UNKNOWN},
	{"onion-missing", "onion $onion\n", "", 2, MUST("onion")},
	{"onion-twice", "onion $onion\n", "onion $onion\nonion $onion\n", 3,
	    MUST("sequence")},
	{"onion-mistyped", "$onion", "$mistyped", 2, MISTYPED},
	{"onion-version-2", "$onion", "expyuzz4wqqyqhjn.onion", 2, ONION},
	{"onion-upper-case", "$onion", "$upper", 2, ONION},
	{"order", "sequence 7\nfrom 2026-11-23T00:00:00Z\n",
	    "from 2026-11-23T00:00:00Z\nsequence 7\n", 3, MUST("sequence")},
	{"sequence-zero", "sequence 7", "sequence 0", 3,
	    "sequences are numbered from 1"},
	{"sequence-leading-zero", "sequence 7", "sequence 07", 3, NUMBER},
	{"sequence-two", "sequence 7", "sequence 7 8", 3, TOO_MANY},
	{"sequence-sign", "sequence 7", "sequence +7", 3, NUMBER},
	{"sequence-too-large", "sequence 7", "sequence 18446744073709551616",
	    3, LARGE},
	{"sequence-without", "sequence 7", "sequence", 3, FEWER},
	{"time-none", "from 2026-11-23", "from 2026-11-31", 4, TIME},
	{"time-without-z", "from 2026-11-23T00:00:00Z",
	    "from 2026-11-23T00:00:00", 4, TIME},
	{"time-lower-case", "from 2026-11-23T00:00:00Z",
	    "from 2026-11-23t00:00:00z", 4, TIME},
	{"time-before-1970", "from 2026", "from 1969", 4, TIME},
	{"ends-before", "until 2026-12-14", "until 2026-11-23", 5,
	    "the key set ends before it begins"},
	{"server-id", "server $i0", "server $i1", 6, ID},
	{"server-id-upper-case", "server $i0", "server $I0", 6, ID},
	{"server-key-weak", "server $i0 $k0", "server $i8 $k8", 6, UNUSABLE},
	{"server-key-in-another-role", "server $i0 $k0", "server $i1 $k1", 6,
	    ROLE(A_SIGNER, A_SERVER)},
	{"signer-none", "signer $i1 alice $k1\nsigner $i2 bob $k2\n", "", 7,
	    MUST("signer")},
	{"signer-name-upper-case", "signer $i1 alice", "signer $i1 Alice", 7,
	    NAME},
	{"signer-name-empty", "signer $i1 alice", "signer $i1 ", 7, SPACE},
	{"signer-name-33", "signer $i1 alice", "signer $i1 a" THIRTY_TWO, 7,
	    NAME_LEN},
	{"signer-key-twice", "signer $i2 bob $k2", "signer $i1 bob $k1", 8,
	    "this signer's key stands twice"},
	{"signer-name-twice", "signer $i2 bob", "signer $i2 alice", 8,
	    "this name stands twice among the signers"},
	{"epoch-none", "$none", "", 9, MORE},
	{"epoch-zero", "epoch 1", "epoch 0", 9, "epochs are numbered from 1"},
	{"epoch-too-large", "epoch 3", "epoch 4294967296", 14, LARGE},
	{"epoch-number-twice", "epoch 2", "epoch 1", 12,
	    "the numbers of the epochs do not rise"},
	{"epoch-number-falls", "epoch 2", "epoch 3", 14,
	    "the numbers of the epochs do not rise"},
	{"epoch-without-keys", "key $i5 alice $k5\n", "", 13, MUST("key")},
	{"epoch-last-without-keys", "key $i6 alice $k6\n", "", 15, MORE},
	{"epoch-ends-before", E2,
	    "epoch 2 2026-11-30T00:00:00Z 2026-11-30T00:00:00Z", 12,
	    "the epoch ends before it begins"},
	{"epoch-outside", "epoch 3 2026-12-07T00:00:00Z 2026-12-14T00:00:00Z",
	    "epoch 3 2026-12-07T00:00:00Z 2026-12-14T00:00:01Z", 14,
	    "the epoch is outside the set's validity"},
	{"epoch-before-the-set", "epoch 1 2026-11-23", "epoch 1 2026-11-22", 9,
	    "the epoch is outside the set's validity"},
	{"epoch-begins-before", E2,
	    "epoch 2 2026-11-22T00:00:00Z 2026-12-07T00:00:00Z", 12,
	    "the epoch begins no later than the one before"},
	{"epoch-ends-earlier", E2,
	    "epoch 2 2026-11-29T12:00:00Z 2026-11-29T23:00:00Z", 12,
	    "the epoch ends no later than the one before"},
	{"epoch-time", "epoch 1 2026-11-23", "epoch 1 2026-13-23", 9, TIME},
	{"epoch-overlap", E2,
	    "epoch 2 2026-11-28T23:59:59Z 2026-12-07T00:00:00Z", 12,
	    "the epoch overlaps the one before by more than a day"},
	{"epoch-from-equal", E2,
	    "epoch 2 2026-11-23T00:00:00Z 2026-12-07T00:00:00Z", 12,
	    "the epoch begins no later than the one before"},
	{"epoch-until-equal", E2,
	    "epoch 2 2026-11-29T12:00:00Z 2026-11-30T00:00:00Z", 12,
	    "the epoch ends no later than the one before"},
	{"key-name", "key $i6 alice", "key $i6 Alice", 15, NAME},
	{"key-missing", "key $i6 alice $k6", "key $i6 alice", 15, FEWER},
	{"field-unknown-below", "key $i6 alice", "clef $i6 alice", 15, UNKNOWN},
	{"key-weak", "key $i6 alice $k6", "key $i9 alice $k9", 15, UNUSABLE},
	{"key-id", "key $i6", "key $i5", 15, ID},
	{"key-of-a-signer", "key $i6 alice $k6", "key $i2 alice $k2", 15,
	    ROLE(A_SIGNER, AN_EPOCH)},
	{"key-of-a-server", "key $i6 alice $k6", "key $i0 alice $k0", 15,
	    ROLE(A_SERVER, AN_EPOCH)},
	{"key-of-a-backup", "key $i6 alice $k6", "key $ia alice $ka", 15,
	    ROLE(A_BACKUP, AN_EPOCH)},
	{"key-as-signer", "signer $i2 bob $k2", "signer $i3 bob $k3", 8,
	    ROLE(AN_EPOCH, A_SIGNER)},
	{"key-as-server", "server $i0 $k0", "server $i3 $k3", 6,
	    ROLE(AN_EPOCH, A_SERVER)},
	{"server-as-signer", "signer $i2 bob $k2", "signer $i0 bob $k0", 8,
	    ROLE(A_SERVER, A_SIGNER)},
	{"key-twice-in-epoch", "key $i4 bob $k4", "key $i3 bob $k3", 11,
	    "this key stands twice"},
	{"key-in-two-epochs", "key $i6 alice $k6", "key $i4 alice $k4", 15,
	    "this key stands twice"},
	{"key-name-twice", "key $i4 bob", "key $i4 alice", 11,
	    "this name has two keys in one epoch"},
	{"key-without-padding", "$k6", "$n6", 15, BASE64},
	{"key-last-bits", "$k6", "$b6", 15, BASE64},
	{"key-31-bytes", "$k6", "$s6", 15, BASE64},
	{"key-in-hex", "$k6", "$h6", 15, BASE64},
	{"space-twice", "signer $i1 alice", "signer  $i1 alice", 7, SPACE},
	{"space-at-end", "sequence 7", "sequence 7 ", 3, SPACE},
	{"space-at-start", "sequence 7", " sequence 7", 3, UNKNOWN},
	{"tab", "sequence 7", "sequence\t7", 3, ASCII},
	{"cr-lf", "sequence 7\n", "sequence 7\r\n", 3, ASCII},
	{"not-ascii", "signer $i1 alice", "signer $i1 \xc3\xa5lice", 7, ASCII},
	{"nul", "sequence 7", "$nul", 3, ASCII},
	{"byte-order-mark", "tipline-keyset", "\xef\xbb\xbftipline-keyset", 1,
	    ASCII},
	{"empty-line", "sequence 7\n", "\nsequence 7\n", 3, UNKNOWN},
	{"empty-line-at-end", "key $i6 alice $k6\n", "key $i6 alice $k6\n\n",
	    16, "an unknown field, or more than there should be"},
	{"more-at-end", "key $i6 alice $k6\n",
	    "key $i6 alice $k6\nserver $i0 $k0\n", 16,
	    "an unknown field, or more than there should be"},
	{"no-last-lf", "key $i6 alice $k6\n", "key $i6 alice $k6", 15,
	    "the line does not end"},
	{"line-too-long", "signer $i1 alice",
	    "signer $i1 $long", 7, "the line is longer than 200 characters"},
};
/* clang-format on */

static void
make_keys(void)
{
	uint8_t secret[64];

	seeded_start("keysets");
	for (unsigned i = 0; i < KEYS; i++) {
		const enum key_role role = i == 0 || i == ZERO_ED25519
		    ? KEY_ROLE_SERVER
		    : i <= 2      ? KEY_ROLE_SIGNER
		    : i == BACKUP ? KEY_ROLE_BACKUP
				  : KEY_ROLE_EPOCH;

		if (i == ZERO_ED25519 || i == ZERO_X25519)
			memset(keys[i], 0, sizeof(keys[i]));
		else if (role == KEY_ROLE_EPOCH || role == KEY_ROLE_BACKUP)
			(void)crypto_box_keypair(keys[i], secret);
		else
			(void)crypto_sign_keypair(keys[i], secret);
		key_id(role, keys[i], ids[i]);
	}
}

/* The address of the first key, as Tor's rend-spec-v3 says. */
static void
onion_text(char out[static 63])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t raw[35], message[48] = ".onion checksum", digest[32];

	memcpy(message + 15, keys[0], 32);
	message[47] = 3;
	vectors_must(EVP_Q_digest(NULL, "SHA3-256", NULL, message,
			 sizeof(message), digest, NULL) == 1,
	    "SHA3-256");
	memcpy(raw, keys[0], 32);
	memcpy(raw + 32, digest, 2);
	raw[34] = 3;
	for (unsigned i = 0; i < 56; i++) {
		const unsigned at = i * 5 / 8, off = i * 5 % 8;
		const unsigned two =
		    (unsigned)raw[at] << 8 | (at < 34 ? raw[at + 1] : 0U);

		out[i] = digits[two >> (11 - off) & 31];
	}
	memcpy(out + 56, ".onion", 7);
}

/* What a word of the base text stands for. */
static size_t
expand(const char *word, char *out, size_t size)
{
	const unsigned n = word[1] >= '0' && word[1] <= '9'
	    ? (unsigned)(word[1] - '0')
	    : word[1] == 'a' ? BACKUP
			     : 0;
	char text[64];

	onion_text(text);
	if (strncmp(word, "nul", 3) == 0) {
		memcpy(out, "sequence\0", 10);
		memcpy(out + 9, "7", 1);
		return 10;
	}
	switch (word[0]) {
	case 'm': /* mistyped */
		text[20] = text[20] == 'a' ? 'b' : 'a';
		break;
	case 'u': /* upper */
		text[0] = (char)(text[0] >= 'a' ? text[0] - 32 : 'A');
		break;
	case 'o': /* onion */
		break;
	case 'l': /* long */
		memset(out, 'a', 200);
		return 200;
	case 'i':
	case 'I':
		(void)sodium_bin2hex(text, sizeof(text), ids[n], 8);
		for (char *p = text; word[0] == 'I' && *p != '\0'; p++)
			*p = (char)(*p >= 'a' ? *p - 32 : *p);
		break;
	case 'h':
		(void)sodium_bin2hex(text, sizeof(text), keys[n], 22);
		break;
	default:
		(void)sodium_bin2base64(text, sizeof(text), keys[n],
		    word[0] == 's' ? 31 : 32, sodium_base64_VARIANT_ORIGINAL);
		if (word[0] == 'n')
			text[43] = '\0'; /* no padding */
		if (word[0] == 'b')
			text[42]++; /* bits that no byte takes up */
		break;
	}
	return (size_t)snprintf(out, size, "%s", text);
}

static size_t
word_len(const char *word)
{
	static const char *const long_words[] = {
	    "onion", "mistyped", "upper", "long", "nul"};

	for (size_t i = 0; i < sizeof(long_words) / sizeof(*long_words); i++) {
		if (strncmp(word, long_words[i], strlen(long_words[i])) == 0)
			return strlen(long_words[i]);
	}
	return 2;
}

static size_t
expand_all(const char *in, char *out, size_t size)
{
	size_t len = 0;

	while (*in != '\0') {
		vectors_must(size - len > 256, "the text is too long");
		if (*in != '$') {
			out[len++] = *in++;
			continue;
		}
		len += expand(in + 1, out + len, size - len);
		in += 1 + word_len(in + 1);
	}
	return len;
}

static size_t
apply(const struct edit *e, char *out, size_t size)
{
	char edited[4096];
	const char *at;

	if (strcmp(e->from, "$none") == 0) { /* all from line 9 on */
		at = strstr(base, "epoch 1");
		snprintf(
		    edited, sizeof(edited), "%.*s", (int)(at - base), base);
		return expand_all(edited, out, size);
	}
	at = strstr(base, e->from);
	vectors_must(at != NULL, e->name);
	snprintf(edited, sizeof(edited), "%.*s%s%s", (int)(at - base), base,
	    e->to, at + strlen(e->from));
	return expand_all(edited, out, size);
}

static void
write_good(FILE *f, const char *text, size_t len)
{
	struct keyset set;
	unsigned line;
	const char *why = NULL;
	const bool good = keyset_parse(text, len, &set, &line, &why) == ST_OK;

	vectors_must(good, "a key set that must be good");
	fprintf(f, ", \"sequence\": %llu, \"from\": %llu, \"until\": %llu",
	    (unsigned long long)set.sequence, (unsigned long long)set.from,
	    (unsigned long long)set.until);
	vectors_hex(f, "server", set.server.id, sizeof(set.server.id));
	fprintf(
	    f, ", \"signers\": %zu, \"epochs\": %zu", set.signers, set.epochs);
	keyset_free(&set);
}

void
vectors_keysets(void)
{
	FILE *f = vectors_list("keyset");

	make_keys();
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		const struct edit *const e = &edits[i];
		char text[8192], file[64];
		const size_t len = apply(e, text, sizeof(text));

		snprintf(file, sizeof(file), "keyset/%s.txt", e->name);
		vectors_file(file, text, len);
		vectors_next(f, file);
		fprintf(f, ", \"good\": %s", e->line == 0 ? "true" : "false");
		if (e->line == 0) {
			write_good(f, text, len);
		} else {
			fprintf(f, ", \"line\": %u", e->line);
			vectors_text(f, "why", e->why);
		}
		fprintf(f, "}");
	}
	vectors_end(f);
}
