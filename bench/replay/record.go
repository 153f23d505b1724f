package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
)

// As kubectl asks for them.
const pageSize = 500

const (
	plainForm     = "application/json"
	discoveryForm = "application/json;g=apidiscovery.k8s.io;v=v2;" + aggregatedForm + "," + plainForm
	// For a browser's or curl's the API server writes each answer with indents.
	userAgent = "hedgerow-bench"
	ourGroups = ".githedgehog.com"
)

// A kind whose list could be recorded.
type kind struct {
	Group      string `json:"group"`
	Version    string `json:"version"`
	Kind       string `json:"kind"`
	Plural     string `json:"plural"`
	Namespaced bool   `json:"namespaced"`
	Path       string `json:"path"`
	Items      int    `json:"items"`
	Bytes      int    `json:"bytes"`
}

type upstream struct {
	base   string
	token  string
	client *http.Client
}

func connect(address, caFile, tokenFile string) (upstream, error) {
	authority, err := os.ReadFile(caFile)
	if err != nil {
		return upstream{}, err
	}
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return upstream{}, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return upstream{}, fmt.Errorf("%s holds no certificate", caFile)
	}
	// What is recorded is what a client on the same network gets, who asks for no compression.
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true, DisableCompression: true}
	return upstream{strings.TrimRight(address, "/"), strings.TrimSpace(string(token)),
		&http.Client{Transport: transport}}, nil
}

func (u upstream) ask(method, target, accept string, body []byte) (answer, error) {
	address, err := url.Parse(u.base + target)
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequest(method, address.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+u.token)
	request.Header.Set("Accept", accept)
	request.Header.Set("User-Agent", userAgent)
	if body != nil {
		request.Header.Set("Content-Type", plainForm)
	}
	reply, err := u.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer reply.Body.Close()
	content, err := io.ReadAll(reply.Body)
	if err != nil {
		return answer{}, err
	}
	return answer{Question: questionOf(method, address, accept, body), Status: reply.StatusCode,
		Type: reply.Header.Get("Content-Type"), body: content}, nil
}

// A recording under way.
type recording struct {
	from  upstream
	taken []answer
}

func record(from upstream, into string) ([]kind, error) {
	if err := os.RemoveAll(into); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return nil, err
	}
	taking := recording{from: from}
	kinds, err := taking.all()
	if err != nil {
		return nil, err
	}
	if len(kinds) == 0 {
		return nil, errors.New("the API server lets this account read no Hedgehog kind")
	}
	target := folder{into}
	if err := target.writeJSON(kindsFile, kinds); err != nil {
		return nil, err
	}
	return kinds, target.write(taking.taken)
}

func (r *recording) all() ([]kind, error) {
	if err := r.preliminaries(); err != nil {
		return nil, err
	}
	discovery, err := r.take("/apis", discoveryForm)
	if err != nil {
		return nil, err
	}
	found, err := kindsIn(discovery.body)
	if err != nil {
		return nil, err
	}
	var kinds []kind
	for _, one := range found {
		listed, readable, err := r.lists(one)
		if err != nil {
			return nil, err
		}
		if readable {
			kinds = append(kinds, listed)
		}
	}
	return kinds, nil
}

func (r *recording) take(target, accept string) (answer, error) {
	taken, err := r.from.ask(http.MethodGet, target, accept, nil)
	if err != nil {
		return answer{}, err
	}
	r.taken = append(r.taken, taken)
	return taken, nil
}

// What clients ask before they read.
func (r *recording) preliminaries() error {
	for _, target := range []string{"/version", "/api", "/apis", "/api/v1/namespaces",
		"/api/v1/namespaces/kube-system", "/api/v1/namespaces/default"} {
		if _, err := r.take(target, plainForm); err != nil {
			return err
		}
	}
	if _, err := r.take("/api", discoveryForm); err != nil {
		return err
	}
	body := []byte(`{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`)
	return r.review(subjectReviews, body)
}

func (r *recording) review(path string, body []byte) error {
	taken, err := r.from.ask(http.MethodPost, path, plainForm, body)
	if err != nil {
		return err
	}
	r.taken = append(r.taken, taken)
	return nil
}

// The list of one kind, whole and in pages, and whether it is allowed.
func (r *recording) lists(one kind) (listed kind, readable bool, err error) {
	one.Path = "/apis/" + one.Group + "/" + one.Version + "/" + one.Plural
	review := accessReview{Version: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"}
	asked := &review.Spec.Attributes
	asked.Verb, asked.Group, asked.Version, asked.Resource = "list", one.Group, one.Version, one.Plural
	body, err := json.Marshal(review)
	if err != nil {
		return one, false, err
	}
	if err := r.review(accessReviews, body); err != nil {
		return one, false, err
	}
	whole, err := r.take(one.Path, plainForm)
	if err != nil || whole.Status != http.StatusOK {
		return one, false, err
	}
	head, err := headOf(whole.body)
	if err != nil {
		return one, false, fmt.Errorf("%s: %w", one.Path, err)
	}
	one.Items, one.Bytes = len(head.Items), len(whole.body)
	return one, true, r.pages(one.Path)
}

func (r *recording) pages(path string) error {
	proceed := ""
	for {
		query := url.Values{"limit": {fmt.Sprint(pageSize)}}
		if proceed != "" {
			query.Set("continue", proceed)
		}
		page, err := r.take(path+"?"+query.Encode(), plainForm)
		if err != nil {
			return err
		}
		head, err := headOf(page.body)
		if err != nil || page.Status != http.StatusOK {
			return fmt.Errorf("a page of %s answered HTTP %d: %w", path, page.Status, err)
		}
		if proceed = head.Metadata.Continue; proceed == "" {
			return nil
		}
	}
}

type listHead struct {
	Metadata struct {
		Continue string `json:"continue"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`
}

func headOf(body []byte) (listHead, error) {
	var head listHead
	err := json.Unmarshal(body, &head)
	return head, err
}

// The Hedgehog kinds of an aggregated discovery that can be listed, each in the first version that
// serves it: versions stand in the order of preference.
func kindsIn(discovery []byte) ([]kind, error) {
	var list struct {
		Items []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
			Versions []struct {
				Version   string `json:"version"`
				Resources []struct {
					Resource     string   `json:"resource"`
					Scope        string   `json:"scope"`
					Verbs        []string `json:"verbs"`
					ResponseKind struct {
						Kind string `json:"kind"`
					} `json:"responseKind"`
				} `json:"resources"`
			} `json:"versions"`
		} `json:"items"`
	}
	if err := json.Unmarshal(discovery, &list); err != nil {
		return nil, fmt.Errorf("/apis: %w", err)
	}
	var kinds []kind
	known := map[string]bool{}
	for _, group := range list.Items {
		if !strings.HasSuffix(group.Metadata.Name, ourGroups) {
			continue
		}
		for _, version := range group.Versions {
			for _, resource := range version.Resources {
				name := resource.Resource + "." + group.Metadata.Name
				if known[name] || !slices.Contains(resource.Verbs, "list") {
					continue
				}
				known[name] = true
				kinds = append(kinds, kind{Group: group.Metadata.Name, Version: version.Version,
					Kind: resource.ResponseKind.Kind, Plural: resource.Resource,
					Namespaced: resource.Scope == "Namespaced"})
			}
		}
	}
	return kinds, nil
}
