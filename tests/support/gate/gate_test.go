package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestForwardsByDefaultInTheClientsProtocol(t *testing.T) {
	both(t, func(t *testing.T, s *stand, two bool) {
		s.wantGood()
		request, _ := http.NewRequest("POST", s.url+"/who?x=1", strings.NewReader("12345"))
		request.Header.Set("Authorization", "Bearer very-secret")
		answer, err := s.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		wanted := "first HTTP/1.1 POST Bearer very-secret 5"
		if two {
			wanted = "first HTTP/2.0 POST Bearer very-secret 5"
		}
		if string(body) != wanted {
			t.Errorf("the upstream saw %q, not %q", body, wanted)
		}
	})
}

func TestRecordsRequestsButNoSecrets(t *testing.T) {
	both(t, func(t *testing.T, s *stand, two bool) {
		request, _ := http.NewRequest("POST", s.url+"/who?x=1", strings.NewReader("12345"))
		request.Header.Set("Authorization", "Bearer very-secret")
		request.Header.Set("Cookie", "session=very-secret")
		if _, err := s.client.Do(request); err != nil {
			t.Fatal(err)
		}
		seen := s.requests("path=who&done=true&count=1")[0]
		if seen.Method != "POST" || seen.Query != "x=1" || seen.RequestBytes != 5 ||
			!seen.Authorization || seen.Status != 200 || !seen.Whole || seen.UpstreamStatus != 200 {
			t.Errorf("recorded %+v", seen)
		}
		if text, _ := json.Marshal(seen); bytes.Contains(text, []byte("very-secret")) {
			t.Errorf("a secret was recorded: %s", text)
		}
		s.tell("DELETE", "/requests")
		s.wantGood()
		if left := s.requests("done=true&count=1"); len(left) != 1 || left[0].Number != 2 {
			t.Errorf("after forgetting: %+v", left)
		}
	})
}

func TestAnswersInstead(t *testing.T) {
	both(t, func(t *testing.T, s *stand, _ bool) {
		s.rule(`{"match":{"path":"^/list$","method":"GET"},"times":1,"action":{"answer":
			{"status":429,"headers":{"Retry-After":"7"},"body":"slow down"}}}`)
		body, answer, err := s.get("/list")
		if err != nil || answer.StatusCode != 429 || body != "slow down" ||
			answer.Header.Get("Retry-After") != "7" {
			t.Errorf("%v %q", err, body)
		}
		s.wantGood()
		if seen := s.requests("path=list&done=true&count=2"); seen[0].UpstreamStatus != 0 {
			t.Errorf("it was forwarded as well: %+v", seen[0])
		}
	})
}

