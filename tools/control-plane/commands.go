package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hedgerow/control-plane/cluster"
	"hedgerow/control-plane/load"
	"hedgerow/control-plane/serve"
	"hedgerow/control-plane/state"
)

// The working tree's root; tools/cluster says where it is.
func inTree(path ...string) string {
	return filepath.Join(append([]string{os.Getenv("CLUSTER_TREE")}, path...)...)
}

const tokenLife = 30 * 24 * time.Hour

func (c *call) tokenLife() *time.Duration {
	return c.flags.Duration("token-life", tokenLife, "how long the reader's token is good")
}

func (c *call) writers() *int {
	return c.flags.Int("writers", 8, "how many objects are written at a time")
}

type startFlags struct {
	options    serve.Options
	wishes     cluster.Wishes
	noAudit    bool
	foreground bool
	withStdin  bool
	asJSON     bool
	timeout    time.Duration
	messages   bool
}

func (c *call) parseStart() (startFlags, error) {
	var f startFlags
	var kinds, objects []string
	flags := c.flags
	flags.IntVar(&f.options.Port, "port", 0,
		"port on 127.0.0.1; 0 is the one it had before, or a free one")
	flags.StringArrayVar(&kinds, "crds", nil,
		"load definitions of kinds from this file or folder")
	flags.StringArrayVar(&objects, "objects", nil, "then load objects from this file or folder")
	life, writers := c.tokenLife(), c.writers()
	flags.BoolVar(&f.foreground, "foreground", false,
		"serve in this process until SIGTERM or Ctrl-C")
	flags.BoolVar(&f.withStdin, "end-with-stdin", false,
		"with --foreground: end when standard input does")
	flags.BoolVar(&f.asJSON, "json", false, "report as one line of JSON")
	flags.DurationVar(&f.timeout, "timeout", 2*time.Minute,
		"give up starting and loading after this time")
	flags.BoolVar(&f.noAudit, "no-audit", false, "write no audit log")
	flags.BoolVar(&f.options.Fsync, "fsync", false, "let etcd wait for the disk")
	flags.BoolVar(&f.messages, "messages", false, "")
	flags.MarkHidden("messages")
	if err := c.parse(false); err != nil {
		return f, err
	}
	if f.withStdin && !f.foreground {
		return f, usageError{errors.New("--end-with-stdin needs --foreground")}
	}
	f.options.Audit, f.options.Extra = !f.noAudit, c.after
	for _, path := range append(kinds, objects...) {
		// The server works in its own folder.
		absolute, err := filepath.Abs(path)
		if err != nil {
			return f, err
		}
		f.wishes.Paths = append(f.wishes.Paths, absolute)
	}
	f.wishes.TokenLife, f.wishes.Writers = *life, *writers
	f.wishes.ReaderRules = inTree("packaging", "kubernetes", "reader-rbac.yaml")
	return f, nil
}

func start(ctx context.Context, call *call) error {
	flags, err := call.parseStart()
	if err != nil {
		return err
	}
	named, err := call.dir()
	if err != nil {
		return err
	}
	dir, err := state.Open(named.String())
	if err != nil {
		return err
	}
	if flags.foreground {
		return serveHere(ctx, dir, flags)
	}
	ctx, cancel := context.WithTimeout(ctx, flags.timeout)
	defer cancel()
	tell := teller(flags.asJSON)
	if dir.Held() {
		return adopt(ctx, dir, flags, tell)
	}
	again := append([]string{"start", "--foreground", "--messages"}, os.Args[2:]...)
	err = cluster.Start(ctx, dir, again, tell)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("not ready within %s: the machine is overloaded, or %s says more",
			flags.timeout, dir.File(state.Log))
	}
	return err
}

// The control plane runs already: waits until it is ready and adds what is wished for.
func adopt(ctx context.Context, dir state.Dir, flags startFlags, tell func(cluster.Message)) error {
	if flags.options.Port != 0 && flags.options.Port != dir.Port() {
		return fmt.Errorf("it runs already, on port %d: stop it first to move it", dir.Port())
	}
	for dir.Ready(ctx) != nil {
		if !dir.Held() {
			return errors.New("it ended while it was being waited for: start it again")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("its process runs but does not answer: "+
				"end it by tools/cluster stop --now --dir %s", dir)
		case <-time.After(20 * time.Millisecond):
		}
	}
	tell(cluster.Message{Step: "it runs already"})
	if err := cluster.Fulfil(ctx, dir, flags.wishes, tell); err != nil {
		return err
	}
	report := cluster.Look(ctx, dir)
	tell(cluster.Message{Report: &report})
	return nil
}

