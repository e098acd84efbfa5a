# The test rig: a scanner, the person at it, and a bad network. `make rig` builds it without running the tests.
RIG_CFLAGS = $(AM_CFLAGS) $(SANE_CFLAGS)
RIG_SCANNER_SOURCES = \
  tests/rig/device_state.c tests/rig/device_state.h \
  tests/rig/fault_lines.c tests/rig/fault_lines.h \
  tests/rig/fault_script.c tests/rig/fault_script.h tests/rig/faults.def \
  tests/rig/pnm.c tests/rig/pnm.h \
  tests/rig/scanner_backend.c tests/rig/scanner_backend.h \
  tests/rig/scanner_devices.c tests/rig/scanner_devices.h \
  tests/rig/scanner_head.c tests/rig/scanner_head.h \
  tests/rig/scanner_image.c tests/rig/scanner_image.h \
  tests/rig/scanner_options.c tests/rig/scanner_options.h \
  tests/rig/scanner_paper.c tests/rig/scanner_paper.h \
  tests/rig/scanner_settings.c tests/rig/scanner_settings.h
RIG_MODULE = -module -avoid-version -shared -rpath /nowhere -export-symbols-regex '^sane_rig_'

# The scanner twice: plain, for programs of the system (scanimage, saned), and as this build is made, for the project's
# own programs: a sanitizer's library cannot be loaded into a program without one.
check_LTLIBRARIES += libsane-rig.la libsane-rig-checked.la
libsane_rig_la_SOURCES = $(RIG_SCANNER_SOURCES)
libsane_rig_la_CFLAGS = $(WARN_CFLAGS) $(SANE_CFLAGS)
libsane_rig_la_LDFLAGS = $(RIG_MODULE)
libsane_rig_checked_la_SOURCES = $(RIG_SCANNER_SOURCES)
libsane_rig_checked_la_CFLAGS = $(WARN_CFLAGS) $(SANE_CFLAGS) $(SANITIZE_FLAGS)
libsane_rig_checked_la_LDFLAGS = $(SANITIZE_FLAGS) $(RIG_MODULE)

check_PROGRAMS += tests/rig/rig-operator tests/rig/link-proxy tests/rig/rig-link
tests_rig_rig_operator_SOURCES = tests/rig/operator.c \
  tests/rig/compare.c tests/rig/compare.h \
  tests/rig/device_state.c tests/rig/device_state.h \
  tests/rig/fault_lines.c tests/rig/fault_lines.h \
  tests/rig/fault_script.c tests/rig/fault_script.h tests/rig/faults.def \
  tests/rig/image_file.c tests/rig/image_file.h tests/rig/image_png.c \
  tests/rig/page_painter.c tests/rig/page_painter.h \
  tests/rig/pnm.c tests/rig/pnm.h \
  tests/rig/printer_faults.c tests/rig/printer_faults.h tests/rig/printer_faults.def
tests_rig_rig_operator_CFLAGS = $(RIG_CFLAGS) $(TIFF_CFLAGS) $(ZLIB_CFLAGS)
tests_rig_rig_operator_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
tests_rig_rig_operator_LDADD = $(TIFF_LIBS) $(ZLIB_LIBS)

tests_rig_link_proxy_SOURCES = tests/rig/link_proxy.c \
  tests/rig/link_control.c tests/rig/link_control.h \
  tests/rig/link_flow.c tests/rig/link_flow.h \
  tests/rig/link_network.c tests/rig/link_network.h \
  tests/rig/link_orders.c tests/rig/link_orders.h
tests_rig_link_proxy_CFLAGS = $(AM_CFLAGS)
tests_rig_link_proxy_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
tests_rig_link_proxy_LDADD = $(EVENT_LIBS)
tests_rig_rig_link_SOURCES = tests/rig/rig_link.c
tests_rig_rig_link_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)

