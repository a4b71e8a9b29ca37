/*
 * keyset_bench: a line in a folder of its own and key sets of any shape.
 */
#ifndef TIPLINE_TESTS_UNIT_LINE_KEYSET_BENCH_H
#define TIPLINE_TESTS_UNIT_LINE_KEYSET_BENCH_H

#include "line/line.h"
#include "line/line_root.h"

#define NOW UINT64_C(1800000000)
#define WEEK UINT64_C(604800)

struct root {
	struct minisign_key key;
	uint8_t *seed;
};

/* A key set in the making and its two files. */
struct made {
	struct keyset set;
	struct bytes text, sig;
};

struct bench {
	char folder[64];
	struct line line;
	struct root root, other, third;
	struct server_identity server;
};

/* For cmocka: the whole group, and each test (which begins without a set). */
int bench_setup(void **state);
int bench_setup_each(void **state);
int bench_teardown(void **state);

/* Put a file into the line; take away all but what every line has. */
void bench_put(
    const struct bench *b, const char *name, const void *p, size_t len);
void bench_empty(const struct bench *b);

/* A public key that nobody signs with. */
void bench_sign_key(uint8_t key[static PUBLIC_KEY_LEN]);

/* A right set with two epochs around NOW, to be spoilt and then signed; or
 * both in one. */
void bench_begin(const struct bench *b, uint64_t sequence, struct made *m);
void bench_sign(const struct root *root, struct made *m);
void bench_make(const struct bench *b, uint64_t sequence, struct made *m);
void bench_free(struct made *m);

/* Install at NOW; root may be NULL. */
enum status bench_install(
    struct bench *b, const struct made *m, const struct root *root, char *why);
enum status bench_install_wanted(
    struct bench *b, const struct made *m, uint64_t wanted, char *why);
void bench_install_first(struct bench *b, uint64_t sequence);

/* A change of the root and its two signatures; follow it. */
struct changed {
	struct bytes text, sig, sig_new;
};
void bench_change(uint32_t number, const struct root *old,
    const struct root *next, struct changed *c);
enum status bench_follow(struct bench *b, const struct changed *c, char *why);
void bench_changed_free(struct changed *c);

/* The sequence number in use, or 0 when none loads. */
uint64_t bench_in_use(const struct bench *b);

#endif
