package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"sync"
)

// Upstream is what lies behind the Gate: an API server, or Hedgerow.
type Upstream struct {
	URL    string `json:"url"`     // http:// or https://
	CAFile string `json:"ca_file"` // Whom to trust; without it, whom the system trusts.
}

// Transports are the Gate's own clients. What the client of the Gate speaks is spoken behind it, so
// each upstream has one for HTTP/1 and one for HTTP/2.
type Transports struct {
	lock sync.Mutex
	made map[transportKey]*http.Transport
}

type transportKey struct {
	upstream Upstream
	two      bool
}

// Parse checks the upstream's address.
func (u Upstream) Parse() (*url.URL, error) {
	parsed, err := url.Parse(u.URL)
	if err != nil {
		return nil, err
	}
	if parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return nil, fmt.Errorf("%q is not an http:// or https:// address", u.URL)
	}
	return parsed, nil
}

// For gives the client for an upstream.
func (t *Transports) For(upstream Upstream, two bool) (*http.Transport, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	key := transportKey{upstream, two}
	if known := t.made[key]; known != nil {
		return known, nil
	}
	trusted, err := trustIn(upstream.CAFile)
	if err != nil {
		return nil, err
	}
	var protocols http.Protocols
	protocols.SetHTTP1(!two)
	protocols.SetHTTP2(two)
	protocols.SetUnencryptedHTTP2(two)
	made := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trusted},
		Protocols:       &protocols,
		// What the client asked for is passed on, and what came back is given back.
		DisableCompression: true,
	}
	if t.made == nil {
		t.made = map[transportKey]*http.Transport{}
	}
	t.made[key] = made
	return made, nil
}
