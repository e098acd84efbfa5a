#include "config.h"

#include "clientd/units/ipp_look.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <deskline/words.h>

#include "base/text.h"
#include "clientd/units/printer_state.h"

const char *const ipp_look_printer_attributes[] = {"printer-state", "printer-state-reasons",
                                                   "printer-state-message", "printer-is-accepting-jobs",
                                                   "printer-type"};
const int ipp_look_printer_count = sizeof ipp_look_printer_attributes / sizeof ipp_look_printer_attributes[0];

const char *const ipp_look_job_attributes[] = {"job-id",
                                               "job-uuid",
                                               "job-state",
                                               "job-state-reasons",
                                               "job-state-message",
                                               "job-printer-state-message",
                                               "job-impressions-completed",
                                               "job-media-sheets-completed",
                                               "number-of-documents",
                                               "time-at-processing"};
const int ipp_look_job_count = sizeof ipp_look_job_attributes / sizeof ipp_look_job_attributes[0];

/* ---- Attributes --------------------------------------------------------------------------------------- */

/* One value as a text: a string as it is, everything else as libcups writes it. */
static void value_text(ipp_attribute_t *attribute, int index, char *text, size_t size)
{
    char raw[1024];
    const char *string = ippGetString(attribute, index, NULL);
    text[0] = '\0';
    if (!string) {
        int xres, yres = 0;
        ipp_res_t units = IPP_RES_PER_INCH;
        switch ((int)ippGetValueTag(attribute)) {
        case IPP_TAG_INTEGER:
        case IPP_TAG_ENUM:
            snprintf(raw, sizeof raw, "%d", ippGetInteger(attribute, index));
            break;
        case IPP_TAG_RANGE:
            xres = ippGetRange(attribute, index, &yres);
            snprintf(raw, sizeof raw, "%d-%d", xres, yres);
            break;
        case IPP_TAG_RESOLUTION:
            xres = ippGetResolution(attribute, index, &yres, &units);
            snprintf(raw, sizeof raw, "%.0f", units == IPP_RES_PER_CM ? xres * 2.54 : xres);
            break;
        default:
            return;
        }
        string = raw;
    }
    text_escape(text, size, string, strlen(string));
}

void ipp_look_text(ipp_t *answer, const char *name, char *text, size_t size)
{
    ipp_attribute_t *attribute = ippFindAttribute(answer, name, IPP_TAG_ZERO);
    text[0] = '\0';
    if (attribute && ippGetCount(attribute) > 0)
        value_text(attribute, 0, text, size);
}

bool ipp_look_number(ipp_t *answer, const char *name, uint32_t *number)
{
    ipp_attribute_t *attribute = ippFindAttribute(answer, name, IPP_TAG_ZERO);
    ipp_tag_t tag = attribute ? ippGetValueTag(attribute) : IPP_TAG_ZERO;
    if ((tag != IPP_TAG_INTEGER && tag != IPP_TAG_ENUM) || ippGetInteger(attribute, 0) < 0)
        return false;
    *number = (uint32_t)ippGetInteger(attribute, 0);
    return true;
}

bool ipp_look_has(ipp_t *answer, const char *name, const char *word)
{
    ipp_attribute_t *attribute = ippFindAttribute(answer, name, IPP_TAG_ZERO);
    char text[256];
    for (int i = 0; attribute && i < ippGetCount(attribute); i++) {
        value_text(attribute, i, text, sizeof text);
        if (strcmp(text, word) == 0)
            return true;
    }
    return false;
}

void ipp_look_words(ipp_t *answer, const char *name, char separator, char *text, size_t size)
{
    ipp_attribute_t *attribute = ippFindAttribute(answer, name, IPP_TAG_ZERO);
    char word[256];
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; attribute && i < ippGetCount(attribute); i++) {
        value_text(attribute, i, word, sizeof word);
        if (word[0] && used + strlen(word) + 2 <= size) {
            if (used)
                text[used++] = separator;
            used += (size_t)snprintf(text + used, size - used, "%s", word);
        }
    }
}

/* Between two groups stands an attribute without a name. */
int ipp_look_groups(ipp_t *answer, ipp_tag_t kind, int (*take)(void *context, ipp_t *group), void *context)
{
    ipp_t *group = NULL;
    int error = 0;
    for (ipp_attribute_t *at = ippFirstAttribute(answer); !error; at = ippNextAttribute(answer)) {
        bool belongs = at && ippGetGroupTag(at) == kind && ippGetName(at);
        if (!belongs && group) {
            error = take(context, group);
            ippDelete(group);
            group = NULL;
        }
        if (!at)
            break;
        if (belongs && !group)
            group = ippNew();
        if (belongs && !ippCopyAttribute(group, at, 1))
            error = -ENOMEM;
    }
    ippDelete(group);
    return error;
}

