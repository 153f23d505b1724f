package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var people = []session{{"session=x", "token x"}, {"session=y", "token y"}}

func TestEveryRequestIsSentAndEachRefusalCounted(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, from *http.Request) {
		if asked.Add(1)%10 == 0 {
			to.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	got := wish{Sessions: people, Requests: []request{{"GET", server.URL, ""}}, Rate: 200, Seconds: 1,
		Connections: 4}.put()
	// Each connection is opened by one request that is not counted.
	if got.Asked != 200 || asked.Load() != 204 || got.Errors < 19 || got.Errors > 20 {
		t.Errorf("%+v of %d", got, asked.Load())
	}
}

func TestAStallIsTimedFromWhenTheRequestsWereDue(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if asked.Add(1) == 2 {
			time.Sleep(500 * time.Millisecond)
		}
	}))
	defer server.Close()
	got := wish{Sessions: people, Requests: []request{{"GET", server.URL, ""}}, Rate: 100, Seconds: 1,
		Connections: 1}.put()
	// One answer was late by itself; those that were due meanwhile were late with it.
	if got.P50 < 1 || got.Worst < 500 {
		t.Errorf("%+v", got)
	}
}

func TestWhatAServerCannotKeepUpWithIsGivenUpAndCounted(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		time.Sleep(100 * time.Millisecond)
	}))
	defer server.Close()
	begun := time.Now()
	got := wish{Sessions: people, Requests: []request{{"GET", server.URL, ""}}, Rate: 50, Seconds: 1,
		Connections: 1}.put()
	if took := time.Since(begun); took > 3*time.Second || got.Asked != 50 || got.Errors < 25 {
		t.Errorf("%+v in %s", got, took)
	}
}

func TestEachPersonSendsEachRequestAsThemselvesAndNoWishTwice(t *testing.T) {
	var lock sync.Mutex
	seen := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, from *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		who := from.Header.Get("Cookie")
		seen[who+" "+from.Method]++
		if from.Method == "POST" {
			body, _ := io.ReadAll(from.Body)
			seen[who+" "+from.Header.Get("X-CSRF-Token")+" "+string(body)]++
			seen[from.Header.Get("Idempotency-Key")]++
			seen["from "+from.Header.Get("Origin")]++
		}
	}))
	defer server.Close()
	wishes := []request{{"GET", server.URL, ""}, {"POST", server.URL, "{}"}}
	got := wish{Sessions: people, Requests: wishes, Rate: 40, Seconds: 1, Connections: 1}.put()
	if got.Errors != 0 {
		t.Errorf("%+v", got)
	}
	// 41 with the one that opens the connection.
	for _, one := range []string{"session=x POST", "session=x token x {}", "session=y GET", "session=y POST"} {
		if seen[one] != 10 {
			t.Errorf("%s: %d", one, seen[one])
		}
	}
	if seen["session=x GET"] != 11 || seen["from "+server.URL] != 20 {
		t.Errorf("%v", seen)
	}
	// Beside those four, two with tokens and the origin: one key for each of 20 wishes.
	if len(seen) != 4+2+1+20 {
		t.Errorf("%d: %v", len(seen), seen)
	}
}

func TestStreamsAreHeldUntilTheEndAndTheLostOnesCounted(t *testing.T) {
	var opened atomic.Int64
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, from *http.Request) {
		number := opened.Add(1)
		if number%5 == 0 {
			to.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		io.WriteString(to, "event: hb\n\n")
		to.(http.Flusher).Flush()
		if number == 1 {
			return
		}
		select {
		case <-end:
		case <-from.Context().Done():
		}
	}))
	defer server.Close()
	defer close(end)
	asked, err := json.Marshal(wish{Sessions: people, Stream: server.URL, Count: 10})
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	in := bufio.NewReader(io.MultiReader(strings.NewReader(string(asked)+"\n"), eofAfter(200*time.Millisecond)))
	if err := run(in, json.NewEncoder(&said)); err != nil {
		t.Fatal(err)
	}
	var first, last map[string]int64
	answers := json.NewDecoder(&said)
	if answers.Decode(&first) != nil || answers.Decode(&last) != nil {
		t.Fatal(said.String())
	}
	// The stream that was open may have been counted as such before it was lost.
	if first["failed"] != 2 || last["alive"] != 7 || last["bytes"] < 8*11 {
		t.Error(first, last)
	}
}

type eofAfter time.Duration

func (wait eofAfter) Read([]byte) (int, error) {
	time.Sleep(time.Duration(wait))
	return 0, io.EOF
}

func TestPartsOfASortedRow(t *testing.T) {
	var row []time.Duration
	for index := 1; index <= 100; index++ {
		row = append(row, time.Duration(index)*time.Millisecond)
	}
	if at(row, 0.5) != 50 || at(row, 0.99) != 99 || at(row, 1) != 100 || at(nil, 0.5) != 0 {
		t.Error(at(row, 0.5), at(row, 0.99), at(row, 1))
	}
}
