package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The tracer as tests use it: built, with its answers on descriptor 3.
func trace(t *testing.T, order string, program ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	command, answers, _ := traceTold(t, order, program...)
	return command, answers
}

// The same, with what takes further orders.
func traceTold(t *testing.T, order string, program ...string) (*exec.Cmd, *bufio.Scanner, io.Writer) {
	t.Helper()
	tracer := filepath.Join(t.TempDir(), "tracer")
	if said, err := exec.Command("go", "build", "-o", tracer, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	answers, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(tracer, append([]string{order}, program...)...)
	command.ExtraFiles = []*os.File{theirs}
	orders, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	t.Cleanup(func() { answers.Close() })
	return command, bufio.NewScanner(answers), orders
}

func TestItEndsAsTheProgramDoes(t *testing.T) {
	command, answers := trace(t, "", "/bin/sh", "-c", "exit 7")
	if !answers.Scan() || strings.Trim(answers.Text(), "0123456789") != "" {
		t.Errorf("the first line is %q and no process id", answers.Text())
	}
	_ = command.Wait()
	if code := command.ProcessState.ExitCode(); code != 7 {
		t.Errorf("it left with %d instead of 7", code)
	}
}

func TestAProgramDiesAtTheCallThatWasNamed(t *testing.T) {
	made := filepath.Join(t.TempDir(), "made")
	command, _ := trace(t, "die 3", "/bin/sh", "-c", "echo it >"+made)
	_ = command.Wait()
	status := command.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Errorf("it ended with %v instead of SIGKILL", command.ProcessState)
	}
	if _, err := os.Stat(made); err == nil {
		t.Error("it came as far as its file")
	}
}

// Loading the program asks the disk as well, so it is told once it runs.
func TestTheNamedCallOfADiskFailsAndNoOther(t *testing.T) {
	folder := t.TempDir()
	told := filepath.Join(folder, "told")
	if err := syscall.Mkfifo(told, 0o600); err != nil {
		t.Fatal(err)
	}
	writes := `import os, sys
file = os.open(sys.argv[1] + '/made', os.O_RDWR | os.O_CREAT)
open(sys.argv[1] + '/told').read()
os.pwrite(file, b'one', 0)
try:
    os.fsync(file)
except OSError as why:
    sys.exit(7 if os.pread(file, 3, 0) == b'one' and why.errno == 5 else 1)`
	command, answers, orders := traceTold(t, "", "python3", "-c", writes, folder)
	answers.Scan()
	// Opened once the program waits at its other end, which goes on when it is closed.
	tell, err := os.OpenFile(told, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := orders.Write([]byte("fail 2\n")); err != nil {
		t.Fatal(err)
	}
	if !answers.Scan() || answers.Text() != "done" {
		t.Fatalf("it answered %q", answers.Text())
	}
	tell.Close()
	_ = command.Wait()
	if code := command.ProcessState.ExitCode(); code != 7 {
		t.Errorf("it left with %d instead of 7", code)
	}
}

// As a database writes: at a place of its file.
func TestADiskThatIsFullTakesNoByte(t *testing.T) {
	made := filepath.Join(t.TempDir(), "made")
	write := "import os, sys; os.pwrite(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), b'it', 0)"
	command, _ := trace(t, "full 1", "python3", "-c", write, made)
	_ = command.Wait()
	if command.ProcessState.Success() {
		t.Error("a write to a full disk succeeded")
	}
	if facts, err := os.Stat(made); err != nil || facts.Size() != 0 {
		t.Errorf("it is %v long, %v", facts, err)
	}
}

func TestAFileSystemCallsItselfAsWished(t *testing.T) {
	folder := t.TempDir()
	said := filepath.Join(folder, "said")
	for order, wanted := range map[string]bool{"fs-type 6969": true, "": false} {
		command, _ := trace(t, order, "/bin/sh", "-c", "exec stat -f -c %t "+folder+" >"+said)
		_ = command.Wait()
		if text, err := os.ReadFile(said); err != nil || (string(text) == "6969\n") != wanted {
			t.Errorf("with the order %q its type is %q, %v", order, text, err)
		}
	}
}

func TestWhoHasReadTheNamedBytesStandsStillUntilTheNextOrder(t *testing.T) {
	standsStill(t, "hold-at needle", "os.pread(os.open(sys.argv[1], os.O_RDONLY), 100, 0)")
}

func TestWhoFlushesStandsStillUntilTheNextOrder(t *testing.T) {
	standsStill(t, "hold-flush", "os.fdatasync(os.open(sys.argv[1], os.O_RDWR))")
}

// At that line of Python, under that order.
func standsStill(t *testing.T, order, line string) {
	t.Helper()
	folder := t.TempDir()
	place := filepath.Join(folder, "it")
	if err := os.WriteFile(place, []byte("the needle of a haystack"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := "import os, sys\n" + line + "\nopen(sys.argv[1] + '.done', 'w')"
	command, answers, orders := traceTold(t, order, "python3", "-c", program, place)
	answers.Scan()
	for held := ""; held != "1"; held = answers.Text() {
		if _, err := orders.Write([]byte("held\n")); err != nil || !answers.Scan() {
			t.Fatalf("it does not stand still: %v", err)
		}
	}
	if _, err := os.Stat(place + ".done"); err == nil {
		t.Error("it went on by itself")
	}
	if _, err := orders.Write([]byte("go\n")); err != nil || !answers.Scan() || answers.Text() != "done" {
		t.Fatalf("it answered %q, %v", answers.Text(), err)
	}
	_ = command.Wait()
	if _, err := os.Stat(place + ".done"); err != nil {
		t.Errorf("it never went on: %v", err)
	}
}
