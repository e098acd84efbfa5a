/* clientd/units: the printing job over a scripted printer: what the daemon is told for each thing that a
 * printer can do, and the tables of fates, reasons and arguments. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <check.h>

#include <deskline/frame.h>
#include <deskline/words.h>

#include "clientd/units/page_spool.h"
#include "clientd/units/print_job.h"
#include "clientd/units/printer.h"
#include "clientd/units/printer_state.h"
#include "clientd/units/unit_link.h"
#include "clientd/units/unit_signals.h"

#define SHEETS_MAX 16u
#define URI        "ipp://printer/ipp/print"
#define ELSEWHERE  "ipp://another/ipp/print"

/* ---- A printer that follows a script ------------------------------------------------------------------- */

enum deed {
    PRINTS,
    JAMS_BEFORE, /* the device stops, nothing comes out */
    JAMS_AFTER,  /* the sheet comes out, then the device stops */
    CANCELED_BY_SOMEBODY,
    GIVEN_UP, /* aborted, nothing came out */
    REFUSES_DATA,
    TAKES_DATA_SILENTLY, /* it arrives, but the answer does not */
    LOSES_DATA,          /* it does not arrive, and nor does the answer */
    FORGETS,
    GETS_STUCK,
    HOLDS,
    LEAVES_OUT,     /* it waits for ever, and those behind it are printed */
    HOLDS_SILENTLY, /* it arrives, the answer does not, and it is held back */
    COUNTS_NONE     /* completed, with a count of 0 */
};

struct fake_job {
    uint32_t sheet;
    bool has_data;
    unsigned asked; /* since then */
    enum job_state state;
    uint32_t count;
};

static struct fake {
    struct printer base;
    enum deed deeds[SHEETS_MAX + 1];
    struct fake_job jobs[64]; /* by number */
    uint32_t job_count;
    struct printer_look look;
    bool is_queue, is_unreachable, cannot_resume, is_refusing_options;
    uint32_t removes_block; /* when the job of that sheet is made */
    uint32_t connection;    /* over which it is asked; jobs are made over 0 */
    unsigned unanswered;    /* so many jobs are made without telling all of them */
    unsigned busy;          /* so many creates are refused */
    bool has_other;         /* another printer can be reached, too, and has all jobs of this one */
    bool keeps_canceled;    /* what was canceled goes on */
    unsigned canceled, resumed;
    bool takes_pdf;
} fake;

static enum printer_status fake_open(struct printer *printer, const char *uri, struct printer_error *error)
{
    (void)printer;
    ck_assert_str_eq(uri, URI);
    if (fake.is_unreachable)
        return printer_failed(error, ERROR_PRINTER_MISSING, UNREACHED, "not there");
    return PRINTER_GOOD;
}

static enum printer_status fake_prepare(struct printer *printer, const struct record_print_options *options,
                                        struct printer_error *error)
{
    (void)printer, (void)options;
    return fake.is_refusing_options ? printer_failed(error, ERROR_PRINT_REFUSED, REACHED, "it has: a5")
                                    : PRINTER_GOOD;
}

static bool fake_takes(const struct printer *printer, const char *format)
{
    (void)printer;
    return fake.takes_pdf && strcmp(format, "application/pdf") == 0;
}

static enum printer_status fake_look(struct printer *printer, struct printer_look *look,
                                     struct printer_error *error)
{
    (void)printer;
    if (fake.is_unreachable)
        return printer_failed(error, ERROR_PRINTER_MISSING, UNREACHED, "not there");
    *look = fake.look;
    look->is_queue = fake.is_queue;
    look->trouble = printer_state_trouble(look->reasons, look->state == PRINTER_STOPPED);
    return PRINTER_GOOD;
}

static void look_is(enum printer_state state, const char *reasons)
{
    fake.look = (struct printer_look){.state = (uint8_t)state, .is_accepting = true};
    snprintf(fake.look.reasons, sizeof fake.look.reasons, "%s", reasons);
}

