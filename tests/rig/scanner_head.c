#include "config.h"

#include "tests/rig/scanner_head.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NAP_SECONDS 0.01

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)(NAP_SECONDS * 1e9)}, NULL);
}

static void stall(struct head *head, double seconds)
{
    double end = now() + seconds;

    while (now() < end && !head->cancelled)
        nap();
}

static void set_rate(struct head *head, double rate)
{
    head->rate = rate;
    head->paced_since = now();
    head->paced_from = head->delivered;
}

static void stay_in_condition(struct head *head, const struct fault *fault)
{
    if (!fault_is_sticky(fault->kind))
        return;
    head->paper->stuck = head->paper->sheet != 0;
    if (device_state_write(head->state, "condition", fault_name(fault->kind)) != 0)
        device_state_log(head->state, "error: the condition cannot be written");
}

void head_interrupt(struct head *head, const char *reason, SANE_Status status)
{
    if (head->image == NULL || head->end != SANE_STATUS_GOOD)
        return;
    device_state_log(head->state, "interrupted page=%u bytes=%" PRIu64 " sheet=%ld do=%s", head->paper->page,
                     head->delivered, head->paper->sheet, reason);
    head->end = status;
}

/* What takes the process with it, or never comes back. */
static void be_fatal(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_HANG:
        for (;;)
            pause();
    case FAULT_CRASH:
        /* A sanitizer would make an exit of it: a crash is to look like one. */
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
        break;
    case FAULT_EXIT:
        _exit(1);
    default:
        break;
    }
}

/* Notes in the script that the fault happened, before it happens: a process that dies of it would meet it
 * again. */
static SANE_Status spend(struct head *head, const struct fault *fault)
{
    int error = fault_script_spend(head->state, fault);

    if (error == 0)
        return SANE_STATUS_GOOD;
    device_state_log(head->state, "error: the fault script cannot be written");
    return SANE_STATUS_IO_ERROR;
}

/* A fault in the middle of the image. */
static void strike(struct head *head, const struct fault *fault)
{
    const char *name = fault_name(fault->kind);

    if (spend(head, fault) != SANE_STATUS_GOOD) {
        head_interrupt(head, "FAULT_SCRIPT", SANE_STATUS_IO_ERROR);
        return;
    }
    if (fault_status(fault->kind) != SANE_STATUS_GOOD) {
        stay_in_condition(head, fault);
        head_interrupt(head, name, fault_status(fault->kind));
        return;
    }
    device_state_log(head->state, "fault page=%u bytes=%" PRIu64 " sheet=%ld do=%s", head->paper->page,
                     head->delivered, head->paper->sheet, name);
    be_fatal(fault->kind);
    if (fault->kind == FAULT_STALL)
        stall(head, fault->argument);
    else if (fault->kind == FAULT_CRAWL)
        set_rate(head, fault->argument);
    else
        head->silent = true;
}

/* A fault in sane_start. Jams happen to paper that has moved, everything else before it moves. */
static SANE_Status strike_at_start(struct head *head, const struct fault *fault, unsigned page,
                                   int (*moves)(void *), void *context, bool *moved)
{
    SANE_Status status = fault_status(fault->kind);

    if (spend(head, fault) != SANE_STATUS_GOOD)
        return SANE_STATUS_IO_ERROR;
    if (status == SANE_STATUS_JAMMED && !*moved) {
        *moved = true;
        if (moves(context) != 0)
            return SANE_STATUS_IO_ERROR;
    }
    stay_in_condition(head, fault);
    if (status != SANE_STATUS_GOOD)
        device_state_log(head->state, "interrupted page=%u bytes=0 sheet=%ld do=%s", page, head->paper->sheet,
                         fault_name(fault->kind));
    else
        device_state_log(head->state, "fault page=%u bytes=0 sheet=%ld do=%s", page, head->paper->sheet,
                         fault_name(fault->kind));
    be_fatal(fault->kind);
    if (fault->kind == FAULT_STALL)
        stall(head, fault->argument);
    else if (fault->kind == FAULT_CRAWL)
        head->rate = fault->argument;
    else if (fault->kind == FAULT_ZERO)
        head->silent = true;
    return status;
}

