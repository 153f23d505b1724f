package main

import "fmt"

const (
	sampleSize = 48
	// What one cluster can hold: the spines' ports end at 255 leaves, the VLAN ids at 2,900 VPCs.
	sizeMax  = 120_000
	pairsMax = 127
	vpcsMax  = 2_900
)

// A shape says how many there are of everything. Every fabric has leaf pairs with their servers,
// one border leaf with two servers and the ways out, and spines that reach all leaves.
type shape struct {
	spines         int
	pairs          int
	serversPerPair int
	linksPerSpine  int // Cables between one spine and one leaf.

	vpcs         int
	vpcAddresses string // The range their subnets are taken from.
	attachments  int
	vpcPeerings  int
	externals    int // Each with one attachment and one peering.

	spineHardware hardware
	leafHardware  hardware
}

const (
	borderServers = 2
	// Two servers have a second cable for storage; out lead two externals and one static external;
	// one switch still has the loopback of older releases.
	extraConnections = 2 + 2 + 1 + 1
)

func (s shape) leaves() int  { return 2*s.pairs + 1 }
func (s shape) servers() int { return s.pairs*s.serversPerPair + borderServers }

func (s shape) wiring() int {
	namespaces := 2
	groups := s.pairs + 1
	switches := s.leaves() + s.spines
	connections := s.spines*s.leaves() + s.servers() + extraConnections
	return namespaces + groups + switches + s.servers() + connections
}

// A class of fabric: how it is wired, which share of its objects is wiring, and how many
// attachments there are to a VPC.
type class struct {
	below          int
	spines         int
	serversPerPair int
	linksPerSpine  int
	wiringShare    float64
	attachments    float64
	spineHardware  hardware
	leafHardware   hardware
}

var classes = []class{
	{150, 2, 4, 2, 0, 6, virtualSpine, virtualLeaf},
	{2_000, 2, 16, 2, 0.59, 6, spineWhole, leaf25G},
	{13_000, 4, 24, 1, 0.56, 8.4, spineSplit, leaf25G},
	{sizeMax + 1, 16, 96, 1, 0.29, 27, spineSplit, leafSplit},
}

// The shape of a fabric with exactly this many objects.
func shapeFor(count int) (shape, error) {
	if count < sampleSize || count > sizeMax {
		return shape{}, fmt.Errorf("a fabric has %d to %d objects, not %d", sampleSize, sizeMax, count)
	}
	var found class
	for _, candidate := range classes {
		if count < candidate.below {
			found = candidate
			break
		}
	}
	fabric := shape{
		spines:         found.spines,
		pairs:          2,
		serversPerPair: found.serversPerPair,
		linksPerSpine:  found.linksPerSpine,
		spineHardware:  found.spineHardware,
		leafHardware:   found.leafHardware,
	}
	for fabric.pairs < pairsMax {
		larger := fabric
		larger.pairs++
		if float64(larger.wiring()) > found.wiringShare*float64(count) {
			break
		}
		fabric = larger
	}
	// Thirty leaves' cables fit a spine's ports as they are; more need them split.
	if fabric.leaves()*fabric.linksPerSpine > len(fabric.spineHardware.uplinks) {
		fabric.spineHardware = spineSplit
	}
	fabric.fill(count-fabric.wiring(), found.attachments)
	return fabric, nil
}

// Divides what is left after the wiring; attachments take up what does not divide.
func (s *shape) fill(rest int, attachmentsPerVPC float64) {
	s.vpcAddresses = "10.0.0.0/16"
	if rest == 0 {
		return
	}
	s.vpcs = min(vpcsMax, max(1, int(float64(rest)/(1+attachmentsPerVPC))))
	if rest >= 40 {
		s.externals = 2
		s.vpcPeerings = s.vpcs / 10
	}
	s.attachments = rest - s.vpcs - s.vpcPeerings - 3*s.externals
	if s.vpcs > 200 {
		s.vpcAddresses = "10.0.0.0/12"
	}
}
