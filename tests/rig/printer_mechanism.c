#include "config.h"

#include "tests/rig/printer_mechanism.h"
#include "tests/rig/printer_spooler.h"
#include "tests/rig/printer_tray.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_S 0.02

/* What happens to a sheet after a condition is gone: the `on-condition` of the printer where the backend
 * lives on. */
enum recovery { RECOVER_PRINTS, RECOVER_LOSES, RECOVER_REPRINTS };

/* The manners of a printer in a condition: the first is a queue's, `wait` a driverless printer's. */
static const struct {
    const char *name;
    enum printer_end end;
    enum recovery recovery;
} manners[] = {
    {"stop", END_STOPS, RECOVER_PRINTS},    {"wait", END_GOES_ON, RECOVER_PRINTS},
    {"lose", END_GOES_ON, RECOVER_LOSES},   {"reprint", END_GOES_ON, RECOVER_REPRINTS},
    {"hold", END_HOLDS, RECOVER_PRINTS},    {"fail", END_FAILED, RECOVER_PRINTS},
    {"retry", END_RETRIES, RECOVER_PRINTS}, {"retry-current", END_RETRIES_CURRENT, RECOVER_PRINTS},
};

struct mechanism {
    const char *folder;
    const struct printer_job *job;
    struct device_state *state;
    struct printer_spooler *spooler;
    struct printer_pages *pages;
    unsigned out; /* sheets in the tray */
    size_t manner;
    double pace;         /* seconds that a sheet takes */
    bool keeps_no_count; /* the spooler never hears that a sheet came out */
};

static void sleep_s(double seconds)
{
    struct timespec time = {.tv_sec = (time_t)seconds};

    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    nanosleep(&time, NULL);
}

/* A printer without power, or whose folder was thrown away, does nothing more. */
static bool is_gone(struct mechanism *mechanism)
{
    return printer_spooler_power_lost(mechanism->spooler) || access(mechanism->folder, F_OK) != 0;
}

/* Time passes, in small steps, as nobody kills a mechanism whose device is gone. */
static bool pass(struct mechanism *mechanism, double seconds)
{
    struct timespec began, now;
    double left = seconds;

    clock_gettime(CLOCK_MONOTONIC, &began);
    while (left > 0 && !is_gone(mechanism)) {
        sleep_s(left < LOOK_EVERY_S ? left : LOOK_EVERY_S);
        clock_gettime(CLOCK_MONOTONIC, &now);
        left = seconds - (double)(now.tv_sec - began.tv_sec) - (double)(now.tv_nsec - began.tv_nsec) / 1e9;
    }
    return !is_gone(mechanism);
}

/* `options` has one key=value in a line; pace, in seconds for each sheet, counts=no, and on-condition. */
static int read_options(struct mechanism *mechanism)
{
    char text[1024], *rest = NULL;
    int length = device_state_read(mechanism->state, "options", text, sizeof text);

    mechanism->manner = mechanism->job->driverless ? 1 : 0;
    for (char *line = strtok_r(text, "\n", &rest); length > 0 && line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        size_t i = 0;
        if (strncmp(line, "pace=", 5) == 0 && fault_lines_number(line + 5, "", &mechanism->pace) == 0)
            continue;
        if (strcmp(line, "counts=no") == 0) {
            mechanism->keeps_no_count = true;
            continue;
        }
        while (strncmp(line, "on-condition=", 13) == 0 && i < sizeof manners / sizeof manners[0] &&
               strcmp(line + 13, manners[i].name) != 0)
            i++;
        if (strncmp(line, "on-condition=", 13) != 0 || i == sizeof manners / sizeof manners[0]) {
            device_state_log(mechanism->state, "bad-option %s", line);
            return -EINVAL;
        }
        mechanism->manner = i;
    }
    return 0;
}

static enum printer_end cancelled(struct mechanism *mechanism)
{
    device_state_log(mechanism->state, "cancelled job=%d", mechanism->job->id);
    return END_DONE;
}

/* The printer is in a condition: the run ends, or it goes on when the operator has removed the condition. */
static enum printer_end stay_in(struct mechanism *mechanism, enum printer_fault_kind kind)
{
    char message[96];