static enum printer_status fake_resume(struct printer *printer, struct printer_error *error)
{
    (void)printer;
    if (fake.cannot_resume)
        return printer_failed(error, ERROR_PRINTER_PASSWORD, REACHED, "no");
    fake.resumed++;
    look_is(PRINTER_IDLE, "none");
    return PRINTER_GOOD;
}

static void uuid_of(uint32_t number, char uuid[PRINTER_UUID_SIZE])
{
    snprintf(uuid, PRINTER_UUID_SIZE, "urn:uuid:%u", number);
}

static enum printer_status fake_create(struct printer *printer, const char *name, bool is_duplex,
                                       struct printer_ticket *ticket, struct printer_error *error)
{
    (void)printer, (void)is_duplex;
    const char *open = strrchr(name, '(');
    ck_assert_ptr_nonnull(open);
    if (fake.busy) {
        fake.busy--;
        printer_failed(error, ERROR_PRINTER_ERROR, REACHED, "busy");
        error->is_busy = true;
        return PRINTER_FAILED;
    }
    struct fake_job *job = &fake.jobs[++fake.job_count];
    *job = (struct fake_job){.sheet = (uint32_t)atoi(open + 1), .state = JOB_PENDING_HELD};
    *ticket = (struct printer_ticket){.job = fake.job_count, .printer = URI};
    if (job->sheet == fake.removes_block)
        ck_assert_int_eq(unlink("page-000001-000000.stream"), 0);
    if (fake.unanswered) {
        fake.unanswered--;
        return printer_failed(error, ERROR_PRINTER_STALLED, UNANSWERED, "killed with the job in its hands");
    }
    uuid_of(ticket->job, ticket->uuid);
    return PRINTER_GOOD;
}

static enum printer_status fake_send(struct printer *printer, const struct printer_ticket *ticket,
                                     const struct printer_document *document, struct printer_error *error)
{
    (void)printer;
    struct fake_job *job = &fake.jobs[ticket->job];
    char bytes[5] = "";
    ck_assert_int_eq(pread(document->fd, bytes, 4, 0), 4);
    ck_assert_str_eq(bytes, "%PDF");
    enum deed deed = fake.deeds[job->sheet];
    if (deed == REFUSES_DATA)
        return printer_failed(error, ERROR_PRINT_REFUSED, REACHED, "no such data");
    job->has_data = deed != LOSES_DATA;
    job->state = job->has_data && deed != HOLDS_SILENTLY ? JOB_PENDING : JOB_PENDING_HELD;
    if (deed == LOSES_DATA || deed == TAKES_DATA_SILENTLY || deed == HOLDS_SILENTLY)
        return printer_failed(error, ERROR_PRINTER_STALLED, UNANSWERED, "silence");
    return PRINTER_GOOD;
}

/* One sheet after the other. */
static bool is_first(const struct fake_job *job)
{
    for (const struct fake_job *before = fake.jobs + 1; before < job; before++)
        if (before->has_data && before->state < JOB_CANCELED && fake.deeds[before->sheet] != LEAVES_OUT)
            return false;
    return true;
}

static void go_on(struct fake_job *job)
{
    enum deed deed = fake.deeds[job->sheet];
    if (!is_first(job) || job->state >= JOB_CANCELED || deed == LEAVES_OUT ||
        (deed == HOLDS_SILENTLY && job->has_data))
        return;
    job->asked++;
    if (!job->has_data || job->asked == 1)
        return;
    job->state = JOB_PROCESSING;
    if (job->asked == 2)
        return;
    switch (deed) {
    case JAMS_AFTER:
        job->count = 1;
        /* fall through */
    case JAMS_BEFORE:
        job->state = JOB_STOPPED;
        look_is(PRINTER_STOPPED, "media-jam-error");
        return;
    case CANCELED_BY_SOMEBODY:
        job->state = JOB_CANCELED;
        return;
    case GIVEN_UP:
        job->state = JOB_ABORTED;
        return;
    case GETS_STUCK:
        return;
    case HOLDS:
        job->state = JOB_PENDING_HELD;
        return;
    default:
        job->state = JOB_COMPLETED;
        job->count = deed != COUNTS_NONE;
    }
}

