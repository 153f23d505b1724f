// Command load asks an HTTP server for pages at a fixed rate, whether it keeps up or not, and says
// how long the answers took. Each is timed from the moment at which it was due, so that a server
// that stalls cannot hide it. The cookie of a session comes by the environment, as LOAD_COOKIE.
//
//	load --rate 2000 --seconds 5 URL...
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

type wish struct {
	addresses   []string
	cookie      string
	rate        int
	seconds     int
	connections int
}

// What came of it. An answer other than 200 is an error.
type outcome struct {
	Asked     int     `json:"asked"`
	Errors    int     `json:"errors"`
	PerSecond float64 `json:"per_second"` // Answers, until the last one had come.
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Worst     float64 `json:"max_ms"`
	Bytes     int64   `json:"bytes"`
}

func main() {
	var w wish
	flag.IntVar(&w.rate, "rate", 2000, "requests a second")
	flag.IntVar(&w.seconds, "seconds", 5, "for so long")
	flag.IntVar(&w.connections, "connections", 32, "over so many connections")
	flag.Parse()
	w.addresses, w.cookie = flag.Args(), os.Getenv("LOAD_COOKIE")
	if len(w.addresses) == 0 || w.rate < 1 || w.seconds < 1 || w.connections < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := json.NewEncoder(os.Stdout).Encode(put(w)); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// One connection's share of the requests: every n-th, at the time it is due.
type share struct {
	took   []time.Duration
	errors int
	bytes  int64
}

func put(w wish) outcome {
	total := w.rate * w.seconds
	shares := make([]share, w.connections)
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
	w.once(client, w.addresses[first%len(w.addresses)])
	var done share
	for index := first; index < total; index += w.connections {
		due := begin.Add(time.Duration(index) * time.Second / time.Duration(w.rate))
		time.Sleep(time.Until(due))
		size, ok := w.once(client, w.addresses[index%len(w.addresses)])
		done.took = append(done.took, time.Since(due))
		done.bytes += size
		if !ok {
			done.errors++
		}
	}
	return done
}

func (w wish) once(client *http.Client, address string) (size int64, ok bool) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return 0, false
	}
	request.Header.Set("Accept", "application/json")
	if w.cookie != "" {
		request.Header.Set("Cookie", w.cookie)
	}
	reply, err := client.Do(request)
	if err != nil {
		return 0, false
	}
	defer reply.Body.Close()
	size, err = io.Copy(io.Discard, reply.Body)
	return size, err == nil && reply.StatusCode == http.StatusOK
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
