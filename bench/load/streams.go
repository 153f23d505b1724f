package main

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Streams whose server says nothing for so long did not open.
const openMost = 30 * time.Second

// At most so many are being opened at once.
const openingAtOnce = 32

type streams struct {
	open   atomic.Int64
	failed atomic.Int64
	bytes  atomic.Int64
}

// Opens all streams, says how many there are, holds them until standard input ends, and says how
// many there still are.
func (w wish) hold(in io.Reader, out *json.Encoder) error {
	var all streams
	var opening sync.WaitGroup
	turn := make(chan struct{}, openingAtOnce)
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	for index := range w.Count {
		opening.Add(1)
		go all.follow(client, request{http.MethodGet, w.Stream, ""}, w.Sessions[index%len(w.Sessions)],
			turn, opening.Done)
	}
	opening.Wait()
	if err := out.Encode(map[string]int64{"open": all.open.Load(), "failed": all.failed.Load()}); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	return out.Encode(map[string]int64{"alive": all.open.Load(), "bytes": all.bytes.Load()})
}

// It is open once its server has said something.
func (s *streams) follow(client *http.Client, from request, who session, turn chan struct{}, opened func()) {
	turn <- struct{}{}
	var once sync.Once
	open := false
	settle := func(counter *atomic.Int64) {
		once.Do(func() {
			open = counter == &s.open
			counter.Add(1)
			<-turn
			opened()
		})
	}
	late := time.AfterFunc(openMost, func() { settle(&s.failed) })
	defer late.Stop()
	s.read(client, from, who, func() { settle(&s.open) })
	settle(&s.failed)
	if open {
		s.open.Add(-1)
	}
}

func (s *streams) read(client *http.Client, from request, who session, said func()) {
	made, err := from.by(who)
	if err != nil {
		return
	}
	made.Header.Set("Accept", "text/event-stream")
	reply, err := client.Do(made)
	if err != nil {
		return
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return
	}
	piece := make([]byte, 512)
	for {
		size, err := reply.Body.Read(piece)
		s.bytes.Add(int64(size))
		if size > 0 {
			said()
		}
		if err != nil {
			return
		}
	}
}