static enum printer_status fake_ask(struct printer *printer, const struct printer_ticket *ticket,
                                    struct printer_job_look *look, struct printer_error *error)
{
    char uuid[PRINTER_UUID_SIZE];
    (void)printer;
    if (fake.is_unreachable || (!fake.has_other && strcmp(ticket->printer, URI) != 0))
        return printer_failed(error, ERROR_PRINTER_MISSING, UNREACHED, "not there");
    *look = (struct printer_job_look){.is_queue = fake.is_queue};
    uuid_of(ticket->job, uuid);
    if (ticket->job > fake.job_count || strcmp(uuid, ticket->uuid) != 0)
        return PRINTER_GOOD;
    struct fake_job *job = &fake.jobs[ticket->job];
    go_on(job);
    if (fake.deeds[job->sheet] == FORGETS && job->asked > 2)
        return PRINTER_GOOD;
    look->is_known = true;
    look->connection = fake.connection;
    look->state = (uint8_t)job->state;
    look->has_no_data = !job->has_data && job->state <= JOB_PENDING_HELD;
    look->has_not_begun = !job->has_data || job->asked < 2;
    look->is_held = job->has_data && job->state == JOB_PENDING_HELD;
    look->has_count = true;
    look->count = job->count;
    return PRINTER_GOOD;
}

static enum printer_status fake_cancel(struct printer *printer, const struct printer_ticket *ticket,
                                       struct printer_error *error)
{
    (void)printer;
    if (fake.is_unreachable || (!fake.has_other && strcmp(ticket->printer, URI) != 0))
        return printer_failed(error, ERROR_PRINTER_MISSING, UNREACHED, "not there");
    if (ticket->job <= fake.job_count && fake.jobs[ticket->job].state < JOB_CANCELED && !fake.keeps_canceled)
        fake.jobs[ticket->job].state = JOB_CANCELED;
    fake.canceled++;
    return PRINTER_GOOD;
}

static void fake_close(struct printer *printer)
{
    (void)printer;
}

static const struct printer_ops fake_ops = {.open = fake_open,
                                            .prepare = fake_prepare,
                                            .takes = fake_takes,
                                            .look = fake_look,
                                            .resume = fake_resume,
                                            .create = fake_create,
                                            .send = fake_send,
                                            .ask = fake_ask,
                                            .cancel = fake_cancel,
                                            .close = fake_close};

/* ---- A daemon ------------------------------------------------------------------------------------------ */

static struct daemon {
    uint32_t sheets;                  /* of the job */
    uint32_t released;                /* only so many are */
    uint32_t adopted[SHEETS_MAX + 1]; /* ticket numbers, 0: none */
    bool is_unwanted, is_elsewhere;
    int fd;
    /* What it hears. */
    uint8_t fates[SHEETS_MAX + 1]; /* the last SHEET_STATUS but 5 */
    uint16_t code;
    uint32_t interrupted;
    char text[PRINTER_TEXT_SIZE];
    bool is_finished, is_failing;
    uint32_t next, under_way;
} service;

static char folder[] = "/tmp/test-printing-XXXXXX";

static void give(struct frame frame)
{
    uint8_t bytes[4096];
    frame.job = 9;
    ssize_t length = frame_encode(&frame, bytes, sizeof bytes);
    ck_assert_int_gt(length, 0);
    (void)!send(service.fd, bytes, (size_t)length, MSG_NOSIGNAL);
}

static void give_sheets(void)
{
    while (!service.is_failing && service.under_way < 2 && service.next <= service.sheets) {
        give((struct frame){.type = FRAME_PRINT_SHEET, .print_sheet = {.sheet = service.next, .block = 1}});
        service.next++;
        service.under_way++;
    }
    if (!service.is_failing && !service.under_way)
        give((struct frame){.type = FRAME_NO_MORE_SHEETS});
}

static void hear_status(const struct frame_sheet_status *status)
{
    if (status->state == 5)
        return;
    ck_assert_uint_le(status->sheet, SHEETS_MAX);
    service.fates[status->sheet] = status->state;
    if (status->state == 1 && status->sheet <= service.released)
        give((struct frame){.type = FRAME_RELEASE_SHEET, .release_sheet = {status->sheet}});
    if (status->state == 1)
        return;
    if (status->state == 3 && service.is_elsewhere) { /* it is offered again */
        give((struct frame){.type = FRAME_PRINT_SHEET, .print_sheet = {.sheet = status->sheet, .block = 1}});
        return;
    }
    service.is_failing = service.is_failing || (status->state != 2 && !service.is_unwanted);
    service.under_way--;
    give_sheets();
}

