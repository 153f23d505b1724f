package main

import (
	"context"
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A connection from a client, with what a rule does to it. It lies below TLS: what it cuts, delays
// or counts are bytes on the wire.
type connection struct {
	net.Conn
	gate   *Gate
	number int64
	rule   *activeRule // Nil for most.
	tls    net.Conn    // The same connection above TLS; nil without.

	gone   context.Context // Ends when the connection is closed from this side.
	leave  context.CancelFunc
	out    atomic.Int64
	closed sync.Once
	waited sync.Once
}

func (c *connection) action() *Action {
	if c.rule == nil {
		return &Action{}
	}
	return c.rule.Action
}

// Read gives what the client sends; nothing at all in a black hole.
func (c *connection) Read(into []byte) (int, error) {
	if err := c.wait(); err != nil {
		return 0, err
	}
	count, err := c.Conn.Read(into)
	c.gate.record.bytesIn.Add(int64(count))
	return count, err
}

// What comes before the first byte: a delay, or for ever nothing.
func (c *connection) wait() error {
	var err error
	c.waited.Do(func() {
		action := c.action()
		err = sleep(c.gone, time.Duration(action.DelayMillis)*time.Millisecond)
		if err == nil && action.BlackHole {
			c.gate.rules.WaitHole(c.gone, c.rule)
			c.Close()
			err = net.ErrClosed
		}
	})
	return err
}

func (c *connection) Write(content []byte) (int, error) {
	action := c.action()
	pace := paceOf(action.Drip)
	written := 0
	for written < len(content) {
		chunk := content[written:min(len(content), written+pace.chunk)]
		if action.Cut != nil {
			left := action.Cut.After - c.out.Load()
			if left <= 0 {
				c.end(action.Cut.How)
				return written, net.ErrClosed
			}
			chunk = chunk[:min(int64(len(chunk)), left)]
		}
		count, err := c.Conn.Write(chunk)
		written += count
		c.out.Add(int64(count))
		c.gate.record.bytesOut.Add(int64(count))
		if err != nil {
			return written, err
		}
		if written < len(content) {
			if err := sleep(c.gone, pace.pause); err != nil {
				return written, err
			}
		}
	}
	// Also when this was the last there is to say: the client must see the cut, not a silence.
	if action.Cut != nil && c.out.Load() >= action.Cut.After && action.Cut.How != bySilence {
		c.end(action.Cut.How)
	}
	return written, nil
}

// Ends the connection the way a cut says. After a silent one it stays open and nothing comes.
func (c *connection) end(how string) {
	switch how {
	case byReset:
		c.reset()
	case bySilence:
		c.gate.rules.WaitHole(c.gone, c.rule)
		c.Close()
	default:
		c.Close()
	}
}

// Says GOAWAY as a frame of its own between those of the HTTP server, and hangs up once it is out.
// Over HTTP/1 there is nothing of the kind to say.
func (c *connection) goAway(ctx context.Context, last uint32, two bool) {
	if two {
		frame := []byte{0, 0, 8, 7, 0, 0, 0, 0, 0}
		frame = binary.BigEndian.AppendUint32(frame, last)
		frame = binary.BigEndian.AppendUint32(frame, 0) // NO_ERROR
		var above net.Conn = c
		if c.tls != nil {
			above = c.tls
		}
		above.Write(frame)
		sleep(ctx, 50*time.Millisecond)
	}
	c.Close()
}

// Has the kernel send RST instead of FIN.
func (c *connection) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}

func (c *connection) Close() error {
	var err error
	c.closed.Do(func() {
		c.leave()
		err = c.Conn.Close()
		c.gate.forget(c)
	})
	return err
}

// How to write slowly: so many bytes, then a pause.
type pace struct {
	chunk int
	pause time.Duration
}

func paceOf(bytesPerSecond int) pace {
	if bytesPerSecond <= 0 {
		return pace{chunk: 1 << 20}
	}
	// Twenty times a second, or one byte at a time when that is too often.
	chunk := max(1, bytesPerSecond/20)
	return pace{chunk, time.Duration(chunk) * time.Second / time.Duration(bytesPerSecond)}
}

// Listener accepts for the Gate and does what connection rules say.
type Listener struct {
	net.Listener
	gate *Gate
}

// Accept gives the next connection that is to be served. Those that a rule ends at once, and those
// that only get a banner, are dealt with here.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		conn := l.gate.admit(accepted)
		action := conn.action()
		switch {
		case action.Reset:
			go conn.refuse()
		case action.Banner != nil:
			go conn.speak(*action.Banner)
		default:
			return conn, nil
		}
	}
}

func (c *connection) refuse() {
	c.wait()
	c.reset()
}

func (c *connection) speak(banner Banner) {
	defer c.Close()
	if c.wait() != nil {
		return
	}
	if _, err := c.Write([]byte(banner.First)); err != nil {
		return
	}
	first := make([]byte, 4096)
	if _, err := c.Read(first); err == nil {
		c.Write([]byte(banner.Reply))
	}
}
