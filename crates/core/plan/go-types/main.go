// Command go-types prints how the typed structs of Kubernetes' built-in kinds are written, as one JSON document.
//
// A manifest that goes through a typed struct and back loses unknown fields and gains the fields that the struct always writes.
// Structure only: names, shapes, and the "always written" mark; see ../src/normalize/typed.rs for the reader.
// Run in this folder: go run . > ../src/normalize/types.json
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
)

var stable = regexp.MustCompile(`^v[0-9]+(beta[0-9]+)?$`)

// Structs in order of discovery; shapes refer to them by index.
var (
	ids     = map[reflect.Type]int{}
	structs []map[string]string
)

var leaves = map[reflect.Type]string{
	reflect.TypeOf(resource.Quantity{}):    "quantity",
	reflect.TypeOf(metav1.Time{}):          "time",
	reflect.TypeOf(metav1.MicroTime{}):     "time",
	reflect.TypeOf(metav1.Duration{}):      "string",
	reflect.TypeOf(intstr.IntOrString{}):   "intOrString",
	reflect.TypeOf(runtime.RawExtension{}): "any",
	reflect.TypeOf(metav1.FieldsV1{}):      "any",
}

func shape(t reflect.Type) string {
	if leaf, ok := leaves[t]; ok {
		return leaf
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + shape(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[" + shape(t.Elem())
	case reflect.Map:
		return "{" + shape(t.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.Interface:
		return "any"
	case reflect.Struct:
		if _, custom := reflect.New(t).Interface().(json.Unmarshaler); custom {
			return "any"
		}
		return fmt.Sprint(structID(t))
	}
	return "int"
}

func structID(t reflect.Type) int {
	if id, ok := ids[t]; ok {
		return id
	}
	id := len(structs)
	ids[t] = id
	structs = append(structs, nil)
	fields := map[string]string{}
	addFields(t, fields)
	structs[id] = fields
	return id
}

func addFields(t reflect.Type, fields map[string]string) {
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		parts := strings.Split(field.Tag.Get("json"), ",")
		if parts[0] == "-" {
			continue
		}
		if parts[0] == "" {
			addFields(field.Type, fields)
			continue
		}
		omitted := map[string]bool{}
		for _, option := range parts[1:] {
			omitted[option] = true
		}
		always := !omitted["omitempty"] && !omitted["omitzero"]
		if omitted["omitempty"] && !omitted["omitzero"] && field.Type.Kind() == reflect.Struct {
			always = true
		}
		s := shape(field.Type)
		if always {
			s = "!" + s
		}
		fields[parts[0]] = s
	}
}

func main() {
	kinds := map[string]int{}
	var all []schema.GroupVersionKind
	for gvk := range scheme.Scheme.AllKnownTypes() {
		all = append(all, gvk)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].String() < all[j].String() })
	for _, gvk := range all {
		object, err := scheme.Scheme.New(gvk)
		if err != nil || !stable.MatchString(gvk.Version) || strings.HasSuffix(gvk.Kind, "List") {
			continue
		}
		if _, ok := object.(metav1.Object); !ok {
			continue
		}
		kinds[gvk.GroupVersion().String()+" "+gvk.Kind] = structID(reflect.TypeOf(object).Elem())
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]any{"kinds": kinds, "structs": structs}); err != nil {
		panic(err)
	}
}
