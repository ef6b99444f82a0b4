/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

static bool has_all_of_lock(const brn_engine *e)
{
    return e->lock != NULL && e->unlock != NULL && e->lock_holder != NULL && e->lock_wait != NULL &&
           e->lock_break != NULL;
}

static bool has_any_of_lock(const brn_engine *e)
{
    return e->lock != NULL || e->unlock != NULL || e->lock_holder != NULL || e->lock_wait != NULL ||
           e->lock_break != NULL;
}

static const char *check_identity(const brn_engine *e)
{
    if (e->abi != BRN_ENGINE_ABI) {
        return "abi is not the one of this library";
    }
    if (e->name == NULL || e->name[0] == '\0') {
        return "no name";
    }
    if (e->schemes == NULL || e->schemes[0] == NULL) {
        return "no URL scheme";
    }
    if (e->dialect == NULL) {
        return "no dialect";
    }
    return NULL;
}

static const char *check_required(const brn_engine *e)
{
    if (e->connect == NULL || e->disconnect == NULL || e->server_info == NULL) {
        return "connect, disconnect and server_info are required";
    }
    if (e->run == NULL || e->reset == NULL) {
        return "run and reset are required";
    }
    if (e->ledger_read == NULL || e->history_read == NULL) {
        return "ledger_read and history_read are required";
    }
    if (e->inspect == NULL) {
        return "inspect is required";
    }
    return NULL;
}

static const char *check_optional(const brn_engine *e)
{
    if ((e->caps & BRN_CAP_LOCK) != 0 && !has_all_of_lock(e)) {
        return "BRN_CAP_LOCK without all lock functions";
    }
    if ((e->caps & BRN_CAP_LOCK) == 0 && has_any_of_lock(e)) {
        return "lock functions without BRN_CAP_LOCK";
    }
    if (((e->caps & BRN_CAP_PROBE) != 0) != (e->probe != NULL)) {
        return "BRN_CAP_PROBE and probe do not agree";
    }
    if (((e->caps & BRN_CAP_OBJECTS) != 0) != (e->objects != NULL)) {
        return "BRN_CAP_OBJECTS and objects do not agree";
    }
    if (((e->caps & BRN_CAP_EXECUTE) != 0) != (e->execute != NULL)) {
        return "BRN_CAP_EXECUTE and execute do not agree";
    }
    if (((e->caps & BRN_CAP_SESSIONS) != 0) != (e->sessions != NULL)) {
        return "BRN_CAP_SESSIONS and sessions do not agree";
    }
    if (((e->caps & BRN_CAP_MIRROR) != 0) != (e->mirror_read != NULL)) {
        return "BRN_CAP_MIRROR and mirror_read do not agree";
    }
    return NULL;
}

const char *brn_engine_validate(const brn_engine *engine)
{
    const char *wrong = check_identity(engine);

    if (wrong == NULL) {
        wrong = check_required(engine);
    }
    return wrong != NULL ? wrong : check_optional(engine);
}
