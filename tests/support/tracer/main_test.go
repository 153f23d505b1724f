package main

import (
	"bufio"
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
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	t.Cleanup(func() { answers.Close() })
	return command, bufio.NewScanner(answers)
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

func TestTheNamedCallOfADiskFailsAndNoOther(t *testing.T) {
	made := filepath.Join(t.TempDir(), "made")
	writes := `import os, sys
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.pwrite(file, b'one', 0)
try:
    os.fsync(file)
except OSError as why:
    sys.exit(7 if os.pread(file, 3, 0) == b'one' and why.errno == 5 else 1)`
	command, _ := trace(t, "fail 2", "python3", "-c", writes, made)
	_ = command.Wait()
	if code := command.ProcessState.ExitCode(); code != 7 {
		t.Errorf("it left with %d instead of 7", code)
	}
}

// As a database writes: at a place of its file.
func TestADiskThatIsFullTakesNoByte(t *testing.T) {
	made := filepath.Join(t.TempDir(), "made")
	write := "import os, sys; os.pwrite(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), b'it', 0)"
	command, _ := trace(t, "full", "python3", "-c", write, made)
	_ = command.Wait()
	if command.ProcessState.Success() {
		t.Error("a write to a full disk succeeded")
	}
	if facts, err := os.Stat(made); err != nil || facts.Size() != 0 {
		t.Errorf("it is %v long, %v", facts, err)
	}
}
