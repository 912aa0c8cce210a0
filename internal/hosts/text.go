package hosts

import (
	"bytes"
	"strings"
	"time"
)

// words are the lines with which EmoCheck tells its result, in a report's file and on the console, by folded text: true is an infection.
func words() map[string]bool {
	return map[string]bool{
		"emotetを検知しました":              true, // report, Japanese, all versions
		"emotetのプロセスが見つかりました":        true, // console
		"[!!] emotet 検知":             true,
		"検知しませんでした":                  false,
		"emotetを検知しませんでした":           false,
		"emotetは検知されませんでした":          false, // console
		"detected emotet process":    true,  // report, English
		"emotet detected":            true,
		"emotet was detected":        true, // console: 2.0, 1.0, 0.0.1
		"emotet had been detected":   true,
		"emotet had be detected":     true,
		"[!!] detected":              true,
		"no detection":               false, // report before 2.0
		"emotet was not detected":    false, // report since 2.0
		"emotet détecté":             true,  // report, French, since 2.0
		"emotet a été détecté":       true,
		"[!!] emotet":                true,
		"emotet n'a pas été détecté": false,
		"emotet n’a pas été détecté": false,
		"aucune détection":           false,
	}
}

// field is what a label of a text report names.
type field uint8

const (
	noField field = iota
	scanTime
	processName
	processID
	imagePath
	registryKey
	version
)

func labels() map[string]field {
	return map[string]field{
		"プログラム実行時刻": scanTime, "scan time": scanTime, "temps d'éxécution": scanTime, "temps d'exécution": scanTime,
		"プロセス名": processName, "process name": processName, "nom du processus": processName,
		"プロセスid": processID, "process id": processID, "pid": processID,
		"イメージパス": imagePath, "image path": imagePath, "emplacement": imagePath,
		"レジストリキー": registryKey, "registry key": registryKey, "clé de registre": registryKey,
		"version": version, // of the console's banner
	}
}

// headLines is where a report says that it is one: its first line, or the console's banner behind what a script printed before.
const headLines = 40

// textReader reads a report line by line.
type textReader struct {
	r      Report
	zone   *time.Location
	words  map[string]bool
	labels map[string]field

	head, result bool // seen
}

// parseText reads the text form. Where both results stand in one file, it is the worse one.
func parseText(b []byte, zone *time.Location) (*Report, error) {
	t := textReader{zone: zone, words: words(), labels: labels()}
	n := 0
	for line := range bytes.Lines(b) {
		if n++; n > maxLines || n > headLines && !t.head {
			break
		}
		t.line(bytes.TrimSpace(line))
	}
	switch {
	case !t.head:
		return nil, ErrNotReport
	case !t.result:
		return nil, ErrUnfinished
	}
	return &t.r, nil
}

const (
	maxLine = 4096 // bytes of a line that are looked at: a label and the longest path of Windows 10 in UTF-8 are less
	heading = "[emocheck v"
	banner  = "emotet detection tool by jpcert/cc"
)

func (t *textReader) line(line []byte) {
	line = line[:min(len(line), maxLine)]
	for _, s := range readings(line) {
		s = fold(s)
		if rest, ok := strings.CutPrefix(s, heading); ok {
			t.head, t.r.Version = true, parseVersion(rest)
			return
		}
		if s == banner {
			t.head = true
			return
		}
		if infected, ok := t.words[s]; ok && t.head {
			t.result, t.r.Infected = true, t.r.Infected || infected
			return
		}
	}
	if i := bytes.IndexByte(line, ':'); i > 0 && t.head { // no second byte of code page 932
		t.field(line[:i], line[i+1:])
	}
}

// fold makes the words of a line comparable.
func fold(s string) string {
	return strings.ToLower(strings.TrimRight(strings.Join(strings.Fields(s), " "), "。. "))
}

// field takes label and value apart before they are decoded: the label is EmoCheck's, the value the machine's.
func (t *textReader) field(label, value []byte) {
	f := noField
	for _, s := range readings(label) {
		if f = t.labels[fold(s)]; f != noField {
			break
		}
	}
	switch v := clip(systemText(value), maxText); f {
	case scanTime:
		if t.r.Scanned.IsZero() {
			t.r.Scanned = parseTime(v, t.zone)
		}
	case version:
		if t.r.Version == "" {
			t.r.Version = parseVersion(v)
		}
	case processName:
		if len(t.r.Processes) < maxProcesses {
			t.r.Processes = append(t.r.Processes, Process{Name: v})
		}
	case processID, imagePath, registryKey:
		t.detail(f, v)
	}
}

// detail belongs to the process named last; what is there already stays.
func (t *textReader) detail(f field, v string) {
	if len(t.r.Processes) == 0 {
		return
	}
	p := &t.r.Processes[len(t.r.Processes)-1]
	at := map[field]*string{processID: &p.ID, imagePath: &p.Path, registryKey: &p.Key}[f]
	if *at == "" {
		*at = v
	}
}
