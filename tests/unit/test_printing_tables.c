/* clientd/units: what the printing unit decides by tables: the fate of a sheet, the reasons of a printer, the
 * arguments of the program. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <deskline/words.h>

#include "clientd/units/printer.h"
#include "clientd/units/printer_state.h"
#include "clientd/units/printing_arguments.h"
#include "clientd/units/sheet_fate.h"

#define JOB(STATE)     .is_known = true, .state = JOB_##STATE
#define QUEUED(STATE)  JOB(STATE), .is_queue = true
#define COUNTED(sides) .has_count = true, .count = (sides)
#define WATCHED(sides)                                                                                       \
    {                                                                                                        \
        true, true, (sides)                                                                                  \
    }
#define UNWATCHED(sides)                                                                                     \
    {                                                                                                        \
        true, false, (sides)                                                                                 \
    }

static const struct fate_case {
    struct printer_job_look job;
    struct sheet_knowledge known;
    enum sheet_fate fate;
} fate_cases[] = {
    /* the printer counts paper */
    {{JOB(COMPLETED), COUNTED(1)}, WATCHED(1), FATE_PRINTED},
    {{JOB(COMPLETED), COUNTED(1)}, WATCHED(2), FATE_PRINTED},
    {{JOB(COMPLETED), COUNTED(0)}, WATCHED(1), FATE_UNCERTAIN},
    {{JOB(COMPLETED)}, WATCHED(1), FATE_PRINTED},
    {{JOB(ABORTED), COUNTED(0)}, WATCHED(1), FATE_NOT_PRINTED},
    {{JOB(ABORTED), COUNTED(0)}, UNWATCHED(1), FATE_NOT_PRINTED},
    {{JOB(ABORTED)}, WATCHED(1), FATE_UNCERTAIN},
    {{JOB(ABORTED), .is_refused = true}, WATCHED(1), FATE_NOT_PRINTED},
    {{JOB(CANCELED), COUNTED(1)}, WATCHED(1), FATE_PRINTED},
    {{JOB(CANCELED), COUNTED(1)}, WATCHED(2), FATE_UNCERTAIN},
    {{JOB(CANCELED), COUNTED(2)}, WATCHED(2), FATE_PRINTED},
    {{JOB(CANCELED), COUNTED(0), .is_stopping = true}, WATCHED(1), FATE_WORKS},
    {{JOB(ABORTED), COUNTED(0), .is_stopping = true}, WATCHED(1), FATE_WORKS},
    /* a queue counts early, or late, or not at all */
    {{QUEUED(COMPLETED), COUNTED(0)}, WATCHED(1), FATE_PRINTED},
    {{QUEUED(COMPLETED), COUNTED(1)}, UNWATCHED(1), FATE_PRINTED},
    {{QUEUED(COMPLETED), .history_is_lost = true}, WATCHED(1), FATE_UNCERTAIN},
    {{QUEUED(CANCELED), COUNTED(0)}, WATCHED(1), FATE_UNCERTAIN},
    {{QUEUED(CANCELED), COUNTED(1)}, WATCHED(1), FATE_UNCERTAIN},
    {{QUEUED(ABORTED), COUNTED(0), .is_refused = true}, WATCHED(1), FATE_NOT_PRINTED},
    {{QUEUED(ABORTED), COUNTED(1), .is_refused = true}, WATCHED(1), FATE_UNCERTAIN},
    {{QUEUED(CANCELED), .has_not_begun = true}, WATCHED(1), FATE_NOT_PRINTED},
    {{QUEUED(CANCELED), .has_not_begun = true}, UNWATCHED(1), FATE_UNCERTAIN},
    /* its data never was there */
    {{JOB(CANCELED)}, {.sides = 1}, FATE_NOT_PRINTED},
    {{0}, {.was_watched = true, .sides = 1}, FATE_NOT_PRINTED},
    {{0}, WATCHED(1), FATE_UNCERTAIN},
    /* it goes on */
    {{JOB(PENDING)}, WATCHED(1), FATE_WAITS},
    {{JOB(PENDING_HELD)}, WATCHED(1), FATE_WAITS},
    {{JOB(PROCESSING), COUNTED(1)}, WATCHED(1), FATE_WORKS},
    {{JOB(STOPPED)}, WATCHED(1), FATE_WAITS},
    {{.is_known = true}, WATCHED(1), FATE_WORKS},
    {{.is_known = true, .state = 200}, WATCHED(1), FATE_WORKS},
};

