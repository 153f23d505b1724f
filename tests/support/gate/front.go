package main

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Front is how the Gate shows itself to clients: by plain HTTP, or by TLS with a given certificate
// or one of its own making, whose faults can be changed while it runs.
type Front struct {
	authority *Authority
	names     []string
	given     *tls.Certificate // Of a certificate that was handed in.
	state     *frontState
}

type frontState struct {
	sync.Mutex
	issued *tls.Certificate
}

// Secured says whether clients have to speak TLS.
func (f Front) Secured() bool { return f.authority != nil || f.given != nil }

// SetMode gives the front another certificate, for connections from now on.
func (f Front) SetMode(mode string) error {
	if !slices.Contains(tlsModes, mode) {
		return fmt.Errorf("a TLS mode is one of %s, not %q", strings.Join(tlsModes, ", "), mode)
	}
	if f.authority == nil {
		return fmt.Errorf("TLS modes need a certificate of the Gate's own making")
	}
	issued, err := f.authority.Issue(mode, f.names)
	if err != nil {
		return err
	}
	f.state.Lock()
	defer f.state.Unlock()
	f.state.issued = issued
	return nil
}

func (f Front) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if f.given != nil {
		return f.given, nil
	}
	f.state.Lock()
	defer f.state.Unlock()
	return f.state.issued, nil
}
