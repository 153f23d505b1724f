# Counting tests over runners that each close in words of their own. Sourced; wants $results, a folder.

# count PASSED FAILED SKIPPED
count() { echo "$1 $2 $3" >>"$results/counts"; }

totals() {
  touch "$results/counts"
  awk '{p += $1; f += $2; s += $3} END {print p + 0, f + 0, s + 0}' "$results/counts"
}

# between BEFORE AFTER: the words for what came in between.
between() {
  set -- $1 $2
  echo "$(($4 - $1)) passed, $(($5 - $2)) failed, $(($6 - $3)) skipped"
}

# part NAME COMMAND...: one line with its time; what it said is shown when it fails. A command that counts for
# itself is led in by counted_…; any other is one test.
part() {
  local title=$1 start code=0 log=$results/part.$BASHPID.log
  shift
  start=$(now)
  case $1 in
    counted*) "$@" || code=$? ;;
    *)
      "$@" >"$log" 2>&1 </dev/null || code=$?
      [ $code = 0 ] || cat "$log"
      if [ $code = 0 ]; then count 1 0 0; else count 0 1 0; fi
      ;;
  esac
  said "$title" "$(since "$start")" "$([ $code = 0 ] && echo ok || echo "FAILED, exit code $code")"
  return "$code"
}

# part_of FILES NAME COMMAND...: a part that looks at nothing but these files (patterns of Git). While they are as
# they were when it was last well, it is not asked again; CI asks always.
part_of() {
  local title=$2 stamp=build/checked/${2// /-} seen
  seen=$( (echo "${*:3}" && git ls-files -co --exclude-standard -z -- $1 | xargs -0 sha256sum) 2>/dev/null | sha256sum)
  shift
  mkdir -p build/checked
  if [ "${CI:-false}" != true ] && [ "$(cat "$stamp" 2>/dev/null)" = "$seen" ]; then
    count 1 0 0
    said "$title" 0.0 'ok, as it was'
    return
  fi
  rm -f "$stamp"
  part "$@" && echo "$seen" >"$stamp"
}

# number_of REGEX LOG: the number that it catches, summed over all lines.
number_of() { sed -nE "s/$1/\1/p" "$2" | awk '{n += $1} END {print n + 0}'; }

# settle CODE PASSED FAILED SKIPPED: a runner that failed without counting a failure is one, and so is one that
# was not asked for a name and ran nothing.
settle() {
  local code=$1 failed=$3
  if [ -z "$name" ] && [ $(($2 + $3 + $4)) = 0 ]; then
    echo "  nothing was run"
    code=1
  fi
  if [ "$code" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
  count "$2" "$failed" "$4"
  return "$code"
}

# closing PATTERN LOG: the lines with which a runner closed are said once more at the end of all.
closing() { sed 's/\x1b\[[0-9;]*m//g' "$2" | grep -E "$1" | tail -n 3 | sed "s|^ *|$title: |" >>"$results/closing" || true; }

# For commands that close with "N passed, N failed".
counted() {
  local log=$results/counted.log code=0
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if [ $code = 0 ]; then tail -n 2 "$log"; else cat "$log"; fi
  closing 'passed' "$log"
  settle $code "$(number_of '^([0-9]+) passed, .*' "$log")" "$(number_of '^.* passed, ([0-9]+) failed.*' "$log")" 0
}

# ctest, whose programs write one file each into the folder.
counted_gtest() {
  local into=$1 log=$results/ctest.log code=0 all failed skipped
  shift
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if [ $code = 0 ]; then tail -n 12 "$log"; else cat "$log"; fi
  closing 'tests passed|tests failed' "$log"
  cat "$into"/*.xml >"$into.all" 2>/dev/null || true
  all=$(number_of '^<testsuites tests="([0-9]+)".*' "$into.all")
  failed=$(number_of '^<testsuites .*failures="([0-9]+)".*' "$into.all")
  skipped=$(($(grep -c 'result="skipped"' "$into.all") + $(number_of '^<testsuites .*disabled="([0-9]+)".*' "$into.all")))
  settle $code $((all - failed - skipped)) "$failed" "$skipped"
}

counted_vitest() {
  local file=$1 log=$results/vitest.log code=0
  shift
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if [ $code = 0 ]; then tail -n 6 "$log"; else cat "$log"; fi
  closing 'Tests ' "$log"
  read -r passed failed skipped < <(node -p '
    const it = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    [it.numPassedTests, it.numFailedTests, it.numPendingTests + it.numTodoTests].join(" ")' "$file" 2>/dev/null || echo 0 0 0)
  # With a name to look for, all others are pending.
  [ -z "$name" ] || skipped=0
  settle $code "$passed" "$failed" "$skipped"
}

counted_go() {
  local log=$results/go.log code=0
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if [ $code = 0 ]; then grep -E '^(ok|FAIL)' "$log"; else cat "$log"; fi
  closing '^(ok|FAIL)' "$log"
  settle $code "$(grep -cE '^ *--- PASS' "$log")" "$(grep -cE '^ *--- FAIL' "$log")" "$(grep -cE '^ *--- SKIP' "$log")"
}

# Shown while it runs: it is the longest.
counted_playwright() {
  local file=$1 log=$results/playwright.log code=0
  shift
  "$@" </dev/null 2>&1 | tee "$log" || code=${PIPESTATUS[0]}
  closing '^ +[0-9]+ (passed|failed|flaky|skipped)' "$log"
  read -r passed failed skipped < <(node -p '
    const { stats } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    [stats.expected, stats.unexpected + stats.flaky, stats.skipped].join(" ")' "$file" 2>/dev/null || echo 0 0 0)
  # A name that only other suites have is no failure.
  if [ -n "$name" ] && [ $((passed + failed)) = 0 ]; then code=0; fi
  settle $code "$passed" "$failed" "$skipped"
}