static void hear(const struct frame *frame)
{
    switch (frame->type) {
    case FRAME_SHEET_STATUS:
        hear_status(&frame->sheet_status);
        break;
    case FRAME_ERROR_NOTICE:
        service.code = frame->error_notice.code;
        service.interrupted = frame->error_notice.interrupted;
        frame_text_copy(frame->error_notice.text, service.text, sizeof service.text);
        break;
    case FRAME_FUNCTION_FINISHED:
        service.is_finished = true;
        break;
    default:
        ck_abort_msg("an unexpected frame");
    }
}

static void *serve(void *unused)
{
    uint8_t bytes[65536];
    struct frame_header header;
    struct frame frame;
    const char *why;
    while (recv(service.fd, bytes, FRAME_HEADER_BYTES, MSG_WAITALL) == FRAME_HEADER_BYTES) {
        frame_header_decode(bytes, &header);
        ck_assert_int_eq(frame_header_check(&header, AT_DAEMON, WHEN_OPEN, &why), 0);
        ck_assert_uint_lt(header.length, sizeof bytes);
        ck_assert_int_eq(recv(service.fd, bytes, header.length, MSG_WAITALL), header.length);
        ck_assert_int_eq(frame_decode(&header, bytes, &frame, &why), 0);
        hear(&frame);
    }
    return unused;
}

static int no_space(void *context)
{
    (void)context;
    return -ENOSPC;
}

static void put_block(void)
{
    static const uint8_t pdf[] = "%PDF-1.4 a sheet";
    struct page_spool *spool;
    struct frame_page_begin begin = {.page = 1, .codec = 4};
    struct frame end;
    ck_assert_int_eq(page_spool_open(&spool, folder, no_space, NULL), 0);
    ck_assert_int_eq(page_spool_begin(spool, 1, 0), 0);
    ck_assert_int_eq(page_spool_append(spool, pdf, sizeof pdf - 1), 0);
    ck_assert_int_eq(page_spool_commit(spool, 9, &begin, 1, &end), 0);
    page_spool_free(&spool);
}

static void adopt(uint32_t sheet)
{
    char uuid[PRINTER_UUID_SIZE];
    uuid_of(service.adopted[sheet], uuid);
    const struct record_ticket ticket = {.job = service.adopted[sheet],
                                         .uuid = frame_text_of(uuid),
                                         .printer = frame_text_of(service.is_elsewhere ? ELSEWHERE : URI)};
    give((struct frame){.type = FRAME_ADOPT_SHEET,
                        .adopt_sheet = {.sheet = sheet, .cancel = service.is_unwanted, .ticket = ticket}});
    service.under_way++;
    service.next = sheet + 1;
}

static int run(void)
{
    int ends[2];
    pthread_t thread;
    struct unit_link *link;
    const struct print_job_orders orders = {
        .uri = URI, .spool = folder, .reach_ms = 300, .stall_ms = 3000, .settle_ms = 10000};
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    service.fd = ends[0];
    service.next = 1;
    ck_assert_int_eq(unit_link_new(&link, ends[1]), 0);
    give((struct frame){
        .type = FRAME_PRINT_COMMAND,
        .print_command.order = {.blocks = 1, .copies = service.sheets, .title = frame_text_of("letter")}});
    for (uint32_t i = 1; i <= SHEETS_MAX; i++)
        if (service.adopted[i])
            adopt(i);
    give_sheets();
    ck_assert_int_eq(pthread_create(&thread, NULL, serve, NULL), 0);
    int error = print_job_run(&orders, &fake.base, link);
    unit_link_free(&link);
    shutdown(ends[1], SHUT_RDWR);
    close(ends[1]);
    pthread_join(thread, NULL);
    close(ends[0]);
    return error;
}

