/* The blocks of a printing job, as far as they are pure: their manifest, the window of those that the client
 * is to have by now, and the printer that a request means. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serviced/documents/manifest.h"
#include "serviced/jobs/block_window.h"
#include "serviced/jobs/unit_choice.h"

/* ---- The manifest ------------------------------------------------------------------------------------- */

static void fill(struct manifest *manifest, uint32_t count, uint64_t length)
{
    *manifest = (struct manifest){0};
    for (uint32_t i = 1; i <= count; i++) {
        struct manifest_block block = {
            .length = length + i, .front = 2 * i - 1, .back = i == count ? 0 : 2 * i};
        memset(block.digest, (int)i, sizeof block.digest);
        ck_assert_int_eq(manifest_add(manifest, &block), 0);
    }
}

START_TEST(a_manifest_comes_back_as_it_was)
{
    struct manifest manifest, again;
    uint8_t *bytes;
    size_t length;
    fill(&manifest, 3, UINT64_C(1) << 40);
    ck_assert_int_eq(manifest_encode(&manifest, &bytes, &length), 0);
    ck_assert_int_eq(manifest_decode(&again, bytes, length), 0);
    ck_assert_uint_eq(again.count, 3);
    ck_assert_uint_eq(manifest_bytes(&again), 3 * (UINT64_C(1) << 40) + 6);
    for (uint32_t i = 1; i <= 3; i++)
        ck_assert_mem_eq(manifest_find(&again, i), manifest_find(&manifest, i), sizeof *again.blocks);
    ck_assert_ptr_null(manifest_find(&again, 0));
    ck_assert_ptr_null(manifest_find(&again, 4));
    free(bytes);
    manifest_free(&manifest);
    manifest_free(&again);
}
END_TEST

START_TEST(a_damaged_manifest_is_found_out)
{
    struct manifest manifest, again;
    uint8_t *bytes;
    size_t length;
    fill(&manifest, 2, 100);
    ck_assert_int_eq(manifest_encode(&manifest, &bytes, &length), 0);
    for (size_t cut = 0; cut < length; cut++)
        ck_assert_int_eq(manifest_decode(&again, bytes, cut), -EBADMSG);
    for (size_t at = 0; at < length; at++) {
        bytes[at] ^= 0x40;
        ck_assert_int_eq(manifest_decode(&again, bytes, length), -EBADMSG);
        ck_assert_uint_eq(again.count, 0);
        bytes[at] ^= 0x40;
    }
    ck_assert_int_eq(manifest_decode(&again, bytes, length), 0);
    manifest_free(&again);
    free(bytes);
    manifest_free(&manifest);
}
END_TEST

START_TEST(a_block_that_cannot_be_is_not_taken)
{
    struct manifest manifest = {0};
    ck_assert_int_eq(manifest_add(&manifest, &(struct manifest_block){.front = 1}), -EINVAL);
    ck_assert_int_eq(manifest_add(&manifest, &(struct manifest_block){.length = 1}), -EINVAL);
    fill(&manifest, MANIFEST_BLOCKS_MAX, 1);
    ck_assert_int_eq(manifest_add(&manifest, &(struct manifest_block){.length = 1, .front = 1}), -ERANGE);
    manifest_free(&manifest);
}
END_TEST

START_TEST(a_manifest_lies_beside_its_blocks)
{
    char folder[] = "/tmp/manifest.XXXXXX", path[64];
    struct manifest manifest, again;
    int fd;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    fd = open(folder, O_RDONLY | O_DIRECTORY);
    fill(&manifest, 5, 10);
    ck_assert_int_eq(manifest_load(&again, fd, 7), -ENOENT);
    ck_assert_int_eq(manifest_save(&manifest, fd, 7), -ENOENT);
    ck_assert_int_eq(mkdirat(fd, "7", 0700), 0);
    ck_assert_int_eq(manifest_save(&manifest, fd, 7), 0);
    ck_assert_int_eq(manifest_load(&again, fd, 7), 0);
    ck_assert_uint_eq(again.count, 5);
    manifest_free(&again);
    manifest_free(&manifest);
    snprintf(path, sizeof path, "%s/7/manifest", folder);
    ck_assert_int_eq(truncate(path, 40), 0);
    ck_assert_int_eq(manifest_load(&again, fd, 7), -EBADMSG);
    ck_assert_int_eq(unlinkat(fd, "7/manifest", 0) | unlinkat(fd, "7", AT_REMOVEDIR) | rmdir(folder), 0);
    close(fd);
}
END_TEST

