/*
 * The calendar, done here because timegm() takes more than we allow and
 * gmtime() may open the time zone files, which a confined process cannot.
 */
#include <stdbool.h>

#include "base/num.h"

#define DAY 86400U
#define FIRST_YEAR 1970U
#define LAST_YEAR 9999U
#define LAST_SECOND 253402300799U /* 9999-12-31T23:59:59Z */

static bool
is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned
days_in_month(unsigned year, unsigned month)
{
	static const uint8_t days[12] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}

/* Leap years from year 1 up to and with the given one. */
static unsigned
leap_years(unsigned year)
{
	return year / 4 - year / 100 + year / 400;
}

/* Days from 1970-01-01 to the first of January of year. */
static unsigned
days_before_year(unsigned year)
{
	return (year - FIRST_YEAR) * 365U + leap_years(year - 1) -
	    leap_years(FIRST_YEAR - 1);
}

/* Read count digits at text; false if one is not a digit. */
static bool
digits(const char *text, unsigned count, unsigned *out)
{
	*out = 0;
	for (unsigned i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(text[i] - '0');
	}
	return true;
}

enum status
time_parse(const char *text, size_t len, uint64_t *out)
{
	unsigned year, month, day, hour, minute, second, days;

	*out = 0;
	if (len != TIME_TEXT_LEN || text[4] != '-' || text[7] != '-' ||
	    text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
	    text[19] != 'Z')
		return ST_MALFORMED;
	if (!digits(text, 4, &year) || !digits(text + 5, 2, &month) ||
	    !digits(text + 8, 2, &day) || !digits(text + 11, 2, &hour) ||
	    !digits(text + 14, 2, &minute) || !digits(text + 17, 2, &second))
		return ST_MALFORMED;
	if (year < FIRST_YEAR || month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month) || hour > 23 || minute > 59 ||
	    second > 59)
		return ST_MALFORMED;
	days = days_before_year(year) + day - 1;
	for (unsigned m = 1; m < month; m++)
		days += days_in_month(year, m);
	*out = (uint64_t)days * DAY + hour * 3600U + minute * 60U + second;
	return ST_OK;
}

static void
put_digits(char *out, unsigned count, unsigned v)
{
	for (unsigned i = count; i-- > 0; v /= 10)
		out[i] = (char)('0' + v % 10);
}

void
time_format(uint64_t seconds, char out[static TIME_TEXT_LEN + 1])
{
	static const char form[TIME_TEXT_LEN + 1] = "0000-00-00T00:00:00Z";
	unsigned days, rest, year, month = 1;

	if (seconds > LAST_SECOND)
		seconds = LAST_SECOND;
	days = (unsigned)(seconds / DAY);
	rest = (unsigned)(seconds % DAY);
	/* A guess that is never too late, then on by a year at a time. */
	year = FIRST_YEAR + days / 366U;
	while (year < LAST_YEAR && days_before_year(year + 1) <= days)
		year++;
	days -= days_before_year(year);
	while (days >= days_in_month(year, month))
		days -= days_in_month(year, month++);
	for (size_t i = 0; i < sizeof(form); i++)
		out[i] = form[i];
	put_digits(out, 4, year);
	put_digits(out + 5, 2, month);
	put_digits(out + 8, 2, days + 1);
	put_digits(out + 11, 2, rest / 3600);
	put_digits(out + 14, 2, rest / 60 % 60);
	put_digits(out + 17, 2, rest % 60);
}
