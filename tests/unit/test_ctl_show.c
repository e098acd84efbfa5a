/* ctl/render, ctl/progress and ctl/prompt: what is shown of a job, and what an answer means. */
#include "config.h"

#include "ctl/progress.h"
#include "ctl/prompt.h"
#include "ctl/render.h"
#include "ctl_jobs.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct job_view view;
static struct ctl_job job;

static void take(const char *states, uint32_t total, uint16_t error, uint32_t round)
{
    const char *why;
    ctl_job_make(&job, states, total, error, round);
    ck_assert_int_eq(job_view_take(&view, &job.frame, &why), 0);
    ctl_job_free(&job);
}

static void take_printing(const char *states, uint32_t total, uint16_t error, uint32_t round)
{
    const char *why;
    ctl_job_make_printing(&job, states, total, error, round);
    ck_assert_int_eq(job_view_take(&view, &job.frame, &why), 0);
    ctl_job_free(&job);
}

static void forget(void)
{
    job_view_free(&view);
}

static void expect_json(json_t *value, const char *expected)
{
    char *text = json_dumps(value, JSON_COMPACT);
    ck_assert_str_eq(text, expected);
    free(text);
    json_decref(value);
}

START_TEST(a_job_as_json)
{
    take("ss?", 0, ERROR_MEDIA_JAM, 4);
    expect_json(
        render_json_job(&view),
        "{\"id\":7,\"client\":\"kontor\",\"service\":\"archive\",\"title\":\"invoices\",\"unit\":\"rig\","
        "\"link\":true,"
        "\"state\":\"processing-stopped\",\"state_reasons\":[\"media-jam\"],"
        "\"phase\":{\"function\":\"reading\",\"step\":\"reading\",\"page\":3,\"device_page\":3},"
        "\"pages\":{\"total\":null,\"read\":2,\"stored\":2,\"received\":0,\"submitted\":0,\"printed\":0,"
        "\"uncertain\":[3],"
        "\"skipped\":[]},\"bytes\":1234567,"
        "\"error\":{\"code\":\"media-jam\",\"text\":\"a sheet is jammed in the feeder\",\"action\":\"Open "
        "the feeder, "
        "take the jammed sheet out, put it back on top of the stack and close the feeder.\"},"
        "\"manners\":[\"resume\",\"from-page\",\"redo-last\",\"skip\",\"finish\",\"restart\",\"abandon\"],"
        "\"from_page\":{\"first\":1,\"last\":2},\"document\":null,"
        "\"created\":\"2031-05-11T09:30:00.125Z\",\"updated\":\"2031-05-11T09:30:01.000Z\"}");

    take("s-r", 3, 0, 0);
    json_t *value = render_json_job(&view);
    ck_assert(json_is_null(json_object_get(value, "error")));
    ck_assert(json_is_null(json_object_get(value, "from_page")));
    ck_assert_uint_eq(json_array_size(json_object_get(value, "manners")), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(value, "state_reasons")), 0);
    expect_json(
        json_incref(json_object_get(value, "pages")),
        "{\"total\":3,\"read\":2,\"stored\":1,\"received\":0,\"submitted\":0,\"printed\":0,\"uncertain\":[],"
        "\"skipped\":[2]}");
    json_decref(value);
}
END_TEST

START_TEST(a_printing_job_as_json)
{
    take_printing("pp-?bc..", 8, ERROR_PRINTER_JAM, 4);
    json_t *value = render_json_job(&view);
    expect_json(json_incref(json_object_get(value, "pages")),
                "{\"total\":8,\"read\":0,\"stored\":0,\"received\":4,\"submitted\":3,\"printed\":2,"
                "\"uncertain\":[4],\"skipped\":[3]}");
    expect_json(json_incref(json_object_get(value, "phase")),
                "{\"function\":\"printing\",\"step\":\"uncertain\",\"page\":4,\"device_page\":4}");
    expect_json(json_incref(json_object_get(value, "error")),
                "{\"code\":\"media-jam\",\"text\":\"a sheet is jammed in the printer\",\"action\":\"Open the "
                "printer, take the jammed sheet out and close it.\"}");
    ck_assert_str_eq(json_string_value(json_object_get(value, "service")), "print");
    ck_assert_str_eq(json_string_value(json_object_get(value, "unit")), "laser");
    ck_assert(json_is_null(json_object_get(value, "document")));
    json_decref(value);
}
END_TEST

