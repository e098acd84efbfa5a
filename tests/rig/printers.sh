# The rig's printers, for the end-to-end stories. Sourced behind tests/e2e/lib.sh. Bash.
#
#   printer NAME [OPTION…]          a printer of the rig, $work/NAME (README.md: options, faults, its folder)
#   start_cups [CUPS]               a cupsd of its own; its address is then in ${cups_port[CUPS]}, also after a restart
#   queue PRINTER [raw|ppd] [LPADMIN-OPTION…]   a queue for the printer, of its name, at cupsd $CUPS
#   start_driverless PRINTER        an ippeveprinter; port in ${printer_port[PRINTER]}, also after a power cycle
#   make_pdf FILE TEXT…             a page for each text
#   print_job PRINTER FILE [IPPTOOL-ATTRIBUTE…]   Print-Job by the stock ipptool; $job is its number
#   printer_uri PRINTER             ipp://127.0.0.1:PORT/printers/NAME, or …/ipp/print
#   start_hostile                   addresses that keep no rule; hostile_uri MANNER
#   stop, kill_hard CUPS|PRINTER    from lib.sh; start again with the function above
#   queue_enable PRINTER · queue_disable PRINTER
#   printer_fault PRINTER LINE · printer_clear PRINTER · printer_condition PRINTER
#   cups_power_off [CUPS]           kill -9, with the backends and filters; kill_hard leaves these behind
#   printer_power_off PRINTER · printer_power_cycle PRINTER · printer_freeze PRINTER · printer_thaw PRINTER
#   printer_jobs PRINTER            ids of the jobs that are not over
#   printer_cancel PRINTER JOB      someone else cancels it there
#   printer_sheets PRINTER          files of the sheets that came out, in order; printer_out PRINTER: how many
#   printer_titles PRINTER          the titles of their jobs, in order
#   printer_log PRINTER
#   job_attribute PRINTER JOB NAME · printer_attribute PRINTER NAME        asked by IPP
#   wait_for_sheets PRINTER COUNT · wait_for_log PRINTER LINE-PATTERN · wait_for_job PRINTER JOB STATE
#
# What the spoolers answer, seen with cups 2.4.2. Columns: job-state, job-state-reasons, job-impressions-completed ·
# printer-state, printer-state-reasons. One job of one sheet, unless said otherwise; 'out': the sheet lies in the tray.
#
# A queue of cupsd, error policy stop-printer:
#   moving, or hangs                 processing job-printing 0 · processing none
#   condition, before                pending printer-stopped 0 · stopped REASON,paused
#   condition, after: out            pending printer-stopped 0 · stopped REASON,paused   (nobody can know)
#   condition, counted: out          pending printer-stopped 1 · stopped REASON,paused
#   on-condition=wait                processing job-printing 0 · processing REASON      (after a cancel too: until a job runs)
#   ioerr; stop; unreadable document pending printer-stopped 0 · stopped paused
#   crash, before or after           pending printer-stopped 0 · stopped paused, printer-state-message 'Backend failed'
#   hold                             pending-held job-hold-until-specified 0 · idle none
#   retry                            pending-held resources-are-not-ready 0 · idle none, then it is printed
#   cancel                           canceled processing-to-stop-point 0 · idle none
#   completed                        completed processing-to-stop-point 1 · idle none    (the old reason stays)
#   ioerr with policy abort-job      aborted processing-to-stop-point 0 · idle none (retry-job: as retry; retry-current-job:
#                                    it is printed)
#   Cancel-Job while stopped         canceled processing-to-stop-point 0 · stopped REASON,paused
#   cupsenable, nothing to print     · idle REASON: the reason stays until the next job has run
#   cupsdisable while a sheet moves  pending job-printing 0, and 1 when it has come out · stopped paused. Enabled again:
#                                    printed again
#   3 sheets, jam before the second  pending 1; enabled again: all 3 once more, and job-impressions-completed 4 in the end
#   PDF through pdftopdf             it counts too: 3 impressions are 6 or more
#   kill -9 of cupsd, start          the job is processing again at once, with the same job-id and job-uuid; the backend
#                                    of before prints on as an orphan: the sheet comes out twice
#   a queue of policy password       client-error-not-authenticated for Print-Job and the like (HTTP 401);
#                                    uri-authentication-supported basic
#   a queue that does not exist      client-error-not-found
#   cupsreject                       server-error-not-accepting-jobs; printer-is-accepting-jobs false
# REASON: media-jam-error media-empty-error output-area-full-error cover-open-error toner-empty-error
#
# An ippeveprinter, on-condition=wait:
#   condition, before                processing job-printing 0 · processing REASON. Cleared: completed, 1
#   a second job meanwhile           server-error-busy: one job at a time, none is queued
#   on-condition=fail                aborted aborted-by-system 0 · idle REASON, until a job has run. The printer never stops
#                                    (and out of paper shows no reason then: with one it would not begin another job)
#   ioerr, crash; before or after    aborted aborted-by-system 0 · idle none                 (after: the sheet is out all the same)
#   crash, counted: out              aborted aborted-by-system 1 · idle none
#   on-condition=lose                completed job-completed-successfully 0: the jammed sheet never came out
#   on-condition=reprint, after      completed job-completed-successfully 1: it came out twice
#   cancel by anyone                 processing processing-to-stop-point, then canceled job-canceled-by-user 0 (after: out)
#   unreadable document              aborted aborted-by-system 0, job-impressions 0
#   power cycle                      client-error-not-found for the old job-id; job-id begins at 1 again, with another
#                                    job-uuid; printer-up-time begins again
#   a job that is over for 60 s      client-error-not-found: it has been forgotten
#   printer-state-reasons            media-jam media-empty cover-open toner-empty other (for output-full), with -warning while it
#                                    is processing and -report when idle, never -error; printer-state never stopped
#   copies, sides, page-ranges       are followed; job-impressions-completed counts every one honestly
# Frozen (SIGSTOP), either: connections are taken, and no answer ever comes. libcups itself has no deadline: it connects
# again for ever where connections are closed on it, and reads an endless answer to no end.
printers_source=$source_dir/tests/rig
rig_printer=$build/tests/rig/rig-printer
PATH=$PATH:/usr/sbin
CUPS=cups
declare -A cups_port=() printer_port=() printer_queue=()

