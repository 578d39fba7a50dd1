#!/usr/bin/env bash
# npm test: installs what is missing, builds, runs every fast suite (real Open vSwitch included) and ends with
# `N passed, N failed`. Other arguments go to mocha (-g PATTERN). The suites that send real packets wait most of their time
# for networks, so all others run beside them, with what they leave of the processors, and are shown when both are done.
# --slow adds the slow suites, which measure: all one after the other.
source "$(dirname "$0")/install.sh"
packets='dist/test/{e2e,lab}/**/*.test.js'
fast='dist/test/**/*.test.js'
if [ "${1:-}" = --slow ]; then
  slow=1
  shift
fi
install_debian
install_npm
build
if [ -n "${slow:-}" ]; then
  exec npx --no-install mocha --spec "$fast" --spec 'dist/test/**/*.slow.js' --reporter scripts/reporter.cjs "$@"
fi

results=$(mktemp -d)
running=()
suites() { # suites NAME ARGUMENTS...: mocha in the background, its counts in a file of that name
  local counts=$results/$1.counts
  shift
  node node_modules/mocha/bin/mocha.js --reporter scripts/reporter.cjs --reporter-option "counts=$counts" "$@" &
  running+=($!)
}
forward() { kill "-$1" "${running[@]}" 2>/dev/null || true; }
trap 'forward INT' INT
trap 'forward TERM' TERM
trap 'rm -rf "$results"' EXIT

suites packets --spec "$packets" "$@"
suites rest --spec "$fast" --ignore "$packets" "$@" >"$results/rest.out" 2>&1
renice -n 10 -p "${running[1]}" >/dev/null 2>&1 || true

status=0
for pid in "${running[@]}"; do
  # A signal ends `wait` before its process has ended.
  until wait "$pid"; code=$?; ! kill -0 "$pid" 2>/dev/null; do :; done
  [ "$code" = 0 ] || status=1
done
cat "$results/rest.out"
for part in packets rest; do
  [ -s "$results/$part.counts" ] && continue
  echo "kakuri: the suites \"$part\" ended before their time"
  echo "0 1" >"$results/$part.counts"
done
awk '{ passed += $1; failed += $2 } END { printf "%d passed, %d failed\n", passed, failed }' "$results"/*.counts
exit "$status"
