/*
 * Fuzz target: what an enrolled client may say, and when. The bytes go through the reader into the engine of
 * the server as it is: the dispatch, the jobs, their pages, their machine; session_world.c is what they stand
 * on.
 *
 * The input is a row of operations, one byte each with what belongs to it: 0x00–0xbf a chunk of 1 to 192
 * bytes of the stream; from 0xc0 on what happens around the connection; from 0xe0 on a frame that is made
 * from the next four bytes, because a job that is deep in its course is not reached with random bytes.
 */
#include "tests/fuzz/session_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "serviced/front/session.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/jobs.h"
#include "serviced/jobs/preparation.h"
#include "wire/reader.h"

#define NAME         "fuzz"
#define BUFFER_BYTES 4096u
#define JOBS_MOST    16u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was stored when it was looked at last. */
struct shadow {
    uint64_t job;
    uint32_t round;
    struct ledger ledger;
};

static struct session *session;
static struct reader *reader;
static struct shadow shadows[JOBS_MOST];
static bool page_was_invalid; /* a delivery has just failed because of a page */

/* ---- What has to be so at any time --------------------------------------------------------------------- */

static void check_stays_stored(const struct job *job, const struct shadow *shadow)
{
    for (uint32_t page = 1; page <= shadow->ledger.count; page++)
        must((shadow->ledger.pages[page - 1].state != PAGE_STORED &&
              shadow->ledger.pages[page - 1].state != PAGE_PRINTED) ||
             ledger_get(&job->ledger, page).state == shadow->ledger.pages[page - 1].state ||
             job->round != shadow->round || page_was_invalid);
}

static void check_job(const struct job_run *run)
{
    const struct job *job = &run->record.job;
    struct shadow *shadow = &shadows[job->id % JOBS_MOST];
    struct manner_offer offers[MANNER_OFFERS_MAX];
    must(job->ledger.count <= LEDGER_MAX_PAGES && job->ledger.total <= LEDGER_MAX_PAGES);
    must(job->function != FUNCTION_PRINTING || job->ledger.total == job->blocks * run->record.order.copies);
    must(!job_is_stopped(job) || job_offers(job, offers) <= MANNER_OFFERS_MAX);
    must(memchr(job->text, '\0', sizeof job->text) != NULL);
    if (shadow->job == job->id)
        check_stays_stored(job, shadow);
    for (uint32_t page = 1; page <= job->ledger.count && !job_run_is_over(run); page++)
        must(job->ledger.pages[page - 1].state != PAGE_STORED || job_pages_stored(run, page));
    must(run->pages.receive.length <= (uint64_t)world.settings.page_bytes);
    shadow->job = job->id;
    shadow->round = job->round;
    ledger_copy(&shadow->ledger, &job->ledger);
}

static void check_all(void)
{
    for (size_t i = 0; i < jobs_count(world.server.jobs); i++)
        check_job(jobs_at(world.server.jobs, i));
    page_was_invalid = false;
    must(world.peers <= 1);
}

/* ---- The session: as sessions.c has it, with no socket ------------------------------------------------- */

static void session_close(struct visitor *visitor)
{
    struct session *old = (struct session *)visitor;
    must(old == session);
    session = world.session = NULL;
    if (reader)
        reader_stop(reader);
    visitor_leave(visitor);
    if (old->is_open)
        jobs_link_lost(world.server.jobs, visitor);
    session_forget_units(old);
    world_peer_free(&visitor->peer);
    free(old);
}

static void session_greet(const struct frame *frame)
{
    struct frame_list_builder known = {0};
    const char *why;
    if (frame->type != FRAME_HELLO) {
        session_close(&session->visitor);
        return;
    }
    if (!jobs_agree(world.server.jobs, NAME, &frame->hello.jobs, &why)) {
        session_close(&session->visitor);
        return;
    }
    jobs_list_known(world.server.jobs, NAME, &frame->hello.jobs, &known);
    frame_list_builder_free(&known);
    reader_set_when(reader, WHEN_OPEN);
    session->is_open = true;
    world.session = session;
    session_keep_units(session, &frame->hello.units);
    jobs_link_up(world.server.jobs, &session->visitor, &frame->hello.jobs);
}

