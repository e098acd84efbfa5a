/*
 * Whole commands against a daemon that is played: a child process that answers on a Unix socket from a list
 * of steps. Each step names the request that has to come and what is said to it.
 */
#include "config.h"

#include "ctl/invocation.h"
#include "ctl_jobs.h"
#include "wire/reader.h"

#include <check.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

/* One request and its answers. */
struct step {
    enum frame_type request;
    const char *states[3]; /* a JOB_STATUS each, see ctl_job_make */
    uint32_t total;
    uint16_t error;
    uint32_t round;
    uint8_t state;    /* of the last JOB_STATUS, 0: as ctl_job_make has it */
    bool all_stopped; /* every JOB_STATUS has the error */
    bool opens_job, sends_document, hangs_up, stays_silent;
    bool prints;    /* the job is one that prints */
    uint8_t manner; /* MANNER_NOTICE: what has to be designated */
    uint32_t page;
    const char *printer;
    const char *asked;     /* SERVICE_REQUEST{print}: what has to be in it, see say_asked */
    uint32_t credit;       /* UPLOAD_BEGIN: what is granted, again and again */
    uint64_t refuses_at;   /* UPLOAD_BEGIN: the outcome comes when so much is there, 0: when all is */
    const char *cuts;      /* UPLOAD_BEGIN: the file that loses its end behind the first bytes */
    const char *lengthens; /* … or gets some more */
    uint8_t exit_code;
    uint16_t code;
    const char *text;
};

static char folder[] = "/tmp/deskline-ctl-XXXXXX";
static char socket_path[64];
static pid_t daemon_pid;

/* ---- The daemon that is played ---- */

static int daemon_fd;
static const struct step *steps;
static unsigned step_count, step_next;

static void say(const struct frame *frame)
{
    static uint8_t bytes[1 << 20];
    ssize_t length = frame_encode(frame, bytes, sizeof bytes);
    if (length < 0 || send(daemon_fd, bytes, (size_t)length, MSG_NOSIGNAL) != length)
        _exit(3);
}

static void say_document(uint32_t request, uint32_t part)
{
    uint8_t bytes[300], digest[32];
    char name[32];
    struct frame data = {.type = FRAME_DOCUMENT_DATA}, end = {.type = FRAME_DOCUMENT_END};
    memset(bytes, (int)part, sizeof bytes);
    EVP_Digest(bytes, sizeof bytes, digest, NULL, EVP_sha256(), NULL);
    for (unsigned i = 0; i < 3; i++) {
        data.document_data =
            (struct frame_document_data){request, i * 100, {.at = bytes + i * 100, .length = 100}};
        say(&data);
    }
    snprintf(name, sizeof name, "scan-%03u.png", part);
    end.document_end = (struct frame_document_end){
        request, sizeof bytes, {.at = digest, .length = sizeof digest}, frame_text_of(name)};
    say(&end);
}

static void say_document_list(uint32_t request)
{
    struct frame_list_builder builder = {0};
    struct record_document document = {.document = 7, .name = frame_text_of("scan"), .pages = 2, .parts = 2};
    struct frame list = {.type = FRAME_DOCUMENT_LIST};
    frame_list_add(&builder, &frame_record_document, &document);
    list.document_list = (struct frame_document_list){request, frame_list_view(&builder)};
    say(&list);
    frame_list_builder_free(&builder);
}

/* ---- An upload ---- */

static struct {
    const struct step *step; /* NULL: none is under way */
    uint32_t request;
    uint64_t length, offset, credit;
    uint8_t bytes[1 << 20];
} upload;

static void grant(void)
{
    struct frame credit = {.type = FRAME_UPLOAD_CREDIT};
    credit.upload_credit = (struct frame_upload_credit){upload.request, upload.step->credit};
    upload.credit += upload.step->credit;
    say(&credit);
}

static void end_upload(void)
{
    struct frame outcome = {.type = FRAME_OUTCOME};
    const struct step *step = upload.step;
    outcome.outcome =
        (struct frame_outcome){upload.request, step->exit_code, step->code, frame_text_of(step->text)};
    upload.step = NULL;
    say(&outcome);
}

static void begin_upload(const struct step *step, const struct frame_upload_begin *begin)
{
    upload.step = step;
    upload.request = begin->request;
    upload.length = begin->length;
    upload.offset = upload.credit = 0;
    if (!begin->request || !begin->name.length)
        _exit(9);
    if (step->credit)
        grant();
    else if (!step->stays_silent)
        end_upload();
}

static void touch_file(const struct step *step)
{
    if (step->cuts && truncate(step->cuts, (off_t)upload.offset))
        _exit(10);
    int fd = step->lengthens ? open(step->lengthens, O_WRONLY | O_APPEND) : -1;
    if (step->lengthens && write(fd, "x", 1) != 1)
        _exit(10);
}

