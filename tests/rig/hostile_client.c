/* An attacker: somebody with a client's certificate, or with none, who keeps no rule of the protocol.
 *
 *   hostile-client HOST PORT [--from ADDRESS] [--identity FOLDER] [--client NAME] [--job N] ATTACK
 *
 * Each attack says what the server has to make of it. Exit status 0: it did; 1: it did something else, which
 * is said; 2: wrong usage. `hostile-client --list` names the attacks. */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <deskline/ledger.h>

#include "tests/rig/frame_sample.h"
#include "tests/rig/hostile_link.h"

#define CROWD_MOST   4000
#define BIG_BYTES    0xffe0u
#define BOMB_BYTES   (64u << 20)
#define LEDGERS      1024u
#define FLOOD_FRAMES 200000u

struct attacker {
    struct hostile_target target;
    struct hostile_link *link; /* open, behind WELCOME, unless the attack is one of a stranger */
    uint64_t job;              /* --job: somebody else's */
    unsigned number;           /* --number */
};

static bool expect(unsigned expected, unsigned verdict, const char *what, unsigned number)
{
    if (verdict == expected)
        return true;
    fprintf(stderr, "%s %u: ended as %u, not as %u\n", what, number, verdict, expected);
    return false;
}

static bool reconnect(struct attacker *attacker)
{
    hostile_link_free(&attacker->link);
    attacker->link = hostile_link_new(&attacker->target);
    return attacker->link && hostile_hello(attacker->link, &attacker->target);
}

/* ---- Frames that are no frames ----------------------------------------------------------------------- */

/* Every frame that a server takes, cut at every length of its payload (and one at every length of its header,
 * which looks the same in all): the connection ends there. */
static bool attack_prefixes(struct attacker *attacker)
{
    size_t count, length;
    const struct frame_info *table = frame_table(&count);
    bool is_right = true;
    for (size_t i = 0; i < count && is_right; i++) {
        if (!(table[i].where & AT_SERVER))
            continue;
        uint8_t *bytes = frame_sample(&table[i], 1, &length);
        for (size_t cut = i == 0 ? 1 : FRAME_HEADER_BYTES; cut < length && is_right; cut++) {
            is_right = reconnect(attacker);
            if (is_right)
                hostile_send_bytes(attacker->link, bytes, cut);
        }
        free(bytes);
    }
    return is_right && reconnect(attacker) &&
           expect(HOSTILE_OPEN, hostile_verdict(attacker->link), "after the prefixes", 0);
}

/* Some of the same, but the header says that this is all: malformed. */
static bool attack_short_frames(struct attacker *attacker)
{
    size_t count, length;
    const struct frame_info *table = frame_table(&count);
    bool is_right = true;
    for (size_t i = 0; i < count && is_right; i++) {
        if (!(table[i].where & AT_SERVER) || !(table[i].when & WHEN_OPEN))
            continue;
        uint8_t *bytes = frame_sample(&table[i], 1, &length);
        for (size_t cut = FRAME_HEADER_BYTES; cut < length && is_right; cut += 13) {
            struct frame_header header;
            frame_header_decode(bytes, &header);
            header.length = (uint32_t)(cut - FRAME_HEADER_BYTES);
            frame_header_encode(&header, bytes);
            is_right = reconnect(attacker);
            if (is_right)
                hostile_send_bytes(attacker->link, bytes, cut);
            is_right = is_right &&
                       expect(ERROR_PROTOCOL, hostile_verdict(attacker->link), table[i].name, (unsigned)cut);
        }
        free(bytes);
    }
    return is_right;
}

static bool send_header(struct attacker *attacker, uint32_t length, uint16_t type, uint64_t job)
{
    uint8_t bytes[FRAME_HEADER_BYTES];
    frame_header_encode(&(struct frame_header){.length = length, .type = type, .job = job}, bytes);
    return reconnect(attacker) && hostile_send_bytes(attacker->link, bytes, sizeof bytes);
}

