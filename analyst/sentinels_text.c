/*
 * sentinels: the texts; see sentinels.h.
 *
 * A small grammar: a text is a row of sentences, a sentence one of several
 * forms, and in a form each letter after a % stands for a list of words.  The
 * forms and lists give more than 2^45 texts, so no two are alike.  Whoever has
 * this program can know a text as one of these; sentinel add is for others.
 */
#include "analyst/dice.h"
#include "analyst/sentinels.h"

#define FORMS 6
#define WORDS 16

static const char *const begin[FORMS] = {
    "I work for a %c in %p and have seen something that you should know.",
    "A man I know from my time at a %c in %p does things that are not right.",
    "This is about a %c in %p, where I worked until %t.",
    "I do not know whether this is of use to you: it is about a %c in %p.",
    "My cousin is with a %c in %p and told me this %d.",
    "Please look at a %c in %p, the one close to the %l.",
};

static const char *const middle[FORMS] = {
    "Since %t the %w has brought %g there, mostly at night.",
    "They write %b for %g, and no one asks why.",
    "The %w pays with %m, always through the same %c.",
    "%d I saw %g behind the %l, and the next day all of it was gone.",
    "For %g they take %m, and the %b are burnt later.",
    "A second %w comes from %p every few weeks and takes the %b along.",
};

static const char *const more[FORMS] = {
    "I have seen the %b myself, more than once.",
    "Two of us asked about it and were told to be quiet.",
    "It is done through a %c in %p as well, as far as I know.",
    "The %w has a room near the %l where %g are kept.",
    "Somebody at the %l must know, since nobody ever looks into the cars.",
    "I think that %m goes back to %p in this way.",
};

static const char *const end[FORMS] = {
    "I can say more if you ask, but not by telephone.",
    "Please do not write my name anywhere.",
    "I will look here again when I can, perhaps after %t.",
    "That is all I know for now.",
    "If it is nothing, I am sorry for your time.",
    "I could get copies of the %b if that helps.",
};

struct words {
	char letter;
	const char *word[WORDS];
};

static const struct words words[] = {
    {'c',
	{"shipping company", "transport firm", "car workshop", "small bank",
	    "travel agency", "customs broker", "building company",
	    "money changer's office", "hotel", "printing shop", "pharmacy",
	    "trading house", "security firm", "warehouse", "computer shop",
	    "fishing company"}},
    {'p',
	{"Rotterdam", "Limassol", "Dubai", "Vladivostok", "Istanbul", "Batumi",
	    "Piraeus", "Busan", "Karachi", "Odesa", "Panama City", "Dalian",
	    "Mombasa", "Trieste", "Almaty", "Beirut"}},
    {'t',
	{"last spring", "the end of the summer", "last winter",
	    "the middle of last year", "the holidays",
	    "the beginning of the year", "last autumn", "the elections",
	    "Easter", "the new manager came", "the strike", "last month",
	    "the owner died", "the fire", "August", "the harvest"}},
    {'d',
	{"last spring", "three months ago", "a few weeks ago", "last winter",
	    "the week before last", "two years ago", "on a Sunday",
	    "late last year", "at the end of the summer", "during the strike",
	    "after the holidays", "one night in autumn", "a year ago",
	    "before the elections", "last Friday", "yesterday"}},
    {'w',
	{"driver", "manager", "foreman", "bookkeeper", "cousin of the owner",
	    "man with a foreign passport", "former officer", "guard",
	    "woman from the front desk", "captain", "agent", "partner",
	    "man called the doctor", "brother of the owner", "lawyer",
	    "new man from the port"}},
    {'g',
	{"crates without papers", "machine parts", "boxes with old telephones",
	    "drums of chemicals", "spare parts for engines", "bank cards",
	    "large amounts of cash", "passports", "hard disks",
	    "pallets of medicine", "pieces for drones", "gold bars",
	    "navigation sets", "used servers", "sealed bags", "car keys"}},
    {'b',
	{"invoices", "delivery notes", "bills of lading", "false receipts",
	    "customs forms", "papers for two ships", "lists of names",
	    "contracts", "bank statements", "letters of credit",
	    "insurance papers", "visitor lists", "log books", "order sheets",
	    "freight lists", "pay slips"}},
    {'m',
	{"cash", "bitcoin", "gold", "old dollar notes", "euros in envelopes",
	    "transfers from a church fund", "prepaid cards", "tether",
	    "cheques of another firm", "watches", "cash from the market",
	    "loans that nobody pays back", "transfers in small parts", "monero",
	    "rent for empty rooms", "fees for advice"}},
    {'l',
	{"old harbour", "railway station", "mosque", "cement works",
	    "university", "fish market", "football ground", "bus station",
	    "customs house", "hospital", "second gate", "river bridge",
	    "airport road", "grain silo", "tax office", "school"}},
};

static enum status
put_word(char letter, struct bytes *out)
{
	uint32_t at;
	enum status st;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].letter != letter)
			continue;
		if ((st = dice_below(WORDS, &at)) != ST_OK)
			return st;
		return bytes_append_text(out, words[i].word[at]);
	}
	return ST_BUG;
}

/* A sentence begins with a capital letter, also where a word list has none. */
static enum status
put_sentence(const char *const form[static FORMS], struct bytes *out)
{
	const size_t start = out->len;
	uint32_t at;
	enum status st = dice_below(FORMS, &at);

	for (const char *p = st == ST_OK ? form[at] : "";
	     *p != '\0' && st == ST_OK; p++) {
		if (*p == '%')
			st = put_word(*++p, out);
		else
			st = bytes_append(out, p, 1);
	}
	if (st == ST_OK && out->p[start] >= 'a' && out->p[start] <= 'z')
		out->p[start] = (uint8_t)(out->p[start] - 'a' + 'A');
	return st;
}

/* What stands between two sentences: mostly a blank. */
static enum status
put_gap(struct bytes *out)
{
	uint32_t at;
	enum status st = dice_below(5, &at);

	if (st != ST_OK)
		return st;
	return bytes_append_text(out, at == 0 ? "\n" : " ");
}

enum status
sentinels_text(struct bytes *out)
{
	uint32_t middles, mores;
	enum status st;

	if ((st = dice_below(2, &middles)) != ST_OK ||
	    (st = dice_below(3, &mores)) != ST_OK)
		return st;
	st = put_sentence(begin, out);
	/* Three at least, or chance might one day make a text twice. */
	for (uint32_t i = 0; i < middles + 3 && st == ST_OK; i++) {
		if ((st = put_gap(out)) == ST_OK)
			st = put_sentence(middle, out);
	}
	for (uint32_t i = 0; i < mores && st == ST_OK; i++) {
		if ((st = put_gap(out)) == ST_OK)
			st = put_sentence(more, out);
	}
	if (st == ST_OK && (st = put_gap(out)) == ST_OK)
		st = put_sentence(end, out);
	return st != ST_OK ? st : bytes_append_text(out, "\n");
}