static void take_upload_data(const struct frame_upload_data *data)
{
    if (!upload.step)
        return; /* was refused */
    if (data->request != upload.request || data->offset != upload.offset ||
        data->bytes.length > upload.credit || upload.offset + data->bytes.length > upload.length ||
        upload.length > sizeof upload.bytes)
        _exit(11);
    memcpy(upload.bytes + upload.offset, data->bytes.at, data->bytes.length);
    if (!upload.offset)
        touch_file(upload.step);
    upload.offset += data->bytes.length;
    upload.credit -= data->bytes.length;
    if (upload.step->refuses_at && upload.offset >= upload.step->refuses_at)
        end_upload();
    else if (!upload.credit && upload.offset < upload.length)
        grant();
}

static void take_upload_end(const struct frame_upload_end *end)
{
    uint8_t digest[32];
    if (!upload.step)
        return;
    EVP_Digest(upload.bytes, upload.offset, digest, NULL, EVP_sha256(), NULL);
    if (upload.offset != upload.length || end->digest.length != sizeof digest ||
        memcmp(digest, end->digest.at, sizeof digest))
        _exit(12);
    end_upload();
}

/* What is asked for, in short. */
static void say_asked(const struct frame_service_request *request, char *text, size_t size)
{
    const struct record_print_options *print = &request->print;
    char *values[] = {frame_text_dup(request->client), frame_text_dup(print->unit),
                      frame_text_dup(print->media), frame_text_dup(print->pages),
                      frame_text_dup(request->document.title)};
    snprintf(text, size, "%s %s %s %s %u %u %u %u %u %s source %u%s", values[0], values[1], values[2],
             values[3], print->copies, print->sides, print->color, print->orientation, print->scaling,
             values[4], (unsigned)request->source,
             request->upload && request->upload == upload.request ? " upload" : "");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        free(values[i]);
}

static void check_asked(const struct step *step, const struct frame_service_request *request)
{
    char asked[512];
    if (!step->asked)
        return;
    say_asked(request, asked, sizeof asked);
    if (!frame_text_is(request->service, "print") || strcmp(asked, step->asked)) {
        fprintf(stderr, "asked for: %s\n", asked);
        _exit(8);
    }
}

/* ---- Every request ---- */

static void on_request(void *context, const struct frame *frame)
{
    (void)context;
    if (frame->type == FRAME_UPLOAD_DATA) {
        take_upload_data(&frame->upload_data);
        return;
    }
    if (frame->type == FRAME_UPLOAD_END) {
        take_upload_end(&frame->upload_end);
        return;
    }
    if (step_next == step_count || steps[step_next].request != frame->type)
        _exit(4);
    const struct step *step = &steps[step_next++];
    /* In every request that is played here but MANNER_NOTICE, `request` is the first field. */
    uint32_t request =
        frame->type == FRAME_MANNER_NOTICE ? frame->manner_notice.request : frame->job_list_request.request;
    if (frame->type == FRAME_MANNER_NOTICE &&
        (frame->manner_notice.manner != step->manner || frame->manner_notice.page != step->page ||
         frame->manner_notice.round != step->round ||
         !frame_text_is(frame->manner_notice.unit, step->printer ? step->printer : "")))
        _exit(5);
    if (frame->type == FRAME_UPLOAD_BEGIN) {
        begin_upload(step, &frame->upload_begin);
        return;
    }
    if (frame->type == FRAME_SERVICE_REQUEST)
        check_asked(step, &frame->service_request);
    if (step->opens_job) {
        struct frame opened = {.type = FRAME_JOB_OPENED, .job = 7, .job_opened = {request}};
        say(&opened);
    }
    if (frame->type == FRAME_DOCUMENT_LIST_REQUEST)
        say_document_list(request);
    if (step->sends_document)
        say_document(request, frame->document_request.part);
    for (unsigned i = 0; i < 3 && step->states[i]; i++) {
        struct ctl_job job;
        bool is_last = i == 2 || !step->states[i + 1] || step->all_stopped;
        (step->prints ? ctl_job_make_printing : ctl_job_make)(
            &job, step->states[i], step->total, is_last ? step->error : 0, is_last ? step->round : 0);
        job.frame.job_status.request = request;
        if (is_last && step->state)
            job.frame.job_status.state = step->state;
        if (step->state == JOB_COMPLETED && is_last && !step->prints)
            job.frame.job_status.document = 7;
        say(&job.frame);
        ctl_job_free(&job);
    }
    if (step->hangs_up)
        _exit(0);
    if (step->stays_silent)
        return;
    struct frame outcome = {.type = FRAME_OUTCOME};
    outcome.outcome = (struct frame_outcome){request, step->exit_code, step->code, frame_text_of(step->text)};
    say(&outcome);
}

