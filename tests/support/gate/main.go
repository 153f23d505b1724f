// Command gate is a proxy that fails on demand: it stands before an API server or before Hedgerow,
// forwards what comes, and does to some requests what a test tells it to, over a second port. It
// knows nothing of Kubernetes or of Hedgerow. README.md lists rules and control API.
package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
)

type settings struct {
	listen, control           string
	upstream                  Upstream
	raw, one                  bool
	secured                   bool
	certificate, key          string
	authority, authorityKey   string
	mode, names, rules, speak string
}

const usage = `gate --upstream URL [flags]: a proxy that fails on demand.

Prints one line of JSON once it accepts connections:
  {"url": where clients go, "control": where tests go, "ca_pem": only with --tls}
and ends when its standard input does.

The rules and the control API are described in tests/support/gate/README.md.

`

func main() {
	var s settings
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.StringVar(&s.upstream.URL, "upstream", "", "what lies behind, as http:// or https:// `URL`")
	flag.StringVar(&s.upstream.CAFile, "upstream-ca", "", "trust this CA `file` of the upstream's")
	flag.StringVar(&s.listen, "listen", "127.0.0.1:0", "`address` for clients")
	flag.StringVar(&s.control, "control", "127.0.0.1:0", "`address` for tests")
	flag.BoolVar(&s.raw, "raw", false, "pass bytes without understanding them; TLS goes through")
	flag.BoolVar(&s.one, "http1", false, "speak HTTP/1.1 and nothing newer")
	flag.BoolVar(&s.secured, "tls", false,
		"speak TLS with a certificate of a CA made for the occasion")
	flag.StringVar(&s.certificate, "cert", "", "speak TLS with the certificate in this `file`")
	flag.StringVar(&s.key, "key", "", "`file` with its key")
	flag.StringVar(&s.authority, "ca-cert", "",
		"speak TLS with a certificate issued by this CA `file`")
	flag.StringVar(&s.authorityKey, "ca-key", "", "`file` with the CA's key")
	flag.StringVar(&s.names, "names", "127.0.0.1,localhost", "names in the issued certificate")
	flag.StringVar(&s.mode, "tls-mode", tlsGood,
		"what is wrong with the issued certificate: "+strings.Join(tlsModes, ", "))
	flag.StringVar(&s.speak, "speak", "",
		"be no web server: "+strings.Join(speechNames(), ", "))
	flag.StringVar(&s.rules, "rules", "", "`JSON` of the first rules")
	flag.Parse()
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, "gate:", err)
		os.Exit(1)
	}
}

// What other programs that people mistake for an API server say, as rules for all connections.
var speeches = map[string]Action{
	"ssh": {Banner: &Banner{First: "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
		Reply: "Invalid SSH identification string.\r\n"}},
	"redis":           {Banner: &Banner{Reply: "-ERR unknown command\r\n"}},
	"stalled":         {BlackHole: true},
	"hang-up":         {Banner: &Banner{}},
	"reset-on-accept": {Reset: true},
}

func speechNames() []string { return slices.Sorted(maps.Keys(speeches)) }

func run(s settings) error {
	front, err := s.front()
	if err != nil {
		return err
	}
	gate := newGate(s.upstream, front)
	if err := s.prepare(gate); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return err
	}
	control, err := net.Listen("tcp", s.control)
	if err != nil {
		return err
	}
	ended := make(chan error, 3)
	go func() { ended <- http.Serve(control, gate.control()) }()
	go func() {
		if s.raw {
			ended <- gate.ServeRaw(listener)
		} else {
			ended <- gate.Serve(listener)
		}
	}()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		ended <- nil
	}()
	s.sayReady(gate, listener.Addr(), control.Addr())
	return <-ended
}

func (s settings) front() (Front, error) {
	front := Front{names: strings.Split(s.names, ","), state: &frontState{}}
	var err error
	switch {
	case s.raw:
		return front, nil
	case s.certificate != "":
		var pair tls.Certificate
		pair, err = tls.LoadX509KeyPair(s.certificate, s.key)
		front.given = &pair
	case s.authority != "":
		front.authority, err = LoadAuthority(s.authority, s.authorityKey)
	case s.secured:
		front.authority, err = NewAuthority("the Gate's authority")
	}
	if err == nil && front.authority != nil {
		err = front.SetMode(s.mode)
	}
	return front, err
}

func (s settings) prepare(gate *Gate) error {
	gate.one = s.one
	action, speaks := speeches[s.speak]
	switch {
	case s.speak != "" && !speaks:
		return fmt.Errorf("--speak is one of %s", strings.Join(speechNames(), ", "))
	case speaks:
		_, err := gate.rules.Add([]Rule{{Name: s.speak, On: onConnection, Action: &action}})
		return err
	case s.upstream.URL == "":
		return errors.New("--upstream is missing")
	}
	if _, err := s.upstream.Parse(); err != nil {
		return err
	}
	if s.rules == "" {
		return nil
	}
	rules, err := readRules([]byte(s.rules))
	if err == nil {
		_, err = gate.rules.Add(rules)
	}
	return err
}

func (s settings) sayReady(gate *Gate, clients, tests net.Addr) {
	scheme := "http"
	if gate.front.Secured() {
		scheme = "https"
	}
	if behind, err := url.Parse(s.upstream.URL); s.raw && err == nil {
		scheme = behind.Scheme
	}
	line := map[string]string{
		"url":     scheme + "://" + clients.String(),
		"control": "http://" + tests.String(),
	}
	if s.secured && gate.front.authority != nil {
		line["ca_pem"] = gate.front.authority.PEM()
	}
	json.NewEncoder(os.Stdout).Encode(line)
}
