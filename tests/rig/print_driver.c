/*
 * print-driver: plays clientd for a printing unit. It keeps a journal, one line per sheet, so that one run
 * goes on where another ended:
 *
 *   SHEET STATE [JOB UUID PRINTER]      received, submitted (with its ticket), printed, uncertain, canceled
 *
 *   print-driver [OPTIONS] -- UNIT [ARGUMENTS]
 *     --journal FILE       has to be given; made when it is not there
 *     --blocks N --copies N --title TEXT --sides N --color N --media WORD --orientation N --scaling N
 *     --add FILE=BLOCK     puts a file into the spool (--spool DIR) as that block, and ends; with --codec N
 *                          --width N --height N --bits N --components N --dpi N, and --pages N of a PDF
 *     --cancel SHEET       is adopted as one that is not wanted any more
 *     --stop-on WORD       SIGTERM when a line begins with WORD; --kill-on: SIGKILL; --hold-on: releases
 * nothing from then on
 *     --stall-ms N         SIGKILL when no frame came for so long (default 20000)
 *
 * It prints each frame as a line, and at last how the unit ended. Two sheets at the most are under way.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deskline/frame.h>
#include <deskline/words.h>

#include "clientd/units/page_spool.h"

#define UNIT_FD    3
#define JOB        7
#define SHEETS_MAX 1000
#define SLOTS      2

enum state { RECEIVED, ORDERED, SUBMITTED, PRINTED, UNCERTAIN, CANCELED, STATES };
static const char *const state_names[STATES] = {"received", "ordered",   "submitted",
                                                "printed",  "uncertain", "canceled"};

struct sheet {
    enum state state;
    bool is_unwanted;
    uint32_t job;
    char uuid[65], printer[513];
};

enum { STOP_ON, KILL_ON, HOLD_ON, STALL, JOURNAL, SPOOL, ADD, CANCEL, TITLE, MEDIA, NUMBERS };

static struct {
    struct sheet sheets[SHEETS_MAX + 1];
    uint32_t count;
    bool is_holding, is_failing;
    pid_t unit;
    int fd;
    const char *words[3];
    const char *journal, *spool, *add, *title, *media;
    int stall_ms;
} driver = {.stall_ms = 20000, .title = "sheets", .media = ""};

/* What is given as a number. */
static struct number {
    const char *name;
    uint32_t value;
} numbers[] = {{"blocks", 1},     {"copies", 1}, {"sides", 0}, {"color", 0},  {"orientation", 0},
               {"scaling", 0},    {"codec", 4},  {"width", 0}, {"height", 0}, {"bits", 0},
               {"components", 0}, {"dpi", 0},    {"pages", 0}};
#define NUMBER_COUNT (sizeof numbers / sizeof numbers[0])

static uint32_t number(const char *name)
{
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        if (strcmp(numbers[i].name, name) == 0)
            return numbers[i].value;
    abort();
}

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

/* ---- The spool ---------------------------------------------------------------------------------------- */

static int no_space(void *context)
{
    (void)context;
    return -ENOSPC;
}

static int add_block(void)
{
    const char *equals = strrchr(driver.add, '=');
    struct page_spool *spool = NULL;
    char name[1024], part[65536];
    if (!equals || !driver.spool)
        return 2;
    snprintf(name, sizeof name, "%.*s", (int)(equals - driver.add), driver.add);
    uint32_t block = (uint32_t)atoi(equals + 1);
    int fd = open(name, O_RDONLY), error = page_spool_open(&spool, driver.spool, no_space, NULL);
    if (fd < 0 || error)
        fail(name);
    error = page_spool_begin(spool, block, 0);
    for (ssize_t length; !error && (length = read(fd, part, sizeof part)) > 0;)
        error = page_spool_append(spool, (const uint8_t *)part, (size_t)length);
    struct frame_page_begin begin = {.page = block,
                                     .codec = (uint8_t)number("codec"),
                                     .width = number("width"),
                                     .bits = (uint8_t)number("bits"),
                                     .components = (uint8_t)number("components"),
                                     .x_dpi = number("dpi"),
                                     .y_dpi = number("dpi")};
    struct frame end;
    uint32_t rows = begin.codec == 4 ? number("pages") : number("height");
    if (!error)
        error = page_spool_commit(spool, JOB, &begin, rows, &end);
    page_spool_free(&spool);
    close(fd);
    if (error)
        fprintf(stderr, "print-driver: %s\n", strerror(-error));
    return error ? 1 : 0;
}

/* ---- The journal -------------------------------------------------------------------------------------- */

static void save(void)
{
    char name[1024];
    snprintf(name, sizeof name, "%s.new", driver.journal);
    FILE *file = fopen(name, "w");
    if (!file)
        fail(name);
    for (uint32_t i = 1; i <= driver.count; i++) {
        const struct sheet *sheet = &driver.sheets[i];
        enum state state = sheet->state == ORDERED ? RECEIVED : sheet->state;
        fprintf(file, "%" PRIu32 " %s", i, state_names[state]);
        if (state == SUBMITTED)
            fprintf(file, " %" PRIu32 " %s %s", sheet->job, sheet->uuid, sheet->printer);
        fputc('\n', file);
    }
    if (fclose(file) || rename(name, driver.journal))
        fail(name);
}