func TestMatchesWhatIsSaidAndNothingElse(t *testing.T) {
	s := before(t, true)
	s.rule(`[{"name":"second","match":{"path":"/list","from":2,"to":2},"action":{"answer":{"status":502}}},
		{"name":"query","match":{"query":"limit=5"},"action":{"answer":{"status":503}}},
		{"name":"header","match":{"header":"X-Odd"},"action":{"answer":{"status":504}}},
		{"name":"counted","match":{"method":"GET"}}]`)
	status := func(path string, headers ...string) int {
		request, _ := http.NewRequest("GET", s.url+path, nil)
		for _, name := range headers {
			request.Header.Set(name, "x")
		}
		answer, err := s.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	for _, try := range []struct {
		got, wanted int
	}{
		{status("/list"), 200}, {status("/list"), 502}, {status("/list"), 200},
		{status("/list?limit=5"), 503}, {status("/list?limit=50"), 503}, {status("/list?a=b"), 200},
		{status("/who", "X-Odd"), 504}, {status("/who"), 200},
	} {
		if try.got != try.wanted {
			t.Errorf("status %d, not %d", try.got, try.wanted)
		}
	}
	var counted struct{ Hits int }
	s.ask("/rules/counted", &counted)
	if counted.Hits != 4 {
		t.Errorf("a rule without action counted %d of the 4 that no other took", counted.Hits)
	}
}

func TestCutsTheBodyAfterSoManyBytes(t *testing.T) {
	both(t, func(t *testing.T, s *stand, two bool) {
		for _, how := range []string{"close", "reset"} {
			for _, after := range []int{0, 1, 20, len(greeting)} {
				s.rule(fmt.Sprintf(`{"times":1,"action":{"cut":{"after":%d,"how":%q}}}`, after, how))
				answer, err := s.client.Get(s.url + "/list")
				if err != nil {
					t.Fatalf("cut after %d: the headers did not come: %v", after, err)
				}
				body, err := io.ReadAll(answer.Body)
				// A reset discards what the client's kernel has not handed over yet.
				if how == "close" && string(body) != greeting[:after] {
					t.Errorf("cut after %d: %q came", after, body)
				}
				if s.resets.Swap(0) == 0 && how == "reset" && after < len(greeting) {
					t.Errorf("cut after %d: not a reset", after)
				}
				if after < len(greeting) && err == nil {
					t.Errorf("cut after %d by %s: it looked like the end", after, how)
				}
				s.tell("DELETE", "/rules")
				s.wantGood()
			}
		}
	})
}

func TestLosesTheAnswerAfterForwarding(t *testing.T) {
	both(t, func(t *testing.T, s *stand, _ bool) {
		s.rule(`{"match":{"method":"POST"},"action":{"cut":{"before_headers":true}}}`)
		if _, err := s.client.Post(s.url+"/who", "text/plain", strings.NewReader("x")); err == nil {
			t.Error("an answer came")
		}
		seen := s.requests("path=who&done=true&count=1")[0]
		if seen.UpstreamStatus != 200 || seen.Status != 0 {
			t.Errorf("recorded %+v", seen)
		}
		s.wantGood()
	})
}

// A client that gives up after a moment, and whether it was the giving up that ended it.
func (s *stand) hangs(path string) bool {
	ctx, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer stop()
	request, _ := http.NewRequestWithContext(ctx, "GET", s.url+path, nil)
	answer, err := s.client.Do(request)
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		answer.Body.Close()
	}
	return errors.Is(err, context.DeadlineExceeded)
}

func TestHangsWithoutAWord(t *testing.T) {
	both(t, func(t *testing.T, s *stand, _ bool) {
		for _, action := range []string{`{"black_hole":true}`, `{"cut":{"after":5,"how":"silent"}}`} {
			s.rule(`{"match":{"path":"/list"},"action":` + action + `}`)
			if !s.hangs("/list") {
				t.Errorf("%s did not hang", action)
			}
			s.tell("DELETE", "/rules")
			s.wantGood()
		}
	})
}

func TestResets(t *testing.T) {
	both(t, func(t *testing.T, s *stand, _ bool) {
		s.rule(`{"times":1,"match":{"method":"POST"},"action":{"reset":true}}`)
		_, err := s.client.Post(s.url+"/who", "text/plain", strings.NewReader("x"))
		if err == nil || s.resets.Load() != 1 {
			t.Errorf("not a reset: %v", err)
		}
		s.wantGood()
	})
}

func TestSaysGoawayAndHangsUp(t *testing.T) {
	both(t, func(t *testing.T, s *stand, two bool) {
		s.rule(`{"times":1,"action":{"goaway":{"last_stream":2147483647}}}`)
		if body, _, err := s.get("/list"); err == nil || two && !strings.Contains(err.Error(), "GOAWAY") {
			t.Errorf("%v %q", err, body)
		}
		s.wantGood()
		// What was not touched is sent again by the client itself.
		s.rule(`{"times":1,"action":{"goaway":{"last_stream":0}}}`)
		if !two {
			s.get("/list")
		}
		s.wantGood()
	})
}

func TestSpeaksNothingNewerThanHTTP1WhenTold(t *testing.T) {
	behind := upstream(t, "first")
	s := open(t, settings{names: "127.0.0.1", mode: tlsGood, secured: true, one: true,
		upstream: Upstream{behind.URL, caFile(t, behind)}}, false)
	s.client.Transport.(*http.Transport).Protocols.SetHTTP2(true)
	s.wantGood()
	if seen := s.requests("done=true&count=1")[0]; seen.Protocol != "HTTP/1.1" {
		t.Errorf("%+v", seen)
	}
}

