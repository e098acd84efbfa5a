#include "ctl/help.h"

#include <ctype.h>
#include <string.h>

static void print_options(FILE *out, enum program program, enum command_id command, bool common)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        const struct option_info *option = grammar_option(i);
        char left[80];
        if (grammar_is_common(i) != common || (!common && !grammar_takes(command, program, i)))
            continue;
        int used = option->letter ? snprintf(left, sizeof left, "-%c, --%s", option->letter, option->name)
                                  : snprintf(left, sizeof left, "    --%s", option->name);
        if (option->value)
            snprintf(left + used, sizeof left - (size_t)used, " %s", option->value);
        fprintf(out, "  %-36s %s\n", left, option->text);
        if (option->kind == KIND_MANNER)
            fprintf(out, "  %-36s %.*s\n", "", (int)strlen(option->words) - 1, option->words);
    }
}

static void print_arguments(FILE *out, enum program program, const struct command_info *command)
{
    for (const struct argument_info *argument = command->arguments; argument->name; argument++)
        if (argument->programs & program)
            fprintf(out,
                    argument->is_optional   ? " [%s]"
                    : argument->is_repeated ? " %s..."
                                            : " %s",
                    argument->name);
}

static void print_program(FILE *out, enum program program)
{
    fprintf(out, "Usage: %s [OPTION]... COMMAND [ARGUMENT]...\n", program_name(program));
    fprintf(out, program == CLIENTCTL
                     ? "Scan and print, and see to the jobs of this host, through clientd.\n"
                     : "See to the clients, jobs and documents of this server, through serviced.\n");
    fprintf(out, "\nCommands:\n");
    for (unsigned i = 0; i < COMMAND_COUNT; i++) {
        const struct command_info *command = grammar_command(i);
        if (command->programs & program)
            fprintf(out, "  %-16s %s\n", command->name, command->text);
    }
    fprintf(out, "\nOptions of every command:\n");
    print_options(out, program, COMMAND_COUNT, true);
    fprintf(out,
            "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 the job waits for a manner of restarting,\n"
            "4 no connection, 5 refused. '%s COMMAND --help' says more; so does %s(1).\n",
            program_name(program), program_name(program));
}

void help_print(FILE *out, enum program program, enum command_id id)
{
    if (id == COMMAND_COUNT) {
        print_program(out, program);
        return;
    }
    const struct command_info *command = grammar_command(id);
    bool has_options = false;
    for (const struct taken_info *taken = command->options; taken->programs; taken++)
        has_options |= (taken->programs & program) != 0;

    fprintf(out, "Usage: %s %s%s", program_name(program), command->name, has_options ? " [OPTION]..." : "");
    print_arguments(out, program, command);
    fprintf(out, "\n\n%c%s.\n", toupper((unsigned char)command->text[0]), command->text + 1);
    if (has_options) {
        fprintf(out, "\nOptions:\n");
        print_options(out, program, id, false);
    }
    fprintf(out, "\nOptions of every command:\n");
    print_options(out, program, id, true);
}
