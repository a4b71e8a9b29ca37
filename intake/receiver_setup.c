#include "intake/receiver_setup.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/guarded.h"
#include "base/ipc.h"
#include "base/log.h"
#include "intake/limits.h"

/* Descriptors beside those of connections. */
#define FDS_OWN 32
/* Beyond these a configuration is a mistake of ours: line/config.h has the
 * ranges an operator may choose from. */
#define CONNECTIONS_SANE 65536
#define UPLOAD_SANE (UINT64_C(1) << 40)

_Static_assert(CONTROL_EPOCHS_LEN_MAX <= IPC_MAX, "16 epochs fit");

static bool
config_sane(const struct control_config *config)
{
	return memchr(config->onion, '\0', sizeof(config->onion)) != NULL &&
	    config->proxy <= PROXY_REQUIRE && config->unix_on <= 1 &&
	    config->loopback <= 1 && config->unix_on + config->loopback > 0 &&
	    config->files_max >= 1 && config->connections_max >= 1 &&
	    config->connections_max <= CONNECTIONS_SANE &&
	    config->circuit_connections_max >= 1 &&
	    config->circuit_uploads_max >= 1 && config->upload_max >= 1 &&
	    config->upload_max <= UPLOAD_SANE;
}

/* As many connections as were asked for, or as descriptors allow. */
static uint32_t
connections_possible(uint32_t wanted)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) != 0)
		return wanted;
	lim.rlim_cur = lim.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &lim);
	if (lim.rlim_max <= FDS_OWN + 1)
		return 1;
	return wanted < lim.rlim_max - FDS_OWN
	    ? wanted
	    : (uint32_t)(lim.rlim_max - FDS_OWN);
}

static void
name_loopback(struct receiver *rx)
{
	snprintf(rx->loopback[0], HOST_TEXT_LEN, "127.0.0.1:%u",
	    (unsigned)rx->config.port);
	snprintf(rx->loopback[1], HOST_TEXT_LEN, "localhost:%u",
	    (unsigned)rx->config.port);
}

/* Guarded memory for all who may be here at once.  It is taken from the
 * system page by page, when first used. */
static enum status
open_memory(struct receiver *rx)
{
	size_t len = ((size_t)rx->uploads_max + 2) * LIMIT_UPLOAD_LEN;
	bool locked;
	enum status st;

	rx->texts_held.max = rx->uploads_max + LIMIT_SALVAGES;
	len += (size_t)rx->texts_held.max * LIMIT_TEXT_BACK_LEN;
	len += (size_t)LIMIT_SALVAGES * LIMIT_SALVAGE_LEN;
	len += (size_t)LIMIT_MAILS * LIMIT_MAIL_LEN;
	if ((st = guarded_open(len, &locked)) != ST_OK)
		return st;
	if (!locked)
		log_event(LOG_NO_MLOCK);
	if ((rx->read_buf = guarded_new(LIMIT_READ_LEN)) == NULL ||
	    (rx->page = guarded_new(PAGE_TOTAL_LEN)) == NULL)
		return ST_NOMEM;
	return ST_OK;
}

static enum status
take_config(struct receiver *rx, const void *p, size_t len)
{
	struct control_config *config = &rx->config;
	struct admission_limits limits;
	enum status st;

	if (rx->configured || len != sizeof(*config))
		return ST_MALFORMED;
	memcpy(config, p, len);
	if (!config_sane(config))
		return ST_MALFORMED;
	config->connections_max = connections_possible(config->connections_max);
	if (config->unix_on == 0)
		rx->door[DOOR_UNIX].fd = -1;
	if (config->loopback == 0)
		rx->door[DOOR_LOOPBACK].fd = -1;
	name_loopback(rx);
	/* Uploads alone never keep everybody else from coming in. */
	rx->uploads_max = (config->connections_max + 1) / 2;
	if (rx->uploads_max > LIMIT_UPLOADS)
		rx->uploads_max = LIMIT_UPLOADS;
	if ((st = open_memory(rx)) != ST_OK)
		return st;
	limits = (struct admission_limits){config->connections_max,
	    config->circuit_connections_max, config->circuit_uploads_max};
	if ((st = admission_new(&limits, &rx->admission)) != ST_OK ||
	    (st = progress_table_new(&rx->progresses)) != ST_OK)
		return st;
	rx->shop = (struct upload_shop){.link = rx->link,
	    .admission = rx->admission,
	    .upload_max = config->upload_max,
	    .files_max = config->files_max,
	    .onion = config->onion,
	    .texts = &rx->texts_held};
	rx->configured = true;
	return receiver_site_changed(rx);
}

