package hosts

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/store"
)

func isCSV(err error) bool {
	var bad *csv.ParseError
	return errors.As(err, &bad)
}

// now is when the imports of these tests happen.
var now = scanned.Add(48 * time.Hour)

func open(t testing.TB, o Options) *Hosts {
	t.Helper()
	st, err := store.Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	o.Zone = tokyo
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	h, err := Open(context.Background(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// folderOf writes files.
func folderOf(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func imported(t testing.TB, im *Importer, paths ...string) Summary {
	t.Helper()
	sum, err := im.Run(context.Background(), paths)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func rowsOf(t *testing.T, h *Hosts) []string {
	t.Helper()
	rows, err := h.Table(context.Background(), Seen{})
	if err != nil {
		t.Fatal(err)
	}
	return summary(rows)
}

// at is a report of another time.
func (r reportOf) at(when time.Time) string {
	return strings.ReplaceAll(r.text(), scanned.Format(time.DateTime), when.Format(time.DateTime))
}

var virus = []Process{{Name: "a.exe", ID: "1", Path: `C:\a.exe`}}

func TestFolderCollectedFromAllMachines(t *testing.T) {
	ok, bad := reportOf{lang: "ja", version: "2.4"}, reportOf{lang: "en", version: "2.4", processes: virus}
	dir := folderOf(t, map[string]string{
		"PC-001_20230320104551_emocheck.txt":               ok.text(),
		"tokyo/PC-002_20230320104551_emocheck.txt":         bad.text(),
		"tokyo/deep/er/x.json":                             reportOf{version: "2.0", host: "PC-003"}.json(),
		"PC-004/20230320104551_emocheck.txt":               reportOf{version: "0.0.1"}.text(),
		"20230320104551_emocheck.txt":                      ok.text(),
		"PC-005_20230320104551_emocheck.txt":               "[EmoCheck v2.4]\n",
		"PC-006_20230320104551_emocheck.txt":               strings.Repeat("x", maxReport+1),
		"PC-007_20990320104551_emocheck.txt":               ok.at(scanned.AddDate(76, 0, 0)),
		"readme.txt":                                       "Reports of all PCs",
		"big.iso":                                          strings.Repeat("\x00", maxReport+1),
		"list.csv":                                         "a,b\n1,2\n",
		"machines.csv":                                     "端末名,IPアドレス\nPC-001,192.0.2.1\nPC-008,192.0.2.8\n,192.0.2.9\n",
		"PC\x1b]0;-009_20230320104551_emocheck.txt":        ok.text(),
		"\x1b[2J/\x1b[31mPC_20230320104551_emocheck\a.txt": bad.text(),
	})
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "PC-010_20230320104551_emocheck.txt")); err != nil {
		t.Fatal(err)
	}
	h := open(t, Options{})
	var steps, problems int
	im := &Importer{Hosts: h, Step: func(string) { steps++ }, Problem: func(string, error) { problems++ }}
	want := Summary{
		Files: 15, Reports: 8, New: 4, Infected: 2, Inventories: 1, Machines: 2, Foreign: 4, Unfinished: 1, Nameless: 4, Undated: 1, TooLarge: 1,
	}
	got := imported(t, im, dir)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := Count(t.Context(), []string{dir}); n != got.Files {
		t.Errorf("%d files were counted before", n)
	}
	if steps != got.Files || problems != 7 || !got.Trouble() {
		t.Errorf("%d steps, %d problems", steps, problems)
	}
	table := []string{"infected PC-002", "unchecked PC-008", "clean PC-001", "clean PC-003", "clean PC-004"}
	if diff := cmp.Diff(table, rowsOf(t, h)); diff != "" {
		t.Error(diff)
	}

	before := dump(t, h)
	again := imported(t, &Importer{Hosts: h}, dir)
	if want.New = 0; !cmp.Equal(want, again) || dump(t, h) != before {
		t.Errorf("the second time: %+v\n%s\n%s", again, before, dump(t, h))
	}
}

// dump is everything that is kept.
func dump(t *testing.T, h *Hosts) string {
	t.Helper()
	rows, err := h.Table(context.Background(), Seen{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNewestReportOfAMachineCounts(t *testing.T) {
	day := func(n int) time.Time { return scanned.AddDate(0, 0, n-10) }
	ok, bad := reportOf{version: "2.4"}, reportOf{version: "2.4", processes: virus}
	for name, tc := range map[string]struct {
		clean, infected []int // days
		want            string
		since, until    int
	}{
		"clean only":                         {clean: []int{1, 3}, want: "clean"},
		"infected only, since the first":     {infected: []int{3, 1}, want: "infected", since: 1},
		"cleaned":                            {clean: []int{4}, infected: []int{1, 2}, want: "clean", since: 1, until: 2},
		"infected later":                     {clean: []int{1}, infected: []int{2, 3}, want: "infected", since: 2},
		"infected again":                     {clean: []int{2}, infected: []int{1, 3}, want: "infected", since: 3},
		"a clean one of the same second":     {clean: []int{2}, infected: []int{2}, want: "infected", since: 2},
		"old clean reports come in any time": {clean: []int{5, 1, 3}, infected: []int{2}, want: "clean", since: 2, until: 2},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, Options{})
			add := func(r reportOf, days []int) {
				for _, n := range days {
					imported(t, &Importer{Hosts: h}, folderOf(t, map[string]string{"PC-1_20230101000000_emocheck.txt": r.at(day(n))}))
				}
			}
			add(ok, tc.clean)
			add(bad, tc.infected)
			rows, err := h.Table(context.Background(), Seen{})
			if err != nil || len(rows) != 1 || string(rows[0].State) != tc.want {
				t.Fatalf("%+v, %v", rows, err)
			}
			c := rows[0].EmoCheck
			if tc.since > 0 && !c.Since.Equal(day(tc.since)) || tc.since == 0 && !c.Since.IsZero() {
				t.Errorf("since %v", c.Since)
			}
			if tc.until > 0 && !c.Until.Equal(day(tc.until)) || tc.until == 0 && !c.Until.IsZero() {
				t.Errorf("until %v", c.Until)
			}
		})
	}
}

// An infected machine writes what it likes: it must not become clean for good by a report from the future, and an infection is not lost by a wrong clock.
func TestReportFromTheFutureMakesNobodyClean(t *testing.T) {
	h := open(t, Options{})
	future := scanned.AddDate(10, 0, 0)
	file := func(r reportOf, when time.Time) string {
		return folderOf(t, map[string]string{"PC-1_20330101000000_emocheck.txt": r.at(when)})
	}
	imported(t, &Importer{Hosts: h}, file(reportOf{version: "2.4", processes: virus}, scanned))
	if sum := imported(t, &Importer{Hosts: h}, file(reportOf{version: "2.4"}, future)); sum.Undated != 1 {
		t.Errorf("%+v", sum)
	}
	if got := rowsOf(t, h); !cmp.Equal(got, []string{"infected PC-1"}) {
		t.Error(got)
	}
	dir := file(reportOf{version: "2.4", processes: virus}, future)
	sum := imported(t, &Importer{Hosts: h}, dir)
	rows, err := h.Table(context.Background(), Seen{})
	if err != nil || sum.Undated != 0 || rows[0].EmoCheck.Scanned.After(time.Now()) || rows[0].EmoCheck.Scanned.After(now) {
		t.Errorf("%+v, %v, %v", sum, rows[0].EmoCheck, err)
	}
}

func TestInventoryTakesThePlaceOfTheEarlierOne(t *testing.T) {
	h := open(t, Options{})
	file := func(rows string) string {
		return filepath.Join(folderOf(t, map[string]string{"m.csv": "host,ip,user\n" + rows}), "m.csv")
	}
	imported(t, &Importer{Hosts: h}, file("PC-1,192.0.2.1,sato\nPC-2,192.0.2.2,mori\n"))
	imported(t, &Importer{Hosts: h}, file("PC-1,192.0.2.7,\npc-1.example.co.jp,192.0.2.8,abe\n"))
	machines, err := h.machines(context.Background())
	want := []Machine{
		{Host: "pc-1.example.co.jp", Addresses: addresses("192.0.2.7", "192.0.2.8"), Accounts: []string{"abe"}},
		{Host: "PC-2", Addresses: addresses("192.0.2.2"), Accounts: []string{"mori"}},
	}
	if diff := cmp.Diff(want, machines, byValue); diff != "" || err != nil {
		t.Error(diff, err)
	}

	report := folderOf(t, map[string]string{"PC-2_20230320104551_emocheck.txt": reportOf{version: "2.4"}.text()})
	sum := imported(t, &Importer{Hosts: h, Replace: true}, report)
	if sum.Forgotten != 0 {
		t.Error("reports alone forgot the inventory")
	}
	if sum = imported(t, &Importer{Hosts: h, Replace: true}, file("PC-3,192.0.2.3,\n")); sum.Forgotten != 2 {
		t.Errorf("%+v", sum)
	}
	if got := rowsOf(t, h); !cmp.Equal(got, []string{"unchecked PC-3", "clean PC-2"}) {
		t.Error(got)
	}
}

func TestMachineKeepsFewLinksOverManyRows(t *testing.T) {
	var b strings.Builder
	b.WriteString("host,ip\n")
	for i := range 3 * maxLinks {
		fmt.Fprintf(&b, "PC-1,%s\n", netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
	}
	h := open(t, Options{})
	imported(t, &Importer{Hosts: h}, folderOf(t, map[string]string{"m.csv": b.String()}))
	machines, err := h.machines(context.Background())
	if err != nil || len(machines) != 1 || len(machines[0].Addresses) != maxLinks {
		t.Errorf("%d addresses, %v", len(machines[0].Addresses), err)
	}
}

// A machine that writes reports under made-up names fills the table, and pushes out nobody.
func TestFullTableForgetsNobody(t *testing.T) {
	h := open(t, Options{Machines: 3})
	files := map[string]string{}
	for _, name := range []string{"PC-1", "PC-2"} {
		files[name+"_20230320104551_emocheck.txt"] = reportOf{version: "2.4"}.text()
	}
	imported(t, &Importer{Hosts: h}, folderOf(t, files))
	for i := range 5 {
		files[fmt.Sprintf("FAKE-%d_20230320104551_emocheck.txt", i)] = reportOf{version: "2.4", processes: virus}.text()
	}
	files["PC-1_20230320104551_emocheck.txt"] = reportOf{version: "2.4", processes: virus}.text()
	files["m.csv"] = "host\nPC-2\nPC-3\n"
	sum := imported(t, &Importer{Hosts: h}, folderOf(t, files))
	if sum.Full != 5 {
		t.Errorf("%+v", sum)
	}
	if got := rowsOf(t, h); !cmp.Equal(got, []string{"infected FAKE-0", "infected PC-1", "clean PC-2"}) {
		t.Error(got)
	}
}

func TestMoreFilesThanOneTransactionTakes(t *testing.T) {
	files := map[string]string{}
	for i := range 3*batch + 7 {
		files[fmt.Sprintf("%d/PC-%d_20230320104551_emocheck.txt", i%10, i)] = reportOf{version: "2.4"}.text()
	}
	h := open(t, Options{})
	if sum := imported(t, &Importer{Hosts: h}, folderOf(t, files)); sum.New != len(files) || sum.Trouble() {
		t.Errorf("%+v", sum)
	}
	if got := rowsOf(t, h); len(got) != len(files) {
		t.Error(len(got), "rows")
	}
}

func TestImportSaysItsOwnTrouble(t *testing.T) {
	h := open(t, Options{})
	if _, err := (&Importer{Hosts: h}).Run(context.Background(), []string{filepath.Join(t.TempDir(), "nowhere")}); err == nil {
		t.Error("a path that is not there is no error")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := folderOf(t, map[string]string{"PC-1_20230320104551_emocheck.txt": reportOf{version: "2.4"}.text()})
	if _, err := (&Importer{Hosts: h}).Run(ctx, []string{dir}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	locked := folderOf(t, map[string]string{"a/PC-1_20230320104551_emocheck.txt": "x"})
	if err := os.Chmod(filepath.Join(locked, "a"), 0); err != nil {
		t.Fatal(err)
	}
	sum := imported(t, &Importer{Hosts: h}, locked)
	if os.Geteuid() != 0 && sum.Unread != 1 {
		t.Errorf("%+v", sum)
	}
}
