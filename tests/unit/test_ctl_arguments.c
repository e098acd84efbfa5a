/* ctl/arguments, ctl/values, ctl/help and ctl/completion: what is typed, and what is said about it. */
#include "config.h"

#include "ctl/arguments.h"
#include "ctl/completion.h"
#include "ctl/help.h"
#include "ctl/values.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 32

static struct arguments arguments;
static char why[ARGUMENTS_WHY_BYTES];
static char line_copy[512];

/* Parses a line whose words are separated by blanks. */
static int parse(enum program program, const char *line)
{
    char *argv[WORDS_MAX] = {NULL}, *rest = line_copy;
    int argc = 1;
    argv[0] = line_copy + sizeof line_copy - 1;
    ck_assert_uint_lt(strlen(line), sizeof line_copy - 1);
    strcpy(line_copy, line);
    for (char *word; (word = strsep(&rest, " "));)
        if (*word)
            argv[argc++] = word;
    return arguments_parse(&arguments, program, argc, argv, why);
}

START_TEST(every_command_is_found)
{
    for (unsigned id = 0; id < COMMAND_COUNT; id++) {
        for (unsigned program = CLIENTCTL; program <= SERVICECTL; program <<= 1) {
            const struct command_info *command = grammar_command(id);
            char line[128];
            snprintf(line, sizeof line, "%s", command->name);
            for (const struct argument_info *argument = command->arguments; argument->name; argument++)
                if (argument->programs & program)
                    strcat(line, argument->is_id ? " 7" : " kontor");
            int error = parse(program, line);
            if (!(command->programs & program)) {
                ck_assert_msg(error == -EINVAL, "%s is no command of this program", line);
                continue;
            }
            ck_assert_msg(error == 0, "%s: %s", line, why);
            ck_assert_uint_eq(arguments.command, id);
        }
    }
}
END_TEST

START_TEST(every_option_is_taken_by_its_commands_only)
{
    for (unsigned id = 0; id < COMMAND_COUNT; id++) {
        const struct command_info *command = grammar_command(id);
        for (unsigned option = 0; option < OPTION_COUNT; option++) {
            const struct option_info *info = grammar_option(option);
            static const char *const values[] = {[KIND_NUMBER] = " 1",
                                                 [KIND_TEXT] = " x",
                                                 [KIND_TIME] = " 1h",
                                                 [KIND_SIZE] = " a4",
                                                 [KIND_MANNER] = " skip"};
            enum program program = command->programs & CLIENTCTL ? CLIENTCTL : SERVICECTL;
            char line[160], value[32] = "";
            if (info->kind == KIND_CHOICE)
                snprintf(value, sizeof value, " %.*s", (int)strcspn(info->words, "|"), info->words);
            else if (info->kind != KIND_FLAG)
                strcpy(value, values[info->kind]);
            snprintf(line, sizeof line, "%s --%s%s", command->name, info->name, value);
            for (const struct argument_info *argument = command->arguments; argument->name; argument++)
                if (argument->programs & program)
                    strcat(line, argument->is_id ? " 7" : " kontor");
            ck_assert_msg((parse(program, line) == 0) == grammar_takes(id, program, option), "%s: %s", line,
                          why);
        }
    }
}
END_TEST

START_TEST(options_stand_anywhere)
{
    ck_assert_int_eq(parse(CLIENTCTL, "--json scan --mode gray --resolution=300 --control /x"), 0);
    ck_assert_uint_eq(arguments.command, COMMAND_scan);
    ck_assert(arguments.given[OPTION_json]);
    ck_assert_int_eq(arguments.number[OPTION_mode], 2);
    ck_assert_int_eq(arguments.number[OPTION_resolution], 300);
    ck_assert_str_eq(arguments.text[OPTION_control], "/x");

    ck_assert_int_eq(parse(CLIENTCTL, "fetch -ofile 9"), 0);
    ck_assert_str_eq(arguments.text[OPTION_output], "file");
    ck_assert_uint_eq(arguments.id, 9);
    ck_assert_int_eq(parse(SERVICECTL, "--ttl 30m client add --address h:1 kontor"), 0);
    ck_assert_uint_eq(arguments.command, COMMAND_client_add);
    ck_assert_str_eq(arguments.words[0], "kontor");
    ck_assert_int_eq(arguments.number[OPTION_ttl], 1800);
    ck_assert_int_eq(parse(CLIENTCTL, "enroll -"), 0);
    ck_assert_str_eq(arguments.words[0], "-");
    ck_assert_int_eq(parse(CLIENTCTL, "enroll -- --token"), 0);
    ck_assert_str_eq(arguments.words[0], "--token");
    ck_assert_int_eq(parse(CLIENTCTL, "scan --brightness -40"), 0);
    ck_assert_int_eq(arguments.number[OPTION_brightness], -40);
}
END_TEST

