/*
 * threads: see threads.h.
 *
 * The file: 16 "tipline-threads2" | the topics (topics.h), then for each tip
 * in rising order 8 u64 number | 8 u64 thread | 1 place of its topic, little
 * endian.
 */
#include "analyst/threads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyst/bag.h"
#include "analyst/case_file.h"
#include "analyst/ledger.h"
#include "base/durable.h"
#include "base/num.h"

#define FILE_NAME ".threads"
#define MAGIC "tipline-threads2"
#define MAGIC_LEN 16
#define HEAD_LEN (MAGIC_LEN + TOPICS_LEN)
#define RECORD_LEN 17
#define RECORDS 4096 /* read or written at once */

static enum status
add(struct threads *t, uint32_t number)
{
	if (t->n == t->cap) {
		size_t cap = t->cap == 0 ? 1024 : t->cap * 2;
		void *p = realloc(t->number, cap * sizeof(*t->number));

		if (p == NULL)
			return ST_NOMEM;
		t->number = p;
		t->cap = cap;
	}
	t->number[t->n++] = number;
	return ST_OK;
}

static int
compare_numbers(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int
compare_threads(const void *a, const void *b, void *ctx)
{
	const struct threads *t = ctx;
	const uint32_t *x = a, *y = b;

	if (t->thread[*x] != t->thread[*y])
		return t->thread[*x] > t->thread[*y] ? 1 : -1;
	/* Places rise as numbers do. */
	return (*x > *y) - (*x < *y);
}

/* Read tip-NNNNNN; only the name that bag_name() would write counts. */
static bool
read_name(const char *name, uint32_t *number)
{
	char again[BAG_NAME_LEN];
	const char *digits = name + 4;
	uint64_t v;

	if (strncmp(name, "tip-", 4) != 0)
		return false;
	digits += strspn(digits, "0");
	if (num_parse(digits, strlen(digits), LEDGER_NUMBER_MAX, &v) != ST_OK)
		return false;
	*number = (uint32_t)v;
	bag_name(v, again);
	return strcmp(name, again) == 0;
}

static enum status
read_folder(int cases, struct threads *t)
{
	struct dirent *entry;
	enum status st = ST_OK;
	DIR *d = NULL;
	uint32_t number;
	int fd = openat(cases, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || (d = fdopendir(fd)) == NULL) {
		if (fd != -1)
			close(fd);
		return ST_IO;
	}
	while (st == ST_OK && (entry = readdir(d)) != NULL) {
		if (read_name(entry->d_name, &number))
			st = add(t, number);
	}
	closedir(d);
	if (st != ST_OK || t->n == 0)
		return st;
	qsort(t->number, t->n, sizeof(*t->number), compare_numbers);
	t->thread = calloc(t->n, sizeof(*t->thread));
	t->topic = calloc(t->n, sizeof(*t->topic));
	t->changed = malloc(t->n * sizeof(*t->changed));
	if (t->thread == NULL || t->topic == NULL || t->changed == NULL)
		return ST_NOMEM;
	memset(t->changed, true, t->n * sizeof(*t->changed));
	return ST_OK;
}

/* Take one record of the file; at is where its number may stand.  Returns
 * whether that tip is still there and the record can be true. */
static bool
recall(struct threads *t, size_t *at, const uint8_t p[static RECORD_LEN])
{
	const uint64_t number = le64_get(p);

	while (*at < t->n && t->number[*at] < number)
		(*at)++;
	if (*at == t->n || t->number[*at] != number ||
	    !topics_has(&t->topics, p[16]))
		return false;
	t->thread[*at] = le64_get(p + 8);
	t->topic[*at] = p[16];
	t->changed[*at] = false;
	return true;
}

/* What an earlier run read.  Where that is not to be had, nothing is lost.
 * A tip that was removed by hand may stand on any page: show all anew. */
static void
recall_all(int cases, struct threads *t)
{
	uint8_t *p = malloc((size_t)RECORDS * RECORD_LEN);
	bool fine = p != NULL;
	size_t at = 0;
	ssize_t got = 0;
	int fd = openat(
	    cases, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	fine = fine && fd != -1 && read_all(fd, p, HEAD_LEN) == ST_OK &&
	    memcmp(p, MAGIC, MAGIC_LEN) == 0 &&
	    topics_get(&t->topics, p + MAGIC_LEN);
	while (fine && (got = read(fd, p, (size_t)RECORDS * RECORD_LEN)) > 0) {
		fine = got % RECORD_LEN == 0;
		for (ssize_t i = 0; fine && i < got / RECORD_LEN; i++)
			fine = recall(t, &at, p + i * RECORD_LEN);
	}
	if (fd != -1)
		close(fd);
	free(p);
	if (fine && got == 0)
		return;
	for (size_t i = 0; i < t->n; i++) {
		t->changed[i] = true;
		t->thread[i] = 0;
		t->topic[i] = TOPICS_NONE;
	}
	t->topics = (struct topics){0};
}

/* Where one of a thread is new, all of it is to be shown anew. */
static enum status
spread(struct threads *t)
{
	size_t end;

	if (t->n == 0)
		return ST_OK;
	if ((t->order = malloc(t->n * sizeof(*t->order))) == NULL)
		return ST_NOMEM;
	for (size_t i = 0; i < t->n; i++)
		t->order[i] = (uint32_t)i;
	qsort_r(t->order, t->n, sizeof(*t->order), compare_threads, t);
	for (size_t i = 0; i < t->n; i = end) {
		const uint64_t thread = t->thread[t->order[i]];
		bool changed = false;

		for (end = i; end < t->n && t->thread[t->order[end]] == thread;
		     end++)
			changed = changed || t->changed[t->order[end]];
		for (size_t k = i; changed && thread != 0 && k < end; k++)
			t->changed[t->order[k]] = true;
	}
	return ST_OK;
}

enum status
threads_gather(int cases, struct threads *t)
{
	char name[BAG_NAME_LEN];
	struct case_file file;
	enum status st;

	*t = (struct threads){0};
	if ((st = read_folder(cases, t)) != ST_OK)
		return st;
	recall_all(cases, t);
	for (size_t i = 0; i < t->n; i++) {
		if (!t->changed[i])
			continue;
		bag_name(t->number[i], name);
		st = case_file_read(cases, name, &file);
		if (st == ST_NOMEM)
			return st;
		if (st != ST_OK)
			continue; /* somebody's work, and listed as such */
		t->thread[i] = file.thread;
		t->topic[i] = topics_place(&t->topics, file.topic);
		case_file_free(&file);
	}
	return spread(t);
}

size_t
threads_of(const struct threads *t, uint64_t thread, size_t max,
    const uint32_t **place)
{
	size_t low = 0, high = t->n, n = 0;

	*place = NULL;
	if (thread == 0)
		return 0;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->thread[t->order[mid]] < thread)
			low = mid + 1;
		else
			high = mid;
	}
	while (
	    n < max && low + n < t->n && t->thread[t->order[low + n]] == thread)
		n++;
	*place = t->order + low;
	return n;
}

