/*
 * One page into another document. Only what prints goes along: links, actions, comments on comments, tags and
 * the private data of programs stay behind, and with them the ways by which a page holds on to the whole
 * document.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "serviced/units/pdf_source.h"

struct page_copy {
    qpdf_data to, from;
    qpdf_oh page, made;
    uint32_t number;
    struct pdf_contents contents;
    struct pdf_box box;     /* what is visible, in the page's units */
    struct paper_fit place; /* where the page's own units come to lie: scale 1 unless fitted */
};

/* ---- Annotations: stamps, filled-in fields, marks ----------------------------------------------------- */

static bool is_printed_key(void *context, const char *key)
{
    static const char *const others[] = {"/Parent", "/P",   "/Popup", "/A",    "/AA",
                                         "/Dest",   "/IRT", "/PA",    "/Kids", "/StructParent"};
    (void)context;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i], key) == 0)
            return false;
    return true;
}

static qpdf_oh copy_annotation(struct page_copy *copy, qpdf_oh annotation)
{
    qpdf_oh made = pdf_copy_dictionary(copy->to, copy->from, annotation, is_printed_key, NULL);
    struct pdf_box box;
    if (pdf_box_read(copy->from, qpdf_oh_get_key(copy->from, annotation, "/Rect"), &box)) {
        const struct paper_fit *place = &copy->place;
        box = (struct pdf_box){
            box.left * place->scale + place->left_pt, box.bottom * place->scale + place->bottom_pt,
            box.right * place->scale + place->left_pt, box.top * place->scale + place->bottom_pt};
        qpdf_oh_replace_key(copy->to, made, "/Rect", pdf_box_object(copy->to, &box));
    }
    return qpdf_make_indirect_object(copy->to, made);
}

static void copy_annotations(struct page_copy *copy)
{
    qpdf_data from = copy->from;
    qpdf_oh annotations = qpdf_oh_get_key(from, copy->page, "/Annots");
    int count = qpdf_oh_is_array(from, annotations) ? qpdf_oh_get_array_n_items(from, annotations) : 0;
    qpdf_oh made = qpdf_oh_new_array(copy->to);
    for (int i = 0; i < count; i++) {
        qpdf_oh annotation = qpdf_oh_get_array_item(from, annotations, i);
        if (qpdf_oh_is_dictionary(from, annotation) &&
            !qpdf_oh_is_name_and_equals(from, qpdf_oh_get_key(from, annotation, "/Subtype"), "/Popup"))
            qpdf_oh_append_item(copy->to, made, copy_annotation(copy, annotation));
    }
    if (count)
        qpdf_oh_replace_key(copy->to, copy->made, "/Annots", made);
}

/* ---- As it is ----------------------------------------------------------------------------------------- */

static void copy_unchanged(struct page_copy *copy)
{
    static const char *const inherited[] = {"/MediaBox", "/CropBox"};
    static const char *const own[] = {"/BleedBox", "/TrimBox", "/ArtBox", "/UserUnit", "/Contents"};
    qpdf_data to = copy->to, from = copy->from;
    for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++)
        pdf_set(to, copy->made, inherited[i],
                pdf_copy(to, from, pdf_inherited(from, copy->page, inherited[i])));
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        pdf_set(to, copy->made, own[i], pdf_copy(to, from, qpdf_oh_get_key(from, copy->page, own[i])));
    qpdf_oh_replace_key(
        to, copy->made, "/Resources",
        pdf_resources_copy(to, from, pdf_inherited(from, copy->page, "/Resources"), &copy->contents));
}

/* ---- Fitted to the paper ------------------------------------------------------------------------------ */

