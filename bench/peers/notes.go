package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// notes say below the table what its columns and rows do not.
func notes(out io.Writer, o options, cells []cell) error {
	text := "of null: messages a second to the null milter's. sekisho/it, CPU sekisho/it: sekisho's figures divided by this filter's.\n"
	if slices.ContainsFunc(cells, func(c cell) bool { return c.Filter == "olefile" }) {
		text += "olefile: a Python milter that does a part of olevba's work over the same reader: olevba is slower, its throughput is at most this.\n"
		text += recorded(filepath.Join(filepath.Dir(filepath.Clean(o.corpus)), "files.jsonl"))
	}
	_, err := io.WriteString(out, text)
	return err
}

// recorded is what olevba and mraptor took for the corpus' files with macros, where a record beside the corpus has it; "" else.
func recorded(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	files, seconds := 0, 0.0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r struct {
			HasVBA    bool    `json:"has_vba"`
			Encrypted bool    `json:"encrypted"`
			Olevba    float64 `json:"t_olevba"`
			Mraptor   float64 `json:"t_mraptor"`
		}
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.HasVBA && !r.Encrypted {
			files, seconds = files+1, seconds+r.Olevba+r.Mraptor
		}
	}
	if files == 0 {
		return ""
	}
	return fmt.Sprintf("The corpus' own record, from another machine: olevba and mraptor took %.1f ms a file for %d files with macros, without mail and milter.\n",
		seconds*1000/float64(files), files)
}