    printer_spooler_condition(mechanism->spooler, kind, true);
    snprintf(message, sizeof message, "the printer has a condition: %s", printer_fault_name(kind));
    printer_spooler_error(mechanism->spooler, message);
    if (manners[mechanism->manner].end != END_GOES_ON) {
        /* ippeveprinter would not even begin another job, and so never hear that there is paper. */
        if (mechanism->job->driverless && kind == PRINTER_FAULT_OUT_OF_PAPER)
            printer_spooler_condition(mechanism->spooler, kind, false);
        return manners[mechanism->manner].end;
    }
    while (device_state_has(mechanism->state, "condition")) {
        if (is_gone(mechanism))
            return END_FAILED;
        if (printer_spooler_cancelled(mechanism->spooler)) {
            if (mechanism->job->driverless && kind == PRINTER_FAULT_OUT_OF_PAPER)
                printer_spooler_condition(mechanism->spooler, kind, false);
            return cancelled(mechanism);
        }
        sleep_s(LOOK_EVERY_S);
    }
    printer_spooler_condition(mechanism->spooler, kind, false);
    device_state_log(mechanism->state, "cleared do=%s job=%d", printer_fault_name(kind), mechanism->job->id);
    return END_GOES_ON;
}

/* The condition that an earlier job has left behind, if the operator has not removed it. */
static enum printer_end meet_condition(struct mechanism *mechanism)
{
    enum printer_fault_kind kind;
    char name[64];

    printer_spooler_no_condition(mechanism->spooler);
    if (device_state_read(mechanism->state, "condition", name, sizeof name) < 0)
        return END_GOES_ON;
    if (!printer_fault_find(name, &kind))
        kind = PRINTER_FAULT_JAM;
    device_state_log(mechanism->state, "refused job=%d do=%s", mechanism->job->id, printer_fault_name(kind));
    return stay_in(mechanism, kind);
}

/* A fault happens. *recovery says what becomes of the sheet if the run goes on. */
static enum printer_end have_fault(struct mechanism *mechanism, const struct printer_fault *fault,
                                   enum recovery *recovery)
{
    const char *name = printer_fault_name(fault->kind);
    char line[64];

    device_state_log(mechanism->state, "fault sheet=%u when=%s do=%s job=%d",
                     mechanism->out + (fault->when == MOMENT_BEFORE), printer_moment_name(fault->when), name,
                     mechanism->job->id);
    device_state_sync(mechanism->state, "log");
    *recovery = RECOVER_PRINTS;
    if (printer_fault_reason(fault->kind, mechanism->job->driverless) != NULL) {
        snprintf(line, sizeof line, "%s\n", name);
        if (device_state_write(mechanism->state, "condition", line) != 0)
            return END_FAILED;
        *recovery = manners[mechanism->manner].recovery;
        return stay_in(mechanism, fault->kind);
    }
    if (fault->kind == PRINTER_FAULT_HANG)
        return pass(mechanism, fault->seconds) ? END_GOES_ON : END_FAILED;
    if (fault->kind == PRINTER_FAULT_POWER_LOSS)
        printer_spooler_kill(mechanism->spooler);
    if (fault->kind == PRINTER_FAULT_POWER_LOSS)
        raise(SIGKILL);
    if (fault->kind == PRINTER_FAULT_CRASH) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    if (fault->kind == PRINTER_FAULT_CANCEL && printer_spooler_cancel(mechanism->spooler))
        return END_DONE;
    return printer_fault_end(fault->kind);
}

/* Returns END_GOES_ON also when the script has no fault for this moment. */
static enum printer_end meet_fault(struct mechanism *mechanism, enum printer_moment when,
                                   enum recovery *recovery)
{
    struct printer_fault fault;
    int found = printer_faults_take(mechanism->state, mechanism->out + (when == MOMENT_BEFORE), when, &fault);

    *recovery = RECOVER_PRINTS;
    if (found < 0)
        return END_FAILED;
    return found == 0 ? END_GOES_ON : have_fault(mechanism, &fault, recovery);
}

/* One sheet, from the cassette into the tray. *again: it is to be printed once more. */
static enum printer_end print_sheet(struct mechanism *mechanism, const struct printer_sheet *sheet,
                                    bool *again)
{
    enum recovery recovery;
    enum printer_end end = meet_fault(mechanism, MOMENT_BEFORE, &recovery);
    int error;

    *again = false;
    if (end != END_GOES_ON || recovery == RECOVER_LOSES)
        return end;
    if (!pass(mechanism, mechanism->pace))
        return END_FAILED;
    error = printer_tray_put(mechanism->state, mechanism->folder, mechanism->out + 1, mechanism->job,
                             mechanism->pages, sheet);
    if (error != 0) {
        device_state_log(mechanism->state, "error: sheet %u: %s", mechanism->out + 1, strerror(-error));
        return END_FAILED;
    }
    mechanism->out++;
    end = meet_fault(mechanism, MOMENT_AFTER, &recovery);
    *again = recovery == RECOVER_REPRINTS;
    if (end != END_GOES_ON || *again)
        return end;
    if (!mechanism->keeps_no_count)
        printer_spooler_printed(mechanism->spooler, sheet->pages);
    end = meet_fault(mechanism, MOMENT_COUNTED, &recovery);
    *again = recovery == RECOVER_REPRINTS;
    return end;
}

