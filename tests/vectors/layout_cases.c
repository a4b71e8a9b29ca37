/*
 * Tips that differ in their head, their records and their length.
 */
#include <string.h>

#include "tests/vectors/vectors.h"

#define FINAL crypto_secretstream_xchacha20poly1305_TAG_FINAL
#define PUSH crypto_secretstream_xchacha20poly1305_TAG_PUSH
#define REKEY crypto_secretstream_xchacha20poly1305_TAG_REKEY
#define TEXT "hello"
#define TEXT_LEN 5

static void
to(struct vector_tip *t, enum who who)
{
	handmade_to(&t->h, vector_keys[who].public_key);
}

/* The items of a small tip, into the open record. */
static void
items(struct vector_tip *t)
{
	handmade_item(&t->h, ITEM_FIELD, "message", 7);
	handmade_item(&t->h, ITEM_DATA, TEXT, TEXT_LEN);
	handmade_part_end(&t->h, TEXT_LEN);
	handmade_end(&t->h, 1);
	vector_part(t, false, "message", 7, TEXT, TEXT_LEN);
}

/* Head and one final record. */
static void
finish(struct vector_tip *t)
{
	handmade_head(&t->h);
	items(t);
	handmade_record(&t->h, FINAL);
}

/* The same in records records, the last of them final. */
static void
in_records(struct vector_tip *t, size_t records)
{
	to(t, ALICE);
	handmade_head(&t->h);
	items(t);
	for (size_t i = 1; i <= records; i++)
		handmade_record(&t->h, i == records ? FINAL : 0);
}

static void
flip(struct vector_tip *t, size_t at)
{
	t->h.p[at] ^= 1;
}

static void
plain(struct vector_tip *t)
{
	in_records(t, 1);
}

static void
class_larger(struct vector_tip *t)
{
	in_records(t, 4);
}

static void
magic(struct vector_tip *t)
{
	t->h.magic[0] = 'T';
	plain(t);
}

static void
version(struct vector_tip *t)
{
	t->h.magic[15] = '2';
	plain(t);
}

static void
epoch_zero(struct vector_tip *t)
{
	t->h.epoch = 0;
	plain(t);
}

static void
no_recipient(struct vector_tip *t)
{
	finish(t);
}

static void
seventeen(struct vector_tip *t)
{
	uint8_t key[32], secret[32];

	to(t, ALICE);
	for (int i = 1; i < 17; i++) {
		(void)crypto_box_keypair(key, secret);
		handmade_to(&t->h, key);
	}
	finish(t);
}

static void
reserved_1(struct vector_tip *t)
{
	t->h.reserved[0] = 1;
	plain(t);
}

static void
reserved_3(struct vector_tip *t)
{
	t->h.reserved[2] = 0x80;
	plain(t);
}

static void
id_twice(struct vector_tip *t)
{
	to(t, ALICE);
	to(t, BOB);
	to(t, ALICE);
	finish(t);
}

static void
bad_commitment(struct vector_tip *t)
{
	plain(t);
	flip(t, 24 + 88);
}

/* The rest is sealed with the wrong commitment in the head: only comparing
 * it can tell. */
static void
commitment_sealed(struct vector_tip *t)
{
	t->h.commitment_xor = 1;
	plain(t);
}

static void
bad_box(struct vector_tip *t)
{
	plain(t);
	flip(t, 24 + 8 + 40);
}

static void
bad_stream_header(struct vector_tip *t)
{
	plain(t);
	flip(t, 24 + 88 + 32);
}

/* Bob's box holds another tip key than the one committed to. */
static void
two_tips_in_one(struct vector_tip *t)
{
	to(t, ALICE);
	to(t, BOB);
	randombytes_buf(t->h.to[1].tip_key, sizeof(t->h.to[1].tip_key));
	finish(t);
}

static void
box_random(struct vector_tip *t)
{
	to(t, ALICE);
	t->h.to[0].random_box = true;
	finish(t);
}

static void
second_box_random(struct vector_tip *t)
{
	to(t, ALICE);
	to(t, BOB);
	t->h.to[1].random_box = true;
	finish(t);
}