/* ---- The printer -------------------------------------------------------------------------------------- */

bool ipp_look_is_queue(ipp_t *answer)
{
    return ippFindAttribute(answer, "printer-type", IPP_TAG_ZERO) != NULL;
}

void ipp_look_printer(ipp_t *answer, struct printer_look *look)
{
    uint32_t state = 0;
    ipp_attribute_t *accepting = ippFindAttribute(answer, "printer-is-accepting-jobs", IPP_TAG_BOOLEAN);
    *look = (struct printer_look){0};
    if (ipp_look_number(answer, "printer-state", &state) && state <= UINT8_MAX)
        look->state = (uint8_t)state;
    look->is_queue = ipp_look_is_queue(answer);
    look->is_accepting = !accepting || ippGetBoolean(accepting, 0);
    ipp_look_words(answer, "printer-state-reasons", ' ', look->reasons, sizeof look->reasons);
    ipp_look_text(answer, "printer-state-message", look->message, sizeof look->message);
    look->is_paused = printer_state_is_paused(look->reasons);
    look->trouble = printer_state_trouble(look->reasons, look->state == PRINTER_STOPPED);
}

/* ---- A job -------------------------------------------------------------------------------------------- */

static bool has_reason(ipp_t *answer, const char *reason)
{
    return ipp_look_has(answer, "job-state-reasons", reason);
}

static bool has_any_reason(ipp_t *answer, const char *const *reasons)
{
    for (; *reasons; reasons++)
        if (has_reason(answer, *reasons))
            return true;
    return false;
}

/* A printer that was switched off counts its jobs anew: another job then has the number. */
static bool is_that_job(ipp_t *answer, const struct printer_ticket *ticket)
{
    uint32_t number = 0;
    char uuid[PRINTER_UUID_SIZE];
    ipp_look_text(answer, "job-uuid", uuid, sizeof uuid);
    return ipp_look_number(answer, "job-id", &number) && number == ticket->job &&
           strcmp(uuid, ticket->uuid) == 0;
}

/* Only while it waits: a spooler that drops the file of a job that is over counts no documents then. */
bool ipp_look_lacks_data(ipp_t *job)
{
    static const char *const incoming[] = {"job-incoming", "job-data-insufficient", NULL};
    uint32_t state = 0, documents;
    if (!ipp_look_number(job, "job-state", &state) || (state != JOB_PENDING && state != JOB_PENDING_HELD))
        return false;
    return has_any_reason(job, incoming) ||
           (ipp_look_number(job, "number-of-documents", &documents) && documents == 0);
}

/* Not what says that it goes on when something is there. Without any reason: a spooler that was killed while
 * it took the document, and remembers only that it had not begun with it. */
static bool is_held(ipp_t *job, uint32_t state)
{
    char reasons[256];
    ipp_look_words(job, "job-state-reasons", ' ', reasons, sizeof reasons);
    return state == JOB_PENDING_HELD &&
           (!reasons[0] || strcmp(reasons, "none") == 0 || has_reason(job, "job-hold-until-specified"));
}

void ipp_look_job(ipp_t *answer, const struct printer_ticket *ticket, bool is_queue,
                  struct printer_job_look *look)
{
    static const char *const refusals[] = {"document-format-error",       "document-unprintable-error",
                                           "unsupported-document-format", "unsupported-compression",
                                           "compression-error",           NULL};
    ipp_attribute_t *begun = ippFindAttribute(answer, "time-at-processing", IPP_TAG_ZERO);
    uint32_t state = 0, sheets;
    *look = (struct printer_job_look){.is_queue = is_queue};
    if (!is_that_job(answer, ticket) || !ipp_look_number(answer, "job-state", &state))
        return;
    look->is_known = true;
    look->state = state <= UINT8_MAX ? (uint8_t)state : 0;
    look->has_no_data = ipp_look_lacks_data(answer);
    look->has_not_begun = begun && ippGetValueTag(begun) == IPP_TAG_NOVALUE;
    look->is_stopping = !is_queue && has_reason(answer, "processing-to-stop-point");
    look->is_held = is_held(answer, state);
    look->is_refused = has_any_reason(answer, refusals);
    look->history_is_lost = has_reason(answer, "cups-ipp-missing-job-history");
    look->has_count = ipp_look_number(answer, "job-impressions-completed", &look->count);
    if (ipp_look_number(answer, "job-media-sheets-completed", &sheets) && sheets > look->count)
        look->count = sheets;
    ipp_look_text(answer, "job-printer-state-message", look->message, sizeof look->message);
    if (!look->message[0])
        ipp_look_text(answer, "job-state-message", look->message, sizeof look->message);
}