# The printer: a backend of cupsd, and a print command of ippeveprinter. Both are system programs: no sanitizer goes into
# the library that is preloaded.
check_PROGRAMS += tests/rig/rig-printer
tests_rig_rig_printer_SOURCES = tests/rig/printer_main.c \
  tests/rig/device_state.c tests/rig/device_state.h \
  tests/rig/fault_lines.c tests/rig/fault_lines.h \
  tests/rig/printer_faults.c tests/rig/printer_faults.h tests/rig/printer_faults.def \
  tests/rig/printer_job.c tests/rig/printer_job.h \
  tests/rig/printer_mechanism.c tests/rig/printer_mechanism.h \
  tests/rig/printer_pages.c tests/rig/printer_pages.h \
  tests/rig/printer_spooler.c tests/rig/printer_spooler.h \
  tests/rig/printer_tray.c tests/rig/printer_tray.h
tests_rig_rig_printer_CFLAGS = $(AM_CFLAGS)
tests_rig_rig_printer_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
tests_rig_rig_printer_LDADD = $(CUPS_LIBS) $(OPENSSL_LIBS)
check_LTLIBRARIES += libno-avahi.la
libno_avahi_la_SOURCES = tests/rig/no_avahi.c
libno_avahi_la_CFLAGS = $(WARN_CFLAGS)
libno_avahi_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
libno_avahi_la_LIBADD = -ldl

# Peers that keep no rule.
check_PROGRAMS += tests/rig/hostile-client tests/rig/forge-certificate
tests_rig_hostile_client_SOURCES = tests/rig/hostile_client.c tests/rig/hostile_link.c tests/rig/hostile_link.h \
  tests/rig/frame_sample.c tests/rig/frame_sample.h
tests_rig_hostile_client_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
tests_rig_hostile_client_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
tests_rig_hostile_client_LDADD = libdeskline.la $(OPENSSL_LIBS) $(ZLIB_LIBS)
tests_rig_forge_certificate_SOURCES = tests/rig/forge_certificate.c
tests_rig_forge_certificate_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
tests_rig_forge_certificate_LDADD = $(OPENSSL_LIBS)

check_PROGRAMS += tests/rig/test_link_proxy
tests_rig_test_link_proxy_SOURCES = tests/rig/test_link_proxy.c
tests_rig_test_link_proxy_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)

# libsane finds a backend by this name in a folder of LD_LIBRARY_PATH.
check_DATA = rig-sane/libsane-rig.so.1 rig-sane-checked/libsane-rig.so.1
rig-sane/libsane-rig.so.1: libsane-rig.la
	$(AM_V_GEN)$(MKDIR_P) rig-sane && echo rig > rig-sane/dll.conf && cp -f .libs/libsane-rig.so $@
rig-sane-checked/libsane-rig.so.1: libsane-rig-checked.la
	$(AM_V_GEN)$(MKDIR_P) rig-sane-checked && echo rig > rig-sane-checked/dll.conf && \
	  cp -f .libs/libsane-rig-checked.so $@
CLEANFILES += rig-sane/libsane-rig.so.1 rig-sane/dll.conf \
  rig-sane-checked/libsane-rig.so.1 rig-sane-checked/dll.conf

.PHONY: rig
rig: tests/rig/rig-operator$(EXEEXT) tests/rig/rig-printer$(EXEEXT) libno-avahi.la \
  tests/rig/link-proxy$(EXEEXT) tests/rig/rig-link$(EXEEXT) $(check_DATA)

TESTS += tests/rig/test_link_proxy tests/rig/test_rig.sh tests/rig/test_printers.sh tests/rig/test_printing_unit.sh
EXTRA_DIST += tests/rig/test_rig.sh tests/rig/test_printers.sh tests/rig/test_printing_unit.sh tests/rig/printers.sh \
  tests/rig/rig-printer.ppd tests/rig/hostile_pdf.py tests/rig/hostile_printer.py tests/rig/make_pdf.py \
  tests/rig/README.md
