/*
 * A printer behind a callback record: the sheet loop (print_job) knows this file and nothing of IPP.
 *
 *   open ─► prepare ─► ( create ─► send ─► ask … ask ) … ─► close
 *
 * All calls block, each in bounded time: a printer that is silent, says nonsense or talks without end is a
 * failure like any other.
 */
#ifndef DESKLINE_CLIENTD_UNITS_PRINTER_H
#define DESKLINE_CLIENTD_UNITS_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <deskline/frame.h>

#define PRINTER_TEXT_SIZE 512
#define PRINTER_URI_SIZE  513
#define PRINTER_UUID_SIZE 65

/* RFC 8011, 5.4.11. */
enum printer_state { PRINTER_IDLE = 3, PRINTER_PROCESSING = 4, PRINTER_STOPPED = 5 };

enum printer_status {
    PRINTER_GOOD = 0,
    PRINTER_FAILED /* the reason is in struct printer_error */
};

enum printer_reach {
    REACHED,    /* it has answered: no */
    UNREACHED,  /* no connection */
    UNANSWERED, /* a connection, and no answer, or one that is none */
};

struct printer_error {
    uint16_t code; /* of errors.def */
    enum printer_reach reach;
    bool is_busy;                 /* it says that it can do that later: as long as it has another job */
    char text[PRINTER_TEXT_SIZE]; /* UTF-8, one line */
};

/* A sheet as the printer knows it. */
struct printer_ticket {
    uint32_t job;
    char uuid[PRINTER_UUID_SIZE];
    char printer[PRINTER_URI_SIZE]; /* URI */
    uint32_t connection;            /* over which it was made in this run, 0: by an earlier one */
};

/* How the printer is. */
struct printer_look {
    uint8_t state;     /* enum printer_state, 0 where it does not say */
    bool is_queue;     /* a spooler's queue, not the printer itself: its reasons outlive what they tell of */
    bool is_paused;    /* somebody has stopped it */
    bool is_accepting; /* new jobs */
    uint16_t trouble;  /* of errors.def: the gravest reason that keeps it from printing, ERROR_NONE */
    char reasons[257]; /* printer-state-reasons separated by spaces */
    char message[PRINTER_TEXT_SIZE];
};

/* How a sheet's job is. */
struct printer_job_look {
    bool is_known;        /* the printer has a job with that number and that uuid */
    uint8_t state;        /* enum job_state */
    bool is_queue;        /* as above: it counts early, or not at all */
    bool has_no_data;     /* its document has not arrived */
    bool has_not_begun;   /* it never was at the device */
    bool is_stopping;     /* it has been canceled, but the device may still work on it */
    bool is_held;         /* it waits for somebody to let it go */
    bool is_refused;      /* the printer cannot print such a document */
    bool history_is_lost; /* the printer does not know any more what became of it */
    bool has_count;
    uint32_t count;      /* sides of paper that came out */
    uint32_t connection; /* over which that was said */
    char message[PRINTER_TEXT_SIZE];
};

struct printer_document {
    int fd; /* read from offset 0 */
    uint64_t length;
    const char *format; /* MIME type */
};

struct printer;

/* Whatever returns PRINTER_FAILED fills *error. Texts that are handed in stay the caller's. A ticket may also
 * be another printer's: ask and cancel then go there. */
struct printer_ops {
    /* Connects and learns what the printer can do. */
    enum printer_status (*open)(struct printer *printer, const char *uri, struct printer_error *error);
    /* Checks that it can do what is asked for, and keeps that for all sheets. */
    enum printer_status (*prepare)(struct printer *printer, const struct record_print_options *options,
                                   struct printer_error *error);
    /* Whether documents of that MIME type are taken. */
    bool (*takes)(const struct printer *printer, const char *format);
    enum printer_status (*look)(struct printer *printer, struct printer_look *look,
                                struct printer_error *error);
    /* Starts a printer that somebody has stopped. */
    enum printer_status (*resume)(struct printer *printer, struct printer_error *error);
    /* Makes a job of that name, without data. `is_duplex`: both sides of the sheet are printed. */
    enum printer_status (*create)(struct printer *printer, const char *name, bool is_duplex,
                                  struct printer_ticket *ticket, struct printer_error *error);
    /* Hands the document over. After a failure it may have arrived all the same. */
    enum printer_status (*send)(struct printer *printer, const struct printer_ticket *ticket,
                                const struct printer_document *document, struct printer_error *error);
    enum printer_status (*ask)(struct printer *printer, const struct printer_ticket *ticket,
                               struct printer_job_look *look, struct printer_error *error);
    /* A job that is over already is no failure. */
    enum printer_status (*cancel)(struct printer *printer, const struct printer_ticket *ticket,
                                  struct printer_error *error);
    /* Safe on a printer that is not open. */
    void (*close)(struct printer *printer);
};

/* The first member of every implementation's struct. */
struct printer {
    const struct printer_ops *ops;
};

/* Fills *error; the text is made fit to be printed. Returns PRINTER_FAILED. */
enum printer_status printer_failed(struct printer_error *error, uint16_t code, enum printer_reach reach,
                                   const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
