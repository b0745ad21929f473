// Renders templates given as JSON lines with the real engines, for crates/core/template to be compared with.
//
// A line is {"tpl": "...", "data": ...}. Mode "helm" (the default) renders a chart of one template with the data as its values, by Helm's engine;
// mode "go" executes the template over the data with Go's text/template and sprig. Mode "schema" checks the data against the text of a schema as Helm
// checks values. Answers are {"output": ...} or {"error": ...}, a line each.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
)

type testCase struct {
	Template string `json:"tpl"`
	Mode     string `json:"mode"`
	Missing  string `json:"mk"`
	Data     any    `json:"data"`
	Schema   string `json:"schema"`
}

type answer struct {
	Output *string `json:"output,omitempty"`
	Error  *string `json:"error,omitempty"`
}

const file = "templates/t.yaml"

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		if strings.TrimSpace(in.Text()) == "" {
			continue
		}
		var c testCase
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		output, err := render(c)
		if err != nil {
			text := err.Error()
			out.Encode(answer{Error: &text})
		} else {
			out.Encode(answer{Output: &output})
		}
	}
}

func render(c testCase) (string, error) {
	if c.Mode == "schema" {
		return "", validate(c)
	}
	if c.Mode == "go" {
		return renderGo(c)
	}
	values, _ := c.Data.(map[string]any)
	ch := &chart.Chart{
		Metadata:  &chart.Metadata{APIVersion: "v2", Name: "c", Version: "1.2.3"},
		Templates: []*common.File{{Name: file, Data: []byte(c.Template)}},
	}
	top := common.Values{"Values": values, "Release": map[string]any{"Name": "r", "Namespace": "n"}}
	e := engine.Engine{Strict: c.Missing == "error"}
	rendered, err := e.Render(ch, top)
	return rendered["c/"+file], err
}

func renderGo(c testCase) (string, error) {
	t := template.New("test").Funcs(sprig.TxtFuncMap())
	if c.Missing != "" {
		t = t.Option("missingkey=" + c.Missing)
	}
	t, err := t.Parse(c.Template)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, c.Data)
	return b.String(), err
}

// validate checks values as Helm does; other data than a map with the same library.
func validate(c testCase) (problem error) {
	if values, ok := c.Data.(map[string]any); ok {
		return util.ValidateAgainstSingleSchema(values, []byte(c.Schema))
	}
	defer func() {
		if r := recover(); r != nil {
			problem = fmt.Errorf("unable to validate schema: %s", r)
		}
	}()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(c.Schema))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(jsonschema.SchemeURLLoader{})
	const address = "file:///values.schema.json"
	if err := compiler.AddResource(address, document); err != nil {
		return err
	}
	schema, err := compiler.Compile(address)
	if err != nil {
		return err
	}
	if err := schema.Validate(c.Data); err != nil {
		title := "jsonschema validation failed with '" + address + "#'\n"
		return fmt.Errorf("%s\n", strings.TrimPrefix(err.Error(), title))
	}
	return nil
}
