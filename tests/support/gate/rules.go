package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Rule says what is to happen to which requests or connections. Of several that fit, the first one
// with an action is taken; rules without an action only count.
type Rule struct {
	Name   string  `json:"name"` // Given by the Gate when left out.
	On     string  `json:"on"`   // "request" (also when left out) or "connection".
	Match  Match   `json:"match"`
	Times  int     `json:"times"` // How often it is taken at most; 0 is always.
	Action *Action `json:"action"`
}

// Match is what a request must look like. What is left out fits all.
type Match struct {
	Method string `json:"method"`
	Path   string `json:"path"`   // Regular expression, anywhere in the path.
	Query  string `json:"query"`  // Regular expression, anywhere in the query as it was sent.
	Header string `json:"header"` // Name of a header that must be there.
	From   int    `json:"from"`   // First of the fitting ones, counted from 1.
	To     int    `json:"to"`     // Last of them; 0 is no end.
}

// Action is done in the order of its fields. On connections only those marked so can be done, and
// bytes are those on the wire.
type Action struct {
	DelayMillis int     `json:"delay_ms"`   // Connections too.
	Hold        bool    `json:"hold"`       // Until it is released or the rule is removed.
	BlackHole   bool    `json:"black_hole"` // Never answers. Connections too.
	Reset       bool    `json:"reset"`      // RST instead of an answer. Connections too.
	Goaway      *Goaway `json:"goaway"`     // GOAWAY instead of an answer, then it hangs up.
	Banner      *Banner `json:"banner"`     // Connections only.
	Answer      *Answer `json:"answer"`     // Instead of forwarding.

	Upstream *Upstream `json:"upstream"` // Forwards to there. Raw connections too.
	Strip    string    `json:"strip"`    // Takes this off the front of the path.
	// Sets headers on the way in and on the way back; null removes.
	RequestHeaders map[string]*string `json:"request_headers"`
	Headers        map[string]*string `json:"headers"`

	Rewrite      []Edit `json:"rewrite"`
	RewriteLines bool   `json:"rewrite_lines"` // Each line of a stream for itself.
	BodyDelay    int    `json:"body_delay_ms"` // Between headers and body.
	Drip         int    `json:"drip"`          // Bytes per second to the client. Connections too.
	Cut          *Cut   `json:"cut"`           // Connections too.
}

// Answer is sent by the Gate itself.
type Answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Bytes   []byte            `json:"bytes"` // In base64, behind the body: what is no text.
}

// Goaway is what a server says that is about to stop (RFC 9113 section 6.8).
type Goaway struct {
	LastStream uint32 `json:"last_stream"` // It has not touched those behind.
}

// Banner is what something that is no web server says.
type Banner struct {
	First string `json:"first"` // At once.
	Reply string `json:"reply"` // To the first bytes that come in; then it hangs up.
}

// Cut ends a connection in the middle of what goes to the client.
type Cut struct {
	After         int64  `json:"after"`          // Bytes of the body.
	BeforeHeaders bool   `json:"before_headers"` // Forwarded, answered, and nothing of it comes back.
	How           string `json:"how"`            // "close" (also when left out), "reset" or "silent".
}

const (
	onRequest    = "request"
	onConnection = "connection"
	byClose      = "close"
	byReset      = "reset"
	bySilence    = "silent"
)

// A rule in force.
type activeRule struct {
	Rule
	path, query *regexp.Regexp

	Fits  int `json:"fits"`  // How many it fitted, in whatever range.
	Hits  int `json:"hits"`  // How many it was taken for.
	Held  int `json:"held"`  // How many wait for release now.
	Holes int `json:"holes"` // How many hang in a black hole or a silent cut now.

	release chan struct{} // Closed to let go all that are held.
	removed chan struct{} // Closed when the rule goes.
}

// Rules are all that are in force. What they do to anyone is decided under one lock; waiting is
// done outside of it.
type Rules struct {
	lock    sync.Mutex
	active  []*activeRule
	number  int
	changed chan struct{} // Closed and renewed whenever a count moves.
}

func newRules() *Rules { return &Rules{changed: make(chan struct{})} }

// Add puts rules behind those in force, all of them or none.
func (r *Rules) Add(rules []Rule) ([]string, error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	var fresh []*activeRule
	for _, rule := range rules {
		active, err := activate(rule)
		if err != nil {
			return nil, err
		}
		if active.Name == "" {
			r.number++
			active.Name = fmt.Sprintf("rule-%d", r.number)
		}
		taken := func(other *activeRule) bool { return other.Name == active.Name }
		if slices.ContainsFunc(r.active, taken) || slices.ContainsFunc(fresh, taken) {
			return nil, fmt.Errorf("there is a rule %q already", active.Name)
		}
		fresh = append(fresh, active)
	}
	r.active = append(r.active, fresh...)
	var names []string
	for _, rule := range fresh {
		names = append(names, rule.Name)
	}
	return names, nil
}

func activate(rule Rule) (*activeRule, error) {
	active := &activeRule{Rule: rule, release: make(chan struct{}), removed: make(chan struct{})}
	if active.On == "" {
		active.On = onRequest
	}
	var err error
	if active.path, err = regexp.Compile(rule.Match.Path); err != nil {
		return nil, fmt.Errorf("match.path: %w", err)
	}
	if active.query, err = regexp.Compile(rule.Match.Query); err != nil {
		return nil, fmt.Errorf("match.query: %w", err)
	}
	if active.On != onRequest && active.On != onConnection {
		return nil, fmt.Errorf("on is %q or %q, not %q", onRequest, onConnection, rule.On)
	}
	if rule.Action == nil {
		return active, nil
	}
	return active, rule.Action.check(active.On)
}