START_TEST(fates)
{
    const struct fate_case *given = &fate_cases[_i];
    ck_assert_str_eq(sheet_fate_name(sheet_fate(&given->job, &given->known)), sheet_fate_name(given->fate));
}
END_TEST

static const struct {
    const char *reasons;
    uint16_t trouble, when_stopped;
} reason_cases[] = {
    {"", ERROR_NONE, ERROR_PRINTER_STOPPED},
    {"none", ERROR_NONE, ERROR_PRINTER_STOPPED},
    {"media-jam-error", ERROR_PRINTER_JAM, ERROR_PRINTER_JAM},
    {"media-jam", ERROR_PRINTER_JAM, ERROR_PRINTER_JAM},
    {"media-jam-warning", ERROR_NONE, ERROR_PRINTER_STOPPED},
    {"media-jam-report", ERROR_NONE, ERROR_PRINTER_STOPPED},
    {"media-jam-errors", ERROR_NONE, ERROR_PRINTER_STOPPED},
    {"media-jam-error-error", ERROR_PRINTER_ERROR, ERROR_PRINTER_ERROR},
    {"-error", ERROR_NONE, ERROR_PRINTER_STOPPED},
    {"media-empty-error paused", ERROR_PRINTER_EMPTY, ERROR_PRINTER_EMPTY},
    {"paused media-needed", ERROR_PRINTER_EMPTY, ERROR_PRINTER_EMPTY},
    {"media-empty-error media-jam-error", ERROR_PRINTER_JAM, ERROR_PRINTER_JAM},
    {"media-low-warning toner-low-warning", ERROR_NONE, ERROR_PRINTER_STOPPED},
    {"toner-empty-error", ERROR_MARKER_EMPTY, ERROR_MARKER_EMPTY},
    {"marker-supply-empty-warning", ERROR_NONE, ERROR_PRINTER_STOPPED},
    {"cover-open-error", ERROR_PRINTER_OPEN, ERROR_PRINTER_OPEN},
    {"door-open", ERROR_PRINTER_OPEN, ERROR_PRINTER_OPEN},
    {"interlock-open-error", ERROR_PRINTER_OPEN, ERROR_PRINTER_OPEN},
    {"output-area-full-error", ERROR_OUTPUT_FULL, ERROR_OUTPUT_FULL},
    {"offline-error", ERROR_PRINTER_MISSING, ERROR_PRINTER_MISSING},
    {"connecting-to-device", ERROR_NONE, ERROR_PRINTER_MISSING},
    {"paused", ERROR_NONE, ERROR_PRINTER_STOPPED},
    {"moving-to-paused", ERROR_NONE, ERROR_PRINTER_STOPPED},
    {"com.example.smoke-error", ERROR_PRINTER_ERROR, ERROR_PRINTER_ERROR},
    {"com.example.smoke", ERROR_NONE, ERROR_PRINTER_STOPPED},
    {"cups-insecure-filter-warning", ERROR_NONE, ERROR_PRINTER_STOPPED},
};

START_TEST(reasons)
{
    ck_assert_uint_eq(printer_state_trouble(reason_cases[_i].reasons, false), reason_cases[_i].trouble);
    ck_assert_uint_eq(printer_state_trouble(reason_cases[_i].reasons, true), reason_cases[_i].when_stopped);
}
END_TEST

START_TEST(warnings_are_suspicious)
{
    ck_assert_uint_eq(printer_state_suspicion("media-jam-warning"), ERROR_PRINTER_JAM);
    ck_assert_uint_eq(printer_state_suspicion("media-empty-report cover-open-warning"), ERROR_PRINTER_OPEN);
    ck_assert_uint_eq(printer_state_suspicion("other-warning"), ERROR_PRINTER_ERROR);
    ck_assert_uint_eq(printer_state_suspicion("media-low-warning toner-low-report none"), ERROR_NONE);
    ck_assert_uint_eq(printer_state_suspicion("connecting-to-device-warning"), ERROR_NONE);
}
END_TEST

