# The splitting unit. What is pure stands in a library of its own, for unit tests.
noinst_LTLIBRARIES += libsplitting.la
libsplitting_la_SOURCES = serviced/units/paper.h serviced/units/paper.c \
  serviced/units/exif.h serviced/units/exif.c

pkglibexec_PROGRAMS += serviced/units/splitting_unit
serviced_units_splitting_unit_SOURCES = serviced/units/splitting_unit.c serviced/units/splitting.h \
  serviced/units/block_file.c serviced/units/block_file.h \
  serviced/units/image.h serviced/units/image_jpeg.c serviced/units/image_png.c serviced/units/image_tiff.c \
  serviced/units/pdf_source.h serviced/units/pdf_box.c serviced/units/pdf_contents.c serviced/units/pdf_copy.c \
  serviced/units/pdf_page.c serviced/units/pdf_unpack.c \
  serviced/units/refusal.c serviced/units/refusal.h \
  serviced/units/report.c serviced/units/report.h \
  serviced/units/sheets.c serviced/units/sheets.h \
  serviced/units/sniff.c \
  serviced/units/source_image.c serviced/units/source_pdf.c serviced/units/source_text.c
serviced_units_splitting_unit_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS) $(JPEG_CFLAGS) $(PNG_CFLAGS) $(TIFF_CFLAGS) \
  $(QPDF_CFLAGS) $(PANGO_CFLAGS)
serviced_units_splitting_unit_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
serviced_units_splitting_unit_LDADD = libsplitting.la libpage.la libbase.la libdeskline.la \
  $(QPDF_LIBS) $(PANGO_LIBS) $(PNG_LIBS) $(TIFF_LIBS) $(JPEG_LIBS) $(ZLIB_LIBS) $(OPENSSL_LIBS) -lm

# What plays serviced for it in tests.
check_PROGRAMS += tests/rig/split-driver
tests_rig_split_driver_SOURCES = tests/rig/split_driver.c
tests_rig_split_driver_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
tests_rig_split_driver_LDADD = libserviced.la
