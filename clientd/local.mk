# The decisions of clientd: pure, also driven by tests/sim.
noinst_LTLIBRARIES += libclientjob.la
libclientjob_la_SOURCES = clientd/job_read.h clientd/job_steps.h clientd/job_read.c clientd/job_reading.c \
  clientd/job_printing.c clientd/designation.h clientd/designation.c

# Everything else but main: also for the unit tests.
noinst_LTLIBRARIES += libclientd.la
libclientd_la_SOURCES = clientd/settings.def clientd/settings.h clientd/settings.c \
  clientd/connector.h clientd/connector.c clientd/link.h clientd/link.c \
  clientd/spool_names.h clientd/spool.h clientd/spool.c \
  clientd/job_record.def clientd/job_record.h clientd/job_record.c \
  clientd/unit_process.h clientd/unit_process.c clientd/execution.h clientd/execution.c \
  clientd/printing.h clientd/printing.c \
  clientd/block_file.h clientd/block_file.c clientd/block_receive.h clientd/block_receive.c \
  clientd/units.h clientd/units.c \
  clientd/job_run.h clientd/job_run_internal.h clientd/job_run.c clientd/job_run_send.c clientd/job_run_unit.c clientd/job_run_print.c clientd/job_run_spool.c \
  clientd/job_status.h clientd/job_status.c clientd/jobs.h clientd/jobs.c \
  clientd/token.h clientd/token.c clientd/enrolment.h clientd/enrolment.c \
  clientd/relay.h clientd/relay.c clientd/unit_check.h clientd/unit_check.c \
  clientd/control.h clientd/control_internal.h clientd/control.c clientd/control_requests.c clientd/control_wait.c \
  clientd/dispatch.h clientd/dispatch.c
libclientd_la_LIBADD = libclientjob.la libwire.la libdeskline.la libbase.la

sbin_PROGRAMS += clientd/clientd
clientd_clientd_SOURCES = clientd/main.c
clientd_clientd_CFLAGS = $(AM_CFLAGS)
clientd_clientd_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
clientd_clientd_LDADD = libclientd.la

dist_man_MANS += man/clientd.8 man/clientd.conf.5
systemdsystemunit_DATA += init/deskline-clientd.service
init/deskline-clientd.service: init/deskline-clientd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) init && $(SED) -e 's|@sbindir[@]|$(sbindir)|g' $(srcdir)/init/deskline-clientd.service.in > $@
EXTRA_DIST += init/deskline-clientd.service.in
CLEANFILES += init/deskline-clientd.service
