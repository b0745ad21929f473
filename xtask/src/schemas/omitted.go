// Prints, per definition of the Kubernetes API, the scalar fields that Go's encoder leaves out when they are false,
// zero or empty, and (with a leading !) the fields that it writes as null when they are not set: OpenAPI does
// not tell. One line per definition: its name, then the JSON names of the fields.
package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

var lines = map[string][]string{}

func definition(t reflect.Type) string {
	path := strings.Split(t.PkgPath(), "/")
	if len(path) == 0 || path[0] != "k8s.io" {
		return ""
	}
	return "io.k8s." + strings.Join(path[1:], ".") + "." + t.Name()
}

func walk(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		walk(t.Elem())
		return
	case reflect.Struct:
	default:
		return
	}
	name := definition(t)
	if name == "" {
		return
	}
	if _, seen := lines[name]; seen {
		return
	}
	lines[name] = []string{}
	lines[name] = append(lines[name], fields(t)...)
	sort.Strings(lines[name])
}

func fields(t reflect.Type) []string {
	var out []string
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		tag := strings.Split(field.Tag.Get("json"), ",")
		inline, omitted, omitzero := false, false, false
		for _, option := range tag[1:] {
			inline = inline || option == "inline"
			omitted = omitted || option == "omitempty" || option == "omitzero"
			omitzero = omitzero || option == "omitzero"
		}
		if inline {
			inner := field.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				out = append(out, fields(inner)...)
			}
			continue
		}
		walk(field.Type)
		if tag[0] == "" || tag[0] == "-" {
			continue
		}
		// Times are structs, which omitempty does not omit.
		if name := field.Type.Name(); (name == "Time" || name == "MicroTime") && !omitzero {
			out = append(out, "!"+tag[0])
			continue
		}
		if !omitted {
			switch field.Type.Kind() {
			case reflect.Slice, reflect.Map, reflect.Pointer:
				out = append(out, "!"+tag[0])
			}
			continue
		}
		switch field.Type.Kind() {
		case reflect.Bool, reflect.String, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
			out = append(out, tag[0])
		}
	}
	return out
}

func main() {
	for _, t := range scheme.Scheme.AllKnownTypes() {
		walk(t)
	}
	walk(reflect.TypeOf(apiextensions.CustomResourceDefinition{}))
	walk(reflect.TypeOf(apiregistration.APIService{}))
	names := make([]string, 0, len(lines))
	for name := range lines {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if len(lines[name]) > 0 {
			fmt.Println(name, strings.Join(lines[name], " "))
		}
	}
}