static void on_frame(void *context, const struct frame *frame)
{
    (void)context;
    must(session != NULL); /* the reader was told to stop */
    if (session->is_open)
        session_frame(session, frame);
    else
        session_greet(frame);
    check_all();
}

static void disconnect(void)
{
    if (session)
        session_close(&session->visitor);
    reader_free(&reader);
}

static void connect_anew(void)
{
    disconnect();
    session = calloc(1, sizeof *session);
    must(session != NULL);
    strcpy(session->client, NAME);
    session->visitor = (struct visitor){
        .server = &world.server, .peer = world_peer_new(), .client = session->client, .close = session_close};
    visitor_enter(&session->visitor);
    reader = reader_new(AT_SERVER, WHEN_NEW, on_frame, NULL);
}

static void feed(const uint8_t *bytes, size_t length)
{
    const char *why;
    while (length && session) {
        size_t room;
        uint8_t *to = reader_room(reader, &room);
        must(room >= 1);
        if (room > length)
            room = length;
        memcpy(to, bytes, room);
        bytes += room;
        length -= room;
        if (reader_filled(reader, room, &why) < 0)
            disconnect();
    }
    if (!session)
        disconnect();
}

static void say(const struct frame *frame)
{
    uint8_t bytes[BUFFER_BYTES];
    ssize_t length = frame_encode(frame, bytes, sizeof bytes);
    must(length > 0);
    feed(bytes, (size_t)length);
}

/* ---- Frames that fit where the job is: a names the job, b to d what varies ----------------------------- */

struct choice {
    uint64_t job;
    struct job_run *run; /* NULL: there is none of that number */
    uint32_t round;      /* the job's, now and then another */
    uint8_t b, c, d;
};

/* Printers "a", "b", …, and now and then what is none. */
static struct frame_list units_of(uint8_t count, struct frame_list_builder *units)
{
    static const char *const names[] = {"a", "b", "c", ""};
    for (unsigned i = 0; i < count % 4u; i++)
        must(frame_list_add(
                 units, &frame_record_unit,
                 &(struct record_unit){.name = frame_text_of(names[i]), .kind = count & 0x40 ? 1 : 2}) == 0);
    return frame_list_view(units);
}

static void say_hello(const struct choice *by)
{
    struct frame_list_builder jobs = {0}, units = {0};
    for (uint32_t bit = 0; bit < 8; bit++) {
        const struct job_run *run = jobs_find(world.server.jobs, bit + 1);
        uint8_t function = run && run->record.job.function == FUNCTION_PRINTING && by->c < 0xf0 ? 2 : 1;
        if (by->b & 1u << bit)
            must(frame_list_add(&jobs, &frame_record_job_in_hand,
                                &(struct record_job_in_hand){.job = bit + 1, .function = function}) == 0);
    }
    say(&(struct frame){.type = FRAME_HELLO,
                        .hello = {.version_min = 1,
                                  .version_max = 1,
                                  .client = frame_text_of(NAME),
                                  .units = units_of(by->d, &units),
                                  .jobs = frame_list_view(&jobs)}});
    frame_list_builder_free(&jobs);
    frame_list_builder_free(&units);
}

static void say_units(const struct choice *by)
{
    struct frame_list_builder units = {0};
    say(&(struct frame){.type = FRAME_UNIT_LIST, .unit_list = {by->b % 16, units_of(by->d, &units)}});
    frame_list_builder_free(&units);
}

static void say_service(const struct choice *by)
{
    say(&(struct frame){.type = FRAME_SERVICE_REQUEST,
                        .service_request = {.request = by->b,
                                            .service = frame_text_of("archive"),
                                            .read = {.pages = by->c},
                                            .document = {.kind = 1}}});
}

/* ---- Printing: b is the upload's number, c its length -------------------------------------------------- */

static void say_upload_begin(const struct choice *by)
{
    say(&(struct frame){
        .type = FRAME_UPLOAD_BEGIN,
        .upload_begin = {by->b % 8, by->d & 0x80 ? UINT64_MAX - by->c : by->c, frame_text_of("letter.txt")}});
}

static void say_upload_data(const struct choice *by)
{
    static const uint8_t bytes[256];
    say(&(struct frame){.type = FRAME_UPLOAD_DATA,
                        .upload_data = {by->b % 8, by->d & 0x80 ? by->d : 0, {bytes, by->c}}});
}