START_TEST(units_documents_and_clients_as_json)
{
    struct frame_list_builder builder = {0};
    struct record_attribute attribute = {frame_text_of("sources"), frame_text_of("flatbed,adf")};
    ck_assert_int_eq(frame_list_add(&builder, &frame_record_attribute, &attribute), 0);
    struct record_unit unit = {.name = frame_text_of("rig"),
                               .kind = 1,
                               .model = frame_text_of("Rig \"1\"\x07"),
                               .state = 3,
                               .reasons = frame_text_of("cover-open  media-empty none"),
                               .capabilities = frame_list_view(&builder),
                               .device = frame_text_of("rig:0")};
    expect_json(
        render_json_unit(&unit),
        "{\"name\":\"rig\",\"kind\":\"reading\",\"model\":\"Rig \\\"1\\\"\\u0007\",\"device\":\"rig:0\","
        "\"state\":\"idle\",\"state_reasons\":[\"cover-open\",\"media-empty\"],"
        "\"capabilities\":{\"sources\":\"flatbed,adf\"}}");
    unit.kind = 2;
    unit.state = 5;
    json_t *printer = render_json_unit(&unit);
    ck_assert_str_eq(json_string_value(json_object_get(printer, "kind")), "printing");
    ck_assert_str_eq(json_string_value(json_object_get(printer, "state")), "stopped");
    json_decref(printer);
    frame_list_builder_free(&builder);
    struct record_document document = {.document = 9, .pages = 2, .length_bytes = 5, .parts = 1};
    expect_json(render_json_document(&document),
                "{\"id\":9,\"client\":\"\",\"name\":\"\",\"title\":\"\",\"pages\":2,"
                "\"bytes\":5,\"parts\":1,\"created\":null}");
    struct record_client client = {.name = frame_text_of("kontor"), .state = 200, .seen_ms = 1936258200125};
    expect_json(render_json_client(&client), "{\"name\":\"kontor\",\"state\":\"unknown\",\"address\":null,"
                                             "\"seen\":\"2031-05-11T09:30:00.125Z\"}");
    expect_json(render_json_error("limit-exceeded", "x"),
                "{\"error\":{\"code\":\"limit-exceeded\",\"text\":\"x\"}}");
}
END_TEST

START_TEST(a_ledger_that_contradicts_itself_is_refused)
{
    const char *why = NULL;
    struct record_pages run = {.first = 2, .count = 1, .state = PAGE_STORED};
    ctl_job_make(&job, "", 0, 0, 0);
    ck_assert_int_eq(frame_list_add(&job.runs, &frame_record_pages, &run), 0);
    job.frame.job_status.account.runs = frame_list_view(&job.runs);
    ck_assert_int_lt(job_view_take(&view, &job.frame, &why), 0);
    ck_assert_ptr_nonnull(why);
    ck_assert_uint_eq(view.job, 0);
    ctl_job_free(&job);
}
END_TEST

START_TEST(runs_of_pages)
{
    char text[JOB_VIEW_RUNS_BYTES], states[2001];
    take("sss.s-ss", 0, 0, 0);
    job_view_runs(&view, PAGE_STORED, text);
    ck_assert_str_eq(text, "1-3, 5, 7-8");
    job_view_runs(&view, PAGE_UNCERTAIN, text);
    ck_assert_str_eq(text, "");
    for (size_t i = 0; i < 2000; i++)
        states[i] = i % 2 ? '-' : 's';
    states[2000] = '\0';
    take(states, 0, 0, 0);
    job_view_runs(&view, PAGE_STORED, text);
    ck_assert_uint_gt(strlen(text), 200);
    ck_assert_str_eq(text + strlen(text) - strlen(", …"), ", …");
}
END_TEST

static void expect_lines(struct progress *progress, const char *states, const char *expected)
{
    struct text_buffer lines;
    take(states, 0, 0, 0);
    text_start(&lines, 4096);
    progress_lines(progress, &view, &lines);
    ck_assert_str_eq(text_of(&lines), expected);
    text_free(&lines);
}

START_TEST(one_line_per_page)
{
    struct progress progress = {0};
    struct text_buffer lines;
    expect_lines(&progress, "", "");
    expect_lines(&progress, "sr", "page 1 stored\n");
    expect_lines(&progress, "sr", "");
    expect_lines(&progress, "sss-", "page 2 stored\npage 3 stored\npage 4 left out\n");
    take("sss-", 0, 0, 0);
    view.is_linked = false;
    text_start(&lines, 4096);
    progress_lines(&progress, &view, &lines);
    ck_assert_str_eq(text_of(&lines), "the connection is lost; the job goes on when it is back\n");
    text_free(&lines);
    expect_lines(&progress, "sss-", "connected again\n");
    progress_free(&progress);
}
END_TEST

