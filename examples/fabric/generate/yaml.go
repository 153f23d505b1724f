package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// Writes one document, with its separator before it.
func writeYAML(out *bytes.Buffer, document fields) {
	out.WriteString("---\n")
	writeFields(out, document, "", "")
}

// The first line is indented by `first`, as it may stand behind a list's dash; the others by
// `indent`.
func writeFields(out *bytes.Buffer, mapping fields, first, indent string) {
	for index, field := range mapping {
		if index == 0 {
			out.WriteString(first)
		} else {
			out.WriteString(indent)
		}
		out.WriteString(scalar(field.name))
		out.WriteByte(':')
		writeValue(out, field.value, indent)
	}
}

func writeValue(out *bytes.Buffer, value any, indent string) {
	switch value := value.(type) {
	case fields:
		if len(value) == 0 {
			out.WriteString(" {}\n")
			return
		}
		out.WriteByte('\n')
		writeFields(out, value, indent+"  ", indent+"  ")
	case []fields:
		out.WriteByte('\n')
		for _, item := range value {
			writeFields(out, item, indent+"- ", indent+"  ")
		}
	case []string:
		out.WriteByte('\n')
		for _, item := range value {
			out.WriteString(indent + "- " + scalar(item) + "\n")
		}
	case string:
		out.WriteString(" " + scalar(value) + "\n")
	case int:
		out.WriteString(" " + strconv.Itoa(value) + "\n")
	case bool:
		out.WriteString(" " + strconv.FormatBool(value) + "\n")
	default:
		panic(fmt.Sprintf("a %T has no form in YAML", value))
	}
}

var (
	plainWord    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9./_-]*( [A-Za-z0-9./_-]+)*$`)
	plainAddress = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+(/\d+)?$`)
	notWords     = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
)

// Quotes whatever some reader could take for something else than a string: hardware addresses and
// communities are numbers to base 60 for older ones.
func scalar(text string) string {
	if plainAddress.MatchString(text) ||
		plainWord.MatchString(text) && !slices.Contains(notWords, text) {
		return text
	}
	return strconv.Quote(text)
}