static void say_upload_end(const struct choice *by)
{
    static const uint8_t digest[32];
    say(&(struct frame){.type = FRAME_UPLOAD_END,
                        .upload_end = {by->b % 8, {digest, by->d == 0x7f ? 31 : 32}}});
}

static void say_upload(const struct choice *by)
{
    struct choice whole = *by;
    whole.d = 0;
    say_upload_begin(&whole);
    if (by->c)
        say_upload_data(&whole);
    say_upload_end(&whole);
}

static void say_print(const struct choice *by)
{
    static const char *const pages[] = {"", "1", "2-5", "3", "5-1", "9", "70", "x"};
    static const char *const printers[] = {"", "a", "b", "nowhere"};
    say(&(struct frame){.type = FRAME_SERVICE_REQUEST,
                        .service_request = {.request = by->b,
                                            .service = frame_text_of("print"),
                                            .print = {.unit = frame_text_of(printers[by->d & 3]),
                                                      .copies = by->d >> 5,
                                                      .pages = frame_text_of(pages[by->c & 7])},
                                            .source = by->c >> 6 == 3 ? by->b : 0,
                                            .upload = by->b % 8}});
}

static void say_block_stored(const struct choice *by)
{
    uint32_t block = by->b & 0x80 ? UINT32_MAX - by->b : by->b % 8;
    uint32_t generation = by->d == 0xff ? UINT32_MAX : by->d & 1 ? by->round : 0;
    say(&(struct frame){.type = FRAME_PAGE_STORED, .job = by->job, .page_stored = {block, generation}});
}

static void say_block_resume(const struct choice *by)
{
    say(&(struct frame){.type = FRAME_PAGE_RESUME,
                        .job = by->job,
                        .page_resume = {by->b % 8, by->d == 0xff, by->d & 0x40 ? UINT64_MAX : by->c % 64}});
}

static uint32_t page_of(const struct choice *by)
{
    return by->b & 0x80 ? LEDGER_MAX_PAGES - 2 + by->b % 8 : by->b % 8;
}

static void say_begin(const struct choice *by)
{
    say(&(struct frame){.type = FRAME_PAGE_BEGIN,
                        .job = by->job,
                        .page_begin = {.page = page_of(by),
                                       .generation = by->round,
                                       .codec = (uint8_t)(1 + by->d % 4),
                                       .width = 8,
                                       .height = by->d / 64,
                                       .bits = by->d & 4 ? 1 : 8,
                                       .components = 1}});
}

static uint64_t length_of(const struct choice *by)
{
    return by->run && !(by->d & 0x80) ? by->run->pages.receive.length : by->d;
}

static void say_data(const struct choice *by)
{
    static const uint8_t bytes[256];
    say(&(struct frame){.type = FRAME_PAGE_DATA,
                        .job = by->job,
                        .page_data = {.page = page_of(by),
                                      .offset = length_of(by),
                                      .bytes = {bytes, (uint32_t)(by->d % 128 + 1)}}});
}

static void say_end(const struct choice *by)
{
    static const uint8_t digest[32];
    say(&(struct frame){.type = FRAME_PAGE_END,
                        .job = by->job,
                        .page_end = {.page = page_of(by),
                                     .generation = by->round,
                                     .length = length_of(by),
                                     .rows = 1 + by->d % 16,
                                     .digest = {digest, (uint32_t)(by->d == 0x7f ? 31 : 32)}}});
}

static void say_page(const struct choice *by)
{
    struct choice whole = *by;
    whole.d = 0;
    say_begin(&whole);
    say_data(&whole);
    say_end(&whole);
}

/* Runs of pages, one for each two bits of c; the last one is very long when d says so. */
static struct record_account account_of(const struct choice *by, struct frame_list_builder *runs)
{
    uint32_t first = 1;
    for (unsigned i = 0; i < 4; i++) {
        struct record_pages run = {.first = first,
                                   .count = 1 + (by->d >> i & 1u),
                                   .state = (uint8_t)((by->c >> 2 * i & 3u) + (by->d >> 4 & 1u)),
                                   .generation = by->d & 0x20 ? by->round : 0};
        if (i == 3 && by->d & 0x40)
            run.count = LEDGER_MAX_PAGES - 8 + by->d % 16;
        if (i == 3 && by->d == 0xff)
            run.count = UINT32_MAX;
        must(frame_list_add(runs, &frame_record_pages, &run) == 0);
        first += run.count;
    }
    return (struct record_account){.total = by->d & 0x80 ? by->b : 0, .runs = frame_list_view(runs)};
}

