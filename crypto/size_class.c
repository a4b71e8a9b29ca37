#include "crypto/envelope.h"

#define CLASS_MAX ((uint64_t)1 << 40)
#define QUADRUPLE_UNTIL 1024
#define CLASS_64_MIB 4100 /* 4096 and 1/1024 more, see FORMATS.md */

/* What framing may add to a request body, for the bound below. */
#define BOUND_FILES 32
#define BOUND_FIELDS 8
#define ITEM_HEAD 4
#define PART_END_ITEM 12
#define NAME_FIELD_MAX 64

uint64_t
size_class(uint64_t records)
{
	uint64_t c = 1;

	while (c < records) {
		if (c < QUADRUPLE_UNTIL)
			c *= 4;
		else if (c == QUADRUPLE_UNTIL)
			c = CLASS_64_MIB;
		else
			c *= 2;
		if (c > CLASS_MAX)
			return 0;
	}
	return c;
}

uint64_t
envelope_bound(uint64_t body, size_t n)
{
	/*
	 * A part's own items (name, head, end) take less room than the
	 * boundary and the Content-Disposition line they came from.  What a
	 * tip has more than its body is, for each record, the head of one
	 * data item, and the gaps: before an item that does not fit, of less
	 * than that item's length.
	 */
	const uint64_t end_gaps = (PART_END_ITEM - 1) + ITEM_HEAD;
	const uint64_t gaps =
	    BOUND_FILES * (ENVELOPE_NAME_MAX + ITEM_HEAD - 1 + end_gaps) +
	    BOUND_FIELDS * (NAME_FIELD_MAX + ITEM_HEAD - 1 + end_gaps);
	const uint64_t room = ENVELOPE_RECORD_LEN - ITEM_HEAD;
	uint64_t records, c;

	if (body > UINT64_MAX / 2)
		return UINT64_MAX;
	records = (body + gaps + 2 * ITEM_HEAD + room - 1) / room;
	if ((c = size_class(records)) == 0)
		return UINT64_MAX;
	return 80 + 88 * (uint64_t)n + c * ENVELOPE_SEALED_RECORD_LEN;
}
