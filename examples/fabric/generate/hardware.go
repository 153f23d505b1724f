package main

import "fmt"

// A model of switch: its profile, the ports for servers, those for the fabric, and how the ports
// that must be split are split.
type hardware struct {
	profile   string
	downlinks []string
	uplinks   []string
	breakouts map[string]string // By the port that is split.
}

var (
	// The virtual lab's switch, in both places.
	virtualLeaf  = hardware{profile: "vs", downlinks: ports(1, 40), uplinks: ports(41, 48)}
	virtualSpine = hardware{profile: "vs", uplinks: ports(1, 48)}

	leaf25G   = hardware{profile: "dell-s5248f-on", downlinks: ports(1, 48), uplinks: ports(49, 56)}
	leafSplit = hardware{
		profile: "edgecore-dcs240", downlinks: splitPorts(1, 16, 8), uplinks: ports(17, 32),
		breakouts: splits(1, 16, "8x25G")}
	spineWhole = hardware{profile: "celestica-ds5000", uplinks: ports(1, 64)}
	spineSplit = hardware{
		profile: "celestica-ds5000", uplinks: splitPorts(1, 64, 4),
		breakouts: splits(1, 64, "4x200G")}
)

func ports(first, last int) []string {
	var names []string
	for number := first; number <= last; number++ {
		names = append(names, fmt.Sprintf("E1/%d", number))
	}
	return names
}

func splitPorts(first, last, ways int) []string {
	var names []string
	for _, port := range ports(first, last) {
		for way := 1; way <= ways; way++ {
			names = append(names, fmt.Sprintf("%s/%d", port, way))
		}
	}
	return names
}

func splits(first, last int, how string) map[string]string {
	split := map[string]string{}
	for _, port := range ports(first, last) {
		split[port] = how
	}
	return split
}
