/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session inside the library: its databases ("targets") with their engines and connections. The
 * public half is <brant/session.h>.
 */
#ifndef BRN_RUN_SESSION_H
#define BRN_RUN_SESSION_H

#include <brant/session.h>

#include "engine/engine.h"
#include "layouts/layout.h"
#include "ledger/chain.h"
#include "run/project.h"

typedef struct brn_target {
    struct brant_session *session;
    const brn_project_db *db;
    const brn_engine *engine;
    brn_mirror mirror; /* setting mirror */
    brn_conn *conn;    /* NULL: not connected */
    bool missing;      /* there is no such database yet */
    bool locked;
    bool stuck;                       /* could not be reset: see brn_target_reset() */
    brn_chain chain;                  /* valid while locked */
    BRN_VEC(const brn_given *) given; /* brant_session_register() */
    brn_lent lent;                    /* brant_session_attach(); its table is a copy */
    bool has_lent;
} brn_target;

/* Puts something over a connection: tests wrap the fault engine around it. NULL: out of memory. */
typedef brn_conn *brn_wrap_fn(brn_conn *inner, void *user);

struct brant_session {
    const brant_project *project;
    brn_emitter emitter;
    brn_control control;
    brn_arena arena;
    brn_target *targets;
    size_t count;
    const char *module_dir;
    uint64_t round_trips;
    brn_wrap_fn *wrap;
    void *wrap_user;
};

/* What a call does to a database. */
#define BRN_SESSION_CREATE (1u << 0) /* makes it when it is missing */

/*
 * Connects a target if it is not. Without BRN_SESSION_CREATE a database that is missing, on an
 * engine that could make it, is no error: target->missing is set and conn stays NULL.
 */
brant_status brn_session_connect(
    brant_session *session, brn_target *target, uint32_t flags, brant_error **err);
/*
 * The same for who wants to write: a missing database is made where nobody decides about that apart
 * (BRN_CAP_CREATE_UNASKED), and is "connect.no_database" elsewhere.
 */
brant_status brn_session_connect_to_write(
    brant_session *session, brn_target *target, brant_error **err);
/* Disconnects all and releases locks. */
void brn_session_disconnect(brant_session *session);

/* The target of that name; NULL: the only one. NULL with "session.unknown_database" or
 * "session.which_database". */
brn_target *brn_session_target(brant_session *session, const char *database, brant_error **err);

/*
 * Rolls back what a failed program left open. Where that fails, for want of memory as a rule, the
 * connection stays until the end of the call, when brn_target_settle() tries again or closes it:
 * a session must not keep a transaction open that nobody will end. A lent one cannot be closed: the
 * next brn_session_connect() tries once more.
 */
void brn_target_reset(brn_target *target);
void brn_target_settle(brn_target *target);

/* Settings of a target's database. */
const brant_settings *brn_target_settings(const brn_target *target);
const char *brn_target_name(const brn_target *target);

#endif
