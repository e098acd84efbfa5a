#!/bin/bash
# A job has stopped on a jam. Both daemons are stopped in order and started again, as on a night in between:
# the phase is still known on both sides, and the job goes on when somebody asks for it.
. "$(dirname "$0")/lib.sh"

scanner stack 5 gray
start_serviced
start_clientd
enroll
device=$work/stack
pages=("$device"/pages/*.pnm)

phase_is_known() {
    wait_until "the client is connected" connected
    wait_until "clientd has been asked" asked
    for side in ctl sctl; do
        [ "$($side --json show "$number" | jq -r '[.state, .error.code, .phase.function, .phase.step, .phase.page] | join(" ")')" = \
            "processing-stopped media-jam reading reading 3" ] || { $side --json show "$number" >"$out"; fail "$side no longer knows the phase"; }
        [ "$($side --json show "$number" | jq -r .created)" = "$created" ] || fail "$side has another time of creation"
        [ "$($side --json show "$number" | jq -r '.manners | sort | join(" ")')" = \
            'abandon finish from-page redo-last restart resume skip' ] || fail "$side offers other manners"
    done
}
asked() { [ "$(ctl --json show "$number" | jq -r '.manners | length')" -gt 0 ]; }

jam_at_page_3() {
    "$operator" load "$device"
    "$operator" clear-condition "$device"
    : >"$device/log"
    "$operator" fault "$device" 'page=3 at=40% do=JAMMED'
    run 3 ctl scan --source adf --mode gray --title "$1"
    number=$(ctl --json jobs | jq -r '.[-1].id')
    wait_until "two pages are stored" job_is "$number" .pages.stored 2
    created=$(job "$number" .created)
    updated=$(job "$number" .updated)
}
resume() {
    "$operator" clear-condition "$device"
    "$operator" put-back "$device" 3
    run 0 ctl restart "$number" --manner resume
    same_pages "$(the_document)" "${pages[@]}"
    [ "$(fed stack 1) $(fed stack 2) $(fed stack 3) $(fed stack 4) $(fed stack 5)" = '1 1 2 1 1' ] || fail "other sheets were read again"
    [ "$(job "$number" .created)" = "$created" ] || fail "the time of creation has changed"
    [[ "$(job "$number" .updated)" > "$updated" || "$(job "$number" .updated)" = "$updated" ]] || fail "the time of the last change went back"
}

step "1. Both stopped in order, and started: the phase is known, and restart works"
jam_at_page_3 both
stop clientd-one
stop serviced
start_serviced
expect_job "$number" .phase.page 3
expect_job "$number" .error.code media-jam
expect_job "$number" .created "$created"
start_clientd
phase_is_known
resume

step "2. The client first, and the server when the client has been waiting for it"
jam_at_page_3 client-first
stop serviced
stop clientd-one
start_clientd
run 0 ctl --json show "$number"
[ "$(jq -r '[.state, .error.code, .phase.page] | join(" ")' "$out")" = "processing-stopped media-jam 3" ] || fail "clientd alone does not know"
made=$(date -d "$(jq -r .created "$out")" +%s)
[ $(($(date -d "$created" +%s) - made)) -ge -1 ] || fail "clientd alone says that the job was made when clientd was started"
run 4 ctl restart "$number" --manner resume
start_serviced
phase_is_known
resume

step "3. Three nights: stopped and started again and again, and the question stays the same"
jam_at_page_3 nights
for night in 1 2 3; do
    stop clientd-one
    stop serviced
    start_serviced
    start_clientd
    phase_is_known
done
resume

step "4. The server's operator restarts it, when the client has been away"
jam_at_page_3 operator
stop clientd-one
stop serviced
start_serviced
start_clientd
phase_is_known
"$operator" clear-condition "$device"
"$operator" put-back "$device" 3
run 0 sctl restart "$number" --manner resume
same_pages "$(the_document)" "${pages[@]}"

step "5. Orderly end"
stop clientd-one
stop serviced
