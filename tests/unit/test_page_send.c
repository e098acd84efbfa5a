/* Both ends of a page's way, pure: what goes next, and what each frame means for the file. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "wire/page_receive.h"
#include "wire/page_send.h"

/* ---- Sending ------------------------------------------------------------------------------------------ */

struct source {
    struct page_send send;
    struct ledger ledger;
    struct page_growing growing;
};

/* A whole page has 100 bytes a page number. */
static uint64_t length_of(void *context, uint32_t page, uint32_t generation)
{
    (void)context, (void)generation;
    return 100u * (uint64_t)page;
}

static void source_start(struct source *source, uint32_t whole)
{
    *source = (struct source){.send.flowing = true};
    for (uint32_t page = 1; page <= whole; page++)
        ledger_set(&source->ledger, page, PAGE_READ, 0);
}

static void source_end(struct source *source)
{
    page_send_free(&source->send);
    ledger_free(&source->ledger);
}

static enum page_send_step look(struct source *source, uint64_t *available)
{
    return page_send_next(&source->send, &source->ledger, &source->growing, length_of, NULL, available);
}

/* Sends at most `limit` frames, data in pieces of at most 150 bytes: "B1 1:0+100 E1 …". */
static const char *sent(struct source *source, int limit)
{
    static char text[256];
    size_t at = 0;
    uint64_t available;
    text[0] = '\0';
    while (limit-- > 0) {
        enum page_send_step step = look(source, &available);
        unsigned page = source->send.page, offset = (unsigned)source->send.offset;
        unsigned piece = available < 150 ? (unsigned)available : 150;
        if (step == PAGE_SEND_NOTHING)
            break;
        if (step == PAGE_SEND_DATA)
            at += (size_t)snprintf(text + at, sizeof text - at, " %u:%u+%u", page, offset, piece);
        else
            at += (size_t)snprintf(text + at, sizeof text - at, " %c%u", step == PAGE_SEND_BEGIN ? 'B' : 'E',
                                   page);
        if (step == PAGE_SEND_BEGIN)
            page_send_began(&source->send);
        else if (step == PAGE_SEND_DATA)
            page_send_advance(&source->send, piece);
        else
            page_send_ended(&source->send);
    }
    return *text ? text + 1 : text;
}

#define ALL 99

START_TEST(pages_go_in_order_and_once)
{
    struct source source;
    source_start(&source, 2);
    ledger_set(&source.ledger, 4, PAGE_READ, 0); /* behind a hole */
    ledger_set(&source.ledger, 5, PAGE_STORED, 0);
    ck_assert_str_eq(sent(&source, ALL),
                     "B1 1:0+100 E1 B2 2:0+150 2:150+50 E2 B4 4:0+150 4:150+150 4:300+100 E4");
    ck_assert_str_eq(sent(&source, ALL), "");
    ledger_set(&source.ledger, 3, PAGE_READ, 0);
    ck_assert_str_eq(sent(&source, 1), "B3");
    source_end(&source);
}
END_TEST

/* What the receiver has, it may lose. */
START_TEST(what_was_acknowledged_goes_again_when_it_is_wanted_again)
{
    struct source source;
    source_start(&source, 2);
    ck_assert_str_eq(sent(&source, ALL), "B1 1:0+100 E1 B2 2:0+150 2:150+50 E2");
    ledger_set(&source.ledger, 1, PAGE_UNREAD, 0);
    page_send_acknowledged(&source.send, 1);
    page_send_acknowledged(&source.send, 0);
    page_send_acknowledged(&source.send, LEDGER_MAX_PAGES);
    ck_assert_str_eq(sent(&source, ALL), "");
    ledger_set(&source.ledger, 1, PAGE_READ, 0);
    ck_assert_str_eq(sent(&source, ALL), "B1 1:0+100 E1");
    source_end(&source);
}
END_TEST