/* One byte over each frame's cap, and as much as a header can say: refused before the payload. */
static bool attack_lengths(struct attacker *attacker)
{
    size_t count;
    const struct frame_info *table = frame_table(&count);
    bool is_right = true;
    for (size_t i = 0; i < count && is_right; i++) {
        const uint32_t lengths[] = {table[i].cap + 1, UINT32_MAX};
        for (unsigned k = 0; k < 2 && is_right; k++)
            is_right = send_header(attacker, lengths[k], (uint16_t)table[i].type, table[i].job == OF_JOB) &&
                       expect(ERROR_PROTOCOL, hostile_verdict(attacker->link), table[i].name, lengths[k]);
    }
    return is_right;
}

/* Types that nobody knows. */
static bool attack_types(struct attacker *attacker)
{
    bool is_right = true;
    for (uint16_t type = 0x0a00; type < 0x0a10 && is_right; type++)
        is_right = send_header(attacker, 0, type, 0) &&
                   expect(ERROR_PROTOCOL, hostile_verdict(attacker->link), "type", type);
    return is_right && send_header(attacker, 0, 0, 0) &&
           expect(ERROR_PROTOCOL, hostile_verdict(attacker->link), "type", 0);
}

/* Every frame that is not for a server, or not at this time, and each with the wrong kind of job. */
static bool attack_places(struct attacker *attacker)
{
    size_t count, length;
    const struct frame_info *table = frame_table(&count);
    bool is_right = true;
    for (size_t i = 0; i < count && is_right; i++) {
        bool is_foreign = !(table[i].where & AT_SERVER) || !(table[i].when & WHEN_OPEN);
        if (!is_foreign && table[i].job == ANY_JOB)
            continue;
        uint8_t *bytes = frame_sample(&table[i], 1, &length);
        struct frame_header header;
        frame_header_decode(bytes, &header);
        if (!is_foreign) {
            header.job = table[i].job == OF_JOB ? 0 : 1;
            frame_header_encode(&header, bytes);
        }
        is_right = reconnect(attacker) && hostile_send_bytes(attacker->link, bytes, length) &&
                   expect(ERROR_PROTOCOL, hostile_verdict(attacker->link), table[i].name, 0);
        free(bytes);
    }
    return is_right;
}

/* ---- Pages that are no pages ------------------------------------------------------------------------- */

/* A job of the attacker's own, for which it would have to read. 0: none. */
static uint64_t open_job(struct attacker *attacker)
{
    struct frame request = {.type = FRAME_SERVICE_REQUEST,
                            .service_request = {.request = 1,
                                                .service = frame_text_of("archive"),
                                                .read = {.source = 2, .mode = 2, .depth = 8},
                                                .document = {.kind = 1, .title = frame_text_of("hostile")}}};
    hostile_send(attacker->link, &request);
    const struct frame *command = hostile_wait(attacker->link, FRAME_READ_COMMAND);
    return command ? command->job : 0;
}

static struct frame begin_frame(uint64_t job, uint32_t page, uint32_t width, uint32_t height)
{
    return (struct frame){.type = FRAME_PAGE_BEGIN,
                          .job = job,
                          .page_begin = {.page = page,
                                         .codec = 1,
                                         .width = width,
                                         .height = height,
                                         .bits = 8,
                                         .components = 1,
                                         .x_dpi = 300,
                                         .y_dpi = 300}};
}

static bool send_data(struct attacker *attacker, uint64_t job, uint32_t page, uint64_t offset,
                      const void *bytes, uint32_t length)
{
    return hostile_send(
        attacker->link,
        &(struct frame){.type = FRAME_PAGE_DATA, .job = job, .page_data = {page, offset, {bytes, length}}});
}

static struct frame end_frame(uint64_t job, uint32_t page, uint64_t length, uint32_t rows,
                              const uint8_t digest[SHA256_DIGEST_LENGTH])
{
    return (struct frame){
        .type = FRAME_PAGE_END,
        .job = job,
        .page_end = {.page = page, .length = length, .rows = rows, .digest = {digest, SHA256_DIGEST_LENGTH}}};
}

