package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Gate forwards requests to an upstream, and does to some of them what its rules say.
type Gate struct {
	rules      *Rules
	record     *Record
	upstream   Upstream
	transports Transports
	front      Front
	one        bool // Speaks HTTP/1.1 with clients and nothing newer.

	lock  sync.Mutex
	open  map[*connection]bool
	count int64
}

type connectionKey struct{}

// A body that is rewritten is read whole.
const rewriteMax = 256 << 20

func newGate(upstream Upstream, front Front) *Gate {
	return &Gate{rules: newRules(), record: newRecord(), upstream: upstream, front: front,
		open: map[*connection]bool{}}
}

// Takes a connection in: counts it and finds the rule for it.
func (g *Gate) admit(accepted net.Conn) *connection {
	gone, leave := context.WithCancel(context.Background())
	conn := &connection{Conn: accepted, gate: g, gone: gone, leave: leave}
	conn.rule = g.rules.ForConnection()
	g.lock.Lock()
	g.count++
	conn.number = g.count
	g.open[conn] = true
	g.lock.Unlock()
	g.record.Locked(func() {
		g.record.counters.Connections++
		g.record.counters.OpenConnections++
	})
	return conn
}

func (g *Gate) forget(conn *connection) {
	g.lock.Lock()
	delete(g.open, conn)
	g.lock.Unlock()
	g.record.Locked(func() { g.record.counters.OpenConnections-- })
}

// CloseConnections ends all connections with clients, as a proxy does that was restarted.
func (g *Gate) CloseConnections(how string) int {
	g.lock.Lock()
	var all []*connection
	for conn := range g.open {
		all = append(all, conn)
	}
	g.lock.Unlock()
	for _, conn := range all {
		if how == byReset {
			conn.reset()
		} else {
			conn.Close()
		}
	}
	return len(all)
}

// Serve speaks HTTP on the listener, by TLS when the front has a certificate.
func (g *Gate) Serve(listener net.Listener) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(!g.one)
	protocols.SetUnencryptedHTTP2(!g.one)
	server := &http.Server{
		Handler:   g,
		Protocols: &protocols,
		ErrorLog:  log.New(tlsFaults{g.record}, "", 0),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			if secured, ok := conn.(*tls.Conn); ok {
				conn = secured.NetConn()
				conn.(*connection).tls = secured
			}
			return context.WithValue(ctx, connectionKey{}, conn)
		},
	}
	if !g.front.Secured() {
		return server.Serve(&Listener{listener, g})
	}
	server.TLSConfig = &tls.Config{GetCertificate: g.front.certificate}
	return server.ServeTLS(&Listener{listener, g}, "", "")
}

// The server's own log is the only one to say why a handshake failed.
type tlsFaults struct{ record *Record }

func (f tlsFaults) Write(line []byte) (int, error) {
	_, reason, found := strings.Cut(strings.TrimSpace(string(line)), "TLS handshake error from ")
	if found {
		_, reason, _ = strings.Cut(reason, ": ")
		f.record.Locked(func() { f.record.tlsErrors = append(f.record.tlsErrors, reason) })
	}
	return len(line), nil
}

func (g *Gate) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	conn := request.Context().Value(connectionKey{}).(*connection)
	entry := g.record.Begin(request, conn.number)
	defer g.record.End(entry)
	answer := &shapedAnswer{ResponseWriter: writer, gate: g, ctx: request.Context(), conn: conn,
		entry: entry, action: &Action{}}
	if rule := g.rules.ForRequest(request); rule != nil {
		answer.rule, answer.action = rule, rule.Action
		g.record.Locked(func() { entry.Rule = rule.Name })
	}
	if g.before(answer) != nil {
		panic(http.ErrAbortHandler)
	}
	if answer.action.Answer != nil {
		// As a server would that answers on what it was sent.
		io.Copy(io.Discard, request.Body)
		answer.instead(*answer.action.Answer)
		return
	}
	g.forward(answer, request)
}

// What a rule does before anything is forwarded.
func (g *Gate) before(answer *shapedAnswer) error {
	action := answer.action
	if err := sleep(answer.ctx, time.Duration(action.DelayMillis)*time.Millisecond); err != nil {
		return err
	}
	if action.Hold {
		if err := g.rules.WaitHeld(answer.ctx, answer.rule); err != nil {
			return err
		}
	}
	if action.BlackHole {
		g.rules.WaitHole(answer.ctx, answer.rule)
		return http.ErrAbortHandler
	}
	if action.Reset {
		answer.conn.reset()
		return http.ErrAbortHandler
	}
	if action.Goaway != nil {
		two := answer.entry.Protocol == "HTTP/2.0"
		answer.conn.goAway(answer.ctx, action.Goaway.LastStream, two)
		return http.ErrAbortHandler
	}
	return nil
}