func serveHere(ctx context.Context, dir state.Dir, flags startFlags) error {
	tell := teller(flags.asJSON)
	if flags.messages {
		tell = sender(os.NewFile(cluster.MessageFile, "messages"))
	}
	if flags.withStdin {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		go func() {
			io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	server := func(ctx context.Context, dir state.Dir, ready func()) error {
		return serve.Run(ctx, dir, flags.options, ready)
	}
	err := cluster.Run(ctx, dir, server, flags.wishes, tell)
	if err != nil && flags.messages {
		tell(cluster.Message{Failure: err.Error()})
	}
	return err
}

func teller(asJSON bool) func(cluster.Message) {
	return func(message cluster.Message) {
		switch {
		case message.Step != "":
			fmt.Fprintln(os.Stderr, message.Step)
		case message.Report != nil && asJSON:
			printJSON(*message.Report)
		case message.Report != nil:
			fmt.Printf("%s %s\nkubeconfig of the administrator: %s\nkubeconfig of the reader: %s\n",
				message.Report.State, message.Report.URL,
				message.Report.AdminKubeconfig, message.Report.ReaderKubeconfig)
		}
	}
}

func sender(to io.WriteCloser) func(cluster.Message) {
	encoder := json.NewEncoder(to)
	return func(message cluster.Message) {
		encoder.Encode(message)
		if message.Report != nil || message.Failure != "" {
			to.Close()
		}
	}
}

func printJSON(value any) {
	json.NewEncoder(os.Stdout).Encode(value)
}

func stop(ctx context.Context, call *call) error {
	now := call.flags.Bool("now", false,
		"kill it: nothing written is lost, requests in flight are cut")
	remove := call.flags.Bool("remove", false, "delete its folder afterwards")
	if err := call.parse(false); err != nil {
		return err
	}
	dir, err := call.dir()
	if err != nil {
		return err
	}
	// A folder that goes away needs no farewell.
	running, err := cluster.Stop(ctx, dir, *now || *remove)
	if err != nil {
		return err
	}
	if running {
		fmt.Fprintln(os.Stderr, "stopped")
	} else {
		fmt.Fprintln(os.Stderr, "it was not running")
	}
	if *remove {
		return dir.Remove()
	}
	return nil
}

func status(ctx context.Context, call *call) error {
	asJSON := call.flags.Bool("json", false, "answer as one line of JSON")
	if err := call.parse(false); err != nil {
		return err
	}
	dir, err := call.dir()
	if err != nil {
		return err
	}
	report := cluster.Look(ctx, dir)
	if *asJSON {
		printJSON(report)
	} else {
		fmt.Println(strings.TrimSpace(report.State + " " + report.URL))
	}
	switch report.State {
	case cluster.Ready:
		return nil
	case cluster.Running:
		return exitCode(exitRunning)
	default:
		return exitCode(exitStopped)
	}
}

func kubeconfig(ctx context.Context, call *call) error {
	role := call.flags.String("role", "admin",
		"admin may do everything, reader is what Hedgerow needs")
	out := call.flags.String("out", "",
		"write it to this file, for its owner only, instead of printing it")
	life := call.tokenLife()
	if err := call.parse(false); err != nil {
		return err
	}
	dir, err := call.dir()
	if err != nil {
		return err
	}
	var content []byte
	switch *role {
	case "admin":
		content, err = adminConfig(dir)
	case "reader":
		content, err = readerConfig(ctx, dir, *life)
	default:
		return usageError{fmt.Errorf("--role is admin or reader, not %s", strconv.Quote(*role))}
	}
	if err != nil {
		return err
	}
	if *out != "" {
		return state.WriteFile(*out, content)
	}
	_, err = os.Stdout.Write(content)
	return err
}

func adminConfig(dir state.Dir) ([]byte, error) {
	if !dir.Has(state.AdminKubeconfig) {
		return nil, fmt.Errorf("%s has no control plane yet: tools/cluster start makes one", dir)
	}
	return os.ReadFile(dir.File(state.AdminKubeconfig))
}

func readerConfig(ctx context.Context, dir state.Dir, life time.Duration) ([]byte, error) {
	reached, err := connect(dir)
	if err != nil {
		return nil, err
	}
	rules := inTree("packaging", "kubernetes", "reader-rbac.yaml")
	wishes := cluster.Wishes{ReaderRules: rules, TokenLife: life}
	return cluster.TokenConfig(ctx, dir, reached, wishes)
}

func notRunning(dir state.Dir) error {
	return fmt.Errorf("the control plane of %s does not run: tools/cluster start starts it", dir)
}

func connect(dir state.Dir) (*load.Cluster, error) {
	if !dir.Held() {
		return nil, notRunning(dir)
	}
	return load.Connect(dir.File(state.AdminKubeconfig))
}

func loadPaths(ctx context.Context, call *call) error {
	elsewhere := call.flags.String("kubeconfig", "",
		"load into this cluster instead of a local one")
	writers := call.writers()
	if err := call.parse(true); err != nil {
		return err
	}
	if len(call.words) == 0 {
		return usageError{errors.New("load wants at least one file or folder")}
	}
	var reached *load.Cluster
	dir, err := call.dir()
	if err != nil {
		return err
	}
	if *elsewhere != "" {
		reached, err = load.Connect(*elsewhere)
	} else {
		reached, err = connect(dir)
	}
	if err != nil {
		return err
	}
	done, err := cluster.Load(ctx, reached, cluster.Wishes{Paths: call.words, Writers: *writers})
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, done)
	return nil
}

func compact(ctx context.Context, call *call) error {
	if err := call.parse(false); err != nil {
		return err
	}
	dir, err := call.dir()
	if err != nil {
		return err
	}
	if !dir.Held() {
		return notRunning(dir)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	revision, err := serve.Compact(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "compacted up to revision %d\n", revision)
	return nil
}
