package main

import "fmt"

var purposes = []string{"Compute", "Storage", "Database", "Build", "Backup"}

func (f *fabric) addServers() {
	for pair := range f.shape.pairs {
		left, right := f.leaves[2*pair], f.leaves[2*pair+1]
		for index := range f.shape.serversPerPair {
			near := left
			if index%2 == 1 {
				near = right
			}
			name := f.addServer(fmt.Sprintf("racks %d and %d", 2*pair+1, 2*pair+2))
			switch f.attachment(index) {
			case "eslag":
				f.attachESLAG(name, left, right)
			case "bundled":
				f.attachBundled(name, near)
			default:
				f.attachUnbundled(name, near, 1)
			}
			// One server of each of the first two pairs has storage on a cable of its own.
			if pair < 2 && index == 1 {
				f.attachUnbundled(name, left, 3)
			}
		}
	}
	border := f.leaves[len(f.leaves)-1]
	f.attachBundled(f.addServer("the meet-me room"), border)
	f.attachUnbundled(f.addServer("the meet-me room"), border, 1)
}

func (f *fabric) addServer(where string) string {
	name := numbered("server", f.serverID, f.shape.servers())
	purpose := purposes[f.serverID%len(purposes)]
	f.serverID++
	f.add(servers, name, nil, fields{{"description", fmt.Sprintf("%s, %s", purpose, where)}})
	return name
}

// Small racks show one of each; in large ones three of five servers are on both leaves.
func (f *fabric) attachment(index int) string {
	if f.shape.serversPerPair <= 4 {
		return []string{"eslag", "eslag", "bundled", "unbundled"}[index%4]
	}
	return []string{"eslag", "eslag", "eslag", "bundled", "unbundled"}[f.chance.below(5)]
}

func (f *fabric) attachESLAG(server string, left, right *device) {
	name := server + "--eslag--" + left.name + "--" + right.name
	links := []fields{
		f.link(server, 1, left),
		f.link(server, 2, right),
	}
	f.connect(name, "eslag", server, []string{left.name, right.name},
		fields{{"eslag", fields{{"links", links}}}})
	f.attachable = append(f.attachable, attachable{connection: name, server: server})
}

func (f *fabric) attachBundled(server string, near *device) {
	name := server + "--bundled--" + near.name
	links := []fields{f.link(server, 1, near), f.link(server, 2, near)}
	f.connect(name, "bundled", server, []string{near.name},
		fields{{"bundled", fields{{"links", links}}}})
	f.attachable = append(f.attachable, attachable{connection: name, server: server})
}

func (f *fabric) attachUnbundled(server string, near *device, port int) {
	name := server + "--unbundled--" + near.name
	f.connect(name, "unbundled", server, []string{near.name},
		fields{{"unbundled", fields{{"link", f.link(server, port, near)}}}})
	f.attachable = append(f.attachable,
		attachable{connection: name, server: server, single: true})
}

func (f *fabric) link(server string, port int, to *device) fields {
	return fields{
		{"server", fields{{"port", fmt.Sprintf("%s/enp2s%d", server, port)}}},
		{"switch", fields{{"port", f.downlink(to)}}},
	}
}

// The ways out, on the border leaf; and the loopback that older releases needed, on the first leaf.
func (f *fabric) addWaysOut() {
	border := f.leaves[len(f.leaves)-1]
	for index := range 2 {
		f.connect(outside(border, index), "external", "", []string{border.name}, fields{
			{"external", fields{{"link", fields{
				{"switch", fields{{"port", f.downlink(border)}}}}}}}})
	}
	f.connect(border.name+"--static-external--monitoring", "static-external", "",
		[]string{border.name}, fields{
			{"staticExternal", fields{{"link", fields{{"switch", fields{
				{"port", f.downlink(border)},
				{"ip", "192.168.250.1/30"},
				{"nextHop", "192.168.250.2"},
				{"subnets", []string{"192.168.251.0/24"}},
			}}}}}}})
	first := f.leaves[0]
	f.connect(first.name+"--vpc-loopback", "vpc-loopback", "", []string{first.name}, fields{
		{"vpcLoopback", fields{{"links", []fields{{
			{"switch1", fields{{"port", f.downlink(first)}}},
			{"switch2", fields{{"port", f.downlink(first)}}},
		}}}}}})
}

func outside(border *device, index int) string {
	return fmt.Sprintf("%s--external--edge-%d", border.name, index+1)
}
