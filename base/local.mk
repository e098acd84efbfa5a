noinst_LTLIBRARIES += libbase.la
libbase_la_SOURCES = \
  base/blob.h base/blob.c \
  base/blob_name.h base/blob_name.c base/blob_tree.c \
  base/child.h base/child.c \
  base/child_output.h base/child_output.c base/child_spawn.h base/child_spawn.c \
  base/conf.h base/conf.c base/conf_file.c \
  base/conf_table.h base/conf_value.h base/conf_value.c \
  base/log.h base/log.c \
  base/loop.h base/loop.c \
  base/memory.h base/memory.c \
  base/page_range.h base/page_range.c \
  base/service.h base/service.c \
  base/text.h base/text.c \
  base/worker.h base/worker.c
libbase_la_CFLAGS = $(AM_CFLAGS) $(INIH_CFLAGS) $(SYSTEMD_CFLAGS) $(EVENT_CFLAGS) $(OPENSSL_CFLAGS)
libbase_la_LIBADD = $(INIH_LIBS) $(SYSTEMD_LIBS) $(EVENT_LIBS) $(OPENSSL_LIBS)