START_TEST(nothing_goes_while_it_does_not_flow)
{
    struct source source;
    source_start(&source, 1);
    source.send.flowing = false;
    ck_assert_str_eq(sent(&source, ALL), "");
    source.send.flowing = true;
    ck_assert_str_eq(sent(&source, 2), "B1 1:0+100");
    source.send.flowing = false;
    ck_assert_str_eq(sent(&source, ALL), "");
    source_end(&source);
}
END_TEST

START_TEST(a_growing_page_follows_its_bytes)
{
    struct source source;
    source_start(&source, 1);
    source.growing = (struct page_growing){.page = 2, .generation = 0, .length = 30};
    ck_assert_str_eq(sent(&source, ALL), "B1 1:0+100 E1 B2 2:0+30");
    ck_assert_str_eq(sent(&source, ALL), "");
    source.growing.length = 70;
    ck_assert_str_eq(sent(&source, ALL), "2:30+40");
    ledger_set(&source.ledger, 2, PAGE_READ, 0); /* it is whole; the unit has begun the next one */
    source.growing = (struct page_growing){.page = 3, .generation = 0, .length = 0};
    ck_assert_str_eq(sent(&source, ALL), "2:70+130 E2 B3");
    source_end(&source);
}
END_TEST

START_TEST(a_growing_page_that_is_read_again_goes_first)
{
    struct source source;
    source_start(&source, 0);
    ledger_set(&source.ledger, 2, PAGE_READ, 0);
    source.growing = (struct page_growing){.page = 1, .generation = 1, .length = 10};
    ck_assert_str_eq(sent(&source, ALL), "B1 1:0+10");
    source_end(&source);
}
END_TEST

START_TEST(a_page_given_up_under_way_is_left)
{
    struct source source;
    source_start(&source, 0);
    source.growing = (struct page_growing){.page = 1, .generation = 0, .length = 30};
    ck_assert_str_eq(sent(&source, ALL), "B1 1:0+30");
    source.growing = (struct page_growing){0};
    ck_assert_str_eq(sent(&source, ALL), "");
    source.growing = (struct page_growing){.page = 1, .generation = 1, .length = 20};
    ck_assert_str_eq(sent(&source, ALL), "B1 1:0+20");
    ledger_set(&source.ledger, 1, PAGE_READ, 1);
    source.growing = (struct page_growing){0};
    ck_assert_str_eq(sent(&source, ALL), "1:20+80 E1");
    ledger_set(&source.ledger, 1, PAGE_READ, 2); /* another generation of the same page */
    ck_assert_str_eq(sent(&source, ALL), "B1 1:0+100 E1");
    source_end(&source);
}
END_TEST

START_TEST(a_page_stored_under_way_is_left)
{
    struct source source;
    source_start(&source, 2);
    ck_assert_str_eq(sent(&source, 1), "B1");
    ledger_set(&source.ledger, 1, PAGE_STORED, 0);
    ck_assert_str_eq(sent(&source, 1), "B2");
    source_end(&source);
}
END_TEST

static const struct {
    uint32_t page, generation;
    uint64_t offset;
    const char *expect;
} resumes[] = {
    {1, 0, 40, "B1 1:40+60 E1 B2"},
    {1, 0, 100, "B1 E1 B2 2:0+150"},
    {1, 0, 0, "B1 1:0+100 E1 B2"},
    {1, 0, UINT64_MAX, "B1 E1 B2 2:0+150"}, /* more than there is */
    {2, 0, 180, "B1 1:0+100 E1 B2"},
    {1, 7, 40, "B1 1:0+100 E1 B2"}, /* of another generation */
    {0, 0, 40, "B1 1:0+100 E1 B2"},
    {UINT32_MAX, 0, 40, "B1 1:0+100 E1 B2"},
    {9, 0, 40, "B1 1:0+100 E1 B2"},
    {LEDGER_MAX_PAGES + 1, 0, 0, "B1 1:0+100 E1 B2"},
    {UINT32_MAX, UINT32_MAX, UINT64_MAX, "B1 1:0+100 E1 B2"},
};

