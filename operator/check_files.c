/*
 * check_files: who may read and write what.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "line/texts_file.h"
#include "operator/check_parts.h"
#include "operator/tool.h"
#include "store/store.h"

/* A name within the line and what it is. */
struct item {
	const char *name;
	bool folder, must, secret;
};

static const struct item items[] = {
    {LINE_DATA, true, true, true},
    {LINE_DATA "/" STORE_FILE, false, true, true},
    {LINE_DATA "/" STORE_FILE "-wal", false, false, true},
    {LINE_DATA "/" STORE_FILE "-shm", false, false, true},
    {LINE_SERVER_KEY, false, true, true},
    {LINE_SERVER_PUB, false, true, false},
    {CONFIG_FILE, false, true, false},
    {TEXTS_FILE, false, false, false},
    {LINE_ROOT, false, false, false},
    {LINE_KEYSET, false, false, false},
    {LINE_KEYSET_SIG, false, false, false},
    {LINE_SEQUENCE, false, false, false},
    {LINE_EPOCH, false, false, false},
    {LINE_ROOTS, true, false, false},
    {LINE_RESTORED, false, false, false},
    {LINE_EXPORTED, false, false, false},
    {LINE_CONFIRMED, true, false, false},
    {LINE_LOCK, false, false, false},
};

/* Returns whether all is well with it. */
static bool
check_item(const struct line *line, const struct item *it, uid_t owner,
    struct findings *f)
{
	struct stat sb;

	if (fstatat(line->dirfd, it->name, &sb, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT && !it->must)
			return true;
		finding_fail(f, "files: %s/%s: %s", line->path, it->name,
		    errno == ENOENT
			? "it is missing: bring it back from your backup"
			: strerror(errno));
		return false;
	}
	if (it->folder ? !S_ISDIR(sb.st_mode) : !S_ISREG(sb.st_mode)) {
		finding_fail(f, "files: %s/%s is no plain %s", line->path,
		    it->name, it->folder ? "folder" : "file");
		return false;
	}
	if (sb.st_uid != owner) {
		finding_fail(f,
		    "files: %s/%s has another owner than the line:"
		    " chown it",
		    line->path, it->name);
		return false;
	}
	if ((sb.st_mode & (it->secret ? 077 : 022)) != 0) {
		finding_fail(f, "files: others may %s %s/%s: chmod %s it",
		    it->secret ? "read or write" : "write", line->path,
		    it->name, it->folder ? "0700" : "0600");
		return false;
	}
	return true;
}

/* Whoever can write in the socket's folder can put his own in its place. */
static void
check_socket_folder(const struct line *line, struct findings *f)
{
	const char *path = line->config.path;
	char *folder;
	struct stat sb;

	if (path[0] == '\0')
		return;
	if ((folder = tool_folder(path)) == NULL)
		return;
	if (stat(folder, &sb) != 0)
		finding_fail(f,
		    "socket: its folder %s: %s: make it with mode"
		    " 0750, owned by whom tipline-intake runs as,"
		    " and Tor's group",
		    folder, strerror(errno));
	else if (!S_ISDIR(sb.st_mode))
		finding_fail(f, "socket: %s is no folder", folder);
	else if ((sb.st_mode & S_IWOTH) != 0)
		finding_fail(f,
		    "socket: anybody can write in %s and put"
		    " another socket in the place of ours: use a"
		    " folder of its own, mode 0750",
		    folder);
	else if ((sb.st_mode & (S_IWGRP | S_IXOTH)) != 0)
		finding_warn(f,
		    "socket: %s is open wider than needed: chmod"
		    " 0750, with Tor's group",
		    folder);
	else
		finding_ok(f, "socket: its folder is closed to others");
	free(folder);
}

void
check_files(const struct line *line, struct findings *f)
{
	struct stat sb;
	bool fine = true;

	if (fstat(line->dirfd, &sb) != 0) {
		finding_fail(f, "files: %s: %s", line->path, strerror(errno));
		return;
	}
	if ((sb.st_mode & 077) != 0) {
		finding_fail(f,
		    "files: others may enter the line: chmod 0700"
		    " %s",
		    line->path);
		fine = false;
	}
	for (size_t i = 0; i < sizeof(items) / sizeof(*items); i++)
		if (!check_item(line, &items[i], sb.st_uid, f))
			fine = false;
	if (fine)
		finding_ok(f, "files: all there, one owner, closed to others");
	check_socket_folder(line, f);
}
