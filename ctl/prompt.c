#include "ctl/prompt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/text.h"
#include "ctl/render.h"
#include "ctl/values.h"

/* On a terminal, lines are broken between words, and go on below the first word. */
static void print_wrapped(FILE *out, const char *label, const char *text)
{
    struct winsize window;
    int indent = (int)strlen(label), column = indent;
    bool has_width = !ioctl(fileno(out), TIOCGWINSZ, &window) && window.ws_col > 40;
    char escaped[1024];
    text_escape(escaped, sizeof escaped, text, strlen(text));
    fputs(label, out);
    for (const char *word = escaped; *word;) {
        int length = (int)strcspn(word, " ");
        bool is_first = column == indent;
        if (has_width && !is_first && column + 1 + length >= window.ws_col) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            is_first = true;
        }
        column += fprintf(out, "%s%.*s", is_first ? "" : " ", length, word);
        word += length;
        word += *word == ' ';
    }
    fputc('\n', out);
}

/* The pages or sheets in one state, on a line of its own. */
struct state_line {
    enum page_state state;
    const char *label, *text; /* behind "page 3 is", "pages 1-2 are" */
};

static const struct state_line reading_lines[] = {
    {PAGE_STORED, "Safe:      ", "stored at the server."},
    {PAGE_READ, "Safe:      ", "read, and kept at the client until the server has stored them."},
    {PAGE_SKIPPED, "Left out:  ", "not in the result."},
    {PAGE_UNCERTAIN,
     "Uncertain: ", "in doubt: the sheet may have gone through the feeder without being read."},
};

static const struct state_line printing_lines[] = {
    {PAGE_PRINTED, "Safe:      ", "printed."},
    {PAGE_SKIPPED, "Left out:  ", "not printed any more."},
    {PAGE_SUBMITTED, "Under way: ", "at the printer; what became of that is found out when the job goes on."},
};

static void print_lines(FILE *out, const struct job_view *view, const struct state_line *lines, size_t count)
{
    char runs[JOB_VIEW_RUNS_BYTES], text[JOB_VIEW_RUNS_BYTES + 128];
    for (size_t i = 0; i < count; i++) {
        job_view_runs(view, lines[i].state, runs);
        if (!*runs)
            continue;
        bool is_one = ledger_count(&view->ledger, lines[i].state) == 1;
        snprintf(text, sizeof text, "%s%s %s %s %s", job_view_noun(view), is_one ? "" : "s", runs,
                 is_one ? "is" : "are", lines[i].text);
        print_wrapped(out, lines[i].label, text);
    }
}

/* Which sheets nobody can vouch for, and what the answers make of the first of them. */
static void print_uncertain(FILE *out, const struct job_view *view)
{
    char runs[JOB_VIEW_RUNS_BYTES], text[JOB_VIEW_RUNS_BYTES + 256], which[32] = "it";
    bool is_one = ledger_count(&view->ledger, PAGE_UNCERTAIN) == 1;
    job_view_runs(view, PAGE_UNCERTAIN, runs);
    if (!*runs)
        return;
    if (!is_one)
        snprintf(which, sizeof which, "sheet %u", view->phase.page);
    snprintf(text, sizeof text,
             "sheet%s %s %s uncertain: nobody can know whether %s been printed. Look into the output tray: "
             "resume prints %s, perhaps once more; skip takes it for printed%s.",
             is_one ? "" : "s", runs, is_one ? "is" : "are", is_one ? "it has" : "they have", which,
             is_one ? "" : "; then the next one is asked about");
    print_wrapped(out, "In doubt:  ", text);
}

/* Where a device has failed, pages before that one may still be on their way. */
static uint32_t page_of_stop(const struct job_view *view)
{
    bool at_device = view->error_code && error_find(view->error_code)->class == ERROR_CLASS_DEVICE;
    return at_device && !job_view_is_printing(view) && view->phase.device_page ? view->phase.device_page
                                                                               : view->phase.page;
}