func TestDelaysAndDrips(t *testing.T) {
	both(t, func(t *testing.T, s *stand, _ bool) {
		for _, action := range []string{`{"delay_ms":200}`, `{"body_delay_ms":200}`,
			fmt.Sprintf(`{"drip":%d}`, len(greeting)*4)} {
			s.rule(`{"times":1,"action":` + action + `}`)
			begun := time.Now()
			s.wantGood()
			if took := time.Since(begun); took < 190*time.Millisecond || took > 5*time.Second {
				t.Errorf("%s took %s", action, took)
			}
			s.tell("DELETE", "/rules")
		}
	})
}

func TestHoldsUntilReleased(t *testing.T) {
	both(t, func(t *testing.T, s *stand, _ bool) {
		s.rule(`{"name":"held","match":{"path":"/list"},"action":{"hold":true}}`)
		ended := make(chan string)
		go func() {
			body, _, _ := s.get("/list")
			ended <- body
		}()
		var rule struct{ Held int }
		if status := s.ask("/rules/held?held=1", &rule); status != 200 || rule.Held != 1 {
			t.Fatalf("it is not held: %d %+v", status, rule)
		}
		if seen := s.requests(""); len(seen) != 1 || seen[0].Done {
			t.Errorf("it went on: %+v", seen)
		}
		if status := s.tell("POST", "/rules/held/release"); status != 204 {
			t.Errorf("release: %d", status)
		}
		if body := <-ended; body != greeting {
			t.Errorf("after release: %q", body)
		}
	})
}

func TestRewrites(t *testing.T) {
	both(t, func(t *testing.T, s *stand, _ bool) {
		for edit, wanted := range map[string]string{
			`{"path":"$.kind","set":"Status"}`:            strings.Replace(greeting, "List", "Status", 1),
			`{"path":"$.items[0].n","set":1}`:             strings.Replace(greeting, "12345678901234567890", "1", 1),
			`{"path":"$.items[1]","delete":true}`:         `{"kind":"List","items":[{"name":"a","n":12345678901234567890}]}`,
			`{"path":"$.items[*].name","delete":true}`:    `{"kind":"List","items":[{"n":12345678901234567890},{}]}`,
			`{"path":"$.items[-1].name","duplicate":"c"}`: strings.Replace(greeting, `"b"`, `"b","name":"c"`, 1),
			`{"path":"$[\"a.b/c\"]","set":null}`:          greeting[:len(greeting)-1] + `,"a.b/c":null}`,
			`{"regex":"\"([ab])\"","with":"<$1>"}`:        `{"kind":"List","items":[{"name":<a>,"n":12345678901234567890},{"name":<b>}]}`,
		} {
			s.rule(`{"times":1,"action":{"rewrite":[` + edit + `]}}`)
			body, answer, err := s.get("/list")
			if err != nil || body != wanted || answer.ContentLength != int64(len(wanted)) {
				t.Errorf("%s gave %v %q", edit, err, body)
			}
			s.tell("DELETE", "/rules")
		}
	})
}

func TestARewriteThatFindsNothingIsAProblem(t *testing.T) {
	s := before(t, true)
	s.rule(`{"times":1,"action":{"rewrite":[{"path":"$.items[7].name","set":1}]}}`)
	if body, _, err := s.get("/list"); err == nil {
		t.Errorf("it passed: %q", body)
	}
	seen := s.requests("done=true&count=1")[0]
	if !strings.Contains(seen.Problem, "$.items[7].name") {
		t.Errorf("recorded %+v", seen)
	}
	s.wantGood()
}

