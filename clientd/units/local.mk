# What all units share.
noinst_LTLIBRARIES += libunit.la
libunit_la_SOURCES = \
  clientd/units/unit_link.c clientd/units/unit_link.h \
  clientd/units/unit_list.c clientd/units/unit_list.h \
  clientd/units/unit_signals.c clientd/units/unit_signals.h
libunit_la_LIBADD = libbase.la libdeskline.la

# The reading unit. Everything but main and SANE stands in a library of its own, so that unit tests can bring a scanner
# of theirs.
noinst_LTLIBRARIES += libreading.la
libreading_la_SOURCES = clientd/spool_names.h clientd/units/scanner.h \
  clientd/units/device_calls.c clientd/units/device_calls.h \
  clientd/units/page_rows.c clientd/units/page_rows.h \
  clientd/units/page_spool.c clientd/units/page_spool.h \
  clientd/units/read_job.c clientd/units/read_job.h \
  clientd/units/read_page.c clientd/units/read_page.h \
  clientd/units/sane_words.c clientd/units/sane_words.h
libreading_la_LIBADD = libunit.la libpage.la libbase.la libdeskline.la $(OPENSSL_LIBS)

pkglibexec_PROGRAMS += clientd/units/reading_unit
clientd_units_reading_unit_SOURCES = clientd/units/reading_unit.c \
  clientd/units/list.c clientd/units/list.h \
  clientd/units/sane_capabilities.c \
  clientd/units/sane_options.c clientd/units/sane_options.h \
  clientd/units/sane_setup.c clientd/units/sane_setup.h \
  clientd/units/sane_status.c \
  clientd/units/scanner_sane.c clientd/units/scanner_sane.h
clientd_units_reading_unit_CFLAGS = $(AM_CFLAGS) $(SANE_CFLAGS)
clientd_units_reading_unit_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
clientd_units_reading_unit_LDADD = libreading.la $(SANE_LIBS) -lm

# The printing unit, likewise: a library without libcups, and one with it.
noinst_LTLIBRARIES += libprinting.la libprintingipp.la
libprinting_la_SOURCES = clientd/spool_names.h clientd/units/printer.h \
  clientd/units/print_block.c clientd/units/print_block.h \
  clientd/units/print_job.c clientd/units/print_job.h clientd/units/print_job_internal.h \
  clientd/units/print_send.c \
  clientd/units/print_sheets.c clientd/units/print_sheets.h \
  clientd/units/print_watch.c \
  clientd/units/printer_error.c \
  clientd/units/printer_state.c clientd/units/printer_state.h clientd/units/printer_reasons.def \
  clientd/units/printing_arguments.c clientd/units/printing_arguments.h \
  clientd/units/sheet_fate.c clientd/units/sheet_fate.h clientd/units/sheet_fate.def
libprinting_la_LIBADD = libunit.la libpage.la libbase.la libdeskline.la $(OPENSSL_LIBS)
libprintingipp_la_SOURCES = \
  clientd/units/ipp_client.c clientd/units/ipp_client.h \
  clientd/units/ipp_deadline.c clientd/units/ipp_deadline.h \
  clientd/units/ipp_look.c clientd/units/ipp_look.h \
  clientd/units/ipp_options.c clientd/units/ipp_options.h \
  clientd/units/print_list.c clientd/units/print_list.h \
  clientd/units/printer_ipp.c clientd/units/printer_ipp.h
libprintingipp_la_LIBADD = libprinting.la $(CUPS_LIBS)

pkglibexec_PROGRAMS += clientd/units/printing_unit
clientd_units_printing_unit_SOURCES = clientd/units/printing_unit.c
clientd_units_printing_unit_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
clientd_units_printing_unit_LDADD = libprintingipp.la

# What plays clientd for it in tests, and looks at what it leaves in the spool.
check_PROGRAMS += tests/rig/unit-driver tests/rig/spool-image
tests_rig_unit_driver_SOURCES = tests/rig/unit_driver.c
tests_rig_unit_driver_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
tests_rig_unit_driver_LDADD = libdeskline.la
tests_rig_spool_image_SOURCES = tests/rig/spool_image.c
tests_rig_spool_image_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
tests_rig_spool_image_LDADD = libpage.la libbase.la libdeskline.la
check_PROGRAMS += tests/rig/print-driver
tests_rig_print_driver_SOURCES = tests/rig/print_driver.c
tests_rig_print_driver_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
tests_rig_print_driver_LDADD = libreading.la
