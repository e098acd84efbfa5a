/* Exact comparison of the pages that were in the scanner with the images that came out at the other end. */
#ifndef RIG_COMPARE_H
#define RIG_COMPARE_H

/* Compares page files (PNM, from pages[0]) with images (PNG, TIFF with one or more images each, PNM, or
   samples alone in
   *.raw), in order. Says on standard output which pages are identical and on standard error where the first
   difference is. Returns 0 when there are as many images as pages and all are identical, 1 when not, 2 when a
   file cannot be read.
   With `near` above 0, images that lost something on purpose (JPEG) count as identical when the mean
   difference of their samples is at most so much. */
int compare_pages(char **pages, int page_count, char **images, int image_count, unsigned near);

#endif
