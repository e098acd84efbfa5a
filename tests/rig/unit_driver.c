/*
 * unit-driver: plays clientd for a reading unit. It starts the unit with a socketpair, sends it one
 * READ_COMMAND (unless the unit is to list), prints each frame that comes back as a line, and last of all how
 * the unit ended.
 *
 *   unit-driver [OPTIONS] -- UNIT [ARGUMENTS]
 *     --first N --count N --expected N --generation N --source N --mode N --depth N --resolution N
 *     --left UM --top UM --width UM --height UM --brightness N --contrast N --codec N
 *                          the fields of the command, as numbers
 *     --stop-on WORD       SIGTERM when a line begins with WORD; --kill-on, --leave-on: SIGKILL, or close the
 * socket
 *     --stall-ms N         SIGTERM when no frame came for so long (default 10000)
 *     --make-room FILE     removes FILE when the unit says that the spool is full, and lets it go on
 *     --list               sends nothing
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
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

#define UNIT_FD 3
#define JOB     7

struct driver {
    pid_t unit;
    int fd;
    const char *words[3]; /* stop, kill, leave */
    const char *room;     /* file to remove for a full spool */
    int stall_ms;
    struct frame command;
};

enum { WORD_STOP, WORD_KILL, WORD_LEAVE, STALL, ROOM, LIST, FIELDS };

/* The fields of the command by name, each set through a pointer of its width. */
struct field {
    const char *name;
    size_t offset;
    size_t width;
};
#define COMMAND(name, member)                                                                                \
    {                                                                                                        \
        name, offsetof(struct frame_read_command, member),                                                   \
            sizeof(((struct frame_read_command *)NULL)->member)                                              \
    }
static const struct field fields[] = {
    COMMAND("first", first_page),
    COMMAND("count", count),
    COMMAND("expected", expected),
    COMMAND("generation", generation),
    COMMAND("source", options.source),
    COMMAND("mode", options.mode),
    COMMAND("depth", options.depth),
    COMMAND("resolution", options.resolution),
    COMMAND("left", options.left_um),
    COMMAND("top", options.top_um),
    COMMAND("width", options.width_um),
    COMMAND("height", options.height_um),
    COMMAND("brightness", options.brightness),
    COMMAND("contrast", options.contrast),
    COMMAND("codec", options.codec),
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

static void set_field(struct frame_read_command *command, const struct field *field, const char *text)
{
    long value = strtol(text, NULL, 10);
    uint8_t *at = (uint8_t *)command + field->offset;
    if (field->width == 1)
        memcpy(at, &(uint8_t){(uint8_t)value}, 1);
    else if (field->width == 2)
        memcpy(at, &(uint16_t){(uint16_t)value}, 2);
    else
        memcpy(at, &(uint32_t){(uint32_t)value}, 4);
}

/* Returns the index of the unit's path in argv. */
static int parse(int argc, char **argv, struct driver *driver)
{
    struct option options[FIELDS + FIELD_COUNT + 1] = {
        {"stop-on", required_argument, NULL, WORD_STOP},   {"kill-on", required_argument, NULL, WORD_KILL},
        {"leave-on", required_argument, NULL, WORD_LEAVE}, {"stall-ms", required_argument, NULL, STALL},
        {"make-room", required_argument, NULL, ROOM},      {"list", no_argument, NULL, LIST},
    };
    for (size_t i = 0; i < FIELD_COUNT; i++)
        options[FIELDS + i] = (struct option){fields[i].name, required_argument, NULL, (int)(FIELDS + i)};
    int option;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (option == '?')
            exit(2);
        if (option <= WORD_LEAVE)
            driver->words[option] = optarg;
        else if (option == STALL)
            driver->stall_ms = atoi(optarg);
        else if (option == ROOM)
            driver->room = optarg;
        else if (option == LIST)
            driver->command.type = FRAME_UNIT_LIST_REQUEST;
        else
            set_field(&driver->command.read_command, &fields[option - FIELDS], optarg);
    }
    if (optind >= argc) {
        fputs("unit-driver: no unit to start\n", stderr);
        exit(2);
    }
    return optind;
}

