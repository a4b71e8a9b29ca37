/*
 * outfile: see outfile.h.
 */
#include "analyst/outfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyst/say.h"
#include "base/durable.h"

enum status
outfile_is_free(const char *path)
{
	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return ST_OK;
	say_error("%s is there already: refusing to overwrite it", path);
	return ST_EXISTS;
}

enum status
outfile_write(const char *path, const struct bytes *content)
{
	enum status st = durable_write(
	    AT_FDCWD, path, content->p, content->len, 0644, DURABLE_NEW);

	if (st != ST_OK)
		say_error("cannot write %s: %s", path, status_text(st));
	return st;
}

void
outfile_folder(const char *path, char folder[static PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;

	(void)snprintf(folder, PATH_MAX, "%.*s", len == 0 ? 1 : (int)len,
	    len == 0 ? "." : path);
}

enum status
outfile_name(const char *path, const char *ending, char name[static PATH_MAX])
{
	if ((size_t)snprintf(name, PATH_MAX, "%s%s", path, ending) < PATH_MAX)
		return ST_OK;
	say_error("the name %s%s is too long", path, ending);
	return ST_LIMIT;
}

enum status
outfile_read(const char *path, struct bytes *in)
{
	enum status st = durable_read(AT_FDCWD, path, in);

	if (st != ST_OK)
		say_error("cannot read %s: %s", path, status_text(st));
	return st;
}

enum status
outfile_read_root(const char *path, struct minisign_key *root)
{
	struct bytes text = BYTES_INIT(MINISIGN_FILE_MAX);
	enum status st = outfile_read(path, &text);

	if (st == ST_OK) {
		st = minisign_key_parse(text.p, text.len, root);
		if (st != ST_OK)
			say_error("%s is not a root's public key", path);
	}
	bytes_free(&text);
	return st;
}
