#include "intake/admission.h"

#include <assert.h>
#include <stdlib.h>

#include "intake/limits.h"

#define NONE UINT32_MAX

/* One circuit, in a chain of its bucket or of the free ones. */
struct circuit {
	uint32_t number, next;
	uint32_t connections, uploads, mails;
};

struct admission {
	struct admission_limits limits;
	uint64_t files_room, text_room;
	uint64_t files_held, text_held;
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
		adm->of[i] = (struct circuit){number, *head, 0, 0, 0};
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
	assert(circuit->uploads == 0 && circuit->mails == 0);
	self = (uint32_t)(circuit - adm->of);
	for (link = bucket_of(adm, circuit->number); *link != self;)
		link = &adm->of[*link].next;
	*link = circuit->next;
	*circuit = (struct circuit){0, adm->free, 0, 0, 0};
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

enum status
admission_mail_begin(struct circuit *circuit)
{
	if (circuit == NULL)
		return ST_OK;
	if (circuit->mails >= LIMIT_CIRCUIT_MAILS)
		return ST_LIMIT;
	circuit->mails++;
	return ST_OK;
}

void
admission_mail_end(struct circuit *circuit)
{
	if (circuit != NULL)
		circuit->mails--;
}

void
admission_set_room(struct admission *adm, uint64_t files, uint64_t text)
{
	adm->files_room = files;
	adm->text_room = text;
}

static uint64_t
less(uint64_t from, uint64_t take)
{
	return from > take ? from - take : 0;
}

uint64_t
admission_files_room(const struct admission *adm)
{
	return less(adm->files_room, adm->files_held);
}

uint64_t
admission_text_room(const struct admission *adm)
{
	uint64_t files = adm->files_held;

	/* What files hold beyond their room they will not get. */
	if (files > adm->files_room)
		files = adm->files_room;
	return less(less(adm->text_room, files), adm->text_held);
}

bool
admission_files_full(const struct admission *adm)
{
	return adm->files_room == 0;
}

/* Hold what is due now, no more and no less. */
static void
hold(struct admission *adm, struct claim *claim)
{
	uint64_t *sum = claim->files ? &adm->files_held : &adm->text_held;
	uint64_t due = LIMIT_CLAIM_FIRST;

	assert(claim->held <= *sum);
	*sum -= claim->held;
	if (claim->came > (UINT64_MAX - due) / LIMIT_CLAIM_TIMES)
		due = UINT64_MAX;
	else
		due += claim->came * LIMIT_CLAIM_TIMES;
	claim->held = due < claim->need ? due : claim->need;
	*sum += claim->held;
}

void
admission_claim(
    struct admission *adm, struct claim *claim, uint64_t need, bool files)
{
	*claim = (struct claim){.files = files, .need = need};
	hold(adm, claim);
}

void
admission_came(struct admission *adm, struct claim *claim, size_t len)
{
	claim->need = less(claim->need, len);
	claim->came += len;
	hold(adm, claim);
}

void
admission_unclaim(struct admission *adm, struct claim *claim)
{
	claim->need = 0;
	hold(adm, claim);
}
