#!/usr/bin/env bash
# npm run demo: installs what is missing, builds, and shows two tenants with the same addresses kept apart.
source "$(dirname "$0")/install.sh"
install_debian
install_npm
build
exec node bin/kakuri.js demo "$@"
