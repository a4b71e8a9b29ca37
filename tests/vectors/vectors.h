/*
 * vectors: what the parts of the generator share.
 *
 * Each part writes one folder of files and a list of them in JSON; README.md
 * here says how they are read.
 */
#ifndef TIPLINE_VECTORS_VECTORS_H
#define TIPLINE_VECTORS_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/vectors/handmade.h"

/* The epoch keys that the vectors are sealed to. */
enum who { ALICE, BOB, WHO_COUNT };

struct vector_key {
	const char *name;
	uint8_t id[8], public_key[32], secret_key[32];
};
extern struct vector_key vector_keys[WHO_COUNT];

/* End the program with why unless ok. */
void vectors_must(bool ok, const char *why);

/* Write a file below the folder that was named on the command line. */
void vectors_file(const char *name, const void *p, size_t len);

/* Begin and end a list: name.json holds one object a line. */
FILE *vectors_list(const char *name);
void vectors_next(FILE *f, const char *file);
void vectors_hex(FILE *f, const char *name, const void *p, size_t len);
void vectors_text(FILE *f, const char *name, const char *value);
void vectors_end(FILE *f);

/* What a tip must hold when it opens. */
#define VECTOR_PARTS_MAX 8
struct vector_part {
	bool file;
	const char *name;
	size_t name_len;
	uint64_t size;
	uint8_t sha256[32];
};
struct vector_tip {
	struct handmade h;
	size_t parts;
	struct vector_part part[VECTOR_PARTS_MAX];
};

/* A tip written by hand: its name, what each key makes of it, and why. */
struct vector_case {
	const char *name;
	const char *alice, *bob; /* a status as in README.md */
	const char *why;
	void (*make)(struct vector_tip *t);
};
extern const struct vector_case vector_layout_cases[];
extern const size_t vector_layout_count;
extern const struct vector_case vector_item_cases[];
extern const size_t vector_item_count;

/* Note a part that the tip must be found to hold. */
void vector_part(struct vector_tip *t, bool file, const char *name,
    size_t name_len, const void *data, size_t len);

/* Each writes its folder and its list. */
void vectors_tips(void);
void vectors_keysets(void);
void vectors_minisign(void);
void vectors_secrets(void);
void vectors_codes(void);
void vectors_replies(void);
void vectors_analyst_keys(void);
void vectors_root_changes(void);
void vectors_shares(void);

#endif
