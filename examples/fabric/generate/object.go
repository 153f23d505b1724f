package main

// A kind of Hedgehog object.
type kind struct{ version, name, plural string }

var (
	vlanNamespaces      = kind{"wiring.githedgehog.com/v1beta1", "VLANNamespace", "vlannamespaces"}
	switchGroups        = kind{"wiring.githedgehog.com/v1beta1", "SwitchGroup", "switchgroups"}
	switches            = kind{"wiring.githedgehog.com/v1beta1", "Switch", "switches"}
	servers             = kind{"wiring.githedgehog.com/v1beta1", "Server", "servers"}
	connections         = kind{"wiring.githedgehog.com/v1beta1", "Connection", "connections"}
	ipv4Namespaces      = kind{"vpc.githedgehog.com/v1beta1", "IPv4Namespace", "ipv4namespaces"}
	vpcs                = kind{"vpc.githedgehog.com/v1beta1", "VPC", "vpcs"}
	vpcAttachments      = kind{"vpc.githedgehog.com/v1beta1", "VPCAttachment", "vpcattachments"}
	vpcPeerings         = kind{"vpc.githedgehog.com/v1beta1", "VPCPeering", "vpcpeerings"}
	externals           = kind{"vpc.githedgehog.com/v1beta1", "External", "externals"}
	externalAttachments = kind{"vpc.githedgehog.com/v1beta1", "ExternalAttachment", "externalattachments"}
	externalPeerings    = kind{"vpc.githedgehog.com/v1beta1", "ExternalPeering", "externalpeerings"}
)

// A mapping whose fields keep the order they were written in.
type fields []field

type field struct {
	name  string
	value any // string, int, bool, fields, []string or []fields
}

// An object as a running fabric would hold it: with its addresses, and with the labels that
// Hedgehog's admission gives it.
type object struct {
	kind   kind
	name   string
	labels fields
	spec   fields
}

func (o object) fields() fields {
	metadata := fields{{"name", o.name}, {"namespace", "default"}}
	if len(o.labels) > 0 {
		metadata = append(metadata, field{"labels", o.labels})
	}
	return fields{
		{"apiVersion", o.kind.version},
		{"kind", o.kind.name},
		{"metadata", metadata},
		{"spec", o.spec},
	}
}

const (
	ours        = "fabric.githedgehog.com/"
	ofSwitch    = "switch." + ours
	ofServer    = "server." + ours
	ofGroup     = "switchgroup." + ours
	ofVLANs     = "vlanns." + ours
	ofVPC       = "vpc." + ours
	defaultName = "default"
)
