#include "config.h"

#include <math.h>
#include <stdio.h>

#include "serviced/units/pdf_source.h"

#define PARENTS_MOST 64      /* levels of a page tree that is none of a circle */
#define LEAST_PT     1.0     /* a page is larger than a point */
#define MOST_PT      14400.0 /* 200 inch: ISO 32000-1, annex C */

qpdf_oh pdf_inherited(qpdf_data qpdf, qpdf_oh page, const char *key)
{
    qpdf_oh node = page;
    for (int level = 0; level < PARENTS_MOST && qpdf_oh_is_dictionary(qpdf, node); level++) {
        qpdf_oh value = qpdf_oh_get_key(qpdf, node, key);
        if (!qpdf_oh_is_null(qpdf, value))
            return value;
        node = qpdf_oh_get_key(qpdf, node, "/Parent");
    }
    return qpdf_oh_new_null(qpdf);
}

bool pdf_box_read(qpdf_data qpdf, qpdf_oh array, struct pdf_box *box)
{
    double values[4];
    if (!qpdf_oh_is_array(qpdf, array) || qpdf_oh_get_array_n_items(qpdf, array) != 4)
        return false;
    for (int i = 0; i < 4; i++) {
        if (!qpdf_oh_get_value_as_number(qpdf, qpdf_oh_get_array_item(qpdf, array, i), &values[i]) ||
            !isfinite(values[i]) || fabs(values[i]) > 1e9)
            return false;
    }
    *box = (struct pdf_box){fmin(values[0], values[2]), fmin(values[1], values[3]),
                            fmax(values[0], values[2]), fmax(values[1], values[3])};
    return true;
}

static void intersect(struct pdf_box *box, const struct pdf_box *other)
{
    struct pdf_box both = {fmax(box->left, other->left), fmax(box->bottom, other->bottom),
                           fmin(box->right, other->right), fmin(box->top, other->top)};
    if (both.right > both.left && both.top > both.bottom)
        *box = both;
}

static bool is_possible(double length_pt)
{
    return length_pt >= LEAST_PT && length_pt <= MOST_PT;
}

int pdf_page_box(qpdf_data qpdf, qpdf_oh page, uint32_t number, struct pdf_box *box, int *quarters,
                 struct refusal *refusal)
{
    struct pdf_box crop;
    double unit = 1;
    int turn = 0;
    if (!pdf_box_read(qpdf, pdf_inherited(qpdf, page, "/MediaBox"), box))
        return refuse(refusal, ERROR_DOCUMENT, "page %u of the PDF has no size", number);
    if (pdf_box_read(qpdf, pdf_inherited(qpdf, page, "/CropBox"), &crop))
        intersect(box, &crop);
    if (!qpdf_oh_get_value_as_number(qpdf, qpdf_oh_get_key(qpdf, page, "/UserUnit"), &unit))
        unit = 1;
    double width = (box->right - box->left) * unit, height = (box->top - box->bottom) * unit;
    if (!is_possible(width) || !is_possible(height))
        return refuse(refusal, ERROR_DOCUMENT,
                      "page %u of the PDF has an impossible size: %.4g x %.4g points", number, width, height);
    if (!qpdf_oh_get_value_as_int(qpdf, pdf_inherited(qpdf, page, "/Rotate"), &turn))
        turn = 0;
    *quarters = (turn / 90 % 4 + 4) % 4;
    return 0;
}

qpdf_oh pdf_box_object(qpdf_data qpdf, const struct pdf_box *box)
{
    const double values[4] = {box->left, box->bottom, box->right, box->top};
    qpdf_oh array = qpdf_oh_new_array(qpdf);
    for (int i = 0; i < 4; i++)
        qpdf_oh_append_item(qpdf, array, qpdf_oh_new_real_from_double(qpdf, values[i], 4));
    return array;
}
