/*
 * threads: see threads.h.
 *
 * The file: 16 "tipline-threads1", then for each tip in rising order 8 u64
 * number | 8 u64 thread, little endian.
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
#include "base/durable.h"
#include "base/num.h"

#define FILE_NAME ".threads"
#define MAGIC "tipline-threads1"
#define MAGIC_LEN 16
#define RECORD_LEN 16
#define RECORDS 4096 /* read or written at once */

static enum status
add(struct threads *t, uint64_t number)
{
	if (t->n == t->cap) {
		size_t cap = t->cap == 0 ? 1024 : t->cap * 2;
		struct threads_tip *p = realloc(t->tip, cap * sizeof(*p));

		if (p == NULL)
			return ST_NOMEM;
		t->tip = p;
		t->cap = cap;
	}
	t->tip[t->n++] =
	    (struct threads_tip){.number = number, .changed = true};
	return ST_OK;
}

static int
compare_numbers(const void *a, const void *b)
{
	const struct threads_tip *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int
compare_threads(const void *a, const void *b)
{
	const struct threads_tip *x = a, *y = b;

	if (x->thread != y->thread)
		return x->thread > y->thread ? 1 : -1;
	return compare_numbers(a, b);
}

/* Read tip-NNNNNN; only the name that bag_name() would write counts. */
static bool
read_name(const char *name, uint64_t *number)
{
	char again[BAG_NAME_LEN];
	const char *digits = name + 4;

	if (strncmp(name, "tip-", 4) != 0)
		return false;
	digits += strspn(digits, "0");
	if (num_parse(digits, strlen(digits), UINT64_MAX, number) != ST_OK)
		return false;
	bag_name(*number, again);
	return strcmp(name, again) == 0;
}

static enum status
read_folder(int cases, struct threads *t)
{
	struct dirent *entry;
	enum status st = ST_OK;
	DIR *d = NULL;
	uint64_t number;
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
	if (t->n > 0)
		qsort(t->tip, t->n, sizeof(*t->tip), compare_numbers);
	return st;
}

/* Take one record of the file; at is where its number may stand.  Returns
 * whether that tip is still there. */
static bool
recall(struct threads *t, size_t *at, const uint8_t p[static RECORD_LEN])
{
	const uint64_t number = le64_get(p);

	while (*at < t->n && t->tip[*at].number < number)
		(*at)++;
	if (*at == t->n || t->tip[*at].number != number)
		return false;
	t->tip[*at].thread = le64_get(p + 8);
	t->tip[*at].changed = false;
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

	fine = fine && fd != -1 && read_all(fd, p, MAGIC_LEN) == ST_OK &&
	    memcmp(p, MAGIC, MAGIC_LEN) == 0;
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
		t->tip[i].changed = true;
		t->tip[i].thread = 0;
	}
}

/* Where one of a thread is new, all of it is to be shown anew. */
static enum status
spread(struct threads *t)
{
	struct threads_tip *by;
	size_t end;

	if (t->n == 0)
		return ST_OK;
	if ((by = malloc(t->n * sizeof(*by))) == NULL)
		return ST_NOMEM;
	t->by_thread = by;
	memcpy(by, t->tip, t->n * sizeof(*by));
	qsort(by, t->n, sizeof(*by), compare_threads);
	for (size_t i = 0; i < t->n; i = end) {
		bool changed = false;

		for (end = i; end < t->n && by[end].thread == by[i].thread;
		     end++)
			changed = changed || by[end].changed;
		for (size_t k = i; changed && by[i].thread != 0 && k < end;
		     k++) {
			struct threads_tip *tip = bsearch(&by[k], t->tip, t->n,
			    sizeof(*t->tip), compare_numbers);

			if (tip != NULL)
				tip->changed = true;
		}
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
		if (!t->tip[i].changed)
			continue;
		bag_name(t->tip[i].number, name);
		st = case_file_read(cases, name, &file);
		if (st == ST_NOMEM)
			return st;
		if (st != ST_OK)
			continue; /* somebody's work, and listed as such */
		t->tip[i].thread = file.thread;
		case_file_free(&file);
	}
	return spread(t);
}

size_t
threads_of(const struct threads *t, uint64_t thread, size_t max,
    const struct threads_tip **tip)
{
	size_t low = 0, high = t->n, n = 0;

	*tip = NULL;
	if (thread == 0)
		return 0;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->by_thread[mid].thread < thread)
			low = mid + 1;
		else
			high = mid;
	}
	while (
	    n < max && low + n < t->n && t->by_thread[low + n].thread == thread)
		n++;
	*tip = t->by_thread + low;
	return n;
}

static enum status
write_records(int fd, const struct threads *t)
{
	uint8_t *p = malloc((size_t)RECORDS * RECORD_LEN);
	enum status st = p == NULL ? ST_NOMEM : write_all(fd, MAGIC, MAGIC_LEN);
	size_t n = 0;

	for (size_t i = 0; i < t->n && st == ST_OK; i++) {
		le64_put(p + n * RECORD_LEN, t->tip[i].number);
		le64_put(p + n * RECORD_LEN + 8, t->tip[i].thread);
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
	free(t->tip);
	free(t->by_thread);
	*t = (struct threads){0};
}