func TestStreamsPassAsTheyComeAndCanBeRewrittenByLine(t *testing.T) {
	both(t, func(t *testing.T, s *stand, _ bool) {
		s.rule(`{"match":{"query":"changed"},"action":{"rewrite_lines":true,
			"rewrite":[{"path":"$.object.count","set":0}]}}`)
		for query, wanted := range map[string]string{
			"":        `{"type":"ADDED","object":{"count":1}}`,
			"changed": `{"type":"ADDED","object":{"count":0}}`,
		} {
			answer, err := s.client.Get(s.url + "/stream?" + query)
			if err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(answer.Body).ReadString('\n')
			if err != nil || strings.TrimSpace(line) != wanted {
				t.Errorf("%v %q", err, line)
			}
			answer.Body.Close()
		}
	})
}

func TestPutsAnotherUpstreamBehindTheSameURL(t *testing.T) {
	both(t, func(t *testing.T, s *stand, _ bool) {
		other := upstream(t, "second")
		to, _ := json.Marshal(Upstream{other.URL, caFile(t, other)})
		s.rule(fmt.Sprintf(`{"name":"move","action":{"upstream":%s,
			"request_headers":{"Authorization":"Bearer theirs"}}}`, to))
		if body, _, err := s.get("/who"); err != nil || !strings.Contains(body, "second") ||
			!strings.Contains(body, "Bearer theirs") {
			t.Errorf("%v %q", err, body)
		}
		s.tell("DELETE", "/rules/move")
		if body, _, _ := s.get("/who"); !strings.Contains(body, "first") {
			t.Errorf("after the rule: %q", body)
		}
	})
}

func TestServesTheUpstreamBelowAPrefix(t *testing.T) {
	both(t, func(t *testing.T, s *stand, _ bool) {
		s.rule(`{"name":"below","action":{"strip":"/k8s/clusters/c-1"}}`)
		if body, _, err := s.get("/k8s/clusters/c-1/who"); err != nil ||
			!strings.Contains(body, "first") {
			t.Errorf("%v %q", err, body)
		}
		for _, path := range []string{"/who", "/k8s/clusters/c-10/who"} {
			if body, _, err := s.get(path); err == nil {
				t.Errorf("%s: %q", path, body)
			}
		}
	})
}

func TestShowsFaultyCertificates(t *testing.T) {
	for mode, wanted := range map[string]string{
		tlsGood:       "",
		tlsExpired:    "expired",
		tlsNotYet:     "not yet valid",
		tlsWrongName:  "127.0.0.1",
		tlsOtherCA:    "unknown authority",
		tlsSelfSigned: "unknown authority",
	} {
		s := before(t, true)
		request, _ := http.NewRequest("PUT", s.control+"/tls",
			strings.NewReader(fmt.Sprintf(`{"mode":%q}`, mode)))
		if answer, err := http.DefaultClient.Do(request); err != nil || answer.StatusCode != 204 {
			t.Fatal(err, answer.Status)
		}
		_, _, err := s.get("/list")
		if (err == nil) != (wanted == "") || err != nil && !strings.Contains(err.Error(), wanted) {
			t.Errorf("%s: %v", mode, err)
		}
		var counters Counters
		s.ask("/counters", &counters)
		if (counters.Requests == 0) != (wanted != "") {
			t.Errorf("%s: %d requests got through", mode, counters.Requests)
		}
	}
}

func TestSpeaksAsOthersDo(t *testing.T) {
	for speech, wanted := range map[string]string{
		"ssh": "SSH-2.0", "redis": "-ERR", "hang-up": "", "reset-on-accept": "",
	} {
		s := open(t, settings{speak: speech}, false)
		address, _ := url.Parse(s.url)
		conn, err := net.Dial("tcp", address.Host)
		if speech == "reset-on-accept" && errors.Is(err, syscall.ECONNRESET) {
			continue // Faster than the client could look.
		}
		if err != nil {
			t.Fatal(err)
		}
		conn.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		said, _ := io.ReadAll(conn)
		if !strings.HasPrefix(string(said), wanted) || wanted == "" && len(said) > 0 {
			t.Errorf("%s said %q", speech, said)
		}
		conn.Close()
	}
	s := open(t, settings{speak: "stalled"}, false)
	if !s.hangs("/") {
		t.Error("a stalled front answered")
	}
}

