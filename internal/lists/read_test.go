package lists

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	hashA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	hashB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	md5C  = "cccccccccccccccccccccccccccccccc"
	sha1D = "dddddddddddddddddddddddddddddddddddddddd"
)

// readAll parses text as a file of a source and returns its items as "type value".
func readAll(t *testing.T, src Source, text string) ([]string, Report, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if src.File != "" {
		path = filepath.Join(filepath.Dir(path), src.File)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var items []string
	r := &reading{ctx: context.Background(), src: src.withDefaults(), emit: func(it Item) error {
		items = append(items, it.Type.String()+" "+it.Value)
		return nil
	}}
	err = r.read(f)
	return items, r.rep, err
}

func TestFormatsAreRead(t *testing.T) {
	for name, tc := range map[string]struct {
		src  Source
		text string
		want []string
	}{
		"one a line": {Source{}, "# comment\n\n" + hashA + "\r\n" + strings.ToUpper(hashB) + "  invoice.doc\nevil.example # note\n@bad.example\nSato@Bad.example\n192.0.2.7\n2001:db8::/32\nhxxps://bad[.]example/a/\n",
			[]string{"sha256 " + hashA, "sha256 " + hashB, "domain evil.example", "address @bad.example", "address sato@bad.example", "ip 192.0.2.7/32", "ip 2001:db8::/32", "url bad.example/a", "domain bad.example"}},
		"byte order mark":   {Source{}, "\xEF\xBB\xBF" + hashA + "\n", []string{"sha256 " + hashA}},
		"no final line end": {Source{Type: MD5}, md5C, []string{"md5 " + md5C}},
		"a hosts file":      {Source{Type: Domain}, "127.0.0.1 localhost\n0.0.0.0 bad.example\n127.0.0.1\tworse.example\n", []string{"domain bad.example", "domain worse.example"}},
		"macros":            {Source{Type: Macro}, hashA + "\n", []string{"macro " + hashA}},
		"a comment only":    {Source{}, "# nothing known\n", nil},
		"CSV by number":     {Source{Format: "csv", Column: "2", Type: SHA256}, "name,hash\na.doc," + hashA + "\nb.doc," + hashB + "\n", []string{"sha256 " + hashA, "sha256 " + hashB}},
		"CSV by heading":    {Source{Format: "csv", Column: "SHA256"}, "name;sha256\n\"a;b\n.doc\";" + hashA + "\n", []string{"sha256 " + hashA}},
		"heading in a comment": {Source{Format: "csv", Column: "sha256_hash"}, "####\n# \"first_seen\",\"sha256_hash\"\n\"2024-01-01\", \"" + hashA + "\"\n",
			[]string{"sha256 " + hashA}},
		"MISP event": {Source{}, `{"response":[{"Event":{"info":"x","Attribute":[
			{"type":"sha256","value":"` + hashA + `","to_ids":true},
			{"type":"md5","value":"` + md5C + `","to_ids":false},
			{"type":"filename|sha1","value":"a|b.doc|` + "x" + `","to_ids":"1"},
			{"type":"filename|sha1","value":"b.doc|` + sha1D + `","to_ids":"1","data":"AAAA"},
			{"type":"domain|ip","value":"bad.example|192.0.2.1","to_ids":1},
			{"type":"sha256","value":"` + hashB + `","to_ids":true,"deleted":true},
			{"type":"comment","value":"bad2.example","to_ids":true}],
			"ShadowAttribute":[{"type":"domain","value":"proposed.example","to_ids":true}],
			"RelatedEvent":[{"Event":{"Attribute":[{"type":"domain","value":"related.example"}]}}],
			"Object":[{"name":"file","Attribute":[{"type":"email-src","value":"a@bad.example","to_ids":true},{"type":"url","value":"https://drive.google.com/x?id=1","to_ids":true}]}]}}]}`,
			[]string{"sha256 " + hashA, "sha1 " + sha1D, "domain bad.example", "ip 192.0.2.1/32", "address a@bad.example", "url drive.google.com/x?id=1"}},
		"MISP, the list's format": {Source{Format: "misp"}, ` {"Attribute":[{"type":"hostname|port","value":"bad.example|443"},{"type":"ip-dst|port","value":"192.0.2.1|25"},{"type":"malware-sample","value":"a.doc|` + md5C + `"}]}`,
			[]string{"domain bad.example", "ip 192.0.2.1/32", "md5 " + md5C}},
		"STIX, a list's format, byte order mark": {Source{Format: "stix"}, "\xEF\xBB\xBF" + `{"objects":[{"type":"indicator","pattern":"[url:value = 'https://drive.google.com/x']","valid_until":"2999-01-01T00:00:00Z"},
			{"type":"indicator","pattern":"[url:value = 'https://drive.google.com/y']","revoked":true},
			{"type":"indicator","pattern":"[file:hashes.MD5='` + md5C + `' AND file:hashes.'SHA-1'='` + sha1D + `' AND file:hashes.'SHA-256'='` + hashA + `']"}]}`,
			[]string{"url drive.google.com/x", "sha256 " + hashA}},
		"CSV by its name":                        {Source{File: "feed.CSV"}, hashA + ",x\n" + hashB + ",y\n", []string{"sha256 " + hashA, "sha256 " + hashB}},
		"CSV with a byte order mark":             {Source{Format: "csv", Column: "sha256"}, "\xEF\xBB\xBFsha256\tname\n" + hashA + "\tx\n", []string{"sha256 " + hashA}},
		"a heading of the first line":            {Source{Format: "csv"}, "sha256,name\n" + hashA + ",x\n", []string{"sha256 " + hashA}},
		"networks are no hosts file":             {Source{Type: IP}, "127.0.0.1 192.0.2.1\n", []string{"ip 127.0.0.1/32"}},
		"a note behind an address":               {Source{}, "127.0.0.1 # myself\n", []string{"ip 127.0.0.1/32"}},
		"an IPv6 network in brackets is no JSON": {Source{Type: Domain}, "[.]bad[.]example\n", []string{"domain bad.example"}},
		"MISP hashes.csv":                        {Source{Format: "misp"}, md5C + ",5a1b\n" + hashA + ",5a1b\n", []string{"md5 " + md5C, "sha256 " + hashA}},
		"MISP CSV export, heading in a comment":  {Source{Format: "misp"}, "# type,value\nmd5," + md5C + "\ndomain,bad.example\n", []string{"md5 " + md5C, "domain bad.example"}},
		"MISP CSV export": {Source{Format: "misp"}, "uuid,event_id,category,type,value,comment,to_ids,date\n" +
			"u,1,Payload delivery,md5," + md5C + ",\"a, b\",1,20240101\nu,1,Network activity,domain,bad.example,,0,20240101\n", []string{"md5 " + md5C}},
		"STIX bundle": {Source{}, `{"type":"bundle","id":"bundle--1","objects":[
			{"type":"malware","name":"x"},
			{"type":"indicator","pattern_type":"stix","pattern":"[file:hashes.'SHA-256' = '` + hashA + `' OR file:hashes.MD5 = '` + md5C + `'] OR [domain-name:value = 'bad.example']"},
			{"type":"indicator","pattern":"[file:hashes.MD5 = '` + md5C + `' AND file:hashes.'SHA-256' = '` + hashB + `']"},
			{"type":"indicator","pattern":"[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')] OR [ipv4-addr:value ISSUBSET '198.51.100.0/24']"},
			{"type":"indicator","pattern":"[email-addr:value = 'a@bad.example']","valid_until":"2001-01-01T00:00:00Z"},
			{"type":"indicator","pattern":"[email-message:from_ref.value = 'it\\'s@bad.example']"}]}`,
			[]string{"sha256 " + hashA, "md5 " + md5C, "domain bad.example", "sha256 " + hashB, "ip 192.0.2.1/32", "ip 192.0.2.2/32", "ip 198.51.100.0/24", "address it's@bad.example"}},
		"only the list's type":   {Source{Type: SHA256}, `{"Attribute":[{"type":"md5","value":"` + md5C + `"},{"type":"sha256","value":"` + hashA + `"}]}`, []string{"sha256 " + hashA}},
		"only files are allowed": {Source{Use: Allow}, hashA + "\nbad.example\n", []string{"sha256 " + hashA}},
	} {
		t.Run(name, func(t *testing.T) {
			got, rep, err := readAll(t, tc.src, tc.text)
			if d := cmp.Diff(tc.want, got); d != "" || err != nil {
				t.Errorf("%v %+v\n%s", err, rep, d)
			}
		})
	}
}

func TestBrokenFilesAreRefusedWithTheirLine(t *testing.T) {
	for name, tc := range map[string]struct {
		src  Source
		text string
		line int
		err  error
	}{
		"empty":                    {Source{}, "", 0, errEmpty},
		"a long line":              {Source{}, hashA + "\n" + strings.Repeat("a", lineMax+1) + "\n", 2, errLine},
		"a page in its place":      {Source{}, "<html>\n<body>\n<h1>503</h1>\n", 1, errWrong},
		"binary":                   {Source{}, hashA + "\n\x00\x01\n", 2, errBinary},
		"a quotation without end":  {Source{Format: "csv"}, "a,b\n" + hashA + ",\"" + strings.Repeat("x\n", lineMax), 0, errLine},
		"a comment without end":    {Source{Format: "csv"}, "#" + strings.Repeat("x", lineMax+1), 1, errLine},
		"no such column":           {Source{Format: "csv", Column: "sha256"}, "a,b\n1,2\n", 1, errColumn},
		"JSON that breaks off":     {Source{}, "{\"Attribute\":[\n{\"type\":\"sha256\",\n\"value\":", 2, nil},
		"not JSON":                 {Source{}, "{\"Attribute\":[\n}", 2, nil},
		"other JSON":               {Source{}, "{\"a\":[1,2]}", 0, errJSON},
		"values of another type":   {Source{}, "{\"Attribute\":[{\"type\":7}]}", 1, nil},
		"binary in CSV":            {Source{Format: "csv"}, hashA + ",x\n" + hashB + ",\x00\n", 2, errBinary},
		"a long record":            {Source{Format: "csv"}, hashA + "," + strings.Repeat("x", lineMax) + "\n", 1, errLine},
		"a list of comments, long": {Source{Format: "misp"}, "#" + strings.Repeat("x", lineMax+1), 1, errLine},
		"a record that ends early": {Source{Format: "misp"}, "type,value\nmd5\nsha1\n", 2, errWrong},
		"a column that few have":   {Source{Format: "csv", Column: "3"}, "a,b\nc,d\n", 1, errWrong},
		"deep nesting":             {Source{}, strings.Repeat("[", 1000), 1, errNesting},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readAll(t, tc.src, tc.text)
			var fe *FileError
			if !errors.As(err, &fe) || tc.err != nil && !errors.Is(err, tc.err) {
				t.Fatalf("error %v", err)
			}
			if tc.line != 0 && fe.Line != tc.line {
				t.Errorf("line %d, want %d: %v", fe.Line, tc.line, err)
			}
		})
	}
}

