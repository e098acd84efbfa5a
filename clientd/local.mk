# The decisions of clientd: pure, also driven by tests/sim.
noinst_LTLIBRARIES += libclientjob.la
libclientjob_la_SOURCES = clientd/job_read.h clientd/job_read.c clientd/designation.h clientd/designation.c
