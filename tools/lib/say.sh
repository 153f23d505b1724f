# What the commands of this repository say: one line a step with its time, and one sentence a failure with
# its cure. Sourced; needs bash.

# Seconds since the epoch, with milliseconds.
now() { printf '%s' "$EPOCHREALTIME"; }

# since START: the seconds that have passed, like "12.3".
since() {
  local start=${1/[.,]/} end=${EPOCHREALTIME/[.,]/}
  local tenths=$(((end - start + 50000) / 100000))
  printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# said STEP SECONDS WORDS: a step that is done.
said() { printf '  %-16s %6s s   %s\n' "$1" "$2" "$3"; }

# doing STEP: what is waited for now, where somebody looks on; said() writes over it.
doing() { if [ -t 1 ]; then printf '  %-16s ...\r' "$1"; fi; }

# give_up SENTENCE...: what is wrong and what to do, then the end.
give_up() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# blame LOG: the one sentence for a step that failed, from what it wrote; its end otherwise.
blame() {
  local log=$1 speakers='^(hedgerow|cluster|build|go-build): '
  if grep -qE 'No space left on device|ENOSPC|disk is full|enough free space' "$log"; then
    echo "the disk is full: free some space, then start again."
  elif grep -qE 'EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|network request|Temporary failure resolving|(Could not|Unable to) connect to|Connection (failed|timed out)|TLS handshake timeout|dial tcp|no such host' "$log"; then
    echo "the network does not answer, and this step has to download: check the connection or the proxy, then start again."
  elif grep -qE "$speakers" "$log"; then
    # The program has its own sentence, and the next line is its cure.
    grep -A 1 -E "$speakers" "$log" | tail -n 2 | sed -E "s/$speakers//; s/^ +//" | paste -sd ' '
  else
    tail -n 15 "$log" >&2
    echo "this step failed; all that it said is in $log."
  fi
}

# room_for MIB FOLDER: gives up when the disk has less.
room_for() {
  local free
  free=$(df -Pm "$2" | awk 'NR == 2 {print $4}')
  [ "$free" -ge "$1" ] ||
    give_up "only $free MiB of disk are free at $2 and $1 are needed: free some, then start again."
}
