package main

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// After so many times the wanted time the rest is given up, and counts as errors.
const patience = 2

// What came of asking at a fixed rate, whether the server keeps up or not. Each answer is timed from
// the moment at which its request was due, so that a server that stalls cannot hide it.
type outcome struct {
	Asked     int     `json:"asked"`
	Errors    int     `json:"errors"`
	PerSecond float64 `json:"per_second"` // Answers, until the last one had come.
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Worst     float64 `json:"max_ms"`
	Bytes     int64   `json:"bytes"`
}

// One connection's share of the requests: every n-th, at the time it is due.
type share struct {
	took   []time.Duration
	errors int
	bytes  int64
}

func (w wish) put() outcome {
	total := w.Rate * w.Seconds
	shares := make([]share, w.Connections)
	var group sync.WaitGroup
	// All are connected before the first is due.
	begin := time.Now().Add(200 * time.Millisecond)
	for index := range shares {
		group.Add(1)
		go func() {
			defer group.Done()
			shares[index] = w.ask(index, total, begin)
		}()
	}
	group.Wait()
	return summary(shares, time.Since(begin))
}

func (w wish) ask(first, total int, begin time.Time) share {
	client := &http.Client{Timeout: 30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 1, MaxConnsPerHost: 1, DisableCompression: true}}
	defer client.CloseIdleConnections()
	w.once(client, first)
	var done share
	for index := first; index < total; index += w.Connections {
		due := begin.Add(time.Duration(index) * time.Second / time.Duration(w.Rate))
		if time.Since(begin) > patience*time.Duration(w.Seconds)*time.Second {
			done.took = append(done.took, time.Since(due))
			done.errors++
			continue
		}
		time.Sleep(time.Until(due))
		size, ok := w.once(client, index)
		done.took = append(done.took, time.Since(due))
		done.bytes += size
		if !ok {
			done.errors++
		}
	}
	return done
}

// In time every session sends every request: after each round of all sessions the next request is
// the one behind.
func (w wish) once(client *http.Client, index int) (size int64, ok bool) {
	round := index / len(w.Sessions)
	one := w.Requests[(index+round)%len(w.Requests)]
	made, err := one.by(w.Sessions[index%len(w.Sessions)])
	if err != nil {
		return 0, false
	}
	reply, err := client.Do(made)
	if err != nil {
		return 0, false
	}
	defer reply.Body.Close()
	size, err = io.Copy(io.Discard, reply.Body)
	return size, err == nil && reply.StatusCode >= 200 && reply.StatusCode < 300
}

func summary(shares []share, took time.Duration) outcome {
	var all []time.Duration
	var sum outcome
	for _, one := range shares {
		all = append(all, one.took...)
		sum.Errors += one.errors
		sum.Bytes += one.bytes
	}
	slices.Sort(all)
	sum.Asked = len(all)
	sum.PerSecond = float64(len(all)-sum.Errors) / took.Seconds()
	sum.P50, sum.P99, sum.Worst = at(all, 0.50), at(all, 0.99), at(all, 1)
	return sum
}

// The value that this part of all do not exceed, in milliseconds.
func at(sorted []time.Duration, part float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	place := int(part*float64(len(sorted))+0.9999999) - 1
	return float64(sorted[max(0, place)].Microseconds()) / 1000
}
