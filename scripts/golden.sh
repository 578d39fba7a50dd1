#!/usr/bin/env bash
# npm run golden: writes flows/ anew from the pipeline and from what real Open vSwitch holds for each of topologies/.
source "$(dirname "$0")/install.sh"
install_debian
install_npm
build
exec node dist/test/golden/write.js
