package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// What the test wants of the program now; nothing of it, and it runs at its own pace.
type wish struct {
	dieAt     int
	dieText   []byte
	fault     fault
	halt      string
	away      bool // From where it waited as it was told so.
	holdText  []byte
	holdFlush bool
	fsType    uint64
	watched   bool // Each system call is looked at.
}

// What a file's n-th such call is answered, and all after it if it lasts.
type fault struct {
	calls map[uint64]bool
	at    int
	lasts bool
	why   syscall.Errno
}

func faultOf(order string, at int) fault {
	switch order {
	case "full":
		return fault{fillsDisk, at, true, syscall.ENOSPC}
	case "fail-writes":
		return fault{fillsDisk, at, true, syscall.EIO}
	case "fail-flushes":
		return fault{flushesDisk, at, true, syscall.EIO}
	default:
		return fault{asksDisk, at, false, syscall.EIO}
	}
}

func (f *fault) befalls(call uint64, met int) bool {
	return f.calls[call] && (met == f.at || f.lasts && met > f.at)
}

type thread struct {
	inside  bool  // Between the entry and the exit of a system call.
	refused int64 // What the call that it is in is to answer instead, if not 0.
	halted  bool  // In a wait that nothing ends.
	home    int64 // Where in its memory it waited as the wish came.
	asked   bool  // To stop, so that it goes on as wished.
	held    bool  // Behind a read or before a flush, until there is another wish.
	facts   int64 // Where in its memory the file system's facts will stand, if it asks for them.
}

type tracee struct {
	pid     int
	wish    wish
	count   int
	disk    int // How often the disk was asked for what the fault counts, or for anything.
	threads map[int]*thread
	memory  *os.File
	gone    *syscall.WaitStatus
}

const (
	seize, interrupt, listen = 0x4206, 0x4207, 0x4208

	followClones  = syscall.PTRACE_O_TRACECLONE
	followExecs   = syscall.PTRACE_O_TRACEEXEC
	marksSyscalls = syscall.PTRACE_O_TRACESYSGOOD
	dieWithTracer = 0x00100000

	eventStop    = 128
	syscallTrap  = syscall.SIGTRAP | 0x80
	noSuchCall   = ^uint64(0)
	notYetAnswer = -int64(syscall.ENOSYS)
)

func ptrace(request, id int, data uintptr) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, uintptr(request), uintptr(id), 0, data, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// The program begins as a shell that stops itself, so that nothing of it is missed.
func start(words []string) (*tracee, error) {
	shell := exec.Command("/bin/sh", append([]string{"-c", `kill -STOP $$; exec "$0" "$@"`}, words...)...)
	shell.Stdout, shell.Stderr = os.Stdout, os.Stderr
	if err := shell.Start(); err != nil {
		return nil, err
	}
	pid := shell.Process.Pid
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, syscall.WUNTRACED, nil); err != nil {
		return nil, err
	}
	const options = followClones | followExecs | marksSyscalls | dieWithTracer
	if err := ptrace(seize, pid, options); err != nil {
		return nil, fmt.Errorf("ptrace: %w", err)
	}
	t := &tracee{pid: pid, threads: map[int]*thread{pid: {}}}
	return t, syscall.Kill(pid, syscall.SIGCONT)
}

// Every thread goes on as the wish says once it has stopped once more.
func (t *tracee) want(w wish) {
	w.watched = w.dieAt > 0 || w.dieText != nil || w.fault.at > 0 || w.halt != "" ||
		w.holdText != nil || w.holdFlush || w.fsType != 0
	t.wish, t.count, t.disk = w, 0, 0
	for id, one := range t.threads {
		one.asked, one.home = ptrace(interrupt, id, 0) == nil, 0
		if one.held {
			one.held = false
			t.goOn(id, 0)
		}
	}
	for t.gone == nil && t.anyAsked() {
		if !t.step(false) {
			time.Sleep(50 * time.Microsecond)
		}
	}
}

