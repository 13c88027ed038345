#!/bin/sh
# timed.sh <what is done> <command> [argument]...: says when a long step starts and how long it took.
set -eu
what=$1
shift
# Progress goes to the error stream: the output of the command stays its own.
printf '%s ...\n' "$what" >&2
started=$(date +%s)
outcome=0
"$@" || outcome=$?
printf '%s: %s (%s s)\n' "$what" "$([ "$outcome" = 0 ] && echo done || echo "FAILED with status $outcome")" "$(($(date +%s) - started))" >&2
exit "$outcome"
