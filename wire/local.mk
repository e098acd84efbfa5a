# libdeskline: the protocol, for our daemons and for other implementations.
deskline_includedir = $(includedir)/deskline
deskline_include_HEADERS = include/deskline/frames.def include/deskline/frame.h \
  include/deskline/errors.def include/deskline/phases.def include/deskline/manners.def \
  include/deskline/words.h include/deskline/ledger.h include/deskline/phase.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = wire/deskline.pc

lib_LTLIBRARIES += libdeskline.la
libdeskline_la_SOURCES = wire/frame.c wire/frame_table.c wire/frame_print.c wire/bytes.h wire/utf8.c wire/utf8.h \
  wire/words.c wire/ledger.c wire/phase.c wire/manner.c \
  wire/page_send.h wire/page_send.c wire/page_receive.h wire/page_receive.c
libdeskline_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined

# What the daemons build on the protocol: connections and identities.
noinst_LTLIBRARIES += libwire.la
libwire_la_SOURCES = wire/reader.h wire/reader.c \
  wire/identity.h wire/identity_internal.h wire/identity.c wire/identity_issue.c wire/identity_files.c \
  wire/tls.h wire/tls_internal.h wire/tls_context.c wire/tls_session.c wire/tls_peer.c \
  wire/peer.h wire/peer_internal.h wire/peer.c wire/peer_turn.c wire/peer_data.c wire/peer_queue.c wire/peer_sweep.c \
  wire/page_transfer.h wire/page_transfer.c
libwire_la_LIBADD = libdeskline.la libbase.la $(EVENT_LIBS) $(OPENSSL_LIBS)

# Prints the frame chapter of doc/protocol.md; tests/test_protocol_doc.sh holds the document to it.
noinst_PROGRAMS += wire/frame_manual
wire_frame_manual_SOURCES = wire/frame_manual.c
wire_frame_manual_LDADD = libdeskline.la
