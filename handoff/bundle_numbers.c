/*
 * bundle_numbers: see bundle_numbers.h.
 */
#include "handoff/bundle_numbers.h"

#include <string.h>

void
bundle_numbers_begin(struct bundle_numbers *n, uint64_t first, uint64_t last)
{
	*n = (struct bundle_numbers){
	    .first = first, .last = last, .next = first};
}

/* The gap that number lies in, or count. */
static size_t
find(const struct bundle_numbers *n, uint64_t number)
{
	size_t i = 0;

	while (i < n->count &&
	    (number < n->gap[i].first || number > n->gap[i].last))
		i++;
	return i;
}

enum bundle_order
bundle_numbers_order(const struct bundle_numbers *n, uint64_t number)
{
	if (number < n->first || number > n->last)
		return BUNDLE_OUTSIDE;
	if (number >= n->next)
		return number == n->next ? BUNDLE_NEXT : BUNDLE_LATER;
	if (find(n, number) < n->count)
		return BUNDLE_MOVED;
	/*
	 * A tip taken for a repeated one might be lost; one taken for a moved
	 * one is only looked at twice.
	 */
	return n->blurred != 0 && number >= n->blurred ? BUNDLE_MOVED
						       : BUNDLE_AGAIN;
}

/* Put a gap in at place i.  The list stays that of the lowest. */
static void
insert(struct bundle_numbers *n, size_t i, struct bundle_range gap)
{
	if (n->count == BUNDLE_GAPS_MAX) {
		if (i == n->count) {
			n->blurred = gap.first;
			return;
		}
		n->count--;
		n->blurred = n->gap[n->count].first;
	}
	memmove(n->gap + i + 1, n->gap + i, (n->count - i) * sizeof(gap));
	n->gap[i] = gap;
	n->count++;
}

static void
append(struct bundle_numbers *n, uint64_t first, uint64_t last)
{
	/* Behind what was forgotten nothing is exact any more. */
	if (n->blurred == 0)
		insert(n, n->count, (struct bundle_range){first, last});
}

/* One number of the i-th gap has come. */
static void
fill(struct bundle_numbers *n, size_t i, uint64_t number)
{
	struct bundle_range *gap = &n->gap[i];
	const struct bundle_range behind = {number + 1, gap->last};

	if (gap->first == number && gap->last == number) {
		n->count--;
		memmove(gap, gap + 1, (n->count - i) * sizeof(*gap));
	} else if (gap->first == number) {
		gap->first++;
	} else {
		gap->last = number - 1;
		if (behind.first <= behind.last)
			insert(n, i + 1, behind);
	}
}

void
bundle_numbers_take(struct bundle_numbers *n, uint64_t number)
{
	size_t i;

	if (number < n->first || number > n->last)
		return;
	if (number >= n->next) {
		if (number > n->next)
			append(n, n->next, number - 1);
		n->next = number + 1;
		return;
	}
	if ((i = find(n, number)) < n->count)
		fill(n, i, number);
}

void
bundle_numbers_end(struct bundle_numbers *n, uint64_t last)
{
	if (last < n->next)
		return;
	append(n, n->next, last);
	n->next = last + 1;
}
