/*
 * backup_folder: see backup_folder.h.
 */
#include "operator/backup_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "line/line.h"
#include "line/texts_file.h"

const char *const backup_folder_files[] = {CONFIG_FILE, TEXTS_FILE,
    LINE_SERVER_KEY, LINE_SERVER_PUB, LINE_ROOT, LINE_SEQUENCE, LINE_KEYSET,
    LINE_KEYSET_SIG, LINE_EPOCH, LINE_EXPORTED, NULL};
const char *const backup_folder_folders[] = {LINE_ROOTS, LINE_CONFIRMED, NULL};

void
backup_segment_name(
    const struct backup_segment *s, char name[static BACKUP_NAME_MAX])
{
	snprintf(name, BACKUP_NAME_MAX,
	    "tips-%09" PRIu64 "-%09" PRIu64 ".sealed", s->first, s->last);
}

void
backup_state_name(uint64_t number, char name[static BACKUP_NAME_MAX])
{
	snprintf(name, BACKUP_NAME_MAX, "state-%06" PRIu64 ".sealed", number);
}

/* Digits with zeros before them, up to a character that is none. */
static uint64_t
take_number(const char **p)
{
	uint64_t n = 0;

	for (; **p >= '0' && **p <= '9' && n < INT64_MAX / 10; (*p)++)
		n = n * 10 + (uint64_t)(**p - '0');
	return n;
}

/* Room for one element more of size bytes in *p. */
static enum status
grow(void **p, size_t count, size_t *cap, size_t size)
{
	void *larger;

	if (count < *cap)
		return ST_OK;
	larger = reallocarray(*p, *cap == 0 ? 64 : *cap * 2, size);
	if (larger == NULL)
		return ST_NOMEM;
	*p = larger;
	*cap = *cap == 0 ? 64 : *cap * 2;
	return ST_OK;
}

static enum status
take_segment(struct backup_folder *f, const char *name)
{
	struct backup_segment s;
	char again[BACKUP_NAME_MAX];
	const char *p = name + strlen("tips-");
	void *room = f->segment;
	enum status st;

	s.first = take_number(&p);
	p += *p == '-';
	s.last = take_number(&p);
	backup_segment_name(&s, again);
	/* Anything else is no file of ours. */
	if (strcmp(again, name) != 0 || s.first == 0 || s.last < s.first)
		return ST_OK;
	st = grow(&room, f->segments, &f->segments_cap, sizeof(s));
	f->segment = room;
	if (st == ST_OK)
		f->segment[f->segments++] = s;
	return st;
}

static enum status
take_state(struct backup_folder *f, const char *name)
{
	char again[BACKUP_NAME_MAX];
	const char *p = name + strlen("state-");
	void *room = f->state;
	uint64_t number = take_number(&p);
	enum status st;

	backup_state_name(number, again);
	if (strcmp(again, name) != 0 || number == 0)
		return ST_OK;
	st = grow(&room, f->states, &f->states_cap, sizeof(number));
	f->state = room;
	if (st == ST_OK)
		f->state[f->states++] = number;
	return st;
}

static int
by_first(const void *a, const void *b)
{
	const struct backup_segment *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static int
by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static enum status
list(struct backup_folder *f)
{
	enum status st = ST_OK;
	struct dirent *e;
	int copy = dup(f->fd);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (dir == NULL) {
		if (copy >= 0)
			close(copy);
		return ST_IO;
	}
	rewinddir(dir);
	while (st == ST_OK && (errno = 0, e = readdir(dir)) != NULL) {
		if (strncmp(e->d_name, "tips-", 5) == 0)
			st = take_segment(f, e->d_name);
		else if (strncmp(e->d_name, "state-", 6) == 0)
			st = take_state(f, e->d_name);
	}
	if (st == ST_OK && errno != 0)
		st = ST_IO;
	closedir(dir);
	if (f->segments > 0)
		qsort(f->segment, f->segments, sizeof(*f->segment), by_first);
	if (f->states > 0)
		qsort(f->state, f->states, sizeof(*f->state), by_number);
	return st;
}

enum status
backup_folder_open(const char *path, struct backup_folder *f)
{
	*f = (struct backup_folder){.fd = -1};
	f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd == -1)
		return errno == ENOENT ? ST_ABSENT : ST_IO;
	return list(f);
}

void
backup_folder_close(struct backup_folder *f)
{
	if (f->fd != -1)
		close(f->fd);
	free(f->segment);
	free(f->state);
	*f = (struct backup_folder){.fd = -1};
}

bool
backup_folder_gap(const struct backup_folder *f, uint64_t next, uint64_t *first,
    uint64_t *last)
{
	uint64_t at = 1;

	*first = next;
	*last = UINT64_MAX;
	for (size_t i = 0; i < f->segments; i++) {
		if (f->segment[i].first < at) {
			*first = f->segment[i].first;
			return false;
		}
		at = f->segment[i].last + 1;
	}
	for (size_t i = 0; i < f->segments; i++) {
		if (f->segment[i].first > *first) {
			*last = f->segment[i].first - 1;
			break;
		}
		if (f->segment[i].last >= *first)
			*first = f->segment[i].last + 1;
	}
	return true;
}

enum status
backup_folder_text(const uint8_t server[static KEY_ID_LEN],
    const struct recipients *keys, struct bytes *out)
{
	char id[KEY_ID_TEXT_LEN + 1];
	enum status st;

	key_id_text(server, id);
	st = bytes_printf(out, "tipline-backup 1\nserver %s\n", id);
	for (size_t i = 0; st == ST_OK && i < keys->count; i++) {
		key_id_text(keys->r[i].id, id);
		st = bytes_printf(out, "key %s\n", id);
	}
	return st;
}
