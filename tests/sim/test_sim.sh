#!/bin/sh
# Every story ends well; and with a protection taken out, some story does not.
set -eu
seeds=${SIM_SEEDS:-100000}

for sim in tests/sim/sim tests/sim/print_sim; do
    echo "$sim"
    $sim --seeds "$seeds"
    for sabotage in 1 2 3; do
        if $sim --seeds 20000 --sabotage $sabotage >sim-sabotage.log; then
            echo "sabotage $sabotage was not noticed"
            exit 1
        fi
        echo "sabotage $sabotage was noticed: $(head -n 1 sim-sabotage.log)"
    done
done
rm -f sim-sabotage.log
