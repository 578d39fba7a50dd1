#!/usr/bin/env bash
# npm test: installs what is missing, builds, runs every fast suite (real Open vSwitch included) and ends with
# `N passed, N failed`. --slow adds the slow suites; other arguments go to mocha (-g PATTERN).
source "$(dirname "$0")/install.sh"
specs=(--spec 'dist/test/**/*.test.js')
if [ "${1:-}" = --slow ]; then
  slow=1
  specs+=(--spec 'dist/test/**/*.slow.js')
  shift
fi
install_debian
install_npm
build
exec npx --no-install mocha "${specs[@]}" --reporter scripts/reporter.cjs "$@"
