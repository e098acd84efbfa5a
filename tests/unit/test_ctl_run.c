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
    uint8_t manner; /* MANNER_NOTICE: what has to be designated */
    uint32_t page;
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

static void on_request(void *context, const struct frame *frame)
{
    (void)context;
    if (step_next == step_count || steps[step_next].request != frame->type)
        _exit(4);
    const struct step *step = &steps[step_next++];
    /* In every request that is played here but MANNER_NOTICE, `request` is the first field. */
    uint32_t request =
        frame->type == FRAME_MANNER_NOTICE ? frame->manner_notice.request : frame->job_list_request.request;
    if (frame->type == FRAME_MANNER_NOTICE &&
        (frame->manner_notice.manner != step->manner || frame->manner_notice.page != step->page ||
         frame->manner_notice.round != step->round))
        _exit(5);
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
        ctl_job_make(&job, step->states[i], step->total, is_last ? step->error : 0,
                     is_last ? step->round : 0);
        job.frame.job_status.request = request;
        if (is_last && step->state)
            job.frame.job_status.state = step->state;
        if (step->state == JOB_COMPLETED && is_last)
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
    /* What was stored before, and is still, is not said again. */
    EXPECT(CLIENTCTL, "restart 7 --manner from-page 2", script, 0,
           "page 3 stored\njob 7 is completed: document 7 with 3 pages\n", "");
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
    static const char *const names[] = {"s", "scan-001.png", "scan-002.png", "x-001.png", "x-002.png"};
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
    tcase_add_test(cases, the_question_is_asked_at_once);
    tcase_add_test(cases, the_question_is_left_open);
    tcase_add_test(cases, ctrl_c_leaves_the_job_alone);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