static enum status
take_epochs(struct receiver *rx, const void *p, size_t len)
{
	static struct control_epochs told;

	if (control_epochs_parse(p, len, &told) != ST_OK)
		return ST_MALFORMED;
	rx->told = told;
	/* Never back: not with the clock, and not with the supervisor. */
	if (told.floor > rx->floor)
		rx->floor = told.floor;
	rx->keyed = true;
	if (rx->ready)
		(void)receiver_epoch(rx); /* says so if it closes or opens */
	return ST_OK;
}

static struct site_text
text_of(const struct bytes *b)
{
	return (struct site_text){b->p, b->len};
}

static void
take_fingerprint(struct receiver *rx)
{
	struct minisign_key root;

	rx->fingerprint[0] = '\0';
	if (minisign_key_parse(
		(const char *)rx->root_pub.p, rx->root_pub.len, &root) == ST_OK)
		minisign_fingerprint(&root, rx->fingerprint);
}

enum status
receiver_site_changed(struct receiver *rx)
{
	const struct control_config *config = &rx->config;

	if (!rx->configured || rx->texts == NULL)
		return ST_OK; /* the rest comes yet */
	take_fingerprint(rx);
	rx->site.limits = (struct answer_limits){
	    config->upload_max, PAGE_MESSAGE_MAX, config->files_max};
	rx->site.onion = config->onion;
	rx->site.texts = rx->texts;
	rx->site.keys = (struct answer_keys){text_of(&rx->keyset_text),
	    text_of(&rx->keyset_sig), text_of(&rx->root_pub),
	    site_text_of(rx->fingerprint)};
	if (rx->answers == NULL)
		return answers_new(&rx->site, &rx->answers);
	answers_set(rx->answers, &rx->site);
	return ST_OK;
}

static enum status
take_texts(struct receiver *rx, const uint8_t *p, size_t len)
{
	struct bytes *came = &rx->texts_in.text[0];
	struct texts *t;
	enum status st;
	bool whole;

	st = pieces_take(&rx->texts_in, p, len, &whole);
	if (st != ST_OK || !whole)
		return st;
	st = texts_parse(came->p, came->len, &t);
	bytes_free(came);
	if (st != ST_OK)
		return st;
	texts_free(rx->texts);
	rx->texts = t;
	return receiver_site_changed(rx);
}

/* What lay in *to goes, *from is empty and of the same bound again. */
static void
move_bytes(struct bytes *to, struct bytes *from)
{
	bytes_free(to);
	*to = *from;
	*from = BYTES_INIT(to->max);
}

/* All three at once: a signature never stands beside another set's text. */
static enum status
take_keys_page(struct receiver *rx, const uint8_t *p, size_t len)
{
	struct bytes *came = rx->keys_in.text;
	enum status st;
	bool whole;

	st = pieces_take(&rx->keys_in, p, len, &whole);
	if (st != ST_OK || !whole)
		return st;
	move_bytes(&rx->keyset_text, &came[0]);
	move_bytes(&rx->keyset_sig, &came[1]);
	move_bytes(&rx->root_pub, &came[2]);
	rx->shown = true;
	return receiver_site_changed(rx);
}

static enum status
take_keeper(struct receiver *rx, size_t len, int *fd)
{
	enum status st;

	if (len != 0 || *fd == -1)
		return ST_MALFORMED;
	st = keeper_link_attach(rx->link, *fd);
	*fd = -1; /* now the link's */
	if (st == ST_OK && rx->keeper_lost) {
		rx->keeper_lost = false;
		log_event(LOG_KEEPER_BACK);
	}
	return st;
}

enum status
receiver_setup_message(struct receiver *rx)
{
	static uint8_t message[IPC_MAX];
	enum status st;
	uint8_t type;
	size_t len;
	int fd = -1;

	st = ipc_recv(
	    rx->control_fd, &type, message, sizeof(message), &len, &fd);
	if (st != ST_OK)
		return st;
	if (fd != -1 && type != CONTROL_KEEPER)
		st = ST_MALFORMED;
	else if (type == CONTROL_CONFIG)
		st = take_config(rx, message, len);
	else if (type == CONTROL_EPOCHS)
		st = take_epochs(rx, message, len);
	else if (type == CONTROL_TEXTS)
		st = take_texts(rx, message, len);
	else if (type == CONTROL_KEYS_PAGE)
		st = take_keys_page(rx, message, len);
	else if (type == CONTROL_KEEPER)
		st = take_keeper(rx, len, &fd);
	else
		st = ST_MALFORMED;
	if (fd != -1)
		close(fd);
	return st;
}

enum status
receiver_configure(struct receiver *rx)
{
	enum status st = ST_OK;

	while (st == ST_OK &&
	    !(rx->configured && rx->keyed && rx->texts != NULL && rx->shown &&
		keeper_link_up(rx->link)))
		st = receiver_setup_message(rx);
	return st;
}
