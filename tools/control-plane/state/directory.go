// Package state is the folder that one local control plane keeps: its certificates and keys, its
// port, its etcd files, its logs, the lock that says which process runs it, and whether its API
// server answers. It starts and changes nothing outside the folder.
package state

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Names of the files that others read.
const (
	CACert           = "ca.crt"
	CAKey            = "ca.key"
	ServerCert       = "server.crt"
	ServerKey        = "server.key"
	AdminCert        = "admin.crt"
	AdminKey         = "admin.key"
	AdminToken       = "admin.token"
	AdminKubeconfig  = "admin.kubeconfig"
	ReaderKubeconfig = "reader.kubeconfig"
	StaticTokens     = "tokens.csv"
	AccountKey       = "sa.key"
	AuditPolicy      = "audit-policy.yaml"
	AuditLog         = "audit.log"
	Log              = "log"
	Etcd             = "etcd"

	portFile    = "port"
	lockFile    = "lock"
	processFile = "pid"
)

// The emptiest cluster writes 17 MB, one of 10,000 objects 130; with less, a load could end
// in the middle.
const diskMin = 256 << 20

// Dir is a control plane's folder. Its path is absolute.
type Dir struct{ path string }

// Open makes the folder when it is not there yet, for its owner only: it holds private keys.
func Open(path string) (Dir, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return Dir{}, err
	}
	if err := os.MkdirAll(absolute, 0o700); err != nil {
		return Dir{}, fmt.Errorf("cannot make the state folder: %w; choose another with --dir", err)
	}
	return Dir{absolute}, nil
}

// Existing refers to a folder without making it.
func Existing(path string) (Dir, error) {
	absolute, err := filepath.Abs(path)
	return Dir{absolute}, err
}

func (d Dir) String() string { return d.path }

// File is the absolute path of one of the folder's files.
func (d Dir) File(name string) string { return filepath.Join(d.path, name) }

// Write puts a whole file in place at once, readable by its owner only, so that no reader ever
// sees half a kubeconfig.
func (d Dir) Write(name string, content []byte) error {
	return WriteFile(d.File(name), content)
}

// WriteFile is Write for a path outside the folder.
func WriteFile(path string, content []byte) error {
	fresh, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	if _, err := fresh.Write(content); err != nil {
		fresh.Close()
		return err
	}
	if err := fresh.Close(); err != nil {
		return err
	}
	return os.Rename(fresh.Name(), path)
}

// Has says whether a file is there.
func (d Dir) Has(name string) bool {
	_, err := os.Stat(d.File(name))
	return err == nil
}

// Text is a small file's content without the newline at its end.
func (d Dir) Text(name string) (string, error) {
	content, err := os.ReadFile(d.File(name))
	return strings.TrimSpace(string(content)), err
}

// Port is the port this folder's API server had last, 0 when it never had one.
func (d Dir) Port() int {
	text, err := d.Text(portFile)
	if err != nil {
		return 0
	}
	port, _ := strconv.Atoi(text)
	return port
}

// URL is where the API server listens, "" before its first start.
func (d Dir) URL() string {
	if d.Port() == 0 {
		return ""
	}
	return fmt.Sprintf("https://127.0.0.1:%d", d.Port())
}

// CheckRoom fails when the disk is too full to begin.
func (d Dir) CheckRoom() error {
	var disk unix.Statfs_t
	if err := unix.Statfs(d.path, &disk); err != nil {
		return err
	}
	free := disk.Bavail * uint64(disk.Bsize)
	if free >= diskMin {
		return nil
	}
	return fmt.Errorf("only %d MiB of disk are free at %s and a control plane needs %d: "+
		"free some, or choose another folder with --dir", free>>20, d.path, diskMin>>20)
}

// Listen takes the wanted port; with 0, the one this folder had before, so that kubeconfigs handed
// out earlier stay right; at first a free one. The port is held from here on: two control planes
// that start at once cannot both be promised the same.
func (d Dir) Listen(wanted int) (net.Listener, error) {
	port := wanted
	if port == 0 {
		port = d.Port()
	}
	if port != 0 {
		return d.listenAt(port, wanted == 0)
	}
	// Below Linux's range for outgoing connections, so that no client takes the port while the
	// control plane is being restarted.
	for try := 0; try < 200; try++ {
		listener, err := d.listenAt(freePortMin+int(randomBelow(freePortMax-freePortMin)), false)
		if err == nil {
			return listener, nil
		}
	}
	return nil, errors.New("no free port was found on 127.0.0.1: name one with --port")
}

const (
	freePortMin = 16384
	freePortMax = 32768
)

func (d Dir) listenAt(port int, remembered bool) (net.Listener, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	switch {
	case errors.Is(err, unix.EADDRINUSE) && remembered:
		return nil, fmt.Errorf("port %d, which this control plane had before, is taken by "+
			"another program: end that one, or move with --port", port)
	case errors.Is(err, unix.EADDRINUSE):
		return nil, fmt.Errorf("port %d is taken by another program: "+
			"end that one, or choose another with --port", port)
	case errors.Is(err, unix.EACCES):
		return nil, fmt.Errorf("port %d may only be opened by root: choose one above 1023", port)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on port %d: %w", port, err)
	}
	if err := d.Write(portFile, []byte(strconv.Itoa(port)+"\n")); err != nil {
		listener.Close()
		return nil, err
	}
	return listener, nil
}

// Remove deletes the folder. It refuses one that does not look like ours.
func (d Dir) Remove() error {
	if _, err := os.Stat(d.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if !d.Has(lockFile) {
		return fmt.Errorf("%s is not a control plane's folder: nothing was removed", d.path)
	}
	return os.RemoveAll(d.path)
}
