// Package load puts YAML documents into a cluster by server-side apply: definitions of kinds first,
// then the rest in the order of their references. It also makes the reader's account. It knows
// nothing of how the cluster is run.
package load

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Document is one object as JSON, and where it was read.
type Document struct {
	Version   string // apiVersion
	Kind      string
	Namespace string
	Name      string
	Body      []byte
	Origin    string
}

func (d Document) String() string {
	if d.Namespace == "" {
		return d.Kind + " " + d.Name
	}
	return d.Kind + " " + d.Namespace + "/" + d.Name
}

type header struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`
}

// Read takes files, and of folders all .yaml, .yml and .json files below them in the order of their
// names. A List counts as its items.
func Read(paths ...string) ([]Document, error) {
	var all []Document
	for _, path := range paths {
		files, err := filesOf(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			read, err := readFile(file)
			if err != nil {
				return nil, err
			}
			all = append(all, read...)
		}
	}
	return all, nil
}

func filesOf(path string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		known := slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name))
		if known || name == path {
			files = append(files, name)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist", path)
	}
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no .yaml, .yml or .json file", path)
	}
	return files, err
}

func readFile(path string) ([]Document, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if filepath.Ext(path) == ".json" {
		// Not by way of YAML, whose numbers end at 64 bits.
		content, err := io.ReadAll(file)
		if err != nil {
			return nil, err
		}
		return documentsOf(content, path)
	}
	var all []Document
	reader := utilyaml.NewYAMLReader(bufio.NewReaderSize(file, 1<<20))
	for count := 1; ; count++ {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		origin := fmt.Sprintf("%s, document %d", path, count)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", origin, err)
		}
		content, err := yaml.YAMLToJSONStrict(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", origin, err)
		}
		documents, err := documentsOf(content, origin)
		if err != nil {
			return nil, err
		}
		all = append(all, documents...)
	}
}

func documentsOf(content []byte, origin string) ([]Document, error) {
	// Nothing but comments between two separators.
	if bytes.Equal(bytes.TrimSpace(content), []byte("null")) {
		return nil, nil
	}
	var head header
	if err := json.Unmarshal(content, &head); err != nil {
		return nil, fmt.Errorf("%s is not an object: %w", origin, err)
	}
	if head.Items != nil {
		var all []Document
		for index, item := range head.Items {
			documents, err := documentsOf(item, fmt.Sprintf("%s, item %d", origin, index+1))
			if err != nil {
				return nil, err
			}
			all = append(all, documents...)
		}
		return all, nil
	}
	if head.APIVersion == "" || head.Kind == "" || head.Metadata.Name == "" {
		return nil, fmt.Errorf("%s lacks apiVersion, kind or metadata.name", origin)
	}
	return []Document{{
		Version:   head.APIVersion,
		Kind:      head.Kind,
		Namespace: head.Metadata.Namespace,
		Name:      head.Metadata.Name,
		Body:      content,
		Origin:    origin,
	}}, nil
}