/* Formats that cannot be. */
static bool attack_formats(struct attacker *attacker)
{
    static const struct frame_page_begin begins[] = {
        {1, 0, 1, UINT32_C(1) << 31, 10, 8, 1, 300, 300},
        {1, 0, 1, UINT32_MAX, UINT32_MAX, 16, 3, 300, 300},
        {1, 0, 1, 0, 10, 8, 1, 300, 300},
        {1, 0, 1, 100000, 100000, 8, 1, 300, 300},
        {1, 0, 1, 10, 10, 7, 1, 300, 300},
        {1, 0, 1, 10, 10, 8, 2, 300, 300},
        {1, 0, 0, 10, 10, 8, 1, 300, 300},
        {1, 0, 9, 10, 10, 8, 1, 300, 300},
        {1, 0, 4, 10, 10, 8, 1, 300, 300},
        {1, 0, 3, 70000, 10, 8, 1, 300, 300},
        {1, 0, 1, 10, 10, 8, 1, UINT32_MAX, 300},
        {0, 0, 1, 10, 10, 8, 1, 300, 300},
    };
    bool is_right = true;
    for (unsigned i = 0; i < sizeof begins / sizeof begins[0] && is_right; i++) {
        uint64_t job;
        is_right =
            reconnect(attacker) && (job = open_job(attacker)) != 0 &&
            hostile_send(attacker->link,
                         &(struct frame){.type = FRAME_PAGE_BEGIN, .job = job, .page_begin = begins[i]}) &&
            expect(ERROR_PROTOCOL, hostile_verdict(attacker->link), "format", i);
    }
    return is_right;
}

/* A page whose data or end does not fit its beginning. */
static bool attack_pages(struct attacker *attacker)
{
    static const uint8_t zeros[SHA256_DIGEST_LENGTH];
    bool is_right = true;
    for (unsigned i = 0; i < 7 && is_right; i++) {
        uint64_t job = 0;
        is_right = reconnect(attacker) && (job = open_job(attacker)) != 0;
        struct frame begin = begin_frame(job, 1, 10, 10), end = end_frame(job, 1, 100, 10, zeros);
        if (i != 0)
            hostile_send(attacker->link, &begin);
        if (i == 1)
            send_data(attacker, job, 2, 0, zeros, sizeof zeros); /* of a page that was not begun */
        send_data(attacker, job, 1, 0, zeros, sizeof zeros);
        if (i == 2)
            send_data(attacker, job, 1, 100, zeros, sizeof zeros); /* a gap */
        if (i == 4)
            end.page_end.length = sizeof zeros, end.page_end.rows = 11;
        if (i == 5)
            end.page_end.length = sizeof zeros, end.page_end.digest.length = 31;
        if (i == 6)
            end.page_end.length = UINT64_MAX;
        hostile_send(attacker->link, &end); /* 3: with another length than was sent */
        is_right = is_right && expect(ERROR_PROTOCOL, hostile_verdict(attacker->link), "page", i);
    }
    return is_right;
}

/* More than there is credit for, to a job of its own: one write each, as fast as it goes. */
static bool attack_credit(struct attacker *attacker)
{
    static const uint8_t zeros[BIG_BYTES];
    uint64_t job = open_job(attacker), offset = 0;
    struct frame begin = begin_frame(job, 1, 1000, 0);
    if (!job || !hostile_send(attacker->link, &begin))
        return false;
    while (offset < UINT64_C(4) << 30 && send_data(attacker, job, 1, offset, zeros, BIG_BYTES))
        offset += BIG_BYTES;
    unsigned end = hostile_verdict(attacker->link);
    printf("%" PRIu64 " bytes were taken\n", offset);
    return end == HOSTILE_CLOSED || expect(ERROR_PROTOCOL, end, "credit", 0);
}

