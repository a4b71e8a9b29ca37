/*
 * cases: the list of all tips; see cases.h.
 *
 * Pages of CASES_PAGE_TIPS numbers each, so that a hundred thousand tips make
 * no page that a browser could not show; the newest page is index.html.  Only
 * pages on which something has changed are written again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "analyst/case_file.h"
#include "analyst/cases.h"
#include "analyst/clean.h"
#include "analyst/page.h"
#include "analyst/threads.h"
#include "base/durable.h"

#define NEWEST "index.html"
#define PAGE_NAME_LEN 40
#define CHUNK_MAX (256 * 1024)
#define CHUNK_FLUSH (192 * 1024)
#define OTHERS_SHOWN 20

struct list {
	const struct cases *cases;
	struct threads threads;
	struct bytes out;
	int fd;
};

/* The tips of one page: from place from up to, not with, until. */
struct page {
	uint64_t number; /* from 1 */
	size_t from, until;
	bool changed;
	char name[PAGE_NAME_LEN];
};

static uint64_t
page_of(uint64_t tip)
{
	return (tip - 1) / CASES_PAGE_TIPS + 1;
}

/* Find the page that begins with tip from; it is the newest if none follows. */
static struct page
page_at(const struct list *l, size_t from)
{
	const struct threads *t = &l->threads;
	struct page page = {.from = from, .until = from};

	if (from < t->n)
		page.number = page_of(t->number[from]);
	while (page.until < t->n &&
	    page_of(t->number[page.until]) == page.number) {
		page.changed = page.changed || t->changed[page.until];
		page.until++;
	}
	if (page.until == t->n)
		(void)snprintf(page.name, sizeof(page.name), NEWEST);
	else
		(void)snprintf(page.name, sizeof(page.name),
		    "index-%04" PRIu64 ".html", page.number);
	return page;
}

static enum status
flush(struct list *l, size_t above)
{
	enum status st;

	if (l->out.len <= above)
		return ST_OK;
	st = write_all(l->fd, l->out.p, l->out.len);
	bytes_clear(&l->out);
	return st;
}

/* Links to the other tips of the thread of the one at place at. */
static enum status
put_others(struct list *l, size_t at)
{
	const struct threads *t = &l->threads;
	const uint32_t *place;
	/* Itself, those that are shown, and one more to tell of. */
	const size_t n = threads_of(t, t->thread[at], OTHERS_SHOWN + 2, &place);
	char name[BAG_NAME_LEN];
	enum status st = ST_OK;
	size_t shown = 0;

	for (size_t i = 0; i < n && st == ST_OK; i++) {
		const uint32_t number = t->number[place[i]];

		if (place[i] == at)
			continue;
		if (shown++ == OTHERS_SHOWN)
			return bytes_append_text(&l->out, " …");
		bag_name(number, name);
		st = bytes_printf(&l->out,
		    "%s<a href=\"%s/index.html\">%" PRIu32 "</a>",
		    shown == 1 ? "" : ", ", name, number);
	}
	return st;
}

static enum status
put_files(const struct case_file *file, struct bytes *out)
{
	enum status st;

	if (file->files == 0)
		return ST_OK;
	st = bytes_printf(
	    out, "%zu file%s, ", file->files, file->files == 1 ? "" : "s");
	return st != ST_OK ? st : page_size(out, file->bytes);
}

static enum status
put_row(struct list *l, size_t at)
{
	const uint64_t number = l->threads.number[at];
	char name[BAG_NAME_LEN];
	struct bytes *out = &l->out;
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
	if (case_file_read(l->cases->dirfd, name, &file) != ST_OK)
		return bytes_append_text(out,
		    "its tip.json cannot be read</td><td></td><td></td>"
		    "<td></td></tr>\n");
	if (file.sentinel)
		st = bytes_append_text(out, "<b>sentinel</b> ");
	if (st == ST_OK)
		st = clean_html((const uint8_t *)file.first_line,
		    strlen(file.first_line), out);
	/* An id, so nothing in it wants cleaning. */
	if (st == ST_OK)
		st = bytes_printf(out,
		    "</td><td class=\"n\">%s</td><td class=\"n\">", file.topic);
	if (st == ST_OK)
		st = put_files(&file, out);
	if (st == ST_OK)
		st = bytes_append_text(out, "</td><td>");
	if (st == ST_OK)
		st = put_others(l, at);
	if (st == ST_OK)
		st = bytes_append_text(out, "</td></tr>\n");
	case_file_free(&file);
	return st;
}

/* Where the tips are that are not listed. */
static enum status
put_lead(struct list *l)
{
	struct stat sb;

	if (l->cases->unproved)
		return bytes_append_text(&l->out,
		    "<p><b>Nothing proves these tips:</b> the server did not"
		    " sign them, or not as the only ones of their numbers."
		    " <a href=\"../index.html\">Proved tips</a></p>\n");
	if (fstatat(
		l->cases->dirfd, CASES_UNPROVED, &sb, AT_SYMLINK_NOFOLLOW) == 0)
		return bytes_append_text(&l->out,
		    "<p>Not listed here: <a href=\"" CASES_UNPROVED
		    "/index.html\">tips that nothing proves</a>.</p>\n");
	return ST_OK;
}

