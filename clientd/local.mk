# The decisions of clientd: pure, also driven by tests/sim.
noinst_LTLIBRARIES += libclientjob.la
libclientjob_la_SOURCES = clientd/job_read.h clientd/job_read.c clientd/designation.h clientd/designation.c

# Everything else but main: also for the unit tests.
noinst_LTLIBRARIES += libclientd.la
libclientd_la_SOURCES = clientd/settings.def clientd/settings.h clientd/settings.c \
  clientd/connector.h clientd/connector.c clientd/link.h clientd/link.c \
  clientd/spool_names.h clientd/spool.h clientd/spool.c \
  clientd/job_record.def clientd/job_record.h clientd/job_record.c \
  clientd/execution.h clientd/execution.c clientd/units.h clientd/units.c \
  clientd/page_transfer.h clientd/page_transfer.c \
  clientd/job_run.h clientd/job_run_internal.h clientd/job_run.c clientd/job_run_unit.c clientd/job_run_spool.c \
  clientd/job_status.h clientd/job_status.c clientd/jobs.h clientd/jobs.c
libclientd_la_LIBADD = libclientjob.la libwire.la libdeskline.la libbase.la
