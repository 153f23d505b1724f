package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// One answer of the API server, and the question that it belongs to.
type answer struct {
	Question string `json:"question"`
	Status   int    `json:"status"`
	Type     string `json:"type"`
	File     string `json:"file"`

	body []byte
}

const (
	indexFile       = "index.json"
	kindsFile       = "kinds.json"
	aggregatedForm  = "as=APIGroupDiscoveryList"
	accessReviews   = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
	subjectReviews  = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
	reviewBytesMost = 64 << 10
)

// What tells two questions apart: method, path, page, form of discovery, and of a review the kind
// that it asks about. Anything else changes nothing about what is answered.
func questionOf(method string, target *url.URL, accept string, body []byte) string {
	question := method + " " + target.Path
	page := url.Values{}
	for _, name := range []string{"limit", "continue"} {
		if value := target.Query().Get(name); value != "" {
			page.Set(name, value)
		}
	}
	if len(page) > 0 {
		question += "?" + page.Encode()
	}
	if strings.Contains(accept, aggregatedForm) && isDiscovery(target.Path) {
		question += " aggregated"
	}
	if target.Path == accessReviews {
		var review accessReview
		if json.Unmarshal(body, &review) == nil {
			asked := review.Spec.Attributes
			question += " " + asked.Verb + " " + asked.Resource + "." + asked.Group
		}
	}
	return question
}

func isDiscovery(path string) bool { return path == "/api" || path == "/apis" }

type accessReview struct {
	Version string `json:"apiVersion"`
	Kind    string `json:"kind"`
	Spec    struct {
		Attributes struct {
			Verb     string `json:"verb"`
			Group    string `json:"group"`
			Version  string `json:"version"`
			Resource string `json:"resource"`
		} `json:"resourceAttributes"`
	} `json:"spec"`
}

func questionIn(request *http.Request, body []byte) string {
	return questionOf(request.Method, request.URL, request.Header.Get("Accept"), body)
}

// A folder of answers: an index and one file for each body.
type folder struct{ path string }

func (f folder) file(name string) string { return filepath.Join(f.path, name) }

func (f folder) write(answers []answer) error {
	for index := range answers {
		answers[index].File = fmt.Sprintf("%04d.body", index)
		if err := os.WriteFile(f.file(answers[index].File), answers[index].body, 0o644); err != nil {
			return err
		}
	}
	return f.writeJSON(indexFile, answers)
}

// Written last and renamed: a folder with an index is whole.
func (f folder) writeJSON(name string, value any) error {
	content, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.file(name+".part"), content, 0o644); err != nil {
		return err
	}
	return os.Rename(f.file(name+".part"), f.file(name))
}

func (f folder) read() (map[string]answer, error) {
	content, err := os.ReadFile(f.file(indexFile))
	if err != nil {
		return nil, err
	}
	var listed []answer
	if err := json.Unmarshal(content, &listed); err != nil {
		return nil, fmt.Errorf("%s: %w", f.file(indexFile), err)
	}
	answers := map[string]answer{}
	for _, one := range listed {
		if one.body, err = os.ReadFile(f.file(one.File)); err != nil {
			return nil, err
		}
		answers[one.Question] = one
	}
	return answers, nil
}
