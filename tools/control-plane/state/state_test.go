package state

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func fresh(t *testing.T) Dir {
	dir, err := Open(t.TempDir() + "/cluster")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAFolderIsHeldByOneAtATime(t *testing.T) {
	dir := fresh(t)
	if dir.Held() {
		t.Error("held by nobody")
	}
	held, err := dir.Hold()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Hold(); !errors.Is(err, ErrHeld) {
		t.Errorf("held twice: %v", err)
	}
	if holder, known := dir.Holder(); !known || holder.ID != os.Getpid() {
		t.Errorf("the holder is %v, not this process", holder)
	}
	held.Close()
	if dir.Held() {
		t.Error("held after it was given back")
	}
}

func TestANumberThatChangedHandsIsNotHit(t *testing.T) {
	stranger := exec.Command("sleep", "60")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer stranger.Wait()
	defer stranger.Process.Kill()
	before := Process{ID: stranger.Process.Pid, Started: "1"}
	if err := before.Signal(syscall.SIGKILL); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("the signal went out: %v", err)
	}
	started, err := startOf(stranger.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	same := Process{ID: stranger.Process.Pid, Started: started}
	if err := same.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the very process was not found: %v", err)
	}
}

func TestAPortLeftByAnotherIsNotTakenOver(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, text, _ := net.SplitHostPort(taken.Addr().String())
	port, _ := strconv.Atoi(text)
	dir := fresh(t)
	if _, err := dir.Listen(port); err == nil || !strings.Contains(err.Error(), "--port") {
		t.Errorf("no cure is named: %v", err)
	}
	if dir.Port() != 0 {
		t.Error("a port that could not be had was remembered")
	}
	if err := dir.Write(portFile, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Listen(0); err == nil || !strings.Contains(err.Error(), "before") {
		t.Errorf("it moved, or named no reason: %v", err)
	}
}

func TestAFreePortIsRemembered(t *testing.T) {
	dir := fresh(t)
	first, err := dir.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	address := first.Addr().String()
	first.Close()
	again, err := dir.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Addr().String() != address || dir.URL() != "https://"+address {
		t.Errorf("%s, then %s, known as %s", address, again.Addr(), dir.URL())
	}
}

func TestCertificatesStayTheSame(t *testing.T) {
	dir := fresh(t)
	if err := dir.Identify(); err != nil {
		t.Fatal(err)
	}
	first, _ := dir.Text(CACert)
	if err := dir.Identify(); err != nil {
		t.Fatal(err)
	}
	if again, _ := dir.Text(CACert); again != first || first == "" {
		t.Error("a second start has another authority")
	}
	if info, err := os.Stat(dir.File(AdminKey)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a key that others may read: %v", err)
	}
}

func TestOnlyAFolderOfOursIsRemoved(t *testing.T) {
	dir := fresh(t)
	if err := dir.Remove(); err == nil {
		t.Error("a folder that is not ours was removed")
	}
	held, err := dir.Hold()
	if err != nil {
		t.Fatal(err)
	}
	held.Close()
	if err := dir.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir.String()); !errors.Is(err, os.ErrNotExist) {
		t.Error("it is still there")
	}
}