static void play(int listener)
{
    struct reader *reader = reader_new(AT_CONTROL, WHEN_OPEN, on_request, NULL);
    const char *why;
    size_t room;
    daemon_fd = accept(listener, NULL, NULL);
    for (;;) {
        uint8_t *bytes = reader_room(reader, &room);
        ssize_t count = recv(daemon_fd, bytes, room, 0);
        if (count <= 0)
            _exit(step_next == step_count ? 0 : 6);
        if (reader_filled(reader, (size_t)count, &why))
            _exit(7);
    }
}

static void start_daemon(const struct step *script, unsigned count)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    steps = script;
    step_count = count;
    step_next = 0;
    strcpy(address.sun_path, socket_path);
    unlink(socket_path);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    daemon_pid = fork();
    if (daemon_pid == 0)
        play(listener);
    close(listener);
}

/* The script was played to its end, in its order. */
static void end_daemon(void)
{
    int status;
    ck_assert_int_eq(waitpid(daemon_pid, &status, 0), daemon_pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the daemon ended with %d",
                  WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* ---- The command ---- */

static char *out_text, *err_text;

static int run(enum program program, const char *line, FILE *in, FILE *out)
{
    char copy[256], *argv[24] = {NULL}, *rest = copy, program_word[] = "program", control[] = "--control";
    size_t out_length, err_length;
    int argc = 0;
    FILE *out_here = out ? out : open_memstream(&out_text, &out_length);
    FILE *err = open_memstream(&err_text, &err_length);
    argv[argc++] = program_word;
    argv[argc++] = control;
    argv[argc++] = socket_path;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word; (word = strsep(&rest, " "));)
        argv[argc++] = word;
    int exit_code = invocation_run(program, argc, argv, in ? in : stdin, out_here, err);
    if (!out)
        fclose(out_here);
    fclose(err);
    return exit_code;
}

static void expect(enum program program, const char *line, const struct step *script, unsigned count,
                   int exit_code, const char *out, const char *err)
{
    start_daemon(script, count);
    ck_assert_int_eq(run(program, line, NULL, NULL), exit_code);
    end_daemon();
    ck_assert_str_eq(out_text, out);
    ck_assert_str_eq(err_text, err);
    free(out_text);
    free(err_text);
}
#define COUNT(array)                       (sizeof(array) / sizeof *(array))
#define EXPECT(program, line, script, ...) expect(program, line, script, COUNT(script), __VA_ARGS__)

#define STATE                                                                                                \
    "Job 7 on kontor has stopped at page 3: a sheet is jammed in the feeder (media-jam).\n"                  \
    "Safe:      pages 1-2 are stored at the server.\n"                                                       \
    "To do:     Open the feeder, take the jammed sheet out, put it back on top of the stack and close the "  \
    "feeder.\n"
#define OFFERS "resume, from-page N (1 to 2), redo-last, skip, finish, restart, abandon"

static const struct step scan_opens = {.request = FRAME_SERVICE_REQUEST, .opens_job = true};
static const struct step watch_jams = {.request = FRAME_JOB_LIST_REQUEST,
                                       .states = {"", "s", "ss"},
                                       .error = ERROR_MEDIA_JAM,
                                       .round = 4,
                                       .exit_code = 3,
                                       .code = ERROR_MEDIA_JAM};
static const struct step watch_completes = {
    .request = FRAME_JOB_LIST_REQUEST, .states = {"ss", "sss", "sss"}, .total = 3, .state = JOB_COMPLETED};
static const struct step show_jam = {
    .request = FRAME_JOB_LIST_REQUEST, .states = {"ss"}, .error = ERROR_MEDIA_JAM, .round = 4};

START_TEST(a_scan_that_completes)
{
    const struct step script[] = {scan_opens, watch_completes};
    EXPECT(
        CLIENTCTL, "scan --title x", script, 0,
        "job 7\npage 1 stored\npage 2 stored\npage 3 stored\njob 7 is completed: document 7 with 3 pages\n",
        "");
}
END_TEST

START_TEST(a_scan_that_jams_without_a_terminal)
{
    const struct step script[] = {scan_opens, watch_jams};
    EXPECT(CLIENTCTL, "scan", script, 3, "job 7\npage 1 stored\npage 2 stored\n" STATE,
           "clientctl: job 7 has stopped and waits; it goes on with: clientctl restart 7 --manner resume "
           "(or " OFFERS ")\n");
    start_daemon(script, COUNT(script));
    ck_assert_int_eq(run(CLIENTCTL, "scan --json", NULL, NULL), 3);
    end_daemon();
    ck_assert_int_eq(strncmp(out_text, "{\"id\":7,", 8), 0);
    ck_assert_int_eq(strncmp(err_text, "{\"error\":{\"code\":\"media-jam\",", 29), 0);
    free(out_text);
    free(err_text);
}
END_TEST

START_TEST(a_scan_that_is_refused)
{
    const struct step script[] = {{.request = FRAME_SERVICE_REQUEST,
                                   .exit_code = 5,
                                   .code = ERROR_NOT_ALLOWED,
                                   .text = "not \x1b[31m you"}};
    EXPECT(CLIENTCTL, "scan", script, 5, "", "clientctl: not \\x1b[31m you\n");
}
END_TEST

START_TEST(no_wait)
{
    const struct step script[] = {scan_opens};
    EXPECT(SERVICECTL, "scan kontor --no-wait", script, 0, "job 7\n", "");
}
END_TEST

START_TEST(a_restart_with_a_manner)
{
    const struct step script[] = {
        show_jam,
        {.request = FRAME_MANNER_NOTICE, .manner = MANNER_FROM_PAGE, .page = 2, .round = 4},
        watch_completes,
    };
    EXPECT(CLIENTCTL, "restart 7 --manner from-page 2", script, 0,
           "page 1 stored\npage 2 stored\npage 3 stored\njob 7 is completed: document 7 with 3 pages\n", "");
}
END_TEST

START_TEST(a_restart_of_the_job_that_waits_asks_for_the_question)
{
    const struct step script[] = {
        {.request = FRAME_JOB_LIST_REQUEST, .states = {"ss"}, .error = ERROR_MEDIA_JAM},
        {.request = FRAME_JOB_LIST_REQUEST, .states = {"ss"}, .error = ERROR_MEDIA_JAM},
        {.request = FRAME_RESTART_REQUEST},
        show_jam,
        {.request = FRAME_MANNER_NOTICE, .manner = MANNER_RESUME, .round = 4},
    };
    EXPECT(CLIENTCTL, "restart --manner resume --no-wait", script, 0,
           "job 7 goes on: go on from the page that failed\n", "");
}
END_TEST

START_TEST(a_restart_that_cannot_be)
{
    const struct step shown[] = {show_jam};
    const struct step none[] = {{.request = FRAME_JOB_LIST_REQUEST}};
    const struct step several[] = {{.request = FRAME_JOB_LIST_REQUEST,
                                    .states = {"ss", "ss"},
                                    .error = ERROR_MEDIA_JAM,
                                    .all_stopped = true}};
    const struct step unknown[] = {
        {.request = FRAME_JOB_LIST_REQUEST, .exit_code = 1, .code = ERROR_NOT_FOUND}};
    EXPECT(CLIENTCTL, "restart 7", shown, 2, "",
           "clientctl: job 7: without a terminal --manner has to say how it goes on: " OFFERS "\n");
    EXPECT(CLIENTCTL, "restart 7 --manner from-page", shown, 2, "",
           "clientctl: job 7: from-page needs a page from 1 to 2\n");
    EXPECT(CLIENTCTL, "restart 7 --manner from-page 3", shown, 1, "",
           "clientctl: job 7: from-page takes a page from 1 to 2\n");
    EXPECT(CLIENTCTL, "restart", none, 1, "", "clientctl: no job waits\n");
    EXPECT(CLIENTCTL, "restart 9 --json", unknown, 1, "",
           "{\"error\":{\"code\":\"not-found\",\"text\":\"there is no such thing\"}}\n");
    EXPECT(CLIENTCTL, "restart --manner resume", several, 2, "",
           "clientctl: several jobs wait, name one of them: 7, 7\n");
}
END_TEST

START_TEST(a_job_that_is_canceled)
{
    const struct step script[] = {{.request = FRAME_JOB_LIST_REQUEST,
                                   .states = {"s"},
                                   .state = JOB_CANCELED,
                                   .exit_code = 1,
                                   .text = "its pages are kept for 7 days"}};
    EXPECT(SERVICECTL, "watch 7", script, 1,
           "page 1 stored\njob 7 is canceled\nits pages are kept for 7 days\n", "");
}
END_TEST

START_TEST(a_daemon_that_goes)
{
    const struct step script[] = {{.request = FRAME_JOB_LIST_REQUEST, .states = {"s"}, .hangs_up = true}};
    EXPECT(CLIENTCTL, "watch 7", script, 4, "page 1 stored\n",
           "clientctl: the connection to clientd was lost: it has ended\n");
    unlink(socket_path);
    ck_assert_int_eq(run(CLIENTCTL, "status", NULL, NULL), 4);
    free(out_text);
    free(err_text);
}
END_TEST

START_TEST(a_document_of_two_files)
{
    const struct step script[] = {{.request = FRAME_DOCUMENT_LIST_REQUEST},
                                  {.request = FRAME_DOCUMENT_REQUEST, .sends_document = true},
                                  {.request = FRAME_DOCUMENT_REQUEST, .sends_document = true}};
    char line[128];
    snprintf(line, sizeof line, "fetch 7 -o %s", folder);
    EXPECT(CLIENTCTL, line, script, 0, "scan-001.png\nscan-002.png\n", "");
    /* A folder was named, no file: what is there already is not replaced. */
    const struct step again[] = {script[0], script[1]};
    EXPECT(CLIENTCTL, line, again, 1, "", "clientctl: scan-001.png cannot be written: File exists\n");
    snprintf(line, sizeof line, "export 7 -o %s/x.png --json", folder);
    EXPECT(SERVICECTL, line, script, 0, "{\"id\":7,\"files\":[\"x-001.png\",\"x-002.png\"]}\n", "");
}
END_TEST

/* ---- Printing ---- */

static char file_path[96], line_text[256];

static const char *make_file(size_t length)
{
    snprintf(file_path, sizeof file_path, "%s/a.pdf", folder);
    FILE *file = fopen(file_path, "w");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < length; i++)
        fputc((int)(i * 7 % 251), file);
    ck_assert_int_eq(fclose(file), 0);
    return file_path;
}

