/* clientd/units: the page loop over a scripted scanner: every error at every step, full and broken disks,
 * what is in the spool afterwards and what the daemon was told. */
#include "config.h"

#include "clientd/units/read_job.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <deskline/frame.h>
#include <deskline/ledger.h>
#include <deskline/words.h>

#include "base/blob.h"
#include "base/log.h"
#include "clientd/spool_names.h"
#include "clientd/units/sane_words.h"
#include "clientd/units/scanner.h"
#include "clientd/units/unit_link.h"
#include "page/decode.h"

#define JOB        77
#define GENERATION 4
#define WIDTH      40u
#define ROWS       30u
#define IMAGES_MAX 12
#define SEEN_MAX   64

/* ---- A disk that fails on order ----------------------------------------------------------------------- */

static size_t disk_room = SIZE_MAX; /* bytes that may still be written, then … */
static int disk_error = ENOSPC;     /* … this, */
static unsigned disk_failures;      /* so often, before there is room again */
static int sync_error;              /* of a file, not of a folder */
static unsigned meta_failures;      /* of writes at the end of a file, each of them disk_error */

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    if (disk_room == 0 && disk_failures) {
        if (--disk_failures == 0)
            disk_room = SIZE_MAX;
        errno = disk_error;
        return -1;
    }
    if (length > disk_room)
        length = disk_room;
    disk_room -= disk_room == SIZE_MAX ? 0 : length;
    return syscall(SYS_pwrite64, fd, bytes, length, offset);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    if (meta_failures && lseek(fd, 0, SEEK_CUR) >= 0) {
        meta_failures--;
        errno = disk_error;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, length);
}

