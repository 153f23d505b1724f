package main

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheSampleInTheTreeIsWhatTheGeneratorWrites(t *testing.T) {
	shape, err := shapeFor(sampleSize)
	if err != nil {
		t.Fatal(err)
	}
	files := render(build(shape, 1))
	folder := filepath.Join("..", "objects")
	present, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(present) != len(files) {
		t.Errorf("%s has %d files, the generator writes %d", folder, len(present), len(files))
	}
	for name, wanted := range files {
		found, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
		} else if string(found) != string(wanted) {
			t.Errorf("%s differs: run the generator with --out %s", name, folder)
		}
	}
}

func TestTheSampleHasTheNumbersPeopleKnow(t *testing.T) {
	shape, _ := shapeFor(sampleSize)
	count := map[string]int{}
	for _, object := range build(shape, 1) {
		count[object.kind.name]++
	}
	wanted := map[string]int{"Connection": 26, "Server": 10, "Switch": 7, "SwitchGroup": 3,
		"IPv4Namespace": 1, "VLANNamespace": 1}
	if !maps.Equal(count, wanted) {
		t.Errorf("the sample has %v, not %v", count, wanted)
	}
}

func TestEverySizeHoldsTogether(t *testing.T) {
	sizes := []int{48, 49, 50, 87, 88, 149, 150, 1_000, 1_999, 2_000, 10_000, 12_999, 13_000,
		50_000, 100_000, sizeMax}
	for _, size := range sizes {
		for _, seed := range []uint64{1, 7} {
			t.Run(fmt.Sprintf("%d objects of seed %d", size, seed), func(t *testing.T) {
				shape, err := shapeFor(size)
				if err != nil {
					t.Fatal(err)
				}
				objects := build(shape, seed)
				if len(objects) != size {
					t.Fatalf("%d objects", len(objects))
				}
				checkFabric(t, objects)
			})
		}
	}
}

func TestOtherSizesAreRefused(t *testing.T) {
	for _, size := range []int{-1, 0, 47, sizeMax + 1} {
		if _, err := shapeFor(size); err == nil {
			t.Errorf("a fabric of %d objects was not refused", size)
		}
	}
}

func TestASeedIsAFabric(t *testing.T) {
	shape, _ := shapeFor(1000)
	one, again, other := render(build(shape, 7)), render(build(shape, 7)), render(build(shape, 8))
	for name := range one {
		if string(one[name]) != string(again[name]) {
			t.Errorf("%s differs between two runs with one seed", name)
		}
	}
	if string(one["connections.yaml"]) == string(other["connections.yaml"]) {
		t.Error("two seeds gave the same connections")
	}
}

func TestTextThatLooksLikeSomethingElseIsQuoted(t *testing.T) {
	for _, text := range []string{"", "true", "no", "12", "0x1f", "1e3", "02:48:47:00:00:02",
		"65000:100", "a: b", "a #b", " a", "a ", "- a", "~", "*a"} {
		if got := scalar(text); got[0] != '"' {
			t.Errorf("%q is written as %s", text, got)
		}
	}
	for _, text := range []string{"leaf-01", "Rack 1", "E1/5/2", "10.0.0.0/16", "leaf-01/E1/1",
		"fabric.githedgehog.com/profile"} {
		if got := scalar(text); got != text {
			t.Errorf("%q is written as %s", text, got)
		}
	}
}

// A fabric as its readers see it: what is there, what is used, what may be used once only.
type reading struct {
	t     *testing.T
	there map[string]bool // "Kind name"
	once  map[string]string
}

