/*
 * status_json: the same as one JSON object.  See status_parts.h.
 */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/num.h"
#include "operator/status_parts.h"

static bool
add_bool(cJSON *to, const char *name, bool b)
{
	return cJSON_AddBoolToObject(to, name, b) != NULL;
}

static bool
add_text(cJSON *to, const char *name, const char *text)
{
	return cJSON_AddStringToObject(to, name, text) != NULL;
}

static bool
add_null(cJSON *to, const char *name)
{
	return cJSON_AddNullToObject(to, name) != NULL;
}

static bool
add_number(cJSON *to, const char *name, uint64_t n)
{
	return cJSON_AddNumberToObject(to, name, (double)n) != NULL;
}

/* 0 is no time. */
static bool
add_time(cJSON *to, const char *name, uint64_t t)
{
	char text[TIME_TEXT_LEN + 1];

	if (t == 0)
		return add_null(to, name);
	time_format(t, text);
	return add_text(to, name, text);
}

static bool
add_set(cJSON *to, const struct status_facts *f)
{
	cJSON *set;

	if (!f->has_set)
		return add_null(to, "key_set") &&
		    add_text(to, "key_set_problem", f->keyset_why);
	return (set = cJSON_AddObjectToObject(to, "key_set")) != NULL &&
	    add_number(set, "sequence", f->sequence) &&
	    add_time(set, "valid_from", f->valid_from) &&
	    add_time(set, "valid_until", f->valid_until) &&
	    add_number(set, "days_left", status_days_left(f)) &&
	    add_bool(set, "past_half", f->ages);
}

static bool
add_epoch(cJSON *to, const struct status_facts *f)
{
	static const char *const words[] = {
	    [EPOCH_BY_CLOCK] = "by_clock",
	    [EPOCH_AHEAD] = "clock_behind",
	    [EPOCH_EARLY] = "early",
	    [EPOCH_ENDED] = "ended",
	};
	cJSON *epoch;

	if (!add_text(to, "epoch_state",
		f->has_set ? words[f->state] : "no_key_set") ||
	    !add_time(to, "opens", f->recipients == 0 ? f->opens : 0) ||
	    !add_number(to, "highest_epoch", f->floor))
		return false;
	if (f->recipients == 0)
		return add_null(to, "epoch");
	return (epoch = cJSON_AddObjectToObject(to, "epoch")) != NULL &&
	    add_number(epoch, "number", f->epoch) &&
	    add_time(epoch, "from", f->epoch_from) &&
	    add_time(epoch, "until", f->epoch_until) &&
	    add_number(epoch, "analysts", f->recipients);
}

static bool
add_hand_offs(cJSON *to, const struct status_facts *f)
{
	cJSON *exported, *list, *one;
	char id[KEY_ID_TEXT_LEN + 1];

	if (f->exported.bundle == 0) {
		if (!add_null(to, "exported"))
			return false;
	} else if ((exported = cJSON_AddObjectToObject(to, "exported")) ==
		NULL ||
	    !add_number(exported, "bundle", f->exported.bundle) ||
	    !add_number(exported, "tip", f->exported.tip)) {
		return false;
	}
	if (!add_number(to, "not_exported", status_not_exported(f)) ||
	    !add_number(to, "replies_waiting", f->usage.replies) ||
	    (list = cJSON_AddArrayToObject(to, "confirmed")) == NULL)
		return false;
	for (size_t i = 0; i < f->signers; i++) {
		key_id_text(f->confirmed[i].id, id);
		if ((one = cJSON_CreateObject()) == NULL)
			return false;
		if (!cJSON_AddItemToArray(list, one)) {
			cJSON_Delete(one);
			return false;
		}
		if (!add_text(one, "analyst", f->confirmed[i].name) ||
		    !add_text(one, "id", id) ||
		    !add_number(one, "up_to", f->confirmed[i].up_to) ||
		    !add_number(one, "highest", f->confirmed[i].highest))
			return false;
	}
	return true;
}

static bool
add_languages(cJSON *to, const struct status_facts *f)
{
	cJSON *list, *one;

	if (f->texts_why[0] != '\0')
		return add_null(to, "languages");
	if ((list = cJSON_AddArrayToObject(to, "languages")) == NULL)
		return false;
	for (size_t i = 0; i < language_count(); i++) {
		const struct language *l = language_get(i);

		if (!f->language_on[i])
			continue;
		if ((one = cJSON_CreateObject()) == NULL)
			return false;
		if (!cJSON_AddItemToArray(list, one)) {
			cJSON_Delete(one);
			return false;
		}
		if (!add_text(one, "code", l->code) ||
		    !add_bool(one, "draft", l->draft))
			return false;
	}
	return true;
}

static bool
add_warnings(cJSON *to, const struct status_facts *f)
{
	cJSON *list = cJSON_AddArrayToObject(to, "warnings"), *text;

	if (list == NULL)
		return false;
	for (size_t i = 0; i < f->warnings; i++) {
		text = cJSON_CreateString(f->warning[i].text);
		if (text == NULL)
			return false;
		if (!cJSON_AddItemToArray(list, text)) {
			cJSON_Delete(text);
			return false;
		}
	}
	return true;
}

static bool
add_state(cJSON *to, const struct status_facts *f)
{
	if (!add_bool(to, "running", f->pid != 0))
		return false;
	if (f->pid != 0 ? !add_number(to, "pid", (uint64_t)f->pid)
			: !add_null(to, "pid"))
		return false;
	return add_text(to, "state", status_level_text(f->level)) &&
	    add_bool(to, "restored", f->restored) &&
	    add_number(to, "tips", f->usage.tips) &&
	    add_number(to, "purged", status_purged(f)) &&
	    add_number(to, "last_number", f->usage.last) &&
	    add_number(to, "used_bytes", f->usage.used) &&
	    add_number(to, "quota_bytes", f->usage.quota) &&
	    add_number(to, "used_percent", status_percent(f)) &&
	    add_number(to, "disk_free_bytes", f->usage.disk_free) &&
	    add_bool(to, "accepting_text", f->text) &&
	    add_bool(to, "accepting_files", f->files);
}

bool
status_print_json(const struct status_facts *f)
{
	cJSON *all = cJSON_CreateObject();
	char *text = NULL;

	if (all != NULL && add_state(all, f) && add_set(all, f) &&
	    add_epoch(all, f) && add_languages(all, f) &&
	    add_hand_offs(all, f) && add_warnings(all, f))
		text = cJSON_Print(all);
	cJSON_Delete(all);
	if (text == NULL)
		return false;
	puts(text);
	cJSON_free(text);
	return true;
}
