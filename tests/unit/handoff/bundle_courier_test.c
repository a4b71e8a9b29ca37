/*
 * A courier who has bundles of two servers and some of his own making, and
 * puts together from them what he carries: each thing that he may do is told
 * as what it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "base/num.h"
#include "handoff/bundle.h"
#include "tests/unit/handoff/bundling.h"
#include "tests/unit/sample.h"

/* What he has; all but C and X are of the server that the reader knows. */
static struct bench a, /* tips 1 to 6 */
    b,                 /* tips 1 to 3, another bundle */
    d,                 /* tips 4 to 6, another bundle */
    f, /* tips 1 to 6, but tip 2 is another: the server lost it once */
    c, /* another server's */
    x; /* his own: the server's id, but not its key */
static uint8_t *seed, *other_seed, *his_seed;

static const struct bench *
bench_of(char letter)
{
	return letter == 'a' ? &a
	    : letter == 'b'  ? &b
	    : letter == 'd'  ? &d
	    : letter == 'f'  ? &f
	    : letter == 'c'  ? &c
			     : &x;
}

/*
 * One piece: the letter of a bundle, then H (its head), T (its trailer), or a
 * tip's number; behind that, for what he changes of a tip,
 *
 *	#N	the number N in its entry
 *	=LN	the bytes of tip N of bundle L
 *	~LN	the signature of tip N of bundle L
 *	@LN	number, length and digest of tip N of bundle L
 *	/	purged, and without its bytes
 *	.	not purged
 *	<	its last byte is missing
 *	!	one of its bytes is flipped
 */
static void
put_piece(struct bytes *out, const char *piece)
{
	const struct bench *from = bench_of(piece[0]);
	const size_t n = (size_t)(piece[1] - '0');
	const size_t start = out->len;
	size_t at, len;

	if (piece[1] == 'H')
		at = 0, len = HEAD_LEN;
	else if (piece[1] == 'T')
		at = from->whole.len - TRAILER_LEN, len = TRAILER_LEN;
	else
		at = bundling_at(from, n), len = bundling_at(from, n + 1) - at;
	assert_int_equal(bytes_append(out, from->whole.p + at, len), ST_OK);
	for (const char *p = piece + 2; *p != '\0' && *p != ' '; p++) {
		const struct bench *l = p[1] > ' ' ? bench_of(p[1]) : NULL;
		uint8_t *tip = out->p + start;
		size_t theirs = 0;

		if (l != NULL && strchr("=~@", *p) != NULL)
			theirs = bundling_at(l, (uint64_t)(p[2] - '0'));
		if (*p == '#')
			le64_put(tip + 1, (uint64_t)(*++p - '0'));
		else if (*p == '=')
			memcpy(tip + ENTRY_LEN, l->whole.p + theirs + ENTRY_LEN,
			    len - ENTRY_LEN);
		else if (*p == '~')
			memcpy(tip + 49, l->whole.p + theirs + 49, 64);
		else if (*p == '@')
			memcpy(tip + 1, l->whole.p + theirs + 1, 48);
		else if (*p == '/')
			tip[0] = 3, out->len = start + ENTRY_LEN;
		else if (*p == '.')
			tip[0] = 1;
		else if (*p == '<')
			out->len--;
		else if (*p == '!')
			tip[ENTRY_LEN] ^= 0x20;
		p += theirs != 0 ? 2 : 0;
	}
}

struct deed {
	const char *what, *pieces;
	const char *said, *missing;
	enum bundle_problem problem; /* BUNDLE_FINE: complete */
};

