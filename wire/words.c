#include <deskline/words.h>

#include <stddef.h>
#include <string.h>

static const struct error_info errors[] = {
#define ERROR(NAME, number, keyword_, class_, sentence_, action_)                                            \
    {.code = number,                                                                                         \
     .keyword = keyword_,                                                                                    \
     .class = ERROR_CLASS_##class_,                                                                          \
     .sentence = sentence_,                                                                                  \
     .action = action_},
#include <deskline/errors.def>
#undef ERROR
};

const struct error_info *error_find(uint16_t code)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].code == code)
            return &errors[i];
    return error_find(ERROR_INTERNAL);
}

const char *function_name(uint8_t function)
{
    return function == FUNCTION_READING ? "reading" : function == FUNCTION_PRINTING ? "printing" : "unknown";
}

const char *phase_name(uint8_t step)
{
    switch (step) {
#define PHASE(NAME, number, word, function, text)                                                            \
    case number:                                                                                             \
        return word;
#include <deskline/phases.def>
#undef PHASE
    default:
        return "unknown";
    }
}

static const struct {
    const char *word, *text, *sheets;
} manners[] = {
#define MANNER(NAME, number, word_, text_, sheets_) [number] = {word_, text_, sheets_},
#include <deskline/manners.def>
#undef MANNER
};
#define MANNER_COUNT (sizeof manners / sizeof manners[0])

const char *manner_name(uint8_t manner)
{
    return manner < MANNER_COUNT && manners[manner].word ? manners[manner].word : "unknown";
}

const char *manner_text(uint8_t function, uint8_t manner)
{
    if (manner >= MANNER_COUNT || !manners[manner].word)
        return "";
    return function == FUNCTION_PRINTING ? manners[manner].sheets : manners[manner].text;
}

enum manner manner_from_name(const char *name)
{
    for (size_t i = 1; i < MANNER_COUNT; i++)
        if (strcmp(manners[i].word, name) == 0)
            return (enum manner)i;
    return MANNER_NONE;
}

const char *job_state_name(uint8_t state)
{
    static const char *const names[] = {[JOB_PENDING] = "pending",       [JOB_PENDING_HELD] = "pending-held",
                                        [JOB_PROCESSING] = "processing", [JOB_STOPPED] = "processing-stopped",
                                        [JOB_CANCELED] = "canceled",     [JOB_ABORTED] = "aborted",
                                        [JOB_COMPLETED] = "completed"};
    return state < sizeof names / sizeof names[0] && names[state] ? names[state] : "unknown";
}