static bool send_page(struct attacker *attacker, uint64_t job, const uint8_t *bytes, uint32_t length,
                      uint32_t width, uint32_t height)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(bytes, length, digest);
    struct frame begin = begin_frame(job, 1, width, height), end = end_frame(job, 1, length, height, digest);
    bool is_sent = hostile_send(attacker->link, &begin);
    for (uint32_t at = 0; at < length && is_sent; at += BIG_BYTES)
        is_sent =
            send_data(attacker, job, 1, at, bytes + at, length - at < BIG_BYTES ? length - at : BIG_BYTES);
    return is_sent && hostile_send(attacker->link, &end);
}

/* A page that is stored, but is not what it says: no document comes of it. */
static bool is_kept_out(struct attacker *attacker, uint64_t job)
{
    struct record_account account = {0};
    struct frame_list_builder runs = {0};
    if (!hostile_wait(attacker->link, FRAME_PAGE_STORED))
        return expect(0, hostile_end(attacker->link), "the page was not stored, and the connection", 0);
    frame_list_add(&runs, &frame_record_pages, &(struct record_pages){1, 1, 1, 0});
    account.total = 1;
    account.runs = frame_list_view(&runs);
    hostile_send(
        attacker->link,
        &(struct frame){.type = FRAME_READING_STATUS, .job = job, .reading_status = {.account = account}});
    frame_list_builder_free(&runs);
    hostile_send(attacker->link, &(struct frame){.type = FRAME_FUNCTION_FINISHED,
                                                 .job = job,
                                                 .function_finished = {.last_page = 1, .medium_ended = 1}});
    const struct frame *status;
    do
        status = hostile_wait(attacker->link, FRAME_JOB_STATUS);
    while (status && (status->job != job || !status->job_status.error_code) &&
           status->job_status.state != JOB_COMPLETED);
    if (!status || status->job_status.state == JOB_COMPLETED) {
        fprintf(stderr, "the job was completed, or the connection closed\n");
        return false;
    }
    printf("job %" PRIu64 ": %.*s\n", job, (int)status->job_status.error_text.length,
           status->job_status.error_text.at);
    return true;
}

/* 64 MiB of zeros in 64 KiB, as a page of 10 × 10, and as one of 16384 × 16384 that it does not fill. */
static bool attack_bombs(struct attacker *attacker)
{
    static const uint32_t sides[] = {10, 16384};
    uLongf length = compressBound(BOMB_BYTES);
    uint8_t *zeros = calloc(1, BOMB_BYTES), *bomb = malloc(length);
    if (!zeros || !bomb || compress2(bomb, &length, zeros, BOMB_BYTES, 9) != Z_OK)
        abort();
    bool is_right = true;
    for (unsigned i = 0; i < 2 && is_right; i++) {
        uint64_t job;
        is_right = reconnect(attacker) && (job = open_job(attacker)) != 0 &&
                   send_page(attacker, job, bomb, (uint32_t)length, sides[i], sides[i]) &&
                   is_kept_out(attacker, job);
    }
    free(zeros);
    free(bomb);
    return is_right;
}

/* A digest that is not the page's: once it is asked again, then the page is given up. */
static bool attack_digest(struct attacker *attacker)
{
    static const uint8_t zeros[SHA256_DIGEST_LENGTH];
    uint64_t job = open_job(attacker);
    const struct frame *frame = NULL;
    for (unsigned i = 0; i < 2 && job; i++) {
        struct frame begin = begin_frame(job, 1, 10, 10), end = end_frame(job, 1, sizeof zeros, 10, zeros);
        hostile_send(attacker->link, &begin);
        send_data(attacker, job, 1, 0, zeros, sizeof zeros);
        hostile_send(attacker->link, &end);
        frame = hostile_wait(attacker->link, i == 0 ? FRAME_PAGE_RESUME : FRAME_SUSPEND_COMMAND);
        if (!frame)
            return expect(0, hostile_end(attacker->link), "digest", i);
    }
    return job && expect(HOSTILE_OPEN, hostile_verdict(attacker->link), "digest", 2);
}

/* ---- What belongs to others -------------------------------------------------------------------------- */