/* Nobody whose key is known: the box cannot be compared. */
static void
strangers_box(struct vector_tip *t)
{
	uint8_t key[32], secret[32];

	(void)crypto_box_keypair(key, secret);
	to(t, ALICE);
	handmade_to(&t->h, key);
	t->h.to[1].random_box = true;
	finish(t);
}

/* Box and id do not belong together. */
static void
boxes_exchanged(struct vector_tip *t)
{
	uint8_t id[8];

	to(t, ALICE);
	to(t, BOB);
	memcpy(id, t->h.to[0].id, sizeof(id));
	memcpy(t->h.to[0].id, t->h.to[1].id, sizeof(id));
	memcpy(t->h.to[1].id, id, sizeof(id));
	finish(t);
}

static void
head_not_bound(struct vector_tip *t)
{
	to(t, ALICE);
	handmade_head(&t->h);
	t->h.first = false;
	items(t);
	handmade_record(&t->h, FINAL);
}

static void
head_bound_twice(struct vector_tip *t)
{
	to(t, ALICE);
	handmade_head(&t->h);
	items(t);
	for (int i = 0; i < 4; i++) {
		t->h.first = i < 2;
		handmade_record(&t->h, i == 3 ? FINAL : 0);
	}
}

static void
record_flipped(struct vector_tip *t)
{
	plain(t);
	flip(t, t->h.head_len + 9000);
}

static void
last_byte_flipped(struct vector_tip *t)
{
	class_larger(t);
	flip(t, t->h.len - 1);
}

static void
empty_file(struct vector_tip *t)
{
	(void)t;
}

static void
cut_in_head(struct vector_tip *t)
{
	plain(t);
	t->h.len = 100;
}

static void
cut_after_head(struct vector_tip *t)
{
	plain(t);
	t->h.len = t->h.head_len;
}

static void
cut_one_byte(struct vector_tip *t)
{
	plain(t);
	t->h.len--;
}

static void
cut_one_record(struct vector_tip *t)
{
	class_larger(t);
	t->h.len -= HANDMADE_SEALED;
}

static void
cut_to_a_class(struct vector_tip *t)
{
	class_larger(t);
	t->h.len -= 3 * (size_t)HANDMADE_SEALED;
}

static void
byte_appended(struct vector_tip *t)
{
	plain(t);
	handmade_append(&t->h, "", 1);
}

static void
record_appended(struct vector_tip *t)
{
	plain(t);
	for (int i = 0; i < 3; i++)
		handmade_record(&t->h, 0);
}

static void
two_finals(struct vector_tip *t)
{
	plain(t);
	for (int i = 0; i < 3; i++)
		handmade_record(&t->h, i == 2 ? FINAL : 0);
}

static void
no_final(struct vector_tip *t)
{
	to(t, ALICE);
	handmade_head(&t->h);
	items(t);
	handmade_record(&t->h, 0);
}

static void
tag_push(struct vector_tip *t)
{
	to(t, ALICE);
	handmade_head(&t->h);
	items(t);
	for (int i = 0; i < 4; i++)
		handmade_record(&t->h, i == 3 ? FINAL : i == 1 ? PUSH : 0);
}

static void
tag_rekey(struct vector_tip *t)
{
	to(t, ALICE);
	handmade_head(&t->h);
	items(t);
	for (int i = 0; i < 4; i++)
		handmade_record(&t->h, i == 3 ? FINAL : i == 1 ? REKEY : 0);
}

static void
class_two(struct vector_tip *t)
{
	in_records(t, 2);
}

static void
class_five(struct vector_tip *t)
{
	in_records(t, 5);
}

static void
records_exchanged(struct vector_tip *t)
{
	uint8_t one[HANDMADE_SEALED];
	uint8_t *p;

	class_larger(t);
	p = t->h.p + t->h.head_len + HANDMADE_SEALED;
	memcpy(one, p, sizeof(one));
	memcpy(p, p + HANDMADE_SEALED, sizeof(one));
	memcpy(p + HANDMADE_SEALED, one, sizeof(one));
}

