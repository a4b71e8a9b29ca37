/*
 * visit: what somebody does who sends a tip and comes back with its words.
 */
#ifndef TIPLINE_TESTS_UNIT_INTAKE_VISIT_H
#define TIPLINE_TESTS_UNIT_INTAKE_VISIT_H

#include "intake/code_text.h"
#include "tests/unit/intake/stage.h"
#include "tests/unit/intake/tip_form.h"

#define VISIT_DAY 20780 /* 23 November 2026 */

/* Words that are a code, which nobody was given. */
#define VISIT_NOBODYS                                                          \
	"abandon abandon abandon abandon abandon abandon "                     \
	"abandon abandon abandon abandon abandon about"

/* The name of a line that has one. */
#define VISIT_ONION                                                            \
	"abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion"

/* What joins the form for large files and its frame. */
#define VISIT_TOKEN "00112233445566778899aabbccddeeff"

/* Where a refusal gives back what was written. */
#define VISIT_BOX "<textarea readonly"

/* A tip as the form sends it. */
extern const struct tip_part visit_hello[];

/* Ask for a page, and do not hear it yet. */
int visit_begin(struct stage *s, const char *method, const char *target);

/* Hear an answer of the one size, to its end. */
void visit_hear(struct stage *s, int fd, struct heard *heard);

/* The two together. */
void visit_get(struct stage *s, const char *target, struct heard *heard);

/* Send a request as far as it is taken, and hear what there is to hear. */
void visit_send(
    struct stage *s, const struct bytes *request, struct heard *heard);

/* Send a form to a path, and hear an answer of the one size. */
void visit_ask(struct stage *s, const char *path, const struct tip_part *parts,
    struct heard *heard);

/* Send a tip; its answer's code. */
int visit_post(struct stage *s, const struct tip_part *parts);

/* The last tip was this, and whole: <name|file>data; for each part. */
void visit_told(const struct stage *s, const char *want);

/* Type a code on the page "Read an answer"; field may be NULL. */
void visit_return(struct stage *s, const char *code, const char *field,
    const char *value, struct heard *heard);

/* Does the page hold these words, and how often? */
bool visit_says(const struct heard *heard, const char *words);
unsigned visit_times(const struct heard *heard, const char *words);

/* The twelve words of a receipt, a blank between them. */
void visit_words(
    const struct heard *heard, char code[static CODE_TEXT_LEN + 1]);

/* Send a tip that is kept; code is what the receipt shows. */
void visit_tip(struct stage *s, char code[static CODE_TEXT_LEN + 1]);

/* The mailbox of a code in words. */
void visit_mailbox(const char *words, struct mailbox *box);

#endif
