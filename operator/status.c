/*
 * status: what an operator wants to know every morning, and nothing of a tip.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/confine.h"
#include "base/num.h"
#include "crypto/envelope.h"
#include "crypto/keyset.h"
#include "operator/commands.h"
#include "operator/tool.h"
#include "store/store.h"

#define DAY 86400
#define TEXT_TIP 262144 /* a message of the largest size, sealed for all */

static const char help[] =
    "usage: tipline-operator status LINE [--json] [--healthy]\n"
    "\n"
    "Tell whether the line runs, how full it is and how long its keys last.\n"
    "\n"
    "  --json      the same as one JSON object\n"
    "  --healthy   exit code 1 unless the line runs, has keys in force and\n"
    "              takes text and files\n"
    "  -h, --help  show this\n";

struct facts {
	long pid; /* 0: not running */
	struct store_usage usage;
	char keyset_why[LINE_WHY_LEN]; /* "" if there is a key set */
	bool has_set;
	uint64_t sequence, valid_from, valid_until, now;
	bool has_epoch;
	uint32_t epoch;
	uint64_t epoch_from, epoch_until;
	size_t recipients;
	bool text, files, healthy;
};

static void
learn_keys(const struct line *line, struct facts *f)
{
	const struct keyset_epoch *e;
	struct keyset set;

	if (line_keyset_load(line, &set, f->keyset_why) != ST_OK)
		return;
	f->has_set = true;
	f->sequence = set.sequence;
	f->valid_from = set.from;
	f->valid_until = set.until;
	if ((e = keyset_at(&set, f->now)) != NULL) {
		f->has_epoch = true;
		f->epoch = e->to.epoch;
		f->epoch_from = e->to.from;
		f->epoch_until = e->to.until;
		f->recipients = e->to.count;
	}
	keyset_free(&set);
}

static bool
learn(const struct line *line, struct facts *f)
{
	const struct store_limits limits = {
	    line->config.quota, line->config.reserve};
	struct store *store = NULL;
	uint64_t need;
	enum status st;

	*f = (struct facts){.now = (uint64_t)time(NULL)};
	st = store_open(line->data_path, STORE_READ, &limits, &store);
	if (st == ST_OK)
		st = store_usage(store, &f->usage);
	store_close(store);
	if (st != ST_OK) {
		tool_say("the database cannot be read: %s; run"
			 " tipline-operator check",
		    tool_words(st));
		return false;
	}
	f->pid = (long)line_running(line);
	learn_keys(line, f);
	/* As the receiver decides: by what a tip may come to, sealed. */
	need = envelope_bound(TEXT_TIP, f->recipients > 0 ? f->recipients : 1);
	f->text = f->pid != 0 && f->has_epoch && f->usage.text_room >= need;
	f->files = f->text && f->usage.files_room >= need;
	f->healthy = f->text && f->files;
	return true;
}

static unsigned
percent(const struct facts *f)
{
	if (f->usage.quota == 0)
		return 0;
	return (
	    unsigned)((double)f->usage.used * 100.0 / (double)f->usage.quota);
}

static uint64_t
days_left(const struct facts *f)
{
	return f->valid_until > f->now ? (f->valid_until - f->now) / DAY : 0;
}

static void
print_keys(const struct facts *f)
{
	char text[TIME_TEXT_LEN + 1];

	if (!f->has_set) {
		printf("key set        none: %s\n", f->keyset_why);
		return;
	}
	time_format(f->valid_until, text);
	printf("key set        %" PRIu64 ", valid until %s (%" PRIu64
	       " days left)\n",
	    f->sequence, text, days_left(f));
	if (!f->has_epoch) {
		puts("epoch          none in force: the form is closed");
		return;
	}
	time_format(f->epoch_until, text);
	printf("epoch          %" PRIu32 ", until %s, to %zu analyst%s\n",
	    f->epoch, text, f->recipients, f->recipients == 1 ? "" : "s");
}

static void
print_human(const struct facts *f)
{
	char used[TOOL_SIZE_LEN], quota[TOOL_SIZE_LEN], left[TOOL_SIZE_LEN];

	tool_size(f->usage.used, used);
	tool_size(f->usage.quota, quota);
	tool_size(f->usage.disk_free, left);
	if (f->pid != 0)
		printf("running        yes, process %ld\n", f->pid);
	else
		puts("running        no");
	printf("tips kept      %" PRIu64 "\n", f->usage.tips);
	printf("last number    %" PRIu64 "\n", f->usage.last);
	printf("used           %s of %s (%u %%)\n", used, quota, percent(f));
	printf("disk free      %s\n", left);
	printf("takes text     %s\n", f->text ? "yes" : "no");
	printf("takes files    %s\n", f->files ? "yes" : "no");
	print_keys(f);
	printf("healthy        %s\n", f->healthy ? "yes" : "no");
}