/* Puts the file's path in place of '@'. */
static const char *with_path(char *text, size_t size, const char *pattern)
{
    const char *at = strchr(pattern, '@');
    ck_assert_ptr_nonnull(at);
    snprintf(text, size, "%.*s%s%s", (int)(at - pattern), pattern, file_path, at + 1);
    return text;
}

static const char *line_of(const char *pattern)
{
    return with_path(line_text, sizeof line_text, pattern);
}

static const char *error_of(const char *pattern)
{
    static char text[512];
    return with_path(text, sizeof text, pattern);
}

#define PRINT_STATE                                                                                          \
    "Job 7 on kontor has stopped at sheet 2: the printer is out of paper (media-empty).\n"                   \
    "Safe:      sheet 1 is printed.\n"                                                                       \
    "To do:     Put paper into the printer.\n"
#define PRINT_OFFERS "resume, skip, from-page N (1 to 1), redo-last, finish, restart, abandon"

static const struct step uploads = {.request = FRAME_UPLOAD_BEGIN, .credit = 1000};
static const struct step print_opens = {.request = FRAME_SERVICE_REQUEST, .opens_job = true};
static const struct step prints_all = {.request = FRAME_JOB_LIST_REQUEST,
                                       .states = {"cb", "pb", "pp"},
                                       .total = 2,
                                       .prints = true,
                                       .state = JOB_COMPLETED,
                                       .text = "2 sheets were printed"};