static const struct deed deeds[] = {
    {"nothing", "aH a1 a2 a3 a4 a5 a6 aT",
	"1next= 2next= 3next/= 4next= 5next= 6next=", "", BUNDLE_FINE},
    {"nothing to a bundle of some", "dH d4 d5 d6 dT",
	"4next= 5next= 6next=", "", BUNDLE_FINE},
    /* He drops. */
    {"drops one", "aH a1 a3 a4 a5 a6 aT", "1next= 3later/ 4next 5next 6next",
	"2-2", BUNDLE_INCOMPLETE},
    {"drops the first", "aH a2 a3 a4 a5 a6 aT",
	"2later 3next/ 4next 5next 6next", "1-1", BUNDLE_INCOMPLETE},
    {"drops the last", "aH a1 a2 a3 a4 a5 aT",
	"1next= 2next= 3next/= 4next= 5next=", "6-6", BUNDLE_INCOMPLETE},
    {"drops a purged one", "aH a1 a2 a4 a5 a6 aT",
	"1next= 2next= 4later 5next 6next", "3-3", BUNDLE_INCOMPLETE},
    {"drops some", "aH a3 a6 aT", "3later/ 6later", "1-2 4-5",
	BUNDLE_INCOMPLETE},
    {"drops all", "aH aT", "", "1-6", BUNDLE_INCOMPLETE},
    /* He cuts. */
    {"cuts the trailer off", "aH a1 a2 a3 a4 a5 a6",
	"1next= 2next= 3next/= 4next= 5next= 6next=", "", BUNDLE_CUT},
    {"cuts a tip off, too", "aH a1 a2 a4", "1next= 2next= 4later", "3-3",
	BUNDLE_CUT},
    {"cuts all off but the head", "aH", "", "", BUNDLE_CUT},
    {"puts the end earlier", "aH a1 a2 aT a3 a4 a5 a6", "1next= 2next=", "3-6",
	BUNDLE_MORE},
    {"takes the end of a shorter bundle", "aH b1 b2 b3 bT",
	"1next= 2next= 3next/=", "", BUNDLE_END_FORGED},
    {"carries a shorter bundle", "bH b1 b2 b3 bT", "1next= 2next= 3next/=", "",
	BUNDLE_FINE},
    {"takes a byte of a tip", "aH a1 a2 a4< a5", "1next= 2next= 4later!", "3-3",
	BUNDLE_LAYOUT},
    {"takes a tip's bytes, and says purged", "aH a1 a2/ a3 a4 a5 a6 aT",
	"1next= 2next?/ 3later/ 4next 5next 6next", "2-2", BUNDLE_INCOMPLETE},
    /* He exchanges. */
    {"exchanges two tips whole", "aH a1 a2 a3 a5 a4 a6 aT",
	"1next= 2next= 3next/= 5later 4moved 6next", "", BUNDLE_INCOMPLETE},
    {"exchanges the last two", "aH a1 a2 a3 a4 a6 a5 aT",
	"1next= 2next= 3next/= 4next= 6later 5moved", "", BUNDLE_INCOMPLETE},
    {"turns the order round", "aH a6 a5 a4 a3 a2 a1 aT",
	"6later 5moved 4moved 3moved/ 2moved 1moved", "", BUNDLE_INCOMPLETE},
    {"exchanges two tips' bytes", "aH a1 a2 a3 a4=a5 a5=a4 a6 aT",
	"1next= 2next= 3next/= 4next=! 5next=! 6next=", "", BUNDLE_FINE},
    {"exchanges two tips' numbers", "aH a1 a2 a3 a4#5 a5#4 a6 aT",
	"1next= 2next= 3next/= 5later? 4next? 6later", "4-5",
	BUNDLE_INCOMPLETE},
    {"exchanges two tips' signatures", "aH a1 a2 a3 a4~a5 a5~a4 a6 aT",
	"1next= 2next= 3next/= 4next? 5later? 6later", "4-5",
	BUNDLE_INCOMPLETE},
    {"exchanges entries, signatures too, not the bytes",
	"aH a1 a2 a3 a4@a5~a5 a5@a4~a4 a6 aT",
	"1next= 2next= 3next/= 5later! 4moved! 6next", "", BUNDLE_INCOMPLETE},
    {"moves a tip to the end", "aH a1 a3 a4 a5 a6 a2 aT",
	"1next= 3later/ 4next 5next 6next 2moved", "", BUNDLE_INCOMPLETE},
    {"moves a tip to the front", "aH a5 a1 a2 a3 a4 a6 aT",
	"5later 1moved 2moved 3moved/ 4moved 6next", "", BUNDLE_INCOMPLETE},
    /* He alters. */
    {"flips a byte", "aH a1 a2! a3 a4 a5 a6 aT",
	"1next= 2next=! 3next/= 4next= 5next= 6next=", "", BUNDLE_FINE},
    {"flips a byte of each", "aH a1! a2! a3 a4! a5! a6! aT",
	"1next=! 2next=! 3next/= 4next=! 5next=! 6next=!", "", BUNDLE_FINE},
    /* He repeats. */
    {"repeats one at once", "aH a1 a2 a2 a3 a4 a5 a6 aT",
	"1next= 2next= 2again 3next/= 4next= 5next= 6next=", "",
	BUNDLE_INCOMPLETE},
    {"repeats one later", "aH a1 a2 a3 a4 a5 a6 a2 aT",
	"1next= 2next= 3next/= 4next= 5next= 6next= 2again", "",
	BUNDLE_INCOMPLETE},
    {"repeats one in the place of another", "aH a1 a1 a3 a4 a5 a6 aT",
	"1next= 1again 3later/ 4next 5next 6next", "2-2", BUNDLE_INCOMPLETE},
    {"repeats one under the number of another", "aH a1 a1#2 a3 a4 a5 a6 aT",
	"1next= 2next? 3later/ 4next 5next 6next", "2-2", BUNDLE_INCOMPLETE},
    {"repeats the bundle", "aH a1 a2 a3 a4 a5 a6 aT aH",
	"1next= 2next= 3next/= 4next= 5next= 6next=", "", BUNDLE_MORE},
    /* He invents. */
    {"invents a tip and signs it", "aH a1 x2 a3 a4 a5 a6 aT",
	"1next= 2next? 3later/ 4next 5next 6next", "2-2", BUNDLE_INCOMPLETE},
    {"adds an invented one", "aH a1 a2 x2 a3 a4 a5 a6 aT",
	"1next= 2next= 2again? 3next/= 4next= 5next= 6next=", "",
	BUNDLE_INCOMPLETE},
    {"puts an invented one before the true one", "aH a1 x2 a2 a3 a4 a5 a6 aT",
	"1next= 2next? 2next= 3next/= 4next= 5next= 6next=", "",
	BUNDLE_INCOMPLETE},
    {"invents one far ahead", "aH a1 x2#6 a2 a3 a4 a5 a6 aT",
	"1next= 6later? 2next= 3next/= 4next= 5next= 6next=", "",
	BUNDLE_INCOMPLETE},
    {"invents one behind all", "aH a1 a2 a3 a4 a5 a6 x6#9 aT",
	"1next= 2next= 3next/= 4next= 5next= 6next= 9outside?", "",
	BUNDLE_INCOMPLETE},
    {"invents one before all", "aH a1 x2#0 a2 a3 a4 a5 a6 aT",
	"1next= 0outside? 2next= 3next/= 4next= 5next= 6next=", "",
	BUNDLE_INCOMPLETE},
    {"invents under a true signature", "aH a1 x2~a2 a3 a4 a5 a6 aT",
	"1next= 2next? 3later/ 4next 5next 6next", "2-2", BUNDLE_INCOMPLETE},
    {"says that a tip was purged that was not", "aH a1 x3#2 a3 a4 a5 a6 aT",
	"1next= 2next?/ 3later/ 4next 5next 6next", "2-2", BUNDLE_INCOMPLETE},
    {"invents the end", "aH a1 a2 a3 a4 a5 a6 xT",
	"1next= 2next= 3next/= 4next= 5next= 6next=", "", BUNDLE_END_FORGED},
    {"invents all", "xH x1 x2 x3 x4 x5 x6 xT", "", "", BUNDLE_HEAD_FORGED},
    {"invents all behind a true head", "aH x1 x2 x3 x4 x5 x6 xT",
	"1next? 2later? 3later?/ 4later? 5later? 6later?", "",
	BUNDLE_END_FORGED},
    /* He mixes bundles of one server. */
    {"takes a tip from another bundle, where it is the same",
	"aH a1 b2 a3 d4 a5 a6 aT",
	"1next= 2next= 3next/= 4next= 5next= 6next=", "", BUNDLE_FINE},
    {"puts a tip of an older bundle before", "dH b2 d4 d5 d6 dT",
	"2outside 4next= 5next= 6next=", "", BUNDLE_INCOMPLETE},
    {"fills a short bundle up", "bH b1 b2 b3 d4 d5 d6 bT",
	"1next= 2next= 3next/= 4next= 5next= 6next=", "", BUNDLE_INCOMPLETE},
    {"exchanges heads", "dH b1 b2 b3 bT", "1outside 2outside 3outside/", "",
	BUNDLE_END_FORGED},
    {"exchanges heads the other way", "bH d4 d5 d6 dT", "4later 5next 6next",
	"1-3", BUNDLE_END_FORGED},
    {"exchanges trailers", "bH b1 b2 b3 dT", "1next= 2next= 3next/=", "",
	BUNDLE_END_FORGED},
    {"joins two bundles", "bH b1 b2 b3 d4 d5 d6 dT",
	"1next= 2next= 3next/= 4next= 5next= 6next=", "", BUNDLE_END_FORGED},
    {"takes a tip from before the server went back", "aH a1 f2 a3 a4 a5 a6 aT",
	"1next= 2next= 3next/= 4next= 5next= 6next=", "", BUNDLE_INCOMPLETE},
    {"carries both tips", "aH a1 f2 a2 a3 a4 a5 a6 aT",
	"1next= 2next= 2again 3next/= 4next= 5next= 6next=", "",
	BUNDLE_INCOMPLETE},
    /* He mixes servers. */
    {"takes a tip of another server's", "aH a1 c2 a3 a4 a5 a6 aT",
	"1next= 2next? 3later/ 4next 5next 6next", "2-2", BUNDLE_INCOMPLETE},
    {"takes another server's end", "aH a1 a2 a3 a4 a5 a6 cT",
	"1next= 2next= 3next/= 4next= 5next= 6next=", "", BUNDLE_END_FORGED},
    {"takes another server's bundle", "cH c1 c2 c3 c4 c5 c6 cT", "", "",
	BUNDLE_OTHER_SERVER},
};

