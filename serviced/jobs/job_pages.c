#include "config.h"

#include "serviced/jobs/job_pages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "serviced/documents/store.h"
#include "serviced/front/visitor.h"
#include "serviced/jobs/job_run.h"
#include "serviced/jobs/jobs.h"
#include "serviced/server.h"
#include "serviced/settings.h"
#include "wire/peer.h"

/* So many bytes of a page may come between two looks at what is kept for the client. */
#define QUOTA_STEP_BYTES (1u << 20)

/* ---- The list ----------------------------------------------------------------------------------------- */

static struct job_page *find(const struct job_run *run, uint32_t page, uint32_t generation)
{
    const struct job_pages *pages = &run->pages;
    for (uint32_t i = pages->count; i-- > 0;)
        if (pages->list[i].page == page && pages->list[i].generation == generation)
            return &pages->list[i];
    return NULL;
}

static struct job_page *add(struct job_run *run, const struct job_page *page)
{
    struct job_pages *pages = &run->pages;
    if (pages->count == pages->room) {
        pages->room = pages->room ? pages->room * 2 : 8;
        pages->list = memory_resize(pages->list, pages->room, sizeof *pages->list);
    }
    pages->list[pages->count] = *page;
    return &pages->list[pages->count++];
}

/* Out of the list and the registry; its file is somebody else's business. */
static void forget(struct job_run *run, struct job_page *page)
{
    struct job_pages *pages = &run->pages;
    if (page->is_stored)
        pages->bytes -= page->length;
    job_page_delete(registry_database(run->server->registry), run->record.job.id, page->page,
                    page->generation);
    memmove(page, page + 1, (size_t)(&pages->list[--pages->count] - page) * sizeof *page);
}

static void put(struct job_run *run, const struct job_page *page)
{
    job_page_put(registry_database(run->server->registry), run->record.job.id, page);
}

const struct job_page *job_pages_stored(const struct job_run *run, uint32_t page)
{
    struct ledger_page known = ledger_get(&run->record.job.ledger, page);
    const struct job_page *found = find(run, page, known.generation);
    return found && found->is_stored ? found : NULL;
}

unsigned job_pages_verifying(const struct job_run *run)
{
    return run->pages.verifying;
}

/* Of the pages that count: one that is not there, or not what it says. */
uint32_t job_pages_first_invalid(const struct job_run *run)
{
    const struct ledger *ledger = &run->record.job.ledger;
    for (uint32_t page = 1; page <= ledger->count; page++) {
        const struct job_page *stored = job_pages_stored(run, page);
        if (ledger_get(ledger, page).state == PAGE_STORED &&
            (!stored || stored->is_invalid || !stored->has_file))
            return page;
    }
    return 0;
}

void job_pages_start(struct job_run *run)
{
    run->pages.store = store_job_new(run->server->store, run->record.job.id);
}

void job_pages_end(struct job_run *run)
{
    store_part_leave(&run->pages.part);
    store_job_free(&run->pages.store);
    free(run->pages.list);
}

/* ---- 1. PAGE_BEGIN ------------------------------------------------------------------------------------ */

static void break_off(struct visitor *visitor, const char *why)
{
    peer_refuse(&visitor->peer, ERROR_PROTOCOL, why);
    visitor->close(visitor);
}

static void fail(struct job_run *run, enum error_code code, const char *text)
{
    job_run_handle(run,
                   &(struct job_event){.type = JOB_EVENT_PAGE_FAILED, .code = (uint16_t)code, .text = text});
}

/* What there was of a page is given up. */
static void drop_part(struct job_run *run)
{
    struct job_pages *pages = &run->pages;
    struct job_page *page = find(run, pages->receive.begin.page, pages->receive.begin.generation);
    if (page && !page->is_stored)
        forget(run, page);
    if (pages->part)
        store_part_drop(&pages->part);
    else if (pages->receive.begin.page)
        store_page_remove(pages->store, pages->receive.begin.page, pages->receive.begin.generation);
    pages->part_failed = false;
}

static struct page_format format_of(const struct frame_page_begin *begin)
{
    return (struct page_format){.codec = (enum page_codec)begin->codec,
                                .width_px = begin->width,
                                .height_px = begin->height,
                                .bits = begin->bits,
                                .components = begin->components,
                                .x_dpi = begin->x_dpi,
                                .y_dpi = begin->y_dpi};
}

/* An empty file for the page that begins. Its row lets a new process go on with it. */
static void start_part(struct job_run *run)
{
    struct job_pages *pages = &run->pages;
    const struct frame_page_begin *begin = &pages->receive.begin;
    struct job_page *page = find(run, begin->page, begin->generation);
    if (!page)
        page = add(run, &(struct job_page){.page = begin->page, .generation = begin->generation});
    page->format = format_of(begin);
    page->has_file = true;
    put(run, page);
    pages->part = store_part_new(pages->store, begin->page, begin->generation);
}