static const struct step runs_empty = {.request = FRAME_JOB_LIST_REQUEST,
                                       .states = {"bc", "pc"},
                                       .total = 2,
                                       .prints = true,
                                       .error = ERROR_PRINTER_EMPTY,
                                       .round = 4,
                                       .exit_code = 3,
                                       .code = ERROR_PRINTER_EMPTY};
static const struct step show_empty = {.request = FRAME_JOB_LIST_REQUEST,
                                       .states = {"pc"},
                                       .total = 2,
                                       .prints = true,
                                       .error = ERROR_PRINTER_EMPTY,
                                       .round = 4};

START_TEST(a_file_that_is_printed)
{
    static const size_t lengths[] = {1, 999, 1000, 1001, 65504, 65505, 200000};
    struct step big = uploads, opens = print_opens;
    opens.asked = "    0 0 0 0 0 a.pdf source 0 upload";
    for (size_t i = 0; i < COUNT(lengths); i++) {
        make_file(lengths[i]);
        big.credit = lengths[i] > 65000 ? 100000 : 1000;
        const struct step script[] = {big, opens, prints_all};
        EXPECT(CLIENTCTL, line_of("print @"), script, 0,
               "job 7\nsheet 1 printed\nsheet 2 printed\njob 7 is completed: 2 of 2 sheets printed\n", "");
    }
}
END_TEST

START_TEST(every_option_of_printing)
{
    make_file(10);
    struct step opens = print_opens;
    opens.asked = "kontor laser iso_a4_210x297mm 1-3,5- 3 2 1 4 1 x source 0 upload";
    const struct step script[] = {uploads, opens};
    EXPECT(SERVICECTL,
           line_of("print kontor/laser @ --copies 3 --sides long --color gray --media a4 --orientation "
                   "landscape --fit --pages 1-3,5- --title x --no-wait"),
           script, 0, "job 7\n", "");
    opens.asked = "kontor ink   0 1 2 3 2 a.pdf source 0 upload";
    const struct step other[] = {uploads, opens};
    EXPECT(SERVICECTL,
           line_of("print kontor @ --printer ink --sides one --color color --orientation portrait "
                   "--no-scaling --no-wait"),
           other, 0, "job 7\n", "");
}
END_TEST

START_TEST(a_document_of_the_archive)
{
    struct step opens = print_opens;
    opens.asked = "    0 0 0 0 0  source 12";
    const struct step script[] = {opens, prints_all};
    EXPECT(CLIENTCTL, "print 12", script, 0,
           "job 7\nsheet 1 printed\nsheet 2 printed\njob 7 is completed: 2 of 2 sheets printed\n", "");
    const struct step refused[] = {{.request = FRAME_SERVICE_REQUEST,
                                    .exit_code = 1,
                                    .code = ERROR_DOCUMENT,
                                    .text = "the document is encrypted"}};
    EXPECT(CLIENTCTL, "print 12 --no-wait", refused, 1, "", "clientctl: the document is encrypted\n");
}
END_TEST

