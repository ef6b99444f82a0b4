/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * All of brant's public interface.
 *
 *     brant_settings *settings; brant_project *project; brant_session *session;
 *     brant_settings_new(&settings, &err);
 *     brant_settings_set(settings, "database", "sqlite:app.db", BRANT_ORIGIN_FLAG, NULL, &err);
 *     brant_project_load(&project, settings, &err);
 *     brant_session_open(&session, project, NULL, &err);
 *     brant_up(NULL, session, NULL, &err);
 */
#ifndef BRANT_BRANT_H
#define BRANT_BRANT_H

#include <brant/code.h>
#include <brant/error.h>
#include <brant/event.h>
#include <brant/project.h>
#include <brant/report.h>
#include <brant/run.h>
#include <brant/session.h>
#include <brant/settings.h>
#include <brant/sqlite.h>
#include <brant/version.h>

#endif