static bool
add_time(cJSON *to, const char *name, uint64_t t)
{
	char text[TIME_TEXT_LEN + 1];

	time_format(t, text);
	return cJSON_AddStringToObject(to, name, text) != NULL;
}

static bool
add_number(cJSON *to, const char *name, uint64_t n)
{
	return cJSON_AddNumberToObject(to, name, (double)n) != NULL;
}

static bool
add_keys(cJSON *to, const struct facts *f)
{
	cJSON *set, *epoch;

	if (!f->has_set)
		return cJSON_AddNullToObject(to, "key_set") != NULL &&
		    cJSON_AddNullToObject(to, "epoch") != NULL &&
		    cJSON_AddStringToObject(
			to, "key_set_problem", f->keyset_why) != NULL;
	if ((set = cJSON_AddObjectToObject(to, "key_set")) == NULL ||
	    !add_number(set, "sequence", f->sequence) ||
	    !add_time(set, "valid_from", f->valid_from) ||
	    !add_time(set, "valid_until", f->valid_until) ||
	    !add_number(set, "days_left", days_left(f)))
		return false;
	if (!f->has_epoch)
		return cJSON_AddNullToObject(to, "epoch") != NULL;
	return (epoch = cJSON_AddObjectToObject(to, "epoch")) != NULL &&
	    add_number(epoch, "number", f->epoch) &&
	    add_time(epoch, "from", f->epoch_from) &&
	    add_time(epoch, "until", f->epoch_until) &&
	    add_number(epoch, "analysts", f->recipients);
}

static bool
add_state(cJSON *to, const struct facts *f)
{
	if (cJSON_AddBoolToObject(to, "running", f->pid != 0) == NULL)
		return false;
	if (f->pid != 0 ? !add_number(to, "pid", (uint64_t)f->pid)
			: cJSON_AddNullToObject(to, "pid") == NULL)
		return false;
	return cJSON_AddBoolToObject(to, "healthy", f->healthy) != NULL &&
	    add_number(to, "tips", f->usage.tips) &&
	    add_number(to, "last_number", f->usage.last) &&
	    add_number(to, "used_bytes", f->usage.used) &&
	    add_number(to, "quota_bytes", f->usage.quota) &&
	    add_number(to, "used_percent", percent(f)) &&
	    add_number(to, "disk_free_bytes", f->usage.disk_free) &&
	    cJSON_AddBoolToObject(to, "accepting_text", f->text) != NULL &&
	    cJSON_AddBoolToObject(to, "accepting_files", f->files) != NULL;
}

static bool
print_json(const struct facts *f)
{
	cJSON *all = cJSON_CreateObject();
	char *text = NULL;

	if (all != NULL && add_state(all, f) && add_keys(all, f))
		text = cJSON_Print(all);
	cJSON_Delete(all);
	if (text == NULL) {
		tool_say("out of memory");
		return false;
	}
	puts(text);
	cJSON_free(text);
	return true;
}

int
status_command(int argc, char **argv)
{
	bool json = false, healthy = false, done;
	const struct tool_option options[] = {{"json", &json, NULL, 0},
	    {"healthy", &healthy, NULL, 0}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {"status", help, options, 1};
	struct confine_missing missing;
	struct facts f;
	struct line line;
	const char *path;
	int code;

	if ((code = tool_parse(&command, argc, argv, &path)) != TOOL_GO_ON)
		return code;
	if (!tool_line_open(path, &line))
		return TOOL_FAILED;
	/* A reader of the database writes its shared memory file. */
	const char *const read[] = {line.path, NULL};
	const char *const write[] = {line.data_path, NULL};
	done = tool_confine(read, write, &missing) && learn(&line, &f);
	line_close(&line);
	if (!done)
		return TOOL_FAILED;
	if (!json)
		print_human(&f);
	else if (!print_json(&f))
		return TOOL_FAILED;
	return healthy && !f.healthy ? TOOL_FAILED : TOOL_DONE;
}