START_TEST(a_page_follows_from_page)
{
    ck_assert_int_eq(parse(CLIENTCTL, "restart --manner from-page 3"), 0);
    ck_assert_uint_eq(arguments.manner_page, 3);
    ck_assert_uint_eq(arguments.id, 0);
    ck_assert_int_eq(parse(CLIENTCTL, "restart --manner from-page 3 7"), 0);
    ck_assert_uint_eq(arguments.manner_page, 3);
    ck_assert_uint_eq(arguments.id, 7);
    ck_assert_int_eq(parse(CLIENTCTL, "restart 7 --manner=from-page 2 --no-wait"), 0);
    ck_assert_uint_eq(arguments.manner_page, 2);
    ck_assert_int_eq(parse(CLIENTCTL, "restart --manner resume 7"), 0);
    ck_assert_uint_eq(arguments.manner_page, 0);
    ck_assert_uint_eq(arguments.id, 7);
    ck_assert_int_eq(parse(CLIENTCTL, "restart 7 --manner from-page"), 0);
    ck_assert_uint_eq(arguments.manner_page, 0);
}
END_TEST

START_TEST(wrong_usage_is_explained)
{
    static const struct {
        enum program program;
        const char *line, *why;
    } cases[] = {
        {CLIENTCTL, "frobnicate", "'frobnicate' is no command"},
        {CLIENTCTL, "export 7", "'export' is no command"},
        {CLIENTCTL, "print 7", "'print' is no command"},
        {SERVICECTL, "client", "'client' needs a second word, as in 'client add'"},
        {CLIENTCTL, "show", "'show' needs an argument: JOB"},
        {CLIENTCTL, "show x", "'x' does not fit JOB: a whole number from 1"},
        {CLIENTCTL, "show 0", "'0' does not fit JOB: a whole number from 1"},
        {CLIENTCTL, "show -1", "'-1' is no option"},
        {CLIENTCTL, "show 18446744073709551616",
         "'18446744073709551616' does not fit JOB: a whole number from 1"},
        {CLIENTCTL, "show 7 8", "'8' is one argument too many for 'show'"},
        {CLIENTCTL, "1 2 3 4 5 6 7", "'7' is one argument too many"},
        {CLIENTCTL, "scan --foo", "'--foo' is no option"},
        {CLIENTCTL, "scan --resolution", "'--resolution' needs a value: DPI"},
        {CLIENTCTL, "scan --resolution 0", "'0' does not fit --resolution: a whole number from 1 to 65535"},
        {CLIENTCTL, "scan --resolution 300dpi",
         "'300dpi' does not fit --resolution: a whole number from 1 to 65535"},
        {CLIENTCTL, "scan --mode grey", "'grey' does not fit --mode: lineart|gray|color"},
        {CLIENTCTL, "scan --no-wait=1", "'--no-wait=1' takes no value"},
        {CLIENTCTL, "scan --manner resume", "'--manner' is no option of 'scan'"},
        {CLIENTCTL, "--all", "'--all' belongs behind a command"},
        {CLIENTCTL, "restart --manner sleep",
         "'sleep' is no manner of restarting: resume|from-page|redo-last|skip|finish|restart|abandon"},
        {SERVICECTL, "client add x --ttl 2w", "'2w' does not fit --ttl: a time such as 90s, 30m, 1h or 2d"},
        {CLIENTCTL, "sho\x1b[2J", "'sho\\x1b[2J' is no command"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(parse(cases[i].program, cases[i].line), -EINVAL);
        ck_assert_str_eq(why, cases[i].why);
    }
}
END_TEST

START_TEST(help_needs_nothing_else)
{
    ck_assert_int_eq(parse(CLIENTCTL, "show --help"), 0);
    ck_assert_uint_eq(arguments.command, COMMAND_show);
    ck_assert_int_eq(parse(CLIENTCTL, "-hV"), 0);
    ck_assert_uint_eq(arguments.command, COMMAND_COUNT);
    ck_assert(arguments.given[OPTION_help] && arguments.given[OPTION_version]);
    ck_assert_int_eq(parse(CLIENTCTL, ""), 0);
    ck_assert_uint_eq(arguments.command, COMMAND_COUNT);
}
END_TEST

START_TEST(values_at_their_boundaries)
{
    uint32_t width, height;
    long seconds, place;
    ck_assert(value_time("366d", &seconds) && seconds == 366L * 86400);
    ck_assert(!value_time("367d", &seconds));
    ck_assert(!value_time("0", &seconds) && !value_time("", &seconds) && !value_time("1hh", &seconds));
    ck_assert(!value_time("99999999999999999999h", &seconds) && !value_time("-1h", &seconds));
    ck_assert(value_time("90", &seconds) && seconds == 90);

    ck_assert(value_size("A4", &width, &height) && width == 210000 && height == 297000);
    ck_assert(value_size("215.9x279.4", &width, &height) && width == 215900 && height == 279400);
    ck_assert(value_size("0.5X10000mm", &width, &height) && width == 500 && height == 10000000);
    ck_assert(!value_size("210x10000.1", &width, &height) && !value_size("210x0", &width, &height));
    ck_assert(!value_size("210", &width, &height) && !value_size("x", &width, &height));
    ck_assert(!value_size("210x297cm", &width, &height) && !value_size("99999999999x1", &width, &height));
    ck_assert(!value_size("", &width, &height) && !value_size("a44", &width, &height));

    ck_assert(value_word("adf", "flatbed|adf|adf-duplex", &place) && place == 2);
    ck_assert(value_word("adf-duplex", "flatbed|adf|adf-duplex", &place) && place == 3);
    ck_assert(!value_word("adf-", "flatbed|adf|adf-duplex", &place) && !value_word("", "a|b|", &place));
    ck_assert(!value_word("flatbed|adf", "flatbed|adf", &place));
}
END_TEST

static char *printed(enum program program, enum command_id command, bool is_completion)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (is_completion)
        completion_print(out, program);
    else
        help_print(out, program, command);
    fclose(out);
    return text;
}