START_TEST(one_line_for_a_terminal)
{
    struct progress progress = {0};
    struct text_buffer line;
    text_start(&line, 200);
    take("ssr", 10, 0, 0);
    progress_line(&progress, &view, 1000, &line);
    ck_assert_str_eq(text_of(&line), "job 7: page 4, 2 of 10 stored, 1 on the way, connected");
    text_free(&line);
    view.bytes += 3000000;
    progress_line(&progress, &view, 3000, &line);
    ck_assert_ptr_nonnull(strstr(text_of(&line), ", 1.5 MB/s,"));
    text_free(&line);
    /* A restart of the daemon may count again from 0. */
    view.bytes = 0;
    progress_line(&progress, &view, 5000, &line);
    ck_assert_ptr_nonnull(strstr(text_of(&line), ", 1.5 MB/s,"));
    text_free(&line);
    progress_free(&progress);
}
END_TEST

static char *prompt_text(void)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    prompt_print_state(out, &view);
    prompt_print_offers(out, &view);
    fclose(out);
    return text;
}

START_TEST(the_question)
{
    take("ss", 0, ERROR_MEDIA_JAM, 4);
    char *text = prompt_text();
    ck_assert_str_eq(
        text, "Job 7 on kontor has stopped at page 3: a sheet is jammed in the feeder (media-jam).\n"
              "Safe:      pages 1-2 are stored at the server.\n"
              "To do:     Open the feeder, take the jammed sheet out, put it back on top of the stack and "
              "close the feeder.\n"
              "How is it to go on?\n"
              "  1  resume     go on from the page that failed (page 3) [default]\n"
              "  2  from-page  back up to an earlier page, and go on from there (1 to 2)\n"
              "  3  redo-last  the last finished page once more, too (page 2)\n"
              "  4  skip       leave the failed page out, and go on behind it (page 3)\n"
              "  5  finish     take what there is as the result (up to page 2)\n"
              "  6  restart    from the start, as a fresh execution\n"
              "  7  abandon    cancel the job\n");
    free(text);
    free(view.client);
    view.client = strdup("k\x1b]0;x\x07");
    text = prompt_text();
    ck_assert_ptr_null(strpbrk(text, "\x1b\x07"));
    free(text);
    take("s?", 0, ERROR_SHEET_UNCERTAIN, 4);
    text = prompt_text();
    ck_assert_ptr_nonnull(strstr(text, "Uncertain: page 2 is in doubt"));
    free(text);
}
END_TEST

/* Every reason for which a printer stops is told in the words of printing, with what is to be done. */
START_TEST(the_question_for_each_error_of_printing)
{
    for (uint16_t code = ERROR_PRINTER_JAM; code <= ERROR_PRINTER_ERROR; code++) {
        char expected[1024];
        take_printing("ppb..", 5, code, 4);
        char *text = prompt_text();
        snprintf(
            expected, sizeof expected,
            "Job 7 on kontor has stopped at sheet 3: %s (%s).\n"
            "Safe:      sheets 1-2 are printed.\n"
            "Under way: sheet 3 is at the printer; what became of that is found out when the job goes on.\n"
            "%s%s%s"
            "How is it to go on?\n"
            "  1  resume     go on with the sheet that failed (sheet 3) [default]\n"
            "  2  skip       leave the failed sheet out, and go on behind it (sheet 3)\n"
            "  3  from-page  back up to an earlier sheet, and print again from there (1 to 2)\n"
            "  4  redo-last  the last printed sheet once more, too (sheet 2)\n"
            "  5  finish     print no more: what is printed is the result (up to sheet 2)\n"
            "  6  restart    from the start: print every sheet again\n"
            "  7  abandon    cancel the job\n",
            error_find(code)->sentence, error_find(code)->keyword,
            *error_find(code)->action ? "To do:     " : "", error_find(code)->action,
            *error_find(code)->action ? "\n" : "");
        ck_assert_str_eq(text, expected);
        ck_assert_uint_eq(error_find(code)->code, code);
        free(text);
        forget();
    }
}
END_TEST