static void go_on_with_part(struct job_run *run)
{
    struct job_pages *pages = &run->pages;
    const struct frame_page_begin *begin = &pages->receive.begin;
    if (!pages->part)
        pages->part = store_part_reopen(pages->store, begin->page, begin->generation, pages->receive.length);
    else if (pages->part_failed)
        store_part_retry(pages->part);
    pages->part_failed = false;
}

static bool is_over_quota(const struct job_run *run)
{
    return jobs_bytes(run->server->jobs, run->record.client) >= (uint64_t)run->server->settings->bytes;
}

static void fail_for_quota(struct job_run *run)
{
    fail(run, ERROR_LIMIT, "the server keeps as many bytes for this client as it may");
}

uint64_t job_pages_bytes(const struct job_run *run)
{
    return run->pages.bytes + run->pages.receive.length;
}

void job_pages_begin(struct job_run *run, struct visitor *visitor, const struct frame_page_begin *begin)
{
    struct job_pages *pages = &run->pages;
    struct page_format format = format_of(begin);
    struct page_receive before = pages->receive;
    struct ledger_page known = ledger_get(&run->record.job.ledger, begin->page);
    bool wanted = job_wants_page(&run->record.job, begin->page, begin->generation);
    const char *why = "a page as PDF is for printing";
    enum page_receive_step step;

    if (format.codec == PAGE_CODEC_PDF || page_format_check(&format, &why) < 0) {
        break_off(visitor, why);
        return;
    }
    if (!wanted && known.state == PAGE_STORED && known.generation == begin->generation)
        job_run_say_stored(run, begin->page, begin->generation);
    if (wanted && is_over_quota(run)) {
        fail_for_quota(run);
        wanted = false;
    }
    step = page_receive_begin(&pages->receive, begin, wanted, &why);
    if (step == PAGE_RECEIVE_REFUSE) {
        break_off(visitor, why);
    } else if (step == PAGE_RECEIVE_RESTART) {
        struct page_receive now = pages->receive;
        pages->receive = before;
        drop_part(run);
        pages->receive = now;
        start_part(run);
    } else if (step == PAGE_RECEIVE_CONTINUE) {
        go_on_with_part(run);
    }
}

/* ---- 2. PAGE_DATA ------------------------------------------------------------------------------------- */

struct arrival {
    struct job_run *run;
    struct store_part *part;
    uint64_t visitor;
    uint32_t length;
};

static bool is_full(int result)
{
    return result == -ENOSPC || result == -EDQUOT;
}

/* The part cannot be written: what is in the file stays, and the client is told to hold. */
static void part_failed(struct job_run *run, int result)
{
    struct job_pages *pages = &run->pages;
    pages->part_failed = true;
    pages->receive.length = store_part_length(pages->part);
    pages->receive.open = false;
    pages->receive.ignoring = true; /* what is still on its way */
    if (result == -EIO)
        server_fail(run->server, "the disk of the pages reported an error");
    else
        fail(run, is_full(result) ? ERROR_SPOOL_FULL : ERROR_STORAGE,
             is_full(result) ? NULL : strerror(-result));
}

static void data_written(void *context, int result)
{
    struct arrival *arrival = context;
    struct job_run *run = arrival->run;
    struct visitor *visitor = visitor_find(run->server, arrival->visitor);
    if (job_run_worker_is_back(run)) {
        if (visitor)
            peer_grant(visitor->peer, arrival->length);
        if (result < 0 && arrival->part == run->pages.part && !run->pages.part_failed)
            part_failed(run, result);
    }
    free(arrival);
}

static void append(struct job_run *run, struct visitor *visitor, const struct frame_bytes *bytes)
{
    struct arrival *arrival = memory_new(sizeof *arrival);
    *arrival = (struct arrival){run, run->pages.part, visitor->id, bytes->length};
    run->pages.arrived += bytes->length;
    job_run_worker_is_out(run);
    if (store_part_append(run->pages.part, bytes->at, bytes->length, data_written, arrival) < 0)
        data_written(arrival, -ENOMEM);
}

/* What has come of the page stays; what is still on its way is dropped. */
static void stop_beyond_quota(struct job_run *run, uint32_t length)
{
    struct page_receive *receive = &run->pages.receive;
    uint64_t before = (receive->length - length) / QUOTA_STEP_BYTES;
    if (receive->length / QUOTA_STEP_BYTES == before || !is_over_quota(run))
        return;
    receive->open = false;
    receive->ignoring = true;
    fail_for_quota(run);
}

