# Processes of a data folder. One is known by its number and its start time together, so that a number which
# was given away again is never hit. Sourced; wants $data.

# start_of PID: the time it began, in ticks since boot; nothing when it is gone.
start_of() {
  local stat
  # The second field, the command in brackets, may hold blanks and brackets itself.
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  set -- ${stat##*) }
  # A zombie has ended; only its parent has not looked yet.
  [ "$1" != Z ] && echo "${20}"
}

# remember NAME PID
remember() { echo "$1 $2 $(start_of "$2")" >>"$data/processes"; }

# alive PID START
alive() { [ -n "$2" ] && [ "$(start_of "$1")" = "$2" ]; }

# end_process PID START: asks it to end, and makes it end after 15 s.
end_process() {
  alive "$1" "$2" || return 0
  kill -TERM "$1" 2>/dev/null || return 0
  # One that was stopped hears nothing until it goes on.
  kill -CONT "$1" 2>/dev/null || return 0
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    alive "$1" "$2" || return 0
    sleep 0.05
  done
  kill -KILL "$1" 2>/dev/null || true
  while alive "$1" "$2"; do sleep 0.05; done
}

# group_lives LEADER: whether anything of its process group still runs.
group_lives() {
  local file stat
  for file in /proc/[0-9]*/stat; do
    stat=$(cat "$file" 2>/dev/null) || continue
    set -- "$1" ${stat##*) }
    [ "$4" != "$1" ] || [ "$2" = Z ] || return 0
  done
  return 1
}

# end_group LEADER: asks a step and all that it called to end, and makes them end after 15 s.
end_group() {
  kill -TERM -- "-$1" 2>/dev/null || return 0
  local tries
  for ((tries = 0; tries < 150; tries++)); do
    group_lives "$1" || return 0
    sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
}

# end_remembered: ends what an earlier start of this folder left behind, the server before the cluster.
end_remembered() {
  local name pid start found=1
  [ -f "$data/processes" ] || return 1
  while read -r name pid start; do
    if alive "$pid" "$start"; then
      found=0
      end_process "$pid" "$start"
    fi
  done < <(tac "$data/processes")
  rm -f "$data/processes"
  return $found
}