static void setup(void)
{
    fake = (struct fake){.base = {.ops = &fake_ops}, .takes_pdf = true};
    look_is(PRINTER_IDLE, "none");
    service = (struct daemon){.sheets = 4, .released = SHEETS_MAX};
    strcpy(folder, "/tmp/test-printing-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    put_block();
    unit_signals_install();
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* The fates of sheets 1 … as digits; 0 where nothing was said. */
static void fates_are(const char *digits)
{
    char heard[SHEETS_MAX + 1] = "";
    for (size_t i = 0; i < strlen(digits); i++)
        heard[i] = (char)('0' + service.fates[i + 1]);
    ck_assert_str_eq(heard, digits);
}

static void failed_with(uint16_t code, uint32_t interrupted)
{
    ck_assert_msg(service.code == code, "%u (%s) instead of %u", service.code, service.text, code);
    ck_assert_uint_eq(service.interrupted, interrupted);
    ck_assert(!service.is_finished);
}

/* ---- What the daemon hears ----------------------------------------------------------------------------- */

START_TEST(all_sheets_are_printed)
{
    fake.busy = 2;
    ck_assert_int_eq(run(), 0);
    fates_are("2222");
    ck_assert(service.is_finished);
    ck_assert_uint_eq(service.code, 0);
    ck_assert_uint_eq(fake.job_count, 4);
}
END_TEST

/* What one sheet does, what is said of it and of the one behind it, and with which error. */
static const struct deed_case {
    enum deed deed;
    bool is_queue;
    const char *fates;
    uint16_t code;
    uint32_t interrupted;
} deed_cases[] = {
    {JAMS_BEFORE, false, "2233", ERROR_PRINTER_JAM, 3},
    {JAMS_BEFORE, true, "2243", ERROR_PRINTER_JAM, 3},
    {JAMS_AFTER, false, "2223", ERROR_PRINTER_JAM, 4},
    {JAMS_AFTER, true, "2243", ERROR_PRINTER_JAM, 3},
    {CANCELED_BY_SOMEBODY, false, "2233", ERROR_PRINT_CANCELED, 3},
    {GIVEN_UP, false, "2233", ERROR_PRINTER_ERROR, 3},
    {REFUSES_DATA, false, "2230", ERROR_PRINT_REFUSED, 3},
    {TAKES_DATA_SILENTLY, false, "2222", 0, 0},
    {LOSES_DATA, false, "2233", ERROR_PRINTER_ERROR, 3},
    {FORGETS, false, "2243", ERROR_PRINT_UNCERTAIN, 3},
    {FORGETS, true, "2243", ERROR_PRINT_UNCERTAIN, 3},
    {GETS_STUCK, false, "2233", ERROR_PRINTER_STALLED, 3},
    {HOLDS, false, "2233", ERROR_PRINTER_STOPPED, 3},
    {COUNTS_NONE, false, "2243", ERROR_PRINT_UNCERTAIN, 3},
    {COUNTS_NONE, true, "2222", 0, 0},
};

START_TEST(each_deed_has_its_fate)
{
    const struct deed_case *expected = &deed_cases[_i];
    fake.deeds[3] = expected->deed;
    fake.is_queue = expected->is_queue;
    ck_assert_int_eq(run(), 0);
    ck_assert_uint_eq(service.code, expected->code);
    ck_assert_uint_eq(service.interrupted, expected->interrupted);
    ck_assert_int_eq(service.is_finished, expected->code == 0);
    fates_are(expected->fates);
}
END_TEST

START_TEST(nothing_is_sent_before_its_release)
{
    service.released = 2;
    fake.deeds[2] = CANCELED_BY_SOMEBODY;
    ck_assert_int_eq(run(), 0);
    fates_are("23");
    failed_with(ERROR_PRINT_CANCELED, 2);
    for (uint32_t i = 1; i <= fake.job_count; i++)
        ck_assert(fake.jobs[i].sheet <= 2 || !fake.jobs[i].has_data);
}
END_TEST

START_TEST(a_printer_in_trouble_gets_nothing)
{
    look_is(PRINTER_STOPPED, "media-empty-error");
    ck_assert_int_eq(run(), 0);
    failed_with(ERROR_PRINTER_EMPTY, 1);
    ck_assert_uint_eq(fake.job_count, 0);
    ck_assert_uint_eq(fake.resumed, 0);
}
END_TEST

START_TEST(a_stopped_queue_is_started)
{
    fake.is_queue = true;
    look_is(PRINTER_STOPPED, "media-jam-error paused");
    ck_assert_int_eq(run(), 0);
    fates_are("2222");
    ck_assert_uint_eq(fake.resumed, 1);
}
END_TEST

START_TEST(a_queue_that_may_not_be_started_fails)
{
    fake.is_queue = fake.cannot_resume = true;
    look_is(PRINTER_STOPPED, "paused");
    ck_assert_int_eq(run(), 0);
    failed_with(ERROR_PRINTER_STOPPED, 1);
    ck_assert_uint_eq(fake.job_count, 0);
}
END_TEST

START_TEST(old_reasons_of_an_idle_queue_do_not_count)
{
    fake.is_queue = true;
    look_is(PRINTER_IDLE, "media-jam-error");
    service.sheets = 1;
    ck_assert_int_eq(run(), 0);
    fates_are("2");
}
END_TEST

START_TEST(options_are_refused_first)
{
    fake.is_refusing_options = true;
    ck_assert_int_eq(run(), 0);
    failed_with(ERROR_PRINT_REFUSED, 0);
    ck_assert_uint_eq(fake.job_count, 0);
}
END_TEST

START_TEST(a_printer_that_is_not_there_is_missing)
{
    fake.is_unreachable = true;
    ck_assert_int_eq(run(), 0);
    failed_with(ERROR_PRINTER_MISSING, 0);
}
END_TEST

START_TEST(a_job_of_which_half_was_told_is_made_again)
{
    fake.unanswered = 1;
    ck_assert_int_eq(run(), 0);
    fates_are("2222");
    ck_assert(service.is_finished);
    for (uint32_t i = 2; i <= 5; i++)
        ck_assert_uint_eq(fake.jobs[i].sheet, i - 1);
}
END_TEST

/* A queue that was away for a moment has not been watched: it may have printed what it says it never began.
 */
START_TEST(a_queue_that_was_away_leaves_sheets_uncertain)
{
    fake.is_queue = true;
    fake.deeds[2] = LEAVES_OUT;
    fake.connection = (uint32_t)_i;
    ck_assert_int_eq(run(), 0);
    fates_are(_i ? "2423" : "2323");
}
END_TEST

/* ---- The spool ----------------------------------------------------------------------------------------- */

static void spoil(const char *name, const char *bytes)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, strlen(bytes), 3), (ssize_t)strlen(bytes));
    close(fd);
}