/* The sender goes on from a part that has gone since: it has to begin anew. */
static void ask_again(struct job_run *run, const struct frame_page_begin *begin)
{
    struct page_receive now = run->pages.receive;
    run->pages.receive = (struct page_receive){.begin = *begin};
    drop_part(run);
    run->pages.receive = now;
    job_frames_resume(run, begin->page, begin->generation, 0);
}

void job_pages_data(struct job_run *run, struct visitor *visitor, const struct frame_page_data *data)
{
    struct job_pages *pages = &run->pages;
    struct frame_page_begin begin = pages->receive.begin;
    const char *why;
    switch (page_receive_data(&pages->receive, data, (uint64_t)run->server->settings->page_bytes, &why)) {
    case PAGE_RECEIVE_REFUSE:
        break_off(visitor, why);
        return;
    case PAGE_RECEIVE_RESTART:
        store_part_drop(&pages->part);
        pages->part_failed = false;
        start_part(run);
        append(run, visitor, &data->bytes);
        return;
    case PAGE_RECEIVE_APPEND:
        append(run, visitor, &data->bytes);
        stop_beyond_quota(run, data->bytes.length);
        return;
    case PAGE_RECEIVE_AGAIN:
        ask_again(run, &begin);
        peer_grant(visitor->peer, data->bytes.length);
        return;
    default:
        peer_grant(visitor->peer, data->bytes.length);
        return;
    }
}

/* ---- 3. PAGE_END -------------------------------------------------------------------------------------- */

struct page_at_work {
    struct job_run *run;
    uint32_t page, generation;
};

static struct page_at_work *page_at_work_new(struct job_run *run, uint32_t page, uint32_t generation)
{
    struct page_at_work *work = memory_new(sizeof *work);
    *work = (struct page_at_work){run, page, generation};
    job_run_worker_is_out(run);
    return work;
}

static void verify(struct job_run *run, const struct job_page *page);

/* Once, the client is asked to send the page again: it looks whether its own file is damaged. */
static void digest_differs(struct job_run *run, uint32_t page, uint32_t generation)
{
    struct job_pages *pages = &run->pages;
    log_warning("job %" PRIu64 ": page %" PRIu32 " has another digest than its PAGE_END says",
                run->record.job.id, page);
    if (pages->mismatch_page == page && pages->mismatch_generation == generation) {
        fail(run, ERROR_PAGE_LOST, NULL);
        return;
    }
    pages->mismatch_page = page;
    pages->mismatch_generation = generation;
    job_frames_resume(run, page, generation, 0);
}

static void page_written(struct job_run *run, struct job_page *page, int result)
{
    uint32_t number = page->page, generation = page->generation;
    if (result == 0) {
        page->is_stored = true;
        run->pages.bytes += page->length;
        put(run, page); /* before the ledger says so */
        verify(run, page);
        job_run_handle(run, &(struct job_event){
                                .type = JOB_EVENT_PAGE_DURABLE, .page = number, .generation = generation});
        return;
    }
    forget(run, page);
    if (result != -EBADMSG)
        store_page_remove(run->pages.store, number, generation);
    if (result == -EBADMSG)
        digest_differs(run, number, generation);
    else if (is_full(result))
        fail(run, ERROR_SPOOL_FULL, NULL);
    else if (result == -EIO)
        server_fail(run->server, "the disk of the pages reported an error");
    else
        fail(run, ERROR_STORAGE, strerror(-result));
}

static void page_finished(void *context, int result)
{
    struct page_at_work *work = context;
    struct job_page *page = find(work->run, work->page, work->generation);
    if (job_run_worker_is_back(work->run)) {
        if (page && !page->is_stored)
            page_written(work->run, page, result);
        else if (!page) /* it was given up meanwhile */
            store_page_remove(work->run->pages.store, work->page, work->generation);
    }
    free(work);
}

void job_pages_finish(struct job_run *run, struct visitor *visitor, const struct frame_page_end *end)
{
    struct job_pages *pages = &run->pages;
    struct job_page *page = find(run, end->page, end->generation);
    const char *why = "PAGE_END without its PAGE_BEGIN";
    enum page_receive_step step = page_receive_end(&pages->receive, end, &why);
    if (step == PAGE_RECEIVE_REFUSE || (step == PAGE_RECEIVE_FINISH && (!page || !pages->part))) {
        break_off(visitor, why);
        return;
    }
    if (step != PAGE_RECEIVE_FINISH)
        return;
    page_receive_forget(&pages->receive);
    if (page->is_stored) { /* it came twice: the first one stays */
        store_part_drop(&pages->part);
        job_run_handle(run, &(struct job_event){.type = JOB_EVENT_PAGE_DURABLE,
                                                .page = end->page,
                                                .generation = end->generation});
        return;
    }
    page->rows = end->rows;
    page->length = end->length;
    memcpy(page->digest, end->digest.at, sizeof page->digest);
    store_part_finish(&pages->part, page->digest, page_finished,
                      page_at_work_new(run, end->page, end->generation));
}