START_TEST(resume_before_the_page)
{
    struct source source;
    source_start(&source, 2);
    page_send_resume(&source.send, resumes[_i].page, resumes[_i].generation, resumes[_i].offset);
    ck_assert_str_eq(sent(&source, 4), resumes[_i].expect);
    source_end(&source);
}
END_TEST

START_TEST(resume_survives_the_pages_before_it)
{
    struct source source;
    source_start(&source, 2);
    page_send_resume(&source.send, 2, 0, 180);
    page_send_began(&source.send); /* no page is chosen yet */
    page_send_reset(&source.send);
    source.send.flowing = true;
    ck_assert_str_eq(sent(&source, ALL), "B1 1:0+100 E1 B2 2:0+150 2:150+50 E2"); /* of the old connection */
    source_end(&source);
}
END_TEST

START_TEST(resume_that_crosses)
{
    struct source source;
    source_start(&source, 2);
    ck_assert_str_eq(sent(&source, 2), "B1 1:0+100");
    page_send_resume(&source.send, 1, 0, 40); /* written before the bytes had come */
    ck_assert_str_eq(sent(&source, 1), "E1");
    page_send_resume(&source.send, 1, 0, 40);
    ck_assert_str_eq(sent(&source, ALL), "B2 2:0+150 2:150+50 E2");
    source_end(&source);
}
END_TEST

START_TEST(again_from_the_start)
{
    struct source source;
    source_start(&source, 2);
    ck_assert_str_eq(sent(&source, 2), "B1 1:0+100");
    page_send_resume(&source.send, 1, 0, 0); /* while it is under way */
    ck_assert_str_eq(sent(&source, 3), "B1 1:0+100 E1");
    page_send_resume(&source.send, 1, 0, 0); /* after it was sent, with another one under way */
    ck_assert_str_eq(sent(&source, ALL), "B1 1:0+100 E1 B2 2:0+150 2:150+50 E2");
    ck_assert_str_eq(sent(&source, 1), "");
    page_send_resume(&source.send, 1, 1, 0); /* a generation that was never sent */
    ck_assert_str_eq(sent(&source, ALL), "");
    page_send_stop(&source.send); /* what was sent whole stays known */
    ck_assert_str_eq(sent(&source, ALL), "");
    page_send_reset(&source.send);
    source.send.flowing = true;
    ck_assert_str_eq(sent(&source, 2), "B1 1:0+100");
    source_end(&source);
}
END_TEST

START_TEST(again_behind_another_page_under_way)
{
    struct source source;
    source_start(&source, 2);
    ck_assert_str_eq(sent(&source, 5), "B1 1:0+100 E1 B2 2:0+150");
    page_send_resume(&source.send, 1, 0, 0);
    ck_assert_str_eq(sent(&source, ALL), "2:150+50 E2 B1 1:0+100 E1");
    source_end(&source);
}
END_TEST

/* ---- Receiving ---------------------------------------------------------------------------------------- */

#define LIMIT 1000u

/*
 * BN begin page N, bN the same in the next generation, wN another width, nN not wanted; N:O+L data; eN end,
 * and what is wrong with it: EN generation, lN length, sN digest, rN no rows, hN rows; D disconnect, F
 * forget. Steps:
 * - nothing, R restart, C continue, A append, a again, F finish, ! refuse; _ for what answers nothing.
 */