START_TEST(a_damaged_block_is_not_printed)
{
    if (_i == 0)
        spoil("page-000001-000000.stream", "x");
    else if (_i == 1)
        spoil("page-000001-000000.meta", "\x7f\x7f");
    else
        ck_assert_int_eq(chdir(folder) || unlink("page-000001-000000.stream"), 0);
    ck_assert_int_eq(run(), 0);
    failed_with(ERROR_BLOCK_LOST, 1);
    ck_assert_uint_eq(fake.job_count, 0);
}
END_TEST

/* The driver orders the same block for all sheets: it is lost when the first has been opened. */
START_TEST(a_lost_block_spares_the_sheets_before_it)
{
    ck_assert_int_eq(chdir(folder), 0);
    fake.removes_block = 2;
    ck_assert_int_eq(run(), 0);
    fates_are("22");
    failed_with(ERROR_BLOCK_LOST, 3);
}
END_TEST

START_TEST(a_printer_without_pdf_is_named)
{
    fake.takes_pdf = false;
    ck_assert_int_eq(run(), 0);
    failed_with(ERROR_PRINT_REFUSED, 1);
    ck_assert_ptr_nonnull(strstr(service.text, "queue"));
}
END_TEST

START_TEST(none_overtakes_what_is_held_back)
{
    fake.deeds[3] = HOLDS_SILENTLY;
    ck_assert_int_eq(run(), 0);
    fates_are("2233");
    failed_with(ERROR_PRINTER_STOPPED, 3);
    ck_assert(!fake.jobs[4].has_data);
}
END_TEST

