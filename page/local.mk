noinst_LTLIBRARIES += libpage.la
libpage_la_SOURCES = page/page.h page/encode.h page/decode.h page/document.h page/page.c
libpage_la_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS) $(TIFF_CFLAGS) $(JPEG_CFLAGS)
libpage_la_LIBADD = $(ZLIB_LIBS) $(TIFF_LIBS) $(JPEG_LIBS)
