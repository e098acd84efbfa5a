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
            static const char *const values[] = {
                [KIND_NUMBER] = " 1",     [KIND_TEXT] = " x",   [KIND_TIME] = " 1h",    [KIND_SIZE] = " a4",
                [KIND_MEDIA] = " letter", [KIND_RANGES] = " 1", [KIND_MANNER] = " skip"};
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
            enum option_id own = grammar_namesake(id, program, option);
            ck_assert_msg((parse(program, line) == 0) == (own != OPTION_COUNT), "%s: %s", line, why);
            ck_assert(own == OPTION_COUNT || arguments.given[own]);
            ck_assert(own == option || own == OPTION_COUNT || !arguments.given[option]);
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

START_TEST(what_is_printed)
{
    ck_assert_int_eq(parse(SERVICECTL, "print kontor/laser a.pdf b.pdf 7"), 0);
    ck_assert_uint_eq(arguments.word_count, 4);
    ck_assert_str_eq(arguments.words[0], "kontor/laser");
    ck_assert_str_eq(arguments.words[3], "7");
    ck_assert_int_eq(parse(CLIENTCTL, "--pages 1-3,5,8- print --copies 2 --color gray a.pdf --sides long"),
                     0);
    ck_assert(arguments.given[OPTION_ranges] && !arguments.given[OPTION_pages]);
    ck_assert_str_eq(arguments.text[OPTION_ranges], "1-3,5,8-");
    ck_assert_int_eq(arguments.number[OPTION_copies], 2);
    ck_assert_int_eq(arguments.number[OPTION_color], 3);
    ck_assert_int_eq(arguments.number[OPTION_sides], 2);
    ck_assert_int_eq(parse(CLIENTCTL, "--pages 3 scan"), 0);
    ck_assert(arguments.given[OPTION_pages] && !arguments.given[OPTION_ranges]);
    ck_assert_int_eq(arguments.number[OPTION_pages], 3);
}
END_TEST

START_TEST(many_documents)
{
    static char *argv[ARGUMENTS_MAX + 5];
    static char program[] = "clientctl", command[] = "print", word[] = "x";
    argv[0] = program;
    argv[1] = command;
    for (unsigned i = 2; i < ARGUMENTS_MAX + 5; i++)
        argv[i] = word;
    ck_assert_int_eq(arguments_parse(&arguments, CLIENTCTL, ARGUMENTS_MAX + 2, argv, why), 0);
    ck_assert_uint_eq(arguments.word_count, ARGUMENTS_MAX);
    ck_assert_int_eq(arguments_parse(&arguments, CLIENTCTL, ARGUMENTS_MAX + 3, argv, why), -EINVAL);
    ck_assert_str_eq(why, "'x' is one argument too many for 'print'");
    ck_assert_int_eq(arguments_parse(&arguments, CLIENTCTL, ARGUMENTS_MAX + 4, argv, why), -EINVAL);
    ck_assert_str_eq(why, "'x' is one argument too many");
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
        {CLIENTCTL, "copy 7", "'copy' is no command"},
        {CLIENTCTL, "print", "'print' needs an argument: DOCUMENT"},
        {SERVICECTL, "print kontor", "'print' needs an argument: DOCUMENT"},
        {CLIENTCTL, "print x --pages 3-1",
         "'3-1' does not fit --pages: which pages of the document: 1-3,5,8-; all if not given"},
        {CLIENTCTL, "--pages 1-3 scan", "'1-3' does not fit --pages: a whole number from 1 to 60000"},
        {CLIENTCTL, "print x --copies 0", "'0' does not fit --copies: a whole number from 1 to 60000"},
        {CLIENTCTL, "print x --sides two", "'two' does not fit --sides: one|long|short"},
        {CLIENTCTL, "print x --media a7",
         "'a7' does not fit --media: a3, a4, a5, a6, letter, legal, tabloid, or a name such as "
         "iso_b5_176x250mm"},
        {CLIENTCTL, "print x --scanner y", "'--scanner' is no option of 'print'"},
        {CLIENTCTL, "--pages 3", "'--pages' belongs behind a command"},
        {SERVICECTL, "client", "'client' needs a second word, as in 'client add'"},
        {CLIENTCTL, "show", "'show' needs an argument: JOB"},
        {CLIENTCTL, "show x", "'x' does not fit JOB: a whole number from 1"},
        {CLIENTCTL, "show 0", "'0' does not fit JOB: a whole number from 1"},
        {CLIENTCTL, "show -1", "'-1' is no option"},
        {CLIENTCTL, "show 18446744073709551616",
         "'18446744073709551616' does not fit JOB: a whole number from 1"},
        {CLIENTCTL, "show 7 8", "'8' is one argument too many for 'show'"},
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

START_TEST(media_and_ranges_at_their_boundaries)
{
    static const char *const good[] = {"1", "1-1", "1,1", "8-", "1-,3", "2147483647", "1-3,5,8-"};
    static const char *const bad[] = {"",    "0",    "-",   "-3",         "1,",
                                      ",1",  "1--2", "2-1", "1 2",        "1-x",
                                      "0-3", "1-0",  "1;2", "2147483648", "99999999999999999999"};
    char media[VALUE_MEDIA_BYTES], list[1027] = "";
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(value_ranges(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!value_ranges(bad[i]), "%s", bad[i]);
    for (size_t i = 0; i < 512; i++)
        strcat(list, "1,");
    ck_assert_uint_eq(strlen(list), 1024);
    list[1023] = '\0';
    ck_assert(value_ranges(list));
    strcat(list, "23");
    ck_assert(!value_ranges(list));

    ck_assert(value_media("A4", media) && !strcmp(media, "iso_a4_210x297mm"));
    ck_assert(value_media("letter", media) && !strcmp(media, "na_letter_8.5x11in"));
    ck_assert(value_media("iso_b5_176x250mm", media) && !strcmp(media, "iso_b5_176x250mm"));
    ck_assert(!value_media("", media) && !value_media("a4_", media) && !value_media("x_210x297mm", media));
    ck_assert(!value_media("iso_b5_176mm", media) && !value_media("Iso_b5_176x250mm", media));
    ck_assert(!value_media("iso_b5 _176x250mm", media) && !value_media("iso_b5_x", media));
    memset(list, 'a', 65);
    memcpy(list, "iso_a_1x1", 9);
    list[64] = '\0';
    ck_assert(value_media(list, media));
    memcpy(list + 64, "a", 2);
    ck_assert(!value_media(list, media));
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
                bool is_taken = grammar_namesake(id, program, option) != OPTION_COUNT;
                ck_assert_msg((strstr(own, line) != NULL) == is_taken, "%s in help of %s", line,
                              command->name);
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
    tcase_add_test(cases, what_is_printed);
    tcase_add_test(cases, many_documents);
    tcase_add_test(cases, a_page_follows_from_page);
    tcase_add_test(cases, wrong_usage_is_explained);
    tcase_add_test(cases, help_needs_nothing_else);
    tcase_add_test(cases, values_at_their_boundaries);
    tcase_add_test(cases, media_and_ranges_at_their_boundaries);
    tcase_add_test(cases, help_and_completion_name_everything);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
