package main

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"regexp"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// Headers whose values are written down. Of all others only the names are: some are secrets.
var openHeaders = []string{"Accept", "Accept-Encoding", "Content-Type", "Host", "Idempotency-Key",
	"If-None-Match", "Last-Event-Id", "Origin", "User-Agent"}

// Request is one request as the Gate saw it. Times are those of the Gate's clock.
type Request struct {
	Number        int               `json:"number"`
	At            time.Time         `json:"at"`
	Connection    int64             `json:"connection"`
	Method        string            `json:"method"`
	Path          string            `json:"path"`
	Query         string            `json:"query"`
	Protocol      string            `json:"protocol"`
	TLS           string            `json:"tls,omitempty"`
	HeaderNames   []string          `json:"header_names"`
	Headers       map[string]string `json:"headers"`
	Authorization bool              `json:"authorization"`
	RequestBytes  int64             `json:"request_bytes"`

	Rule             string `json:"rule,omitempty"`
	UpstreamProtocol string `json:"upstream_protocol,omitempty"`
	UpstreamStatus   int    `json:"upstream_status,omitempty"`
	Status           int    `json:"status,omitempty"` // 0: no answer has gone out.
	ResponseBytes    int64  `json:"response_bytes"`
	Problem          string `json:"problem,omitempty"` // What kept the Gate from doing as told.
	Done             bool   `json:"done"`
	Whole            bool   `json:"whole"` // The answer went out to its end.
	Millis           int64  `json:"ms"`
}

// Record keeps all requests and counts connections.
type Record struct {
	lock      sync.Mutex
	requests  []*Request
	number    int
	counters  Counters
	changed   chan struct{}
	tlsErrors []string

	bytesIn, bytesOut atomic.Int64
}

// Counters are of the Gate's whole life, but for the two that say how many there are now.
type Counters struct {
	Connections     int64 `json:"connections"`
	OpenConnections int64 `json:"open_connections"`
	Requests        int64 `json:"requests"`
	OpenRequests    int64 `json:"open_requests"`
	BytesIn         int64 `json:"bytes_in"` // From clients, on the wire.
	BytesOut        int64 `json:"bytes_out"`

	TLSErrors []string `json:"tls_errors"` // Why handshakes with clients failed.
}

func newRecord() *Record { return &Record{changed: make(chan struct{})} }

// Locked changes what is recorded; those who wait are told.
func (r *Record) Locked(change func()) {
	r.lock.Lock()
	defer r.lock.Unlock()
	change()
	close(r.changed)
	r.changed = make(chan struct{})
}

// Begin writes a request down before anything is done with it.
func (r *Record) Begin(request *http.Request, connection int64) *Request {
	entry := &Request{
		At:            time.Now(),
		Connection:    connection,
		Method:        request.Method,
		Path:          request.URL.Path,
		Query:         request.URL.RawQuery,
		Protocol:      request.Proto,
		Headers:       map[string]string{"Host": request.Host},
		Authorization: request.Header.Get("Authorization") != "",
	}
	if request.TLS != nil {
		entry.TLS = tls.VersionName(request.TLS.Version)
	}
	for name := range request.Header {
		entry.HeaderNames = append(entry.HeaderNames, name)
		if slices.Contains(openHeaders, name) {
			entry.Headers[name] = request.Header.Get(name)
		}
	}
	sort.Strings(entry.HeaderNames)
	if request.Body != nil {
		request.Body = &countedBody{request.Body, r, entry}
	}
	r.Locked(func() {
		r.number++
		entry.Number = r.number
		r.requests = append(r.requests, entry)
		r.counters.Requests++
		r.counters.OpenRequests++
	})
	return entry
}

// End writes down that nothing more will happen with a request.
func (r *Record) End(entry *Request) {
	r.Locked(func() {
		entry.Done = true
		entry.Millis = time.Since(entry.At).Milliseconds()
		r.counters.OpenRequests--
	})
}

type countedBody struct {
	io.ReadCloser
	record *Record
	entry  *Request
}

func (b *countedBody) Read(into []byte) (int, error) {
	count, err := b.ReadCloser.Read(into)
	if count > 0 {
		b.record.Locked(func() { b.entry.RequestBytes += int64(count) })
	}
	return count, err
}

// Wanted picks requests.
type Wanted struct {
	Method string
	Path   *regexp.Regexp
	Done   bool // Only those that are.
	Count  int  // Wait until there are so many.
}

// Find gives the requests that fit, as copies. False: the time was up before there were enough.
func (r *Record) Find(ctx context.Context, wanted Wanted) ([]Request, bool) {
	for {
		r.lock.Lock()
		found := []Request{}
		for _, entry := range r.requests {
			if (wanted.Method == "" || entry.Method == wanted.Method) &&
				wanted.Path.MatchString(entry.Path) && (entry.Done || !wanted.Done) {
				found = append(found, *entry)
			}
		}
		changed := r.changed
		r.lock.Unlock()
		if len(found) >= wanted.Count {
			return found, true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return found, false
		}
	}
}

// Forget drops the requests so far; numbers and counters go on.
func (r *Record) Forget() {
	r.Locked(func() { r.requests = nil })
}

// Count gives the counters.
func (r *Record) Count() Counters {
	r.lock.Lock()
	defer r.lock.Unlock()
	counters := r.counters
	counters.BytesIn, counters.BytesOut = r.bytesIn.Load(), r.bytesOut.Load()
	counters.TLSErrors = append([]string{}, r.tlsErrors...)
	return counters
}
