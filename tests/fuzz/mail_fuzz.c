/*
 * mail: the form of somebody who comes back, cut in any steps, asks for the
 * same.  The first byte is the length of the steps; the boundary is "b".
 */
#include <stdlib.h>
#include <string.h>

#include "base/guarded.h"
#include "crypto/recipients.h"
#include "intake/mail.h"
#include "tests/fuzz/fuzz.h"

FUZZ_CRYPTO

static enum status
read_form(struct mail **mail, const uint8_t *data, size_t size, size_t step)
{
	enum status st = mail_new(mail);
	size_t len;

	if (st != ST_OK)
		abort();
	mail_form(*mail, (const uint8_t *)"b", 1, "a.onion");
	for (size_t at = 0; at < size && st == ST_OK; at += len) {
		len = size - at < step ? size - at : step;
		st = mail_feed(*mail, data + at, len);
	}
	return st == ST_OK ? mail_end(*mail, WORDS_ENGLISH) : st;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mail *a, *b, *c;
	enum status st;

	if (size == 0)
		return 0;
	st = read_form(&a, data + 1, size - 1, size);
	if (st != read_form(&b, data + 1, size - 1, (size_t)data[0] + 1) ||
	    st != read_form(&c, data + 1, size - 1, size))
		abort();
	if (st == ST_OK) {
		if (mail_wish(a) != mail_wish(b) ||
		    mail_reply_id(a) != mail_reply_id(b))
			abort();
		/* A code leads to the same box each time. */
		if (memcmp(mail_box(a), mail_box(b), MAILBOX_ID_LEN) != 0 ||
		    memcmp(mail_box(a), mail_box(c), MAILBOX_ID_LEN) != 0)
			abort();
	}
	/* What is none is said to be none in the same way. */
	if (st == ST_ABSENT && mail_fault(a).what != mail_fault(b).what)
		abort();
	mail_free(a);
	mail_free(b);
	mail_free(c);
	if (guarded_live() != 0)
		abort();
	return 0;
}
