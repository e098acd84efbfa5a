# libdeskline: the protocol, for our daemons and for other implementations.
deskline_includedir = $(includedir)/deskline
deskline_include_HEADERS = include/deskline/frames.def include/deskline/undefine.h include/deskline/frame.h \
  include/deskline/errors.def include/deskline/phases.def include/deskline/manners.def \
  include/deskline/words.h include/deskline/ledger.h include/deskline/phase.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = wire/deskline.pc

lib_LTLIBRARIES += libdeskline.la
libdeskline_la_SOURCES = wire/frame.c wire/frame_table.c wire/frame_print.c wire/bytes.h wire/utf8.c wire/utf8.h \
  wire/words.c wire/ledger.c wire/phase.c wire/manner.c \
  wire/page_send.h wire/page_send.c wire/page_receive.h wire/page_receive.c
libdeskline_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined
