#include <string.h>

#include "crypto/envelope.h"
#include "tests/vectors/seeded.h"
#include "tests/vectors/vectors.h"

void
vector_part(struct vector_tip *t, bool file, const char *name, size_t name_len,
    const void *data, size_t len)
{
	struct vector_part *const p = &t->part[t->parts];

	vectors_must(t->parts++ < VECTOR_PARTS_MAX, "too many parts");
	*p = (struct vector_part){
	    .file = file, .name = name, .name_len = name_len, .size = len};
	(void)crypto_hash_sha256(p->sha256, data, len);
}

static void
write_parts(FILE *f, const struct vector_tip *t)
{
	fprintf(f, ", \"parts\": [");
	for (size_t i = 0; i < t->parts; i++) {
		const struct vector_part *const p = &t->part[i];

		fprintf(f, "%s\n    {\"kind\": \"%s\"", i > 0 ? "," : "",
		    p->file ? "file" : "field");
		vectors_hex(f, "name_hex", p->name, p->name_len);
		fprintf(f, ", \"size\": %llu", (unsigned long long)p->size);
		vectors_hex(f, "sha256", p->sha256, sizeof(p->sha256));
		fprintf(f, "}");
	}
	fprintf(f, "]");
}

/* Write the file and its line in the list. */
static void
write_tip(FILE *f, const struct vector_tip *t, const struct vector_case *c)
{
	char file[64];
	uint8_t digest[32];
	const bool opens =
	    strcmp(c->alice, "ok") == 0 || strcmp(c->bob, "ok") == 0;

	snprintf(file, sizeof(file), "tip/%s.tip", c->name);
	vectors_file(file, t->h.p, t->h.len);
	vectors_next(f, file);
	vectors_text(f, "why", c->why);
	fprintf(f, ", \"alice\": \"%s\", \"bob\": \"%s\"", c->alice, c->bob);
	if (opens) {
		(void)crypto_hash_sha256(digest, t->h.p, t->h.len);
		vectors_hex(f, "digest", digest, sizeof(digest));
		fprintf(f, ", \"epoch\": %u", (unsigned)t->h.epoch);
		write_parts(f, t);
	}
	fprintf(f, "}");
}

static void
write_cases(FILE *f, const struct vector_case *c, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct vector_tip t = {0};

		seeded_start(c[i].name);
		handmade_init(&t.h);
		c[i].make(&t);
		write_tip(f, &t, &c[i]);
		handmade_free(&t.h);
	}
}

/* Tips as the server makes them. */
struct content {
	bool file;
	const char *name;
	size_t name_len;
	size_t len;
};
struct sealed_case {
	struct vector_case c;
	size_t recipients; /* 1: Alice; 2: and Bob; more: and strangers */
	uint32_t epoch;
	struct content part[VECTOR_PARTS_MAX];
};

#define FIELD(len)                                                             \
	{                                                                      \
		false, "message", 7, len                                       \
	}
#define FILE_OF(name, len)                                                     \
	{                                                                      \
		true, name, sizeof(name) - 1, len                              \
	}
#define KOREAN                                                                 \
	"\xeb\xb3\xb4\xea\xb3\xa0\xec\x84\x9c 2026.hwp" /* report 2026         \
							 */

static const char long_name[1024];

static const struct sealed_case sealed_cases[] = {
    {{"sealed-empty", "ok", "wrong-key", "no part at all", NULL}, 1, 1, {{0}}},
    {{"sealed-message", "ok", "wrong-key", "a message", NULL}, 1, 7,
	{FIELD(300)}},
    {{"sealed-two-recipients", "ok", "ok", "both open it", NULL}, 2, 4294967295,
	{FIELD(10), FILE_OF("a.pdf", 1000)}},
    {{"sealed-sixteen-recipients", "ok", "ok", "as many as there may be", NULL},
	16, 3, {FIELD(10)}},
    {{"sealed-files", "ok", "wrong-key", "a message and three files", NULL}, 1,
	2,
	{FIELD(200), FILE_OF("a.pdf", 20000), FILE_OF("", 0),
	    FILE_OF(KOREAN, 17000)}},
    /* 11 for the part, 4 + data, 12 for its end, 8 for the end. */
    {{"sealed-full-record", "ok", "wrong-key",
	 "the end of the items is the end of the only record", NULL},
	1, 1, {FIELD(16384 - 11 - 4 - 12 - 8)}},
    {{"sealed-one-more", "ok", "wrong-key",
	 "one byte more than fits into one record", NULL},
	1, 1, {FIELD(16384 - 11 - 4 - 12 - 8 + 1)}},
    {{"sealed-long-name", "ok", "wrong-key",
	 "a name of 1024 zero bytes behind a gap", NULL},
	1, 1, {FIELD(16000), {true, long_name, 1024, 5}}},
    {{"sealed-16-records", "ok", "wrong-key", "the third size class", NULL}, 1,
	1, {FILE_OF("b", 70000)}},
};

static enum status
sink(void *ctx, const uint8_t *sealed, size_t len)
{
	struct vector_tip *const t = ctx;

	handmade_append(&t->h, sealed, len);
	return ST_OK;
}

static void
fill_recipients(struct recipients *to, const struct sealed_case *s)
{
	memset(to, 0, sizeof(*to));
	to->epoch = s->epoch;
	to->count = s->recipients;
	for (size_t i = 0; i < s->recipients; i++) {
		uint8_t stranger[32], secret[32];

		(void)crypto_box_keypair(stranger, secret);
		memcpy(to->r[i].key,
		    i < WHO_COUNT ? vector_keys[i].public_key : stranger, 32);
		key_id(KEY_ROLE_EPOCH, to->r[i].key, to->r[i].id);
	}
}

static void
seal_parts(
    struct envelope *env, struct vector_tip *t, const struct sealed_case *s)
{
	static uint8_t data[70000];

	for (size_t i = 0; i < VECTOR_PARTS_MAX; i++) {
		const struct content *const c = &s->part[i];

		if (c->name == NULL)
			break;
		for (size_t k = 0; k < c->len; k++)
			data[k] = (uint8_t)(k % 251 + i);
		vectors_must(
		    envelope_part(env, c->file ? ENVELOPE_FILE : ENVELOPE_FIELD,
			c->name, c->name_len) == ST_OK,
		    "part");
		vectors_must(envelope_data(env, data, c->len) == ST_OK, "data");
		vectors_must(envelope_part_end(env) == ST_OK, "part end");
		vector_part(t, c->file, c->name, c->name_len, data, c->len);
	}
}

static void
write_sealed(FILE *f, const struct sealed_case *s)
{
	struct vector_tip t = {0};
	struct recipients to;
	struct envelope *env;
	bool done;

	seeded_start(s->c.name);
	fill_recipients(&to, s);
	t.h.epoch = s->epoch;
	vectors_must(envelope_begin(&to, sink, &t, &env) == ST_OK, "begin");
	seal_parts(env, &t, s);
	vectors_must(envelope_end(env) == ST_OK, "end");
	vectors_must(envelope_pad(env, 1 << 20, &done) == ST_OK && done, "pad");
	envelope_free(env);
	write_tip(f, &t, &s->c);
	handmade_free(&t.h);
}

void
vectors_tips(void)
{
	FILE *f = vectors_list("tip");

	for (size_t i = 0; i < sizeof(sealed_cases) / sizeof(sealed_cases[0]);
	     i++)
		write_sealed(f, &sealed_cases[i]);
	write_cases(f, vector_layout_cases, vector_layout_count);
	write_cases(f, vector_item_cases, vector_item_count);
	vectors_end(f);
}