/* Every frame that names a job, with somebody else's. */
static bool attack_foreign_job(struct attacker *attacker)
{
    size_t count, length;
    const struct frame_info *table = frame_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (!(table[i].where & AT_SERVER) || !(table[i].when & WHEN_OPEN) || table[i].job != OF_JOB)
            continue;
        uint8_t *bytes = frame_sample(&table[i], attacker->job, &length);
        hostile_send_bytes(attacker->link, bytes, length);
        free(bytes);
    }
    hostile_send(attacker->link, &(struct frame){.type = FRAME_JOB_LIST_REQUEST,
                                                 .job = attacker->job,
                                                 .job_list_request = {.request = 77, .watch = 1}});
    hostile_send(attacker->link,
                 &(struct frame){.type = FRAME_DOCUMENT_REQUEST,
                                 .document_request = {.request = 78, .document = attacker->job, .part = 1}});
    for (unsigned answers = 0; answers < 2;) {
        const struct frame *frame = hostile_wait(attacker->link, 0);
        if (!frame)
            return expect(0, hostile_end(attacker->link), "foreign job", 0);
        if (frame->type == FRAME_JOB_STATUS || frame->type == FRAME_DOCUMENT_DATA) {
            fprintf(stderr, "another client's job was shown\n");
            return false;
        }
        if (frame->type == FRAME_OUTCOME && frame->outcome.exit_code == 0) {
            fprintf(stderr, "request %" PRIu32 " was granted\n", frame->outcome.request);
            return false;
        }
        answers += frame->type == FRAME_OUTCOME && (frame->outcome.request | 1) == (78 | 1);
        answers += frame->type == FRAME_OUTCOME && frame->outcome.request == 77;
    }
    return expect(HOSTILE_OPEN, hostile_verdict(attacker->link), "foreign job", 0);
}

/* ---- Too much ---------------------------------------------------------------------------------------- */

/* HELLO with as many jobs as it may hold, each with a ledger of as many pages as there may be, or one that is
 * none. */
static bool attack_ledgers(struct attacker *attacker)
{
    bool is_right = true;
    for (uint32_t kind = 0; kind < 3 && is_right; kind++) {
        struct frame_list_builder runs = {0}, jobs = {0};
        const struct record_pages all[] = {
            {1, LEDGER_MAX_PAGES, 1, UINT32_MAX}, {1, UINT32_MAX, 2, 0}, {7, 1, 200, 0}};
        frame_list_add(&runs, &frame_record_pages, &all[kind]);
        for (uint64_t job = 1; job <= LEDGERS; job++)
            frame_list_add(
                &jobs, &frame_record_job_in_hand,
                &(struct record_job_in_hand){
                    .job = job,
                    .function = 1,
                    .round = UINT32_MAX,
                    .account = {.total = UINT32_MAX, .floor = UINT32_MAX, .runs = frame_list_view(&runs)}});
        hostile_link_free(&attacker->link);
        attacker->link = hostile_link_new(&attacker->target);
        struct frame hello = {.type = FRAME_HELLO,
                              .hello = {.version_min = FRAME_VERSION_MIN,
                                        .version_max = FRAME_VERSION_MAX,
                                        .client = frame_text_of(attacker->target.client),
                                        .jobs = frame_list_view(&jobs)}};
        is_right = attacker->link && hostile_send(attacker->link, &hello);
        unsigned verdict = is_right ? hostile_verdict(attacker->link) : HOSTILE_CLOSED;
        is_right = verdict == ERROR_PROTOCOL || expect(HOSTILE_OPEN, verdict, "ledgers", kind);
        frame_list_builder_free(&runs);
        frame_list_builder_free(&jobs);
    }
    return is_right;
}

static bool flood(struct attacker *attacker, const struct frame *frame)
{
    uint32_t sent = 0;
    while (sent < FLOOD_FRAMES && hostile_send(attacker->link, frame))
        sent++;
    unsigned end = hostile_verdict(attacker->link);
    printf("%" PRIu32 " frames of %s: ended as %u\n", sent, frame_name((uint16_t)frame->type), end);
    return end == ERROR_LIMIT || end == HOSTILE_CLOSED ||
           expect(ERROR_LIMIT, end, frame_name((uint16_t)frame->type), sent);
}