void prompt_print_state(FILE *out, const struct job_view *view)
{
    fprintf(out, "Job %llu on ", (unsigned long long)view->job);
    render_text_escaped(out, view->client);
    fprintf(out, " has stopped at %s %u: ", job_view_noun(view), page_of_stop(view));
    if (view->error_code) {
        render_text_escaped(out, job_view_error(view));
        fprintf(out, " (%s)", error_find(view->error_code)->keyword);
    } else {
        fputs(job_state_name(view->state), out);
    }
    fputs(".\n", out);
    if (!ledger_last_finished(&view->ledger))
        fprintf(out, "Safe:      no %s yet.\n", job_view_noun(view));
    if (job_view_is_printing(view)) {
        print_lines(out, view, printing_lines, sizeof printing_lines / sizeof *printing_lines);
        print_uncertain(out, view);
    } else {
        print_lines(out, view, reading_lines, sizeof reading_lines / sizeof *reading_lines);
    }
    if (*job_view_action(view))
        print_wrapped(out, "To do:     ", job_view_action(view));
}

/* What a manner does. Of a sheet that is uncertain, resume and skip say whether it is to be printed. */
static const char *text_of_offer(const struct job_view *view, const struct manner_offer *offer)
{
    bool is_uncertain = job_view_is_printing(view) && view->phase.step == PHASE_PRINT_UNCERTAIN;
    if (is_uncertain && offer->manner == MANNER_RESUME)
        return "print the uncertain sheet, and go on";
    if (is_uncertain && offer->manner == MANNER_SKIP)
        return "it has been printed: go on behind it";
    return manner_text(view->phase.function, (uint8_t)offer->manner);
}

static void print_about(FILE *out, const struct job_view *view, const struct manner_offer *offer)
{
    const char *noun = job_view_noun(view);
    switch (offer->manner) {
    case MANNER_FROM_PAGE:
        fprintf(out, " (%u to %u)", offer->first_page, offer->last_page);
        break;
    case MANNER_RESUME:
    case MANNER_REDO_LAST:
    case MANNER_SKIP:
        fprintf(out, " (%s %u)", noun, offer->first_page);
        break;
    case MANNER_FINISH:
        fprintf(out, " (up to %s %u)", noun, offer->last_page);
        break;
    default:
        break;
    }
}

void prompt_print_offers(FILE *out, const struct job_view *view)
{
    fputs("How is it to go on?\n", out);
    for (unsigned i = 0; i < view->offer_count; i++) {
        const struct manner_offer *offer = &view->offers[i];
        fprintf(out, "  %u  %-10s %s", i + 1, manner_name((uint8_t)offer->manner),
                text_of_offer(view, offer));
        print_about(out, view, offer);
        fputs(i ? "\n" : " [default]\n", out);
    }
}

void prompt_list(const struct job_view *view, char *text, size_t size)
{
    struct text_buffer buffer;
    text_start(&buffer, size - 1);
    for (unsigned i = 0; i < view->offer_count; i++) {
        const struct manner_offer *offer = &view->offers[i];
        text_printf(&buffer, "%s%s", i ? ", " : "", manner_name((uint8_t)offer->manner));
        if (offer->manner == MANNER_FROM_PAGE)
            text_printf(&buffer, " N (%u to %u)", offer->first_page, offer->last_page);
    }
    snprintf(text, size, "%s", text_of(&buffer));
    text_free(&buffer);
}

static const struct manner_offer *find_offer(const struct job_view *view, enum manner manner)
{
    for (unsigned i = 0; i < view->offer_count; i++)
        if (view->offers[i].manner == manner)
            return &view->offers[i];
    return NULL;
}

bool prompt_range(const struct job_view *view, uint32_t *first, uint32_t *last)
{
    const struct manner_offer *offer = find_offer(view, MANNER_FROM_PAGE);
    if (!offer)
        return false;
    *first = offer->first_page;
    *last = offer->last_page;
    return true;
}

