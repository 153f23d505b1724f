// Tracer runs a program under ptrace, on x86-64, and lets a test do to it, at an instant that only its system
// calls name, what a machine does to programs: kill it, fill its disk, let a thread stand still.
//
//	tracer ORDER PROGRAM [ARGUMENT...]
//
// The first order, which may be empty, is obeyed before the program begins.
// It answers each line of its standard input with one line on file descriptor 3:
//
//	die N        SIGKILL as any thread enters the N-th system call from now on
//	die-at TEXT  SIGKILL as any thread is about to write these bytes to a file
//	count        how many system calls were entered since
//	full N       from the N-th write on no file takes a byte: ENOSPC
//	fail N       the N-th read, write or flush of a file from now on answers EIO
//	fail-writes N, fail-flushes N  the N-th write or flush and all after it answer EIO
//	disk         how many there were since of what one of these counts; of all when there is none of them
//	halt NAME    threads of this name stand still, for ever, wherever they would wait
//	halt-away NAME  the same, but not where they wait now: who rings for them goes on
//	hold-at TEXT the first thread that has read these bytes from a file stands still until another such order
//	hold-flush   the first thread that flushes a file stands still before that, until another such order
//	held         how many stand so now
//	fs-type HEX  every file system that is asked calls itself this: what statfs gives as f_type
//	go           undoes all of these
//
// The first line on descriptor 3 is the program's id. Tracer ends as the program does, and passes
// SIGTERM and SIGHUP on.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: tracer ORDER PROGRAM [ARGUMENT...]")
		os.Exit(2)
	}
	runtime.LockOSThread() // Only the thread that traces may ask.
	answers := os.NewFile(3, "answers")
	syscall.CloseOnExec(3)
	tracee, err := start(os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "tracer:", err)
		os.Exit(1)
	}
	say := func(format string, values ...any) { fmt.Fprintf(answers, format+"\n", values...) }
	say("%d", tracee.pid)
	if order := os.Args[1]; order != "" {
		tracee.obey(order)
	}
	orders := make(chan string)
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			orders <- lines.Text()
		}
	}()
	passed := make(chan os.Signal, 8)
	signal.Notify(passed, syscall.SIGTERM, syscall.SIGHUP)
	for {
		// While each call is looked at, a server has one soon enough for the next order.
		happened := tracee.step(tracee.wish.watched)
		if tracee.gone != nil {
			leaveAs(*tracee.gone)
		}
		rest := 2 * time.Millisecond
		if happened {
			rest = 0
		}
		select {
		case order := <-orders:
			say("%s", tracee.obey(order))
		case which := <-passed:
			_ = syscall.Kill(tracee.pid, which.(syscall.Signal))
		case <-after(rest):
		}
	}
}

// At once where there is nothing to wait for.
func after(rest time.Duration) <-chan time.Time {
	if rest > 0 {
		return time.After(rest)
	}
	now := make(chan time.Time)
	close(now)
	return now
}

// In the same way as the program.
func leaveAs(status syscall.WaitStatus) {
	if status.Signaled() {
		signal.Reset()
		_ = syscall.Kill(os.Getpid(), status.Signal())
		time.Sleep(time.Second)
	}
	os.Exit(status.ExitStatus())
}

func (t *tracee) obey(order string) string {
	word, rest, _ := strings.Cut(order, " ")
	switch word {
	case "die", "full", "fail", "fail-writes", "fail-flushes":
		at, err := strconv.Atoi(rest)
		if err != nil || at < 1 {
			return "no number: " + rest
		}
		if word == "die" {
			t.want(wish{dieAt: at})
		} else {
			t.want(wish{fault: faultOf(word, at)})
		}
	case "die-at":
		t.want(wish{dieText: []byte(rest)})
	case "count":
		return fmt.Sprint(t.count)
	case "disk":
		return fmt.Sprint(t.disk)
	case "halt", "halt-away":
		t.want(wish{halt: rest, away: word == "halt-away"})
	case "hold-at":
		t.want(wish{holdText: []byte(rest)})
	case "hold-flush":
		t.want(wish{holdFlush: true})
	case "held":
		return fmt.Sprint(t.held())
	case "fs-type":
		kind, err := strconv.ParseUint(rest, 16, 64)
		if err != nil || kind == 0 {
			return "no type: " + rest
		}
		t.want(wish{fsType: kind})
	case "go":
		t.want(wish{})
	default:
		return "no such order: " + order
	}
	return "done"
}
