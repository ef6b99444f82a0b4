/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases: locks that a server cannot tie to a session. What all engines with such a lock share.
 *
 * A lease is a record with an owner, a fencing number that grows by one whenever the owner changes,
 * a counter of beats, and the time at which it runs out by the server's clock. Whoever holds it
 * adds a beat and moves that time in each third of its length (heartbeat, a thread of its own);
 * whoever wants it watches.
 *
 *   safe     by the number alone: what the owner writes has it as a condition. A run that was
 *            stopped for hours writes nothing any more when another has taken over.
 *   at ease  by the time: others take over only when it is over, and a watch of half the length has
 *            seen no beat. So neither clocks that differ between machines nor a server that lets
 *            all writers wait make anybody take over from a run that lives.
 *
 * A beat that is missed ends nothing: the next one is sent sooner, and the number decides.
 */
#ifndef BRN_ENGINE_HEARTBEAT_H
#define BRN_ENGINE_HEARTBEAT_H

#include "core/error.h"

/* --- the length ------------------------------------------------------------------------------- */

/* From one beat to the next. */
int64_t brn_lease_period_ms(int64_t lease_ms);
/* For how long no beat was seen before the owner is taken for dead: more than a period. */
int64_t brn_lease_patience_ms(int64_t lease_ms);

/* --- the watch -------------------------------------------------------------------------------- */

/* Of one who waits for the lease. Zeroed: has seen nothing. */
typedef struct brn_lease_watch {
    int64_t fence;
    int64_t beats;
    int64_t since_ns;      /* monotonic: these two were seen for the first time; 0: never */
    int64_t asked_ns;      /* since when it waits for an answer; 0: it does not */
    int64_t not_before_ns; /* the owner is not taken for dead until then */
    bool was_held_up;      /* since these two were seen */
} brn_lease_watch;

/* What was seen at now_ns. True when it has been the same for as long as patience demands. */
bool brn_lease_watch_see(
    brn_lease_watch *watch, int64_t fence, int64_t beats, int64_t now_ns, int64_t lease_ms);

/*
 * A look begins, or is tried again, that has to wait for whatever the servers do before, as where
 * all nodes of a cluster change a table; brn_lease_watch_answer() says that it has succeeded.
 *
 * What has held it up holds up the owner's beats as well, on a node that may be slower. So the
 * owner has as much time again as it was silent until the answer, and no less than a lease. Once
 * for what was seen: looks that are always slow would never let anybody take over from the dead.
 */
void brn_lease_watch_ask(brn_lease_watch *watch, int64_t now_ns);
void brn_lease_watch_answer(brn_lease_watch *watch, int64_t now_ns, int64_t lease_ms);

/* --- the thread ------------------------------------------------------------------------------- */

typedef struct brn_heartbeat brn_heartbeat;

typedef enum brn_beat {
    BRN_BEAT_DONE = 0,
    BRN_BEAT_MISSED, /* the server was not there, or busy: soon again */
    BRN_BEAT_LOST,   /* the lease is another's: the thread ends */
} brn_beat;

/*
 * One beat, on the thread of the heartbeat. It must not emit events, and not touch what the owner's
 * thread writes in the meantime; where it waits it looks at brn_heartbeat_stops() several times in
 * a second, and gives up when that is true.
 */
typedef brn_beat brn_beat_fn(const brn_heartbeat *heartbeat, void *user);

/*
 * Starts the thread, with all signals blocked: they are for the host's own threads. The first beat
 * comes after one period, so that a short run costs nothing. Errors: BRANT_EIO "lock.no_heartbeat".
 */
brant_status brn_heartbeat_start(
    brn_heartbeat **out, int64_t period_ms, brn_beat_fn *beat, void *user, brant_error **err);
/* Ends the thread and waits for it; NULL is nothing. Afterwards the function is not called. */
void brn_heartbeat_stop(brn_heartbeat *heartbeat);
/* From any thread. */
bool brn_heartbeat_stops(const brn_heartbeat *heartbeat);

#endif