func (a *Action) check(on string) error {
	if a.Cut != nil {
		if a.Cut.How == "" {
			a.Cut.How = byClose
		}
		if !slices.Contains([]string{byClose, byReset, bySilence}, a.Cut.How) {
			return fmt.Errorf("cut.how is close, reset or silent, not %q", a.Cut.How)
		}
	}
	if a.Answer != nil && (a.Answer.Status < 200 || a.Answer.Status > 599) {
		return fmt.Errorf("answer.status is %d", a.Answer.Status)
	}
	for index := range a.Rewrite {
		if err := a.Rewrite[index].compile(); err != nil {
			return fmt.Errorf("rewrite[%d]: %w", index, err)
		}
	}
	if on == onRequest && a.Banner != nil {
		return errors.New("a banner is for connections")
	}
	if a.Strip != "" && (!strings.HasPrefix(a.Strip, "/") || strings.HasSuffix(a.Strip, "/")) {
		return fmt.Errorf("strip begins with a slash and ends without, not as %q", a.Strip)
	}
	forRequests := a.Hold || a.Goaway != nil || a.Strip != "" || a.Answer != nil || a.RequestHeaders != nil || a.Headers != nil ||
		a.Rewrite != nil || a.BodyDelay != 0 || a.Cut != nil && a.Cut.BeforeHeaders
	if on == onConnection && forRequests {
		return errors.New("this action is for requests")
	}
	return nil
}

// ForRequest takes the rule for a request, nil when none has anything to do.
func (r *Rules) ForRequest(request *http.Request) *activeRule {
	return r.take(func(rule *activeRule) bool {
		match := rule.Match
		return rule.On == onRequest &&
			(match.Method == "" || match.Method == request.Method) &&
			rule.path.MatchString(request.URL.Path) &&
			rule.query.MatchString(request.URL.RawQuery) &&
			(match.Header == "" || request.Header.Get(match.Header) != "")
	})
}

// ForConnection takes the rule for a connection that was just accepted.
func (r *Rules) ForConnection() *activeRule {
	return r.take(func(rule *activeRule) bool { return rule.On == onConnection })
}

func (r *Rules) take(fits func(*activeRule) bool) *activeRule {
	r.lock.Lock()
	defer r.lock.Unlock()
	for _, rule := range r.active {
		if !fits(rule) {
			continue
		}
		rule.Fits++
		inRange := rule.Fits >= rule.Match.From && (rule.Match.To == 0 || rule.Fits <= rule.Match.To)
		if !inRange || rule.Times > 0 && rule.Hits >= rule.Times {
			continue
		}
		rule.Hits++
		r.announce()
		if rule.Action != nil {
			return rule
		}
	}
	return nil
}

func (r *Rules) announce() {
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *Rules) count(of *int, by int) {
	r.lock.Lock()
	defer r.lock.Unlock()
	*of += by
	r.announce()
}

// WaitHeld waits until the rule lets go, or the context ends.
func (r *Rules) WaitHeld(ctx context.Context, rule *activeRule) error {
	r.lock.Lock()
	release := rule.release
	r.lock.Unlock()
	r.count(&rule.Held, 1)
	defer r.count(&rule.Held, -1)
	select {
	case <-release:
	case <-rule.removed:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// WaitHole waits until the rule is removed, or the context ends.
func (r *Rules) WaitHole(ctx context.Context, rule *activeRule) {
	r.count(&rule.Holes, 1)
	defer r.count(&rule.Holes, -1)
	select {
	case <-rule.removed:
	case <-ctx.Done():
	}
}

// Release lets go of what a rule holds now. It holds what comes afterwards.
func (r *Rules) Release(name string) bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	rule := r.find(name)
	if rule == nil {
		return false
	}
	close(rule.release)
	rule.release = make(chan struct{})
	return true
}

// Remove takes rules out of force, with "" all, and lets go of what they hold.
func (r *Rules) Remove(name string) bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	before := len(r.active)
	r.active = slices.DeleteFunc(r.active, func(rule *activeRule) bool {
		gone := name == "" || rule.Name == name
		if gone {
			close(rule.removed)
		}
		return gone
	})
	r.announce()
	return name == "" || len(r.active) < before
}

func (r *Rules) find(name string) *activeRule {
	for _, rule := range r.active {
		if rule.Name == name {
			return rule
		}
	}
	return nil
}

// Show gives the rules and their counts as JSON.
func (r *Rules) Show() json.RawMessage {
	r.lock.Lock()
	defer r.lock.Unlock()
	text, _ := json.Marshal(slices.Concat([]*activeRule{}, r.active))
	return text
}

// Await waits until a rule has been taken and holds so often, and gives it as JSON. False: the time
// was up first, or there is no such rule.
func (r *Rules) Await(ctx context.Context, name string, hits, held int) (json.RawMessage, bool) {
	for {
		r.lock.Lock()
		rule, changed := r.find(name), r.changed
		if rule == nil {
			r.lock.Unlock()
			return nil, false
		}
		text, _ := json.Marshal(rule)
		enough := rule.Hits >= hits && rule.Held >= held
		r.lock.Unlock()
		if enough {
			return text, true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return text, false
		}
	}
}

// A wait that ends early when the one waited for is gone.
func sleep(ctx context.Context, length time.Duration) error {
	if length <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}