static const struct {
    const char *when, *expect;
    uint64_t length;
    uint32_t page; /* of the part that is kept */
} streams[] = {
    {"B1 1:0+50 1:50+20 e1 B2 2:0+10 e2", "RAAFRAF", 10, 2},
    {"1:0+5", "!", 0, 0},
    {"e1", "!", 0, 0},
    {"B0", "!", 0, 0},
    {"B1 e1", "R!", 0, 1},
    {"B1 1:0+0", "R!", 0, 1},
    {"B1 2:0+5", "R!", 0, 1},
    {"B1 1:0+5 1:4+5", "RA!", 5, 1},
    {"B1 1:0+5 1:6+5", "RA!", 5, 1},
    {"B1 1:0+5 1:0+5", "RA!", 5, 1},
    {"B1 1:0+5 e2", "RA!", 5, 1},
    {"B1 1:0+5 E1", "RA!", 5, 1},
    {"B1 1:0+5 l1", "RA!", 5, 1},
    {"B1 1:0+5 s1", "RA!", 5, 1},
    {"B1 1:0+5 r1", "RA!", 5, 1},
    {"B1 1:0+5 h1", "RA!", 5, 1},
    {"B1 1:0+5 e1 1:5+5", "RAF!", 5, 1},
    {"B1 1:0+5 e1 e1", "RAF!", 5, 1},
    /* The limit, from below and above. */
    {"B1 1:0+999 1:999+1 e1", "RAAF", 1000, 1},
    {"B1 1:0+999 1:999+2", "RA!", 999, 1},
    {"B1 1:0+1000", "RA", 1000, 1},
    {"B1 1:0+1001", "R!", 0, 1},
    {"B1 1:0+4294967295", "R!", 0, 1},
    {"B1 1:0+5 D B1 1:0+1001", "RA_C!", 5, 1}, /* also when the part starts anew */
    /* A part is kept over a connection, and gone on from, or not. */
    {"B1 1:0+50 D B1 1:50+20 e1", "RA_CAF", 70, 1},
    {"B1 1:0+50 D B1 e1", "RA_CF", 50, 1},
    {"B1 1:0+50 D B1 1:0+20 1:20+20 e1", "RA_CRAF", 40, 1},
    {"B1 1:0+50 D B1 1:40+20 1:60+5 e1", "RA_Ca--", 0, 0},
    {"B1 1:0+50 D 1:50+20", "RA_!", 50, 1},
    {"B1 1:0+50 D b1 1:0+20", "RA_RA", 20, 1},
    {"B1 1:0+50 D b1 1:50+20", "RA_Ra", 0, 0},
    {"B1 1:0+50 D w1", "RA_R", 0, 1},
    {"B1 1:0+50 D B2", "RA_R", 0, 2},
    {"B1 1:10+5 1:15+5 B1 1:0+5", "Ra-RA", 5, 1}, /* the part that it goes on from has gone */
    /* Not wanted, and forgotten while it is under way: its bytes are dropped until the next page. */
    {"n1 1:0+5 1:77+0 e1 B2 2:0+5", "----RA", 5, 2},
    {"B1 1:0+5 F 1:5+5 e1 B2 2:0+5", "RA_--RA", 5, 2},
    {"n1 F 1:0+5 e1", "-_--", 0, 0},
    {"F 1:0+5", "_!", 0, 0},
    {"B1 1:0+5 e1 F 1:5+5", "RAF_!", 0, 0},
    {"B1 1:0+5 F D 1:5+5", "RA__!", 0, 0},
};

