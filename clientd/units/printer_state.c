#include "config.h"

#include "clientd/units/printer_state.h"

#include <stdio.h>
#include <string.h>

#include <deskline/words.h>

enum stops { STOPS_NOTHING, STOPS_ERRORS };

struct reason {
    const char *keyword;
    uint16_t error;
    enum stops stops;
};

static const struct reason table[] = {
#define REASON(keyword, error, stops) {keyword, ERROR_##error, STOPS_##stops},
#include "clientd/units/printer_reasons.def"
};
#define REASONS (sizeof table / sizeof table[0])

enum severity { SEVERITY_ERROR, SEVERITY_NONE, SEVERITY_LESS };

static bool takes_suffix(const char *word, size_t *length, const char *suffix)
{
    size_t size = strlen(suffix);
    if (*length <= size || memcmp(word + *length - size, suffix, size) != 0)
        return false;
    *length -= size;
    return true;
}

static enum severity severity_of(const char *word, size_t *length)
{
    if (takes_suffix(word, length, "-error"))
        return SEVERITY_ERROR;
    if (takes_suffix(word, length, "-warning") || takes_suffix(word, length, "-report"))
        return SEVERITY_LESS;
    return SEVERITY_NONE;
}

/* How much it takes for a reason to count. */
enum strictness { FOR_ALL, FOR_STOPPED, FOR_SUSPECTED };

/* The rank of a reason in the table, REASONS for one that is not there, and -1 for one that stops nothing. */
static int rank_of(const char *word, size_t length, enum strictness strictness)
{
    enum severity severity = severity_of(word, &length);
    if (severity == SEVERITY_LESS && strictness != FOR_SUSPECTED)
        return -1;
    for (size_t i = 0; i < REASONS; i++)
        if (strlen(table[i].keyword) == length && memcmp(table[i].keyword, word, length) == 0) {
            bool counts =
                table[i].stops == STOPS_ERRORS || strictness == FOR_STOPPED || severity == SEVERITY_ERROR;
            return counts ? (int)i : -1;
        }
    return severity == SEVERITY_ERROR ? (int)REASONS : -1;
}

/* The next word of *at, or NULL. */
static const char *next_word(const char **at, size_t *length)
{
    const char *word = *at + strspn(*at, " ");
    *length = strcspn(word, " ");
    *at = word + *length;
    return *length ? word : NULL;
}

static uint16_t gravest_of(const char *reasons, enum strictness strictness)
{
    int gravest = -1;
    size_t length;
    for (const char *word; (word = next_word(&reasons, &length)) != NULL;) {
        int rank = rank_of(word, length, strictness);
        if (rank >= 0 && (gravest < 0 || rank < gravest))
            gravest = rank;
    }
    if (gravest < 0)
        return ERROR_NONE;
    return (size_t)gravest < REASONS ? table[gravest].error : ERROR_PRINTER_ERROR;
}

uint16_t printer_state_trouble(const char *reasons, bool is_stopped)
{
    uint16_t gravest = gravest_of(reasons, is_stopped ? FOR_STOPPED : FOR_ALL);
    return is_stopped && !gravest ? ERROR_PRINTER_STOPPED : gravest;
}

uint16_t printer_state_suspicion(const char *reasons)
{
    return gravest_of(reasons, FOR_SUSPECTED);
}

bool printer_state_is_paused(const char *reasons)
{
    size_t length;
    for (const char *word; (word = next_word(&reasons, &length)) != NULL;)
        if ((length == 6 && memcmp(word, "paused", 6) == 0) ||
            (length == 16 && memcmp(word, "moving-to-paused", 16) == 0))
            return true;
    return false;
}

void printer_state_errors(const char *reasons, char *text, size_t size)
{
    size_t length, used = 0;
    text[0] = '\0';
    for (const char *word; (word = next_word(&reasons, &length)) != NULL;) {
        bool is_error = rank_of(word, length, FOR_STOPPED) >= 0 || rank_of(word, length, FOR_SUSPECTED) >= 0;
        if (is_error && used + length + 2 < size)
            used += (size_t)snprintf(text + used, size - used, "%s%.*s", used ? " " : "", (int)length, word);
    }
    if (!used)
        snprintf(text, size, "none");
}
