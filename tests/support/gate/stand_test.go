package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A Gate before an upstream, and a client before the Gate.
type stand struct {
	t       *testing.T
	url     string
	control string
	client  *http.Client
	trusted *x509.CertPool
	resets  atomic.Int32 // How many of the client's connections ended with RST.
}

// HTTP clients call every end of a connection by one name; the socket knows which it was.
type socket struct {
	net.Conn
	stand *stand
}

func (s *stand) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &socket{conn, s}, err
}

func (s *socket) Read(into []byte) (int, error) {
	count, err := s.Conn.Read(into)
	return count, s.note(err)
}

// The kernel reports a reset once, to whoever comes first.
func (s *socket) Write(content []byte) (int, error) {
	count, err := s.Conn.Write(content)
	return count, s.note(err)
}

func (s *socket) note(err error) error {
	if errors.Is(err, syscall.ECONNRESET) {
		s.stand.resets.Add(1)
	}
	return err
}

const greeting = `{"kind":"List","items":[{"name":"a","n":12345678901234567890},{"name":"b"}]}`

// Answers by path: a small list, a stream of lines, what it was asked.
func upstream(t *testing.T, identity string) *httptest.Server {
	routes := http.NewServeMux()
	routes.HandleFunc("/list", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(greeting)))
		io.WriteString(w, greeting)
	})
	routes.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s %d", identity, r.Proto, r.Method, r.Header.Get("Authorization"),
			len(body))
	})
	routes.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		for count := 1; r.Context().Err() == nil; count++ {
			fmt.Fprintf(w, `{"type":"ADDED","object":{"count":%d}}`+"\n", count)
			http.NewResponseController(w).Flush()
			sleep(r.Context(), 5*time.Millisecond)
		}
	})
	server := httptest.NewUnstartedServer(routes)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func caFile(t *testing.T, server *httptest.Server) string {
	path := filepath.Join(t.TempDir(), "ca.crt")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, s settings, two bool) *stand {
	t.Helper()
	front, err := s.front()
	if err != nil {
		t.Fatal(err)
	}
	gate := newGate(s.upstream, front)
	if err := s.prepare(gate); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scheme, trusted := "http", x509.NewCertPool()
	switch {
	case s.raw:
		go gate.ServeRaw(listener)
		scheme = "https"
	default:
		go gate.Serve(listener)
	}
	if front.authority != nil {
		scheme = "https"
		trusted.AddCert(front.authority.certificate)
	}
	control := httptest.NewServer(gate.control())
	t.Cleanup(func() {
		gate.rules.Remove("")
		listener.Close()
		gate.CloseConnections(byClose)
		control.Close()
	})
	var protocols http.Protocols
	protocols.SetHTTP1(!two)
	protocols.SetHTTP2(two)
	protocols.SetUnencryptedHTTP2(two)
	made := &stand{t: t, url: scheme + "://" + listener.Addr().String(), control: control.URL,
		trusted: trusted}
	made.client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trusted},
		Protocols:       &protocols,
		DialContext:     made.dial,
	}}
	return made
}

func before(t *testing.T, two bool) *stand {
	behind := upstream(t, "first")
	return open(t, settings{names: "127.0.0.1", mode: tlsGood, secured: true,
		upstream: Upstream{behind.URL, caFile(t, behind)}}, two)
}

// Runs a test over both protocols: a fault must look the same to either.
func both(t *testing.T, test func(t *testing.T, s *stand, two bool)) {
	for _, two := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/%d", 1+map[bool]int{true: 1}[two]), func(t *testing.T) {
			test(t, before(t, two), two)
		})
	}
}

func (s *stand) get(path string) (string, *http.Response, error) {
	answer, err := s.client.Get(s.url + path)
	if err != nil {
		return "", nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), answer, err
}

// The upstream's own answer: proof that a fault is over.
func (s *stand) wantGood() {
	s.t.Helper()
	body, answer, err := s.get("/list")
	if err != nil || answer.StatusCode != 200 || body != greeting {
		s.t.Errorf("not forwarded as it is: %v %q", err, body)
	}
}

func (s *stand) rule(text string) {
	s.t.Helper()
	answer, err := http.Post(s.control+"/rules", "application/json", strings.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		body, _ := io.ReadAll(answer.Body)
		s.t.Fatalf("rule refused: %s", body)
	}
}

func (s *stand) tell(method, path string) int {
	s.t.Helper()
	request, _ := http.NewRequest(method, s.control+path, nil)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func (s *stand) ask(path string, into any) int {
	s.t.Helper()
	answer, err := http.Get(s.control + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode
}

func (s *stand) requests(query string) []Request {
	s.t.Helper()
	var found struct{ Requests []Request }
	if status := s.ask("/requests?"+query, &found); status != 200 {
		s.t.Fatalf("waiting for requests %s: %d, there are %+v", query, status, found.Requests)
	}
	return found.Requests
}
