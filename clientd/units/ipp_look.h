/* What a printer's answers say, taken out of their attributes. Hostile until checked: an attribute of another
 * type than it has to be is as good as none. */
#ifndef DESKLINE_CLIENTD_UNITS_IPP_LOOK_H
#define DESKLINE_CLIENTD_UNITS_IPP_LOOK_H

#include <cups/ipp.h>

#include "clientd/units/printer.h"

/* The attributes to ask for. */
extern const char *const ipp_look_printer_attributes[];
extern const int ipp_look_printer_count;
extern const char *const ipp_look_job_attributes[];
extern const int ipp_look_job_count;

void ipp_look_printer(ipp_t *answer, struct printer_look *look);
/* `ticket` says which job it has to be. */
void ipp_look_job(ipp_t *answer, const struct printer_ticket *ticket, bool is_queue,
                  struct printer_job_look *look);

/* Whether a job waits for its document. */
bool ipp_look_lacks_data(ipp_t *job);

/* Whether the answer is about a spooler's queue. */
bool ipp_look_is_queue(ipp_t *answer);
/* A text attribute of any kind, made fit to be printed; empty where it is missing. */
void ipp_look_text(ipp_t *answer, const char *name, char *text, size_t size);
/* A number; false where it is missing, or negative. */
bool ipp_look_number(ipp_t *answer, const char *name, uint32_t *number);
/* Whether one of the values is that word. */
bool ipp_look_has(ipp_t *answer, const char *name, const char *word);
/* Calls `take` with each group of attributes of that kind, as an answer of its own: a list of printers or of
 * jobs. A non-zero return ends the walk with it; -ENOMEM. */
int ipp_look_groups(ipp_t *answer, ipp_tag_t kind, int (*take)(void *context, ipp_t *group), void *context);
/* All values as words with `separator` between them; those that do not fit are left out. */
void ipp_look_words(ipp_t *answer, const char *name, char separator, char *text, size_t size);

#endif