/* ---- The window --------------------------------------------------------------------------------------- */

/* The blocks that are wanted, as "1 2 5"; `sheets` has a letter for each: h r s p u k, and is copies long. */
static const char *wanted(uint32_t blocks, uint64_t length, const char *sheets)
{
    static const char letters[] = "h..uk"
                                  "rsp";
    static char text[4096];
    struct ledger ledger = {.total = (uint32_t)strlen(sheets)}, window = {0};
    struct manifest manifest;
    size_t at = 0;
    fill(&manifest, blocks, length);
    for (uint32_t i = 0; sheets[i]; i++)
        ledger_set(&ledger, i + 1, (enum page_state)(strchr(letters, sheets[i]) - letters), 0);
    block_window(&ledger, &manifest, &window);
    text[0] = '\0';
    for (uint32_t block = 1; block <= window.count; block++)
        if (ledger_get(&window, block).state == PAGE_READ)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%u", at ? " " : "", block);
    ledger_free(&ledger);
    ledger_free(&window);
    manifest_free(&manifest);
    return text;
}

START_TEST(what_is_held_is_wanted)
{
    ck_assert_str_eq(wanted(3, 100, "hhh"), "1 2 3");
    ck_assert_str_eq(wanted(3, 100, "phh"), "2 3");
    ck_assert_str_eq(wanted(3, 100, "psr"), "");
    ck_assert_str_eq(wanted(5, 100, "pskhu"), "4");
    ck_assert_str_eq(wanted(5, 100, "uhphk"), "2 4");
    ck_assert_str_eq(wanted(2, 100, "pp"), "");
    ck_assert_str_eq(wanted(2, 100, "kk"), "");
    ck_assert_str_eq(wanted(1, 100, "h"), "1");
}
END_TEST

START_TEST(a_block_is_sent_once_for_all_copies)
{
    ck_assert_str_eq(wanted(2, 100, "hhhh"), "1 2");
    ck_assert_str_eq(wanted(2, 100, "prhr"), "1");
    ck_assert_str_eq(wanted(2, 100, "srhr"), ""); /* the client has it while sheet 1 is at the printer */
    ck_assert_str_eq(wanted(1, 100, "phh"), "1");
    /* the end of a copy comes before the beginning of the next one */
    ck_assert_str_eq(wanted(3, 100, "pphhhh"), "3");
    ck_assert_str_eq(wanted(3, 100, "pprhhh"), "1 2");
}
END_TEST

START_TEST(the_window_is_bounded)
{
    uint64_t half = BLOCK_WINDOW_BYTES / 2;
    char many[1001];
    const char *all;
    /* four sheets however large they are, and no more when two have filled it */
    ck_assert_str_eq(wanted(9, half, "hhhhhhhhh"), "1 2 3 4");
    ck_assert_str_eq(wanted(9, half, "prrhhhhhh"), "4 5");
    /* what is settled between takes no room */
    ck_assert_str_eq(wanted(9, half / 4, "hppphppph"), "1 5 9");
    memset(many, 'h', 1000);
    many[1000] = '\0';
    all = wanted(1000, 1, many);
    ck_assert_str_eq(strrchr(all, ' '), " 256");
    memset(many, 'p', 500);
    all = wanted(1000, 1, many);
    ck_assert_int_eq(strncmp(all, "501 502 ", 8), 0);
    ck_assert_str_eq(strrchr(all, ' '), " 756");
}
END_TEST

