package main

import (
	"fmt"
	"slices"
)

// A fabric being built: what has been given out so far.
type fabric struct {
	shape   shape
	chance  chance
	objects []object

	spines []*device
	leaves []*device // Pairs first, the border leaf last.
	down   map[string]int
	up     map[string]int

	attachable []attachable
	serverID   int
}

type device struct {
	name     string
	hardware hardware
	group    string
	place    int // Among spines and leaves, spines first.
}

// A connection that VPCs can be attached to.
type attachable struct {
	connection string
	server     string
	single     bool // One cable: it may carry a VLAN without a tag.
	native     bool // It does.
}

func build(shape shape, seed uint64) []object {
	f := &fabric{shape: shape, chance: chance{seed}, down: map[string]int{}, up: map[string]int{}}
	f.addNamespaces()
	f.addSwitches()
	f.addFabricLinks()
	f.addServers()
	f.addWaysOut()
	f.addOverlay()
	return f.objects
}

func (f *fabric) add(kind kind, name string, labels, spec fields) {
	f.objects = append(f.objects, object{kind, name, labels, spec})
}

func (f *fabric) addNamespaces() {
	first, last := 1000, 2999
	if f.shape.vpcs > vlansByDefault {
		first = 2
	}
	f.add(vlanNamespaces, defaultName, nil,
		fields{{"ranges", []fields{{{"from", first}, {"to", last}}}}})
	f.add(ipv4Namespaces, defaultName, nil,
		fields{{"subnets", []string{f.shape.vpcAddresses}}})
}

func (f *fabric) addSwitches() {
	total := f.shape.spines + f.shape.leaves()
	for index := range f.shape.spines {
		f.spines = append(f.spines, &device{name: numbered("spine", index, f.shape.spines),
			hardware: f.shape.spineHardware, place: index})
	}
	for pair := range f.shape.pairs {
		group := fmt.Sprintf("eslag-%d", pair+1)
		f.add(switchGroups, group, nil, fields{})
		for side := range 2 {
			index := 2*pair + side
			f.leaves = append(f.leaves, &device{name: numbered("leaf", index, f.shape.leaves()),
				hardware: f.shape.leafHardware, group: group, place: f.shape.spines + index})
		}
	}
	f.add(switchGroups, borderGroup, nil, fields{})
	f.leaves = append(f.leaves, &device{
		name:     numbered("leaf", f.shape.leaves()-1, f.shape.leaves()),
		hardware: f.shape.leafHardware, group: borderGroup, place: total - 1})
	for _, leaf := range f.leaves {
		f.addSwitch(leaf, leaf.place-f.shape.spines)
	}
	for _, spine := range f.spines {
		f.addSwitch(spine, -1)
	}
}

const borderGroup = "border"

// Leaves count from 0, spines are -1. Addresses and numbers as the installer gives them: management
// from 172.30.0.5 with the control node first, then spines, then leaves.
func (f *fabric) addSwitch(device *device, leaf int) {
	role, asn, where := "spine", 65100, "Network row"
	switch {
	case leaf >= 0 && device.group == borderGroup:
		role, where = "border-leaf", "Meet-me room"
	case leaf >= 0:
		role, where = "server-leaf", fmt.Sprintf("Rack %d", leaf+1)
	}
	spec := fields{
		{"role", role},
		{"description", where},
		{"profile", device.hardware.profile},
		{"boot", fields{{"mac", hardwareAddress(device.place)}}},
	}
	labels := fields{{ours + "profile", device.hardware.profile}}
	if device.group != "" {
		spec = append(spec, field{"groups", []string{device.group}})
		labels = append(labels, field{ofGroup + device.group, "true"})
	}
	if role == "server-leaf" {
		spec = append(spec,
			field{"redundancy", fields{{"group", device.group}, {"type", "eslag"}}})
	}
	spec = append(spec, field{"vlanNamespaces", []string{defaultName}})
	if leaf >= 0 {
		asn = 65101 + leaf
	}
	spec = append(spec,
		field{"asn", asn},
		field{"ip", address(172, 30, 0, 6, device.place) + "/21"},
		field{"protocolIP", address(172, 30, 8, 0, device.place) + "/32"})
	if leaf >= 0 {
		spec = append(spec, field{"vtepIP", address(172, 30, 12, 0, leaf) + "/32"})
	}
	if len(device.hardware.breakouts) > 0 {
		spec = append(spec, field{"portBreakouts", sortedFields(device.hardware.breakouts)})
	}
	labels = append(labels, field{ofVLANs + defaultName, "true"})
	f.add(switches, device.name, labels, spec)
}

func (f *fabric) addFabricLinks() {
	next := 0
	for _, spine := range f.spines {
		for _, leaf := range f.leaves {
			var links []fields
			for range f.shape.linksPerSpine {
				links = append(links, fields{
					{"spine", fields{
						{"port", f.uplink(spine)},
						{"ip", address(172, 30, 128, 0, next) + "/31"}}},
					{"leaf", fields{
						{"port", f.uplink(leaf)},
						{"ip", address(172, 30, 128, 0, next+1) + "/31"}}},
				})
				next += 2
			}
			f.connect(spine.name+"--fabric--"+leaf.name, "fabric", "",
				[]string{leaf.name, spine.name}, fields{{"fabric", fields{{"links", links}}}})
		}
	}
}

// Adds a connection with the labels that Hedgehog derives from it.
func (f *fabric) connect(name, kind, server string, ends []string, spec fields) {
	labels := fields{{ours + "connection-type", kind}}
	if server != "" {
		labels = append(labels, field{ofServer + server, "true"})
	}
	for _, end := range ends {
		labels = append(labels, field{ofSwitch + end, "true"})
	}
	f.add(connections, name, labels, spec)
}

func (f *fabric) uplink(of *device) string {
	return take(of, of.hardware.uplinks, f.up)
}

func (f *fabric) downlink(of *device) string {
	return take(of, of.hardware.downlinks, f.down)
}

func take(of *device, ports []string, taken map[string]int) string {
	if taken[of.name] == len(ports) {
		panic(of.name + " has no port left")
	}
	taken[of.name]++
	return of.name + "/" + ports[taken[of.name]-1]
}

// Numbers from 1, with as many digits as the last one needs and two at least.
func numbered(what string, index, total int) string {
	return fmt.Sprintf("%s-%0*d", what, max(2, len(fmt.Sprint(total))), index+1)
}

// The address so many places behind the given one.
func address(a, b, c, d, offset int) string {
	value := (a<<24 | b<<16 | c<<8 | d) + offset
	return fmt.Sprintf("%d.%d.%d.%d", value>>24, value>>16&255, value>>8&255, value&255)
}

// Of the addresses that anyone may give out locally.
func hardwareAddress(place int) string {
	return fmt.Sprintf("02:48:47:00:%02x:%02x", place/256, place%256)
}

func sortedFields(of map[string]string) fields {
	var sorted fields
	for name, value := range of {
		sorted = append(sorted, field{name, value})
	}
	slices.SortFunc(sorted, func(a, b field) int { return portOrder(a.name, b.name) })
	return sorted
}

func portOrder(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	return 1
}