/* The page becomes a form: patterns are laid out in the space of the form, so that they scale along. */
static qpdf_oh make_form(struct page_copy *copy)
{
    qpdf_data to = copy->to, from = copy->from;
    const struct paper_fit *place = &copy->place;
    const double matrix[6] = {place->scale, 0, 0, place->scale, place->left_pt, place->bottom_pt};
    qpdf_oh form = pdf_new_stream(to, copy->contents.bytes, copy->contents.length);
    qpdf_oh dictionary = qpdf_oh_get_dict(to, form), array = qpdf_oh_new_array(to);
    for (int i = 0; i < 6; i++)
        qpdf_oh_append_item(to, array, qpdf_oh_new_real_from_double(to, matrix[i], 6));
    qpdf_oh_replace_key(to, dictionary, "/Type", qpdf_oh_new_name(to, "/XObject"));
    qpdf_oh_replace_key(to, dictionary, "/Subtype", qpdf_oh_new_name(to, "/Form"));
    qpdf_oh_replace_key(to, dictionary, "/Matrix", array);
    qpdf_oh_replace_key(to, dictionary, "/BBox", pdf_box_object(to, &copy->box));
    qpdf_oh_replace_key(
        to, dictionary, "/Resources",
        pdf_resources_copy(to, from, pdf_inherited(from, copy->page, "/Resources"), &copy->contents));
    pdf_set(to, dictionary, "/Group", pdf_copy(to, from, qpdf_oh_get_key(from, copy->page, "/Group")));
    return form;
}

static void copy_fitted(struct page_copy *copy, const struct splitting_orders *orders, int quarters)
{
    static const char drawing[] = "/Page Do\n";
    qpdf_data to = copy->to;
    double width = copy->box.right - copy->box.left, height = copy->box.top - copy->box.bottom;
    bool is_turned = quarters % 2 != 0; /* the paper is then looked at from its side */
    struct paper paper = is_turned ? paper_turned(orders->paper, orders->turn, height, width)
                                   : paper_turned(orders->paper, orders->turn, width, height);
    if (is_turned)
        paper = (struct paper){paper.height_pt, paper.width_pt};
    struct pdf_box media = {0, 0, paper.width_pt, paper.height_pt};
    copy->place = paper_fit(paper, width, height);
    copy->place.left_pt -= copy->box.left * copy->place.scale;
    copy->place.bottom_pt -= copy->box.bottom * copy->place.scale;
    qpdf_oh resources = qpdf_oh_new_dictionary(to), forms = qpdf_oh_new_dictionary(to);
    qpdf_oh_replace_key(to, forms, "/Page", make_form(copy));
    qpdf_oh_replace_key(to, resources, "/XObject", forms);
    qpdf_oh_replace_key(to, copy->made, "/Resources", resources);
    qpdf_oh_replace_key(to, copy->made, "/MediaBox", pdf_box_object(to, &media));
    qpdf_oh_replace_key(to, copy->made, "/Contents", pdf_new_stream(to, drawing, sizeof drawing - 1));
}

int pdf_page_copy(qpdf_data to, qpdf_data from, uint32_t number, const struct splitting_orders *orders,
                  struct refusal *refusal)
{
    struct page_copy copy = {.to = to, .from = from, .number = number, .place = {.scale = 1}};
    int quarters;
    copy.page = qpdf_get_page_n(from, number - 1);
    if (!qpdf_oh_is_dictionary(from, copy.page))
        return refuse(refusal, ERROR_DOCUMENT, "page %u is missing in the PDF", number);
    int error = pdf_page_box(from, copy.page, number, &copy.box, &quarters, refusal);
    if (!error)
        error = pdf_contents_read(from, copy.page, number, &copy.contents, refusal);
    if (error)
        goto end;
    copy.made = qpdf_oh_new_dictionary(to);
    qpdf_oh_replace_key(to, copy.made, "/Type", qpdf_oh_new_name(to, "/Page"));
    if (quarters)
        qpdf_oh_replace_key(to, copy.made, "/Rotate", qpdf_oh_new_integer(to, quarters * 90));
    pdf_set(to, copy.made, "/Group", pdf_copy(to, from, qpdf_oh_get_key(from, copy.page, "/Group")));
    if (orders->fit)
        copy_fitted(&copy, orders, quarters);
    else
        copy_unchanged(&copy);
    copy_annotations(&copy);
    qpdf_add_page(to, to, qpdf_make_indirect_object(to, copy.made), QPDF_FALSE);
end:
    free(copy.contents.bytes);
    return error;
}