SANE_Status head_prepare(struct head *head, unsigned page, int (*moves)(void *), void *context)
{
    SANE_Status status = SANE_STATUS_GOOD;
    bool moved = false;
    int kept = 0;
    int count = fault_script_load(head->state, page, head->faults, HEAD_FAULTS);

    head->fault_count = head->next_fault = 0;
    head->silent = false;
    head->rate = (double)device_state_number(head->state, "rate", 0);
    if (count < 0)
        return SANE_STATUS_INVAL;
    for (int i = 0; i < count && status == SANE_STATUS_GOOD; i++) {
        if (head->faults[i].place == FAULT_AT_START)
            status = strike_at_start(head, &head->faults[i], page, moves, context, &moved);
        else
            head->faults[kept++] = head->faults[i];
    }
    head->fault_count = kept;
    if (status != SANE_STATUS_GOOD)
        return status;
    return moved || moves(context) == 0 ? SANE_STATUS_GOOD : SANE_STATUS_IO_ERROR;
}

/* By place, and in the order of the script where the place is the same. */
static void sort_faults(struct head *head, uint64_t total)
{
    for (int i = 1; i < head->fault_count; i++) {
        for (int j = i; j > 0; j--) {
            struct fault *a = &head->faults[j - 1], *b = &head->faults[j], swap = *a;
            if (fault_offset(a, total) <= fault_offset(b, total))
                break;
            *a = *b;
            *b = swap;
        }
    }
}

void head_begin(struct head *head, struct scanner_image *image)
{
    head->image = image;
    head->delivered = 0;
    head->end = SANE_STATUS_GOOD;
    sort_faults(head, scanner_image_bytes(image));
    set_rate(head, head->rate);
}

/* How many bytes the rate allows now, at least 1; waits for that. 0 when cancelled meanwhile. */
static uint64_t wait_for_rate(struct head *head)
{
    for (; !head->cancelled; nap()) {
        double due = (now() - head->paced_since) * head->rate;
        uint64_t sent = head->delivered - head->paced_from;
        if (due >= (double)sent + 1)
            return (uint64_t)due - sent;
    }
    return 0;
}

static SANE_Status deliver(struct head *head, SANE_Byte *bytes, size_t room, SANE_Int *length)
{
    ssize_t n;

    if (head->rate > 0) {
        uint64_t allowed = wait_for_rate(head);
        room = room < allowed ? room : (size_t)allowed;
        if (room == 0)
            return SANE_STATUS_GOOD; /* cancelled: head_read says so */
    }
    n = scanner_image_read(head->image, bytes, room);
    if (n < 0) {
        head_interrupt(head, "PAGE_FILE", SANE_STATUS_IO_ERROR);
        return head->end;
    }
    head->delivered += (uint64_t)n;
    *length = (SANE_Int)n;
    return SANE_STATUS_GOOD;
}

SANE_Status head_read(struct head *head, SANE_Byte *bytes, SANE_Int room, SANE_Int *length)
{
    uint64_t total, limit;

    *length = 0;
    if (head->image == NULL || room < 1)
        return SANE_STATUS_INVAL;
    total = limit = scanner_image_bytes(head->image);
    while (head->end == SANE_STATUS_GOOD && !head->cancelled && !head->silent &&
           head->next_fault < head->fault_count) {
        limit = fault_offset(&head->faults[head->next_fault], total);
        if (limit > head->delivered)
            break;
        strike(head, &head->faults[head->next_fault++]);
        limit = total;
    }
    if (device_state_has(head->state, "unplugged"))
        head_interrupt(head, "UNPLUGGED", SANE_STATUS_IO_ERROR);
    if (head->cancelled)
        head_interrupt(head, "CANCELLED", SANE_STATUS_CANCELLED);
    if (head->end != SANE_STATUS_GOOD)
        return head->end;
    if (head->silent) {
        nap(); /* the program asks again at once: leave it some of the processor */
        return SANE_STATUS_GOOD;
    }
    if (head->delivered == total) {
        device_state_log(head->state, "delivered page=%u bytes=%" PRIu64, head->paper->page, total);
        head->end = SANE_STATUS_EOF;
        return head->end;
    }
    limit -= head->delivered;
    if (deliver(head, bytes, limit < (uint64_t)room ? (size_t)limit : (size_t)room, length) !=
        SANE_STATUS_GOOD)
        return head->end;
    if (head->cancelled) {
        *length = 0;
        head_interrupt(head, "CANCELLED", SANE_STATUS_CANCELLED);
        return head->end;
    }
    return SANE_STATUS_GOOD;
}

void head_stop(struct head *head)
{
    scanner_image_close(&head->image);
    head->fault_count = head->next_fault = 0;
    head->silent = false;
}
