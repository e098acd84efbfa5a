/*
 * The units of this host: found by a reading unit and a printing unit that are started for just that (it
 * takes seconds, and drivers crash), kept until somebody asks anew. [scanner NAME] and [printer NAME]
 * sections give devices short names.
 */
#ifndef DESKLINE_CLIENTD_UNITS_H
#define DESKLINE_CLIENTD_UNITS_H

#include <stdbool.h>
#include <stddef.h>

#include <deskline/frame.h>

struct loop;
struct peer_sweep;
struct settings;
struct units;

/* record_unit.kind */
enum unit_kind { UNIT_KIND_READING = 1, UNIT_KIND_PRINTING = 2 };

/* Starts to look at once. `on_changed` comes when the list is another one than before. `settings` stay the
 * caller's. */
struct units *units_new(struct loop *loop, struct peer_sweep *sweep, const struct settings *settings,
                        void (*on_changed)(void *context), void *context);
void units_free(struct units **units);

void units_set_settings(struct units *units, const struct settings *settings);
/* Looks for devices again, unless that is under way. */
void units_refresh(struct units *units);
bool units_is_looking(const struct units *units);
/* Called once when the search that is under way (or the one that starts now) has ended; forgotten with
 * units_cancel. -EBUSY when too many wait. */
int units_when_found(struct units *units, void (*found)(void *context), void *context);
void units_cancel(struct units *units, void *context);

/* Records of type unit; a view that is good until the next search ends. Names differ within a kind. */
struct frame_list units_list(const struct units *units);
unsigned units_count(const struct units *units, enum unit_kind kind);
/* The unit with that name, or device name; for an empty name the first one. Views as above. False: none. */
bool units_find(const struct units *units, enum unit_kind kind, const char *name, struct record_unit *unit);
/* "a, b, c" for people. */
void units_names(const struct units *units, enum unit_kind kind, char *text, size_t size);
/* "scanner", "printer" */
const char *unit_kind_name(enum unit_kind kind);

#endif