func (g *Gate) forward(answer *shapedAnswer, request *http.Request) {
	upstream := g.upstream
	if answer.action.Upstream != nil {
		upstream = *answer.action.Upstream
	}
	target, err := upstream.Parse()
	var transport *http.Transport
	if err == nil {
		transport, err = g.transports.For(upstream, request.ProtoMajor == 2)
	}
	if strip := answer.action.Strip; err == nil && !strings.HasPrefix(request.URL.Path, strip+"/") {
		err = fmt.Errorf("%q does not begin with %q", request.URL.Path, strip)
	}
	if err != nil {
		g.fail(answer, err)
		return
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(to *httputil.ProxyRequest) { direct(to, target, answer.action) },
		Transport:     transport,
		FlushInterval: -1, // Event streams pass as they come.
		ErrorLog:      log.New(io.Discard, "", 0),
		ModifyResponse: func(response *http.Response) error {
			g.record.Locked(func() {
				answer.entry.UpstreamStatus = response.StatusCode
				answer.entry.UpstreamProtocol = response.Proto
			})
			return rewriteAnswer(response, answer.action)
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) {
			g.fail(answer, err)
		},
	}
	proxy.ServeHTTP(answer, request)
	answer.finish()
}

var forwarding = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"}

func direct(to *httputil.ProxyRequest, target *url.URL, action *Action) {
	to.Out.URL.Scheme, to.Out.URL.Host = target.Scheme, target.Host
	to.Out.Host = to.In.Host
	to.Out.URL.Path = strings.TrimPrefix(to.Out.URL.Path, action.Strip)
	to.Out.URL.RawPath = strings.TrimPrefix(to.Out.URL.RawPath, action.Strip)
	// The Gate is not a proxy to be known of: nothing is added, nothing taken away.
	for _, name := range forwarding {
		if values := to.In.Header.Values(name); len(values) > 0 {
			to.Out.Header[name] = values
		}
	}
	setHeaders(to.Out.Header, action.RequestHeaders)
	if len(action.Rewrite) > 0 {
		to.Out.Header.Del("Accept-Encoding")
	}
}

func rewriteAnswer(response *http.Response, action *Action) error {
	if len(action.Rewrite) == 0 {
		return nil
	}
	if action.RewriteLines {
		response.Body = rewriteLines(response.Body, action.Rewrite)
		response.Header.Del("Content-Length")
		response.ContentLength = -1
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, rewriteMax))
	response.Body.Close()
	if err != nil {
		return err
	}
	changed, err := rewrite(body, action.Rewrite)
	if err != nil {
		return fmt.Errorf("rewrite: %w", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(changed))
	response.ContentLength = int64(len(changed))
	response.Header.Set("Content-Length", strconv.Itoa(len(changed)))
	return nil
}

// The Gate could not do as it was told. It says so in the record and hangs up, as there is no
// answer that would not pass for one of the upstream's.
func (g *Gate) fail(answer *shapedAnswer, err error) {
	if answer.ctx.Err() == nil {
		g.record.Locked(func() { answer.entry.Problem = err.Error() })
	}
	answer.conn.Close()
	panic(http.ErrAbortHandler)
}

// ServeRaw passes bytes both ways and understands none of them.
func (g *Gate) ServeRaw(listener net.Listener) error {
	accepting := &Listener{listener, g}
	for {
		accepted, err := accepting.Accept()
		if err != nil {
			return err
		}
		go g.pass(accepted.(*connection))
	}
}

func (g *Gate) pass(conn *connection) {
	defer conn.Close()
	if conn.wait() != nil {
		return
	}
	upstream := g.upstream
	if to := conn.action().Upstream; to != nil {
		upstream = *to
	}
	target, err := upstream.Parse()
	if err != nil {
		return
	}
	behind, err := net.Dial("tcp", target.Host)
	if err != nil {
		conn.reset()
		return
	}
	defer behind.Close()
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		defer both.Done()
		io.Copy(behind, conn)
		closeWrite(behind)
	}()
	go func() {
		defer both.Done()
		io.Copy(conn, behind)
		closeWrite(conn.Conn)
	}()
	both.Wait()
}

// Passes on that one side has said all, while the other may go on.
func closeWrite(conn net.Conn) {
	if half, ok := conn.(*net.TCPConn); ok {
		half.CloseWrite()
	}
}