static void
put_together(struct bytes *out, const char *pieces)
{
	for (const char *p = pieces; p != NULL; p = strchr(p, ' ')) {
		p += *p == ' ';
		put_piece(out, p);
	}
}

static bool
is_text(const struct bytes *got, const char *want)
{
	return got->len == strlen(want) &&
	    (got->len == 0 || memcmp(got->p, want, got->len) == 0);
}

static void
a_courier_is_named_by_what_he_did(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		const struct deed *deed = &deeds[i];
		struct bytes out = BYTES_INIT(1 << 16);
		struct source s;
		struct events e;
		enum status st;

		put_together(&out, deed->pieces);
		s = (struct source){.p = out.p, .len = out.len};
		st = bundling_read(&a, &s, &e);
		if (e.problem != deed->problem ||
		    (st == ST_OK) != (deed->problem == BUNDLE_FINE) ||
		    !is_text(&e.said, deed->said) ||
		    !is_text(&e.missing, deed->missing))
			fail_msg("who %s: %d, problem %d, '%.*s', missing"
				 " '%.*s'",
			    deed->what, (int)st, (int)e.problem,
			    (int)e.said.len, (const char *)e.said.p,
			    (int)e.missing.len, (const char *)e.missing.p);
		events_free(&e);
		bytes_free(&out);
	}
}

