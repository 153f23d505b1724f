package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const token = "a-token-for-tests"

// What is recorded here comes from a server that answers a few questions as Kubernetes does; the
// bench itself records the real one.
func kubernetes(t *testing.T) *httptest.Server {
	t.Helper()
	discovery := `{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"vpc.githedgehog.com"},
		"versions":[{"version":"v1beta1","resources":[
		{"resource":"vpcs","scope":"Namespaced","verbs":["get","list"],"responseKind":{"kind":"VPC"}},
		{"resource":"secrets","scope":"Namespaced","verbs":["list"],"responseKind":{"kind":"Secret"}}]}]},
		{"metadata":{"name":"apps"},"versions":[]}]}`
	page := func(proceed string, names ...string) string {
		items := make([]string, len(names))
		for index, name := range names {
			items[index] = fmt.Sprintf(`{"metadata":{"name":%q}}`, name)
		}
		return fmt.Sprintf(`{"kind":"VPCList","metadata":{"continue":%q},"items":[%s]}`, proceed,
			strings.Join(items, ","))
	}
	bodies := map[string]string{
		"GET /version": `{"gitVersion":"v1.32.13"}`,
		"GET /apis":    `{"kind":"APIGroupList"}`, "GET /apis aggregated": discovery,
		"GET /apis/vpc.githedgehog.com/v1beta1/vpcs":                         page("", "a", "b", "c"),
		"GET /apis/vpc.githedgehog.com/v1beta1/vpcs?limit=500":               page("next", "a", "b"),
		"GET /apis/vpc.githedgehog.com/v1beta1/vpcs?continue=next&limit=500": page("", "c"),
		"POST " + accessReviews + " list vpcs.vpc.githedgehog.com":           `{"status":{"allowed":true}}`,
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(to http.ResponseWriter, asked *http.Request) {
		content, _ := io.ReadAll(asked.Body)
		body, known := bodies[questionIn(asked, content)]
		to.Header().Set("Content-Type", plainForm)
		if asked.Header.Get("Authorization") != "Bearer "+token || !known {
			to.WriteHeader(http.StatusForbidden)
			body = `{"kind":"Status","code":403}`
		}
		io.WriteString(to, body)
	}))
	t.Cleanup(server.Close)
	return server
}

func recorded(t *testing.T) (string, []kind) {
	t.Helper()
	real := kubernetes(t)
	dir := t.TempDir()
	block := &pem.Block{Type: "CERTIFICATE", Bytes: real.Certificate().Raw}
	caFile, tokenFile := filepath.Join(dir, "ca"), filepath.Join(dir, "token")
	must(t, os.WriteFile(caFile, pem.EncodeToMemory(block), 0o600))
	must(t, os.WriteFile(tokenFile, []byte(token+"\n"), 0o600))
	from, err := connect(real.URL, caFile, tokenFile)
	must(t, err)
	kinds, err := record(from, filepath.Join(dir, "answers"))
	must(t, err)
	return filepath.Join(dir, "answers"), kinds
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func replaying(t *testing.T, perSecond int64) (*server, *httptest.Server) {
	t.Helper()
	path, _ := recorded(t)
	answers, err := folder{path}.read()
	must(t, err)
	own := &server{answers: answers, rate: newRate(perSecond)}
	outside := httptest.NewUnstartedServer(own)
	outside.EnableHTTP2 = true
	outside.TLS = &tls.Config{}
	outside.StartTLS()
	t.Cleanup(outside.Close)
	return own, outside
}

func get(t *testing.T, from *httptest.Server, target, accept string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, from.URL+target, nil)
	must(t, err)
	request.Header.Set("Accept", accept)
	reply, err := from.Client().Do(request)
	must(t, err)
	defer reply.Body.Close()
	content, err := io.ReadAll(reply.Body)
	must(t, err)
	return reply.StatusCode, string(content)
}

func TestOnlyKindsThatMayBeReadAreNamed(t *testing.T) {
	_, kinds := recorded(t)
	if len(kinds) != 1 || kinds[0].Plural != "vpcs" || kinds[0].Items != 3 || !kinds[0].Namespaced {
		t.Errorf("%+v", kinds)
	}
}

func TestAListComesBackWholeAndInPages(t *testing.T) {
	own, outside := replaying(t, 0)
	const path = "/apis/vpc.githedgehog.com/v1beta1/vpcs"
	var seen []int
	for _, target := range []string{path, path + "?limit=500", path + "?limit=500&continue=next"} {
		status, body := get(t, outside, target, plainForm)
		head, err := headOf([]byte(body))
		must(t, err)
		if status != http.StatusOK {
			t.Errorf("%s: HTTP %d", target, status)
		}
		seen = append(seen, len(head.Items))
	}
	if fmt.Sprint(seen) != "[3 2 1]" {
		t.Errorf("items: %v", seen)
	}
	if sent := own.soFar(); sent.Requests != 3 || sent.Lists != 3 || sent.Unknown != 0 || sent.Bytes < 150 {
		t.Errorf("%+v", sent)
	}
}

func TestDiscoveryHasTwoForms(t *testing.T) {
	_, outside := replaying(t, 0)
	_, plain := get(t, outside, "/apis", plainForm)
	_, aggregated := get(t, outside, "/apis", discoveryForm)
	if !strings.Contains(plain, "APIGroupList") || !strings.Contains(aggregated, "APIGroupDiscoveryList") {
		t.Errorf("%s\n%s", plain, aggregated)
	}
}

func TestAQuestionThatWasNeverAskedIsNotFoundAndCounted(t *testing.T) {
	own, outside := replaying(t, 0)
	status, body := get(t, outside, "/api/v1/pods", plainForm)
	if status != http.StatusNotFound || !json.Valid([]byte(body)) || own.soFar().Unknown != 1 {
		t.Errorf("HTTP %d %s %+v", status, body, own.soFar())
	}
}

func TestARateHoldsBytesBack(t *testing.T) {
	own, outside := replaying(t, 1000)
	begun := time.Now()
	_, body := get(t, outside, "/apis/vpc.githedgehog.com/v1beta1/vpcs", plainForm)
	least := time.Duration(len(body)) * time.Millisecond
	if took := time.Since(begun); took < least*9/10 {
		t.Errorf("%d bytes at 1000 a second took %s", len(body), took)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if own.rate.wait(ended, 1<<20) {
		t.Error("waited for somebody who had gone")
	}
}
