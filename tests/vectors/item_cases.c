/*
 * Tips whose records are authentic and differ in the items inside.
 */
#include <string.h>

#include "tests/vectors/vectors.h"

#define FINAL crypto_secretstream_xchacha20poly1305_TAG_FINAL

/* Everything before the items, to Alice alone. */
static struct handmade *
begin(struct vector_tip *t)
{
	handmade_to(&t->h, vector_keys[ALICE].public_key);
	handmade_head(&t->h);
	return &t->h;
}

static void
message(struct handmade *h)
{
	handmade_item(h, ITEM_FIELD, "message", 7);
	handmade_item(h, ITEM_DATA, "hello", 5);
	handmade_part_end(h, 5);
}

static void
last(struct handmade *h)
{
	handmade_record(h, FINAL);
}

/* Three more records behind the one that is full of items. */
static void
last_of_four(struct handmade *h)
{
	for (int i = 0; i < 4; i++)
		handmade_record(h, i == 3 ? FINAL : 0);
}

/* Data in pieces, gaps between them, a gap of each length up to 4. */
static void
pieces(struct vector_tip *t)
{
	static const uint8_t zero[16384];
	struct handmade *h = begin(t);
	size_t size = 0;

	handmade_item(h, ITEM_FIELD, "message", 7);
	handmade_item(h, ITEM_DATA, zero, 1);
	handmade_item(h, ITEM_DATA, zero, 1);
	handmade_record(h, 0); /* a gap of nearly a record */
	size += 2;
	for (size_t gap = 1; gap <= 4; gap++) {
		handmade_item(h, ITEM_DATA, zero, 16380 - gap);
		size += 16380 - gap;
		handmade_record(h, 0);
	}
	handmade_item(h, ITEM_DATA, zero, 16380); /* and no gap */
	size += 16380;
	handmade_record(h, 0);
	handmade_part_end(h, size);
	handmade_end(h, 1);
	for (int i = 7; i <= 16; i++)
		handmade_record(h, i == 16 ? FINAL : 0);
	{
		static uint8_t all[5 * 16384];

		vector_part(t, false, "message", 7, all, size);
	}
}

static void
names(struct vector_tip *t)
{
	static const char field[] =
	    "a-field-of-a-later-version-0123456789-with-"
	    "sixty-four-characters";
	static const char hostile[] =
	    "../..\\\0\x1b[31m\xe2\x80\xae\xff\xfe\r\nx.exe";
	struct handmade *h = begin(t);

	_Static_assert(sizeof(field) - 1 == 64, "as long as a name may be");
	handmade_item(h, ITEM_FIELD, field, 64);
	handmade_item(h, ITEM_DATA, "1", 1);
	handmade_part_end(h, 1);
	handmade_item(h, ITEM_FIELD, "message", 7);
	handmade_item(h, ITEM_DATA, "a\xff\0b", 4);
	handmade_part_end(h, 4);
	handmade_item(h, ITEM_FIELD, "message", 7);
	handmade_part_end(h, 0);
	handmade_item(h, ITEM_FILE, hostile, sizeof(hostile) - 1);
	handmade_item(h, ITEM_DATA, "2", 1);
	handmade_part_end(h, 1);
	handmade_end(h, 4);
	last(h);
	vector_part(t, false, field, 64, "1", 1);
	vector_part(t, false, "message", 7, "a\xff\0b", 4);
	vector_part(t, false, "message", 7, "", 0);
	vector_part(t, true, hostile, sizeof(hostile) - 1, "2", 1);
}

/* A topic and answers, and what looks like them and is kept as unknown. */
static void
form(struct vector_tip *t)
{
	static const struct {
		const char *name, *value;
	} field[] = {{"topic", "harbour"}, {"message", "hello"},
	    {"q-region", "north"}, {"q-when", "on Monday\r\n\xff<b>\x1b[2J"},
	    {"q-", "no id"}, {"topic", "again"}};
	const size_t n = sizeof(field) / sizeof(field[0]);
	struct handmade *h = begin(t);

	for (size_t i = 0; i < n; i++) {
		const size_t name = strlen(field[i].name);
		const size_t len = strlen(field[i].value);

		handmade_item(h, ITEM_FIELD, field[i].name, name);
		handmade_item(h, ITEM_DATA, field[i].value, len);
		handmade_part_end(h, len);
		vector_part(t, false, field[i].name, name, field[i].value, len);
	}
	handmade_end(h, (uint32_t)n);
	last(h);
}

static void
padding_same_record(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	handmade_end(h, 1);
	handmade_fill(h, 0, 16000);
	handmade_raw(h, "x", 1);
	last(h);
}

static void
padding_last_byte(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	handmade_end(h, 1);
	for (int i = 0; i < 3; i++)
		handmade_record(h, 0);
	handmade_fill(h, 0, 16383);
	handmade_raw(h, "\1", 1);
	last(h);
}

static void
gap_not_zero(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	handmade_fill(h, 0, 9);
	handmade_raw(h, "\1", 1);
	handmade_record(h, 0);
	handmade_end(h, 1);
	handmade_record(h, 0);
	handmade_record(h, 0);
	last(h);
}

static void
gap_first(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	handmade_record(h, 0);
	handmade_record(h, 0); /* empty */
	handmade_end(h, 1);
	handmade_record(h, 0);
	last(h);
}

static void
item_crossing(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	handmade_item(h, ITEM_FIELD, "message", 7);
	handmade_raw(h, "\3\xfc\x3f", 4); /* 16380 bytes, of which 16369 fit */
	last_of_four(h);
}