int fsync(int fd)
{
    if (sync_error && (fcntl(fd, F_GETFL) & O_DIRECTORY) == 0) {
        errno = sync_error;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

/* ---- A scanner that follows a script ------------------------------------------------------------------ */

struct image {
    enum scanner_status start;
    bool unmoved;
    struct scanner_frame frame;
    size_t bytes;            /* that it gives before … */
    enum scanner_status end; /* … this */
};

struct fake {
    struct scanner base;
    enum scanner_status open, apply, parameters;
    bool feeder;
    uint16_t code; /* of every error */
    struct image images[IMAGES_MAX];
    unsigned count, next;
    size_t chunk, given;
    unsigned empty_reads; /* before each chunk */
    unsigned empty_left;
    bool started, is_open;
};

static struct fake fake;

static enum scanner_status say(enum scanner_status status, bool unmoved, struct scanner_error *error)
{
    if (status == SCANNER_FAILED) {
        error->code = fake.code;
        error->unmoved = unmoved;
        strcpy(error->text, "as ordered");
    }
    return status;
}

static enum scanner_status fake_open(struct scanner *scanner, const char *device, struct scanner_error *error)
{
    (void)scanner;
    ck_assert_str_eq(device, "fake");
    fake.is_open = fake.open == SCANNER_GOOD;
    return say(fake.open, true, error);
}

static enum scanner_status fake_apply(struct scanner *scanner, const struct scanner_request *request,
                                      struct scanner_setup *setup, struct scanner_error *error)
{
    (void)scanner;
    (void)request;
    *setup = (struct scanner_setup){fake.feeder, 300, 200};
    return say(fake.apply, true, error);
}

static struct image *image_now(void)
{
    ck_assert_uint_gt(fake.next, 0);
    return &fake.images[fake.next - 1];
}

/* Behind the script there is no more paper. */
static enum scanner_status fake_start(struct scanner *scanner, struct scanner_error *error)
{
    (void)scanner;
    if (fake.next == fake.count)
        return SCANNER_EMPTY;
    struct image *image = &fake.images[fake.next++];
    fake.given = 0;
    fake.empty_left = fake.empty_reads;
    fake.started = image->start == SCANNER_GOOD;
    return say(image->start, image->unmoved, error);
}

static enum scanner_status fake_parameters(struct scanner *scanner, struct scanner_frame *frame,
                                           struct scanner_error *error)
{
    (void)scanner;
    *frame = fake.started ? image_now()->frame : fake.images[0].frame;
    return say(fake.started ? fake.parameters : SCANNER_GOOD, false, error);
}

/* Byte i of image n: no two rows and no two images are alike. */
static uint8_t sample(unsigned image, size_t i)
{
    return (uint8_t)(i * 7 + i / 251 + image * 31);
}

static enum scanner_status fake_read(struct scanner *scanner, uint8_t *bytes, size_t room, size_t *length,
                                     struct scanner_error *error)
{
    (void)scanner;
    struct image *image = image_now();
    *length = 0;
    if (fake.given == image->bytes)
        return say(image->end, false, error);
    if (fake.empty_left) {
        fake.empty_left--;
        return SCANNER_GOOD;
    }
    fake.empty_left = fake.empty_reads;
    size_t left = image->bytes - fake.given, most = fake.chunk < room ? fake.chunk : room;
    *length = left < most ? left : most;
    for (size_t i = 0; i < *length; i++)
        bytes[i] = sample(fake.next - 1, fake.given + i);
    fake.given += *length;
    return SCANNER_GOOD;
}

static void fake_cancel(struct scanner *scanner)
{
    (void)scanner;
    fake.started = false;
}

static void fake_close(struct scanner *scanner)
{
    (void)scanner;
    fake.is_open = false;
}

static const struct scanner_ops fake_ops = {.open = fake_open,
                                            .apply = fake_apply,
                                            .start = fake_start,
                                            .parameters = fake_parameters,
                                            .read = fake_read,
                                            .cancel = fake_cancel,
                                            .close = fake_close};

static struct image whole_image(void)
{
    return (struct image){.frame = {.plane = SCANNER_PLANE_GRAY,
                                    .last = true,
                                    .bytes_per_line = WIDTH,
                                    .width_px = WIDTH,
                                    .lines = ROWS,
                                    .depth = 8},
                          .bytes = (size_t)WIDTH * ROWS,
                          .end = SCANNER_END};
}

/* ---- A daemon that writes everything down ------------------------------------------------------------- */

struct seen {
    struct frame frame;
    uint8_t payload[512];
};

static char folder_path[64];
static int folder;
static int daemon_fd, unit_fd;
static struct unit_link *unit_link;
static struct seen seen[SEEN_MAX];
static unsigned seen_count;
static struct frame command;

static void set_up(void)
{
    int ends[2];
    log_start("test", LOG_LEVEL_ERROR);
    strcpy(folder_path, "/tmp/test-reading-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder_path));
    folder = open(folder_path, O_RDONLY | O_DIRECTORY);
    ck_assert_int_ge(folder, 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    daemon_fd = ends[0];
    unit_fd = ends[1];
    ck_assert_int_eq(unit_link_new(&unit_link, unit_fd), 0);
    fake = (struct fake){
        .base = {&fake_ops}, .feeder = true, .code = ERROR_MEDIA_JAM, .chunk = 1000, .count = 1};
    for (unsigned i = 0; i < IMAGES_MAX; i++)
        fake.images[i] = whole_image();
    command =
        (struct frame){.type = FRAME_READ_COMMAND,
                       .job = JOB,
                       .read_command = {.first_page = 1, .generation = GENERATION, .options = {.codec = 1}}};
}

static void tear_down(void)
{
    char *name = strrchr(folder_path, '/') + 1;
    int tmp = open("/tmp", O_RDONLY | O_DIRECTORY);
    unit_link_free(&unit_link);
    close(folder);
    blob_remove_tree(tmp, name);
    close(tmp);
}

static void order(const struct frame *frame)
{
    uint8_t bytes[1024];
    ssize_t length = frame_encode(frame, bytes, sizeof bytes);
    ck_assert_int_gt(length, 0);
    ck_assert_int_eq(send(daemon_fd, bytes, (size_t)length, 0), length);
}

static void listen_to_all(void)
{
    uint8_t head[FRAME_HEADER_BYTES];
    const char *why;
    while (recv(daemon_fd, head, sizeof head, MSG_DONTWAIT) == (ssize_t)sizeof head) {
        struct frame_header header;
        struct seen *one = &seen[seen_count++];
        ck_assert_uint_lt(seen_count, SEEN_MAX);
        frame_header_decode(head, &header);
        ck_assert_int_eq(frame_header_check(&header, AT_DAEMON, WHEN_OPEN, &why), 0);
        ck_assert_uint_le(header.length, sizeof one->payload);
        ck_assert_int_eq(recv(daemon_fd, one->payload, header.length, MSG_DONTWAIT), (ssize_t)header.length);
        ck_assert_int_eq(frame_decode(&header, one->payload, &one->frame, &why), 0);
        ck_assert_uint_eq(one->frame.job, JOB);
    }
}

static int carry_out(void)
{
    const struct read_job_orders orders = {.device = "fake", .spool = folder_path};
    int result = read_job_run(&orders, &fake.base, unit_link);
    ck_assert(!fake.is_open);
    listen_to_all();
    return result;
}

static void run(void)
{
    order(&command);
    ck_assert_int_eq(carry_out(), 0);
}

static unsigned count_seen(enum frame_type type)
{
    unsigned count = 0;
    for (unsigned i = 0; i < seen_count; i++)
        count += seen[i].frame.type == type;
    return count;
}

static const struct frame *last_seen(enum frame_type type)
{
    ck_assert_uint_gt(seen_count, 0);
    ck_assert_int_eq(seen[seen_count - 1].frame.type, type);
    return &seen[seen_count - 1].frame;
}

static void ends_with_error(uint16_t code, uint32_t page, uint32_t interrupted)
{
    const struct frame_error_notice *notice = &last_seen(FRAME_ERROR_NOTICE)->error_notice;
    ck_assert_uint_eq(notice->code, code);
    ck_assert_uint_eq(notice->phase.page, page);
    ck_assert_uint_eq(notice->interrupted, interrupted);
    ck_assert_uint_gt(notice->text.length, 0);
    ck_assert_uint_eq(count_seen(FRAME_FUNCTION_FINISHED), 0);
}

static void ends_well(uint32_t last_page, uint8_t medium_ended)
{
    const struct frame_function_finished *finished = &last_seen(FRAME_FUNCTION_FINISHED)->function_finished;
    ck_assert_uint_eq(finished->last_page, last_page);
    ck_assert_uint_eq(finished->medium_ended, medium_ended);
    ck_assert_uint_eq(count_seen(FRAME_ERROR_NOTICE), 0);
}

/* ---- What is in the spool ----------------------------------------------------------------------------- */

static bool there_is(void (*name_of)(char *, uint32_t, uint32_t), uint32_t page)
{
    char name[SPOOL_NAME_SIZE];
    name_of(name, page, GENERATION);
    return faccessat(folder, name, F_OK, 0) == 0;
}

static int count_name(void *context, const char *name)
{
    (void)name;
    ++*(unsigned *)context;
    return 0;
}

static void spool_holds(unsigned files)
{
    unsigned count = 0;
    ck_assert_int_eq(blob_each(folder, count_name, &count), 0);
    ck_assert_uint_eq(count, files);
}

static struct rows {
    uint8_t bytes[WIDTH * ROWS * 8];
    size_t length;
} decoded;

static int keep_row(void *context, const uint8_t *row, size_t length)
{
    (void)context;
    ck_assert_uint_le(decoded.length + length, sizeof decoded.bytes);
    memcpy(decoded.bytes + decoded.length, row, length);
    decoded.length += length;
    return 0;
}

/* Meta file, length, digest and rows of a page fit each other; its samples are in `decoded` afterwards. */
static void read_back(uint32_t page)
{
    char name[SPOOL_NAME_SIZE], *meta;
    size_t length;
    struct frame_header header;
    struct frame begin, end;
    const char *why;
    spool_meta_name(name, page, GENERATION);
    ck_assert_int_eq(blob_read(folder, name, 4096, &meta, &length), 0);
    const uint8_t *at = (const uint8_t *)meta;
    frame_header_decode(at, &header);
    ck_assert_int_eq(frame_header_check(&header, AT_SERVER, WHEN_OPEN, &why), 0);
    ck_assert_int_eq(frame_decode(&header, at + FRAME_HEADER_BYTES, &begin, &why), 0);
    at += FRAME_HEADER_BYTES + header.length;
    frame_header_decode(at, &header);
    ck_assert_int_eq(frame_header_check(&header, AT_SERVER, WHEN_OPEN, &why), 0);
    ck_assert_int_eq(frame_decode(&header, at + FRAME_HEADER_BYTES, &end, &why), 0);
    ck_assert_ptr_eq(at + FRAME_HEADER_BYTES + header.length, (const uint8_t *)meta + length);
    const struct frame_page_begin *b = &begin.page_begin;
    const struct frame_page_end *e = &end.page_end;
    ck_assert(begin.type == FRAME_PAGE_BEGIN && end.type == FRAME_PAGE_END);
    ck_assert(begin.job == JOB && end.job == JOB);
    ck_assert(b->page == page && e->page == page && b->generation == GENERATION &&
              e->generation == GENERATION);
    ck_assert(b->height == e->rows && b->x_dpi == 300 && b->y_dpi == 200);
    struct page_format format = {
        (enum page_codec)b->codec, b->width, b->height, b->bits, b->components, 300, 200};
    struct page_decoder *decoder;
    uint8_t digest[32];
    spool_stream_name(name, page, GENERATION);
    int fd = openat(folder, name, O_RDONLY);
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)e->length);
    ck_assert_int_eq(blob_digest(fd, e->length, digest), 0);
    ck_assert_uint_eq(e->digest.length, 32);
    ck_assert_mem_eq(e->digest.at, digest, 32);
    decoded.length = 0;
    ck_assert_int_eq(page_decoder_new(&decoder, &format, b->height, keep_row, NULL), 0);
    ck_assert_int_eq(page_decode_fd(decoder, fd, e->length, &why), 0);
    page_decoder_free(&decoder);
    close(fd);
    free(meta);
}

/* A page of one image, without padding. */
static void page_is_image(uint32_t page, unsigned image, size_t length)
{
    read_back(page);
    ck_assert_uint_eq(decoded.length, length);
    for (size_t i = 0; i < length; i++)
        ck_assert_uint_eq(decoded.bytes[i], sample(image, i));
}

/* ---- Whole pages -------------------------------------------------------------------------------------- */

START_TEST(a_stack)
{
    static const size_t chunks[] = {1, 7, WIDTH - 1, WIDTH, WIDTH + 1, 3 * WIDTH, 1000, 100000};
    fake.chunk = chunks[_i];
    fake.count = 3;
    run();
    ends_well(3, 1);
    ck_assert_uint_eq(count_seen(FRAME_PAGE_BEGIN), 3);
    ck_assert_uint_eq(count_seen(FRAME_PAGE_END), 3);
    ck_assert_int_eq(seen[0].frame.type, FRAME_PAGE_BEGIN);
    ck_assert_int_eq(seen[1].frame.type, FRAME_PAGE_PROGRESS);
    ck_assert_uint_gt(seen[1].frame.page_progress.samples, 0);
    for (uint32_t page = 1; page <= 3; page++)
        page_is_image(page, page - 1, (size_t)WIDTH * ROWS);
    spool_holds(6);
}
END_TEST

START_TEST(rows_with_padding)
{
    for (unsigned i = 0; i < 2; i++) {
        fake.images[i].frame.bytes_per_line = WIDTH + 5;
        fake.images[i].frame.lines = 0;
        fake.images[i].bytes = (size_t)(WIDTH + 5) * ROWS;
    }
    fake.count = 2;
    fake.chunk = _i ? 13 : 4096;
    run();
    ends_well(2, 1);
    ck_assert_uint_eq(seen[0].frame.page_begin.height, 0);
    read_back(2);
    ck_assert_uint_eq(decoded.length, WIDTH * ROWS);
    for (size_t i = 0; i < decoded.length; i++)
        ck_assert_uint_eq(decoded.bytes[i], sample(1, i / WIDTH * (WIDTH + 5) + i % WIDTH));
}
END_TEST

/* The three images in every order, 8 and 16 bit. */
START_TEST(three_planes)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    const int *colours = orders[_i % 6];
    size_t size = _i < 6 ? 1 : 2;
    for (unsigned i = 0; i < 3; i++) {
        struct image *image = &fake.images[i];
        image->frame.plane = (enum scanner_plane)((int)SCANNER_PLANE_RED + colours[i]);
        image->frame.last = i == 2;
        image->frame.depth = (uint32_t)size * 8;
        image->frame.bytes_per_line = (uint32_t)size * WIDTH;
        image->bytes = size * WIDTH * ROWS;
    }
    fake.count = 3;
    run();
    ends_well(1, 1);
    read_back(1);
    ck_assert_uint_eq(decoded.length, size * 3 * WIDTH * ROWS);
    for (size_t i = 0; i < decoded.length; i++) {
        size_t pixel = i / size / 3, colour = i / size % 3;
        unsigned image = colours[0] == (int)colour ? 0 : colours[1] == (int)colour ? 1 : 2;
        ck_assert_uint_eq(decoded.bytes[i], sample(image, pixel * size + i % size));
    }
    spool_holds(2);
}
END_TEST

START_TEST(black_and_white)
{
    fake.images[0].frame.depth = 1;
    fake.images[0].frame.bytes_per_line = WIDTH / 8;
    fake.images[0].bytes = WIDTH / 8 * ROWS;
    run();
    ends_well(1, 1);
    ck_assert_uint_eq(seen[0].frame.page_begin.codec, PAGE_CODEC_G4);
    page_is_image(1, 0, WIDTH / 8 * ROWS);
}
END_TEST

START_TEST(reads_that_give_nothing_are_no_progress)
{
    fake.empty_reads = 2100;
    fake.chunk = (size_t)WIDTH * ROWS;
    run();
    ends_well(1, 1);
    ck_assert_uint_eq(count_seen(FRAME_PAGE_PROGRESS), 1);
}
END_TEST

/* ---- How it ends -------------------------------------------------------------------------------------- */

START_TEST(ends)
{
    static const struct {
        bool feeder;
        uint32_t count, last_page;
        uint8_t medium_ended; /* 2: MEDIA_NEEDED */
    } cases[] = {{true, 0, 5, 1},  {true, 2, 2, 0},  {true, 5, 5, 0}, {true, 9, 5, 1},
                 {false, 0, 1, 1}, {false, 1, 1, 0}, {false, 2, 1, 2}};
    fake.count = 5;
    fake.feeder = cases[_i].feeder;
    command.read_command.count = cases[_i].count;
    run();
    ck_assert_uint_eq(count_seen(FRAME_PAGE_END), cases[_i].last_page);
    if (cases[_i].medium_ended == 2)
        ends_with_error(ERROR_MEDIA_NEEDED, 2, 0);
    else
        ends_well(cases[_i].last_page, cases[_i].medium_ended);
}
END_TEST

/* No sheet, said by start or by the first read. */
START_TEST(empty_feeder)
{
    static const struct {
        uint32_t first, expected;
        uint16_t code; /* 0: a good end */
        uint32_t interrupted;
    } cases[] = {{1, 0, ERROR_MEDIA_EMPTY, 0},
                 {1, 1, ERROR_SHEET_UNCERTAIN, 1},
                 {3, 3, ERROR_SHEET_UNCERTAIN, 3},
                 {3, 9, ERROR_SHEET_UNCERTAIN, 3},
                 {3, 2, 0, 0},
                 {3, 0, 0, 0}};
    int number = _i / 2;
    command.read_command.first_page = cases[number].first;
    command.read_command.expected = cases[number].expected;
    fake.count = _i % 2 ? 1 : 0;
    fake.images[0].bytes = 0;
    fake.images[0].end = SCANNER_EMPTY;
    run();
    if (cases[number].code)
        ends_with_error(cases[number].code, cases[number].first, cases[number].interrupted);
    else
        ends_well(cases[number].first - 1, 1);
    ck_assert_uint_eq(count_seen(FRAME_PAGE_BEGIN), 0);
    spool_holds(0);
}
END_TEST

START_TEST(nothing_on_the_glass)
{
    fake.feeder = false;
    fake.count = 0;
    command.read_command.expected = 1;
    run();
    ends_with_error(ERROR_MEDIA_NEEDED, 1, 0);
    spool_holds(0);
}
END_TEST

/* ---- Every error at every step ------------------------------------------------------------------------ */

enum error_step {
    AT_OPEN,
    AT_APPLY,
    AT_START_UNMOVED,
    AT_START,
    AT_PARAMETERS,
    AT_READ_0,
    AT_READ_HALF,
    AT_READ_ALL,
    STEPS
};

static void fail_at(enum error_step step)
{
    struct image *image = &fake.images[1];
    fake.count = 3;
    fake.open = step == AT_OPEN ? SCANNER_FAILED : SCANNER_GOOD;
    fake.apply = step == AT_APPLY ? SCANNER_FAILED : SCANNER_GOOD;
    if (step == AT_START || step == AT_START_UNMOVED) {
        image->start = SCANNER_FAILED;
        image->unmoved = step == AT_START_UNMOVED;
    } else if (step >= AT_READ_0) {
        image->bytes = step == AT_READ_0 ? 0 : step == AT_READ_HALF ? image->bytes / 2 + 3 : image->bytes;
        image->end = SCANNER_FAILED;
    }
}

/* On the second of three sheets: what was read before stays, and the stream tells whether a sheet has moved.
 */
START_TEST(errors_in_the_feeder)
{
    static const uint16_t codes[] = {ERROR_MEDIA_JAM, ERROR_COVER_OPEN, ERROR_DEVICE_IO, ERROR_DEVICE_BUSY};
    enum error_step step = (enum error_step)(_i % STEPS);
    bool early = step <= AT_APPLY, moved = step >= AT_START;
    fake.code = codes[_i / STEPS];
    fail_at(step);
    if (step == AT_PARAMETERS)
        fake.parameters = SCANNER_FAILED;
    run();
    uint32_t page = early || step == AT_PARAMETERS ? 1 : 2;
    ends_with_error(fake.code, page, moved ? page : 0);
    ck_assert_uint_eq(count_seen(FRAME_PAGE_END), page - 1);
    ck_assert(there_is(spool_stream_name, page) == moved);
    ck_assert(!there_is(spool_meta_name, page));
    if (page == 2)
        page_is_image(1, 0, (size_t)WIDTH * ROWS);
    spool_holds((page - 1) * 2 + moved);
}
END_TEST

START_TEST(errors_on_the_glass)
{
    fail_at((enum error_step)_i);
    fake.feeder = false;
    fake.images[0] = fake.images[1];
    if (_i == AT_PARAMETERS)
        fake.parameters = SCANNER_FAILED;
    run();
    ends_with_error(ERROR_MEDIA_JAM, 1, 0);
    spool_holds(0);
}
END_TEST

START_TEST(incomplete_pages)
{
    struct image *image = &fake.images[0];
    size_t whole = image->bytes;
    switch (_i) {
    case 0: /* a row is missing */
        image->bytes = whole - WIDTH;
        break;
    case 1: /* a byte is missing */
        image->bytes = whole - 1;
        break;
    case 2: /* a byte too many */
        image->bytes = whole + 1;
        break;
    case 3: /* a row too many */
        image->bytes = whole + WIDTH;
        break;
    case 4: /* nothing */
        image->bytes = 0;
        break;
    case 5: /* no height, half a row */
        image->frame.lines = 0;
        image->bytes = whole + WIDTH / 2;
        break;
    case 6: /* no height, nothing */
        image->frame.lines = 0;
        image->bytes = 0;
        break;
    case 7: /* the feeder runs empty in the middle */
        image->bytes = whole / 2;
        image->end = SCANNER_EMPTY;
        break;
    case 8: /* rows shorter than their pixels */
        image->frame.bytes_per_line = WIDTH - 1;
        break;
    case 9: /* rows of 4 GB */
        image->frame.bytes_per_line = UINT32_MAX;
        break;
    case 10: /* the second colour is missing */
        image->frame.plane = SCANNER_PLANE_RED;
        image->frame.last = false;
        break;
    case 11: /* the only colour is said to be the last */
        image->frame.plane = SCANNER_PLANE_BLUE;
        break;
    case 12: /* the same colour twice */
        fake.images[0].frame.plane = fake.images[1].frame.plane = SCANNER_PLANE_GREEN;
        fake.images[0].frame.last = false;
        fake.count = 2;
        break;
    case 13: /* colours of different width */
        fake.images[0].frame.plane = SCANNER_PLANE_RED;
        fake.images[0].frame.last = false;
        fake.images[1].frame.plane = SCANNER_PLANE_GREEN;
        fake.images[1].frame.width_px = WIDTH - 1;
        fake.count = 2;
        break;
    }
    run();
    ends_with_error(ERROR_PAGE_INVALID, 1, 1);
    ck_assert(there_is(spool_stream_name, 1) && !there_is(spool_meta_name, 1));
    spool_holds(1);
}
END_TEST
#define INCOMPLETE 14

/* Known before the first sheet moves. */
START_TEST(impossible_pages)
{
    struct scanner_frame *frame = &fake.images[0].frame;
    if (_i == 0)
        frame->depth = 12;
    else if (_i == 1)
        *frame = (struct scanner_frame){SCANNER_PLANE_RGB, true, WIDTH, WIDTH, ROWS, 1};
    else if (_i == 2)
        frame->width_px = UINT32_MAX;
    else
        command.read_command.options.depth = 16;
    run();
    ends_with_error(ERROR_OPTION_UNSUPPORTED, 1, 0);
    ck_assert_uint_eq(fake.next, 0);
    spool_holds(0);
}
END_TEST

START_TEST(commands_that_make_no_sense)
{
    command.read_command.first_page = _i ? LEDGER_MAX_PAGES + 1 : 0;
    run();
    ends_with_error(ERROR_BAD_REQUEST, command.read_command.first_page, 0);
}
END_TEST

START_TEST(the_last_page_of_all)
{
    command.read_command.first_page = LEDGER_MAX_PAGES;
    fake.count = 2;
    run();
    ends_with_error(ERROR_LIMIT, LEDGER_MAX_PAGES + 1, 0);
    page_is_image(LEDGER_MAX_PAGES, 0, (size_t)WIDTH * ROWS);
}
END_TEST

/* ---- The disk ----------------------------------------------------------------------------------------- */

/* At every byte of the stream: the page is whole in the end. */
START_TEST(full_spool)
{
    disk_room = (size_t)_i * 12;
    disk_failures = 2;
    disk_error = _i % 2 ? EDQUOT : ENOSPC;
    order(&command);
    for (int i = 0; i < 2; i++)
        order(&(struct frame){.type = FRAME_CONTINUE_COMMAND, .job = JOB});
    ck_assert_int_eq(carry_out(), 0);
    ck_assert_uint_eq(count_seen(FRAME_ERROR_NOTICE), 2);
    for (unsigned i = 0; i < seen_count; i++)
        if (seen[i].frame.type == FRAME_ERROR_NOTICE) {
            ck_assert_uint_eq(seen[i].frame.error_notice.code, ERROR_SPOOL_FULL);
            ck_assert_uint_eq(seen[i].frame.error_notice.interrupted, 0);
        }
    ck_assert_uint_eq(last_seen(FRAME_FUNCTION_FINISHED)->function_finished.last_page, 1);
    page_is_image(1, 0, (size_t)WIDTH * ROWS);
}
END_TEST

START_TEST(full_spool_for_the_meta_file)
{
    meta_failures = 1;
    order(&command);
    order(&(struct frame){.type = FRAME_CONTINUE_COMMAND, .job = JOB});
    ck_assert_int_eq(carry_out(), 0);
    ck_assert_uint_eq(meta_failures, 0);
    ck_assert_uint_eq(count_seen(FRAME_ERROR_NOTICE), 1);
    ck_assert_uint_eq(last_seen(FRAME_FUNCTION_FINISHED)->function_finished.last_page, 1);
    page_is_image(1, 0, (size_t)WIDTH * ROWS);
    spool_holds(2);
}
END_TEST

START_TEST(full_spool_and_no_daemon)
{
    disk_room = 100;
    disk_failures = 2;
    order(&command);
    shutdown(daemon_fd, SHUT_WR);
    ck_assert_int_eq(carry_out(), 0);
    ck_assert_uint_eq(last_seen(FRAME_ERROR_NOTICE)->error_notice.code, ERROR_SPOOL_FULL);
    ck_assert(there_is(spool_stream_name, 1) && !there_is(spool_meta_name, 1));
}
END_TEST

START_TEST(broken_disk)
{
    if (_i == 0) {
        disk_room = 100;
        disk_failures = 1;
        disk_error = EIO;
    } else {
        sync_error = _i == 1 ? EIO : ENOSPC;
    }
    run();
    ends_with_error(ERROR_STORAGE, 1, 1);
    ck_assert_uint_eq(count_seen(FRAME_PAGE_END), 0);
    ck_assert(!there_is(spool_meta_name, 1));
}
END_TEST

START_TEST(a_page_that_was_begun_before)
{
    char name[SPOOL_NAME_SIZE];
    spool_stream_name(name, 1, GENERATION);
    close(openat(folder, name, O_WRONLY | O_CREAT, 0600));
    run();
    ends_with_error(ERROR_INTERNAL, 1, 0);
    ck_assert_uint_eq(fake.next, 0);
    spool_holds(1);
}
END_TEST

START_TEST(no_spool)
{
    rmdir(folder_path);
    run();
    ends_with_error(ERROR_STORAGE, 1, 0);
}
END_TEST

/* ---- The daemon --------------------------------------------------------------------------------------- */

START_TEST(daemon_that_sends_something_else)
{
    static const uint8_t noise[FRAME_HEADER_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (_i == 0)
        order(&(struct frame){.type = FRAME_CONTINUE_COMMAND, .job = JOB});
    else if (_i == 1)
        order(&(struct frame){.type = FRAME_PAGE_STORED, .job = JOB});
    else
        ck_assert_int_eq(send(daemon_fd, noise, sizeof noise, 0), (ssize_t)sizeof noise);
    ck_assert_int_eq(carry_out(), -EPROTO);
    ck_assert_uint_eq(seen_count, 0);
}
END_TEST

/* Every prefix of the command, and then the end. */
START_TEST(daemon_that_goes_away)
{
    uint8_t bytes[1024];
    ssize_t length = frame_encode(&command, bytes, sizeof bytes);
    ck_assert_int_gt(length, _i);
    ck_assert_int_eq(send(daemon_fd, bytes, (size_t)_i, 0), _i);
    shutdown(daemon_fd, SHUT_WR);
    ck_assert_int_eq(carry_out(), 0);
    ck_assert_uint_eq(seen_count, 0);
    ck_assert_uint_eq(fake.next, 0);
}
END_TEST
#define COMMAND_BYTES 60

START_TEST(unknown_optional_frames_are_skipped)
{
    uint8_t bytes[FRAME_HEADER_BYTES + 9] = {0};
    frame_header_encode(&(struct frame_header){9, 0x7ffe, FRAME_FLAG_OPTIONAL, 0}, bytes);
    ck_assert_int_eq(send(daemon_fd, bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
    run();
    ends_well(1, 1);
}
END_TEST

/* ---- Words of drivers --------------------------------------------------------------------------------- */

START_TEST(sources)
{
    static const struct {
        const char *word;
        enum scanner_source means;
    } cases[] = {{"Flatbed", SCANNER_FLATBED},
                 {"FlatBed", SCANNER_FLATBED},
                 {"Document Table", SCANNER_FLATBED},
                 {"ADF", SCANNER_ADF},
                 {"ADF Front", SCANNER_ADF},
                 {"Automatic Document Feeder", SCANNER_ADF},
                 {"Automatic Document Feeder(left aligned)", SCANNER_ADF},
                 {"ADF Duplex", SCANNER_ADF_DUPLEX},
                 {"Automatic Document Feeder(left aligned,Duplex)", SCANNER_ADF_DUPLEX},
                 {"ADF Both Sides", SCANNER_ADF_DUPLEX},
                 {"ADF Back", SCANNER_DEFAULT_SOURCE},
                 {"Card Front", SCANNER_DEFAULT_SOURCE},
                 {"Transparency Unit", SCANNER_DEFAULT_SOURCE},
                 {"", SCANNER_DEFAULT_SOURCE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(sane_word_source(cases[i].word) == cases[i].means, "%s", cases[i].word);
    const char *const words[] = {"Flatbed", "ADF Front", "ADF Back", "ADF Duplex", "ADF", NULL};
    ck_assert_str_eq(sane_word_for_source(words, SCANNER_ADF), "ADF");
    ck_assert_str_eq(sane_word_for_source(words, SCANNER_ADF_DUPLEX), "ADF Duplex");
    ck_assert_ptr_null(sane_word_for_source(NULL, SCANNER_ADF));
}
END_TEST

START_TEST(modes)
{
    const char *const words[] = {"48 bits color", "Color",         "Gray[Error Diffusion]",
                                 "True Gray",     "Black & White", NULL};
    ck_assert_str_eq(sane_word_for_mode(words, SCANNER_COLOR), "Color");
    ck_assert_str_eq(sane_word_for_mode(words, SCANNER_GRAY), "True Gray");
    ck_assert_str_eq(sane_word_for_mode(words, SCANNER_LINEART), "Black & White");
    ck_assert_int_eq(sane_word_mode("Halftone"), SCANNER_DEFAULT_MODE);
    ck_assert_int_eq(sane_word_mode("Grayscale"), SCANNER_GRAY);
    ck_assert_int_eq(sane_word_mode("24bit Color[Fast]"), SCANNER_COLOR);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("reading_unit");
    TCase *pages = add_case(suite, "pages"), *ending = add_case(suite, "endings");
    TCase *errors = add_case(suite, "errors"), *disk = add_case(suite, "disk"),
          *peer = add_case(suite, "daemon");
    TCase *words = add_case(suite, "words");
    SRunner *runner = srunner_create(suite);
    tcase_add_loop_test(pages, a_stack, 0, 8);
    tcase_add_loop_test(pages, rows_with_padding, 0, 2);
    tcase_add_loop_test(pages, three_planes, 0, 12);
    tcase_add_test(pages, black_and_white);
    tcase_add_test(pages, reads_that_give_nothing_are_no_progress);
    tcase_add_loop_test(ending, ends, 0, 7);
    tcase_add_loop_test(ending, empty_feeder, 0, 12);
    tcase_add_test(ending, nothing_on_the_glass);
    tcase_add_loop_test(errors, errors_in_the_feeder, 0, 4 * STEPS);
    tcase_add_loop_test(errors, errors_on_the_glass, 0, STEPS);
    tcase_add_loop_test(errors, incomplete_pages, 0, INCOMPLETE);
    tcase_add_loop_test(errors, impossible_pages, 0, 4);
    tcase_add_loop_test(errors, commands_that_make_no_sense, 0, 2);
    tcase_add_test(errors, the_last_page_of_all);
    tcase_add_loop_test(disk, full_spool, 0, 10);
    tcase_add_test(disk, full_spool_for_the_meta_file);
    tcase_add_test(disk, full_spool_and_no_daemon);
    tcase_add_loop_test(disk, broken_disk, 0, 3);
    tcase_add_test(disk, a_page_that_was_begun_before);
    tcase_add_test(disk, no_spool);
    tcase_add_loop_test(peer, daemon_that_sends_something_else, 0, 3);
    tcase_add_loop_test(peer, daemon_that_goes_away, 0, COMMAND_BYTES);
    tcase_add_test(peer, unknown_optional_frames_are_skipped);
    tcase_add_test(words, sources);
    tcase_add_test(words, modes);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