START_TEST(nothing_more_overtakes_what_is_left_out)
{
    fake.deeds[2] = LEAVES_OUT;
    ck_assert_int_eq(run(), 0);
    fates_are("2323");
    failed_with(ERROR_PRINTER_STOPPED, 2);
    ck_assert(!fake.jobs[4].has_data);
}
END_TEST

/* ---- Adopting ------------------------------------------------------------------------------------------ */

static void left_behind(uint32_t sheet, enum job_state state, bool has_data, uint32_t count)
{
    struct fake_job *job = &fake.jobs[++fake.job_count];
    *job = (struct fake_job){.sheet = sheet, .has_data = has_data, .state = state, .count = count};
    service.adopted[sheet] = fake.job_count;
}

START_TEST(what_was_printed_meanwhile_is_told)
{
    left_behind(1, JOB_COMPLETED, true, 1);
    left_behind(2, JOB_PROCESSING, true, 0);
    ck_assert_int_eq(run(), 0);
    fates_are("2222");
    ck_assert_uint_eq(fake.job_count, 4);
    ck_assert(service.is_finished);
}
END_TEST

START_TEST(what_never_got_its_data_is_canceled)
{
    left_behind(1, JOB_PROCESSING, true, 0);
    left_behind(2, JOB_PENDING_HELD, false, 0);
    ck_assert_int_eq(run(), 0);
    fates_are("23");
    failed_with(ERROR_PRINT_RESTARTED, 2);
    ck_assert_int_eq(fake.jobs[2].state, JOB_CANCELED);
}
END_TEST

START_TEST(another_uuid_is_uncertain)
{
    left_behind(1, JOB_COMPLETED, true, 1);
    service.adopted[1] = 7;
    ck_assert_int_eq(run(), 0);
    fates_are("4");
    failed_with(ERROR_PRINT_UNCERTAIN, 1);
}
END_TEST

START_TEST(a_sheet_at_another_printer_is_uncertain_in_the_end)
{
    left_behind(1, JOB_COMPLETED, true, 1);
    service.is_elsewhere = true;
    ck_assert_int_eq(run(), 0);
    fates_are("4000");
    failed_with(ERROR_PRINT_UNCERTAIN, 1);
    ck_assert_uint_eq(fake.job_count, 1); /* none comes out before it */
}
END_TEST

START_TEST(what_waits_at_another_printer_is_taken_back)
{
    left_behind(1, _i ? JOB_PENDING : JOB_PENDING_HELD, _i > 0, 0);
    left_behind(2, JOB_STOPPED, true, 0);
    service.is_elsewhere = fake.has_other = true;
    ck_assert_int_eq(run(), 0);
    fates_are("2222");
    ck_assert(service.is_finished);
    for (uint32_t i = 1; i <= 2; i++)
        ck_assert_int_eq(fake.jobs[i].state, JOB_CANCELED);
    for (uint32_t i = 3; i <= 6; i++)
        ck_assert_uint_eq(fake.jobs[i].sheet, i - 2);
}
END_TEST

START_TEST(what_is_stuck_at_another_printer_is_uncertain_in_the_end)
{
    left_behind(1, JOB_PROCESSING, true, 0);
    fake.deeds[1] = GETS_STUCK;
    service.is_elsewhere = fake.has_other = fake.keeps_canceled = true;
    service.is_unwanted = _i;
    ck_assert_int_eq(run(), 0);
    ck_assert_uint_ge(fake.canceled, 1);
    if (_i == 0)
        failed_with(ERROR_PRINT_UNCERTAIN, 1);
    fates_are(_i ? "4" : "4000");
}
END_TEST

START_TEST(what_is_not_wanted_is_canceled)
{
    left_behind(1, JOB_PENDING, true, 0);
    service.is_unwanted = true;
    ck_assert_int_eq(run(), 0);
    fates_are("3222");
    ck_assert(service.is_finished);
}
END_TEST

