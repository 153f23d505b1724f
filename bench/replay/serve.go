package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Not an address of Kubernetes, and not counted itself.
const countsPath = "/replay/counts"

// What has been sent so far.
type counts struct {
	Requests int64 `json:"requests"`
	Lists    int64 `json:"lists"`   // Of those: answers with items.
	Unknown  int64 `json:"unknown"` // Of those: questions without a recorded answer.
	Bytes    int64 `json:"bytes"`   // Of bodies.
}

type server struct {
	answers map[string]answer
	rate    *rate

	lock sync.Mutex
	sent counts
}

type readiness struct {
	URL    string `json:"url"`
	CAFile string `json:"ca_file"`
}

func serve(ctx context.Context, wish wishes) error {
	answers, err := folder{wish.answers}.read()
	if err != nil {
		return err
	}
	certificate, caFile, err := certify(wish.dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(wish.port)))
	if err != nil {
		return err
	}
	replaying := &server{answers: answers, rate: newRate(wish.rate)}
	serving := &http.Server{Handler: replaying, TLSConfig: certificate}
	ended := make(chan error, 1)
	go func() { ended <- serving.ServeTLS(listener, "", "") }()
	ready := readiness{"https://" + listener.Addr().String(), caFile}
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		serving.Close()
	}
	return json.NewEncoder(os.Stdout).Encode(replaying.soFar())
}

func (s *server) soFar() counts {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.sent
}

func (s *server) ServeHTTP(to http.ResponseWriter, request *http.Request) {
	if request.URL.Path == countsPath {
		to.Header().Set("Content-Type", plainForm)
		json.NewEncoder(to).Encode(s.soFar())
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(to, request.Body, reviewBytesMost))
	if err != nil {
		return
	}
	found, known := s.answers[questionIn(request, body)]
	if !known {
		found = notRecorded(request)
	}
	to.Header().Set("Content-Type", found.Type)
	to.Header().Set("Content-Length", strconv.Itoa(len(found.body)))
	to.WriteHeader(found.Status)
	sent := s.send(request.Context(), to, found.body)
	s.count(known, request, sent)
}

func (s *server) count(known bool, request *http.Request, sent int) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.sent.Requests++
	s.sent.Bytes += int64(sent)
	if !known {
		s.sent.Unknown++
	} else if isList(request) {
		s.sent.Lists++
	}
}

// "/apis/GROUP/VERSION/PLURAL" of one of our groups.
func isList(request *http.Request) bool {
	parts := strings.Split(request.URL.Path, "/")
	return request.Method == http.MethodGet && len(parts) == 5 && parts[1] == "apis" &&
		strings.HasSuffix(parts[2], ourGroups)
}

func notRecorded(request *http.Request) answer {
	body, _ := json.Marshal(map[string]any{
		"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
		"message": fmt.Sprintf("no answer to %s %s was recorded", request.Method, request.URL)})
	return answer{Status: http.StatusNotFound, Type: plainForm, body: body}
}

// All at once, or in pieces at the rate that was asked for. How much went out.
func (s *server) send(ctx context.Context, to io.Writer, body []byte) int {
	if s.rate == nil {
		sent, _ := to.Write(body)
		return sent
	}
	sent := 0
	for sent < len(body) {
		piece := body[sent:min(len(body), sent+s.rate.piece())]
		if !s.rate.wait(ctx, len(piece)) {
			return sent
		}
		wrote, err := to.Write(piece)
		sent += wrote
		if err != nil {
			return sent
		}
		if flusher, can := to.(http.Flusher); can {
			flusher.Flush()
		}
	}
	return sent
}

// A rate that all connections share.
type rate struct {
	perSecond int64

	lock sync.Mutex
	free time.Time // When the next byte may go.
}

func newRate(perSecond int64) *rate {
	if perSecond <= 0 {
		return nil
	}
	return &rate{perSecond: perSecond}
}

// Twenty pieces a second: even enough, and few sleeps.
func (r *rate) piece() int { return int(max(1, r.perSecond/20)) }

// Waits until so many bytes may go; false when nobody wants them any more.
func (r *rate) wait(ctx context.Context, size int) bool {
	r.lock.Lock()
	now := time.Now()
	if r.free.Before(now) {
		r.free = now
	}
	r.free = r.free.Add(time.Duration(float64(size) / float64(r.perSecond) * float64(time.Second)))
	until := r.free
	r.lock.Unlock()
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Until(until)):
		return true
	}
}
