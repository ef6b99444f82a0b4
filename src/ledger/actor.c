/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/actor.h"

#include <stdio.h>

#include <brant/version.h>

#include "base/platform.h"

void brn_actor_init(brn_actor *actor)
{
    char user[BRN_PLATFORM_NAME];
    char host[BRN_PLATFORM_NAME];
    brn_platform_user(user);
    brn_platform_host(host);
    snprintf(actor->who, sizeof(actor->who), "%s@%s", user, host);
    snprintf(actor->tool, sizeof(actor->tool), "brant %s", brant_version());
    brn_platform_random_hex(actor->run_id);
}