func checkFabric(t *testing.T, objects []object) {
	r := reading{t, map[string]bool{}, map[string]string{}}
	for _, object := range objects {
		r.single(object.kind.name+" "+object.name, object.name)
		r.there[object.kind.name+" "+object.name] = true
		if object.kind == vpcs && len(object.name) > 11 {
			t.Errorf("VPC %s has a longer name than is allowed", object.name)
		}
		for _, label := range object.labels {
			if len(label.value.(string)) > 63 {
				t.Errorf("label %s of %s is too long", label.name, object.name)
			}
		}
	}
	for _, object := range objects {
		r.walk(object.name, "", object.spec)
		switch object.kind {
		case switches:
			r.checkSwitch(object)
		case vpcAttachments:
			r.checkAttachment(object)
		}
	}
}

// Says so when something that is one of a kind comes twice.
func (r reading) single(what, by string) {
	if before, taken := r.once[what]; taken {
		r.t.Errorf("%s is used by %s and by %s", what, before, by)
	}
	r.once[what] = by
}

func (r reading) refer(kind, name, by string) {
	if !r.there[kind+" "+name] {
		r.t.Errorf("%s refers to %s %s, which is not there", by, kind, name)
	}
}

func (r reading) walk(owner, within string, mapping fields) {
	for _, field := range mapping {
		switch value := field.value.(type) {
		case fields:
			r.walk(owner, field.name, value)
		case []fields:
			for _, item := range value {
				r.walk(owner, field.name, item)
			}
		case string:
			r.checkText(owner, within, field.name, value)
		case int:
			if field.name == "vlan" && strings.HasPrefix(owner, "vpc-") {
				r.single(fmt.Sprintf("VLAN %d", value), owner)
			}
		}
	}
}

func (r reading) checkText(owner, within, name, value string) {
	switch name {
	case "port":
		device, _, _ := strings.Cut(value, "/")
		kind := "Switch"
		if within == "server" {
			kind = "Server"
		}
		r.refer(kind, device, owner)
		r.single("port "+value, owner)
	case "ip", "protocolIP", "vtepIP", "subnet":
		if within == "" && name == "subnet" {
			return // An attachment's: VPC and subnet.
		}
		if _, err := netip.ParsePrefix(value); err != nil && within != "neighbor" {
			r.t.Errorf("%s of %s: %v", name, owner, err)
		}
		r.single("address "+value, owner)
	case "ipv4Namespace":
		r.refer("IPv4Namespace", value, owner)
	case "vlanNamespace":
		r.refer("VLANNamespace", value, owner)
	case "connection":
		r.refer("Connection", value, owner)
	case "external":
		r.refer("External", value, owner)
	}
}

func (r reading) checkSwitch(object object) {
	for _, field := range object.spec {
		switch field.name {
		case "groups":
			for _, group := range field.value.([]string) {
				r.refer("SwitchGroup", group, object.name)
			}
		case "asn":
			if !strings.HasPrefix(object.name, "spine") {
				r.single(fmt.Sprintf("ASN %d", field.value), object.name)
			}
		}
	}
}

func (r reading) checkAttachment(object object) {
	var connection, subnet string
	for _, field := range object.spec {
		switch field.name {
		case "connection":
			connection = field.value.(string)
		case "subnet":
			subnet = field.value.(string)
		case "nativeVLAN":
			r.single("untagged VLAN of "+connection, object.name)
		}
	}
	vpc, _, _ := strings.Cut(subnet, "/")
	r.refer("VPC", vpc, object.name)
	r.single("attachment of "+connection+" to "+subnet, object.name)
}

func TestLargeFabricsHaveTheProportionsOfRealOnes(t *testing.T) {
	// Leaves, spines, servers per pair, VPCs: see the sizes of known fabrics.
	for size, wanted := range map[int][]int{
		1_000:   {30, 2, 16},
		10_000:  {190, 4, 24},
		100_000: {256, 16, 96},
	} {
		shape, _ := shapeFor(size)
		got := []int{2 * shape.pairs, shape.spines, shape.serversPerPair}
		near := slices.EqualFunc(got, wanted, func(a, b int) bool { return a >= b*9/10 && a <= b*11/10 })
		if !near {
			t.Errorf("%d objects: %v, known are %v", size, got, wanted)
		}
	}
}