for program in cupsd lpadmin ippeveprinter ipptool qpdf; do
    command -v $program >/dev/null || { echo "$program is missing (./bootstrap.sh --tests)" && exit 77; }
done

# A port below those that the system gives to clients; whoever takes it has to look whether another was quicker.
free_port() {
    local candidate
    while candidate=$((10000 + RANDOM % 20000)); do
        (: <>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null || break
    done
    echo $candidate
}

printer() {
    local name=$1
    shift
    mkdir -p "$work/$name/sheets"
    : >>"$work/$name/log"
    [ $# = 0 ] || printf '%s\n' "$@" >"$work/$name/options"
    [ "$(id -u)" != 0 ] || chmod 711 "$work"
}

make_pdf() { python3 "$printers_source/make_pdf.py" "$@" || exit 99; }

# ---- cupsd ----

cups_files() {
    local folder=$1 system
    system=$(dirname "$(dirname "$(readlink -f /usr/lib/cups/filter)")")/cups
    mkdir -p "$folder"/{etc,spool,tmp,cache,state,log,lib/backend}
    ln -s "$system"/{filter,daemon,notifier} "$folder/lib"
    # As root cupsd trusts only programs that nobody else can write; 0700 makes it run the backend as root, too.
    cp "$rig_printer" "$folder/lib/backend/rigprinter" && chmod 0700 "$folder/lib/backend/rigprinter"
    cat >"$folder/etc/cups-files.conf" <<END
ServerRoot $folder/etc
RequestRoot $folder/spool
TempDir $folder/tmp
CacheDir $folder/cache
StateDir $folder/state
ServerBin $folder/lib
ErrorLog $folder-errors.log
AccessLog $folder/log/access_log
PageLog $folder/log/page_log
Sandboxing relaxed
END
    # As root the filters run as lp.
    if [ "$(id -u)" = 0 ]; then
        printf 'User lp\nGroup lp\n' >>"$folder/etc/cups-files.conf"
        chmod 711 "$work" "$folder" "$folder/spool"
        chown lp:lp "$folder/tmp" "$folder/spool"
    else
        printf 'User %s\nGroup %s\n' "$(id -un)" "$(id -gn)" >>"$folder/etc/cups-files.conf"
    fi
}

cups_settings() {
    local folder=$1 port=$2
    cat >"$folder/etc/cupsd.conf" <<END
Listen 127.0.0.1:$port
Listen $folder/sock
LogLevel debug
MaxLogSize 0
Browsing No
WebInterface No
ErrorPolicy stop-printer
JobRetryInterval 1
MaxEvents 500
DirtyCleanInterval 0
DefaultAuthType Basic
${CUPS_SETTINGS:-}
<Location />
  Order allow,deny
  Allow from 127.0.0.1
</Location>
<Policy default>
  JobPrivateAccess all
  JobPrivateValues none
  <Limit All>
    Order allow,deny
    Allow from 127.0.0.1
  </Limit>
</Policy>
<Policy password>
  JobPrivateAccess all
  JobPrivateValues none
  <Limit Create-Job Print-Job Print-URI Validate-Job Send-Document>
    AuthType Basic
    Require valid-user
    Order allow,deny
    Allow from 127.0.0.1
  </Limit>
  <Limit All>
    Order allow,deny
    Allow from 127.0.0.1
  </Limit>
</Policy>
END
}

start_cups() {
    local name=${1:-$CUPS} folder=$work/${1:-$CUPS} tries=0
    [ -d "$folder" ] || cups_files "$folder"
    while [ $((tries += 1)) -le 5 ]; do
        if [ -z "${cups_port[$name]:-}" ]; then
            cups_port[$name]=$(free_port)
            cups_settings "$folder" "${cups_port[$name]}"
        fi
        rm -f "$folder/sock"
        : >"$folder-errors.log"
        start "$name" cupsd -f -c "$folder/etc/cupsd.conf" -s "$folder/etc/cups-files.conf"
        wait_quickly "cupsd listens" test -S "$folder/sock"
        grep -q 'Unable to bind' "$folder-errors.log" || break
        kill_hard "$name"
        unset "cups_port[$name]"
    done
    wait_quickly "cupsd answers" cups_answers "$name"
}
cups_answers() { (: <>"/dev/tcp/127.0.0.1/${cups_port[${1:-$CUPS}]}") 2>/dev/null; }

queue() {
    local name=$1 kind=${2:-raw} driver=(-m raw)
    shift $(($# < 2 ? $# : 2))
    [ "$kind" = raw ] || driver=(-P "$printers_source/rig-printer.ppd")
    printer_queue[$name]=$CUPS
    lpadmin -h "127.0.0.1:${cups_port[$CUPS]}" -p "$name" -E -v "rigprinter://$work/$name" "${driver[@]}" "$@" 2>>"$work/lpadmin.log" ||
        fail "no queue $name"
}

queue_enable() { cupsenable -h "127.0.0.1:${cups_port[${printer_queue[$1]}]}" "$1"; }
queue_disable() { cupsdisable -h "127.0.0.1:${cups_port[${printer_queue[$1]}]}" "$1"; }

# ---- ippeveprinter ----

# FORMATS, DRIVERLESS_OPTIONS
start_driverless() {
    local name=$1 tries=0 before
    mkdir -p "$work/$name/spool"
    while [ $((tries += 1)) -le 5 ]; do
        [ -n "${printer_port[$name]:-}" ] || printer_port[$name]=$(free_port)
        local port=${printer_port[$name]}
        start "$name" env "LD_PRELOAD=$build/.libs/libno-avahi.so" "RIG_PRINTER_DIR=$work/$name" ASAN_OPTIONS=verify_asan_link_order=0 \
            "RIG_PRINTER_URI=ipp://127.0.0.1:$port/ipp/print" ippeveprinter -vvv -2 -r off -n localhost \
            -c "$rig_printer" -d "$work/$name/spool" -f "${FORMATS:-application/pdf,image/pwg-raster,image/jpeg}" \
            -p "$port" ${DRIVERLESS_OPTIONS:-} "$name"
        before=${pids[$name]}
        wait_quickly "the printer $name listens, or ends" driverless_started "$before" "$port"
        kill -0 "$before" 2>/dev/null && return
        unset "printer_port[$name]"
    done
    fail "the printer $name does not start"
}
driverless_started() { ! kill -0 "$1" 2>/dev/null || (: <>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; }

# The plug is pulled: also the mechanism stands still, at once.
printer_power_off() { kill_hard "$1"; }
# cupsd and all that it has begun, kill -9: the whole host loses its power. kill_hard: cupsd alone.
cups_power_off() {
    local name=${1:-$CUPS} children
    kill -STOP "${pids[$name]}"
    children=$(pgrep -P "${pids[$name]}")
    kill_hard "$name"
    [ -z "$children" ] || kill -KILL $children 2>/dev/null
    return 0
}
printer_power_cycle() { printer_power_off "$1" && start_driverless "$1"; }
printer_freeze() { kill -STOP "${pids[$1]}"; }
printer_thaw() { kill -CONT "${pids[$1]}"; }

# ---- A peer that keeps no rule ----

start_hostile() {
    start hostile python3 "$printers_source/hostile_printer.py"
    wait_quickly "the hostile printer listens" grep -q '^listening on ' "$work/hostile.log"
    hostile_port=$(sed -n 's/^listening on .*://p' "$work/hostile.log" | tail -n 1)
}
hostile_uri() { echo "ipp://127.0.0.1:$hostile_port/$1"; }

# ---- The operator ----

printer_fault() { "$operator" printer-fault "$work/$1" "$2" || fail "no fault '$2'"; }
printer_clear() { rm -f "$work/$1/condition"; }
printer_condition() { cat "$work/$1/condition" 2>/dev/null; }

ended() { ! kill -0 "${pids[$1]}"; }

# ---- What came out ----

printer_log() { cat "$work/$1/log"; }
printer_out() { grep -c '^out sheet=' "$work/$1/log"; }
printer_sheets() { sed -n "s|^out sheet=.* file=\\([^ ]*\\) .*|$work/$1/\\1|p" "$work/$1/log"; }
printer_titles() { sed -n 's/^out sheet=.* title=//p' "$work/$1/log"; }

# ---- IPP ----

printer_uri() {
    if [ -n "${printer_queue[$1]:-}" ]; then
        echo "ipp://127.0.0.1:${cups_port[${printer_queue[$1]}]}/printers/$1"
    else
        echo "ipp://127.0.0.1:${printer_port[$1]}/ipp/print"
    fi
}

# ask PRINTER OPERATION [ATTRIBUTE-LINE…]: the answer, as ipptool shows it
ask() {
    local uri operation=$2
    uri=$(printer_uri "$1")
    shift 2
    {
        echo "{ OPERATION $operation GROUP operation-attributes-tag"
        echo 'ATTR charset attributes-charset utf-8 ATTR language attributes-natural-language en'
        echo 'ATTR uri printer-uri $uri'
        printf '%s\n' "$@"
        echo "ATTR name requesting-user-name someone }"
    } | ipptool -tv "$uri" /dev/stdin
}
value_of() { sed -n "s/^ *$1 ([^)]*) = //p"; }
printer_attribute() { ask "$1" Get-Printer-Attributes "ATTR keyword requested-attributes $2" | value_of "$2" | tail -n 1; }
job_attribute() { ask "$1" Get-Job-Attributes "ATTR integer job-id $2" "ATTR keyword requested-attributes $3" | value_of "$3"; }
printer_jobs() { ask "$1" Get-Jobs 'ATTR keyword which-jobs not-completed' 'ATTR keyword requested-attributes job-id' | value_of job-id; }

# print_job PRINTER FILE [ATTRIBUTE-LINE…]: the attributes are those of the job
print_job() {
    local uri file=$2
    uri=$(printer_uri "$1")
    shift 2
    {
        echo '{ OPERATION Print-Job GROUP operation-attributes-tag'
        echo 'ATTR charset attributes-charset utf-8 ATTR language attributes-natural-language en'
        echo 'ATTR uri printer-uri $uri ATTR name requesting-user-name someone'
        echo "ATTR name job-name \"${TITLE:-$(basename "$file")}\" ATTR mimeMediaType document-format ${FORMAT:-application/pdf}"
        echo 'GROUP job-attributes-tag'
        printf '%s\n' "$@"
        echo 'FILE $filename }'
    } | ipptool -tv -f "$file" "$uri" /dev/stdin >"$out" 2>&1
    job=$(value_of job-id <"$out")
    [ -n "$job" ] || fail "$uri takes no job"
}
printer_cancel() { ask "$1" Cancel-Job "ATTR integer job-id $2" >"$out" 2>&1 || fail "$1 does not cancel job $2"; }

# ---- Waiting ----

# As wait_until, for what takes milliseconds.
wait_quickly() {
    local what=$1 deadline=$((SECONDS + ${PATIENCE:-30}))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || fail "waited in vain until $what"
        read -rt 0.005 <> <(:) || true
    done
}
sheets_are() { [ "$(printer_out "$1")" -ge "$2" ]; }
wait_for_sheets() { wait_until "$1 has put out $2 sheets" sheets_are "$1" "$2"; }
wait_for_log() { wait_until "$1 logs '$2'" grep -qxE -- "$2" "$work/$1/log"; }
job_is_in() { [[ $(job_attribute "$1" "$2" job-state) =~ ^($3)$ ]]; }
wait_for_job() { wait_until "job $2 of $1 is $3" job_is_in "$1" "$2" "$3"; }
