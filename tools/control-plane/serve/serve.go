// Package serve runs a real kube-apiserver and a real etcd in this process, on loopback, with all
// they keep in one folder. No kubelet, no scheduler, no controller-manager: namespaces never finish
// deleting and owner references are not followed.
package serve

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"hedgerow/control-plane/state"
)

//go:embed audit-policy.yaml
var auditPolicy []byte

// Requests in flight get this long to end once a stop is wanted. kube-apiserver itself would wait a
// second and more for clients to say goodbye.
const stopGrace = 300 * time.Millisecond

// Options say how one control plane is to run.
type Options struct {
	Port  int      // 0: the one this folder had before, or a free one.
	Audit bool     // Write the audit log.
	Fsync bool     // Let etcd wait for the disk; only a power cut can tell the difference.
	Extra []string // More flags for kube-apiserver.
}

// Run serves the folder until the context ends, and calls ready once /readyz has answered 200.
func Run(ctx context.Context, dir state.Dir, options Options, ready func()) error {
	held, err := dir.Hold()
	if err != nil {
		return err
	}
	defer held.Close()
	if err := dir.CheckRoom(); err != nil {
		return err
	}
	listener, err := dir.Listen(options.Port)
	if err != nil {
		return err
	}
	defer listener.Close()
	if err := prepare(dir); err != nil {
		return err
	}
	etcd, err := startEtcd(dir, options.Fsync)
	if err != nil {
		return err
	}
	defer etcd.Close()

	ended := make(chan error, 1)
	arguments := apiServerArguments(dir, options.Audit, options.Extra)
	go func() { ended <- runAPIServer(ctx, listener, arguments) }()
	waiting, stopWaiting := context.WithCancel(ctx)
	defer stopWaiting()
	go func() {
		if awaitReady(waiting, dir) == nil {
			ready()
		}
	}()

	select {
	case err := <-ended:
		if err == nil && ctx.Err() == nil {
			err = errors.New("kube-apiserver ended by itself")
		}
		return err
	case <-ctx.Done():
		select {
		case <-ended:
		case <-time.After(stopGrace):
		}
		return nil
	}
}

func prepare(dir state.Dir) error {
	if err := dir.Identify(); err != nil {
		return err
	}
	config, err := dir.AdminConfig()
	if err != nil {
		return err
	}
	if err := dir.Write(state.AdminKubeconfig, config); err != nil {
		return err
	}
	return dir.Write(state.AuditPolicy, auditPolicy)
}

func awaitReady(ctx context.Context, dir state.Dir) error {
	for {
		if err := dir.Ready(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