static void load(void)
{
    char word[16], line[1024];
    FILE *file = fopen(driver.journal, "r");
    while (file && fgets(line, sizeof line, file)) {
        struct sheet sheet = {0};
        uint32_t at;
        if (sscanf(line, "%" SCNu32 " %15s %" SCNu32 " %64s %512s", &at, word, &sheet.job, sheet.uuid,
                   sheet.printer) < 2 ||
            at > SHEETS_MAX)
            continue;
        for (unsigned state = 0; state < STATES; state++)
            if (strcmp(word, state_names[state]) == 0)
                sheet.state = (enum state)state;
        sheet.is_unwanted = driver.sheets[at].is_unwanted;
        driver.sheets[at] = sheet;
    }
    if (file)
        fclose(file);
}

/* ---- Frames to the unit ------------------------------------------------------------------------------- */

static void send_frame(struct frame frame)
{
    uint8_t bytes[8192];
    frame.job = JOB;
    ssize_t length = frame_encode(&frame, bytes, sizeof bytes);
    if (length < 0 || send(driver.fd, bytes, (size_t)length, MSG_NOSIGNAL) != length)
        fputs("print-driver: a frame could not be sent\n", stderr);
}

static void send_command(void)
{
    const struct record_print_options options = {.sides = (uint8_t)number("sides"),
                                                 .color = (uint8_t)number("color"),
                                                 .media = frame_text_of(driver.media),
                                                 .orientation = (uint8_t)number("orientation"),
                                                 .scaling = (uint8_t)number("scaling")};
    send_frame((struct frame){.type = FRAME_PRINT_COMMAND,
                              .print_command.order = {.options = options,
                                                      .blocks = number("blocks"),
                                                      .copies = number("copies"),
                                                      .title = frame_text_of(driver.title)}});
    for (uint32_t i = 1; i <= driver.count; i++) {
        const struct sheet *sheet = &driver.sheets[i];
        const struct record_ticket ticket = {
            .job = sheet->job, .uuid = frame_text_of(sheet->uuid), .printer = frame_text_of(sheet->printer)};
        if (sheet->state == SUBMITTED)
            send_frame(
                (struct frame){.type = FRAME_ADOPT_SHEET,
                               .adopt_sheet = {.sheet = i, .cancel = sheet->is_unwanted, .ticket = ticket}});
    }
}

static unsigned count_of(enum state state)
{
    unsigned count = 0;
    for (uint32_t i = 1; i <= driver.count; i++)
        count += driver.sheets[i].state == state;
    return count;
}

static void order_sheets(void)
{
    unsigned under_way = count_of(ORDERED) + count_of(SUBMITTED);
    if (driver.is_failing)
        return;
    for (uint32_t i = 1; i <= driver.count && under_way < SLOTS; i++) {
        if (driver.sheets[i].state == UNCERTAIN)
            return;
        if (driver.sheets[i].state != RECEIVED)
            continue;
        driver.sheets[i].state = ORDERED;
        under_way++;
        send_frame((struct frame){.type = FRAME_PRINT_SHEET,
                                  .print_sheet = {.sheet = i, .block = (i - 1) % number("blocks") + 1}});
    }
    if (!under_way && !count_of(UNCERTAIN))
        send_frame((struct frame){.type = FRAME_NO_MORE_SHEETS});
}

/* ---- Frames from the unit ----------------------------------------------------------------------------- */

static void take_status(const struct frame_sheet_status *status)
{
    if (status->sheet < 1 || status->sheet > driver.count)
        return;
    struct sheet *sheet = &driver.sheets[status->sheet];
    switch (status->state) {
    case 1:
        sheet->state = SUBMITTED;
        sheet->job = status->ticket.job;
        frame_text_copy(status->ticket.uuid, sheet->uuid, sizeof sheet->uuid);
        frame_text_copy(status->ticket.printer, sheet->printer, sizeof sheet->printer);
        save();
        if (!driver.is_holding)
            send_frame((struct frame){.type = FRAME_RELEASE_SHEET, .release_sheet.sheet = status->sheet});
        return;
    case 2:
        sheet->state = PRINTED;
        break;
    case 3:
        sheet->state = sheet->is_unwanted ? CANCELED : RECEIVED;
        driver.is_failing = driver.is_failing || !sheet->is_unwanted;
        break;
    case 4:
        sheet->state = sheet->is_unwanted ? CANCELED : UNCERTAIN;
        break;
    default:
        return;
    }
    save();
    order_sheets();
}

