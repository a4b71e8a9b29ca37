/*
 * cases: the list of all tips; see cases.h.
 *
 * Written as a stream, so that a hundred thousand tips take no memory but
 * their numbers.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/case_file.h"
#include "analyst/cases.h"
#include "analyst/clean.h"
#include "analyst/page.h"
#include "base/durable.h"
#include "base/num.h"

#define PAGE_NAME "index.html"
#define CHUNK_MAX (256 * 1024)
#define CHUNK_FLUSH (192 * 1024)

struct numbers {
	uint64_t *p;
	size_t n, cap;
};

static enum status
numbers_add(struct numbers *to, uint64_t number)
{
	if (to->n == to->cap) {
		size_t cap = to->cap == 0 ? 1024 : to->cap * 2;
		uint64_t *p = realloc(to->p, cap * sizeof(*p));

		if (p == NULL)
			return ST_NOMEM;
		to->p = p;
		to->cap = cap;
	}
	to->p[to->n++] = number;
	return ST_OK;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
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
gather(int dirfd, struct numbers *numbers)
{
	struct dirent *entry;
	enum status st = ST_OK;
	DIR *d = NULL;
	uint64_t number;
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || (d = fdopendir(fd)) == NULL) {
		if (fd != -1)
			close(fd);
		return ST_IO;
	}
	while (st == ST_OK && (entry = readdir(d)) != NULL) {
		if (read_name(entry->d_name, &number))
			st = numbers_add(numbers, number);
	}
	closedir(d);
	if (numbers->n > 0)
		qsort(numbers->p, numbers->n, sizeof(*numbers->p), compare);
	return st;
}

static enum status
put_row(int dirfd, uint64_t number, struct bytes *out)
{
	char name[BAG_NAME_LEN];
	struct case_file file;
	enum status st;

	bag_name(number, name);
	st = bytes_printf(out,
	    "<tr><td class=\"n\"><a href=\"%s/index.html\">%" PRIu64
	    "</a></td><td dir=\"auto\">",
	    name, number);
	if (st != ST_OK)
		return st;
	/* A folder whose tip.json is gone is still somebody's work. */
	if (case_file_read(dirfd, name, &file) != ST_OK)
		return bytes_append_text(
		    out, "its tip.json cannot be read</td><td></td></tr>\n");
	st = clean_html(
	    (const uint8_t *)file.first_line, strlen(file.first_line), out);
	if (st == ST_OK)
		st = bytes_append_text(out, "</td><td class=\"n\">");
	if (st == ST_OK && file.files > 0)
		st = bytes_printf(out, "%zu file%s, ", file.files,
		    file.files == 1 ? "" : "s");
	if (st == ST_OK && file.files > 0)
		st = page_size(out, file.bytes);
	if (st == ST_OK)
		st = bytes_append_text(out, "</td></tr>\n");
	case_file_free(&file);
	return st;
}

/* Where the tips are that are not listed. */
static enum status
put_lead(int dirfd, bool unproved, struct bytes *out)
{
	struct stat sb;

	if (unproved)
		return bytes_append_text(out,
		    "<p><b>Nothing proves these tips:</b> the bundle they came"
		    " in was not whole and genuine. Ask for another copy of"
		    " it. <a href=\"../index.html\">Proved tips</a></p>\n");
	if (fstatat(dirfd, CASES_UNPROVED, &sb, AT_SYMLINK_NOFOLLOW) == 0)
		return bytes_append_text(out,
		    "<p>Not listed here: <a href=\"" CASES_UNPROVED
		    "/index.html\">tips that nothing proves</a>.</p>\n");
	return ST_OK;
}

static enum status
write_page(int dirfd, bool unproved, const struct numbers *numbers, int fd)
{
	struct bytes out = BYTES_INIT(CHUNK_MAX);
	enum status st;

	st = page_begin(&out, unproved ? "Unproved tips" : "Tips");
	if (st == ST_OK)
		st = put_lead(dirfd, unproved, &out);
	if (st == ST_OK)
		st = bytes_printf(&out,
		    "<p>%zu tip%s.</p>\n<table>\n<tr><th>tip</th>"
		    "<th>first line</th><th>files</th></tr>\n",
		    numbers->n, numbers->n == 1 ? "" : "s");
	for (size_t i = 0; i < numbers->n && st == ST_OK; i++) {
		st = put_row(dirfd, numbers->p[i], &out);
		if (st == ST_OK && out.len > CHUNK_FLUSH) {
			st = write_all(fd, out.p, out.len);
			bytes_clear(&out);
		}
	}
	if (st == ST_OK)
		st = bytes_append_text(&out, "</table>\n");
	if (st == ST_OK)
		st = page_end(&out);
	if (st == ST_OK)
		st = write_all(fd, out.p, out.len);
	bytes_free(&out);
	return st;
}

static enum status
make_index(int dirfd, bool unproved)
{
	struct numbers numbers = {NULL, 0, 0};
	enum status st;
	int fd = -1;

	if ((st = gather(dirfd, &numbers)) != ST_OK)
		goto out;
	st = durable_stream_begin(dirfd, PAGE_NAME, 0600, DURABLE_REPLACE, &fd);
	if (st != ST_OK)
		goto out;
	if ((st = write_page(dirfd, unproved, &numbers, fd)) == ST_OK)
		st = durable_stream_finish(
		    dirfd, PAGE_NAME, DURABLE_REPLACE, &fd);
	else
		durable_stream_drop(dirfd, PAGE_NAME, &fd);
out:
	free(numbers.p);
	return st;
}

enum status
cases_index(const struct cases *cases)
{
	enum status st;

	if (cases->provedfd == -1)
		return make_index(cases->dirfd, false);
	st = make_index(cases->dirfd, true);
	return st != ST_OK ? st : make_index(cases->provedfd, false);
}