START_TEST(an_upload_that_is_refused)
{
    make_file(5000);
    const struct step middle[] = {{.request = FRAME_UPLOAD_BEGIN,
                                   .credit = 1000,
                                   .refuses_at = 2000,
                                   .exit_code = 1,
                                   .code = ERROR_SPOOL_FULL,
                                   .text = "the disk of the server is full"}};
    const struct step at_once[] = {{.request = FRAME_UPLOAD_BEGIN, .exit_code = 5, .code = ERROR_LIMIT}};
    const struct step early[] = {{.request = FRAME_UPLOAD_BEGIN, .credit = 1000, .refuses_at = 2000}};
    EXPECT(CLIENTCTL, line_of("print @"), middle, 1, "", "clientctl: the disk of the server is full\n");
    EXPECT(CLIENTCTL, line_of("print @"), at_once, 5, "",
           "clientctl: a limit of the server has been reached\n");
    EXPECT(CLIENTCTL, line_of("print @"), early, 1, "", "clientctl: clientd took only a part of a.pdf\n");
}
END_TEST

START_TEST(a_file_that_shrinks_on_its_way)
{
    struct step step = uploads;
    make_file(5000);
    step.cuts = file_path;
    expect(CLIENTCTL, line_of("print @"), &step, 1, 1, "",
           "clientctl: a.pdf cannot be printed: it has become shorter while it was sent\n");
}
END_TEST

START_TEST(a_file_that_grows_on_its_way)
{
    struct step step = uploads;
    make_file(5000);
    step.lengthens = file_path;
    expect(
        CLIENTCTL, line_of("print @ --json"), &step, 1, 1, "",
        "{\"error\":{\"code\":\"document-format-error\",\"text\":\"a.pdf cannot be printed: it has changed "
        "while it was sent\"}}\n");
}
END_TEST

/* The daemon hears nothing of these. */
static void expect_nothing_sent(enum program program, const char *line, int exit_code, const char *err)
{
    start_daemon(NULL, 0);
    ck_assert_int_eq(run(program, line, NULL, NULL), exit_code);
    end_daemon();
    ck_assert_str_eq(out_text, "");
    ck_assert_str_eq(err_text, strchr(err, '@') ? error_of(err) : err);
    free(out_text);
    free(err_text);
}

START_TEST(what_cannot_be_printed)
{
    make_file(0);
    expect_nothing_sent(CLIENTCTL, line_of("print @"), 1, "clientctl: @ cannot be printed: it is empty\n");
    expect_nothing_sent(CLIENTCTL, line_of("print 7 @"), 1, "clientctl: @ cannot be printed: it is empty\n");
    unlink(file_path);
    expect_nothing_sent(CLIENTCTL, line_of("print @"), 1,
                        "clientctl: @ cannot be read: No such file or directory\n");
    ck_assert_int_eq(mkfifo(file_path, 0600), 0);
    expect_nothing_sent(CLIENTCTL, line_of("print @"), 1,
                        "clientctl: @ cannot be printed: it is no regular file\n");
    unlink(file_path);
    ck_assert_int_eq(mkdir(file_path, 0700), 0);
    expect_nothing_sent(SERVICECTL, line_of("print kontor @"), 1,
                        "servicectl: @ cannot be printed: it is a folder\n");
    ck_assert_int_eq(rmdir(file_path), 0);
    make_file(10);
    expect_nothing_sent(CLIENTCTL, "print 0", 2,
                        "clientctl: '0' is no number of a document; a file of that name is ./0\n");
    expect_nothing_sent(CLIENTCTL, line_of("print @ --fit --no-scaling"), 2,
                        "clientctl: --fit and --no-scaling contradict each other\n");
    expect_nothing_sent(SERVICECTL, line_of("print kontor/ @"), 2,
                        "servicectl: 'kontor/' does not fit CLIENT[/PRINTER]\n");
    expect_nothing_sent(SERVICECTL, line_of("print /laser @"), 2,
                        "servicectl: '/laser' does not fit CLIENT[/PRINTER]\n");
    expect_nothing_sent(SERVICECTL, line_of("print kontor/laser @ --printer ink"), 2,
                        "servicectl: the printer is named twice: behind the client, and with --printer\n");
}
END_TEST

START_TEST(several_documents)
{
    make_file(10);
    const struct step script[] = {uploads, print_opens, print_opens};
    EXPECT(SERVICECTL, line_of("print kontor @ 12 --no-wait"), script, 0, "job 7\njob 7\n", "");
    const struct step stops[] = {print_opens, runs_empty};
    EXPECT(SERVICECTL, line_of("print kontor 12 @ 13"), stops, 3, "job 7\nsheet 1 printed\n" PRINT_STATE,
           error_of("servicectl: job 7 has stopped and waits; it goes on with: servicectl restart 7 --manner "
                    "resume (or " PRINT_OFFERS ")\nservicectl: not begun: @, 13\n"));
}
END_TEST

