#include "ctl/completion.h"

#include <string.h>

static const char *const words[] = {
    [COMPLETE_JOBS] = "jobs",         [COMPLETE_WAITING] = "waiting",   [COMPLETE_DOCUMENTS] = "documents",
    [COMPLETE_SCANNERS] = "scanners", [COMPLETE_PRINTERS] = "printers", [COMPLETE_CLIENTS] = "clients",
};

const char *completion_word(enum completion completion)
{
    return words[completion];
}

enum completion completion_from_word(const char *word)
{
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i] && !strcmp(words[i], word))
            return i;
    return COMPLETE_NOTHING;
}

/* What the script calls for a completion: "FUNCTION kind argument". */
static void print_source(FILE *out, enum program program, enum completion completion, const char *choices)
{
    const char *name = program_name(program);
    if (choices) {
        fprintf(out, "COMPREPLY=($(compgen -W \"");
        for (const char *c = choices; *c; c++)
            if (*c != '|' || c[1])
                fputc(*c == '|' ? ' ' : *c, out);
        fprintf(out, "\" -- \"$cur\"))");
    } else if (completion == COMPLETE_FILES) {
        fprintf(out, "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\"))");
    } else if (completion != COMPLETE_NOTHING) {
        fprintf(out, "_%s_ask %s", name, words[completion]);
        /* At the server, whose: CLIENT or CLIENT/PRINTER is the first argument of such commands. */
        if (program == SERVICECTL && (completion == COMPLETE_SCANNERS || completion == COMPLETE_PRINTERS))
            fprintf(out, " \"${words[1]%%%%/*}\"");
    } else {
        fprintf(out, "COMPREPLY=()");
    }
}

/* A value behind an option that takes one: whatever the command. */
static void print_values(FILE *out, enum program program)
{
    fprintf(out, "    case \"$prev\" in\n");
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        const struct option_info *option = grammar_option(i);
        if (option->kind == KIND_FLAG)
            continue;
        fprintf(out, "    --%s", option->name);
        if (option->letter)
            fprintf(out, "|-%c", option->letter);
        fprintf(out, ") ");
        print_source(out, program, option->completion, option->words);
        fprintf(out, "; return ;;\n");
    }
    fprintf(out, "    esac\n");
}

/* The words that are no options, and the command among them, which may have two. */
static void print_words(FILE *out)
{
    fprintf(out, "    local i word words=()\n"
                 "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                 "        word=${COMP_WORDS[i]}\n"
                 "        case \"$word\" in\n"
                 "        ");
    bool is_first = true;
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        const struct option_info *option = grammar_option(i);
        if (option->kind == KIND_FLAG)
            continue;
        fprintf(out, "%s--%s", is_first ? "" : "|", option->name);
        if (option->letter)
            fprintf(out, "|-%c", option->letter);
        is_first = false;
    }
    fprintf(out, ") i=$((i + 1)) ;;\n"
                 "        -?*) ;;\n"
                 "        *) words+=(\"$word\") ;;\n"
                 "        esac\n"
                 "    done\n");
}

static void print_command(FILE *out, enum program program, enum command_id id)
{
    const struct command_info *command = grammar_command(id);
    size_t first = strcspn(command->name, " ");
    unsigned words_used = command->name[first] ? 2 : 1;

    fprintf(out, "    \"%s\" | \"%s \"*)\n        case \"$cur\" in -*) COMPREPLY=($(compgen -W \"",
            command->name, command->name);
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if (grammar_takes(id, program, i))
            fprintf(out, "--%s ", grammar_option(i)->name);
    fprintf(out, "\" -- \"$cur\")); return ;; esac\n        case ${#words[@]} in\n");
    for (const struct argument_info *argument = command->arguments; argument->name; argument++) {
        if (!(argument->programs & program))
            continue;
        fprintf(out, "        %u%s) ", words_used++, argument->is_repeated ? " | ?*" : "");
        print_source(out, program, argument->completion, NULL);
        fprintf(out, " ;;\n");
    }
    fprintf(out, "        esac ;;\n");
}

/* Names of commands: the first words, or the second words behind `first`. */
static void print_names(FILE *out, enum program program, const char *behind)
{
    const char *last = "";
    size_t last_length = 0;
    for (unsigned i = 0; i < COMMAND_COUNT; i++) {
        const struct command_info *command = grammar_command(i);
        size_t first = strcspn(command->name, " ");
        if (!(command->programs & program))
            continue;
        if (behind) {
            if (first == strlen(behind) && !memcmp(command->name, behind, first) && command->name[first])
                fprintf(out, "%s ", command->name + first + 1);
            continue;
        }
        if (first != last_length || memcmp(command->name, last, first) != 0)
            fprintf(out, "%.*s ", (int)first, command->name);
        last = command->name;
        last_length = first;
    }
}

void completion_print(FILE *out, enum program program)
{
    const char *name = program_name(program);
    fprintf(out, "# bash completion for %s, made by the program itself\n", name);
    /* Names come from devices and peers: they are compared and quoted here, and never expanded (compgen -W
     * would do that). */
    fprintf(out,
            "_%s_ask() {\n    local word\n    COMPREPLY=()\n    while read -r word; do\n"
            "        if [[ $word == \"$cur\"* ]]; then COMPREPLY+=(\"$(printf %%q \"$word\")\"); fi\n"
            "    done < <(%s %s \"$@\" 2>/dev/null)\n}\n",
            name, name, COMPLETION_ASK);
    fprintf(out, "_%s() {\n    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n",
            name);
    print_words(out);
    print_values(out, program);
    fprintf(out, "    case \"${words[*]}\" in\n");
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        if (grammar_command(i)->programs & program)
            print_command(out, program, i);
    if (program == SERVICECTL) {
        fprintf(out, "    client) COMPREPLY=($(compgen -W \"");
        print_names(out, program, "client");
        fprintf(out, "\" -- \"$cur\")) ;;\n");
    }
    fprintf(out, "    \"\")\n        case \"$cur\" in -*) COMPREPLY=($(compgen -W \"");
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if (grammar_is_common(i))
            fprintf(out, "--%s ", grammar_option(i)->name);
    fprintf(out, "\" -- \"$cur\")); return ;; esac\n        COMPREPLY=($(compgen -W \"");
    print_names(out, program, NULL);
    fprintf(out, "\" -- \"$cur\")) ;;\n    esac\n}\ncomplete -F _%s %s\n", name, name);
}
