# The decisions of serviced: pure, also driven by tests/sim.
noinst_LTLIBRARIES += libserverjob.la
libserverjob_la_SOURCES = serviced/jobs/job.h serviced/jobs/job.c serviced/jobs/identify.h serviced/jobs/identify.c

# All but main, for the unit tests.
noinst_LTLIBRARIES += libserviced.la
libserviced_la_SOURCES = serviced/server.h serviced/settings.def serviced/settings.h serviced/settings.c \
  serviced/front/audit.h serviced/front/audit.c \
  serviced/front/control.h serviced/front/control.c \
  serviced/front/document_stream.h serviced/front/document_stream.c \
  serviced/front/enrol.h serviced/front/enrol.c \
  serviced/front/listener.h serviced/front/listener.c \
  serviced/front/requests.h serviced/front/requests.c \
  serviced/front/session.h serviced/front/session_frames.c \
  serviced/front/sessions.h serviced/front/sessions.c \
  serviced/front/upload.h serviced/front/upload.c \
  serviced/front/visitor.h serviced/front/visitor.c \
  serviced/jobs/block_window.h serviced/jobs/block_window.c \
  serviced/jobs/job_audit.h serviced/jobs/job_audit.c \
  serviced/jobs/job_blocks.h serviced/jobs/job_blocks.c \
  serviced/jobs/job_frames.c \
  serviced/jobs/job_pages.h serviced/jobs/job_pages.c \
  serviced/jobs/job_record.h serviced/jobs/job_record.c \
  serviced/jobs/job_run.h serviced/jobs/job_run.c \
  serviced/jobs/job_tell.h serviced/jobs/job_tell.c \
  serviced/jobs/jobs.h serviced/jobs/jobs.c serviced/jobs/jobs_frames.c \
  serviced/jobs/preparation.h serviced/jobs/preparation.c \
  serviced/jobs/registry.h serviced/jobs/registry.c \
  serviced/jobs/registry_sqlite.h serviced/jobs/registry_sqlite.c \
  serviced/jobs/service.h serviced/jobs/service.c serviced/jobs/service_archive.c \
  serviced/jobs/service_print.c serviced/jobs/unit_choice.h serviced/jobs/unit_choice.c \
  serviced/documents/archive.h serviced/documents/archive.c \
  serviced/documents/deliver.h serviced/documents/deliver.c \
  serviced/documents/split.h serviced/documents/split.c \
  serviced/documents/manifest.h serviced/documents/manifest.c \
  serviced/documents/store.h serviced/documents/store.c serviced/documents/store_scan.c
libserviced_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
libserviced_la_LIBADD = libserverjob.la libpage.la libwire.la libbase.la libdeskline.la \
  $(SQLITE_LIBS) $(EVENT_LIBS) $(OPENSSL_LIBS)

sbin_PROGRAMS += serviced/serviced
serviced_serviced_SOURCES = serviced/main.c
serviced_serviced_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
serviced_serviced_LDADD = libserviced.la

dist_man_MANS += man/serviced.8
systemdsystemunit_DATA += init/deskline-serviced.service
init/deskline-serviced.service: init/deskline-serviced.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) init && $(SED) -e 's|@sbindir[@]|$(sbindir)|g' $(srcdir)/init/deskline-serviced.service.in > $@
# The chapter about the settings comes from the program, so that it stays true.
man_MANS = man/serviced.conf.5
man/serviced.conf.5: man/serviced.conf.5.in serviced/serviced$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) man && serviced/serviced$(EXEEXT) --print-settings-manual > $@.part && \
	  $(SED) -e '/^@SETTINGS@$$/{r $@.part' -e 'd;}' $(srcdir)/man/serviced.conf.5.in > $@.tmp && \
	  rm -f $@.part && mv $@.tmp $@
EXTRA_DIST += init/deskline-serviced.service.in man/serviced.conf.5.in
CLEANFILES += init/deskline-serviced.service man/serviced.conf.5
