package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
)

// Edit changes one thing of a body: what a regular expression finds, or what a path names.
type Edit struct {
	Regex string `json:"regex"`
	With  string `json:"with"` // $1 is what the first bracket found.

	Path      string          `json:"path"` // Like $.items[0].spec.role, ["a.b/c"], [*], [-1].
	Set       json.RawMessage `json:"set"`
	Delete    bool            `json:"delete"`
	Duplicate json.RawMessage `json:"duplicate"` // A second member of the same name, behind the first.

	pattern *regexp.Regexp
	steps   []step
}

func (e *Edit) compile() error {
	ways := 0
	for _, way := range []bool{e.Regex != "", e.Set != nil, e.Delete, e.Duplicate != nil} {
		if way {
			ways++
		}
	}
	if ways != 1 || (e.Regex == "") == (e.Path == "") {
		return errors.New("give regex and with, or path and one of set, delete, duplicate")
	}
	var err error
	if e.Regex != "" {
		e.pattern, err = regexp.Compile(e.Regex)
		return err
	}
	e.steps, err = parsePath(e.Path)
	return err
}

// Applies all edits. One that finds nothing to change is an error: a test that relies on it would
// otherwise pass for the wrong reason.
func rewrite(body []byte, edits []Edit) ([]byte, error) {
	for _, edit := range edits {
		changed, err := edit.apply(body)
		if err != nil {
			return nil, err
		}
		body = changed
	}
	return body, nil
}

func (e Edit) apply(body []byte) ([]byte, error) {
	if e.pattern != nil {
		if !e.pattern.Match(body) {
			return nil, fmt.Errorf("nothing in the body fits %q", e.Regex)
		}
		return e.pattern.ReplaceAll(body, []byte(e.With)), nil
	}
	document, err := parseJSON(body)
	if err != nil {
		return nil, fmt.Errorf("the body is no JSON: %w", err)
	}
	var problem error
	found := document.reach(e.steps, func(holder *node, last step) bool {
		done, err := e.change(holder, last)
		problem = errors.Join(problem, err)
		return done
	})
	if problem != nil {
		return nil, problem
	}
	if found == 0 {
		return nil, fmt.Errorf("the body has nothing at %s", e.Path)
	}
	var out bytes.Buffer
	document.write(&out)
	return out.Bytes(), nil
}

func (e Edit) change(holder *node, last step) (bool, error) {
	if last.isKey {
		return e.changeMember(holder, last.name)
	}
	places := []int{}
	if last.all {
		for place := range holder.elements {
			places = append(places, place)
		}
	} else if place := holder.element(last.place); place >= 0 {
		places = append(places, place)
	}
	if len(places) == 0 {
		return false, nil
	}
	switch {
	case e.Delete && last.all:
		holder.elements = nil
	case e.Delete:
		holder.elements = slices.Delete(holder.elements, places[0], places[0]+1)
	case e.Set != nil:
		value, err := parseJSON(e.Set)
		if err != nil {
			return false, err
		}
		for _, place := range places {
			holder.elements[place] = value
		}
	default:
		return false, errors.New("only a member can be duplicated")
	}
	return true, nil
}

func (e Edit) changeMember(holder *node, name string) (bool, error) {
	if holder.shape != '{' {
		return false, nil
	}
	index := holder.member(name)
	if e.Delete {
		if index < 0 {
			return false, nil
		}
		holder.members = slices.Delete(holder.members, index, index+1)
		return true, nil
	}
	text := e.Set
	if text == nil {
		text = e.Duplicate
	}
	value, err := parseJSON(text)
	if err != nil {
		return false, err
	}
	switch {
	case e.Duplicate != nil && index < 0:
		return false, nil
	case e.Duplicate != nil:
		holder.members = slices.Insert(holder.members, index+1, member{name, value})
	case index < 0:
		holder.members = append(holder.members, member{name, value})
	default:
		holder.members[index].value = value
	}
	return true, nil
}

// Rewrites a stream line by line while it runs. Lines in which an edit finds nothing pass as they
// are: the events of a watch differ.
func rewriteLines(body io.ReadCloser, edits []Edit) io.ReadCloser {
	read, write := io.Pipe()
	go func() {
		defer body.Close()
		lines := bufio.NewReader(body)
		for {
			line, err := lines.ReadBytes('\n')
			changed, fault := rewrite(bytes.TrimSuffix(line, []byte("\n")), edits)
			if fault == nil {
				line = append(changed, '\n')
			}
			if _, failed := write.Write(line); failed != nil {
				return
			}
			if err != nil {
				write.CloseWithError(err)
				return
			}
		}
	}()
	return read
}
