# The simulator of both job machines.
check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = tests/sim/sim.h tests/sim/sim.c tests/sim/client_model.c tests/sim/server_model.c \
  tests/sim/paper_model.c
tests_sim_sim_LDADD = libclientjob.la libserverjob.la libdeskline.la
TESTS += tests/sim/test_sim.sh
EXTRA_DIST += tests/sim/test_sim.sh
