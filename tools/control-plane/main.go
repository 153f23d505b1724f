// Command control-plane runs real Kubernetes control planes (kube-apiserver and etcd in one
// process) on loopback for tests and demos. People call it through tools/cluster, which builds it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"hedgerow/control-plane/state"
)

const usage = `tools/cluster runs real Kubernetes API servers with etcd here, several at once.

  tools/cluster start [--crds PATH]... [--objects PATH]... [--port N] [-- KUBE-APISERVER FLAGS]
  tools/cluster stop [--now] [--remove]
  tools/cluster status
  tools/cluster kubeconfig [--role admin|reader] [--out FILE]
  tools/cluster load PATH...
  tools/cluster compact
  tools/cluster build

Each has a folder that holds all it keeps: --name NAME is build/clusters/NAME, --dir DIR is any
other; without either the name is "default". Every command knows --help.
`

// Exit codes. 3 and 4 are what init scripts call "not running" and "unknown".
const (
	exitFailed  = 1
	exitUsage   = 2
	exitStopped = 3
	exitRunning = 4
)

type command func(ctx context.Context, call *call) error

var commands = map[string]command{
	"start":      start,
	"stop":       stop,
	"status":     status,
	"kubeconfig": kubeconfig,
	"load":       loadPaths,
	"compact":    compact,
}

// One call of the program: its flags, and the words that are no flags.
type call struct {
	name  string
	flags *pflag.FlagSet
	words []string
	after []string // What stands behind "--".

	dirName, dirPath *string
}

type usageError struct{ error }

// An exit code without a word: what there is to say has been said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 2 || slices.Contains([]string{"help", "--help", "-h"}, os.Args[1]) {
		fmt.Print(usage)
		return
	}
	run, known := commands[os.Args[1]]
	if !known {
		fmt.Fprintf(os.Stderr, "cluster: there is no command %q\n\n%s", os.Args[1], usage)
		os.Exit(exitUsage)
	}
	os.Exit(codeOf(run(ctx, newCall(os.Args[1]))))
}

func codeOf(err error) int {
	var code exitCode
	var misuse usageError
	switch {
	case err == nil || errors.Is(err, pflag.ErrHelp):
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &misuse):
		fmt.Fprintf(os.Stderr, "cluster: %v\n", err)
		return exitUsage
	case errors.Is(err, syscall.ENOSPC):
		err = fmt.Errorf("the disk is full: free some space and start again (%w)", err)
	}
	fmt.Fprintf(os.Stderr, "cluster: %v\n", err)
	return exitFailed
}

func newCall(name string) *call {
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	flags.SortFlags = false
	c := &call{name: name, flags: flags}
	c.dirName = flags.String("name", "default",
		"which control plane: its folder is build/clusters/NAME")
	c.dirPath = flags.String("dir", "", "its folder, instead of a name")
	flags.Usage = func() {
		fmt.Printf("tools/cluster %s\n\n%s", name, flags.FlagUsages())
	}
	return c
}

// Reads the command line, after the command has named its own flags.
func (c *call) parse(wordsAllowed bool) error {
	if err := c.flags.Parse(os.Args[2:]); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return err
		}
		return usageError{fmt.Errorf("%w (tools/cluster %s --help lists the flags)", err, c.name)}
	}
	c.words = c.flags.Args()
	if dash := c.flags.ArgsLenAtDash(); dash >= 0 {
		c.words, c.after = c.words[:dash], c.words[dash:]
	}
	if len(c.words) > 0 && !wordsAllowed {
		return usageError{fmt.Errorf("%q is one word too many", c.words[0])}
	}
	return nil
}

func (c *call) dir() (state.Dir, error) {
	path := *c.dirPath
	if path == "" {
		if strings.ContainsAny(*c.dirName, "/\x00") || strings.Trim(*c.dirName, ".") == "" {
			return state.Dir{}, usageError{fmt.Errorf("%q is no usable name", *c.dirName)}
		}
		path = inTree("build", "clusters", *c.dirName)
	}
	return state.Existing(path)
}
