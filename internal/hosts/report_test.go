package hosts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

var tokyo = time.FixedZone("JST", 9*3600)

// scanned is the time in every report of these tests.
var scanned = time.Date(2023, 3, 20, 10, 45, 51, 0, tokyo)

// reportOf builds reports as the versions of EmoCheck lay them out.
type reportOf struct {
	lang      string // en, ja, fr
	version   string
	host      string
	processes []Process
}

func (r reportOf) lines() (head, when, result, process string, fields [4]string, end, clean, found string) {
	switch r.lang {
	case "ja":
		return "EmoCheck", "プログラム実行時刻", "[結果]", "[詳細]",
			[4]string{"プロセス名    ", "プロセスID    ", "イメージパス  ", "レジストリキー"},
			"イメージパスの実行ファイルを隔離/削除してください。", "検知しませんでした。", "Emotetを検知しました。\n"
	case "fr":
		return "EmoCheck", "Temps d'éxécution", "[Résultat] ", "[Processus Emotet] ",
			[4]string{"Nom du processus", "PID             ", "Emplacement     ", "Clé de registre "},
			"Veuillez supprimer le(s) fichier(s) détecté(s).", "Emotet n'a pas été détecté.", "Emotet détecté.\n"
	}
	clean = "Emotet was not detected."
	if r.version < "2" {
		clean = "No detection."
	}
	return "EmoCheck", "Scan time", "[Result] ", "[Emotet Process] ",
		[4]string{"Process Name  ", "Process ID    ", "Image Path    ", "Registry Key  "},
		"Please remove or isolate the suspicious execution file.", clean, "Detected Emotet process.\n"
}

const rule = "____________________________________________________"

