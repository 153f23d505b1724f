package main

import (
	"context"
	"io"
	"net/http"
	"time"
)

// An answer on its way to the client, with what a rule does to it.
type shapedAnswer struct {
	http.ResponseWriter
	gate   *Gate
	ctx    context.Context // The request's: ends when the client gives up.
	conn   *connection
	entry  *Request
	rule   *activeRule
	action *Action

	begun    bool
	sent     int64 // Bytes of the body.
	wireFrom int64 // What the connection had written before the headers, then before the body.
}

// WriteHeader sends the headers at once, so that a fault of the body strikes behind them.
func (a *shapedAnswer) WriteHeader(status int) {
	if status < 200 {
		a.ResponseWriter.WriteHeader(status)
		return
	}
	if a.begun {
		return
	}
	if a.action.Cut != nil && a.action.Cut.BeforeHeaders {
		a.cut()
	}
	a.begun = true
	setHeaders(a.Header(), a.action.Headers)
	a.gate.record.Locked(func() { a.entry.Status = status })
	a.wireFrom = a.conn.out.Load()
	a.ResponseWriter.WriteHeader(status)
	a.Flush()
	if a.action.Cut != nil {
		a.awaitWire(1)
		a.wireFrom = a.conn.out.Load()
	}
	delay := time.Duration(a.action.BodyDelay) * time.Millisecond
	if sleep(a.ctx, delay) != nil {
		panic(http.ErrAbortHandler)
	}
}

func (a *shapedAnswer) Write(content []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	pace := paceOf(a.action.Drip)
	written := 0
	for written < len(content) {
		chunk := content[written:min(len(content), written+pace.chunk)]
		if a.action.Cut != nil {
			left := a.action.Cut.After - a.sent
			if left <= 0 {
				a.cut()
			}
			chunk = chunk[:min(int64(len(chunk)), left)]
		}
		count, err := a.ResponseWriter.Write(chunk)
		written += count
		a.sent += int64(count)
		a.gate.record.Locked(func() { a.entry.ResponseBytes = a.sent })
		if err != nil {
			return written, err
		}
		if a.action.Drip > 0 || a.action.Cut != nil {
			a.Flush()
			if err := sleep(a.ctx, pace.pause); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// Flush sends on what the server still holds.
func (a *shapedAnswer) Flush() {
	http.NewResponseController(a.ResponseWriter).Flush()
}

// Finish is called at the end of the body, where a cut can still be due.
func (a *shapedAnswer) finish() {
	if a.action.Cut != nil && a.sent >= a.action.Cut.After {
		a.cut()
	}
	a.gate.record.Locked(func() { a.entry.Whole = true })
}

// Ends the connection here and the handler with it.
func (a *shapedAnswer) cut() {
	if a.begun {
		a.awaitWire(a.sent)
	}
	switch a.action.Cut.How {
	case byReset:
		a.conn.reset()
	case bySilence:
		a.gate.rules.WaitHole(a.ctx, a.rule)
	default:
		a.conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// With HTTP/2, what was flushed is written by another goroutine, and so are frames that belong to
// no answer. What comes before the cut is out when enough has been written and nothing follows.
func (a *shapedAnswer) awaitWire(bytes int64) {
	if a.entry.Protocol != "HTTP/2.0" {
		return
	}
	patience, stop := context.WithTimeout(a.ctx, time.Second)
	defer stop()
	for quiet, before := 0, int64(-1); quiet < 10; quiet++ {
		now := a.conn.out.Load()
		if now != before || now-a.wireFrom < bytes {
			quiet, before = 0, now
		}
		if sleep(patience, time.Millisecond) != nil {
			return
		}
	}
}

func setHeaders(headers http.Header, wanted map[string]*string) {
	for name, value := range wanted {
		if value == nil {
			headers.Del(name)
		} else {
			headers.Set(name, *value)
		}
	}
}

// Sends an answer of the Gate's own.
func (a *shapedAnswer) instead(answer Answer) {
	for name, value := range answer.Headers {
		a.Header().Set(name, value)
	}
	a.WriteHeader(answer.Status)
	io.WriteString(a, answer.Body)
	a.Write(answer.Bytes)
	a.finish()
}
