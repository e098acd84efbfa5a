noinst_LTLIBRARIES += libbase.la
libbase_la_SOURCES = \
  base/blob.h base/blob.c \
  base/blob_name.h base/blob_name.c base/blob_tree.c \
  base/log.h base/log.c \
  base/loop.h base/loop.c \
  base/memory.h base/memory.c \
  base/text.h base/text.c \
  base/worker.h base/worker.c
libbase_la_CFLAGS = $(AM_CFLAGS) $(INIH_CFLAGS) $(SYSTEMD_CFLAGS) $(EVENT_CFLAGS) $(OPENSSL_CFLAGS)
libbase_la_LIBADD = $(INIH_LIBS) $(SYSTEMD_LIBS) $(EVENT_LIBS) $(OPENSSL_LIBS)