static enum status
write_records(int fd, const struct threads *t)
{
	uint8_t *p = malloc((size_t)RECORDS * RECORD_LEN);
	enum status st = ST_NOMEM;
	size_t n = 0;

	if (p != NULL) {
		memcpy(p, MAGIC, MAGIC_LEN);
		topics_put(&t->topics, p + MAGIC_LEN);
		st = write_all(fd, p, HEAD_LEN);
	}
	for (size_t i = 0; i < t->n && st == ST_OK; i++) {
		le64_put(p + n * RECORD_LEN, t->number[i]);
		le64_put(p + n * RECORD_LEN + 8, t->thread[i]);
		p[n * RECORD_LEN + 16] = t->topic[i];
		if (++n < RECORDS && i + 1 < t->n)
			continue;
		st = write_all(fd, p, n * RECORD_LEN);
		n = 0;
	}
	free(p);
	return st;
}

enum status
threads_keep(int cases, const struct threads *t)
{
	enum status st;
	int fd;

	st = durable_stream_begin(cases, FILE_NAME, 0600, DURABLE_REPLACE, &fd);
	if (st != ST_OK)
		return st;
	if ((st = write_records(fd, t)) == ST_OK)
		return durable_stream_finish(
		    cases, FILE_NAME, DURABLE_REPLACE, &fd);
	durable_stream_drop(cases, FILE_NAME, &fd);
	return st;
}

void
threads_free(struct threads *t)
{
	free(t->number);
	free(t->thread);
	free(t->topic);
	free(t->changed);
	free(t->order);
	*t = (struct threads){0};
}