static void say_status(const struct choice *by)
{
    struct frame_list_builder runs = {0};
    struct frame frame = {
        .type = FRAME_READING_STATUS, .job = by->job, .reading_status = {.round = by->round}};
    frame.reading_status.account = account_of(by, &runs);
    say(&frame);
    frame_list_builder_free(&runs);
}

/* Runs of sheets: printed, then in any state of printing, as far as the job goes. */
static struct record_account sheets_of(const struct choice *by, struct frame_list_builder *runs)
{
    static const uint8_t states[] = {PAGE_HELD,    PAGE_RECEIVED,  PAGE_SUBMITTED, PAGE_PRINTED,
                                     PAGE_SKIPPED, PAGE_UNCERTAIN, PAGE_RECEIVED,  PAGE_PRINTED};
    uint32_t total = by->run ? by->run->record.job.ledger.total : 3, printed = by->b % 8;
    struct record_pages all[] = {{.first = 1, .count = printed, .state = PAGE_PRINTED},
                                 {.first = printed + 1, .count = 1, .state = states[by->c % 8]},
                                 {.first = printed + 2, .count = by->d % 4u, .state = states[by->c >> 5]}};
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        all[i].generation = by->d & 0x40 ? by->round : 0;
        if (all[i].count && (all[i].first + all[i].count - 1 <= total || by->d & 0x80))
            must(frame_list_add(runs, &frame_record_pages, &all[i]) == 0);
    }
    return (struct record_account){.total = by->d & 0x20 ? total : 0, .runs = frame_list_view(runs)};
}

static void say_print_status(const struct choice *by)
{
    struct frame_list_builder runs = {0};
    struct frame frame = {.type = FRAME_PRINT_STATUS, .job = by->job, .print_status = {.round = by->round}};
    frame.print_status.account = sheets_of(by, &runs);
    say(&frame);
    frame_list_builder_free(&runs);
}

static void say_notice(const struct choice *by)
{
    struct frame_list_builder runs = {0};
    struct frame frame = {.type = FRAME_ERROR_NOTICE,
                          .job = by->job,
                          .error_notice = {.code = by->b,
                                           .text = frame_text_of(by->b & 1 ? "it is \xc3\xa4rgerlich" : ""),
                                           .phase = {1, by->c, by->d, by->b},
                                           .round = by->round,
                                           .interrupted = by->b % 4}};
    if (by->run && by->run->record.job.function == FUNCTION_PRINTING && by->d != 0xfe)
        frame.error_notice.account = sheets_of(by, &runs);
    else
        frame.error_notice.account = account_of(by, &runs);
    say(&frame);
    frame_list_builder_free(&runs);
}

static void say_finished(const struct choice *by)
{
    say(&(struct frame){.type = FRAME_FUNCTION_FINISHED,
                        .job = by->job,
                        .function_finished = {page_of(by), by->d & 1, by->round}});
}

static void say_restart(const struct choice *by)
{
    say(&(struct frame){.type = FRAME_RESTART_REQUEST, .job = by->job, .restart_request = {by->b}});
}

static void say_manner(const struct choice *by)
{
    uint32_t round = by->run && by->d < 0xf0 ? by->run->record.job.question : by->d;
    say(&(struct frame){.type = FRAME_MANNER_NOTICE,
                        .job = by->job,
                        .manner_notice = {round, (uint8_t)(by->c % 10), by->b % 8, by->d,
                                          frame_text_of(by->c & 0x80 ? "b" : "")}});
}

static void say_cancel(const struct choice *by)
{
    say(&(struct frame){.type = FRAME_CANCEL_REQUEST, .job = by->job, .cancel_request = {by->b}});
}

static void say_list(const struct choice *by)
{
    say(&(struct frame){.type = FRAME_JOB_LIST_REQUEST,
                        .job = by->b & 1 ? by->job : 0,
                        .job_list_request = {by->c, by->d & 1, by->d >> 1 & 1}});
}