static void
record_repeated(struct vector_tip *t)
{
	uint8_t *p;

	class_larger(t);
	p = t->h.p + t->h.head_len + HANDMADE_SEALED;
	memcpy(p + HANDMADE_SEALED, p, HANDMADE_SEALED);
}

const struct vector_case vector_layout_cases[] = {
    {"hand-plain", "ok", "wrong-key", "as small as a tip can be", plain},
    {"hand-class-larger", "ok", "wrong-key", "a class larger than needed",
	class_larger},
    {"magic", "malformed", "malformed", "the magic is another", magic},
    {"version", "version", "version", "version 2", version},
    {"epoch-zero", "malformed", "malformed", "epoch 0", epoch_zero},
    {"no-recipient", "malformed", "malformed", "n is 0", no_recipient},
    {"seventeen-recipients", "malformed", "malformed", "n is 17", seventeen},
    {"reserved-first", "malformed", "malformed", "a reserved byte is not 0",
	reserved_1},
    {"reserved-last", "malformed", "malformed", "a reserved byte is not 0",
	reserved_3},
    {"id-twice", "malformed", "malformed", "a key id stands twice", id_twice},
    {"commitment", "forged", "wrong-key", "a bit of the commitment",
	bad_commitment},
    {"commitment-sealed", "forged", "wrong-key",
	"the commitment is to another key, and authenticated as such",
	commitment_sealed},
    {"box", "forged", "wrong-key", "a bit of the sealed box", bad_box},
    {"stream-header", "forged", "wrong-key", "a bit of the secretstream header",
	bad_stream_header},
    {"two-tips-in-one", "forged", "forged",
	"the second box holds another tip key: both must refuse",
	two_tips_in_one},
    {"box-random", "forged", "wrong-key",
	"the box holds the tip key, but its ephemeral key is a random one",
	box_random},
    {"second-box-random", "forged", "forged", "the same of the second box",
	second_box_random},
    {"strangers-box", "ok", "wrong-key",
	"the same of a box whose recipient's public key is unknown",
	strangers_box},
    {"boxes-exchanged", "forged", "forged", "each id stands at the other's box",
	boxes_exchanged},
    {"head-not-bound", "forged", "wrong-key",
	"the first record lacks the head as associated data", head_not_bound},
    {"head-bound-twice", "forged", "wrong-key",
	"the second record has the head as associated data too",
	head_bound_twice},
    {"record-flipped", "forged", "wrong-key", "a bit of a record",
	record_flipped},
    {"last-byte-flipped", "forged", "wrong-key", "a bit of the last byte",
	last_byte_flipped},
    {"empty-file", "short", "short", "nothing at all", empty_file},
    {"cut-in-head", "short", "short", "ends within the head", cut_in_head},
    {"cut-after-head", "short", "wrong-key", "ends after the head",
	cut_after_head},
    {"cut-one-byte", "short", "wrong-key", "the last byte is missing",
	cut_one_byte},
    {"cut-one-record", "short", "wrong-key", "the last record is missing",
	cut_one_record},
    {"cut-to-a-class", "short", "wrong-key",
	"of 4 records one is left, which is a class too", cut_to_a_class},
    {"byte-appended", "malformed", "wrong-key", "a byte after the last record",
	byte_appended},
    {"records-appended", "malformed", "wrong-key",
	"records after the final one", record_appended},
    {"two-finals", "malformed", "wrong-key", "the first record is final too",
	two_finals},
    {"no-final", "short", "wrong-key", "no record is final", no_final},
    {"tag-push", "malformed", "wrong-key", "a record with the tag PUSH",
	tag_push},
    {"tag-rekey", "malformed", "wrong-key", "a record with the tag REKEY",
	tag_rekey},
    {"class-2", "malformed", "wrong-key", "2 records are no size class",
	class_two},
    {"class-5", "malformed", "wrong-key", "5 records are no size class",
	class_five},
    {"records-exchanged", "forged", "wrong-key",
	"the second and the third record have changed places",
	records_exchanged},
    {"record-repeated", "forged", "wrong-key",
	"the second record stands in the place of the third too",
	record_repeated},
};
const size_t vector_layout_count =
    sizeof(vector_layout_cases) / sizeof(vector_layout_cases[0]);