START_TEST(the_question_about_uncertain_sheets)
{
    take_printing("pp-?..", 6, ERROR_PRINT_UNCERTAIN, 4);
    char *text = prompt_text();
    ck_assert_ptr_nonnull(strstr(text, "has stopped at sheet 4: nobody can know"));
    ck_assert_ptr_nonnull(strstr(text, "Left out:  sheet 3 is not printed any more.\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "In doubt:  sheet 4 is uncertain: nobody can know whether it has been printed. Look into the output tray: resume "
                     "prints it, perhaps once more; skip takes it for printed.\n"));
    ck_assert_ptr_nonnull(strstr(text,
                                 "  1  resume     print the uncertain sheet, and go on (sheet 4) [default]\n"
                                 "  2  skip       it has been printed: go on behind it (sheet 4)\n"));
    free(text);
    forget();
    take_printing("??", 2, ERROR_PRINT_UNCERTAIN, 4);
    text = prompt_text();
    ck_assert_ptr_nonnull(strstr(text, "Safe:      no sheet yet.\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "sheets 1-2 are uncertain: nobody can know whether they have been printed."
                     " Look into the output tray: resume prints sheet 1, perhaps once more; skip takes it for printed; then the "
                     "next one is asked about.\n"));
    free(text);
    forget();
    /* The uncertain one comes first, though another one is left before it. */
    take_printing("c?", 2, ERROR_PRINTER_JAM, 4);
    text = prompt_text();
    ck_assert_ptr_nonnull(strstr(text, " has stopped at sheet 2: "));
    ck_assert_ptr_nonnull(strstr(text, "Look into the output tray: resume prints it, perhaps once more; skip takes it for printed.\n"));
    free(text);
}
END_TEST

START_TEST(sheets_as_they_come_out)
{
    struct progress progress = {0};
    struct text_buffer text;
    text_start(&text, 4096);
    take_printing("cb..", 4, 0, 0);
    progress_lines(&progress, &view, &text);
    ck_assert_str_eq(text_of(&text), "");
    take_printing("pp?-", 4, 0, 0);
    progress_lines(&progress, &view, &text);
    ck_assert_str_eq(text_of(&text), "sheet 1 printed\nsheet 2 printed\n"
                                     "sheet 3 uncertain: nobody can know whether it has been printed\n"
                                     "sheet 4 left out\n");
    text_free(&text);
    progress_free(&progress);

    take_printing("pbb.", 4, 0, 0);
    progress_line(&progress, &view, 1000, &text);
    ck_assert_str_eq(text_of(&text), "job 7: sheet 2, 1 of 4 printed, 2 at the printer, connected");
    text_free(&text);
    take_printing("ppp.", 4, 0, 0);
    view.is_linked = false;
    progress_line(&progress, &view, 61000, &text);
    ck_assert_str_eq(text_of(&text), "job 7: sheet 4, 3 of 4 printed, 2.0 sheets/min, not connected");
    text_free(&text);
    /* Given up by a restart: fewer are printed than before. */
    take_printing("....", 4, 0, 0);
    progress_line(&progress, &view, 62000, &text);
    ck_assert_str_eq(text_of(&text), "job 7: sheet 1, 0 of 4 printed, connected");
    text_free(&text);
    take_printing("pppp", 4, 0, 0);
    progress_line(&progress, &view, 62001, &text);
    ck_assert_str_eq(text_of(&text), "job 7: finished, 4 of 4 printed, connected");
    text_free(&text);
    progress_free(&progress);
}
END_TEST

static char *shown(void (*show)(FILE *out, const struct job_view *view))
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    show(out, &view);
    fclose(out);
    return text;
}

static void show_table(FILE *out, const struct job_view *of)
{
    struct render_table *table = render_table_new(RENDER_JOB_HEADINGS);
    render_table_job(table, of);
    render_table_print(out, &table, "");
}

START_TEST(a_printing_job_as_text)
{
    take_printing("pp?bc-..", 8, ERROR_PRINTER_EMPTY, 4);
    char *text = shown(render_text_job);
    ck_assert_ptr_nonnull(strstr(text, "\nprinter      laser\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nphase        printing uncertain, sheet 3\n"
                                       "sheets       8\nprinted      1-2\nsubmitted    4\nreceived     5\n"
                                       "uncertain    3\nskipped      6\n"));
    free(text);
    text = shown(show_table);
    ck_assert_ptr_eq(strstr(text, "7    kontor  printing  processing-stopped  3     2 of 8  "),
                     text + strcspn(text, "\n") + 1);
    free(text);
    view.state = JOB_CANCELED;
    text = shown(render_text_end);
    ck_assert_ptr_nonnull(
        strstr(text, "job 7 is canceled: 2 of 8 sheets printed, 1 uncertain, 1 left out\n"));
    free(text);
    forget();
    take_printing("p", 1, 0, 0);
    view.state = JOB_COMPLETED;
    free(view.action);
    view.action = strdup("1 sheet was printed"); /* the server's sentence, which says it again */
    text = shown(render_text_end);
    ck_assert_str_eq(text, "job 7 is completed: 1 of 1 sheet printed\n");
    free(text);
}
END_TEST