static void (*const saying[])(const struct choice *) = {
    say_hello,  say_service,      say_begin,        say_data,         say_end,        say_page,
    say_status, say_notice,       say_finished,     say_restart,      say_manner,     say_cancel,
    say_list,   say_units,        say_upload_begin, say_upload_data,  say_upload_end, say_upload,
    say_print,  say_block_stored, say_block_resume, say_print_status,
};

static void say_chosen(unsigned which, const uint8_t bytes[4])
{
    struct choice by = {.job = 1 + bytes[0] % 8, .b = bytes[1], .c = bytes[2], .d = bytes[3]};
    by.run = jobs_find(world.server.jobs, by.job);
    by.round = (by.run ? by.run->record.job.round : 0) + (bytes[0] >> 3 == 31 ? 1 : 0) -
               (bytes[0] >> 3 == 30 ? 1 : 0);
    saying[which % (sizeof saying / sizeof saying[0])](&by);
}

/* ---- What happens around the connection ---------------------------------------------------------------- */

static void deliver(bool goes_well)
{
    for (size_t i = 0; i < jobs_count(world.server.jobs); i++) {
        struct job_run *run = jobs_at(world.server.jobs, i);
        uint32_t invalid = job_pages_first_invalid(run);
        if (run->record.job.step != JOB_DELIVERING_STEP || run->wants_delivery || run->first ||
            run->is_waiting)
            continue;
        page_was_invalid = invalid != 0;
        job_run_handle(run, goes_well && !invalid ? &(struct job_event){.type = JOB_EVENT_DELIVERED}
                                                  : &(struct job_event){.type = JOB_EVENT_DELIVERY_FAILED,
                                                                        .page = invalid,
                                                                        .code = invalid ? ERROR_PAGE_INVALID
                                                                                        : ERROR_SPOOL_FULL});
        check_all();
    }
}

static void happen(uint8_t what)
{
    static const int results[] = {-ENOSPC, -EBADMSG, -EIO, -ENOMEM};
    switch (what % 12) {
    case 0:
        disconnect();
        break;
    case 1:
        connect_anew();
        break;
    case 2:
        world_come_back();
        break;
    case 3:
        while (world_come_back())
            check_all();
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        world.next_result = results[what % 4];
        break;
    case 8:
        world_timers();
        if (session)
            visitor_has_room(&session->visitor);
        break;
    case 9:
        deliver(true);
        break;
    case 10:
        deliver(false);
        break;
    default:
        world.free_bytes ^= UINT64_C(1) << 40;
        break;
    }
}

static void start(void)
{
    static char state[] = "/nowhere";
    char why[JOBS_WHY_BYTES];
    world = (struct world){.end = &world.first,
                           .now_ms = 1,
                           .free_bytes = UINT64_C(1) << 40,
                           .settings = {.page_bytes = 1024,
                                        .bytes = 4096,
                                        .jobs = 4,
                                        .keep_jobs = 2,
                                        .credit = 64,
                                        .upload_limit = 1024,
                                        .sheets = 20,
                                        .print_pages = 100,
                                        .print_bytes = 2048,
                                        .state = state,
                                        .archive = state}};
    world.server.settings = &world.settings;
    world.server.visitors = visitors_new(NULL);
    world.server.preparations = preparations_new();
    must(jobs_open(&world.server, why) == 0);
    connect_anew();
}

static void end(void)
{
    disconnect();
    jobs_stop(world.server.jobs);
    while (world_come_back())
        continue;
    must(preparations_count(&world.server, NULL) == 0);
    jobs_close(&world.server.jobs);
    while (world_come_back()) /* the folders of what was sent */
        continue;
    preparations_free(&world.server.preparations);
    visitors_free(&world.server.visitors);
    must(!world.timers && !world.peers);
    for (size_t i = 0; i < JOBS_MOST; i++) {
        ledger_free(&shadows[i].ledger);
        shadows[i].job = 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t at = 0;
    start();
    while (at < size && !world.has_failed) {
        uint8_t what = data[at++];
        size_t left = size - at, length = what < 0xc0 ? what + 1u : what >= 0xe0 ? 4 : 0;
        if (length > left)
            length = left;
        if (what < 0xc0)
            feed(data + at, length);
        else if (what < 0xe0)
            happen(what & 0x1f);
        else if (length == 4)
            say_chosen(what & 0x1f, data + at);
        at += length;
        check_all();
    }
    end();
    return 0;
}
