/*
 * The durable part of a job as a small text: a line "deskline-job 1 JOB", a line "WORD VALUE" for each number
 * of job_record.def and each text, a line "slot SHEET JOB-ID" for each sheet that the printer has, with its
 * "slot-uuid" and "slot-printer" behind it, a line "run FIRST COUNT STATE GENERATION" for each run of the
 * ledger, and "end".
 */
#ifndef DESKLINE_CLIENTD_JOB_RECORD_H
#define DESKLINE_CLIENTD_JOB_RECORD_H

#include <stddef.h>

#include <deskline/frame.h>

#include "clientd/job_read.h"

#define JOB_MEDIA_SIZE  65
#define JOB_PAGES_SIZE  1025
#define JOB_TITLE_SIZE  257
#define JOB_DEVICE_SIZE 513
#define JOB_UNIT_SIZE   129
#define JOB_RECORD_MAX  (4u << 20) /* bytes: every page a run of its own */
#define JOB_RECORD_NAME "job"

/* record_print_order, kept; blocks and copies are the job's. */
struct job_order {
    uint8_t sides, color, orientation, scaling;
    char unit[JOB_UNIT_SIZE], media[JOB_MEDIA_SIZE], pages[JOB_PAGES_SIZE], title[JOB_TITLE_SIZE];
};

void job_order_keep(struct job_order *kept, const struct record_print_order *order);
/* Views into what is kept. */
struct record_print_order job_order_view(const struct job_order *kept, const struct job_read *job);

/* Only the durable members of `job` count. Reading: options.unit is not used, the name is in `unit`.
 * Printing: the order, and the URI at which its printer was found last. */
struct job_record {
    struct job_read job;
    struct record_read_options options;
    char unit[JOB_UNIT_SIZE];
    struct job_order order;
    char device[JOB_DEVICE_SIZE];
    int64_t created_ms, updated_ms; /* since 1970; 0: not known */
};

/* The text, which the caller frees; NULL without memory. */
char *job_record_print(const struct job_record *record, size_t *length);
/* Reads `text`, which is changed on the way. -EBADMSG when it is no whole record of job `id`; *record is to
 * be freed by job_read_free(&record->job) in any case. */
int job_record_parse(struct job_record *record, uint64_t id, char *text);

#endif
