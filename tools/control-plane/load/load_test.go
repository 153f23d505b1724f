package load

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, name, content string) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadsManyDocumentsAndLists(t *testing.T) {
	path := write(t, "all.yaml", `# Nothing yet.
---
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
# Nothing here either.
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: b, namespace: a}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: c, namespace: a}}
`)
	documents, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, document := range documents {
		names = append(names, document.String())
	}
	if got := strings.Join(names, ", "); got != "Namespace a, ServiceAccount a/b, ServiceAccount a/c" {
		t.Errorf("read %s", got)
	}
}

func TestNumbersOfJSONFilesKeepTheirDigits(t *testing.T) {
	path := write(t, "big.json",
		`{"apiVersion":"v1","kind":"X","metadata":{"name":"a"},"n":123456789012345678901234567890}`)
	documents, err := Read(path)
	if err != nil || !strings.Contains(string(documents[0].Body), "123456789012345678901234567890") {
		t.Errorf("%v %v", err, documents)
	}
}

func TestSaysWhichDocumentIsWrong(t *testing.T) {
	const good = "apiVersion: v1\nkind: X\nmetadata: {name: a}\n---\n"
	for content, wanted := range map[string]string{
		good + "a: [": "document 2",
		good + "apiVersion: v1\nkind: X\nkind: Y\nmetadata: {name: a}\n": "document 2",
		good + "apiVersion: v1\nkind: X\n":                               "metadata.name",
		good + "just words\n":                                            "not an object",
	} {
		if _, err := Read(write(t, "x.yaml", content)); err == nil ||
			!strings.Contains(err.Error(), wanted) {
			t.Errorf("%q: %v", content, err)
		}
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "missing"), t.TempDir()} {
		if _, err := Read(path); err == nil {
			t.Errorf("%s was read", path)
		}
	}
}

func TestWhatIsReferredToComesFirst(t *testing.T) {
	var documents []Document
	for _, kind := range []string{"Unheard", "VPCAttachment", "Connection", "Switch", "VLANNamespace",
		"CustomResourceDefinition", "ClusterRoleBinding", "ServiceAccount", "Namespace", "VPC", "Server"} {
		documents = append(documents, Document{Kind: kind})
	}
	var order []string
	for _, wave := range waves(documents) {
		var kinds []string
		for _, document := range wave {
			kinds = append(kinds, document.Kind)
		}
		order = append(order, strings.Join(kinds, "+"))
	}
	wanted := "Namespace CustomResourceDefinition ServiceAccount ClusterRoleBinding VLANNamespace " +
		"Switch+Server Connection VPC VPCAttachment Unheard"
	if got := strings.Join(order, " "); got != wanted {
		t.Errorf("%s\nnot %s", got, wanted)
	}
}
