/*
 * status_parts: what tipline-operator status has found out, and how it says
 * it: for people, as JSON, and in one line for a monitoring system.
 */
#ifndef TIPLINE_OPERATOR_STATUS_PARTS_H
#define TIPLINE_OPERATOR_STATUS_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/keyset.h"
#include "line/line.h"
#include "operator/exported.h"
#include "site/language.h"
#include "store/store.h"

#define STATUS_WARNINGS_MAX 16
#define STATUS_TEXT_LEN 400

/* The exit codes of monitoring plugins, by how bad it is. */
enum status_level { LEVEL_FINE, LEVEL_WARNING, LEVEL_CRITICAL, LEVEL_UNKNOWN };

struct status_warning {
	enum status_level level;
	char text[STATUS_TEXT_LEN];
};

/* What came back from one analyst of the key set. */
struct status_confirmed {
	char name[KEY_NAME_MAX + 1];
	uint8_t id[KEY_ID_LEN];
	uint64_t up_to;   /* all tips from 1 to this one */
	uint64_t highest; /* the highest of all, beyond a gap */
	bool damaged;
};

struct status_facts {
	uint64_t now;
	long pid; /* 0: not running */
	struct store_usage usage;
	/* keys */
	bool restored, has_set, ages, gap;
	bool links_open;        /* from a backup, no new tip yet: relink.h */
	enum status set_status; /* of loading it */
	char keyset_why[LINE_WHY_LEN]; /* if not has_set */
	char floor_why[LINE_WHY_LEN];  /* "" if LINE/epoch can be read */
	uint64_t sequence, valid_from, valid_until;
	uint64_t gap_at; /* if gap */
	enum epoch_state state;
	uint64_t opens; /* 0: not known */
	uint32_t floor, epoch;
	uint64_t epoch_from, epoch_until;
	size_t recipients; /* 0: no epoch is in force */
	/* texts */
	char texts_why[LINE_WHY_LEN];   /* "" if LINE/texts.ini is right */
	bool language_on[LANGUAGE_MAX]; /* offered; if it is right */
	/* hand-offs */
	bool exported_damaged;
	struct exported exported;
	size_t signers;
	struct status_confirmed confirmed[RECIPIENTS_MAX];
	/* what follows */
	bool text, files;
	enum status_level level;
	size_t warnings;
	struct status_warning warning[STATUS_WARNINGS_MAX];
};

/* Find all of it out, the warnings as well.  ST_OK, or what reading the
 * database gave. */
MUST_CHECK enum status status_learn(
    const struct line *line, struct status_facts *f);

/* Fill in the warnings and the level.  status_learn() has called it. */
void status_judge(struct status_facts *f);

uint64_t status_days_left(const struct status_facts *f);
unsigned status_percent(const struct status_facts *f);
uint64_t status_not_exported(const struct status_facts *f);
uint64_t status_purged(const struct status_facts *f);
const char *status_level_text(enum status_level level);

void status_print(const struct status_facts *f);

/* False if memory has run out. */
bool status_print_json(const struct status_facts *f);

/* One line as monitoring plugins write it. */
void status_print_monitor(const struct status_facts *f);

/* From when on, within the set's validity, no key stands in it for a while;
 * false if there is no such hole behind now. */
bool status_gap(const struct keyset *set, uint64_t now, uint64_t *at);

#endif