static bool attack_pings(struct attacker *attacker)
{
    return flood(attacker, &(struct frame){.type = FRAME_PING});
}

/* The answers are never read. */
static bool attack_requests(struct attacker *attacker)
{
    return flood(attacker, &(struct frame){.type = FRAME_JOB_LIST_REQUEST, .job_list_request = {.all = 1}});
}

static bool attack_jobs(struct attacker *attacker)
{
    for (unsigned i = 0; i < 10000; i++) {
        struct frame request = {.type = FRAME_SERVICE_REQUEST,
                                .service_request = {.request = i,
                                                    .service = frame_text_of("archive"),
                                                    .read = {.source = 2, .mode = 2, .depth = 8},
                                                    .document = {.kind = 1}}};
        hostile_send(attacker->link, &request);
        const struct frame *outcome = hostile_wait(attacker->link, FRAME_OUTCOME);
        if (!outcome)
            return expect(HOSTILE_OPEN, hostile_end(attacker->link), "jobs", i);
        if (outcome->outcome.exit_code != 0) {
            printf("after %u jobs: %.*s\n", i, (int)outcome->outcome.text.length, outcome->outcome.text.at);
            return expect(ERROR_LIMIT, outcome->outcome.code, "jobs", i) &&
                   expect(HOSTILE_OPEN, hostile_verdict(attacker->link), "jobs", i);
        }
    }
    return false;
}

/* ---- Strangers --------------------------------------------------------------------------------------- */

/* HELLO, whatever the certificate is: --expect says what comes of it. */
static bool attack_hello(struct attacker *attacker)
{
    if (!attacker->link)
        return expect(attacker->number, HOSTILE_CLOSED, "hello", 0);
    bool is_welcome = hostile_hello(attacker->link, &attacker->target);
    return expect(attacker->number, is_welcome ? HOSTILE_OPEN : hostile_end(attacker->link), "hello", 0);
}

/* Every frame but ENROLL_REQUEST as the first one, without a certificate. */
static bool attack_anonymous(struct attacker *attacker)
{
    size_t count, length;
    const struct frame_info *table = frame_table(&count);
    bool is_right = true;
    for (size_t i = 0; i < count && is_right; i++) {
        if (table[i].type == FRAME_ENROLL_REQUEST || table[i].type == FRAME_GOODBYE ||
            table[i].type == FRAME_REFUSE)
            continue;
        uint8_t *bytes = frame_sample(&table[i], 1, &length);
        hostile_link_free(&attacker->link);
        attacker->link = hostile_link_new(&attacker->target);
        is_right = attacker->link && hostile_send_bytes(attacker->link, bytes, length) &&
                   expect(table[i].type == FRAME_HELLO ? ERROR_NOT_ENROLLED : ERROR_PROTOCOL,
                          hostile_verdict(attacker->link), table[i].name, 0);
        free(bytes);
    }
    return is_right;
}

/* An ENROLL_REQUEST with a secret that is none, and no request in it. */
static bool attack_token(struct attacker *attacker)
{
    size_t length;
    uint8_t *bytes = frame_sample(frame_find(FRAME_ENROLL_REQUEST), 0, &length);
    bool is_right = hostile_send_bytes(attacker->link, bytes, length) &&
                    expect(ERROR_TOKEN, hostile_verdict(attacker->link), "token", 0);
    free(bytes);
    return is_right;
}

/* Garbage instead of TLS. */
static bool attack_garbage(struct attacker *attacker)
{
    uint8_t bytes[4096];
    uint32_t state = 1;
    for (unsigned round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)((state = state * 1664525u + 1013904223u) >> 24);
        if (round % 2)
            memcpy(bytes, "\x16\x03\x01\x02\x00\x01", 6); /* it begins as TLS does */
        int fd = hostile_socket(&attacker->target);
        if (fd < 0 || send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) < 0)
            return false;
        shutdown(fd, SHUT_WR);
        while (recv(fd, bytes, sizeof bytes, 0) > 0)
            continue;
        close(fd);
    }
    return true;
}

