/* What a spooler hands to the printer: a backend's command line (backend(7)), or a print command's
   environment (ippeveprinter(1)). */
#ifndef RIG_PRINTER_JOB_H
#define RIG_PRINTER_JOB_H

#include <stdbool.h>

struct printer_job {
    bool driverless; /* from ippeveprinter, not from cupsd */
    int id;
    int copies;
    bool two_sided;
    char title[128]; /* in one line */
    char user[64];
    char sides[32], media[96], color[32]; /* IPP keywords; "-" where nothing was said */
    char ranges[128];                     /* pages to print, as in 2-3,5; "" for all */
    char document[1024];                  /* the file; "" when it comes by standard input */
};

/* Reads the job of a backend: argv of 6 or 7. Returns 0 or -EINVAL. */
int printer_job_from_backend(int argc, char **argv, struct printer_job *job);

/* Reads the job of a print command: its file and the variables IPP_*. Returns 0 or -EINVAL. */
int printer_job_from_environment(const char *file, struct printer_job *job);

#endif