START_TEST(answers)
{
    static const struct {
        const char *typed;
        enum prompt_result result;
        enum manner manner;
        uint32_t page;
    } cases[] = {
        {"", PROMPT_TAKEN, MANNER_RESUME, 0},
        {"  \t", PROMPT_TAKEN, MANNER_RESUME, 0},
        {"1", PROMPT_TAKEN, MANNER_RESUME, 0},
        {"7", PROMPT_TAKEN, MANNER_ABANDON, 0},
        {"finish", PROMPT_TAKEN, MANNER_FINISH, 0},
        {" from-page  2 ", PROMPT_TAKEN, MANNER_FROM_PAGE, 2},
        {"2 1", PROMPT_TAKEN, MANNER_FROM_PAGE, 1},
        {"2", PROMPT_NEEDS_PAGE, MANNER_FROM_PAGE, 0},
        {"2 0", PROMPT_WRONG, MANNER_FROM_PAGE, 0},
        {"2 3", PROMPT_WRONG, MANNER_FROM_PAGE, 0},
        {"0", PROMPT_WRONG, MANNER_NONE, 0},
        {"8", PROMPT_WRONG, MANNER_NONE, 0},
        {"fin", PROMPT_WRONG, MANNER_NONE, 0},
        {"unknown", PROMPT_WRONG, MANNER_NONE, 0},
        {"resume 3", PROMPT_WRONG, MANNER_RESUME, 0},
        {"from-page 1 2", PROMPT_WRONG, MANNER_FROM_PAGE, 0},
        {"99999999999999999999999999999999999999999999", PROMPT_WRONG, MANNER_NONE, 0},
    };
    struct prompt_answer answer;
    char why[PROMPT_WHY_BYTES];
    take("ss", 0, ERROR_MEDIA_JAM, 4);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum prompt_result result = prompt_answer_of(&view, cases[i].typed, &answer, why);
        ck_assert_msg(result == cases[i].result, "'%s' gives %d", cases[i].typed, result);
        if (result != PROMPT_WRONG)
            ck_assert_int_eq(answer.manner, cases[i].manner);
        if (result == PROMPT_TAKEN)
            ck_assert_uint_eq(answer.page, cases[i].page);
    }
    ck_assert_int_eq(prompt_page_of(&view, "2", &answer, why), PROMPT_TAKEN);
    ck_assert_uint_eq(answer.page, 2);
    ck_assert_int_eq(prompt_page_of(&view, "", &answer, why), PROMPT_WRONG);
    ck_assert_str_eq(why, "a page from 1 to 2, please");
}
END_TEST

START_TEST(a_manner_that_is_not_on_offer)
{
    struct prompt_answer answer;
    char why[PROMPT_WHY_BYTES];
    take("", 0, ERROR_MEDIA_JAM, 1);
    ck_assert_int_eq(prompt_choose(&view, MANNER_FINISH, 0, &answer, why), PROMPT_WRONG);
    ck_assert_str_eq(why, "finish is not on offer; there is: resume, skip, restart, abandon");
    forget();
    /* Nothing is on offer: no answer fits, not even the default. */
    take("", 0, 0, 0);
    ck_assert_int_eq(prompt_answer_of(&view, "", &answer, why), PROMPT_WRONG);
    ck_assert_int_eq(prompt_answer_of(&view, "1", &answer, why), PROMPT_WRONG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctl/show");
    TCase *cases = tcase_create("all");
    suite_add_tcase(suite, cases);
    tcase_add_checked_fixture(cases, NULL, forget);
    tcase_add_test(cases, a_job_as_json);
    tcase_add_test(cases, a_printing_job_as_json);
    tcase_add_test(cases, units_documents_and_clients_as_json);
    tcase_add_test(cases, a_ledger_that_contradicts_itself_is_refused);
    tcase_add_test(cases, runs_of_pages);
    tcase_add_test(cases, one_line_per_page);
    tcase_add_test(cases, one_line_for_a_terminal);
    tcase_add_test(cases, the_question);
    tcase_add_test(cases, the_question_for_each_error_of_printing);
    tcase_add_test(cases, the_question_about_uncertain_sheets);
    tcase_add_test(cases, sheets_as_they_come_out);
    tcase_add_test(cases, a_printing_job_as_text);
    tcase_add_test(cases, answers);
    tcase_add_test(cases, a_manner_that_is_not_on_offer);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
