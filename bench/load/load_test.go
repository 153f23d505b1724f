package main

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

func TestEveryRequestIsSentAndEachRefusalCounted(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, from *http.Request) {
		if from.Header.Get("Cookie") != "session=x" {
			t.Error("a request without its cookie")
		}
		if asked.Add(1)%10 == 0 {
			to.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	got := put(wish{addresses: []string{server.URL}, cookie: "session=x", rate: 200, seconds: 1, connections: 4})
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
	got := put(wish{addresses: []string{server.URL}, rate: 100, seconds: 1, connections: 1})
	// One answer was late by itself; those that were due meanwhile were late with it.
	if got.P50 < 1 || got.Worst < 500 {
		t.Errorf("%+v", got)
	}
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
