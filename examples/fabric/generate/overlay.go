package main

import "fmt"

// So many VLAN ids lie in the range that a fabric is given at first.
const vlansByDefault = 2000

type subnet struct {
	vpc    string
	name   string
	number int // Which of all subnets: decides address and VLAN.
}

func (f *fabric) addOverlay() {
	var all []subnet
	for index := range f.shape.vpcs {
		all = append(all, f.addVPC(index))
	}
	f.addAttachments(all)
	for index := range f.shape.vpcPeerings {
		// Neighbours in threes, so that no pair comes twice and not all are joined.
		f.addVPCPeering(all[(3*index)%len(all)].vpc, all[(3*index+1)%len(all)].vpc)
	}
	for index := range f.shape.externals {
		f.addExternal(index, all[index%len(all)])
	}
}

func (f *fabric) vlan(number int) int {
	if f.shape.vpcs > vlansByDefault {
		return 2 + number
	}
	return 1000 + number
}

func (f *fabric) addVPC(index int) subnet {
	name := fmt.Sprintf("vpc-%04d", index+1)
	base := func(host int) string { return address(10, 0, 0, host, 256*(index+1)) }
	dhcp := fields{{"enable", true}, {"range", fields{{"start", base(10)}, {"end", base(199)}}}}
	if f.chance.below(4) == 0 {
		dhcp = append(dhcp, field{"options", fields{
			{"dnsServers", []string{base(2)}},
			{"interfaceMTU", 9036},
			{"leaseTimeSeconds", 3600},
		}})
	}
	f.add(vpcs, name,
		fields{{ours + "ipv4ns", defaultName}, {ours + "vlanns", defaultName}},
		fields{
			{"ipv4Namespace", defaultName},
			{"vlanNamespace", defaultName},
			{"subnets", fields{{defaultName, fields{
				{"subnet", base(0) + "/24"},
				{"gateway", base(1)},
				{"vlan", f.vlan(index)},
				{"dhcp", dhcp},
			}}}},
		})
	return subnet{vpc: name, name: defaultName, number: index}
}

// Every VPC gets servers that stand side by side, as tenants do: from a place drawn by chance on,
// so many connections in a row. That way no VPC comes twice on one connection.
func (f *fabric) addAttachments(all []subnet) {
	left := f.shape.attachments
	for index, subnet := range all {
		share := left / (len(all) - index)
		left -= share
		if share > len(f.attachable) {
			panic("more attachments than connections to attach to")
		}
		first := f.chance.below(len(f.attachable))
		for step := range share {
			f.attach(subnet, &f.attachable[(first+step)%len(f.attachable)])
		}
	}
}

func (f *fabric) attach(subnet subnet, to *attachable) {
	labels := fields{{ours + "connection", to.connection}}
	spec := fields{
		{"connection", to.connection},
		{"subnet", subnet.vpc + "/" + subnet.name},
	}
	// Only one VLAN of a cable can go without a tag.
	if to.single && !to.native {
		to.native = true
		labels = append(labels, field{ours + "nativevlan", "true"})
		spec = append(spec, field{"nativeVLAN", true})
	}
	labels = append(labels, field{ours + "subnet", subnet.name}, field{ours + "vpc", subnet.vpc})
	f.add(vpcAttachments, to.connection+"--"+subnet.vpc+"--"+subnet.name, labels, spec)
}

func (f *fabric) addVPCPeering(one, other string) {
	f.add(vpcPeerings, one+"--"+other,
		fields{
			{ours + "vpc1", one}, {ours + "vpc2", other},
			{ofVPC + one, "true"}, {ofVPC + other, "true"}},
		fields{{"permit", []fields{{{one, fields{}}, {other, fields{}}}}}})
}

func (f *fabric) addExternal(index int, reached subnet) {
	border := f.leaves[len(f.leaves)-1]
	name := fmt.Sprintf("edge-%d", index+1)
	f.add(externals, name, fields{{ours + "ipv4ns", defaultName}}, fields{
		{"ipv4Namespace", defaultName},
		{"inboundCommunity", fmt.Sprintf("65000:%d", 100+index)},
		{"outboundCommunity", fmt.Sprintf("65000:%d", 200+index)},
	})
	connection := outside(border, index)
	f.add(externalAttachments, border.name+"--"+name,
		fields{{ours + "connection", connection}, {ours + "external", name}},
		fields{
			{"connection", connection},
			{"external", name},
			{"switch", fields{
				{"ip", address(192, 168, 240, 1, 4*index) + "/30"},
				{"vlan", 10 + index}}},
			{"neighbor", fields{
				{"asn", 64100 + index},
				{"ip", address(192, 168, 240, 2, 4*index)}}},
		})
	f.add(externalPeerings, reached.vpc+"--"+name,
		fields{{ours + "external", name}, {ours + "vpc", reached.vpc}},
		fields{{"permit", fields{
			{"external", fields{
				{"name", name},
				{"prefixes", []fields{{{"prefix", "0.0.0.0/0"}}}}}},
			{"vpc", fields{{"name", reached.vpc}, {"subnets", []string{reached.name}}}},
		}}})
}
