#include "config.h"

#include "ctl/invocation.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <deskline/words.h>

#include "ctl/completion.h"
#include "ctl/help.h"
#include "ctl/render.h"

static int (*const runs[])(struct invocation *) = {
#define COMMAND(name, programs, words, text) command_##name,
#include "ctl/commands.def"
};

const char *invocation_default_control(enum program program)
{
    return program == CLIENTCTL ? DESKLINE_RUN "/clientd.sock" : DESKLINE_RUN "/serviced.sock";
}

int invocation_fail(const struct invocation *invocation, const struct outcome *outcome)
{
    const struct error_info *error = error_find(outcome->code);
    const char *text = *outcome->text ? outcome->text : error->sentence;
    if (invocation->is_json) {
        /* Nothing is left to tell it to when standard error cannot be written. */
        render_json_print(invocation->err, render_json_error(error->keyword, text));
    } else {
        fprintf(invocation->err, "%s: ", program_name(invocation->program));
        render_text_escaped(invocation->err, text);
        if (!*outcome->text && *error->action)
            fprintf(invocation->err, ". %s", error->action);
        fputc('\n', invocation->err);
    }
    return (int)outcome->exit_code;
}

int invocation_refuse(const struct invocation *invocation, enum exit_code exit_code, uint16_t code,
                      const char *format, ...)
{
    struct outcome outcome = {.exit_code = exit_code, .code = code};
    va_list values;
    va_start(values, format);
    vsnprintf(outcome.text, sizeof outcome.text, format, values);
    va_end(values);
    return invocation_fail(invocation, &outcome);
}

int invocation_call(const struct invocation *invocation, struct frame *request, connection_on_frame on_frame,
                    void *context)
{
    struct outcome outcome;
    connection_call(invocation->connection, request, on_frame, context, &outcome);
    return outcome.exit_code == EXIT_DONE ? EXIT_DONE : invocation_fail(invocation, &outcome);
}

int invocation_do(const struct invocation *invocation, struct frame *request, const char *done)
{
    struct outcome outcome;
    connection_call(invocation->connection, request, NULL, NULL, &outcome);
    if (outcome.exit_code != EXIT_DONE)
        return invocation_fail(invocation, &outcome);
    const char *text = *outcome.text ? outcome.text : done;
    if (invocation->is_json) {
        json_t *object = json_object();
        json_object_set_new(object, "done", json_true());
        json_object_set_new(object, "text", json_string(text));
        return render_json_print(invocation->out, object) ? EXIT_FAILED : EXIT_DONE;
    }
    render_text_escaped(invocation->out, text);
    fputc('\n', invocation->out);
    return EXIT_DONE;
}

static bool is_terminal(FILE *stream)
{
    int fd = fileno(stream);
    return fd >= 0 && isatty(fd);
}

static int with_connection(struct invocation *invocation, enum completion completion)
{
    const struct arguments *arguments = &invocation->arguments;
    const char *control = arguments->given[OPTION_control] ? arguments->text[OPTION_control]
                                                           : invocation_default_control(invocation->program);
    struct outcome outcome;
    if (connection_open(&invocation->connection, control, program_daemon(invocation->program), &outcome))
        return invocation_fail(invocation, &outcome);
    int exit_code = completion != COMPLETE_NOTHING ? command_complete(invocation, completion)
                                                   : runs[arguments->command](invocation);
    connection_close(&invocation->connection);
    return exit_code;
}

static int run_command(struct invocation *invocation, int argc, char *const argv[])
{
    struct arguments *arguments = &invocation->arguments;
    const char *name = program_name(invocation->program);
    char why[ARGUMENTS_WHY_BYTES];
    int error = arguments_parse(arguments, invocation->program, argc, argv, why);

    invocation->is_json = arguments->given[OPTION_json];
    invocation->asks = invocation->is_terminal && is_terminal(invocation->in) && !invocation->is_json;
    if (error)
        return invocation_refuse(
            invocation, EXIT_USAGE, ERROR_BAD_REQUEST, "%s (see %s%s%s --help)", why, name,
            arguments->command == COMMAND_COUNT ? "" : " ",
            arguments->command == COMMAND_COUNT ? "" : grammar_command(arguments->command)->name);
    if (arguments->given[OPTION_version]) {
        fprintf(invocation->out, "%s (Deskline) %s\n", name, PACKAGE_VERSION);
        return EXIT_DONE;
    }
    if (arguments->given[OPTION_help]) {
        help_print(invocation->out, invocation->program, arguments->command);
        return EXIT_DONE;
    }
    if (arguments->command == COMMAND_COUNT)
        return invocation_refuse(invocation, EXIT_USAGE, ERROR_BAD_REQUEST,
                                 "a command is missing (see %s --help)", name);
    return with_connection(invocation, COMPLETE_NOTHING);
}

int invocation_run(enum program program, int argc, char *const argv[], FILE *in, FILE *out, FILE *err)
{
    struct invocation invocation = {
        .program = program, .in = in, .out = out, .err = err, .is_terminal = is_terminal(out)};
    int exit_code;
    if (argc == 2 && !strcmp(argv[1], COMPLETION_PRINT)) {
        completion_print(out, program);
        exit_code = EXIT_DONE;
    } else if ((argc == 3 || argc == 4) && !strcmp(argv[1], COMPLETION_ASK)) {
        enum completion completion = completion_from_word(argv[2]);
        if (argc == 4)
            invocation.arguments.words[invocation.arguments.word_count++] = argv[3];
        exit_code = completion == COMPLETE_NOTHING ? EXIT_USAGE : with_connection(&invocation, completion);
    } else {
        exit_code = run_command(&invocation, argc, argv);
    }
    if ((fflush(out) || ferror(out)) && exit_code == EXIT_DONE)
        return invocation_refuse(&invocation, EXIT_FAILED, ERROR_STORAGE,
                                 "standard output cannot be written");
    return exit_code;
}
