package state

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrHeld says that another process runs this folder's control plane.
var ErrHeld = errors.New("this control plane is already running")

// Process is one process for good: its number is used again some day, number and start time
// together are not.
type Process struct {
	ID      int
	Started string // Clock ticks since boot.
}

// Hold takes the folder for this process. The kernel gives it back when the process ends, however
// it ends, so nothing stale is left behind by a kill -9.
func (d Dir) Hold() (io.Closer, error) {
	lock, err := os.OpenFile(d.File(lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	whole := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(lock.Fd(), unix.F_OFD_SETLK, &whole); err != nil {
		lock.Close()
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
			return nil, ErrHeld
		}
		return nil, err
	}
	started, err := startOf(os.Getpid())
	if err == nil {
		err = d.Write(processFile, fmt.Appendf(nil, "%d %s\n", os.Getpid(), started))
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}

// Held says whether some process runs this folder's control plane. Asking takes no lock itself.
func (d Dir) Held() bool {
	lock, err := os.OpenFile(d.File(lockFile), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer lock.Close()
	whole := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(lock.Fd(), unix.F_OFD_GETLK, &whole); err != nil {
		return false
	}
	return whole.Type != unix.F_UNLCK
}

// Holder is the process that holds the folder; false when none does, or when it took the folder
// this very moment and has not yet written who it is.
func (d Dir) Holder() (Process, bool) {
	if !d.Held() {
		return Process{}, false
	}
	text, err := d.Text(processFile)
	if err != nil {
		return Process{}, false
	}
	number, started, _ := strings.Cut(text, " ")
	id, err := strconv.Atoi(number)
	if err != nil {
		return Process{}, false
	}
	holder := Process{ID: id, Started: started}
	return holder, holder.alive()
}

// Signal reaches this very process or none: the handle is opened first and checked afterwards, so
// a number that changed hands in between is not hit.
func (p Process) Signal(signal os.Signal) error {
	handle, err := os.FindProcess(p.ID)
	if err != nil {
		return err
	}
	defer handle.Release()
	if !p.alive() {
		return os.ErrProcessDone
	}
	return handle.Signal(signal)
}

func (p Process) alive() bool {
	started, err := startOf(p.ID)
	return err == nil && started == p.Started
}

// The 22nd field of /proc/ID/stat. The second one, the command in brackets, may hold spaces and
// brackets itself, so counting begins behind the last bracket.
func startOf(id int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	if err != nil {
		return "", err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const startTime = 22 - 3
	if len(fields) <= startTime {
		return "", fmt.Errorf("/proc/%d/stat has only %d fields", id, len(fields)+2)
	}
	return fields[startTime], nil
}
