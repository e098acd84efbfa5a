/* serviced/units: what is laid onto paper, and how, and the orientation that a photograph brings along. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "serviced/units/exif.h"
#include "serviced/units/paper.h"

/* ---- Paper ---- */

static const struct {
    const char *name;
    double width_pt, height_pt; /* 0: there is none */
} papers[] = {
    {"a4", 595.28, 841.89},
    {"A4", 595.28, 841.89},
    {"letter", 612, 792},
    {"iso_a4_210x297mm", 595.28, 841.89},
    {"na_letter_8.5x11in", 612, 792},
    {"custom_max_5000x5000mm", 14173.23, 14173.23},
    {"custom_small_10x10mm", 28.35, 28.35},
    {"", 0, 0},
    {"a44", 0, 0},
    {"_", 0, 0},
    {"x_210x297", 0, 0},
    {"x_210x297cm", 0, 0},
    {"x_210xmm", 0, 0},
    {"x_x297mm", 0, 0},
    {"x_-210x297mm", 0, 0},
    {"x_infx297mm", 0, 0},
    {"x_210xnanmm", 0, 0},
    {"x_1e9x297mm", 0, 0},
    {"x_9.9x297mm", 0, 0},
    {"x_210x0mm", 0, 0},
    {"x_210x5001mm", 0, 0},
    {"x_210x297mmm", 0, 0},
};

START_TEST(papers_are_found_by_both_kinds_of_names)
{
    struct paper paper;
    int error = paper_find(&paper, papers[_i].name);

    ck_assert_msg((error == 0) == (papers[_i].width_pt > 0), "%s: %d", papers[_i].name, error);
    if (error) {
        ck_assert_int_eq(error, -EINVAL);
        return;
    }
    ck_assert_double_eq_tol(paper.width_pt, papers[_i].width_pt, 0.01);
    ck_assert_double_eq_tol(paper.height_pt, papers[_i].height_pt, 0.01);
}
END_TEST

START_TEST(paper_turns_as_its_content_does)
{
    const struct paper portrait = {100, 200}, landscape = {200, 100};

    ck_assert_double_eq(paper_turned(portrait, TURN_AUTO, 2, 1).width_pt, 200);
    ck_assert_double_eq(paper_turned(portrait, TURN_AUTO, 1, 2).width_pt, 100);
    ck_assert_double_eq(paper_turned(portrait, TURN_AUTO, 1, 1).width_pt, 100);
    ck_assert_double_eq(paper_turned(landscape, TURN_AUTO, 1, 2).width_pt, 100);
    ck_assert_double_eq(paper_turned(portrait, TURN_LANDSCAPE, 1, 2).width_pt, 200);
    ck_assert_double_eq(paper_turned(landscape, TURN_LANDSCAPE, 1, 2).width_pt, 200);
    ck_assert_double_eq(paper_turned(landscape, TURN_PORTRAIT, 2, 1).width_pt, 100);
}
END_TEST

/* ---- Images on paper ---- */

/* Where a corner of the image (u to the right, v upwards) comes to lie. */
static void look_up(const struct document_placement *placement, double u, double v, double *x, double *y)
{
    const double *m = placement->matrix;

    *x = m[0] * u + m[2] * v + m[4];
    *y = m[1] * u + m[3] * v + m[5];
}

/* Where TIFF 6.0 says that the first row and the first column are, seen upright: t, b, l or r. */
static const struct {
    char row, column;
} orientations[] = {{'t', 'l'}, {'t', 'l'}, {'t', 'r'}, {'b', 'r'}, {'b', 'l'},
                    {'l', 't'}, {'r', 't'}, {'r', 'b'}, {'l', 'b'}, {'t', 'l'}};

static char edge(double x, double y, double width, double height)
{
    return fabs(x) < 0.01            ? 'l'
           : fabs(x - width) < 0.01  ? 'r'
           : fabs(y) < 0.01          ? 'b'
           : fabs(y - height) < 0.01 ? 't'
                                     : '?';
}

