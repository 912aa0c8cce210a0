package script

import "strings"

// AsMacro rearranges VBScript as a module of VBA: the statements outside of procedures become one that starts by itself.
func AsMacro(src string) string {
	var top, procs strings.Builder
	inside, n := "", 0
	for line := range strings.SplitSeq(src, "\n") {
		if n++; n > linesMax {
			break
		}
		line = strings.TrimRight(line, "\r")
		first := strings.Fields(strings.ToLower(line[:min(len(line), 64)]))
		if inside == "" {
			inside = procedure(first)
		}
		to := &top
		if inside != "" {
			to = &procs
		}
		to.WriteString(line)
		to.WriteByte('\n')
		if len(first) > 1 && first[0] == "end" && strings.HasPrefix(first[1], inside) {
			inside = ""
		}
	}
	return "Sub AutoOpen()\n" + top.String() + "End Sub\n" + procs.String()
}

// procedure is the word that ends what a line begins, "" for a line that begins no procedure.
func procedure(words []string) string {
	for _, w := range words {
		switch w {
		case "public", "private", "default":
			continue
		case "sub", "function", "class", "property":
			return w
		}
		return ""
	}
	return ""
}
