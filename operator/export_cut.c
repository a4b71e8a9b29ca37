/*
 * export_cut: see export_cut.h.
 */
#include "operator/export_cut.h"

#include <string.h>
#include <unistd.h>

#include "operator/progress.h"
#include "operator/tool.h"

/* Read the tip's bytes.  ST_OK only if all are there and right. */
static enum status
read_tip(struct bundle_reader *r, const struct bundle_tip *tip)
{
	const uint8_t *p;
	size_t got;
	enum status st;

	do {
		if ((st = bundle_reader_data(r, &p, &got)) != ST_OK)
			return st;
		progress_tip("reading what is there:", tip->number, tip->number,
		    bundle_reader_offset(r));
	} while (got > 0);
	return bundle_reader_tip_end(r);
}

static enum status
read_tips(struct bundle_reader *r, struct export_cut *cut)
{
	struct bundle_tip tip;
	enum status st;

	while ((st = bundle_reader_next(r, &tip)) == ST_OK) {
		if (!tip.proved || tip.order != BUNDLE_NEXT || !tip.has_link ||
		    (st = read_tip(r, &tip)) != ST_OK)
			break;
		cut->at.number = tip.number;
		memcpy(cut->at.head, tip.link, DIGEST_LEN);
		cut->offset = bundle_reader_offset(r);
	}
	/* Whatever else ends it, what stands before is good. */
	return st == ST_IO || st == ST_NOMEM ? st : ST_OK;
}

static const char *
words(enum bundle_problem problem)
{
	switch (problem) {
	case BUNDLE_OTHER_SERVER:
		return "it is of another line";
	case BUNDLE_HEAD_FORGED:
		return "it is not signed by this line";
	case BUNDLE_CUT:
		return "it ends before its first tip";
	case BUNDLE_UNREADABLE:
		return "it cannot be read";
	default:
		return "it is no bundle";
	}
}

enum status
export_cut_read(int fd, const struct server_identity *server,
    struct export_cut *cut, const char **why)
{
	struct bundle_reader *r = NULL;
	struct bundle_head head;
	enum bundle_problem problem;
	enum status st;
	off_t size = lseek(fd, 0, SEEK_END);

	*why = "it cannot be read";
	*cut = (struct export_cut){0};
	if (size < 0 || lseek(fd, 0, SEEK_SET) != 0)
		return ST_IO;
	if (size == 0)
		return ST_EOF;
	st = bundle_reader_begin(
	    tool_source, &fd, server->key, &head, &problem, &r);
	if (st != ST_OK) {
		*why = words(problem);
		return st;
	}
	cut->start = head.start;
	cut->at = head.start.before;
	cut->offset = bundle_reader_offset(r);
	st = read_tips(r, cut);
	bundle_reader_free(r);
	progress_end();
	return st;
}