func (t *tracee) held() int {
	count := 0
	for _, one := range t.threads {
		if one.held {
			count++
		}
	}
	return count
}

func (t *tracee) anyAsked() bool {
	for _, one := range t.threads {
		if one.asked {
			return true
		}
	}
	return false
}

// Takes one thing that happened; false when nothing has and it is not to wait.
func (t *tracee) step(wait bool) bool {
	var status syscall.WaitStatus
	how := syscall.WALL | syscall.WNOHANG
	if wait {
		how = syscall.WALL
	}
	id, err := syscall.Wait4(-1, &status, how, nil)
	if err != nil || id <= 0 {
		return false
	}
	if status.Exited() || status.Signaled() {
		delete(t.threads, id)
		if id == t.pid {
			t.gone = &status
		}
		return true
	}
	one := t.threads[id]
	if one == nil {
		one = &thread{}
		t.threads[id] = one
	}
	t.stopped(id, one, status)
	return true
}

func (t *tracee) stopped(id int, one *thread, status syscall.WaitStatus) {
	one.asked = false // Any stop will do: it goes on as wished from there.
	stop := status.StopSignal()
	event := int(uint32(status) >> 16)
	switch {
	case stop == syscallTrap:
		t.atCall(id, one)
		if !one.held {
			t.goOn(id, 0)
		}
	case event == eventStop && stop != syscall.SIGTRAP:
		_ = ptrace(listen, id, 0) // The whole program was stopped, and stays so until SIGCONT.
	case event == syscall.PTRACE_EVENT_EXEC:
		t.memory, _ = os.OpenFile(fmt.Sprintf("/proc/%d/mem", t.pid), os.O_RDWR, 0)
		t.goOn(id, 0)
	case event != 0:
		one.inside = one.inside && event != eventStop
		t.goOn(id, 0)
	default:
		t.goOn(id, stop)
	}
}

func (t *tracee) goOn(id int, with syscall.Signal) {
	request := syscall.PTRACE_CONT
	one := t.threads[id]
	if t.wish.watched || one != nil && (one.inside || one.halted) {
		request = syscall.PTRACE_SYSCALL
	}
	_ = ptrace(request, id, uintptr(with))
}

func (t *tracee) atCall(id int, one *thread) {
	var registers syscall.PtraceRegs
	if syscall.PtraceGetRegs(id, &registers) != nil {
		return
	}
	if one.inside && int64(registers.Rax) != notYetAnswer || one.refused != 0 {
		one.inside = false
		if one.refused != 0 {
			registers.Rax = uint64(one.refused)
			one.refused, one.halted = 0, false
			_ = syscall.PtraceSetRegs(id, &registers)
		}
		t.answerFacts(one, registers.Rax)
		if t.wish.holdText != nil && t.hasRead(&registers, t.wish.holdText) {
			one.held = true
			t.wish = wish{} // The others need not be looked at any more.
		}
		return
	}
	one.inside = true
	t.count++
	w := &t.wish
	if w.fault.at == 0 && asksDisk[registers.Orig_rax] || w.fault.calls[registers.Orig_rax] {
		t.disk++
	}
	switch {
	case w.dieAt > 0 && t.count >= w.dieAt, w.dieText != nil && t.writes(&registers, w.dieText):
		_ = syscall.Kill(t.pid, syscall.SIGKILL)
	case w.fault.befalls(registers.Orig_rax, t.disk):
		one.refuse(id, &registers, w.fault.why)
	case w.holdFlush && flushesDisk[registers.Orig_rax]:
		one.held = true
		t.wish = wish{}
	case w.fsType != 0 && asksFacts[registers.Orig_rax]:
		one.facts = int64(registers.Rsi)
	case registers.Orig_rax == syscall.SYS_PAUSE && !t.isHalted(id):
		one.refuse(id, &registers, syscall.EINTR)
	case waits(&registers) && t.isHalted(id) && !(w.away && one.isHome(&registers)):
		one.halted = true
		registers.Orig_rax = syscall.SYS_PAUSE
		_ = syscall.PtraceSetRegs(id, &registers)
	}
}

