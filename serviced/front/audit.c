#include "config.h"

#include "serviced/front/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/worker.h"

#define LINE_BYTES 1024

struct audit {
    int fd;
    unsigned pending;
    int closed;
    struct worker_strand *strand;
};

struct audit_line {
    struct audit *audit;
    int fd;
    char text[LINE_BYTES];
};

int audit_open(struct audit **audit, struct worker_pool *workers, int state_fd)
{
    int fd = blob_open(state_fd, "audit.log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    *audit = NULL;
    if (fd < 0)
        return fd;
    *audit = memory_new(sizeof **audit);
    (*audit)->fd = fd;
    (*audit)->strand = worker_strand_new(workers);
    return 0;
}

static void release(struct audit *audit)
{
    if (!audit->closed || audit->pending)
        return;
    close(audit->fd);
    free(audit);
}

static int write_line(void *context)
{
    struct audit_line *line = context;
    return blob_write_all(line->fd, line->text, strlen(line->text));
}

static void line_written(void *context, int result)
{
    struct audit_line *line = context;
    if (result < 0)
        log_error("a line of the audit log cannot be written: %s", strerror(-result));
    line->audit->pending--;
    release(line->audit);
    free(line);
}

void audit_write(struct audit *audit, const char *event, const char *format, ...)
{
    struct audit_line *line = memory_new(sizeof *line);
    char time[TEXT_TIME_SIZE], details[400], escaped[LINE_BYTES - 100];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(details, sizeof details, format, arguments);
    va_end(arguments);
    text_escape(escaped, sizeof escaped, details, strlen(details));
    text_time(wall_clock_ms(), time);
    snprintf(line->text, sizeof line->text, "%s %s %s\n", time, event, escaped);
    log_notice("%s %s", event, details);
    line->audit = audit;
    line->fd = audit->fd;
    audit->pending++;
    worker_submit(audit->strand, write_line, line_written, line);
}

void audit_close(struct audit **audit)
{
    if (!*audit)
        return;
    worker_strand_free(&(*audit)->strand);
    (*audit)->closed = 1;
    release(*audit);
    *audit = NULL;
}
