// Prints the structure that kustomize's built-in OpenAPI document gives to its merges: which fields are maps, lists or references, which
// lists merge and by which keys, and which kinds are namespaced. Run: go run . > ../kubernetes-1.21.2.txt
package main

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"strings"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/openapi/kubernetesapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// field gives the text of a schema; empty when nothing in it matters to a merge.
func field(s *spec.Schema) string {
	if ref := s.Ref.String(); ref != "" {
		return "@" + strings.TrimPrefix(ref, "#/definitions/")
	}
	if len(s.Type) == 1 && s.Type[0] == "array" {
		inner := ""
		if s.Items != nil && s.Items.Schema != nil {
			inner = field(s.Items.Schema)
		}
		rs := openapi.ResourceSchema{Schema: s}
		strategy, keys := rs.PatchStrategyAndKeyList()
		merges := false
		for _, part := range strings.Split(strategy, ",") {
			merges = merges || part == "merge"
		}
		if merges {
			if len(keys) == 0 {
				keys = []string{"*"}
			}
			return "[" + strings.Join(keys, ",") + "]" + inner
		}
		if inner == "" {
			return ""
		}
		return "[]" + inner
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		if inner := field(s.AdditionalProperties.Schema); inner != "" {
			return "{}" + inner
		}
	}
	return ""
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintf(out, "# OpenAPI of Kubernetes %s, structure only; made by data/generate\n", kubernetesapi.DefaultOpenAPI)
	defs := openapi.Schema().Definitions
	var names []string
	for name := range defs {
		names = append(names, name)
	}
	sort.Strings(names)
	metas := map[yaml.TypeMeta]bool{}
	for _, name := range names {
		def := defs[name]
		line := "T " + name
		if gvks, ok := def.Extensions["x-kubernetes-group-version-kind"].([]interface{}); ok {
			for _, g := range gvks {
				m := g.(map[string]interface{})
				version := m["version"].(string)
				if group, _ := m["group"].(string); group != "" {
					version = group + "/" + version
				}
				meta := yaml.TypeMeta{APIVersion: version, Kind: m["kind"].(string)}
				metas[meta] = true
				line += " " + version + "," + meta.Kind
			}
		}
		var fields []string
		for prop := range def.Properties {
			s := def.Properties[prop]
			if text := field(&s); text != "" {
				fields = append(fields, " "+prop+" "+text)
			}
		}
		sort.Strings(fields)
		if len(fields) == 0 && !strings.Contains(line[2:], " ") {
			continue
		}
		fmt.Fprintln(out, line)
		for _, f := range fields {
			fmt.Fprintln(out, f)
		}
	}
	var scopes []string
	for meta := range metas {
		if namespaced, found := openapi.IsNamespaceScoped(meta); found {
			scopes = append(scopes, fmt.Sprintf("N %s,%s %t", meta.APIVersion, meta.Kind, namespaced))
		}
	}
	sort.Strings(scopes)
	for _, line := range scopes {
		fmt.Fprintln(out, line)
	}
}
