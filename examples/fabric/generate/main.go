// Command generate writes the objects of a Hedgehog fabric as YAML, one file per kind: the sample
// fabric of 48 objects that lies in examples/fabric/objects, or one of any size up to 120,000, in
// the proportions of real fabrics. The same number and seed give the same bytes for ever.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	objects := flag.Int("objects", sampleSize, "how many objects, no more and no less")
	seed := flag.Uint64("seed", 1, "another seed is another fabric of that size")
	out := flag.String("out", "", "folder to write into; it must not hold other YAML files")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(*objects, *seed, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(count int, seed uint64, folder string) error {
	shape, err := shapeFor(count)
	if err != nil {
		return err
	}
	files := render(build(shape, seed))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	present, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	for _, path := range present {
		// Another fabric's leftovers would be loaded together with this one.
		if _, ours := files[filepath.Base(path)]; !ours {
			return fmt.Errorf("%s is in the way: give an empty folder", path)
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// One file per kind, named by the kind's plural.
func render(objects []object) map[string][]byte {
	buffers := map[string]*bytes.Buffer{}
	for _, object := range objects {
		name := object.kind.plural + ".yaml"
		if buffers[name] == nil {
			buffers[name] = &bytes.Buffer{}
		}
		writeYAML(buffers[name], object.fields())
	}
	files := map[string][]byte{}
	for name, buffer := range buffers {
		files[name] = []byte(strings.TrimPrefix(buffer.String(), "---\n"))
	}
	return files
}
