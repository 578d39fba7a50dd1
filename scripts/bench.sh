#!/usr/bin/env bash
# npm run bench -- NAME [--quick] | --list: installs what is missing (peers aside: the benchmark names their packages),
# builds, and measures. stdout holds one JSON object a line for each figure; everything else goes to stderr.
source "$(dirname "$0")/install.sh"
{
  install_debian
  install_npm
  build
} >&2
exec node dist/bench/main.js "$@"