/* However the source gives it, the same is said. */
static void
what_is_said_does_not_depend_on_the_pieces_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		struct bytes out = BYTES_INIT(1 << 16);

		put_together(&out, deeds[i].pieces);
		for (size_t step = 1; step < 200; step += 7 * sample_step()) {
			struct source s = {
			    .p = out.p, .len = out.len, .step = step};
			struct events e;

			(void)!bundling_read(&a, &s, &e);
			assert_true(is_text(&e.said, deeds[i].said));
			assert_int_equal(e.problem, deeds[i].problem);
			events_free(&e);
		}
		bytes_free(&out);
	}
}

/* Links are given as far as the chain is unbroken, and are then right. */
static void
a_link_is_right_or_not_there(void **state)
{
	struct bytes out = BYTES_INIT(1 << 16);
	struct source s;
	enum bundle_problem problem;
	struct bundle_reader *r;
	struct bundle_head head;
	struct bundle_tip t;
	struct chain chain = a.start.before;

	(void)state;
	put_together(&out, "aH a1 x2 c2 a2 a1 a4 a5 a6 a3 aT");
	s = (struct source){.p = out.p, .len = out.len};
	assert_int_equal(
	    bundle_reader_begin(piping_get, &s, a.key, &head, &problem, &r),
	    ST_OK);
	for (size_t i = 0; i < 9; i++) {
		assert_int_equal(bundle_reader_next(r, &t), ST_OK);
		assert_int_equal(t.has_link, i == 0 || i == 3);
		if (!t.has_link)
			continue;
		chain_add(&chain, t.len, t.digest);
		assert_int_equal(chain.number, t.number);
		assert_memory_equal(t.link, chain.head, DIGEST_LEN);
	}
	bundle_reader_free(r);
	bytes_free(&out);
}

/* Every bundle of three entries that he can put together from his tips:
 * complete is only that of the server. */