func TestClosesConnectionsThatAreIdle(t *testing.T) {
	both(t, func(t *testing.T, s *stand, _ bool) {
		s.wantGood()
		if status := s.tell("DELETE", "/connections"); status != 200 {
			t.Errorf("%d", status)
		}
		// The client may not have heard of the end yet, and would send into a closed connection.
		s.client.CloseIdleConnections()
		s.wantGood()
		var counters Counters
		s.ask("/counters", &counters)
		if counters.Connections != 2 || counters.OpenConnections != 1 {
			t.Errorf("%+v", counters)
		}
	})
}

func TestPassesRawBytesAndCutsThem(t *testing.T) {
	behind := upstream(t, "first")
	s := open(t, settings{raw: true, upstream: Upstream{URL: behind.URL}}, true)
	s.trusted.AddCert(behind.Certificate())
	s.wantGood()
	s.client.CloseIdleConnections()
	s.rule(`{"on":"connection","times":1,"action":{"cut":{"after":300,"how":"close"}}}`)
	if _, _, err := s.get("/list"); err == nil {
		t.Error("a handshake cut after 300 bytes succeeded")
	}
	s.rule(`{"on":"connection","times":1,"action":{"delay_ms":200}}`)
	begun := time.Now()
	s.wantGood()
	if time.Since(begun) < 190*time.Millisecond {
		t.Error("no delay")
	}
	if seen := s.requests(""); len(seen) != 0 {
		t.Errorf("it understood %+v", seen)
	}
}

func TestRefusesRulesThatCannotWork(t *testing.T) {
	s := before(t, false)
	for _, text := range []string{
		`{"mtach":{}}`, `{"action":{"anser":{}}}`, `{"match":{"path":"("}}`, `{"on":"reply"}`, `nonsense`,
		`{"action":{"cut":{"how":"softly"}}}`, `{"action":{"answer":{"status":20}}}`,
		`{"action":{"rewrite":[{"path":"items","set":1}]}}`, `{"action":{"rewrite":[{"path":"$.a"}]}}`,
		`{"on":"connection","action":{"hold":true}}`, `{"action":{"banner":{}}}`,
		`{"on":"connection","action":{"goaway":{}}}`,
		`[{"name":"a"},{"name":"a"}]`,
	} {
		answer, err := http.Post(s.control+"/rules", "application/json", strings.NewReader(text))
		if err != nil || answer.StatusCode != 400 {
			t.Errorf("%s was not refused", text)
		}
	}
	var rules []any
	if s.ask("/rules", &rules); len(rules) != 0 {
		t.Errorf("left behind: %v", rules)
	}
}

func TestAnUpstreamThatIsDownIsNoAnswer(t *testing.T) {
	s := open(t, settings{upstream: Upstream{URL: "http://127.0.0.1:1"}}, false)
	if body, _, err := s.get("/list"); err == nil {
		t.Errorf("%q came", body)
	}
	if seen := s.requests("done=true&count=1")[0]; !strings.Contains(seen.Problem, "refused") {
		t.Errorf("%+v", seen)
	}
}

func TestTheProgramSaysWhenItIsReadyAndEndsWithItsInput(t *testing.T) {
	program := filepath.Join(t.TempDir(), "gate")
	if text, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, text)
	}
	behind := upstream(t, "first")
	process := exec.Command(program, "--upstream", behind.URL, "--upstream-ca", caFile(t, behind),
		"--tls", "--rules", `{"match":{"path":"/list"},"action":{"answer":{"status":418}}}`)
	input, _ := process.StdinPipe()
	output, _ := process.StdoutPipe()
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	var ready map[string]string
	if err := json.NewDecoder(output).Decode(&ready); err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM([]byte(ready["ca_pem"]))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	answer, err := client.Get(ready["url"] + "/list")
	if err != nil || answer.StatusCode != 418 {
		t.Errorf("%v %v", err, answer)
	}
	input.Close()
	if err := process.Wait(); err != nil {
		t.Error(err)
	}
}
