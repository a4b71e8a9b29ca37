/*
 * check_room: limits, disk, database and memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/durable.h"
#include "crypto/envelope.h"
#include "operator/check_parts.h"
#include "operator/tool.h"
#include "store/store.h"

#define WANTED_LOCK (UINT64_C(96) << 20) /* the receiver at its default */

static void
check_site(const struct config *c, struct findings *f)
{
	if (c->onion[0] == '\0')
		finding_warn(f,
		    "site: no onion address is set: any Host is"
		    " answered; for trying out only");
	if (c->loopback && c->onion[0] != '\0')
		finding_warn(f,
		    "site: loopback is on besides the onion"
		    " service: everybody on this machine can reach"
		    " the form; take the line out when you are"
		    " done trying");
	if (c->path[0] != '\0' && c->onion[0] != '\0' &&
	    c->proxy != PROXY_REQUIRE)
		finding_warn(f,
		    "site: proxy is not require: without the"
		    " circuit's number one visitor can use up all"
		    " connections; set proxy = require and"
		    " HiddenServiceExportCircuitID haproxy");
}

static void
check_limits(const struct config *c, struct findings *f)
{
	unsigned before = f->warnings + f->failures;
	struct rlimit files;

	if (c->circuit_uploads_max > c->circuit_connections_max)
		finding_warn(f,
		    "limits: circuit-uploads is above"
		    " circuit-connections and does nothing");
	if (c->circuit_connections_max > c->connections_max / 4)
		finding_warn(f,
		    "limits: circuit-connections is more than a"
		    " quarter of connections: few circuits can"
		    " use up all");
	if (envelope_bound(c->upload_max, 1) > c->quota / 10 * 9)
		finding_fail(f,
		    "limits: one upload may be larger than what"
		    " the quota leaves for files: lower upload, or"
		    " raise quota");
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_max != RLIM_INFINITY &&
	    files.rlim_max < (rlim_t)c->connections_max + 64)
		finding_warn(f,
		    "limits: only %llu open files are allowed here,"
		    " fewer than connections: raise LimitNOFILE",
		    (unsigned long long)files.rlim_max);
	if (f->warnings + f->failures == before)
		finding_ok(f, "limits: they fit together");
}

static void
check_usage(
    const struct line *line, const struct store_usage *u, struct findings *f)
{
	const struct config *c = &line->config;
	char left[TOOL_SIZE_LEN], more[TOOL_SIZE_LEN], used[TOOL_SIZE_LEN];
	uint64_t grow = c->quota > u->used ? c->quota - u->used : 0;

	tool_size(u->disk_free, left);
	tool_size(grow, more);
	tool_size(u->used, used);
	if (u->disk_free <= c->reserve)
		finding_fail(f,
		    "disk: %s are free, no more than the reserve:"
		    " nothing is taken; make room",
		    left);
	else if (u->disk_free - c->reserve < grow)
		finding_warn(f,
		    "disk: the quota lets the database grow by"
		    " %s, but only %s are free: lower quota, or"
		    " make room",
		    more, left);
	else
		finding_ok(f,
		    "disk: %s free, enough for the quota and the"
		    " reserve",
		    left);
	if (u->used >= c->quota / 100 * 98)
		finding_fail(f,
		    "store: %s used, 98 %% of the quota: nothing"
		    " is taken; raise quota",
		    used);
	else if (u->used >= c->quota / 10 * 9)
		finding_fail(f,
		    "store: %s used, 90 %% of the quota: files are"
		    " refused; raise quota",
		    used);
	else if (u->used >= c->quota / 4 * 3)
		finding_warn(
		    f, "store: %s used, three quarters of the quota", used);
}

static void
check_store(const struct line *line, struct findings *f)
{
	const struct store_limits limits = {
	    line->config.quota, line->config.reserve};
	struct store_usage usage;
	struct store *store = NULL;
	enum status st;

	st = store_open(line->data_path, STORE_READ, &limits, &store);
	if (st == ST_OK)
		st = store_usage(store, &usage);
	if (st != ST_OK) {
		finding_fail(f, "store: the database cannot be read: %s",
		    tool_words(st));
		store_close(store);
		return;
	}
	check_usage(line, &usage, f);
	st = store_verify(store);
	if (st == ST_OK)
		finding_ok(f, "store: %" PRIu64 " tips, the database is whole",
		    usage.tips);
	else
		finding_fail(f,
		    "store: the database is damaged (%s): export"
		    " now, keep the file, and look at the disk",
		    tool_words(st));
	store_close(store);
}

/* /proc/swaps is a head line and one line for each swap space in use. */
static bool
swap_is_on(bool *known)
{
	char text[4096];
	ssize_t n = -1;
	int fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);
	char *nl;

	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	*known = n >= 0;
	if (n <= 0)
		return false;
	text[n] = '\0';
	nl = strchr(text, '\n');
	return nl != NULL && nl[1] != '\0';
}

/* Asked by trying: tipline-intake raises its limit in the same way. */
static bool
may_lock(void)
{
	struct rlimit lock;
	const struct rlimit wanted = {WANTED_LOCK, WANTED_LOCK};

	return getrlimit(RLIMIT_MEMLOCK, &lock) == 0 &&
	    (lock.rlim_max == RLIM_INFINITY || lock.rlim_max >= WANTED_LOCK ||
		setrlimit(RLIMIT_MEMLOCK, &wanted) == 0);
}

static void
check_memory(struct findings *f)
{
	bool known, swap = swap_is_on(&known);
	bool can = may_lock();

	if (!known)
		finding_warn(f, "memory: whether swap is on cannot be told");
	else if (swap && !can)
		finding_fail(f,
		    "memory: swap is on and too little may be"
		    " locked, so what visitors write could reach"
		    " the disk: raise LimitMEMLOCK, or swapoff -a");
	else if (swap)
		finding_warn(f,
		    "memory: swap is on; buffers are locked, but"
		    " it is safer off");
	else if (!can)
		finding_warn(f,
		    "memory: too little may be locked; harmless"
		    " while swap is off, but raise LimitMEMLOCK");
	else
		finding_ok(f, "memory: swap is off and enough may be locked");
}

void
check_room(const struct line *line, struct findings *f)
{
	check_site(&line->config, f);
	check_limits(&line->config, f);
	check_store(line, f);
	check_memory(f);
}