START_TEST(reasons_are_told)
{
    char text[40];
    printer_state_errors("media-low-warning  media-jam-error paused", text, sizeof text);
    ck_assert_str_eq(text, "media-jam-error paused");
    printer_state_errors("media-low-warning", text, sizeof text);
    ck_assert_str_eq(text, "none");
    printer_state_errors("media-jam-error output-area-full-error cover-open-error", text, sizeof text);
    ck_assert_str_eq(text, "media-jam-error output-area-full-error");
    ck_assert(printer_state_is_paused("a paused"));
    ck_assert(printer_state_is_paused("moving-to-paused"));
    ck_assert(!printer_state_is_paused("paused-not pause"));
}
END_TEST

static const struct {
    const char *line;
    int error;
    enum printing_order order;
    const char *name, *uri;
} argument_cases[] = {
    {"list", 0, PRINTING_LIST, NULL, NULL},
    {"list --printer desk=ipp://a/b", 0, PRINTING_LIST, "desk", "ipp://a/b"},
    {"list --printer ipp://a/b?c=d", 0, PRINTING_LIST, "ipp://a/b?c=d", "ipp://a/b?c=d"},
    {"print --spool . --printer ipp://a/b", 0, PRINTING_PRINT, "ipp://a/b", "ipp://a/b"},
    {"print --spool . --printer desk=ipps://a --stall-limit 5 --reach-limit 7", 0, PRINTING_PRINT, "desk",
     "ipps://a"},
    {"--help", 0, PRINTING_HELP, NULL, NULL},
    {"--version", 0, PRINTING_VERSION, NULL, NULL},
    {"", -EINVAL, 0, NULL, NULL},
    {"read", -EINVAL, 0, NULL, NULL},
    {"list list", -EINVAL, 0, NULL, NULL},
    {"print --spool .", -EINVAL, 0, NULL, NULL},
    {"print --printer ipp://a", -EINVAL, 0, NULL, NULL},
    {"print --spool . --printer ipp://a --printer ipp://b", -EINVAL, 0, NULL, NULL},
    {"list --printer =ipp://a", -EINVAL, 0, NULL, NULL},
    {"list --printer desk", -EINVAL, 0, NULL, NULL},
    {"list --stall-limit 0", -EINVAL, 0, NULL, NULL},
    {"list --stall-limit -1", -EINVAL, 0, NULL, NULL},
    {"list --stall-limit 5x", -EINVAL, 0, NULL, NULL},
    {"list --reach-limit 86401", -EINVAL, 0, NULL, NULL},
    {"list --log-level loud", -EINVAL, 0, NULL, NULL},
};

START_TEST(arguments)
{
    char line[256], *argv[16] = {"printing_unit"};
    int argc = 1;
    struct printing_arguments given;
    snprintf(line, sizeof line, "%s", argument_cases[_i].line);
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    ck_assert_int_eq(printing_arguments_parse(&given, argc, argv), argument_cases[_i].error);
    if (!argument_cases[_i].error) {
        ck_assert_int_eq(given.order, argument_cases[_i].order);
        ck_assert_uint_eq(given.printer_count, argument_cases[_i].name ? 1 : 0);
    }
    if (argument_cases[_i].name) {
        ck_assert_str_eq(given.printers[0].name, argument_cases[_i].name);
        ck_assert_str_eq(given.printers[0].uri, argument_cases[_i].uri);
    }
    printing_arguments_free(&given);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])

int main(void)
{
    Suite *suite = suite_create("printing_tables");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, fates, 0, COUNT(fate_cases));
    tcase_add_loop_test(tables, reasons, 0, COUNT(reason_cases));
    tcase_add_test(tables, warnings_are_suspicious);
    tcase_add_test(tables, reasons_are_told);
    tcase_add_loop_test(tables, arguments, 0, COUNT(argument_cases));
    suite_add_tcase(suite, tables);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