static void
head_crossing(struct vector_tip *t)
{
	static const uint8_t zero[16384];
	struct handmade *h = begin(t);

	handmade_item(h, ITEM_FIELD, "message", 7);
	handmade_item(h, ITEM_DATA, zero, 16384 - 11 - 4 - 2);
	handmade_raw(h, "\3\1", 2);
	last_of_four(h);
}

static void
item_too_long(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	handmade_item(h, ITEM_FIELD, "message", 7);
	handmade_raw(h, "\3\xff\xff\xff", 4);
	last(h);
}

static void
type_6(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	handmade_item(h, 6, "?", 1);
	handmade_end(h, 1);
	last(h);
}

static void
data_outside(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	handmade_item(h, ITEM_DATA, "x", 1);
	handmade_end(h, 1);
	last(h);
}

static void
data_empty(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	handmade_item(h, ITEM_FIELD, "message", 7);
	handmade_item(h, ITEM_DATA, "", 0);
	handmade_part_end(h, 0);
	handmade_end(h, 1);
	last(h);
}

static void
part_in_part(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	handmade_item(h, ITEM_FIELD, "message", 7);
	message(h);
	handmade_end(h, 1);
	last(h);
}

static void
part_end_outside(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	handmade_part_end(h, 0);
	handmade_end(h, 1);
	last(h);
}

static void
part_size_wrong(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	handmade_item(h, ITEM_FIELD, "message", 7);
	handmade_item(h, ITEM_DATA, "hello", 5);
	handmade_part_end(h, 6);
	handmade_end(h, 1);
	last(h);
}

static void
part_end_length(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	handmade_item(h, ITEM_FIELD, "message", 7);
	handmade_item(h, ITEM_PART_END, "\0\0\0\0", 4);
	handmade_end(h, 1);
	last(h);
}

static void
end_in_part(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	handmade_item(h, ITEM_FIELD, "message", 7);
	handmade_item(h, ITEM_DATA, "hello", 5);
	handmade_end(h, 1);
	last(h);
}

static void
end_count_wrong(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	handmade_end(h, 2);
	last(h);
}

static void
end_length(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	handmade_item(h, ITEM_END, "\1\0\0\0\0\0\0\0", 8);
	last(h);
}

static void
end_twice(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	handmade_end(h, 1);
	handmade_end(h, 1);
	last(h);
}

static void
part_after_end(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	handmade_end(h, 1);
	handmade_record(h, 0);
	message(h);
	handmade_record(h, 0);
	handmade_record(h, 0);
	last(h);
}

static void
no_end(struct vector_tip *t)
{
	struct handmade *h = begin(t);

	message(h);
	last(h);
}

static void
one_field(struct vector_tip *t, unsigned type, const char *name, size_t len)
{
	struct handmade *h = begin(t);

	handmade_item(h, type, name, len);
	handmade_part_end(h, 0);
	handmade_end(h, 1);
	last(h);
}

static void
field_unnamed(struct vector_tip *t)
{
	one_field(t, ITEM_FIELD, "", 0);
}

static void
field_65(struct vector_tip *t)
{
	char name[65];

	memset(name, 'a', sizeof(name));
	one_field(t, ITEM_FIELD, name, sizeof(name));
}

static void
field_upper_case(struct vector_tip *t)
{
	one_field(t, ITEM_FIELD, "Message", 7);
}

static void
file_name_1025(struct vector_tip *t)
{
	char name[1025];

	memset(name, 'a', sizeof(name));
	one_field(t, ITEM_FILE, name, sizeof(name));
}

#define BAD(name, why, make)                                                   \
	{                                                                      \
		name, "malformed", "wrong-key", why, make                      \
	}

const struct vector_case vector_item_cases[] = {
    {"hand-pieces", "ok", "wrong-key",
	"data in pieces, gaps of 1 to 4 bytes and a long one", pieces},
    {"hand-names", "ok", "wrong-key",
	"unknown and repeated fields, a hostile file name", names},
    {"hand-form", "ok", "wrong-key", "a topic and answers, a hostile one",
	form},
    BAD("padding-same-record", "a byte after the end is not 0",
	padding_same_record),
    BAD("padding-last-byte", "the last byte of the last record is not 0",
	padding_last_byte),
    BAD("gap-not-zero", "a byte of a gap is not 0", gap_not_zero),
    BAD("gap-first", "a record begins with a gap", gap_first),
    BAD("item-crossing", "a value crosses the record's end", item_crossing),
    BAD("head-crossing", "an item's head crosses the record's end",
	head_crossing),
    BAD("item-too-long", "a length of 2^24 - 1", item_too_long),
    BAD("type-6", "an unknown item", type_6),
    BAD("data-outside", "data outside a part", data_outside),
    BAD("data-empty", "a data item without data", data_empty),
    BAD("part-in-part", "a part begins within a part", part_in_part),
    BAD("part-end-outside", "the end of no part", part_end_outside),
    BAD("part-size-wrong", "part end says 6, there were 5", part_size_wrong),
    BAD("part-end-length", "part end with a value of 4 bytes", part_end_length),
    BAD("end-in-part", "the end within a part", end_in_part),
    BAD("end-count-wrong", "end says 2, there was 1", end_count_wrong),
    BAD("end-length", "end with a value of 8 bytes", end_length),
    BAD("end-twice", "a second end", end_twice),
    BAD("part-after-end", "a part after the end", part_after_end),
    BAD("no-end", "no end", no_end),
    BAD("field-unnamed", "a field's name of 0 characters", field_unnamed),
    BAD("field-65", "a field's name of 65 characters", field_65),
    BAD("field-upper-case", "a field's name with an upper-case letter",
	field_upper_case),
    BAD("file-name-1025", "a file's name of 1025 bytes", file_name_1025),
};
const size_t vector_item_count =
    sizeof(vector_item_cases) / sizeof(vector_item_cases[0]);
