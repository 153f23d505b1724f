package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"hedgerow/control-plane/state"
)

// MessageFile is the open file on which a background process sends its messages, one JSON line
// each, to the one that started it.
const MessageFile = 3

// Start runs this program again with the given arguments, detached, and passes its messages on
// until the report has come. When it fails or the context ends first, nothing is left running.
func Start(ctx context.Context, dir state.Dir, arguments []string, tell func(Message)) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(dir.File(state.Log), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	receive, send, err := os.Pipe()
	if err != nil {
		return err
	}
	defer receive.Close()

	child := exec.Command(program, arguments...)
	child.Stdout, child.Stderr = log, log
	child.ExtraFiles = []*os.File{send}
	// Its own session: a Ctrl-C in this terminal is not meant for it.
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = child.Start()
	send.Close()
	if err != nil {
		return fmt.Errorf("the control plane's process did not start: %w", err)
	}
	told := make(chan error, 1)
	go func() { told <- passOn(receive, tell) }()
	select {
	case err = <-told:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		return child.Process.Release()
	}
	child.Process.Kill()
	child.Wait()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the control plane ended while starting; the end of %s says: %s",
			dir.File(state.Log), lastLine(dir.File(state.Log)))
	}
	return err
}

func passOn(messages io.Reader, tell func(Message)) error {
	decoder := json.NewDecoder(messages)
	for {
		var message Message
		if err := decoder.Decode(&message); err != nil {
			return io.ErrUnexpectedEOF
		}
		if message.Failure != "" {
			return errors.New(message.Failure)
		}
		tell(message)
		if message.Report != nil {
			return nil
		}
	}
}

func lastLine(path string) string {
	content, _ := os.ReadFile(path)
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return lines[len(lines)-1]
}

// How long a polite stop may take before it becomes a kill.
const stopPatience = 10 * time.Second

// Stop ends the folder's process and waits until it is gone. With now it is killed at once: what it
// has written is kept all the same, only requests in flight are cut.
func Stop(ctx context.Context, dir state.Dir, now bool) (wasRunning bool, err error) {
	if !dir.Held() {
		return false, nil
	}
	signal := os.Signal(syscall.SIGTERM)
	if now {
		signal = os.Kill
	}
	patience := time.Now().Add(stopPatience)
	signalled := false
	for dir.Held() {
		if holder, known := dir.Holder(); known && !signalled {
			if err := holder.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return true, fmt.Errorf("cannot end process %d: %w", holder.ID, err)
			}
			signalled = true
		}
		if time.Now().After(patience) {
			if signal == os.Kill {
				return true, fmt.Errorf("the process of %s does not end", dir)
			}
			signal, signalled = os.Kill, false
			patience = time.Now().Add(stopPatience)
		}
		select {
		case <-ctx.Done():
			return true, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return true, nil
}
