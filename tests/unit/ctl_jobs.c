#include "ctl_jobs.h"

#include <string.h>

static void set_pages(struct ledger *ledger, const char *states)
{
    for (uint32_t page = 1; states[page - 1]; page++) {
        enum page_state state = states[page - 1] == 'r'   ? PAGE_READ
                                : states[page - 1] == 's' ? PAGE_STORED
                                : states[page - 1] == '?' ? PAGE_UNCERTAIN
                                : states[page - 1] == '-' ? PAGE_SKIPPED
                                                          : PAGE_UNREAD;
        ledger_set(ledger, page, state, 0);
    }
}

static void set_manners(struct ctl_job *job, const struct ledger *ledger, const struct phase *phase,
                        uint16_t error)
{
    struct manner_offer offers[MANNER_OFFERS_MAX];
    unsigned count = manner_offers(ledger, phase, error, true, offers);
    for (unsigned i = 0; i < count; i++) {
        struct record_manner record = {(uint8_t)offers[i].manner, offers[i].first_page, offers[i].last_page};
        frame_list_add(&job->manners, &frame_record_manner, &record);
    }
}

void ctl_job_make(struct ctl_job *job, const char *states, uint32_t total, uint16_t error, uint32_t round)
{
    struct ledger ledger = {.total = total};
    *job = (struct ctl_job){.frame = {.type = FRAME_JOB_STATUS, .job = 7}};
    struct frame_job_status *status = &job->frame.job_status;
    set_pages(&ledger, states);
    struct phase phase = phase_of(FUNCTION_READING, &ledger);
    if (error)
        set_manners(job, &ledger, &phase, error);
    status->client = frame_text_of("kontor");
    status->service = frame_text_of("archive");
    status->title = frame_text_of("invoices");
    status->unit = frame_text_of("rig");
    status->state = error ? JOB_STOPPED : JOB_PROCESSING;
    status->reasons = frame_text_of(error ? error_find(error)->keyword : "none");
    status->phase = phase_to_record(&phase);
    ledger_to_account(&ledger, &job->runs, &status->account);
    status->error_code = error;
    status->round = round;
    status->manners = frame_list_view(&job->manners);
    status->created_ms = 1936258200125;
    status->updated_ms = 1936258201000;
    status->bytes = 1234567;
    status->link = 1;
    ledger_free(&ledger);
}

void ctl_job_free(struct ctl_job *job)
{
    frame_list_builder_free(&job->runs);
    frame_list_builder_free(&job->manners);
}