// The call that it is in does nothing, and is answered so.
func (one *thread) refuse(id int, registers *syscall.PtraceRegs, why syscall.Errno) {
	one.refused = -int64(why)
	registers.Orig_rax = noSuchCall
	_ = syscall.PtraceSetRegs(id, registers)
}

// The type is the first word of what statfs gives.
func (t *tracee) answerFacts(one *thread, result uint64) {
	if one.facts != 0 && result == 0 && t.wish.fsType != 0 {
		_, _ = t.memory.WriteAt(binary.LittleEndian.AppendUint64(nil, t.wish.fsType), one.facts)
	}
	one.facts = 0
}

var asksFacts = map[uint64]bool{syscall.SYS_STATFS: true, syscall.SYS_FSTATFS: true}

// Only files are written to in these ways, sockets and logs in others.
var fillsDisk = map[uint64]bool{syscall.SYS_PWRITE64: true, syscall.SYS_FALLOCATE: true}

var flushesDisk = map[uint64]bool{syscall.SYS_FSYNC: true, syscall.SYS_FDATASYNC: true}

var asksDisk = map[uint64]bool{
	syscall.SYS_PREAD64: true, syscall.SYS_PWRITE64: true, syscall.SYS_FALLOCATE: true,
	syscall.SYS_FSYNC: true, syscall.SYS_FDATASYNC: true, syscall.SYS_FTRUNCATE: true,
}

var waitCalls = map[uint64]bool{
	syscall.SYS_POLL: true, syscall.SYS_PPOLL: true, syscall.SYS_SELECT: true, syscall.SYS_PSELECT6: true,
	syscall.SYS_EPOLL_WAIT: true, syscall.SYS_EPOLL_PWAIT: true, syscall.SYS_NANOSLEEP: true,
	syscall.SYS_CLOCK_NANOSLEEP: true, syscall.SYS_RESTART_SYSCALL: true,
}

func waits(registers *syscall.PtraceRegs) bool {
	const plain, bits = 0, 9 // FUTEX_WAIT and FUTEX_WAIT_BITSET
	if registers.Orig_rax != syscall.SYS_FUTEX {
		return waitCalls[registers.Orig_rax]
	}
	how := registers.Rsi & 0x7f
	return how == plain || how == bits
}

// Within what it waits on for one thing: a lock and a bell of some words each.
func (one *thread) isHome(registers *syscall.PtraceRegs) bool {
	const near = 256
	at := int64(registers.Rdi)
	if one.home == 0 {
		one.home = at
	}
	return at-one.home < near && one.home-at < near
}

func (t *tracee) isHalted(id int) bool {
	if t.wish.halt == "" {
		return false
	}
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/comm", t.pid, id))
	return strings.TrimSuffix(string(name), "\n") == t.wish.halt
}

// Whether the call writes these bytes to a file.
func (t *tracee) writes(registers *syscall.PtraceRegs, text []byte) bool {
	return registers.Orig_rax == syscall.SYS_PWRITE64 && t.holds(registers.Rsi, registers.Rdx, text)
}

// Whether the call, which is done, has read these bytes from a file.
func (t *tracee) hasRead(registers *syscall.PtraceRegs, text []byte) bool {
	return registers.Orig_rax == syscall.SYS_PREAD64 && int64(registers.Rax) > 0 &&
		t.holds(registers.Rsi, registers.Rax, text)
}

func (t *tracee) holds(at, size uint64, text []byte) bool {
	if t.memory == nil {
		return false
	}
	found := make([]byte, min(size, 1<<20))
	n, _ := t.memory.ReadAt(found, int64(at))
	return bytes.Contains(found[:n], text)
}