static bool receive_all(uint8_t *bytes, size_t length)
{
    while (length) {
        struct pollfd wanted = {.fd = driver.fd, .events = POLLIN};
        if (poll(&wanted, 1, driver.stall_ms) == 0) {
            puts("stalled");
            kill(driver.unit, SIGKILL);
        }
        ssize_t received = recv(driver.fd, bytes, length, 0);
        if (received < 0 && errno == EINTR)
            continue;
        if (received <= 0)
            return false;
        bytes += received;
        length -= (size_t)received;
    }
    return true;
}

static bool begins_with(const char *line, const char *word)
{
    return word && strncmp(line, word, strlen(word)) == 0;
}

static void react(const struct frame *frame, const char *line)
{
    if (begins_with(line, driver.words[HOLD_ON]))
        driver.is_holding = true;
    if (begins_with(line, driver.words[STOP_ON]))
        kill(driver.unit, SIGTERM);
    if (frame->type == FRAME_SHEET_STATUS)
        take_status(&frame->sheet_status);
    if (begins_with(line, driver.words[KILL_ON]))
        kill(driver.unit, SIGKILL);
}

static void converse(void)
{
    uint8_t head[FRAME_HEADER_BYTES];
    struct frame_header header;
    while (receive_all(head, sizeof head)) {
        struct frame frame;
        const char *why;
        char line[4096];
        frame_header_decode(head, &header);
        if (frame_header_check(&header, AT_DAEMON, WHEN_OPEN, &why) != 0) {
            printf("bad frame: %s\n", why);
            return;
        }
        uint8_t *payload = malloc(header.length + 1u);
        if (!payload || !receive_all(payload, header.length) ||
            frame_decode(&header, payload, &frame, &why) != 0) {
            puts("bad payload");
            free(payload);
            return;
        }
        frame_print(&frame, line, sizeof line);
        puts(line);
        fflush(stdout);
        react(&frame, line);
        free(payload);
    }
}

/* ---- Start -------------------------------------------------------------------------------------------- */

static void set_text(int option)
{
    switch (option) {
    case STALL:
        driver.stall_ms = atoi(optarg);
        break;
    case JOURNAL:
        driver.journal = optarg;
        break;
    case SPOOL:
        driver.spool = optarg;
        break;
    case ADD:
        driver.add = optarg;
        break;
    case CANCEL:
        driver.sheets[(unsigned)atoi(optarg) % (SHEETS_MAX + 1)].is_unwanted = true;
        break;
    case TITLE:
        driver.title = optarg;
        break;
    default:
        driver.media = optarg;
    }
}

static int parse(int argc, char **argv)
{
    struct option options[NUMBERS + NUMBER_COUNT + 1] = {
        {"stop-on", required_argument, NULL, STOP_ON}, {"kill-on", required_argument, NULL, KILL_ON},
        {"hold-on", required_argument, NULL, HOLD_ON}, {"stall-ms", required_argument, NULL, STALL},
        {"journal", required_argument, NULL, JOURNAL}, {"spool", required_argument, NULL, SPOOL},
        {"add", required_argument, NULL, ADD},         {"cancel", required_argument, NULL, CANCEL},
        {"title", required_argument, NULL, TITLE},     {"media", required_argument, NULL, MEDIA},
    };
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        options[NUMBERS + i] = (struct option){numbers[i].name, required_argument, NULL, (int)(NUMBERS + i)};
    int option;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (option == '?')
            exit(2);
        if (option <= HOLD_ON)
            driver.words[option] = optarg;
        else if (option < NUMBERS)
            set_text(option);
        else
            numbers[option - NUMBERS].value = (uint32_t)strtoul(optarg, NULL, 10);
    }
    driver.count = number("blocks") * number("copies");
    if (!driver.add && (optind >= argc || !driver.journal || driver.count > SHEETS_MAX)) {
        fputs("print-driver: a journal, at most 1000 sheets, and a unit to start are needed\n", stderr);
        exit(2);
    }
    return optind;
}

static void start(char **argv)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        fail("socketpair");
    driver.unit = fork();
    if (driver.unit < 0)
        fail("fork");
    if (driver.unit == 0) {
        int end = dup(ends[1]); /* not where dup2 puts it */
        close(ends[0]);
        close(ends[1]);
        if (end != UNIT_FD && (dup2(end, UNIT_FD) < 0 || close(end) < 0))
            fail("dup2");
        execv(argv[0], argv);
        fail(argv[0]);
    }
    close(ends[1]);
    driver.fd = ends[0];
}

int main(int argc, char **argv)
{
    int status = 0, unit = parse(argc, argv);
    if (driver.add)
        return add_block();
    load();
    start(argv + unit);
    send_command();
    order_sheets();
    converse();
    save();
    close(driver.fd);
    if (waitpid(driver.unit, &status, 0) < 0)
        fail("waitpid");
    if (WIFSIGNALED(status))
        printf("killed by signal %d\n", WTERMSIG(status));
    else
        printf("ended with code %d\n", WEXITSTATUS(status));
    return 0;
}