func TestWhatCannotBeReadIsCountedAndNotRepeated(t *testing.T) {
	_, rep, err := readAll(t, Source{}, hashA+"\n"+hashB+"\nsecret-word\nco.jp\n10.0.0.0/4\n"+md5C+"\n")
	if err != nil || rep.Bad != 3 || rep.Read != 3 || len(rep.Problems) != 3 {
		t.Fatalf("%v %+v", err, rep)
	}
	if p := rep.Problems[0]; p.Line != 3 || strings.Contains(p.String(), "secret") {
		t.Errorf("%v", p)
	}
	_, rep, err = readAll(t, Source{}, `{"objects":[{"type":"indicator","pattern":"[file:name = 'a' AND file:hashes.MD5 = '`+md5C+`']"},
		{"type":"indicator","pattern":"[network-traffic:dst_port = 80]"},{"type":"indicator","pattern_type":"yara","pattern":"rule x {}"},
		{"type":"indicator","pattern":"[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']"}]}`)
	if err != nil || rep.Unsupported != 4 || rep.Read != 0 {
		t.Errorf("patterns: %v %+v", err, rep)
	}
}

func TestAPatternIsReadWholeOrNotAtAll(t *testing.T) {
	for _, bad := range []string{
		"", "[", "[]", "[domain-name:value]", "[domain-name:value = 'a.example'", "[domain-name:value = 'a.example' ]x", "[domain-name:value != 'a.example']",
		"[domain-name:value = 'a.example] ", "[domain-name:value LIKE '%.example']", "[domain-name:value IN ('a.example']", "[domain-name:value IN ()]",
		"[domain-name:value = 'a.example' OR]", "[domain-name:value = 'a.example'] WITHIN 5 SECONDS", "[domain-name:value = 'a.example' AND domain-name:value = 'b.example']",
		"[NOT domain-name:value = 'a.example']", "[domain-name:value ISSUBSET '10.0.0.0/8']",
	} {
		if items, err := parsePattern(bad); err == nil {
			t.Errorf("%s: %v", bad, items)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a.csv", hashA+",x\n")
	f.Add("a", hashA+"\nbad.example\n")
	f.Add("a", `{"Attribute":[{"type":"url","value":"http://a.example/b"}]}`)
	f.Add("a", `{"objects":[{"type":"indicator","pattern":"[file:hashes.MD5 = '`+md5C+`']"}]}`)
	f.Fuzz(func(t *testing.T, name, text string) {
		r := &reading{ctx: context.Background(), src: Source{File: name}.withDefaults(), emit: func(it Item) error {
			if it.Type == Auto || it.Value == "" {
				t.Errorf("an item without type or value: %+v", it)
			}
			again := it.Value
			if it.Type == URL {
				again = "http://" + again
			}
			if items, err := Parse(it.Type, again); it.Type != URL && (err != nil || !slices.Contains(items, it)) {
				t.Errorf("%+v is not its own form: %v %v", it, items, err)
			}
			return nil
		}}
		r.read(strings.NewReader(text)) // any error is the file's
	})
}

// endless is a file that does not end: "x" in a text that was begun.
type endless struct {
	*strings.Reader
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	if n, err := e.Reader.Read(p); err == nil {
		return n, nil
	}
	e.read += len(p)
	if e.read > 4*objectMax {
		return 0, errors.New("it is read on and on")
	}
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestATextWithoutEndIsGivenUp: after as much as a record or an object may have.
func TestATextWithoutEndIsGivenUp(t *testing.T) {
	for name, tc := range map[string]struct {
		begin string
		most  int
		err   error
	}{
		"CSV":            {hashA + `,"`, 8 * lineMax, errLine},
		"JSON":           {`{"Attribute":[{"type":"`, 2 * objectMax, errObject},
		"JSON, a key":    {`{"`, 2 * objectMax, errObject},
		"lines":          {hashA + "\n", 4 * lineMax, errLine},
		"CSV, a comment": {"# ", 4 * lineMax, errLine},
	} {
		t.Run(name, func(t *testing.T) {
			file := &endless{Reader: strings.NewReader(tc.begin)}
			src := Source{File: strings.ToLower("x." + name[:3])}.withDefaults()
			r := &reading{ctx: t.Context(), src: src, emit: func(Item) error { return nil }}
			var fe *FileError
			if err := r.read(file); !errors.As(err, &fe) || !errors.Is(err, tc.err) || file.read > tc.most {
				t.Errorf("%v after %d bytes", err, file.read)
			}
		})
	}
}

// TestReadingEnds: with its context, with the caller's error, and at entriesMax.
func TestReadingEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	full := errors.New("disk full")
	for name, text := range map[string]string{"lines": strings.Repeat(hashA+"\n", 2048), "JSON": `{"Attribute":[]}`} {
		r := &reading{ctx: ctx, src: Source{}.withDefaults(), emit: func(Item) error { return nil }}
		if err := r.read(strings.NewReader(text)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"lines": hashA + "\n", "a.csv": hashA + "\n", "MISP": `{"Attribute":[{"type":"sha256","value":"` + hashA + `"}]}`,
		"STIX": `{"objects":[{"type":"indicator","pattern":"[file:hashes.MD5 = '` + md5C + `']"}]}`,
	} {
		r := &reading{ctx: t.Context(), src: Source{File: name}.withDefaults(), emit: func(Item) error { return full }}
		var fe *FileError
		if err := r.read(strings.NewReader(text)); !errors.Is(err, full) || errors.As(err, &fe) {
			t.Errorf("%s: %v is not our own trouble", name, err)
		}
		r = &reading{ctx: t.Context(), src: Source{File: name}.withDefaults(), emit: func(Item) error { return nil }, rep: Report{Read: entriesMax}}
		if err := r.read(strings.NewReader(text)); !errors.Is(err, errEntries) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestALongPatternIsGivenUp: patternTerms comparisons, in brackets, in one pair and in a set.
func TestALongPatternIsGivenUp(t *testing.T) {
	const one = "domain-name:value = 'a.example'"
	for name, build := range map[string]func(n int) string{
		"brackets": func(n int) string { return "[" + one + "]" + strings.Repeat(" OR ["+one+"]", n-1) },
		"one pair": func(n int) string { return "[" + one + strings.Repeat(" OR "+one, n-1) + "]" },
		"a set": func(n int) string {
			return "[domain-name:value IN ('a.example'" + strings.Repeat(",'a.example'", n-1) + ")]"
		},
	} {
		if items, err := parsePattern(build(patternTerms)); err != nil || len(items) != patternTerms {
			t.Errorf("%s: %d, %v", name, len(items), err)
		}
		if _, err := parsePattern(build(patternTerms + 1)); err == nil {
			t.Errorf("%s: one more is read", name)
		}
	}
}

func TestFewProblemsAreTold(t *testing.T) {
	_, rep, err := readAll(t, Source{}, strings.Repeat(hashA+"\nword\n", 2*problemsMax))
	if err != nil || rep.Bad != 2*problemsMax || len(rep.Problems) != problemsMax {
		t.Errorf("%v %+v", err, rep)
	}
}
