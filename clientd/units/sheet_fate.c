#include "config.h"

#include "clientd/units/sheet_fate.h"

#include <deskline/words.h>

enum evidence {
    EVIDENCE_NO_DATA,
    EVIDENCE_NOT_BEGUN,
    EVIDENCE_NOTHING,
    EVIDENCE_MISSED,
    EVIDENCE_SILENT,
    EVIDENCE_PART,
    EVIDENCE_WHOLE,
    EVIDENCES
};

enum job_row {
#define FATE(ROW, no_data, not_begun, nothing, missed, silent, part, whole) ROW_##ROW,
#include "clientd/units/sheet_fate.def"
    ROWS
};

static const enum sheet_fate fates[ROWS][EVIDENCES] = {
#define FATE(ROW, no_data, not_begun, nothing, missed, silent, part, whole)                                  \
    [ROW_##ROW] = {FATE_##no_data, FATE_##not_begun, FATE_##nothing, FATE_##missed,                          \
                   FATE_##silent,  FATE_##part,      FATE_##whole},
#include "clientd/units/sheet_fate.def"
};

static enum job_row row_of(const struct printer_job_look *job)
{
    if (!job->is_known)
        return ROW_ABSENT;
    switch (job->state) {
    case JOB_PENDING:
        return ROW_PENDING;
    case JOB_PENDING_HELD:
        return ROW_HELD;
    case JOB_PROCESSING:
        return ROW_PROCESSING;
    case JOB_STOPPED:
        return ROW_STOPPED;
    case JOB_CANCELED:
        return job->is_stopping ? ROW_STOPPING : ROW_CANCELED;
    case JOB_ABORTED:
        return job->is_stopping ? ROW_STOPPING : ROW_ABORTED;
    case JOB_COMPLETED:
        return job->history_is_lost ? ROW_FORGOTTEN : ROW_COMPLETED;
    default:
        return ROW_PROCESSING; /* a state that does not exist: it may still become one that does */
    }
}

/* A queue counts what its filters have made, which is early: its nothing is nothing, once it is known to
 * count at all; its something proves nothing. */
static enum evidence evidence_of_queue(const struct printer_job_look *job,
                                       const struct sheet_knowledge *known,
                                       const struct sheet_counting *counting)
{
    if (!known->was_watched)
        return EVIDENCE_SILENT;
    if (job->has_not_begun)
        return EVIDENCE_NOT_BEGUN;
    return job->count == 0 && job->has_count && counting->has_counted ? EVIDENCE_NOTHING : EVIDENCE_SILENT;
}

/* A printer counts paper, until it is seen not to. */
static enum evidence evidence_of_printer(const struct printer_job_look *job,
                                         const struct sheet_knowledge *known,
                                         const struct sheet_counting *counting)
{
    if (job->has_not_begun)
        return EVIDENCE_NOT_BEGUN;
    if (!job->has_count)
        return EVIDENCE_SILENT;
    if (job->count >= known->sides)
        return EVIDENCE_WHOLE;
    if (job->count > 0)
        return EVIDENCE_PART;
    if (counting->has_counted)
        return EVIDENCE_MISSED;
    return counting->has_missed ? EVIDENCE_SILENT : EVIDENCE_NOTHING;
}

static enum evidence evidence_of(const struct printer_job_look *job, const struct sheet_knowledge *known,
                                 const struct sheet_counting *counting)
{
    if (!known->had_data || job->has_no_data)
        return EVIDENCE_NO_DATA;
    if (job->is_refused && job->count == 0)
        return EVIDENCE_NOTHING;
    return job->is_queue ? evidence_of_queue(job, known, counting)
                         : evidence_of_printer(job, known, counting);
}

enum sheet_fate sheet_fate(const struct printer_job_look *job, const struct sheet_knowledge *known,
                           const struct sheet_counting *counting)
{
    return fates[row_of(job)][evidence_of(job, known, counting)];
}

void sheet_counting_learn(struct sheet_counting *counting, const struct printer_job_look *job)
{
    if (!job->is_known || job->state != JOB_COMPLETED || job->history_is_lost)
        return;
    if (job->has_count && job->count)
        counting->has_counted = true;
    else
        counting->has_missed = true;
}

const char *sheet_fate_name(enum sheet_fate fate)
{
    static const char *const names[] = {[FATE_WAITS] = "waits",
                                        [FATE_WORKS] = "works",
                                        [FATE_PRINTED] = "printed",
                                        [FATE_NOT_PRINTED] = "not printed",
                                        [FATE_UNCERTAIN] = "uncertain"};
    return names[fate];
}
