#include "config.h"

#include "clientd/units/sheet_fate.h"

#include <deskline/words.h>

enum evidence {
    EVIDENCE_NO_DATA,
    EVIDENCE_NOT_BEGUN,
    EVIDENCE_NOTHING,
    EVIDENCE_SILENT,
    EVIDENCE_PART,
    EVIDENCE_WHOLE,
    EVIDENCES
};

enum job_row {
#define FATE(ROW, no_data, not_begun, nothing, silent, part, whole) ROW_##ROW,
#include "clientd/units/sheet_fate.def"
    ROWS
};

static const enum sheet_fate fates[ROWS][EVIDENCES] = {
#define FATE(ROW, no_data, not_begun, nothing, silent, part, whole)                                          \
    [ROW_##                                                                                                  \
        ROW] = {FATE_##no_data, FATE_##not_begun, FATE_##nothing, FATE_##silent, FATE_##part, FATE_##whole},
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

/* A queue counts what its filters have made, or what its driver has said so far: neither something nor
 * nothing is a proof there. A printer counts paper. A job that went through without a count was no sheet that
 * came out, and that a printer has refused never began. */
static enum evidence evidence_of(const struct printer_job_look *job, const struct sheet_knowledge *known)
{
    if (!known->had_data || job->has_no_data)
        return EVIDENCE_NO_DATA;
    if (job->is_queue && !known->was_watched)
        return EVIDENCE_SILENT;
    if (job->has_not_begun)
        return EVIDENCE_NOT_BEGUN;
    if (job->is_queue || !job->has_count)
        return job->is_refused && job->count == 0 ? EVIDENCE_NOT_BEGUN : EVIDENCE_SILENT;
    if (job->count >= known->sides)
        return EVIDENCE_WHOLE;
    return job->count ? EVIDENCE_PART : EVIDENCE_NOTHING;
}

enum sheet_fate sheet_fate(const struct printer_job_look *job, const struct sheet_knowledge *known)
{
    return fates[row_of(job)][evidence_of(job, known)];
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