static enum printer_end print_copy(struct mechanism *mechanism, unsigned copy)
{
    unsigned count = printer_pages_count(mechanism->pages), most = mechanism->job->two_sided ? 2 : 1;
    enum printer_end end = END_GOES_ON;
    bool again;

    for (unsigned index = 0; end == END_GOES_ON && index < count;) {
        struct printer_sheet sheet = {index, count - index < most ? count - index : most, copy};
        if (printer_spooler_cancelled(mechanism->spooler))
            return cancelled(mechanism);
        end = print_sheet(mechanism, &sheet, &again);
        if (!again)
            index += sheet.pages;
    }
    return end;
}

static enum printer_end print_document(struct mechanism *mechanism, const char *document)
{
    const struct printer_job *job = mechanism->job;
    enum printer_end end = END_GOES_ON;
    int error = printer_pages_open(document, job->ranges, &mechanism->pages);

    if (error != 0) {
        device_state_log(mechanism->state, "unreadable job=%d %s", job->id, strerror(-error));
        printer_spooler_error(mechanism->spooler, "the document cannot be read");
        return END_FAILED;
    }
    device_state_log(mechanism->state, "job job=%d pages=%u copies=%d sides=%s format=%s user=%s title=%s",
                     job->id, printer_pages_count(mechanism->pages), job->copies, job->sides,
                     printer_pages_format(mechanism->pages), job->user, job->title);
    printer_spooler_expect(mechanism->spooler, printer_pages_count(mechanism->pages) * (unsigned)job->copies);
    for (int copy = 1; end == END_GOES_ON && copy <= job->copies; copy++)
        end = print_copy(mechanism, (unsigned)copy);
    printer_pages_close(&mechanism->pages);
    return end == END_GOES_ON ? END_DONE : end;
}

/* What comes by standard input, as from filters, is taken in whole. Returns 0 or -errno. */
static int take_in(const char *path)
{
    char bytes[65536];
    size_t n;
    FILE *file = fopen(path, "we");
    int error = 0;

    if (file == NULL)
        return -errno;
    while ((n = fread(bytes, 1, sizeof bytes, stdin)) > 0)
        if (fwrite(bytes, 1, n, file) != n)
            error = -EIO;
    return fclose(file) != 0 ? -errno : error;
}

static enum printer_end print_with(struct mechanism *mechanism)
{
    char path[PATH_MAX];
    enum printer_end end = meet_condition(mechanism);
    int error;

    if (end != END_GOES_ON)
        return end;
    if (mechanism->job->document[0] != '\0')
        return print_document(mechanism, mechanism->job->document);
    snprintf(path, sizeof path, "%s/.job-%ld", mechanism->folder, (long)getpid());
    error = take_in(path);
    end = error == 0 ? print_document(mechanism, path) : END_FAILED;
    unlink(path);
    return end;
}

enum printer_end printer_mechanism_run(const char *folder, const struct printer_job *job)
{
    struct mechanism mechanism = {.folder = folder, .job = job};
    enum printer_end end = END_FAILED;
    int out, error = device_state_open(folder, &mechanism.state);

    if (error != 0) {
        fprintf(stderr, "ERROR: %s: %s\n", folder, strerror(-error));
        return END_FAILED;
    }
    mechanism.spooler = printer_spooler_open(job);
    /* The mechanism of a spooler that was killed may still be printing. */
    while ((error = device_state_claim(mechanism.state)) == -EBUSY && !is_gone(&mechanism) &&
           !printer_spooler_cancelled(mechanism.spooler))
        sleep_s(LOOK_EVERY_S);
    out = error == 0 ? printer_tray_count(mechanism.state, folder) : -EBUSY;
    if (out >= 0 && read_options(&mechanism) == 0) {
        mechanism.out = (unsigned)out;
        end = print_with(&mechanism);
        device_state_log(mechanism.state, "end job=%d code=%d", job->id, (int)end);
    }
    printer_spooler_close(&mechanism.spooler);
    device_state_close(&mechanism.state);
    return end;
}
