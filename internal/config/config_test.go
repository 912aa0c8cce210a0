package config

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var ignoreSource = cmp.Options{cmpopts.IgnoreUnexported(Config{}), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })}

func parsed(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
func TestPeopleAreNamesWithAddresses(t *testing.T) {
	c, err := Parse("s.yaml", []byte("site: {people: ['山田 太郎 <taro@example.com>', '\"Yamada, Taro\" <taro@example.com>']}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Mailbox{{"山田 太郎", "taro@example.com"}, {"Yamada, Taro", "taro@example.com"}}
	if diff := cmp.Diff(want, c.Site.People); diff != "" {
		t.Error(diff)
	}
	if _, err := Parse("s.yaml", []byte("site: {people: [taro@example.com]}\n")); err == nil {
		t.Error("an address without a name is taken")
	}
}

func TestFilesThatSayNothingAreTheDefaults(t *testing.T) {
	for name, text := range map[string]string{
		"empty":             "",
		"comments":          "# nothing\n\n# here\n",
		"document mark":     "---\n",
		"marks and comment": "---\n# c\n...\n",
		"empty section":     "web:\nrelease:\n  # smtp: x\nlog:\n",
		"byte order mark":   "\ufeff# c\n",
	} {
		if diff := cmp.Diff(Default(), parsed(t, text), ignoreSource); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestValuesReachTheirFields(t *testing.T) {
	c := parsed(t, `
listen: unix:/run/sekisho/sekisho.sock
socket: {mode: 0640, group: postfix}
allowed_peers:
  - 192.0.2.0/24
  - 2001:db8::1
state: "/var/lib/sekisho"
mode: monitor
web:
  listen: ""
sessions: {max: 12}
timeouts: {drain: 1m30s}
site:
  local_domains: [example.co.jp, 例え.jp]
limits: {message_bytes: 25MB, memory_bytes: 64KiB}
notices:
  recipients: true
quarantine: {retention: 1d12h}
actions: {subject_tag: '[怪しい] '}
`)
	want := Default()
	want.Listen = Address{"unix", "/run/sekisho/sekisho.sock"}
	want.Socket = Socket{0o640, "postfix"}
	want.AllowedPeers = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::1/128")}
	want.State, want.Mode, want.Web.Listen, want.Sessions.Max = "/var/lib/sekisho", "monitor", "", 12
	want.Timeouts.Drain = 90 * time.Second
	want.Site.LocalDomains = []string{"example.co.jp", "例え.jp"}
	want.Limits.MessageBytes, want.Limits.MemoryBytes = 25e6, 64<<10
	want.Notices.Recipients, want.Quarantine.Retention, want.Actions.SubjectTag = true, 36*time.Hour, "[怪しい] "
	if diff := cmp.Diff(want, c, ignoreSource); diff != "" {
		t.Error(diff)
	}
	if c.Path() != "f.yaml" {
		t.Errorf("Path() = %q", c.Path())
	}
}

// TestFaultsAreRefusedWithTheirPlace holds for each fault: it is an error, at this line and column, and the text says this.
func TestFaultsAreRefusedWithTheirPlace(t *testing.T) {
	tests := []struct{ name, text, at, says string }{
		{"unknown key", "mode: tag\nmoode: tag\n", "2:1", `unknown key "moode"; did you mean mode?`},
		{"unknown key in a section", "release:\n  smpt: a:1\n", "2:3", `release: unknown key "smpt"; did you mean release.smtp?`},
		{"key of another section", "retention: 3d\n", "1:1", "did you mean quarantine.retention?"},
		{"unknown section", "webb:\n  listen: x\n", "1:1", `unknown key "webb"`},
		{"key given twice", "mode: tag\nlog:\n  level: warn\n  level: info\n", "4:3", "already defined"},
		{"second document", "mode: tag\n---\nmode: enforce\n", "3:1", "a second document"},
		{"key without value", "mode:\n", "1:1", "the key has no value"},
		{"key without value in a section", "web:\n  listen: # none\n", "2:3", "the key has no value"},
		{"section that is text", "web: 127.0.0.1:9899\n", "1:6", "want keys with values"},
		{"file that is a list", "- mode\n", "1:1", "want keys with values"},
		{"file that is text", "monitor\n", "1:1", "want keys with values"},
		{"word not in its list", "mode: of\n", "1:7", "want one of monitor, tag, enforce"},
		{"number with a fraction", "sessions: {max: 1.5}\n", "1:17", "want a whole number"},
		{"number that overflows", "sessions: {max: 99999999999}\n", "1:17", "want a whole number"},
		{"truth of YAML 1.1", "notices: {recipients: yes}\n", "1:23", "want true or false"},
		{"size without B", "limits: {message_bytes: 25M}\n", "1:25", "want a size"},
		{"size that overflows", "limits: {message_bytes: 9999999TiB}\n", "1:25", "want a size"},
		{"negative size", "limits: {message_bytes: -1}\n", "1:25", "want a size"},
		{"duration without unit", "timeouts: {read: 10}\n", "1:18", "want a duration"},
		{"negative duration", "timeouts: {read: -10s}\n", "1:18", "want a duration"},
		{"duration that overflows", "timeouts: {read: 65535d2000000h}\n", "1:18", "want a duration"},
		{"mode that is not octal", "socket: {mode: '0680'}\n", "1:16", "want a file mode"},
		{"mode with set-id bits", "socket: {mode: '4755'}\n", "1:16", "want a file mode"},
		{"relative socket", "listen: unix:run/s\n", "1:9", "want an address"},
		{"port out of range", "listen: inet:99999@127.0.0.1\n", "1:9", "want an address"},
		{"host and port swapped", "listen: inet:127.0.0.1@8899\n", "1:9", "want an address"},
		{"network with host bits", "allowed_peers: [10.0.0.0/8, 192.0.2.1/24]\n", "1:29", "want 192.0.2.0/24"},
		{"name in place of a network", "allowed_peers: [localhost]\n", "1:17", "want a network"},
		{"text in place of a list", "allowed_peers: 10.0.0.0/8\n", "1:16", "want a list"},
		{"list in place of a text", "state: [a]\n", "1:8", "want a text"},
		{"list in place of a number", "sessions: {max: [1]}\n", "1:17", "want a single value"},
		{"null in a list", "site: {local_domains: [a.example, null]}\n", "1:35", "want a text"},
		{"anchor", "state: &a x\n", "1:8", "want a text"},
		{"alias", "state: &a x\nrules: {pack: *a}\n", "1:8", "want a text"},
		{"merge key", "web: {<<: {listen: x}}\n", "1:7", `unknown key "<<"`},
		{"tag", "state: !!str x\n", "1:8", "want a text"},
		{"unclosed quote", "state: \"x\n", "1:8", "could not find end character"},
		{"tab", "web:\n\tlisten: x\n", "2:1", ""},
		{"not UTF-8", "state: \x8a\xbf\n", "", "not UTF-8"},
		{"NUL", "state: a\x00b\n", "", "not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("f.yaml", []byte(tt.text))
			fe := (*FileError)(nil)
			if !errors.As(err, &fe) {
				t.Fatalf("error %v, want a *FileError", err)
			}
			p := fe.Problems[0]
			if p.Pos.String() != tt.at || p.Warning || p.JA == "" || p.JA == p.EN || !strings.Contains(p.Text("en"), tt.says) {
				t.Errorf("got %+v\n%v\nwant %s %s", p, err, tt.at, tt.says)
			}
			if tt.at != "" && (!strings.Contains(err.Error(), "f.yaml:"+tt.at+": error: ") || !strings.Contains(err.Error(), "^")) {
				t.Errorf("no place or snippet in\n%v", err)
			}
		})
	}
}

func TestAllProblemsAreShownWithTheirLines(t *testing.T) {
	_, err := Parse("s.yaml", []byte("mode: tag\nrelease:\n  smpt: 127.0.0.1:25\nsite: {local_domains: [例え.jp, [x]]}\nlog: {level: loud}\n"))
	want := `s.yaml:3:3: error: release: unknown key "smpt"; did you mean release.smtp?
     1 | mode: tag
     2 | release:
>    3 |   smpt: 127.0.0.1:25
       |   ^
s.yaml:4:31: error: site.local_domains: want a text
     2 | release:
     3 |   smpt: 127.0.0.1:25
>    4 | site: {local_domains: [例え.jp, [x]]}
       |                        　　     ^
s.yaml:5:14: error: log.level: want one of debug, info, warn, error
     3 |   smpt: 127.0.0.1:25
     4 | site: {local_domains: [例え.jp, [x]]}
>    5 | log: {level: loud}
       |              ^`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	fe := err.(*FileError)
	if ja := fe.Text("ja"); !strings.Contains(ja, "s.yaml:3:3: エラー: release: 不明なキー") {
		t.Errorf("Japanese text:\n%s", ja)
	}
}

func TestSnippetOfALongOrBinaryLineStaysShort(t *testing.T) {
	_, err := Parse("s.yaml", []byte("log: {level: \"\x1b[2J"+strings.Repeat("x", 5000)+"\"}\n"))
	if s := err.Error(); len(s) > 1000 || strings.Contains(s, "\x1b") {
		t.Errorf("%d bytes: %.300q", len(s), s)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.yaml")
	if err := os.WriteFile(good, []byte("mode: tag\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(good)
	if err != nil || c.Mode != "tag" {
		t.Errorf("Load(good) = %v, %v", c, err)
	}
	if _, err := Load(filepath.Join(dir, "absent.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that was asked for and is absent: error %v, want ErrNotExist", err)
	}
	if _, err := Load("/dev/zero"); err == nil || !strings.Contains(err.Error(), "more than 1MiB") {
		t.Errorf("an endless file: %v", err)
	}
	if _, err := os.Stat(DefaultPath); errors.Is(err, os.ErrNotExist) {
		c, err := Load("")
		if err != nil || c.Path() != "" {
			t.Fatalf("Load without a file: %v", err)
		}
		if diff := cmp.Diff(Default(), c, ignoreSource); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSetIsAFlagsWayIn(t *testing.T) {
	c := parsed(t, "listen: unix:/a\nmode: tag\n")
	for key, text := range map[string]string{
		"listen": "inet:1@127.0.0.1", "mode": "enforce", "allowed_peers": "10.0.0.0/8, ::1", "quarantine.retention": "2d",
		"site.local_domains": "", "notices.recipients": "true",
	} {
		if err := c.Set(key, text); err != nil {
			t.Error(err)
		}
	}
	if c.Listen.Addr != "127.0.0.1:1" || c.Mode != "enforce" || len(c.AllowedPeers) != 2 || c.Quarantine.Retention != 2*day ||
		len(c.Site.LocalDomains) != 0 || !c.Notices.Recipients {
		t.Errorf("got %+v", c)
	}
	if at := c.source.at["listen"]; at != (Position{}) {
		t.Errorf("a flag's value still points to %v", at)
	}
	for key, text := range map[string]string{"mode": "off", "nokey": "1", "allowed_peers": "x", "sessions.max": ""} {
		if err := c.Set(key, text); err == nil {
			t.Errorf("Set(%q, %q): no error", key, text)
		}
	}
}

func TestLanguage(t *testing.T) {
	tests := []struct {
		setting string
		env     map[string]string
		want    string
	}{
		{"auto", nil, "en"},
		{"auto", map[string]string{"LANG": "ja_JP.UTF-8"}, "ja"},
		{"auto", map[string]string{"LC_ALL": "C", "LANG": "ja_JP.UTF-8"}, "en"},
		{"auto", map[string]string{"LC_MESSAGES": "ja_JP.UTF-8", "LANG": "C"}, "ja"},
		{"en", map[string]string{"LANG": "ja_JP.UTF-8"}, "en"},
		{"ja", nil, "ja"},
	}
	for _, tt := range tests {
		c := Default()
		c.Language = tt.setting
		if got := c.Lang(func(k string) string { return tt.env[k] }); got != tt.want {
			t.Errorf("language %s, environment %v: %s, want %s", tt.setting, tt.env, got, tt.want)
		}
	}
}

func TestMarshalReadsBack(t *testing.T) {
	odd := Default()
	odd.State, odd.Site.Gateway, odd.Actions.SubjectTag = "/a: b # c", "true", "[怪\"しい]\\ 'x' "
	odd.Site.LocalDomains = []string{"null", "0x10", "a,b", "", "- x", "*a", "{}", "1.5"}
	odd.Listen = Address{"tcp6", "[::1]:25"}
	odd.Limits.MessageBytes, odd.Limits.MemoryBytes = 1, 3_000_000
	odd.Timeouts.Read, odd.Quarantine.Retention = 90*time.Minute, 36*time.Hour+time.Millisecond
	odd.AllowedPeers = nil
	for _, c := range []*Config{Default(), odd} {
		for _, lang := range []string{"", "en", "ja"} {
			text := c.Marshal(lang)
			back, err := Parse("back.yaml", text)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if diff := cmp.Diff(c, back, ignoreSource, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s\n%s", diff, text)
			}
		}
	}
}

func TestDiffNamesWhatChangedAndWhatNeedsARestart(t *testing.T) {
	a, b := Default(), Default()
	b.Mode, b.Listen.Addr, b.Release.Clients = "tag", "127.0.0.1:1", nil
	want := []Change{
		{"listen", "inet:8899@127.0.0.1", "inet:1@127.0.0.1", true},
		{"mode", "enforce", "tag", false},
		{"release.clients", `[127.0.0.1/32, "::1/128"]`, "[]", false},
	}
	if diff := cmp.Diff(want, Diff(a, b)); diff != "" {
		t.Error(diff)
	}
	if d := Diff(a, a); len(d) != 0 {
		t.Errorf("a differs from itself: %v", d)
	}
}

func TestSizesAndDurationsHaveOneShortForm(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "1": "1", "1024": "1KiB", "25MB": "25MB", "25000000": "25MB", "64KiB": "64KiB", "1000kB": "1MB", "1000KB": "1MB", "5 GiB": "5GiB",
		"1TB": "1TB", "12B": "12", "1536": "1536", "1048576": "1MiB",
	} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s.String() != want {
			t.Errorf("size %q: %v, %v, want %s", text, s, err, want)
		}
	}
	for text, want := range map[string]string{
		"0s": "0s", "30d": "30d", "720h": "30d", "1d12h": "1d12h", "90m": "1h30m", "60m": "1h", "10m0s": "10m", "1h0m5s": "1h0m5s", "1.5s": "1.5s", "25h": "1d1h",
	} {
		d, err := parseDuration(text)
		if err != nil || formatDuration(d) != want {
			t.Errorf("duration %q: %v, %v, want %s", text, d, err, want)
		}
	}
}

func TestAddressesAreReadInTheMTAsNotation(t *testing.T) {
	for text, want := range map[string]Address{
		"inet:8899@127.0.0.1":      {"tcp", "127.0.0.1:8899"},
		"inet:8899@mail.example":   {"tcp", "mail.example:8899"},
		"inet:8899":                {"tcp", ":8899"},
		"inet6:8899@::1":           {"tcp6", "[::1]:8899"},
		"inet6:8899@[2001:db8::1]": {"tcp6", "[2001:db8::1]:8899"},
		"unix:/run/s":              {"unix", "/run/s"},
		"local:/run/s":             {"unix", "/run/s"},
	} {
		var a, back Address
		if err := a.UnmarshalText([]byte(text)); err != nil || a != want {
			t.Errorf("%q: %+v, %v, want %+v", text, a, err, want)
		}
		if err := back.UnmarshalText([]byte(a.String())); err != nil || back != a {
			t.Errorf("%q: written as %q, which reads as %+v (%v)", text, a.String(), back, err)
		}
	}
}

// TestEveryKeyIsExplained: the table of meanings and the fields of Config name the same keys.
func TestEveryKeyIsExplained(t *testing.T) {
	leaves := Default().leaves()
	for key := range leaves {
		if Explain(key, "en") == "" || Explain(key, "ja") == "" || Explain(key, "en") == Explain(key, "ja") {
			t.Errorf("%s lacks a meaning in English or Japanese", key)
		}
	}
	for key := range keys {
		if _, ok := leaves[key]; !ok {
			t.Errorf("%s is explained and is no key", key)
		}
	}
}

// TestEveryKeyCanBeSet: each key takes its own default, so no field is of a type the reader does not know.
func TestEveryKeyCanBeSet(t *testing.T) {
	c := Default()
	walk(reflect.ValueOf(c).Elem(), "", func(key string, l leaf) {
		if _, err := Parse("f", Default().write(nil, func(k string) bool { return k != key })); err != nil {
			t.Errorf("%s alone: %v", key, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(Default().Marshal(""))
	f.Add(Default().Marshal("ja"))
	f.Add([]byte("web: {listen: &a x}\nstate: *a\n---\n? x\n: [y"))
	f.Add([]byte("limits:\n  message_bytes: 99999999999999TiB\n  depth: -1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		c, err := Parse("f", b)
		if err != nil {
			if fe := (*FileError)(nil); !errors.As(err, &fe) || len(fe.Problems) == 0 {
				t.Fatalf("error without a problem: %v", err)
			}
			return
		}
		c.Check()
		back, err := Parse("f", c.Marshal(""))
		if err != nil {
			t.Fatalf("what was read and written does not read back: %v\n%s", err, c.Marshal(""))
		}
		if d := Diff(c, back); len(d) > 0 {
			t.Fatalf("changed on the way: %+v", d)
		}
	})
}
