"""The Kakuri lab: real Open vSwitch hypervisors, an underlay and VMs, emulated with Mininet from a topology file."""