START_TEST(a_print_that_goes_on_at_another_printer)
{
    struct step watched = prints_all, shown = {.request = FRAME_JOB_LIST_REQUEST,
                                               .states = {"ss"},
                                               .error = ERROR_MEDIA_JAM,
                                               .round = 4};
    const struct step script[] = {
        show_empty,
        {.request = FRAME_MANNER_NOTICE, .manner = MANNER_SKIP, .round = 4, .printer = "ink"},
        watched,
    };
    EXPECT(CLIENTCTL, "restart 7 --manner skip --printer ink", script, 0,
           "sheet 1 printed\nsheet 2 printed\njob 7 is completed: 2 of 2 sheets printed\n", "");
    const struct step left[] = {show_empty,
                                {.request = FRAME_MANNER_NOTICE, .manner = MANNER_RESUME, .round = 4}};
    EXPECT(CLIENTCTL, "restart 7 --manner resume --no-wait", left, 0,
           "job 7 goes on: go on with the sheet that failed\n", "");
    expect(CLIENTCTL, "restart 7 --manner from-page", &show_empty, 1, 2, "",
           "clientctl: job 7: from-page needs a sheet from 1 to 1\n");
    expect(CLIENTCTL, "restart 7 --manner resume --printer ink", &shown, 1, 2, "",
           "clientctl: job 7 does not print: --printer is not for it\n");
}
END_TEST

/* A daemon that hangs: neither reading nor writing waits for it for ever. */
START_TEST(a_daemon_that_says_nothing)
{
    struct frame request = {.type = FRAME_STATUS_REQUEST};
    struct outcome outcome;
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct connection *connection = connection_new(ends[0], "clientd");
    connection_call_within(connection, &request, 50, NULL, NULL, &outcome);
    ck_assert_int_eq(outcome.exit_code, EXIT_NO_CONNECTION);
    ck_assert_str_eq(outcome.text, "clientd has said nothing for 0 seconds");
    connection_close(&connection);
    close(ends[1]);

    static const uint8_t filling[4096];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    while (send(ends[0], filling, sizeof filling, MSG_DONTWAIT) > 0)
        ;
    connection = connection_new(ends[0], "clientd");
    connection_call_within(connection, &request, 50, NULL, NULL, &outcome);
    ck_assert_int_eq(outcome.exit_code, EXIT_NO_CONNECTION);
    connection_close(&connection);
    close(ends[1]);
}
END_TEST

/* ---- With a terminal ---- */

/* Types lines, each when the screen shows what it answers, and keeps all that was shown. */
struct typing {
    const char *behind, *line;
};

static char screen[16384];

static int run_on_terminal(const char *line, const struct typing *typing, unsigned count)
{
    size_t length = 0, from = 0;
    int master, slave, status;
    ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(master);
        if (login_tty(slave))
            _exit(99);
        int exit_code = run(CLIENTCTL, line, stdin, stdout);
        fputs(err_text, stdout);
        fflush(stdout);
        _exit(exit_code);
    }
    close(slave);
    for (;;) {
        struct pollfd wait = {.fd = master, .events = POLLIN};
        ck_assert_int_eq(poll(&wait, 1, 5000), 1);
        ssize_t got = read(master, screen + length, sizeof screen - 1 - length);
        if (got <= 0)
            break;
        length += (size_t)got;
        screen[length] = '\0';
        const char *seen = count ? strstr(screen + from, typing->behind) : NULL;
        if (!seen)
            continue;
        from = (size_t)(seen - screen) + strlen(typing->behind);
        ck_assert_int_gt(write(master, typing->line, strlen(typing->line)), 0);
        typing++;
        count--;
    }
    close(master);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(the_question_is_asked_at_once)
{
    const struct step script[] = {
        scan_opens,
        watch_jams,
        {.request = FRAME_MANNER_NOTICE, .manner = MANNER_FROM_PAGE, .page = 2, .round = 4},
        watch_completes,
    };
    const struct typing typing[] = {{"Manner [1]: ", "9\n"},
                                    {"Manner [1]: ", "from-page\n"},
                                    {"(1 to 2)? ", "3\n"},
                                    {"(1 to 2)? ", "2\n"}};
    start_daemon(script, COUNT(script));
    ck_assert_int_eq(run_on_terminal("scan", typing, COUNT(typing)), 0);
    end_daemon();
    ck_assert_ptr_nonnull(strstr(screen, "\r\033[Kjob 7: page 3, 2 stored, connected"));
    ck_assert_ptr_nonnull(strstr(screen, "'9' is not understood"));
    ck_assert_ptr_nonnull(strstr(screen, "from-page takes a page from 1 to 2"));
    ck_assert_ptr_nonnull(strstr(screen, "job 7 is completed"));
}
END_TEST

