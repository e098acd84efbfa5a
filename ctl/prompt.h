/* The question how a job that has stopped is to go on: what is shown, and what an answer means. Pure; who
 * asks, and where, is job_follow's business. What is printed fits the terminal, where there is one. */
#ifndef DESKLINE_CTL_PROMPT_H
#define DESKLINE_CTL_PROMPT_H

#include <stdio.h>

#include "ctl/job_view.h"

#define PROMPT_WHY_BYTES 256

struct prompt_answer {
    enum manner manner;
    uint32_t page;       /* for from-page, else 0 */
    const char *printer; /* where a printing job goes on instead; NULL: where it was */
};

/* What happened, what is safe, what to do at the device. */
void prompt_print_state(FILE *out, const struct job_view *view);
/* The manners on offer, numbered, the default first. */
void prompt_print_offers(FILE *out, const struct job_view *view);
/* "resume, from-page N (1-3), finish, abandon" */
void prompt_list(const struct job_view *view, char *text, size_t size);

enum prompt_result {
    PROMPT_TAKEN,      /* *answer is whole */
    PROMPT_NEEDS_PAGE, /* from-page without a page: ask for one, in the range of prompt_range */
    PROMPT_WRONG,      /* one sentence in `why` (no newline, escaped) */
};

/* An answer as typed: empty for the default, a number of the list or a manner's word, and behind from-page
 * perhaps the page. */
enum prompt_result prompt_answer_of(const struct job_view *view, const char *typed,
                                    struct prompt_answer *answer, char why[PROMPT_WHY_BYTES]);
/* A page for from-page, as typed. */
enum prompt_result prompt_page_of(const struct job_view *view, const char *typed,
                                  struct prompt_answer *answer, char why[PROMPT_WHY_BYTES]);
/* --manner: the same checks. `page` 0: none was given. */
enum prompt_result prompt_choose(const struct job_view *view, enum manner manner, uint32_t page,
                                 struct prompt_answer *answer, char why[PROMPT_WHY_BYTES]);
/* The pages that from-page may begin with; false when it is not on offer. */
bool prompt_range(const struct job_view *view, uint32_t *first, uint32_t *last);

#endif