START_TEST(a_queue_is_started_without_what_lay_in_it)
{
    fake.is_queue = true;
    look_is(PRINTER_STOPPED, "paused");
    left_behind(1, JOB_COMPLETED, true, 1);
    left_behind(2, JOB_PENDING, true, 0);
    ck_assert_int_eq(run(), 0);
    ck_assert_uint_eq(fake.resumed, 1);
    ck_assert_uint_eq(fake.job_count, 2);
    ck_assert_int_eq(fake.jobs[2].state, JOB_CANCELED);
    fates_are("24"); /* the queue may have been killed since: nobody has watched it */
    ck_assert_uint_ne(service.code, 0);
}
END_TEST

/* ---- Frames that make no sense ------------------------------------------------------------------------- */

START_TEST(nonsense_ends_the_unit)
{
    static const struct frame frames[] = {
        {.type = FRAME_RELEASE_SHEET, .release_sheet = {3}},
        {.type = FRAME_PRINT_SHEET, .print_sheet = {.block = 1}},
        {.type = FRAME_PRINT_SHEET, .print_sheet = {.sheet = 1}},
        {.type = FRAME_ADOPT_SHEET, .adopt_sheet = {.sheet = 1}},
        {.type = FRAME_CONTINUE_COMMAND},
        {.type = FRAME_PRINT_COMMAND},
    };
    int ends[2];
    struct unit_link *link;
    const struct print_job_orders orders = {.uri = URI, .spool = folder, .reach_ms = 300, .stall_ms = 3000};
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    service.fd = ends[0];
    ck_assert_int_eq(unit_link_new(&link, ends[1]), 0);
    give((struct frame){.type = FRAME_PRINT_COMMAND, .print_command.order = {.blocks = 1, .copies = 1}});
    give(frames[_i]);
    ck_assert_int_eq(print_job_run(&orders, &fake.base, link), 0);
    ck_assert(unit_signals_stopped());
    unit_link_free(&link);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])

int main(void)
{
    Suite *suite = suite_create("printing_unit");
    TCase *job = tcase_create("job");
    tcase_add_checked_fixture(job, setup, teardown);
    tcase_set_timeout(job, 30);
    tcase_add_test(job, all_sheets_are_printed);
    tcase_add_loop_test(job, each_deed_has_its_fate, 0, COUNT(deed_cases));
    tcase_add_test(job, nothing_is_sent_before_its_release);
    tcase_add_test(job, a_printer_in_trouble_gets_nothing);
    tcase_add_test(job, a_stopped_queue_is_started);
    tcase_add_test(job, a_queue_that_may_not_be_started_fails);
    tcase_add_test(job, old_reasons_of_an_idle_queue_do_not_count);
    tcase_add_test(job, options_are_refused_first);
    tcase_add_test(job, a_printer_that_is_not_there_is_missing);
    tcase_add_loop_test(job, a_damaged_block_is_not_printed, 0, 3);
    tcase_add_test(job, a_lost_block_spares_the_sheets_before_it);
    tcase_add_test(job, a_printer_without_pdf_is_named);
    tcase_add_test(job, a_job_of_which_half_was_told_is_made_again);
    tcase_add_loop_test(job, a_queue_that_was_away_leaves_sheets_uncertain, 0, 2);
    tcase_add_test(job, none_overtakes_what_is_held_back);
    tcase_add_test(job, nothing_more_overtakes_what_is_left_out);
    tcase_add_test(job, what_was_printed_meanwhile_is_told);
    tcase_add_test(job, what_never_got_its_data_is_canceled);
    tcase_add_test(job, another_uuid_is_uncertain);
    tcase_add_test(job, a_sheet_at_another_printer_is_uncertain_in_the_end);
    tcase_add_loop_test(job, what_waits_at_another_printer_is_taken_back, 0, 2);
    tcase_add_loop_test(job, what_is_stuck_at_another_printer_is_uncertain_in_the_end, 0, 2);
    tcase_add_test(job, what_is_not_wanted_is_canceled);
    tcase_add_test(job, a_queue_is_started_without_what_lay_in_it);
    tcase_add_loop_test(job, nonsense_ends_the_unit, 0, 6);
    suite_add_tcase(suite, job);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
