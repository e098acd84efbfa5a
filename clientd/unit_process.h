/*
 * A unit at work: its process, its socket, its watchdog, and its end, which is said exactly once, whatever
 * comes first of its last word, the end of the socket and the end of the process. What its frames mean is for
 * execution.c (reading) and printing.c (printing):
 *
 *   unit_process_start ─► on_frame … ─► unit_process_take_word ─► on_end (once) ─► unit_process_free
 */
#ifndef DESKLINE_CLIENTD_UNIT_PROCESS_H
#define DESKLINE_CLIENTD_UNIT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/frame.h>

#include "clientd/job_read.h"

struct loop;
struct peer_sweep;
struct unit_process;

/* How a run ended: finished, or failed with a code. */
struct unit_end {
    bool has_finished;
    bool medium_ended;    /* finished */
    bool is_without_word; /* the unit died or was stopped: what it left behind has to be looked up */
    uint16_t code;        /* failed; of errors.def */
    uint32_t page;        /* finished: the last page; failed: the one that was interrupted, 0 for none */
    char text[JOB_TEXT_SIZE];
};

struct unit_process_callbacks {
    void (*on_frame)(void *context, const struct frame *frame);
    /* No frame has come for as long as unit_process_watch said, and no last word: unit_process_take_word and
     * unit_process_stop are what is left to do. */
    void (*on_stall)(void *context);
    void (*on_end)(void *context, const struct unit_end *end);
};

struct unit_process_orders {
    const char *unit_folder;
    const char *program; /* in that folder; a constant, kept */
    char *const *arguments;
    uint64_t job;
    uint16_t died;          /* the code of a unit that ends without a word */
    uint32_t stop_grace_ms; /* from TERM to KILL */
};

/* 0, or a negative errno (logged): then nothing is called. */
int unit_process_start(struct unit_process **process, struct loop *loop, struct peer_sweep *sweep,
                       const struct unit_process_orders *orders,
                       const struct unit_process_callbacks *callbacks, void *context);
/* Sends it a frame of its job. What cannot be sent any more is logged. */
void unit_process_send(struct unit_process *process, struct frame *frame);
/* It has to send a frame every `limit_ms` from now on; 0: it may be silent. */
void unit_process_watch(struct unit_process *process, uint32_t limit_ms);
/* Its last word, or what was decided about it; the first one counts. From now on it only lets the device go.
 */
void unit_process_take_word(struct unit_process *process, const struct unit_end *end);
bool unit_process_has_word(const struct unit_process *process);
/* Whether it can still hear something. */
bool unit_process_is_alive(const struct unit_process *process);
/* Stands still (SIGSTOP) until unit_process_release. */
void unit_process_hold(struct unit_process *process);
bool unit_process_is_held(const struct unit_process *process);
void unit_process_release(struct unit_process *process);
/* It is to end: on_end follows. */
void unit_process_stop(struct unit_process *process);
/* Kills what still runs; nothing is called. Safe on NULL and in callbacks; clears *process. */
void unit_process_free(struct unit_process **process);

#endif
