package cluster

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// These tests go through the door that people and other tests use: tools/cluster.
const (
	door    = "../../cluster"
	kinds   = "../../../examples/fabric/crds"
	objects = "../../../examples/fabric/objects"
)

func call(t *testing.T, arguments ...string) (out, said string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.Command(door, arguments...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

func wantCode(t *testing.T, wanted int, arguments ...string) (out, said string) {
	t.Helper()
	out, said, code := call(t, arguments...)
	if code != wanted {
		t.Fatalf("%v ended with %d, not %d: %s%s", arguments, code, wanted, out, said)
	}
	return out, said
}

func folder(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "cluster")
	t.Cleanup(func() { call(t, "stop", "--remove", "--dir", dir) })
	return dir
}

func begin(t *testing.T, dir string, more ...string) Report {
	t.Helper()
	out, _ := wantCode(t, 0, append([]string{"start", "--json", "--dir", dir}, more...)...)
	var report Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return report
}

// A client with the proof that a kubeconfig holds.
type client struct {
	http  http.Client
	url   string
	token string
}

func clientOf(t *testing.T, content []byte) client {
	t.Helper()
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server    string `json:"server"`
				Authority []byte `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
		Users []struct {
			User struct {
				Token       string `json:"token"`
				Certificate []byte `json:"client-certificate-data"`
				Key         []byte `json:"client-key-data"`
			} `json:"user"`
		} `json:"users"`
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(config.Clusters[0].Cluster.Authority)
	security := &tls.Config{RootCAs: trusted}
	if user := config.Users[0].User; user.Certificate != nil {
		pair, err := tls.X509KeyPair(user.Certificate, user.Key)
		if err != nil {
			t.Fatal(err)
		}
		security.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{TLSClientConfig: security}
	t.Cleanup(transport.CloseIdleConnections)
	return client{http.Client{Transport: transport}, config.Clusters[0].Cluster.Server,
		config.Users[0].User.Token}
}

func fileClient(t *testing.T, path string) client {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return clientOf(t, content)
}

func (c client) ask(t *testing.T, method, path, body string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, content
}

func (c client) count(t *testing.T, path string) int {
	t.Helper()
	status, content := c.ask(t, "GET", path, "")
	var list struct{ Items []any }
	if err := json.Unmarshal(content, &list); err != nil || status != 200 {
		t.Fatalf("%s: %d %v", path, status, err)
	}
	return len(list.Items)
}

const (
	wiring        = "/apis/wiring.githedgehog.com/v1beta1/"
	allNamespaces = "/api/v1/namespaces"
)

func TestTwoClustersSideBySideAndWhatTheReaderMayDo(t *testing.T) {
	one, two := folder(t), folder(t)
	first := begin(t, one, "--crds", kinds, "--objects", objects)
	second := begin(t, two, "--crds", kinds)
	if first.URL == second.URL || first.State != Ready {
		t.Errorf("%+v %+v", first, second)
	}
	reader := fileClient(t, first.ReaderKubeconfig)
	for plural, wanted := range map[string]int{"connections": 26, "servers": 10, "switches": 7,
		"switchgroups": 3, "vlannamespaces": 1} {
		if got := reader.count(t, wiring+plural); got != wanted {
			t.Errorf("%d %s, not %d", got, plural, wanted)
		}
	}
	if got := fileClient(t, second.ReaderKubeconfig).count(t, wiring+"switches"); got != 0 {
		t.Errorf("the second cluster has %d switches of the first", got)
	}
	checkReader(t, reader)
	checkAuditLog(t, first)
}

func checkReader(t *testing.T, reader client) {
	for _, group := range []string{"wiring.githedgehog.com/v1beta1", "vpc.githedgehog.com/v1beta1",
		"gateway.githedgehog.com/v1alpha1", "agent.githedgehog.com/v1beta1",
		"dhcp.githedgehog.com/v1beta1", "gwint.githedgehog.com/v1alpha1"} {
		_, content := reader.ask(t, "GET", "/apis/"+group, "")
		var served struct {
			Resources []struct{ Name string }
		}
		if err := json.Unmarshal(content, &served); err != nil || len(served.Resources) == 0 {
			t.Errorf("%s: %v %s", group, err, content)
		}
		for _, resource := range served.Resources {
			if !strings.Contains(resource.Name, "/") && resource.Name != "agents" {
				reader.count(t, "/apis/"+group+"/"+resource.Name)
			}
		}
	}
	reader.count(t, allNamespaces)
	reader.count(t, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
	review := `{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview",
		"spec":{"resourceAttributes":{"verb":"list","group":"wiring.githedgehog.com","resource":"switches"}}}`
	if status, _ := reader.ask(t, "POST",
		"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review); status != 201 {
		t.Errorf("self-review: %d", status)
	}
	refused := []struct{ method, path, body string }{
		{"GET", "/api/v1/secrets", ""},
		{"GET", "/api/v1/configmaps", ""},
		// With the password hashes of the switches' users in them.
		{"GET", "/apis/agent.githedgehog.com/v1beta1/agents", ""},
		{"GET", wiring + "switches?watch=1&timeoutSeconds=1", ""},
		{"GET", "/api/v1/namespaces/hedgerow/serviceaccounts", ""},
		{"POST", allNamespaces, `{"metadata":{"name":"x"}}`},
		{"POST", wiring + "namespaces/default/switchgroups", `{"metadata":{"name":"x"}}`},
		{"DELETE", wiring + "namespaces/default/switches/leaf-01", ""},
		{"PUT", wiring + "namespaces/default/switches/leaf-01/status", "{}"},
		{"DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", ""},
		{"POST", "/api/v1/namespaces/hedgerow/serviceaccounts/hedgerow-reader/token", "{}"},
	}
	for _, try := range refused {
		if status, content := reader.ask(t, try.method, try.path, try.body); status != 403 {
			t.Errorf("%s %s: %d %s", try.method, try.path, status, content)
		}
	}
}

func checkAuditLog(t *testing.T, of Report) {
	content, err := os.ReadFile(of.AuditLog)
	if err != nil {
		t.Fatal(err)
	}
	lists := 0
	for _, line := range bytes.Split(bytes.TrimSpace(content), []byte("\n")) {
		var event struct {
			Verb, Stage string
			User        struct{ Username string }
			ObjectRef   struct{ Resource string }
		}
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		if event.Verb == "list" && event.ObjectRef.Resource == "switches" &&
			event.User.Username == "system:serviceaccount:hedgerow:hedgerow-reader" {
			lists++
		}
	}
	if lists != 2 {
		t.Errorf("the audit log has %d lists of switches by the reader, there were 2", lists)
	}
}

func TestAKilledClusterComesBackAsItWas(t *testing.T) {
	dir := folder(t)
	first := begin(t, dir, "--crds", kinds, "--objects", objects)
	reader := fileClient(t, first.ReaderKubeconfig)
	if err := syscall.Kill(first.Process, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitState(t, dir, 3, Stopped)
	again := begin(t, dir)
	if again.URL != first.URL || again.Process == first.Process {
		t.Errorf("%+v became %+v", first, again)
	}
	// By the connection data that were handed out before.
	if got := reader.count(t, wiring+"connections"); got != 26 {
		t.Errorf("%d connections are left", got)
	}
	wantCode(t, 0, "stop", "--dir", dir)
	wantCode(t, 3, "status", "--dir", dir)
	if _, said := wantCode(t, 0, "stop", "--dir", dir); !strings.Contains(said, "not running") {
		t.Errorf("a second stop said %q", said)
	}
}

func awaitState(t *testing.T, dir string, code int, word string) {
	t.Helper()
	until := time.Now().Add(10 * time.Second)
	for {
		out, said, got := call(t, "status", "--dir", dir)
		if got == code && strings.HasPrefix(out, word) {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("status is %d %s%s, not %d %s", got, out, said, code, word)
		}
	}
}

func TestStatusTellsALivingProcessFromAnAnsweringOne(t *testing.T) {
	dir := folder(t)
	report := begin(t, dir)
	wantCode(t, 0, "status", "--dir", dir)
	if err := syscall.Kill(report.Process, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	awaitState(t, dir, 4, Running)
	if err := syscall.Kill(report.Process, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	awaitState(t, dir, 0, Ready)
}

func TestStartingARunningClusterAddsToIt(t *testing.T) {
	dir := folder(t)
	first := begin(t, dir)
	again := begin(t, dir, "--crds", kinds, "--objects", objects)
	if again.Process != first.Process {
		t.Errorf("process %d became %d", first.Process, again.Process)
	}
	if got := fileClient(t, again.ReaderKubeconfig).count(t, wiring+"servers"); got != 10 {
		t.Errorf("%d servers", got)
	}
	if _, said := wantCode(t, 1, "start", "--dir", dir, "--port", "17999"); !strings.Contains(said,
		"stop it first") {
		t.Errorf("another port: %s", said)
	}
}

func TestKubeconfigsOfBothRolesWork(t *testing.T) {
	dir := folder(t)
	if _, said := wantCode(t, 1, "kubeconfig", "--dir", dir); !strings.Contains(said,
		"tools/cluster start") {
		t.Errorf("before the start: %s", said)
	}
	begin(t, dir)
	admin, _ := wantCode(t, 0, "kubeconfig", "--dir", dir)
	if status, _ := clientOf(t, []byte(admin)).ask(t, "GET", "/api/v1/secrets", ""); status != 200 {
		t.Errorf("the administrator: %d", status)
	}
	path := filepath.Join(t.TempDir(), "reader")
	wantCode(t, 0, "kubeconfig", "--dir", dir, "--role", "reader", "--token-life", "1h", "--out", path)
	if status, _ := fileClient(t, path).ask(t, "GET", allNamespaces, ""); status != 200 {
		t.Errorf("the reader: %d", status)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v", err)
	}
	wantCode(t, 2, "kubeconfig", "--dir", dir, "--role", "writer")
}

func TestAForegroundClusterEndsWithItsInput(t *testing.T) {
	dir := folder(t)
	// The door builds first if need be; the process must be the one that the pipe leads to.
	command := exec.Command(door, "start", "--foreground", "--end-with-stdin", "--json",
		"--dir", dir)
	input, _ := command.StdinPipe()
	output, _ := command.StdoutPipe()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	var report Report
	if err != nil || json.Unmarshal(line, &report) != nil || report.Process != command.Process.Pid {
		t.Errorf("%v %s", err, line)
	}
	wantCode(t, 0, "status", "--dir", dir)
	input.Close()
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
	wantCode(t, 3, "status", "--dir", dir)
}

func TestFailuresSayWhatToDoAndLeaveNothingBehind(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	os.WriteFile(broken, []byte(
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndatta: {}\n"), 0o600)
	for wanted, arguments := range map[string][]string{
		"--port":           {"--port", port},
		"look at what":     {"--", "--no-such-flag"},
		"does not exist":   {"--objects", "/nowhere"},
		"ConfigMap a":      {"--objects", broken},
		"state folder":     {"--dir", "/proc/nowhere"},
		"--foreground":     {"--end-with-stdin"},
		"one word too":     {"word"},
		"lists the flags":  {"--no-such-flag"},
		"no usable name":   {"--name", "../x", "--dir", ""},
		"not ready within": {"--timeout", "50ms"},
	} {
		dir := folder(t)
		_, said, code := call(t, append([]string{"start", "--dir", dir}, arguments...)...)
		if code == 0 || !strings.Contains(said, wanted) {
			t.Errorf("%v: %d, %q does not say %q", arguments, code, said, wanted)
		}
		if _, _, code := call(t, "status", "--dir", dir); code != 3 {
			t.Errorf("%v left a process behind", arguments)
		}
	}
	if _, said, code := call(t, "load", "--dir", folder(t), objects); code != 1 ||
		!strings.Contains(said, "does not run") {
		t.Errorf("loading into nothing: %d %s", code, said)
	}
	if _, _, code := call(t, "strat"); code != 2 {
		t.Error("an unknown command was accepted")
	}
}

func TestAfterCompactionAnOldPageIsGone(t *testing.T) {
	dir := folder(t)
	report := begin(t, dir, "--crds", kinds, "--objects", objects)
	reader := fileClient(t, report.ReaderKubeconfig)
	_, content := reader.ask(t, "GET", wiring+"connections?limit=5", "")
	var page struct{ Metadata struct{ Continue string } }
	if err := json.Unmarshal(content, &page); err != nil || page.Metadata.Continue == "" {
		t.Fatalf("%v %s", err, content)
	}
	// Compaction keeps the newest revision, so something newer has to be there.
	admin := fileClient(t, report.AdminKubeconfig)
	admin.ask(t, "POST", allNamespaces, `{"metadata":{"name":"later"}}`)
	wantCode(t, 0, "compact", "--dir", dir)
	next := wiring + "connections?limit=5&continue=" + page.Metadata.Continue
	status, _ := reader.ask(t, "GET", next, "")
	if status != http.StatusGone {
		t.Errorf("the old page answered %d", status)
	}
}
