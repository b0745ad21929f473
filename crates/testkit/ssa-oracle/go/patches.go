// Reads lines of {"kind", "original", "modified", "current"} and answers each with the patches that Kubernetes' own
// libraries create: {"two": ..., "three": ..., "plain": ...}, or {"error": ...}. The first two are strategic merge
// patches, the third is a three-way JSON merge patch.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

type input struct {
	Kind                        string
	Original, Modified, Current json.RawMessage
}

func answer(line []byte) map[string]any {
	var in input
	if err := json.Unmarshal(line, &in); err != nil {
		return map[string]any{"error": err.Error()}
	}
	var kind any = core.Service{}
	if in.Kind == "Deployment" {
		kind = apps.Deployment{}
	}
	two, err := strategicpatch.CreateTwoWayMergePatch(in.Original, in.Modified, kind)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	meta, err := strategicpatch.NewPatchMetaFromStruct(kind)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	three, err := strategicpatch.CreateThreeWayMergePatch(in.Original, in.Modified, in.Current, meta, true)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	plain, err := jsonmergepatch.CreateThreeWayJSONMergePatch(in.Original, in.Modified, in.Current)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{
		"two": json.RawMessage(two), "three": json.RawMessage(three), "plain": json.RawMessage(plain),
	}
}

func main() {
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 1<<20), 1<<24)
	for scanner.Scan() {
		out, err := json.Marshal(answer(scanner.Bytes()))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(out))
	}
}