static void start(struct driver *driver, char **argv)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        fail("socketpair");
    driver->unit = fork();
    if (driver->unit < 0)
        fail("fork");
    if (driver->unit == 0) {
        int end = dup(ends[1]); /* not where dup2 puts it */
        close(ends[0]);
        close(ends[1]);
        if (end != UNIT_FD && (dup2(end, UNIT_FD) < 0 || close(end) < 0))
            fail("dup2");
        execv(argv[0], argv);
        fail(argv[0]);
    }
    close(ends[1]);
    driver->fd = ends[0];
}

static void send_frame(struct driver *driver, struct frame *frame)
{
    uint8_t bytes[4096];
    frame->job = JOB;
    ssize_t length = frame_encode(frame, bytes, sizeof bytes);
    if (length < 0 || send(driver->fd, bytes, (size_t)length, MSG_NOSIGNAL) != length)
        fputs("unit-driver: a frame could not be sent\n", stderr);
}

/* False at the end. */
static bool receive_all(struct driver *driver, uint8_t *bytes, size_t length)
{
    while (length) {
        struct pollfd wanted = {.fd = driver->fd, .events = POLLIN};
        if (poll(&wanted, 1, driver->stall_ms) == 0) {
            puts("stalled");
            kill(driver->unit, SIGTERM);
        }
        ssize_t received = recv(driver->fd, bytes, length, 0);
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

static void print_units(const struct frame_list *units)
{
    struct record_unit unit;
    struct record_attribute attribute;
    for (size_t cursor = 0; frame_list_next(units, &frame_record_unit, &cursor, &unit);) {
        printf("unit %.*s state=%u reasons=%.*s model=%.*s\n", (int)unit.name.length, unit.name.at,
               unit.state, (int)unit.reasons.length, unit.reasons.at, (int)unit.model.length, unit.model.at);
        for (size_t at = 0; frame_list_next(&unit.capabilities, &frame_record_attribute, &at, &attribute);)
            printf("  %.*s=%.*s\n", (int)attribute.name.length, attribute.name.at,
                   (int)attribute.value.length, attribute.value.at);
    }
}

/* False when the driver is not to listen any more. */
static bool react(struct driver *driver, const struct frame *frame, const char *line)
{
    if (begins_with(line, driver->words[WORD_STOP]))
        kill(driver->unit, SIGTERM);
    if (begins_with(line, driver->words[WORD_KILL]))
        kill(driver->unit, SIGKILL);
    if (frame->type == FRAME_ERROR_NOTICE && frame->error_notice.code == ERROR_SPOOL_FULL && driver->room) {
        unlink(driver->room);
        send_frame(driver, &(struct frame){.type = FRAME_CONTINUE_COMMAND});
    }
    return !begins_with(line, driver->words[WORD_LEAVE]);
}

static void converse(struct driver *driver)
{
    uint8_t head[FRAME_HEADER_BYTES];
    struct frame_header header;
    bool more = true;
    while (more && receive_all(driver, head, sizeof head)) {
        struct frame frame;
        const char *why;
        char line[4096];
        frame_header_decode(head, &header);
        if (frame_header_check(&header, AT_DAEMON, WHEN_OPEN, &why) != 0) {
            printf("bad frame: %s\n", why);
            return;
        }
        uint8_t *payload = malloc(header.length + 1u);
        if (!payload || !receive_all(driver, payload, header.length) ||
            frame_decode(&header, payload, &frame, &why) != 0) {
            puts("bad payload");
            free(payload);
            return;
        }
        frame_print(&frame, line, sizeof line);
        puts(line);
        if (frame.type == FRAME_UNIT_LIST)
            print_units(&frame.unit_list.units);
        fflush(stdout);
        more = react(driver, &frame, line);
        free(payload);
    }
}

int main(int argc, char **argv)
{
    struct driver driver = {
        .stall_ms = 10000,
        .command = {.type = FRAME_READ_COMMAND, .read_command = {.first_page = 1, .options = {.codec = 1}}}};
    int status = 0;
    int unit = parse(argc, argv, &driver);
    start(&driver, argv + unit);
    if (driver.command.type == FRAME_READ_COMMAND)
        send_frame(&driver, &driver.command);
    converse(&driver);
    close(driver.fd);
    if (waitpid(driver.unit, &status, 0) < 0)
        fail("waitpid");
    if (WIFSIGNALED(status))
        printf("killed by signal %d\n", WTERMSIG(status));
    else
        printf("ended with code %d\n", WEXITSTATUS(status));
    return 0;
}