static void
no_other_row_of_tips_is_complete(void **state)
{
	static const char *const piece[] = {"b1", "b2", "b3", "f2", "x1", "x2",
	    "c1", "c2", "b3.", "b1/", "b2#1", "b1#2", "d4"};
	enum { N = sizeof(piece) / sizeof(piece[0]) };
	/* b1 b2 b3 bT */
	const size_t whole = 3 * ((N + 1) + 2 * (N + 1) * (N + 1));
	size_t complete = 0;

	(void)state;
	for (size_t i = 0; i < (N + 1) * (N + 1) * (N + 1) * 3; i++) {
		static const char *const end[] = {"bT", "aT", "dT"};
		struct bytes out = BYTES_INIT(1 << 16);
		struct source s;
		struct events e;

		if (i % sample_step() != 0 && i != whole)
			continue;
		put_piece(&out, "bH");
		for (size_t k = 0, v = i / 3; k < 3; k++, v /= N + 1)
			if (v % (N + 1) < N)
				put_piece(&out, piece[v % (N + 1)]);
		put_piece(&out, end[i % 3]);
		s = (struct source){.p = out.p, .len = out.len};
		if (bundling_read(&b, &s, &e) == ST_OK) {
			complete++;
			assert_int_equal(out.len, b.whole.len);
			assert_memory_equal(out.p, b.whole.p, out.len);
		}
		events_free(&e);
		bytes_free(&out);
	}
	assert_int_equal(complete, 1);
}

/* The head of a server that says what cannot be is none, though signed. */
static void
a_true_head_that_makes_no_sense_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint64_t value;
		enum bundle_problem problem;
	} bad[] = {
	    {44, 0, BUNDLE_LAYOUT},                 /* first 0 */
	    {44, 8, BUNDLE_LAYOUT},                 /* above last + 1 */
	    {44, UINT64_MAX, BUNDLE_LAYOUT},        /* and far above */
	    {36, UINT64_C(1) << 63, BUNDLE_LAYOUT}, /* last */
	    {56, UINT64_C(1) << 7, BUNDLE_LAYOUT},  /* reserved */
	    {60, 12345, BUNDLE_HEAD_FORGED},        /* no genesis */
	};
	uint8_t message[20 + 92] = "tipline-bunhead-0002";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bytes out = BYTES_INIT(1 << 16);
		struct source s;
		struct events e;

		put_together(&out, "aH a1");
		if (bad[i].at == 56)
			out.p[56] = (uint8_t)bad[i].value;
		else
			le64_put(out.p + bad[i].at, bad[i].value);
		memcpy(message + 20, out.p, 92);
		sign_make(seed, message, sizeof(message), out.p + 92);
		s = (struct source){.p = out.p, .len = out.len};
		assert_int_equal(bundling_read(&a, &s, &e),
		    bad[i].problem == BUNDLE_LAYOUT ? ST_MALFORMED : ST_FORGED);
		assert_int_equal(e.problem, bad[i].problem);
		events_free(&e);
		bytes_free(&out);
	}
}

static int
set_up(void **state)
{
	(void)state;
	if (crypto_room_init() != ST_OK ||
	    (seed = guarded_new(SECRET_KEY_LEN)) == NULL ||
	    (other_seed = guarded_new(SECRET_KEY_LEN)) == NULL ||
	    (his_seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return -1;
	sign_key_new(a.key, seed);
	sign_key_new(c.key, other_seed);
	sign_key_new(x.key, his_seed);
	memcpy(b.key, a.key, sizeof(b.key));
	memcpy(d.key, a.key, sizeof(d.key));
	memcpy(f.key, a.key, sizeof(f.key));
	a.seed = b.seed = d.seed = f.seed = seed;
	c.seed = other_seed;
	x.seed = his_seed;
	f.history = "HELLO";
	x.history = "false";
	bundling_make(&a, 1, 6);
	bundling_make(&b, 1, 3);
	bundling_make(&d, 4, 3);
	bundling_make(&f, 1, 6);
	bundling_make(&c, 1, 6);
	bundling_make(&x, 1, 6);
	/* He puts the server's id where his own would tell him at once. */
	memcpy(x.whole.p + 20, a.whole.p + 20, KEY_ID_LEN);
	return 0;
}

static int
tear_down(void **state)
{
	struct bench *const all[] = {&a, &b, &d, &f, &c, &x};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		bytes_free(&all[i]->whole);
	guarded_free(seed);
	guarded_free(other_seed);
	guarded_free(his_seed);
	return guarded_live() == 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_courier_is_named_by_what_he_did),
	    cmocka_unit_test(what_is_said_does_not_depend_on_the_pieces_read),
	    cmocka_unit_test(a_link_is_right_or_not_there),
	    cmocka_unit_test(no_other_row_of_tips_is_complete),
	    cmocka_unit_test(a_true_head_that_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
