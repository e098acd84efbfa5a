# The simulators of both job machines: reading, and printing.
check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = tests/sim/story.h tests/sim/story.c tests/sim/sim.h tests/sim/sim.c tests/sim/client_model.c tests/sim/server_model.c \
  tests/sim/paper_model.c
tests_sim_sim_LDADD = libclientjob.la libserverjob.la libdeskline.la
check_PROGRAMS += tests/sim/print_sim
tests_sim_print_sim_SOURCES = tests/sim/story.h tests/sim/story.c tests/sim/print_sim.h tests/sim/print_sim.c \
  tests/sim/print_client.c tests/sim/print_server.c tests/sim/print_printer.c
tests_sim_print_sim_LDADD = libclientjob.la libserverjob.la libdeskline.la
TESTS += tests/sim/test_sim.sh
EXTRA_DIST += tests/sim/test_sim.sh
