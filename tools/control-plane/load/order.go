package load

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

const kindDefinition = "CustomResourceDefinition"

// What must be there before what. Kinds of one row do not refer to each other; kinds that are not
// named here come last.
var order = [][]string{
	{"Namespace"},
	{kindDefinition},
	{"ServiceAccount", "ClusterRole", "Role"},
	{"ClusterRoleBinding", "RoleBinding"},
	{"VLANNamespace", "IPv4Namespace", "SwitchGroup", "SwitchProfile", "ServerProfile"},
	{"Switch", "Server", "GatewayGroup"},
	{"Connection"},
	{"Gateway"},
	{"External", "VPC"},
	{"VPCAttachment", "ExternalAttachment"},
	{"VPCPeering", "ExternalPeering", "GatewayPeering"},
}

func rank(kind string) int {
	for place, kinds := range order {
		if slices.Contains(kinds, kind) {
			return place
		}
	}
	return len(order)
}

// Cuts the documents into waves: all of one wave may be written at once.
func waves(documents []Document) [][]Document {
	sorted := slices.Clone(documents)
	slices.SortStableFunc(sorted, func(a, b Document) int {
		return cmp.Compare(rank(a.Kind), rank(b.Kind))
	})
	var cut [][]Document
	for len(sorted) > 0 {
		first := rank(sorted[0].Kind)
		end := slices.IndexFunc(sorted, func(d Document) bool { return rank(d.Kind) != first })
		if end < 0 {
			end = len(sorted)
		}
		cut = append(cut, sorted[:end])
		sorted = sorted[end:]
	}
	return cut
}

// Count says how many documents of which kinds there are, in the order of loading: "22 definitions
// of kinds and 48 objects (1 VLANNamespace, …)".
func Count(documents []Document) string {
	var definitions int
	var kinds []string
	count := map[string]int{}
	for _, wave := range waves(documents) {
		for _, document := range wave {
			if document.Kind == kindDefinition {
				definitions++
				continue
			}
			if count[document.Kind] == 0 {
				kinds = append(kinds, document.Kind)
			}
			count[document.Kind]++
		}
	}
	var said []string
	if definitions > 0 {
		said = append(said, fmt.Sprintf("%d definitions of kinds", definitions))
	}
	if objects := len(documents) - definitions; objects > 0 {
		parts := make([]string, len(kinds))
		for index, kind := range kinds {
			parts[index] = fmt.Sprintf("%d %s", count[kind], kind)
		}
		said = append(said, fmt.Sprintf("%d objects (%s)", objects, strings.Join(parts, ", ")))
	}
	return strings.Join(said, " and ")
}
