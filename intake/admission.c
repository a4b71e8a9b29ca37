#include "intake/admission.h"

#include <assert.h>
#include <stdlib.h>

#define NONE UINT32_MAX

/* One circuit, in a chain of its bucket or of the free ones. */
struct circuit {
	uint32_t number, next;
	uint32_t connections, uploads;
};

struct admission {
	struct admission_limits limits;
	uint64_t files_room, text_room, reserved;
	uint32_t free;      /* the first free one */
	uint32_t buckets;   /* a power of two */
	uint32_t *bucket;   /* the first of each chain */
	struct circuit *of; /* limits.connections of them */
};

enum status
admission_new(const struct admission_limits *limits, struct admission **out)
{
	struct admission *adm = calloc(1, sizeof(*adm));
	uint32_t n = limits->connections;

	*out = NULL;
	if (adm == NULL)
		return ST_NOMEM;
	adm->limits = *limits;
	/* Until the keeper has spoken it alone decides. */
	adm->files_room = adm->text_room = UINT64_MAX;
	for (adm->buckets = 1; adm->buckets < n && adm->buckets < 1U << 20;)
		adm->buckets *= 2;
	adm->of = calloc(n, sizeof(*adm->of));
	adm->bucket = calloc(adm->buckets, sizeof(*adm->bucket));
	if (adm->of == NULL || adm->bucket == NULL) {
		admission_free(adm);
		return ST_NOMEM;
	}
	for (uint32_t i = 0; i < n; i++)
		adm->of[i].next = i + 1 < n ? i + 1 : NONE;
	adm->free = n > 0 ? 0 : NONE;
	for (uint32_t i = 0; i < adm->buckets; i++)
		adm->bucket[i] = NONE;
	*out = adm;
	return ST_OK;
}

void
admission_free(struct admission *adm)
{
	if (adm == NULL)
		return;
	free(adm->of);
	free(adm->bucket);
	free(adm);
}

/* tor counts circuits up one by one, so the low bits spread them well. */
static uint32_t *
bucket_of(struct admission *adm, uint32_t number)
{
	return &adm->bucket[number & (adm->buckets - 1)];
}

enum status
admission_enter(struct admission *adm, uint32_t number, struct circuit **out)
{
	uint32_t *head = bucket_of(adm, number), i = *head;

	*out = NULL;
	while (i != NONE && adm->of[i].number != number)
		i = adm->of[i].next;
	if (i == NONE) {
		if ((i = adm->free) == NONE)
			return ST_LIMIT;
		adm->free = adm->of[i].next;
		adm->of[i] = (struct circuit){number, *head, 0, 0};
		*head = i;
	}
	if (adm->of[i].connections >= adm->limits.circuit_connections)
		return ST_LIMIT;
	adm->of[i].connections++;
	*out = &adm->of[i];
	return ST_OK;
}

void
admission_leave(struct admission *adm, struct circuit *circuit)
{
	uint32_t self, *link;

	if (circuit == NULL || --circuit->connections > 0)
		return;
	assert(circuit->uploads == 0);
	self = (uint32_t)(circuit - adm->of);
	for (link = bucket_of(adm, circuit->number); *link != self;)
		link = &adm->of[*link].next;
	*link = circuit->next;
	*circuit = (struct circuit){0, adm->free, 0, 0};
	adm->free = self;
}

enum status
admission_upload_begin(struct admission *adm, struct circuit *circuit)
{
	if (circuit == NULL)
		return ST_OK;
	if (circuit->uploads >= adm->limits.circuit_uploads)
		return ST_LIMIT;
	circuit->uploads++;
	return ST_OK;
}

void
admission_upload_end(struct circuit *circuit)
{
	if (circuit != NULL)
		circuit->uploads--;
}

void
admission_set_room(struct admission *adm, uint64_t files, uint64_t text)
{
	adm->files_room = files;
	adm->text_room = text;
}

uint64_t
admission_files_room(const struct admission *adm)
{
	return adm->files_room > adm->reserved ? adm->files_room - adm->reserved
					       : 0;
}

uint64_t
admission_text_room(const struct admission *adm)
{
	return adm->text_room > adm->reserved ? adm->text_room - adm->reserved
					      : 0;
}

void
admission_reserve(struct admission *adm, uint64_t len)
{
	adm->reserved += len;
}

void
admission_release(struct admission *adm, uint64_t len)
{
	assert(len <= adm->reserved);
	adm->reserved -= len;
}
