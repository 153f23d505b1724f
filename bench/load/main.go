// Command load plays many signed-in people at an HTTP server. What it shall do it reads as one line
// of JSON from standard input, what came of it it writes as JSON to standard output.
//
//	{"sessions": [{"cookie", "csrf"}], "requests": [{"method", "url", "body"}],
//	 "rate": 2000, "seconds": 5, "connections": 32}      asks, see pace.go
//	{"sessions": […], "stream": URL, "count": 2000}      holds event streams, see streams.go
package main

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// A person who is signed in.
type session struct {
	Cookie string `json:"cookie"`
	CSRF   string `json:"csrf"`
}

type request struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	Body   string `json:"body"`
}

type wish struct {
	Sessions    []session `json:"sessions"`
	Requests    []request `json:"requests"`
	Rate        int       `json:"rate"`
	Seconds     int       `json:"seconds"`
	Connections int       `json:"connections"`
	Stream      string    `json:"stream"`
	Count       int       `json:"count"`
}

func main() {
	if err := run(bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(in *bufio.Reader, out *json.Encoder) error {
	line, err := in.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var w wish
	if err := json.Unmarshal(line, &w); err != nil {
		return fmt.Errorf("what is wanted cannot be read: %w", err)
	}
	if len(w.Sessions) == 0 {
		return errors.New("nobody is signed in")
	}
	if w.Stream != "" {
		return w.hold(in, out)
	}
	if len(w.Requests) == 0 || w.Rate < 1 || w.Seconds < 1 || w.Connections < 1 {
		return errors.New("requests, rate, seconds and connections are wanted")
	}
	return out.Encode(w.put())
}

// As that person's browser sends it.
func (r request) by(who session) (*http.Request, error) {
	made, err := http.NewRequest(r.Method, r.URL, strings.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	made.Header.Set("Accept", "application/json")
	made.Header.Set("Cookie", who.Cookie)
	if r.Method == http.MethodGet {
		return made, nil
	}
	address, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	made.Header.Set("Content-Type", "application/json")
	made.Header.Set("Origin", address.Scheme+"://"+address.Host)
	made.Header.Set("X-CSRF-Token", who.CSRF)
	made.Header.Set("Idempotency-Key", rand.Text())
	return made, nil
}