func (r reportOf) text() string {
	head, when, result, process, fields, end, clean, found := r.lines()
	if r.version < "1" {
		head = "Emocheck"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[%s v%s]\n%s: %s\n%s\n%s\n", head, r.version, when, scanned.Format(time.DateTime), rule, result)
	if len(r.processes) == 0 {
		b.WriteString(clean + "\n")
		return b.String()
	}
	b.WriteString(found + "\n")
	for _, p := range r.processes {
		fmt.Fprintf(&b, "%s\n     %s: %s\n     %s: %s\n     %s: %s\n", process, fields[0], p.Name, fields[1], p.ID, fields[2], p.Path)
		if p.Key != "" {
			fmt.Fprintf(&b, "     %s: %s\n", fields[3], p.Key)
		}
	}
	return b.String() + rule + "\n" + end + "\n"
}

func (r reportOf) json() string {
	escape := func(s string) string { return strings.ReplaceAll(s, `\`, `\\`) }
	var b strings.Builder
	fmt.Fprintf(&b, "{\n  \"scan_time\":\"%s\",\n  \"hostname\":\"%s\",\n  \"emocheck_version\":\"%s\",\n", scanned.Format(time.DateTime), r.host, r.version)
	if len(r.processes) == 0 {
		b.WriteString("  \"is_infected\":\"no\"\n}\n")
		return b.String()
	}
	b.WriteString("  \"is_infected\":\"yes\",\n  \"emotet_processes\":[\n")
	for i, p := range r.processes {
		fmt.Fprintf(&b, "    {\n      \"process_name\":\"%s\",\n      \"process_id\":\"%s\",\n      \"image_path\":\"%s\"", p.Name, p.ID, escape(p.Path))
		if p.Key != "" {
			fmt.Fprintf(&b, ",\n      \"registry_key\":\"%s\"", escape(p.Key))
		}
		b.WriteString("\n    }")
		if i < len(r.processes)-1 {
			b.WriteString(",")
		}
		b.WriteString("\n")
	}
	return b.String() + "  ]\n}\n"
}

func encoded(t testing.TB, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var versions = []string{"0.0.1", "0.0.2", "1.0", "2.0", "2.1.1", "2.3.2", "2.4"}

// forms gives a report in every encoding that its text has; "é" is not in code page 932.
func (r reportOf) forms(t testing.TB, text string) map[string][]byte {
	forms := map[string][]byte{
		"utf-8":     []byte(text),
		"utf-8 bom": []byte("\ufeff" + text),
		"utf-16le":  encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), text),
		"utf-16be":  encoded(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), text),
		"no bom":    encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), text),
		"no bom be": encoded(t, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), text),
	}
	if r.lang == "fr" {
		forms["1252"] = encoded(t, charmap.Windows1252, text)
	} else {
		forms["932"] = encoded(t, japanese.ShiftJIS, text)
	}
	return forms
}

func TestEveryFormOfAReportIsRead(t *testing.T) {
	emotet := []Process{
		{Name: "mstask.exe", ID: "716", Path: `C:\Users\sato\AppData\Local\mstask.exe`},
		{Name: "rundll32.exe", ID: "4711", Path: `C:\Windows\SysWOW64\Qwer\tyui.dll`, Key: `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`},
	}
	n := 0
	for _, lang := range []string{"en", "ja", "fr"} {
		for _, version := range versions {
			for _, processes := range [][]Process{nil, emotet[:1], emotet} {
				r := reportOf{lang: lang, version: version, host: "PC-042", processes: processes}
				want := &Report{Host: "PC-042", Scanned: scanned, Version: version, Infected: len(processes) > 0, Processes: processes}
				for kind, text := range map[string]string{"txt": r.text(), "json": r.json()} {
					for form, b := range r.forms(t, text) {
						for _, crlf := range []bool{false, true} {
							if crlf && strings.HasPrefix(form, "utf-8") {
								b = bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
							}
							got, err := Parse("PC-042_20230320104551_emocheck."+kind, b, tokyo)
							if err != nil || !cmp.Equal(got, want, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })) {
								t.Errorf("%s %s %s %s: %+v, %v", lang, version, kind, form, got, err)
							}
							n++
						}
					}
				}
			}
		}
	}
	t.Log(n, "reports")
}

func TestConsoleOutputIsAReportToo(t *testing.T) {
	banner := "\n" + rule + "\n|  __| | '_ ` _ `\n" + rule + "\n\nEmotet detection tool by JPCERT/CC.\n\nVersion      : 2.0\nRelease Date : 2021/01/27\n" + rule + "\n\n"
	for words, infected := range map[string]bool{
		"Emotetは検知されませんでした。\n": false, "No detection.\n": false, "Aucune détection.\n": false,
		"[!!] Detected\n     Process Name: a.exe\n     PID         : 1\n     Image Path  : C:\\a.exe\n" + rule + "\nEmotet was detected.\n": true,
		"Emotet had been detected.\n": true, "Emotetのプロセスが見つかりました。\n": true, "Emotet a été détecté.\n": true,
	} {
		r, err := Parse("PC-1_20230320104551_emocheck.txt", []byte("C:\\> emocheck\n"+banner+words), tokyo)
		if err != nil || r.Infected != infected || r.Version != "2.0" || r.Host != "PC-1" || !r.Scanned.Equal(scanned) {
			t.Errorf("%q: %+v, %v", words, r, err)
		}
	}
}

// EmoCheck's words are UTF-8, a path has the bytes of the machine; in JSON it doubles the byte 0x5C, which is the second half of 表 and ソ.
func TestPathsInTheMachinesCodePageAreRead(t *testing.T) {
	const path, mark = `C:\Users\表ソ能\十.exe`, "@PATH@"
	r := reportOf{lang: "ja", version: "2.0", host: "経理PC", processes: []Process{{Name: "a.exe", ID: "1", Path: mark}}}
	sjis := encoded(t, japanese.ShiftJIS, path)
	text := bytes.ReplaceAll([]byte(r.text()), []byte(mark), sjis)
	j := bytes.ReplaceAll([]byte(r.json()), []byte(mark), bytes.ReplaceAll(sjis, []byte{'\\'}, []byte{'\\', '\\'}))
	j = bytes.ReplaceAll(j, []byte("経理PC"), encoded(t, japanese.ShiftJIS, "経理PC"))
	for name, b := range map[string][]byte{"経理PC_20230320104551_emocheck.txt": text, "a.json": j} {
		got, err := Parse(name, b, tokyo)
		if err != nil || got.Host != "経理PC" || got.Processes[0].Path != path {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A computer name that ends in the byte 0x5C is written without escape.
func TestComputerNameThatEndsInABackslashByte(t *testing.T) {
	b := encoded(t, japanese.ShiftJIS, reportOf{version: "2.0", host: "予定表"}.json())
	if r, err := Parse("x.json", b, tokyo); err != nil || r.Host != "予定表" || r.Infected {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestNameOfTheFileSaysWhoAndWhen(t *testing.T) {
	at := time.Date(2020, 2, 10, 13, 6, 20, 0, tokyo)
	for name, want := range map[string]struct {
		host string
		at   time.Time
	}{
		"PC-042_20200210130620_emocheck.txt":           {"PC-042", at},
		"my_pc_20200210130620_emocheck.json":           {"my_pc", at},
		"PC-042_20200210130620_EMOCHECK (2).TXT":       {"PC-042", at},
		"20200210130620_emocheck.txt":                  {"", at}, // 0.0.1
		"_20200210130620_emocheck.txt":                 {"", at}, // the name could not be had
		"PC-042_20200210_emocheck.txt":                 {},
		"PC-042_99999999999999_emocheck.txt":           {},
		"emocheck.txt":                                 {},
		"\x1b]0;x\a_20200210130620_emocheck.txt":       {"", at},
		`..\..\PC-042_20200210130620_emocheck.txt`:     {"PC-042", at},
		"A|B_20200210130620_emocheck.txt":              {"", at},
		strings.Repeat("İ", 9) + "_emocheck.txt":       {},
		strings.Repeat("Ⱥ", 90) + "_emocheck_emocheck": {},
	} {
		host, got := fromName(name, tokyo)
		if host != want.host || !got.Equal(want.at) {
			t.Errorf("%q: %q %v, want %q %v", name, host, got, want.host, want.at)
		}
	}
}

func TestWhatIsNoReport(t *testing.T) {
	for name, b := range map[string]string{
		"nothing":            "",
		"zeros":              strings.Repeat("\x00", 100),
		"prose":              "We ran EmoCheck.\nNo detection.\n",
		"words without head": "Scan time: 2023-03-20 10:45:51\n[Result]\nNo detection.\n",
		"head far below":     strings.Repeat("x\n", headLines) + reportOf{version: "2.0"}.text(),
		"other json":         `{"hostname":"PC-1","scan_time":"2023-03-20 10:45:51"}`,
		"broken json":        `{"hostname":`,
		"a list":             `[1,2,3]`,
		"deep json":          strings.Repeat(`{"a":`, 20_000),
	} {
		if r, err := Parse("PC-1_20230320104551_emocheck.txt", []byte(b), tokyo); !errors.Is(err, ErrNotReport) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestReportWithoutAResultIsUnfinishedNotClean(t *testing.T) {
	whole := reportOf{lang: "ja", version: "2.4"}.text()
	for name, b := range map[string]string{
		"cut before the result": whole[:strings.Index(whole, "検知しま")],
		"head alone":            "[EmoCheck v2.4]",
		"json without a result": `{"emocheck_version":"2.4","hostname":"PC-1"}`,
		"json, odd result":      `{"emocheck_version":"2.4","is_infected":"perhaps"}`,
		"json, cut":             `{"emocheck_version":"2.4","is_inf`,
		"denied beside words":   "[EmoCheck v2.4]\nNo detection was possible.\n",
	} {
		if r, err := Parse("PC-1_20230320104551_emocheck.txt", []byte(b), tokyo); !errors.Is(err, ErrUnfinished) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestInfectionToldBeforeTheReportIsCutCounts(t *testing.T) {
	whole := reportOf{version: "2.0", host: "PC-1", processes: []Process{{Name: "a.exe", ID: "1", Path: `C:\a.exe`}}}
	j := whole.json()
	for _, end := range []int{strings.Index(j, "[") + 1, strings.Index(j, "process_id"), len(j) - 3} {
		r, err := Parse("x.json", []byte(j[:end]), tokyo)
		if err != nil || !r.Infected || r.Host != "PC-1" || !r.Scanned.Equal(scanned) {
			t.Errorf("cut at %d: %+v, %v", end, r, err)
		}
	}
	s := whole.text()
	if r, err := Parse("x.txt", []byte(s[:strings.Index(s, "[Emotet")]), tokyo); err != nil || !r.Infected {
		t.Errorf("text: %+v, %v", r, err)
	}
}

// A machine may have both results in one file: appended runs, or somebody who wants to look clean.
func TestTheWorseOfTwoResultsCounts(t *testing.T) {
	clean, bad := reportOf{version: "2.0"}, reportOf{version: "2.0", processes: []Process{{Name: "a.exe"}}}
	for _, b := range []string{clean.text() + bad.text(), bad.text() + clean.text()} {
		if r, err := Parse("x.txt", []byte(b), tokyo); err != nil || !r.Infected {
			t.Errorf("%+v, %v", r, err)
		}
	}
	odd := `{"emocheck_version":"2.0","is_infected":"no","emotet_processes":[{"process_name":"a.exe"}]}`
	if r, err := Parse("x.json", []byte(odd), tokyo); err != nil || !r.Infected {
		t.Errorf("json: %+v, %v", r, err)
	}
}

func TestReportsThatToolsRewrote(t *testing.T) {
	b := `{"emocheck_version":"v2.4.0","hostname":"PC-1","ip":"::ffff:192.0.2.7","is_infected":true,"scan_time":"2023-03-20T01:45:51Z",
		"emotet_processes":[{"process_name":"a.exe","process_id":716,"image_path":"C:\\a.exe","more":{"x":[1]}}]}`
	r, err := Parse("x.json", []byte(b), tokyo)
	if err != nil || r.Version != "2.4.0" || r.Address != netip.MustParseAddr("192.0.2.7") || r.Processes[0].ID != "716" || !r.Scanned.Equal(scanned) || !r.Infected {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestHostileReportsAreBounded(t *testing.T) {
	many := make([]Process, 5000)
	for i := range many {
		many[i] = Process{Name: strings.Repeat("あ", 900), ID: "1", Path: "C:\\\x00\x1b[31m" + strings.Repeat("x", 3000)}
	}
	r := reportOf{version: "2.0", host: "PC\x00-1", processes: many}
	for name, b := range map[string]string{"x.txt": r.text(), "x.json": strings.ReplaceAll(strings.ReplaceAll(r.json(), "\x00", "\\u0000"), "\x1b", "\\u001b")} {
		got, err := Parse(name, []byte(b), tokyo)
		if err != nil || !got.Infected || got.Host != "" {
			t.Fatalf("%s: %v %+v", name, err, got)
		}
		checkBounds(t, got)
	}
}

func checkBounds(t *testing.T, r *Report) {
	t.Helper()
	if len(r.Processes) > maxProcesses || len(r.Host) > maxName || len(r.Version) > maxVersion {
		t.Errorf("too much is kept: %d processes, %q, %q", len(r.Processes), r.Host, r.Version)
	}
	if r.Host != "" && !isName(r.Host) {
		t.Errorf("%q is no computer name", r.Host)
	}
	for _, p := range r.Processes {
		for _, s := range []string{p.Name, p.ID, p.Path, p.Key} {
			if len(s) > maxText || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				t.Errorf("%q is kept", s)
			}
		}
	}
}

// FuzzParse holds that what is kept is bounded, that a result comes from the bytes and not from the file's name, and that a reading is stable: a report written anew from
// what was read is read as the same.
func FuzzParse(f *testing.F) {
	for _, lang := range []string{"en", "ja", "fr"} {
		for _, processes := range [][]Process{nil, {{Name: "a.exe", ID: "1", Path: `C:\表\a.exe`, Key: "HKCU"}}} {
			r := reportOf{lang: lang, version: "2.4", host: "PC-1", processes: processes}
			for _, text := range []string{r.text(), r.json()} {
				for _, b := range r.forms(f, strings.ReplaceAll(text, "表", "x")) {
					f.Add("PC-1_20230320104551_emocheck.txt", b)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		r, err := Parse(name, b, tokyo)
		if err != nil {
			if r != nil || !errors.Is(err, ErrNotReport) && !errors.Is(err, ErrUnfinished) {
				t.Fatalf("%v, %v", r, err)
			}
			return
		}
		checkBounds(t, r)
		if len(r.Processes) > 0 && !r.Infected && bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
			t.Errorf("clean with processes: %+v", r)
		}
		again, err := Parse("", rewritten(t, r), tokyo)
		if err != nil || again.Infected != r.Infected || again.Version != r.Version || again.Scanned.Unix() != r.Scanned.Unix() && !r.Scanned.IsZero() {
			t.Errorf("%+v was read again as %+v, %v", r, again, err)
		}
	})
}

func rewritten(t *testing.T, r *Report) []byte {
	m := map[string]any{"emocheck_version": r.Version, "is_infected": r.Infected, "hostname": r.Host}
	if !r.Scanned.IsZero() {
		m["scan_time"] = r.Scanned.Format(time.RFC3339)
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
