/* What the printer says to the spooler that runs it (cupsd or ippeveprinter), and hears from it. */
#ifndef RIG_PRINTER_SPOOLER_H
#define RIG_PRINTER_SPOOLER_H

#include "tests/rig/printer_faults.h"
#include "tests/rig/printer_job.h"

struct printer_spooler;

/* Never returns NULL; printer_spooler_close frees it. From now on SIGTERM only says that the job is
 * cancelled. */
struct printer_spooler *printer_spooler_open(const struct printer_job *job);
void printer_spooler_close(struct printer_spooler **spooler);

/* The printer is in a condition, or out of it. */
void printer_spooler_condition(struct printer_spooler *spooler, enum printer_fault_kind kind, bool there);

/* The printer is in no condition at all, whatever an earlier run has said. */
void printer_spooler_no_condition(struct printer_spooler *spooler);

/* How many impressions the job will have; and that so many more are printed. */
void printer_spooler_expect(struct printer_spooler *spooler, unsigned impressions);
void printer_spooler_printed(struct printer_spooler *spooler, unsigned impressions);

/* A message for people. */
void printer_spooler_error(struct printer_spooler *spooler, const char *message);

/* Whether the job has been cancelled (or the queue stopped). cupsd sends SIGTERM; ippeveprinter tells its
   print command nothing and has to be asked. */
bool printer_spooler_cancelled(struct printer_spooler *spooler);

/* Whether the device has lost its power: the program of a driverless printer is gone. A queue's device prints
 * on. */
bool printer_spooler_power_lost(struct printer_spooler *spooler);

/* Someone presses the button: cancels the job at the driverless printer. Returns false where the end of the
 * run says it. */
bool printer_spooler_cancel(struct printer_spooler *spooler);

/* Kills the spooler, kill -9, if it is one. Its mechanism is then to end, too. */
void printer_spooler_kill(struct printer_spooler *spooler);

#endif
