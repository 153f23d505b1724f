package serve

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/wal"

	"hedgerow/control-plane/state"
)

// etcd takes unix addresses only as unix://name:port, and makes a socket called "name:port" in the
// working directory. A relative name also stays clear of the 108 bytes a socket's path may have.
const (
	clientSocket = "etcd:0"
	peerSocket   = "peer:0"
	etcdAddress  = "unix://" + clientSocket
)

// Works in the folder as the current directory, which is why one process serves one folder.
func startEtcd(dir state.Dir, fsync bool) (*embed.Etcd, error) {
	if err := os.Chdir(dir.String()); err != nil {
		return nil, err
	}
	// Set aside in advance, twice. At the usual 64 MB each, a dozen clusters fill a small disk.
	wal.SegmentSizeBytes = 8 << 20
	config := embed.NewConfig()
	config.Dir = dir.File(state.Etcd)
	config.LogLevel = "error"
	config.UnsafeNoFsync = !fsync
	config.QuotaBackendBytes = 8 << 30
	// The only member elects itself: no need to wait a second for others.
	config.TickMs, config.ElectionMs = 10, 100
	// As kubeadm and k3s set it. Without it the API server sends no bookmarks for a resource that
	// nothing happens to.
	config.ExperimentalWatchProgressNotifyInterval = 5 * time.Second
	config.ListenClientUrls, config.AdvertiseClientUrls = socket(clientSocket), socket(clientSocket)
	config.ListenPeerUrls, config.AdvertisePeerUrls = socket(peerSocket), socket(peerSocket)
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	// Left behind by a kill -9; the folder's lock says that nobody uses them.
	os.Remove(clientSocket)
	os.Remove(peerSocket)

	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, fmt.Errorf("etcd did not start: %w", err)
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, nil
	case err := <-etcd.Err():
		return nil, fmt.Errorf("etcd did not start: %w", err)
	case <-time.After(60 * time.Second):
		return nil, errors.New("etcd was not ready within 60 s: machine or disk is overloaded")
	}
}

func socket(name string) []url.URL {
	return []url.URL{{Scheme: "unix", Host: name}}
}

// Compact forgets all of etcd's history of a running control plane. The next page of a list that
// began before is answered with 410.
func Compact(ctx context.Context, dir state.Dir) (revision int64, err error) {
	if err := os.Chdir(dir.String()); err != nil {
		return 0, err
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{etcdAddress}, DialTimeout: 5 * time.Second, Context: ctx})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	now, err := client.Get(ctx, "compact_rev_key")
	if err != nil {
		return 0, err
	}
	revision = now.Header.Revision
	_, err = client.Compact(ctx, revision, clientv3.WithCompactPhysical())
	return revision, err
}
