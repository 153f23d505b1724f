package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A JSON document that keeps what most parsers lose: the order of members, members of the same
// name, and every digit of a number.
type node struct {
	members  []member // Of an object.
	elements []*node  // Of an array.
	scalar   string   // JSON text of anything else.
	shape    byte     // '{', '[' or 0.
}

type member struct {
	name  string
	value *node
}

func parseJSON(text []byte) (*node, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	parsed, err := parseNode(decoder)
	if err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one value")
	}
	return parsed, nil
}

func parseNode(decoder *json.Decoder) (*node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return parseObject(decoder)
	case json.Delim('['):
		array := &node{shape: '['}
		for decoder.More() {
			element, err := parseNode(decoder)
			if err != nil {
				return nil, err
			}
			array.elements = append(array.elements, element)
		}
		_, err := decoder.Token()
		return array, err
	default:
		return &node{scalar: scalarText(token)}, nil
	}
}

func parseObject(decoder *json.Decoder) (*node, error) {
	object := &node{shape: '{'}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		value, err := parseNode(decoder)
		if err != nil {
			return nil, err
		}
		object.members = append(object.members, member{name.(string), value})
	}
	_, err := decoder.Token()
	return object, err
}

func scalarText(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.Encode(value)
	return strings.TrimSuffix(out.String(), "\n")
}

func (n *node) write(out *bytes.Buffer) {
	switch n.shape {
	case '{':
		out.WriteByte('{')
		for index, member := range n.members {
			if index > 0 {
				out.WriteByte(',')
			}
			out.WriteString(scalarText(member.name))
			out.WriteByte(':')
			member.value.write(out)
		}
		out.WriteByte('}')
	case '[':
		out.WriteByte('[')
		for index, element := range n.elements {
			if index > 0 {
				out.WriteByte(',')
			}
			element.write(out)
		}
		out.WriteByte(']')
	default:
		out.WriteString(n.scalar)
	}
}

// A step of a path: a member's name, an element's place, or all elements.
type step struct {
	name  string
	place int
	all   bool
	isKey bool
}

// Reads $.items[0].metadata["a.b/c"] and $.items[*].spec. A negative place counts from the end.
func parsePath(text string) ([]step, error) {
	rest, rooted := strings.CutPrefix(text, "$")
	if !rooted || rest == "" {
		return nil, fmt.Errorf("%q does not begin with $ and a step", text)
	}
	var steps []step
	for rest != "" {
		var next step
		var err error
		switch {
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			next, rest = step{name: rest[1:end], isKey: true}, rest[end:]
		case rest[0] == '[':
			next, rest, err = parseBracket(rest)
		default:
			err = fmt.Errorf("%q is no step", rest)
		}
		if err != nil {
			return nil, err
		}
		if next.isKey && next.name == "" {
			return nil, fmt.Errorf("%q has an empty step", text)
		}
		steps = append(steps, next)
	}
	return steps, nil
}

func parseBracket(text string) (step, string, error) {
	if strings.HasPrefix(text, `["`) {
		quoted, err := strconv.QuotedPrefix(text[1:])
		if err != nil || !strings.HasPrefix(text[1+len(quoted):], "]") {
			return step{}, "", fmt.Errorf("%q has no closing bracket", text)
		}
		name, err := strconv.Unquote(quoted)
		return step{name: name, isKey: true}, text[len(quoted)+2:], err
	}
	inside, rest, closed := strings.Cut(text[1:], "]")
	if !closed {
		return step{}, "", fmt.Errorf("%q has no closing bracket", text)
	}
	if inside == "*" {
		return step{all: true}, rest, nil
	}
	place, err := strconv.Atoi(inside)
	return step{place: place}, rest, err
}

// Calls visit for everything that holds what the last step names; counts the calls that found it.
func (n *node) reach(steps []step, visit func(holder *node, last step) bool) int {
	if len(steps) == 1 {
		if visit(n, steps[0]) {
			return 1
		}
		return 0
	}
	found := 0
	for _, child := range n.children(steps[0]) {
		found += child.reach(steps[1:], visit)
	}
	return found
}

func (n *node) children(of step) []*node {
	if of.isKey {
		if index := n.member(of.name); index >= 0 {
			return []*node{n.members[index].value}
		}
		return nil
	}
	if of.all {
		return n.elements
	}
	if index := n.element(of.place); index >= 0 {
		return []*node{n.elements[index]}
	}
	return nil
}

func (n *node) member(name string) int {
	for index, member := range n.members {
		if member.name == name {
			return index
		}
	}
	return -1
}

func (n *node) element(place int) int {
	if place < 0 {
		place += len(n.elements)
	}
	if place < 0 || place >= len(n.elements) {
		return -1
	}
	return place
}
