# clientctl and servicectl: one body, two tables of commands.
noinst_LTLIBRARIES += libctl.la
libctl_la_SOURCES = \
  ctl/arguments.h ctl/arguments.c \
  ctl/command_complete.c ctl/command_documents.c ctl/command_host.c ctl/command_jobs.c \
  ctl/command_print.c ctl/command_restart.c ctl/command_scan.c \
  ctl/commands.def ctl/completion.h ctl/completion.c \
  ctl/connection.h ctl/connection.c \
  ctl/document_file.h ctl/document_file.c \
  ctl/grammar.h ctl/grammar.c \
  ctl/help.h ctl/help.c \
  ctl/interrupt.h ctl/interrupt.c \
  ctl/invocation.h ctl/invocation.c \
  ctl/job_ask.c ctl/job_follow.h ctl/job_follow.c ctl/job_list.h \
  ctl/job_view.h ctl/job_view.c \
  ctl/progress.h ctl/progress.c \
  ctl/prompt.h ctl/prompt.c \
  ctl/render.h ctl/render_json.c ctl/render_table.c ctl/render_text.c \
  ctl/service.h ctl/service.c \
  ctl/terminal.h ctl/terminal.c \
  ctl/upload.h ctl/upload.c \
  ctl/values.h ctl/values.c
libctl_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(OPENSSL_CFLAGS)
libctl_la_LIBADD = libwire.la libdeskline.la libbase.la $(JANSSON_LIBS) $(OPENSSL_LIBS)

bin_PROGRAMS += ctl/clientctl ctl/servicectl
ctl_clientctl_SOURCES = ctl/clientctl.c
ctl_clientctl_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
ctl_clientctl_LDADD = libctl.la
ctl_servicectl_SOURCES = ctl/servicectl.c
ctl_servicectl_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS)
ctl_servicectl_LDADD = libctl.la

# The programs know best what can be completed.
bashcompletiondir = $(datadir)/bash-completion/completions
bashcompletion_DATA = ctl/completions/clientctl ctl/completions/servicectl
CLEANFILES += $(bashcompletion_DATA)
ctl/completions/clientctl: ctl/clientctl$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) ctl/completions && ctl/clientctl$(EXEEXT) --print-completion > $@.tmp && mv $@.tmp $@
ctl/completions/servicectl: ctl/servicectl$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) ctl/completions && ctl/servicectl$(EXEEXT) --print-completion > $@.tmp && mv $@.tmp $@

dist_man_MANS += man/clientctl.1 man/servicectl.1 man/deskline.7