/* ---- 4. Verified, in the background ------------------------------------------------------------------- */

static void page_verified(void *context, int result)
{
    struct page_at_work *work = context;
    struct job_run *run = work->run;
    struct job_page *page = find(run, work->page, work->generation);
    run->pages.verifying--;
    if (job_run_worker_is_back(run)) {
        if (page && result == 0) {
            page->is_verified = true;
            put(run, page);
        } else if (page && result != -ENOMEM && result != -ECANCELED) {
            page->is_invalid = true;
        }
        job_run_deliver_if_wanted(run);
    }
    free(work);
}

static void verify(struct job_run *run, const struct job_page *page)
{
    run->pages.verifying++;
    store_page_verify(run->pages.store, page->page, page->generation, &page->format, page->rows,
                      page_verified, page_at_work_new(run, page->page, page->generation));
}

void job_pages_disconnect(struct job_run *run)
{
    page_receive_disconnect(&run->pages.receive);
}

/* ---- Pages that no longer count ----------------------------------------------------------------------- */

void job_pages_drop(struct job_run *run, uint32_t page, uint32_t generation)
{
    struct job_pages *pages = &run->pages;
    struct job_page *found = find(run, page, generation);
    if (pages->receive.begin.page == page && pages->receive.begin.generation == generation) {
        drop_part(run);
        page_receive_forget(&pages->receive);
        pages->receive.ignoring = true; /* what is still on its way */
        return;
    }
    if (found)
        forget(run, found);
    store_page_remove(pages->store, page, generation);
}

void job_pages_drop_from(struct job_run *run, uint32_t page, uint32_t generation)
{
    for (uint32_t i = run->pages.count; i-- > 0;) {
        const struct job_page *each = &run->pages.list[i];
        if (each->page >= page && each->generation < generation)
            job_pages_drop(run, each->page, each->generation);
    }
}

void job_pages_remove_all(struct job_run *run)
{
    struct job_pages *pages = &run->pages;
    store_part_drop(&pages->part);
    page_receive_forget(&pages->receive);
    pages->receive.ignoring = true;
    while (pages->count)
        forget(run, &pages->list[pages->count - 1]);
    store_job_remove(pages->store, NULL, NULL);
}

/* ---- After a restart of the server -------------------------------------------------------------------- */

void job_pages_recover_row(struct job_run *run, const struct job_page *page)
{
    add(run, page);
    if (page->is_stored) {
        run->pages.bytes += page->length;
        run->pages.arrived += page->length;
    }
}

bool job_pages_recover_file(struct job_run *run, uint32_t page, uint32_t generation, bool is_part,
                            uint64_t length)
{
    struct job_page *found = find(run, page, generation);
    struct page_receive *receive = &run->pages.receive;
    if (!found || found->is_stored == is_part || (!is_part && found->length != length))
        return false;
    if (is_part &&
        (length == 0 || receive->begin.page || !job_wants_page(&run->record.job, page, generation)))
        return false;
    found->has_file = true;
    if (is_part) {
        receive->length = length;
        receive->begin = (struct frame_page_begin){page,
                                                   generation,
                                                   (uint8_t)found->format.codec,
                                                   found->format.width_px,
                                                   found->format.height_px,
                                                   found->format.bits,
                                                   found->format.components,
                                                   found->format.x_dpi,
                                                   found->format.y_dpi};
        run->pages.arrived += length;
    }
    return true;
}

void job_pages_recover_end(struct job_run *run)
{
    for (uint32_t i = run->pages.count; i-- > 0;) {
        struct job_page *page = &run->pages.list[i];
        if (!page->has_file && page->is_stored)
            log_error("job %" PRIu64 ": the file of page %" PRIu32 " is missing", run->record.job.id,
                      page->page);
        else if (!page->has_file)
            forget(run, page);
        else if (page->is_stored && !page->is_verified && !job_run_is_over(run))
            verify(run, page);
    }
}

void job_pages_recover_ledger(struct job_run *run)
{
    for (uint32_t i = run->pages.count; i-- > 0;) {
        const struct job_page *page = &run->pages.list[i];
        struct ledger_page known = ledger_get(&run->record.job.ledger, page->page);
        if (page->is_stored && page->has_file &&
            (known.state != PAGE_STORED || known.generation != page->generation))
            job_run_handle(run, &(struct job_event){.type = JOB_EVENT_PAGE_DURABLE,
                                                    .page = page->page,
                                                    .generation = page->generation});
        if (i > run->pages.count) /* the page was dropped, and others with it */
            i = run->pages.count;
    }
}