START_TEST(every_orientation_comes_out_upright)
{
    /* Square paper and image: the whole paper is covered. */
    const struct page_format format = {.width_px = 50, .height_px = 50};
    struct document_placement placement =
        paper_place((struct paper){100, 100}, TURN_AUTO, &format, 50, (unsigned)_i);
    double x, y;

    look_up(&placement, 0.5, 1, &x, &y); /* the middle of the first row */
    ck_assert_int_eq(edge(x, y, 100, 100), orientations[_i].row);
    look_up(&placement, 0, 0.5, &x, &y); /* the middle of the first column */
    ck_assert_int_eq(edge(x, y, 100, 100), orientations[_i].column);
}
END_TEST

START_TEST(images_are_as_large_as_fits_and_in_the_centre)
{
    struct page_format format = {.width_px = 100, .height_px = 400};
    struct document_placement placement = paper_place((struct paper){200, 400}, TURN_AUTO, &format, 400, 1);

    ck_assert_double_eq(placement.matrix[0], 100);
    ck_assert_double_eq(placement.matrix[3], 400);
    ck_assert_double_eq(placement.matrix[4], 50);
    ck_assert_double_eq(placement.matrix[5], 0);
    /* A fax has half as many rows: its pixels are not square. */
    format = (struct page_format){.width_px = 200, .height_px = 200, .x_dpi = 200, .y_dpi = 100};
    placement = paper_place((struct paper){200, 400}, TURN_AUTO, &format, 200, 1);
    ck_assert_double_eq(placement.matrix[0], 200);
    ck_assert_double_eq(placement.matrix[3], 400);
    /* On its side it is landscape, and so is the paper. */
    placement = paper_place((struct paper){200, 400}, TURN_AUTO, &format, 200, 6);
    ck_assert_double_eq(placement.width_pt, 400);
    ck_assert_double_eq(placement.height_pt, 200);
    ck_assert_double_eq(placement.matrix[1], -200);
    ck_assert_double_eq(placement.matrix[2], 400);
}
END_TEST

/* ---- Exif ---- */

static const uint8_t exif[] = {'E', 'x', 'i', 'f', 0, 0, 'I', 'I', '*', 0, 8, 0, 0, 0, 2, 0,
                               /* some other entry, then the orientation: 6 */
                               0x0f, 0x01, 2, 0, 1, 0, 0, 0, 'x', 0, 0, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0,
                               0, 0};

/* A copy on the heap, where a sanitizer sees every byte too many. */
static unsigned orientation_of(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    unsigned orientation;

    memcpy(copy, bytes, length);
    orientation = exif_orientation(copy, length);
    free(copy);
    return orientation;
}

START_TEST(orientation_is_found)
{
    ck_assert_uint_eq(orientation_of(exif, sizeof exif), 6);
}
END_TEST

START_TEST(every_part_of_an_exif_block_is_harmless)
{
    for (size_t length = 0; length < sizeof exif; length++) {
        unsigned orientation = orientation_of(exif, length);

        ck_assert_uint_eq(orientation, length + 2 >= sizeof exif ? 6 : 0);
    }
}
END_TEST

START_TEST(every_changed_byte_is_harmless)
{
    uint8_t changed[sizeof exif];

    for (size_t at = 0; at < sizeof exif; at++) {
        for (unsigned value = 0; value < 256; value++) {
            memcpy(changed, exif, sizeof exif);
            changed[at] = (uint8_t)value;
            ck_assert_uint_le(orientation_of(changed, sizeof changed), 8);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("splitting");
    TCase *tests = tcase_create("splitting");
    SRunner *runner;
    int failed;

    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, papers_are_found_by_both_kinds_of_names, 0,
                        (int)(sizeof papers / sizeof papers[0]));
    tcase_add_test(tests, paper_turns_as_its_content_does);
    tcase_add_loop_test(tests, every_orientation_comes_out_upright, 0,
                        (int)(sizeof orientations / sizeof orientations[0]));
    tcase_add_test(tests, images_are_as_large_as_fits_and_in_the_centre);
    tcase_add_test(tests, orientation_is_found);
    tcase_add_test(tests, every_part_of_an_exif_block_is_harmless);
    tcase_add_test(tests, every_changed_byte_is_harmless);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