/* On the newest page, links to all others; on them, one to it. */
static enum status
put_pages(struct list *l, const struct page *page)
{
	enum status st = ST_OK;
	struct page other;
	size_t shown = 0;

	if (page->until < l->threads.n)
		return bytes_append_text(
		    &l->out, "<p><a href=\"" NEWEST "\">Newest tips</a></p>\n");
	for (size_t at = 0; at < page->from && st == ST_OK; at = other.until) {
		other = page_at(l, at);
		st = bytes_printf(&l->out,
		    "%s<a href=\"%s\">%" PRIu32 " to %" PRIu32 "</a>",
		    shown++ == 0 ? "<p>Earlier tips: " : ", ", other.name,
		    l->threads.number[other.from],
		    l->threads.number[other.until - 1]);
		if (st == ST_OK)
			st = flush(l, CHUNK_FLUSH);
	}
	return st != ST_OK || shown == 0 ? st
					 : bytes_append_text(&l->out, "</p>\n");
}

static enum status
put_count(
    struct bytes *out, const char **before, const char *topic, size_t count)
{
	enum status st;

	if (count == 0)
		return ST_OK;
	st = bytes_printf(out, "%s%s %zu", *before, topic, count);
	*before = ", ";
	return st;
}

/* On the newest page, which counts, how many there are of each topic.  An id
 * has no blank in it, so none can be taken for our own words. */
static enum status
put_topics(struct list *l, const struct page *page)
{
	const struct threads *t = &l->threads;
	size_t count[TOPICS_OTHER + 1] = {0};
	const char *before = "<p>Topics: ";
	uint8_t place = TOPICS_NONE;
	enum status st = ST_OK;

	if (page->until < t->n)
		return ST_OK;
	for (size_t i = 0; i < t->n; i++)
		count[t->topic[i]]++;
	if (count[TOPICS_NONE] == t->n)
		return ST_OK;
	while (st == ST_OK &&
	    (place = topics_next(&t->topics, place)) != TOPICS_NONE)
		st = put_count(
		    &l->out, &before, t->topics.id[place - 1], count[place]);
	if (st == ST_OK)
		st = put_count(
		    &l->out, &before, "other topics", count[TOPICS_OTHER]);
	if (st == ST_OK)
		st =
		    put_count(&l->out, &before, "no topic", count[TOPICS_NONE]);
	return st != ST_OK ? st : bytes_append_text(&l->out, "</p>\n");
}

static enum status
put_page(struct list *l, const struct page *page)
{
	enum status st;

	st = page_begin(&l->out, l->cases->unproved ? "Unproved tips" : "Tips");
	if (st == ST_OK)
		st = put_lead(l);
	if (st == ST_OK)
		st = put_pages(l, page);
	if (st == ST_OK)
		st = bytes_printf(&l->out, "<p>%zu tip%s%s.</p>\n",
		    l->threads.n, l->threads.n == 1 ? "" : "s",
		    page->until - page->from < l->threads.n ? " in all" : "");
	if (st == ST_OK)
		st = put_topics(l, page);
	if (st == ST_OK)
		st = bytes_append_text(&l->out,
		    "<table>\n<tr><th>tip</th><th>first line</th>"
		    "<th>topic</th><th>files</th>"
		    "<th>same thread</th></tr>\n");
	for (size_t i = page->from; i < page->until && st == ST_OK; i++) {
		st = put_row(l, i);
		if (st == ST_OK)
			st = flush(l, CHUNK_FLUSH);
	}
	if (st == ST_OK)
		st = bytes_append_text(&l->out, "</table>\n");
	if (st == ST_OK)
		st = page_end(&l->out);
	return st != ST_OK ? st : flush(l, 0);
}

static bool
is_there(const struct list *l, const char *name)
{
	struct stat sb;

	return fstatat(l->cases->dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The newest always: it counts and names the others. */
static enum status
make_page(struct list *l, const struct page *page)
{
	const int dirfd = l->cases->dirfd;
	enum status st;

	if (page->until < l->threads.n && !page->changed &&
	    is_there(l, page->name))
		return ST_OK;
	bytes_clear(&l->out);
	st = durable_stream_begin(
	    dirfd, page->name, 0600, DURABLE_REPLACE, &l->fd);
	if (st != ST_OK)
		return st;
	if ((st = put_page(l, page)) == ST_OK)
		return durable_stream_finish(
		    dirfd, page->name, DURABLE_REPLACE, &l->fd);
	durable_stream_drop(dirfd, page->name, &l->fd);
	return st;
}

enum status
cases_index(const struct cases *cases)
{
	struct list l = {
	    .cases = cases, .out = BYTES_INIT(CHUNK_MAX), .fd = -1};
	struct page page = {0};
	enum status st;

	if ((st = threads_gather(cases->dirfd, &l.threads)) != ST_OK)
		goto out;
	do {
		page = page_at(&l, page.until);
		st = make_page(&l, &page);
	} while (st == ST_OK && page.until < l.threads.n);
	if (st == ST_OK)
		st = threads_keep(cases->dirfd, &l.threads);
out:
	bytes_free(&l.out);
	threads_free(&l.threads);
	return st;
}
