noinst_LTLIBRARIES += libpage.la
libpage_la_SOURCES = page/page.h page/encode.h page/decode.h page/document.h page/page.c \
  page/encode.c page/encode_codec.h page/encode_flate.c page/encode_g4.c page/encode_jpeg.c \
  page/decode.c page/decode_codec.h page/decode_flate.c page/decode_g4.c page/decode_jpeg.c page/verify.c \
  page/squeeze.c page/squeeze.h page/huffman.h page/run_block.h page/g4_codes.c page/g4_codes.h page/spill.c page/spill.h page/filter.h \
  page/document.c page/document_kind.h page/document_pdf.c page/document_png.c page/document_tiff.c \
  page/document_jpeg.c page/output.c page/output.h page/pdf_text.c page/pdf_text.h
libpage_la_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS) $(JPEG_CFLAGS)
libpage_la_LIBADD = libpagefilter.la $(ZLIB_LIBS) $(JPEG_LIBS)

# The row filters live from the vectoriser, the codes from unrolled loops.
noinst_LTLIBRARIES += libpagefilter.la
libpagefilter_la_SOURCES = page/filter.c page/filter.h page/huffman.c page/run_block.c
libpagefilter_la_CFLAGS = $(AM_CFLAGS) -O3
