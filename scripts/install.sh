#!/usr/bin/env bash
# Brings what is missing, one clear line each, and asks nothing: Debian packages (their names as arguments), npm
# packages, the build. Sourced by the scripts beside it; safe to run twice.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

need() { # need PROGRAM PACKAGE: remembers PACKAGE when PROGRAM is not there
  command -v "$1" >/dev/null 2>&1 || PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

need_python() { # need_python MODULE PACKAGE: the same for a module of Debian's own Python, which runs the lab
  /usr/bin/python3 -c "import $1" >/dev/null 2>&1 || missing+=("$2")
}

install_debian() {
  missing=()
  need ovs-vswitchd openvswitch-switch
  need mn mininet
  need nft nftables
  need ip iproute2
  need ethtool ethtool
  need ping iputils-ping
  need tcpdump tcpdump
  need iperf3 iperf3
  need dhclient isc-dhcp-client
  need rdisc6 ndisc6
  [ -x /usr/lib/frr/ospfd ] || missing+=(frr)
  need keepalived keepalived
  [ -z "${slow:-}" ] || need tshark tshark
  [ -z "${slow:-}" ] || need chromium chromium
  need_python yaml python3-yaml
  if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$(id -u)" != 0 ]; then
      echo "kakuri: needs root to install ${missing[*]} and to run Open vSwitch: run it as root" >&2
      exit 2
    fi
    echo "kakuri: installing Debian packages: ${missing[*]}"
    log=$(mktemp)
    { apt-get update -qq -o DPkg::Lock::Timeout=300 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
      --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"; } >"$log" 2>&1 </dev/null || { cat "$log" >&2; rm -f "$log"; exit 1; }
    rm -f "$log"
  fi
}

install_npm() {
  if ! cmp -s package-lock.json node_modules/.kakuri-lock 2>/dev/null; then
    echo "kakuri: installing npm packages"
    npm ci --no-fund --no-audit --loglevel=error >&2
    cp package-lock.json node_modules/.kakuri-lock
  fi
}

build() {
  npx --no-install tsc -b
}
