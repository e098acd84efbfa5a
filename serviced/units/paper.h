/* Sheets of paper, and how something is laid onto one. Pure. Lengths are points (1/72 inch). */
#ifndef DESKLINE_SERVICED_UNITS_PAPER_H
#define DESKLINE_SERVICED_UNITS_PAPER_H

#include "page/document.h"

struct paper {
    double width_pt, height_pt;
};

/* Portrait or landscape; TURN_AUTO as fits the content. */
enum turn { TURN_AUTO, TURN_PORTRAIT, TURN_LANDSCAPE };

/* By a short name ("a4", "letter") or one of PWG 5101.1 ("iso_a4_210x297mm", "na_letter_8.5x11in"). 0, or
 * -EINVAL for another word or a size that no printer has (under 10 mm, over 5 m). */
int paper_find(struct paper *paper, const char *name);
/* "a3, a4, …" */
void paper_names(char *text, size_t size);

/* The paper turned for a content of this width and height (in any unit). */
struct paper paper_turned(struct paper paper, enum turn turn, double width, double height);

/* The scale at which a content fits the paper, and where its lower left corner then is: in the centre. */
struct paper_fit {
    double scale, left_pt, bottom_pt;
};
struct paper_fit paper_fit(struct paper paper, double width, double height);

/* An image, whose orientation is that of TIFF 6.0 and Exif (1 … 8, others count as 1), laid onto the paper
 * as large as it fits. */
struct document_placement paper_place(struct paper paper, enum turn turn, const struct page_format *format,
                                      uint32_t rows, unsigned orientation);

#endif
