package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// The control API, by which a test tells the Gate what to do and asks what it saw.
func (g *Gate) control() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /rules", func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK, g.rules.Show())
	})
	routes.HandleFunc("POST /rules", g.addRules)
	routes.HandleFunc("DELETE /rules", func(w http.ResponseWriter, r *http.Request) {
		g.rules.Remove("")
		w.WriteHeader(http.StatusNoContent)
	})
	routes.HandleFunc("GET /rules/{name}", g.showRule)
	routes.HandleFunc("DELETE /rules/{name}", func(w http.ResponseWriter, r *http.Request) {
		done(w, g.rules.Remove(r.PathValue("name")))
	})
	routes.HandleFunc("POST /rules/{name}/release", func(w http.ResponseWriter, r *http.Request) {
		done(w, g.rules.Release(r.PathValue("name")))
	})
	routes.HandleFunc("GET /requests", g.showRequests)
	routes.HandleFunc("DELETE /requests", func(w http.ResponseWriter, r *http.Request) {
		g.record.Forget()
		w.WriteHeader(http.StatusNoContent)
	})
	routes.HandleFunc("GET /counters", func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK, g.record.Count())
	})
	routes.HandleFunc("DELETE /connections", func(w http.ResponseWriter, r *http.Request) {
		closed := g.CloseConnections(r.URL.Query().Get("how"))
		reply(w, http.StatusOK, map[string]int{"closed": closed})
	})
	routes.HandleFunc("PUT /tls", g.setTLS)
	return routes
}

// One rule or a list of them.
func (g *Gate) addRules(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, err)
		return
	}
	rules, err := readRules(text)
	if err != nil {
		refuse(w, err)
		return
	}
	names, err := g.rules.Add(rules)
	if err != nil {
		refuse(w, err)
		return
	}
	reply(w, http.StatusCreated, map[string][]string{"names": names})
}

// A misspelt field would make a rule that never strikes, and a test that proves nothing.
func readRules(text []byte) ([]Rule, error) {
	text = bytes.TrimSpace(text)
	if !bytes.HasPrefix(text, []byte("[")) {
		text = fmt.Appendf(nil, "[%s]", text)
	}
	var rules []Rule
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&rules); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return rules, nil
}

func (g *Gate) showRule(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	hits, held := number(query, "hits"), number(query, "held")
	ctx, stop := patience(r, query)
	defer stop()
	rule, enough := g.rules.Await(ctx, r.PathValue("name"), hits, held)
	switch {
	case rule == nil:
		w.WriteHeader(http.StatusNotFound)
	case !enough:
		reply(w, http.StatusRequestTimeout, rule)
	default:
		reply(w, http.StatusOK, rule)
	}
}

func (g *Gate) showRequests(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	path, err := regexp.Compile(query.Get("path"))
	if err != nil {
		refuse(w, err)
		return
	}
	ctx, stop := patience(r, query)
	defer stop()
	found, enough := g.record.Find(ctx, Wanted{Method: query.Get("method"), Path: path,
		Done: query.Get("done") == "true", Count: number(query, "count")})
	status := http.StatusOK
	if !enough {
		status = http.StatusRequestTimeout
	}
	reply(w, status, map[string]any{"requests": found, "counters": g.record.Count()})
}

func (g *Gate) setTLS(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Mode string `json:"mode"`
	}
	err := json.NewDecoder(r.Body).Decode(&wanted)
	if err == nil {
		err = g.front.SetMode(wanted.Mode)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// How long a waiting question may wait: timeout_ms, 10 s when it says nothing.
func patience(r *http.Request, query url.Values) (context.Context, context.CancelFunc) {
	wait := 10 * time.Second
	if query.Has("timeout_ms") {
		wait = time.Duration(number(query, "timeout_ms")) * time.Millisecond
	}
	return context.WithTimeout(r.Context(), wait)
}

func number(query url.Values, name string) int {
	value, _ := strconv.Atoi(query.Get(name))
	return value
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}

func refuse(w http.ResponseWriter, err error) {
	reply(w, http.StatusBadRequest, map[string]string{"problem": err.Error()})
}

func done(w http.ResponseWriter, found bool) {
	if found {
		w.WriteHeader(http.StatusNoContent)
	} else {
		w.WriteHeader(http.StatusNotFound)
	}
}
