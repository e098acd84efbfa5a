#include "config.h"

#include "tests/rig/printer_spooler.h"

#include <cups/cups.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ASK_EVERY_MS 50

struct printer_spooler {
    const struct printer_job *job;
    pid_t process;
    unsigned printed;
    http_t *http; /* to ask the driverless printer; NULL before the first time */
    long long asked_ms;
    bool cancelled;
};

static volatile sig_atomic_t terminated;

static void on_sigterm(int number)
{
    (void)number;
    terminated = 1;
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct printer_spooler *printer_spooler_open(const struct printer_job *job)
{
    struct printer_spooler *spooler = calloc(1, sizeof *spooler);
    struct sigaction action = {.sa_handler = on_sigterm};

    if (spooler == NULL)
        abort();
    spooler->job = job;
    spooler->process = getppid();
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a printer goes on when nobody listens any more */
    return spooler;
}

void printer_spooler_close(struct printer_spooler **spooler)
{
    if (*spooler == NULL)
        return;
    httpClose((*spooler)->http);
    free(*spooler);
    *spooler = NULL;
}

void printer_spooler_condition(struct printer_spooler *spooler, enum printer_fault_kind kind, bool there)
{
    fprintf(stderr, "STATE: %c%s\n", there ? '+' : '-', printer_fault_reason(kind, spooler->job->driverless));
}

void printer_spooler_no_condition(struct printer_spooler *spooler)
{
    for (int i = 0; i < PRINTER_FAULT_COUNT; i++)
        if (printer_fault_reason((enum printer_fault_kind)i, spooler->job->driverless) != NULL)
            printer_spooler_condition(spooler, (enum printer_fault_kind)i, false);
}

void printer_spooler_expect(struct printer_spooler *spooler, unsigned impressions)
{
    if (spooler->job->driverless)
        fprintf(stderr, "ATTR: job-impressions=%u\n", impressions);
}

void printer_spooler_printed(struct printer_spooler *spooler, unsigned impressions)
{
    for (unsigned i = 0; i < impressions; i++) {
        spooler->printed++;
        if (spooler->job->driverless)
            fprintf(stderr, "ATTR: job-impressions-completed=%u\n", spooler->printed);
        else
            fprintf(stderr, "PAGE: %u 1\n", spooler->printed);
    }
}

void printer_spooler_error(struct printer_spooler *spooler, const char *message)
{
    (void)spooler;
    fprintf(stderr, "ERROR: %s\n", message);
}

/* Asks the driverless printer about the job, or to do something with it. The caller frees the answer, which
 * may be NULL. */
static ipp_t *ask(struct printer_spooler *spooler, ipp_op_t operation)
{
    const char *uri = getenv("RIG_PRINTER_URI");
    char scheme[32], user[64], host[256], resource[256];
    ipp_t *request;
    int port;

    if (uri == NULL ||
        httpSeparateURI(HTTP_URI_CODING_ALL, uri, scheme, sizeof scheme, user, sizeof user, host, sizeof host,
                        &port, resource, sizeof resource) < HTTP_URI_STATUS_OK)
        return NULL;
    if (spooler->http == NULL)
        spooler->http = httpConnect2(host, port, NULL, AF_INET, HTTP_ENCRYPTION_IF_REQUESTED, 1, 1000, NULL);
    if (spooler->http == NULL)
        return NULL;
    request = ippNewRequest(operation);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, uri);
    ippAddInteger(request, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "job-id", spooler->job->id);
    return cupsDoRequest(spooler->http, request, resource);
}

/* Whether the job is on its way to being cancelled. */
static bool is_being_cancelled(struct printer_spooler *spooler)
{
    ipp_t *answer = ask(spooler, IPP_OP_GET_JOB_ATTRIBUTES);
    bool result = ippContainsString(ippFindAttribute(answer, "job-state-reasons", IPP_TAG_KEYWORD),
                                    "processing-to-stop-point");

    ippDelete(answer);
    return result;
}

bool printer_spooler_cancel(struct printer_spooler *spooler)
{
    if (!spooler->job->driverless)
        return false;
    ippDelete(ask(spooler, IPP_OP_CANCEL_JOB));
    return true;
}

bool printer_spooler_cancelled(struct printer_spooler *spooler)
{
    if (!spooler->job->driverless)
        return terminated != 0;
    if (!spooler->cancelled && now_ms() >= spooler->asked_ms + ASK_EVERY_MS) {
        spooler->cancelled = is_being_cancelled(spooler);
        spooler->asked_ms = now_ms();
    }
    return spooler->cancelled || terminated != 0;
}

bool printer_spooler_power_lost(struct printer_spooler *spooler)
{
    return spooler->job->driverless && getppid() != spooler->process;
}

void printer_spooler_kill(struct printer_spooler *spooler)
{
    char path[64], name[32] = "";
    FILE *file;

    /* An orphan's parent is somebody else. */
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)getppid());
    file = fopen(path, "re");
    if (file != NULL && fgets(name, sizeof name, file) == NULL)
        name[0] = '\0';
    if (file != NULL)
        fclose(file);
    if (getppid() == spooler->process &&
        (strcmp(name, "cupsd\n") == 0 || strcmp(name, "ippeveprinter\n") == 0))
        kill(spooler->process, SIGKILL);
}
