// Renders templates given as JSON lines with the real engines, for crates/core/template to be compared with.
//
// A line is {"tpl": "...", "data": ...}. Mode "helm" (the default) renders a chart of one template with the data as its values, by Helm's engine;
// mode "go" executes the template over the data with Go's text/template and sprig. Answers are {"output": ...} or {"error": ...}, a line each.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
)

type testCase struct {
	Template string `json:"tpl"`
	Mode     string `json:"mode"`
	Missing  string `json:"mk"`
	Data     any    `json:"data"`
}

type answer struct {
	Output *string `json:"output,omitempty"`
	Error  *string `json:"error,omitempty"`
}

const file = "templates/t.yaml"

func main() {
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