static char step_of(struct page_receive *receive, const char *word)
{
    static const char steps[] = "-RCAaF!";
    static const uint8_t digest[32];
    unsigned long long page = 0, offset = 0, length = 0;
    const char *why = NULL;
    enum page_receive_step step;
    if (*word == 'D' || *word == 'F') {
        *word == 'D' ? page_receive_disconnect(receive) : page_receive_forget(receive);
        return '_';
    }
    if (sscanf(word, "%llu:%llu+%llu", &page, &offset, &length) == 3) {
        struct frame_page_data data = {
            .page = (uint32_t)page, .offset = offset, .bytes = {.length = (uint32_t)length}};
        step = page_receive_data(receive, &data, LIMIT, &why);
    } else if (strchr("Bbwn", *word)) {
        struct frame_page_begin begin = {.page = (uint32_t)(word[1] - '0'),
                                         .generation = *word == 'b',
                                         .width = *word == 'w' ? 9 : 8,
                                         .height = 7};
        step = page_receive_begin(receive, &begin, *word != 'n', &why);
    } else {
        struct frame_page_end end = {.page = (uint32_t)(word[1] - '0'),
                                     .generation = *word == 'E',
                                     .length = receive->length + (*word == 'l'),
                                     .rows = *word == 'r'   ? 0
                                             : *word == 'h' ? 8
                                                            : 7,
                                     .digest = {.at = digest, .length = *word == 's' ? 31 : 32}};
        step = page_receive_end(receive, &end, &why);
    }
    ck_assert_msg((step == PAGE_RECEIVE_REFUSE) == (why != NULL), "%s: a refusal has its reason", word);
    return steps[step];
}

START_TEST(stream)
{
    struct page_receive receive = {0};
    char when[96], steps[32], *rest = NULL;
    size_t count = 0;
    snprintf(when, sizeof when, "%s", streams[_i].when);
    for (char *word = strtok_r(when, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        steps[count++] = step_of(&receive, word);
    steps[count] = '\0';
    ck_assert_msg(strcmp(steps, streams[_i].expect) == 0, "%s: %s, not %s", streams[_i].when, steps,
                  streams[_i].expect);
    ck_assert_msg(receive.length == streams[_i].length, "%s: %u bytes", streams[_i].when,
                  (unsigned)receive.length);
    ck_assert_msg(receive.begin.page == streams[_i].page, "%s: page %u", streams[_i].when,
                  receive.begin.page);
}
END_TEST

/* A page whose height is not known at its start says it at its end. */
START_TEST(height_known_at_the_end)
{
    struct page_receive receive = {0};
    const uint8_t bytes[32] = {0};
    const char *why;
    struct frame_page_begin begin = {.page = 1, .width = 8};
    struct frame_page_data data = {.page = 1, .bytes = {.at = bytes, .length = 5}};
    struct frame_page_end end = {.page = 1, .length = 5, .rows = 4000, .digest = {.at = bytes, .length = 32}};
    ck_assert_int_eq(page_receive_begin(&receive, &begin, true, &why), PAGE_RECEIVE_RESTART);
    ck_assert_int_eq(page_receive_data(&receive, &data, LIMIT, &why), PAGE_RECEIVE_APPEND);
    ck_assert_int_eq(page_receive_end(&receive, &end, &why), PAGE_RECEIVE_FINISH);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page_send");
    TCase *sending = tcase_create("sending"), *receiving = tcase_create("receiving");
    SRunner *runner = srunner_create(suite);
    int failures;
    tcase_add_test(sending, pages_go_in_order_and_once);
    tcase_add_test(sending, nothing_goes_while_it_does_not_flow);
    tcase_add_test(sending, what_was_acknowledged_goes_again_when_it_is_wanted_again);
    tcase_add_test(sending, a_growing_page_follows_its_bytes);
    tcase_add_test(sending, a_growing_page_that_is_read_again_goes_first);
    tcase_add_test(sending, a_page_given_up_under_way_is_left);
    tcase_add_test(sending, a_page_stored_under_way_is_left);
    tcase_add_loop_test(sending, resume_before_the_page, 0, sizeof resumes / sizeof resumes[0]);
    tcase_add_test(sending, resume_survives_the_pages_before_it);
    tcase_add_test(sending, resume_that_crosses);
    tcase_add_test(sending, again_from_the_start);
    tcase_add_test(sending, again_behind_another_page_under_way);
    tcase_add_loop_test(receiving, stream, 0, sizeof streams / sizeof streams[0]);
    tcase_add_test(receiving, height_known_at_the_end);
    suite_add_tcase(suite, sending);
    suite_add_tcase(suite, receiving);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