START_TEST(help_and_completion_name_everything)
{
    for (unsigned program = CLIENTCTL; program <= SERVICECTL; program <<= 1) {
        char *help = printed(program, COMMAND_COUNT, false), *script = printed(program, COMMAND_COUNT, true);
        for (unsigned id = 0; id < COMMAND_COUNT; id++) {
            const struct command_info *command = grammar_command(id);
            char line[64], quoted[64];
            snprintf(line, sizeof line, "\n  %s ", command->name);
            snprintf(quoted, sizeof quoted, "    \"%s\" | ", command->name);
            bool is_ours = (command->programs & program) != 0;
            ck_assert_msg((strstr(help, line) != NULL) == is_ours, "%s in help", command->name);
            ck_assert_msg((strstr(script, quoted) != NULL) == is_ours, "%s in completion", command->name);
            if (!is_ours)
                continue;
            char *own = printed(program, id, false);
            for (unsigned option = 0; option < OPTION_COUNT; option++) {
                snprintf(line, sizeof line, "--%s ", grammar_option(option)->name);
                ck_assert_msg((strstr(own, line) != NULL) == grammar_takes(id, program, option),
                              "%s in help of %s", line, command->name);
            }
            free(own);
        }
        free(help);
        free(script);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctl/arguments");
    TCase *cases = tcase_create("all");
    suite_add_tcase(suite, cases);
    tcase_add_test(cases, every_command_is_found);
    tcase_add_test(cases, every_option_is_taken_by_its_commands_only);
    tcase_add_test(cases, options_stand_anywhere);
    tcase_add_test(cases, a_page_follows_from_page);
    tcase_add_test(cases, wrong_usage_is_explained);
    tcase_add_test(cases, help_needs_nothing_else);
    tcase_add_test(cases, values_at_their_boundaries);
    tcase_add_test(cases, help_and_completion_name_everything);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
