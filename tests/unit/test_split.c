/* The server's side of the splitting unit. The unit looks at hostile documents, and may have been taken over:
 * here this program plays it, under the unit's name, and says what it likes. */
#include "config.h"

#include <check.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <deskline/frame.h>

#include "base/child.h"
#include "base/loop.h"
#include "serviced/documents/split.h"
#include "wire/peer.h"

#define BYTE_LIMIT  1000u
#define WATCHDOG_MS 5000u

/* ---- The unit ----------------------------------------------------------------------------------------- */

/*
 * What it says, a word a frame: D a document of two sheets, DN one of N; bN a block of N bytes, the next one;
 * sN a block for sheet N; E that it is done; F a frame that is not its to send; X the end, with code 1.
 */
static int play(const char *story)
{
    static const uint8_t digest[SPLIT_DIGEST_BYTES] = {1};
    uint32_t next = 1;
    uint8_t bytes[256];
    char text[128];
    snprintf(text, sizeof text, "%s", story);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        uint64_t number = strtoull(word + 1, NULL, 10);
        struct frame frame = {.type = FRAME_SPLIT_RESULT};
        if (*word == 'X')
            return 1;
        if (*word == 'D')
            frame = (struct frame){
                .type = FRAME_SPLIT_DOCUMENT,
                .split_document = {.pages = 2, .chosen = 2, .sheets = word[1] ? (uint32_t)number : 2}};
        if (*word == 'b' || *word == 's')
            frame = (struct frame){.type = FRAME_SPLIT_BLOCK,
                                   .split_block = {.sheet = *word == 's' ? (uint32_t)number : next++,
                                                   .front = 1,
                                                   .length = *word == 's' ? 1 : number,
                                                   .digest = {digest, sizeof digest}}};
        if (*word == 'F')
            frame = (struct frame){.type = FRAME_PAGE_STORED};
        ssize_t length = frame_encode(&frame, bytes, sizeof bytes);
        if (length < 0 || write(CHILD_SOCKET_FD, bytes, (size_t)length) != length)
            return 2;
    }
    return 0;
}

/* ---- The server --------------------------------------------------------------------------------------- */

static const struct {
    const char *says;
    uint32_t blocks; /* that the server believes */
    uint16_t code;
} stories[] = {
    {"D b1 b2 E", 2, ERROR_NONE},
    {"D b500 b500 E", 2, ERROR_NONE},
    {"D b500 b501 E", 1, ERROR_INTERNAL},
    {"D b1001 E", 0, ERROR_INTERNAL},
    {"D b1 b18446744073709551615 E", 1, ERROR_INTERNAL}, /* as a sum, nothing */
    {"D b0 E", 0, ERROR_INTERNAL},
    {"D b1 E", 1, ERROR_INTERNAL},
    {"D b1 b1 b1 E", 2, ERROR_INTERNAL},
    {"D s2", 0, ERROR_INTERNAL},
    {"D s1 s1", 1, ERROR_INTERNAL},
    {"D0 E", 0, ERROR_INTERNAL},
    {"D3 E", 0, ERROR_INTERNAL},
    {"D D", 0, ERROR_INTERNAL},
    {"b1 E", 0, ERROR_INTERNAL},
    {"E", 0, ERROR_INTERNAL},
    {"F", 0, ERROR_INTERNAL},
    {"X", 0, ERROR_DOCUMENT},
    {"D b1", 1, ERROR_DOCUMENT},
};

struct listener {
    struct loop *loop;
    struct split *split;
    uint32_t blocks;
    unsigned ends;
    uint16_t code;
};

static void on_document(void *context, const struct split_document *document)
{
    (void)context;
    ck_assert_uint_eq(document->sheets, 2);
}

static void on_block(void *context, const struct split_block *block)
{
    struct listener *listener = context;
    ck_assert_uint_eq(block->sheet, ++listener->blocks);
}

static void on_end(void *context, const struct split_end *end)
{
    struct listener *listener = context;
    listener->ends++;
    listener->code = end->code;
    ck_assert(end->code == ERROR_NONE || end->text[0]);
    split_free(&listener->split);
    loop_stop(listener->loop);
}

static void make_unit(char folder[64])
{
    char self[PATH_MAX], unit[128];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    ck_assert_int_gt(length, 0);
    self[length] = '\0';
    snprintf(folder, 64, "/tmp/test-split-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(unit, sizeof unit, "%s/splitting_unit", folder);
    ck_assert_int_eq(symlink(self, unit), 0);
}

static void remove_unit(const char *folder)
{
    char unit[128];
    snprintf(unit, sizeof unit, "%s/splitting_unit", folder);
    unlink(unit);
    rmdir(folder);
}

START_TEST(story)
{
    static const struct split_callbacks callbacks = {on_document, on_block, on_end};
    struct listener listener = {.loop = loop_new()};
    struct peer_sweep *sweep = peer_sweep_new(listener.loop, 100);
    char folder[64];
    make_unit(folder);
    const struct split_order order = {.unit_folder = folder,
                                      .file = stories[_i].says,
                                      .output_folder = folder,
                                      .page_limit = 10,
                                      .byte_limit = BYTE_LIMIT,
                                      .watchdog_ms = WATCHDOG_MS};
    ck_assert_int_eq(split_start(&listener.split, listener.loop, sweep, &order, &callbacks, &listener), 0);
    loop_run(listener.loop);
    remove_unit(folder);
    ck_assert_uint_eq(listener.ends, 1);
    ck_assert_msg(listener.code == stories[_i].code, "%s: %s", stories[_i].says,
                  error_find(listener.code)->keyword);
    ck_assert_msg(listener.blocks == stories[_i].blocks, "%s: %u blocks", stories[_i].says, listener.blocks);
    peer_sweep_free(&sweep);
    loop_free(&listener.loop);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[0], "splitting_unit") == 0)
        return play(argv[argc - 1]);
    Suite *suite = suite_create("split");
    TCase *tests = tcase_create("stories");
    SRunner *runner = srunner_create(suite);
    int failures;
    tcase_add_loop_test(tests, story, 0, sizeof stories / sizeof stories[0]);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