/* A sheet that was given up wants its block anew. */
START_TEST(a_block_has_the_generation_of_its_sheet)
{
    struct ledger ledger = {.total = 4}, window = {0};
    struct manifest manifest;
    fill(&manifest, 2, 100);
    ledger_set(&ledger, 1, PAGE_PRINTED, 0);
    ledger_set(&ledger, 2, PAGE_HELD, 3);
    ledger_set(&ledger, 3, PAGE_HELD, 5);
    block_window(&ledger, &manifest, &window);
    ck_assert_int_eq(ledger_get(&window, 2).state, PAGE_READ);
    ck_assert_uint_eq(ledger_get(&window, 2).generation, 3);
    ck_assert_int_eq(ledger_get(&window, 1).state, PAGE_UNREAD);
    ledger_set(&ledger, 2, PAGE_RECEIVED, 3);
    block_window(&ledger, &manifest, &window);
    ck_assert_uint_eq(ledger_get(&window, 1).generation, 5);
    ledger_free(&ledger);
    ledger_free(&window);
    manifest_free(&manifest);
}
END_TEST

START_TEST(without_blocks_nothing_is_wanted)
{
    struct manifest none = {0};
    struct ledger ledger = {.total = 3}, window = {0};
    ledger_set(&window, 2, PAGE_READ, 0);
    block_window(&ledger, &none, &window);
    ck_assert_uint_eq(window.count, 0);
    ledger_free(&window);
}
END_TEST

/* ---- The printer -------------------------------------------------------------------------------------- */

/* The outcome of asking for `name` among "kind:name kind:name …", as it is chosen or said. */
static const char *chosen(const char *units, const char *name, int expected)
{
    static char text[UNIT_NAME_BYTES], why[512];
    struct frame_list_builder list = {0};
    struct frame_list view;
    char copy[256], *save = NULL;
    snprintf(copy, sizeof copy, "%s", units);
    for (char *at = strtok_r(copy, " ", &save); at; at = strtok_r(NULL, " ", &save))
        ck_assert_int_eq(frame_list_add(&list, &frame_record_unit,
                                        &(struct record_unit){.name = frame_text_of(at + 2),
                                                              .kind = (uint8_t)(*at - '0')}),
                         0);
    view = frame_list_view(&list);
    ck_assert_int_eq(unit_choose_printer(&view, frame_text_of(name), text, why, sizeof why), expected);
    frame_list_builder_free(&list);
    return expected ? why : text;
}

START_TEST(the_printer_that_is_meant)
{
    ck_assert_str_eq(chosen("1:scan 2:laser", "", 0), "laser");
    ck_assert_str_eq(chosen("2:ink 2:laser", "ink", 0), "ink");
    ck_assert_str_eq(chosen("2:ink 2:laser", "laser", 0), "laser");
    ck_assert_str_eq(chosen("1:scan 2:ink 2:laser", "", -EINVAL),
                     "the client has several printers, name one: ink, laser");
    ck_assert_str_eq(chosen("1:scan 2:ink", "scan", -ENOENT), "the client has no printer 'scan'; it has ink");
    ck_assert_str_eq(chosen("1:scan", "", -ENOENT), "the client has no printer: see its units");
    ck_assert_str_eq(chosen("", "laser", -ENOENT), "the client has no printer: see its units");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blocks");
    TCase *all = tcase_create("all");
    SRunner *runner;
    int failed;
    tcase_add_test(all, a_manifest_comes_back_as_it_was);
    tcase_add_test(all, a_damaged_manifest_is_found_out);
    tcase_add_test(all, a_block_that_cannot_be_is_not_taken);
    tcase_add_test(all, a_manifest_lies_beside_its_blocks);
    tcase_add_test(all, what_is_held_is_wanted);
    tcase_add_test(all, a_block_is_sent_once_for_all_copies);
    tcase_add_test(all, the_window_is_bounded);
    tcase_add_test(all, a_block_has_the_generation_of_its_sheet);
    tcase_add_test(all, without_blocks_nothing_is_wanted);
    tcase_add_test(all, the_printer_that_is_meant);
    suite_add_tcase(suite, all);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