/* So many connections that say nothing, until the server has closed them all. */
static bool attack_crowd(struct attacker *attacker)
{
    static int crowd[CROWD_MOST];
    struct rlimit limit;
    uint8_t byte;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    for (unsigned i = 0; i < attacker->number && i < CROWD_MOST; i++)
        if ((crowd[i] = hostile_socket(&attacker->target)) < 0)
            return false;
    puts("all there");
    fflush(stdout);
    for (unsigned i = 0; i < attacker->number && i < CROWD_MOST; i++) {
        ssize_t got = 1;
        while (got > 0)
            got = recv(crowd[i], &byte, 1, 0);
        close(crowd[i]);
    }
    return true;
}

/* ---- Which --------------------------------------------------------------------------------------------- */

enum start { START_OPEN, START_TLS, START_NONE };
static const struct attack {
    const char *name;
    bool (*run)(struct attacker *attacker);
    enum start start;
} attacks[] = {
    {"prefixes", attack_prefixes, START_NONE},
    {"short-frames", attack_short_frames, START_NONE},
    {"lengths", attack_lengths, START_NONE},
    {"types", attack_types, START_NONE},
    {"places", attack_places, START_NONE},
    {"formats", attack_formats, START_NONE},
    {"pages", attack_pages, START_NONE},
    {"credit", attack_credit, START_OPEN},
    {"bombs", attack_bombs, START_NONE},
    {"digest", attack_digest, START_OPEN},
    {"foreign-job", attack_foreign_job, START_OPEN},
    {"ledgers", attack_ledgers, START_NONE},
    {"pings", attack_pings, START_OPEN},
    {"requests", attack_requests, START_OPEN},
    {"jobs", attack_jobs, START_OPEN},
    {"hello", attack_hello, START_TLS},
    {"anonymous", attack_anonymous, START_NONE},
    {"token", attack_token, START_TLS},
    {"garbage", attack_garbage, START_NONE},
    {"crowd", attack_crowd, START_NONE},
};

static int usage(void)
{
    fprintf(stderr, "hostile-client HOST PORT [--from ADDRESS] [--identity FOLDER] [--client NAME] [--job N] "
                    "[--number N] ATTACK\nattacks:");
    for (unsigned i = 0; i < sizeof attacks / sizeof attacks[0]; i++)
        fprintf(stderr, " %s", attacks[i].name);
    fputs("\n", stderr);
    return 2;
}

static bool carry_out(const struct attack *attack, struct attacker *attacker)
{
    if (attack->start == START_OPEN && !reconnect(attacker)) {
        fputs("there was no WELCOME\n", stderr);
        return false;
    }
    if (attack->start == START_TLS)
        attacker->link = hostile_link_new(&attacker->target);
    bool is_right = attack->run(attacker);
    hostile_link_free(&attacker->link);
    return is_right;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"from", required_argument, NULL, 'f'},   {"identity", required_argument, NULL, 'i'},
        {"client", required_argument, NULL, 'c'}, {"job", required_argument, NULL, 'j'},
        {"number", required_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};
    struct attacker attacker = {.target = {.client = "nobody"}};
    int option;
    signal(SIGPIPE, SIG_IGN);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'f':
            attacker.target.from = optarg;
            break;
        case 'i':
            attacker.target.folder = optarg;
            break;
        case 'c':
            attacker.target.client = optarg;
            break;
        case 'j':
            attacker.job = strtoull(optarg, NULL, 10);
            break;
        case 'n':
            attacker.number = (unsigned)strtoul(optarg, NULL, 10);
            break;
        default:
            return usage();
        }
    }
    if (argc - optind != 3)
        return usage();
    attacker.target.host = argv[optind];
    attacker.target.port = argv[optind + 1];
    for (unsigned i = 0; i < sizeof attacks / sizeof attacks[0]; i++)
        if (strcmp(argv[optind + 2], attacks[i].name) == 0)
            return carry_out(&attacks[i], &attacker) ? 0 : 1;
    return usage();
}
