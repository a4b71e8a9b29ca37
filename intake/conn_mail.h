/*
 * conn_mail: somebody comes back with a return code.
 *
 * What is answered must not tell an onlooker, nor a stranger who tries codes,
 * whether something waited.  All such pages are of one length, and leave at a
 * multiple of LIMIT_TICK_MS since the head was there; the work in between is
 * the same for every code (mail.h) and done before the tick.
 *
 * For conn's own files: phases FORM, ASKED and TICK of conn.h.
 */
#ifndef TIPLINE_INTAKE_CONN_MAIL_H
#define TIPLINE_INTAKE_CONN_MAIL_H

#include "intake/conn_parts.h"

/* May such a visit begin?  ANSWER_COUNT: yes, it is counted, and c->mail is
 * there. */
enum answer conn_mail_admit(struct conn *c);

/* Begin its body.  May drop c. */
void conn_mail_begin(struct conn *c);

/* Its form can be read.  May drop c. */
void conn_mail_readable(struct conn *c);

/* The deadline of FORM, ASKED or TICK has passed.  May drop c. */
void conn_mail_deadline(struct conn *c);

/* The keeper's word about what was asked.  May drop c. */
void conn_mail_outcome(struct conn *c, enum keeper_outcome outcome);

/* Keep an answer until the tick. */
void conn_mail_hold(struct conn *c, enum answer which);

/* The visit, if any, is over: wipe what it left. */
void conn_mail_end(struct conn *c);

#endif