START_TEST(printing_on_a_terminal)
{
    make_file(3000);
    const struct step script[] = {
        uploads,    print_opens,
        runs_empty, {.request = FRAME_MANNER_NOTICE, .manner = MANNER_RESUME, .round = 4},
        prints_all,
    };
    const struct typing typing[] = {{"Manner [1]: ", "\n"}};
    start_daemon(script, COUNT(script));
    ck_assert_int_eq(run_on_terminal(line_of("print @"), typing, COUNT(typing)), 0);
    end_daemon();
    ck_assert_ptr_nonnull(strstr(screen, "\r\033[K0.0 of 0.0 MB sent: a.pdf"));
    ck_assert_ptr_nonnull(strstr(screen, "\r\033[Kbeing prepared: a.pdf\r\033[Kjob 7\r\n"));
    ck_assert_ptr_nonnull(strstr(screen, "\r\033[Kjob 7: sheet 2, 1 of 2 printed, connected"));
    ck_assert_ptr_nonnull(
        strstr(screen, "  1  resume     go on with the sheet that failed (sheet 2) [default]"));
    ck_assert_ptr_nonnull(strstr(screen, "job 7 is completed: 2 of 2 sheets printed"));
}
END_TEST

START_TEST(the_question_is_left_open)
{
    const struct step script[] = {show_jam};
    const struct typing interrupt[] = {{"Manner [1]: ", "\x03"}}, end[] = {{"Manner [1]: ", "\x04"}};
    start_daemon(script, COUNT(script));
    ck_assert_int_eq(run_on_terminal("restart 7", interrupt, 1), 3);
    end_daemon();
    ck_assert_ptr_nonnull(strstr(screen, "Job 7 waits. It goes on with: clientctl restart 7"));
    start_daemon(script, COUNT(script));
    ck_assert_int_eq(run_on_terminal("restart 7", end, 1), 3);
    end_daemon();
}
END_TEST

START_TEST(ctrl_c_leaves_the_job_alone)
{
    const struct step script[] = {{.request = FRAME_JOB_LIST_REQUEST, .states = {"s"}, .stays_silent = true}};
    const struct typing typing[] = {{"connected", "\x03"}};
    start_daemon(script, COUNT(script));
    ck_assert_int_eq(run_on_terminal("watch 7", typing, 1), EXIT_INTERRUPTED);
    end_daemon();
    ck_assert_ptr_nonnull(strstr(screen, "Job 7 goes on. Look at it with 'clientctl watch 7'; end it with "
                                         "'clientctl cancel 7'."));
}
END_TEST

static void make_folder(void)
{
    strcpy(folder, "/tmp/deskline-ctl-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(socket_path, sizeof socket_path, "%s/s", folder);
}

static void remove_folder(void)
{
    static const char *const names[] = {"a.pdf",        "s",         "scan-001.png",
                                        "scan-002.png", "x-001.png", "x-002.png"};
    char path[128];
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    /* A file that was left behind makes this fail. */
    ck_assert_int_eq(rmdir(folder), 0);
}

int main(void)
{
    Suite *suite = suite_create("ctl/run");
    TCase *cases = tcase_create("all");
    suite_add_tcase(suite, cases);
    tcase_add_checked_fixture(cases, make_folder, remove_folder);
    tcase_set_timeout(cases, 20);
    tcase_add_test(cases, a_scan_that_completes);
    tcase_add_test(cases, a_scan_that_jams_without_a_terminal);
    tcase_add_test(cases, a_scan_that_is_refused);
    tcase_add_test(cases, no_wait);
    tcase_add_test(cases, a_restart_with_a_manner);
    tcase_add_test(cases, a_restart_of_the_job_that_waits_asks_for_the_question);
    tcase_add_test(cases, a_restart_that_cannot_be);
    tcase_add_test(cases, a_job_that_is_canceled);
    tcase_add_test(cases, a_daemon_that_goes);
    tcase_add_test(cases, a_document_of_two_files);
    tcase_add_test(cases, a_file_that_is_printed);
    tcase_add_test(cases, every_option_of_printing);
    tcase_add_test(cases, a_document_of_the_archive);
    tcase_add_test(cases, an_upload_that_is_refused);
    tcase_add_test(cases, a_file_that_shrinks_on_its_way);
    tcase_add_test(cases, a_file_that_grows_on_its_way);
    tcase_add_test(cases, what_cannot_be_printed);
    tcase_add_test(cases, several_documents);
    tcase_add_test(cases, a_print_that_goes_on_at_another_printer);
    tcase_add_test(cases, a_daemon_that_says_nothing);
    tcase_add_test(cases, the_question_is_asked_at_once);
    tcase_add_test(cases, printing_on_a_terminal);
    tcase_add_test(cases, the_question_is_left_open);
    tcase_add_test(cases, ctrl_c_leaves_the_job_alone);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
