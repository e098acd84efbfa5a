# The decisions of serviced: pure, also driven by tests/sim.
noinst_LTLIBRARIES += libserverjob.la
libserverjob_la_SOURCES = serviced/jobs/job.h serviced/jobs/job.c serviced/jobs/identify.h serviced/jobs/identify.c
