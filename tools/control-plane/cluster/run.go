// Package cluster starts, finds and stops local control planes, each in a folder of its own. What
// runs inside one is the affair of whoever is passed in as Server; what is loaded into it, of load.
package cluster

import (
	"context"
	"fmt"
	"time"

	"hedgerow/control-plane/load"
	"hedgerow/control-plane/state"
)

// Server runs a folder's control plane until the context ends, calling ready when it answers.
type Server func(ctx context.Context, dir state.Dir, ready func()) error

// Wishes are what a start is to bring about beside a running server.
type Wishes struct {
	ReaderRules string        // YAML file with the reader's account and rights.
	TokenLife   time.Duration // Of the reader's token.
	Paths       []string      // Files and folders to load, kinds and objects alike.
	Writers     int           // How many objects are written at a time.
}

// Report says where a control plane is and how to reach it.
type Report struct {
	State            string `json:"state"`
	URL              string `json:"url"`
	Dir              string `json:"dir"`
	Process          int    `json:"pid,omitempty"`
	CAFile           string `json:"ca_file"`
	CAKeyFile        string `json:"ca_key_file"`
	AdminKubeconfig  string `json:"admin_kubeconfig"`
	AdminTokenFile   string `json:"admin_token_file"`
	ReaderKubeconfig string `json:"reader_kubeconfig"`
	AuditLog         string `json:"audit_log"`
	Log              string `json:"log"`
	StartMillis      int64  `json:"start_ms,omitempty"`
}

// The states of a control plane. Running is: its process lives, its API server does not answer.
const (
	Ready   = "ready"
	Running = "running"
	Stopped = "stopped"
)

// Message is one thing a start has to say, in this order: any steps, then a report or a failure.
type Message struct {
	Step    string  `json:"step,omitempty"`
	Report  *Report `json:"report,omitempty"`
	Failure string  `json:"failure,omitempty"`
}

// Run serves in this process until the context ends. It reports once everything wished for is
// there; when something of it fails, it stops serving again and says why.
func Run(ctx context.Context, dir state.Dir, server Server, wishes Wishes,
	tell func(Message)) error {
	begun := time.Now()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	err := server(ctx, dir, func() {
		took := time.Since(begun)
		tell(Message{Step: fmt.Sprintf("API server ready in %.1f s", took.Seconds())})
		if err := Fulfil(ctx, dir, wishes, tell); err != nil {
			stop(err)
			return
		}
		report := Look(ctx, dir)
		report.StartMillis = took.Milliseconds()
		tell(Message{Report: &report})
	})
	if err == nil {
		if cause := context.Cause(ctx); cause != nil && cause != context.Canceled {
			err = cause
		}
	}
	return err
}

// Fulfil brings the wishes about on a server that is ready.
func Fulfil(ctx context.Context, dir state.Dir, wishes Wishes, tell func(Message)) error {
	cluster, err := load.Connect(dir.File(state.AdminKubeconfig))
	if err != nil {
		return err
	}
	config, err := TokenConfig(ctx, dir, cluster, wishes)
	if err != nil {
		return err
	}
	if err := dir.Write(state.ReaderKubeconfig, config); err != nil {
		return err
	}
	if len(wishes.Paths) == 0 {
		return cluster.AwaitServed(ctx)
	}
	step, err := Load(ctx, cluster, wishes)
	if err == nil {
		tell(Message{Step: step})
	}
	return err
}

// TokenConfig is a fresh kubeconfig for the reader's account.
func TokenConfig(ctx context.Context, dir state.Dir, cluster *load.Cluster, wishes Wishes) ([]byte,
	error) {
	account, token, err := cluster.Token(ctx, wishes.ReaderRules, wishes.TokenLife)
	if err != nil {
		return nil, err
	}
	return dir.TokenConfig(account, token)
}

// Load reads and applies, and says what was done.
func Load(ctx context.Context, cluster *load.Cluster, wishes Wishes) (string, error) {
	begun := time.Now()
	documents, err := load.Read(wishes.Paths...)
	if err != nil {
		return "", err
	}
	if err := cluster.Apply(ctx, documents, wishes.Writers); err != nil {
		return "", err
	}
	if err := cluster.AwaitServed(ctx); err != nil {
		return "", err
	}
	took := time.Since(begun).Seconds()
	return fmt.Sprintf("%s loaded in %.1f s", load.Count(documents), took), nil
}

// Look finds out the present state.
func Look(ctx context.Context, dir state.Dir) Report {
	report := Report{
		State:            Stopped,
		URL:              dir.URL(),
		Dir:              dir.String(),
		CAFile:           dir.File(state.CACert),
		CAKeyFile:        dir.File(state.CAKey),
		AdminKubeconfig:  dir.File(state.AdminKubeconfig),
		AdminTokenFile:   dir.File(state.AdminToken),
		ReaderKubeconfig: dir.File(state.ReaderKubeconfig),
		AuditLog:         dir.File(state.AuditLog),
		Log:              dir.File(state.Log),
	}
	if !dir.Held() {
		return report
	}
	report.State = Running
	if holder, known := dir.Holder(); known {
		report.Process = holder.ID
	}
	if dir.Ready(ctx) == nil {
		report.State = Ready
	}
	return report
}