enum prompt_result prompt_choose(const struct job_view *view, enum manner manner, uint32_t page,
                                 struct prompt_answer *answer, char why[PROMPT_WHY_BYTES])
{
    const struct manner_offer *offer = find_offer(view, manner);
    *answer = (struct prompt_answer){.manner = manner};
    if (!offer) {
        char list[PROMPT_WHY_BYTES - 64];
        prompt_list(view, list, sizeof list);
        snprintf(why, PROMPT_WHY_BYTES, "%s is not on offer; there is: %s", manner_name((uint8_t)manner),
                 list);
        return PROMPT_WRONG;
    }
    if (manner != MANNER_FROM_PAGE)
        return PROMPT_TAKEN;
    if (page == 0) {
        snprintf(why, PROMPT_WHY_BYTES, "from-page needs a %s from %u to %u", job_view_noun(view),
                 offer->first_page, offer->last_page);
        return PROMPT_NEEDS_PAGE;
    }
    if (page < offer->first_page || page > offer->last_page) {
        snprintf(why, PROMPT_WHY_BYTES, "from-page takes a %s from %u to %u", job_view_noun(view),
                 offer->first_page, offer->last_page);
        return PROMPT_WRONG;
    }
    answer->page = page;
    return PROMPT_TAKEN;
}

/* Copies a word of `typed` and returns what follows it. */
static const char *take_word(const char *typed, char *word, size_t size)
{
    static const char blanks[] = " \t\r\n";
    typed += strspn(typed, blanks);
    size_t length = strcspn(typed, blanks);
    snprintf(word, size, "%.*s", (int)(length < size ? length : size - 1), typed);
    return typed + length + strspn(typed + length, blanks);
}

static enum prompt_result not_understood(const char *word, char why[PROMPT_WHY_BYTES])
{
    char escaped[64];
    text_escape(escaped, sizeof escaped, word, strlen(word));
    snprintf(why, PROMPT_WHY_BYTES, "'%s' is not understood: a number of the list, or a word of it", escaped);
    return PROMPT_WRONG;
}

enum prompt_result prompt_answer_of(const struct job_view *view, const char *typed,
                                    struct prompt_answer *answer, char why[PROMPT_WHY_BYTES])
{
    char word[32], page_word[16];
    const char *rest = take_word(take_word(typed, word, sizeof word), page_word, sizeof page_word);
    long number, page = 0;
    enum manner manner = manner_from_name(word);

    *answer = (struct prompt_answer){.manner = MANNER_NONE};
    if (!*word && view->offer_count)
        manner = view->offers[0].manner;
    else if (value_number(word, 1, (long)view->offer_count, &number))
        manner = view->offers[number - 1].manner;
    if (manner == MANNER_NONE || *rest)
        return not_understood(*rest ? rest : word, why);
    if (*page_word && (manner != MANNER_FROM_PAGE || !value_number(page_word, 1, LEDGER_MAX_PAGES, &page)))
        return not_understood(page_word, why);
    return prompt_choose(view, manner, (uint32_t)page, answer, why);
}

enum prompt_result prompt_page_of(const struct job_view *view, const char *typed,
                                  struct prompt_answer *answer, char why[PROMPT_WHY_BYTES])
{
    char word[16];
    long page;
    uint32_t first = 0, last = 0;
    const char *rest = take_word(typed, word, sizeof word);
    if (*rest || !value_number(word, 1, LEDGER_MAX_PAGES, &page)) {
        prompt_range(view, &first, &last);
        snprintf(why, PROMPT_WHY_BYTES, "a %s from %u to %u, please", job_view_noun(view), first, last);
        return PROMPT_WRONG;
    }
    return prompt_choose(view, MANNER_FROM_PAGE, (uint32_t)page, answer, why);
}
