package hosts

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

func addresses(list ...string) (out []netip.Addr) {
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

var byValue = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func inventory(t *testing.T, b []byte) ([]Machine, int) {
	t.Helper()
	var list []Machine
	skipped, err := ParseInventory(b, func(m Machine) error { list = append(list, m); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return list, skipped
}

func TestInventoriesOfEveryShape(t *testing.T) {
	want := []Machine{
		{Host: "PC-001", Addresses: addresses("192.0.2.1"), Accounts: []string{"sato@example.co.jp"}},
		{Host: "PC-002", Addresses: addresses("192.0.2.2"), Accounts: []string{"mori@example.co.jp"}},
	}
	en := "hostname,address,account\nPC-001,192.0.2.1,sato@example.co.jp\nPC-002,192.0.2.2,mori@example.co.jp\n"
	ja := "部署,コンピューター名,ＩＰアドレス,メール アドレス\n営業,PC-001,192.0.2.1,sato@example.co.jp\n\"経理, 東京\",PC-002,192.0.2.2,mori@example.co.jp\n"
	for name, b := range map[string][]byte{
		"english":         []byte(en),
		"crlf, bom":       []byte("\ufeff" + strings.ReplaceAll(en, "\n", "\r\n")),
		"semicolons":      []byte(strings.ReplaceAll(en, ",", ";")),
		"tabs":            []byte(strings.ReplaceAll(en, ",", "\t")),
		"excel's unicode": encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), strings.ReplaceAll(en, ",", "\t")),
		"japanese":        []byte(ja),
		"excel's 932":     encoded(t, japanese.ShiftJIS, ja),
		"other order":     []byte("User Name,IPv4-Address,Computer_Name\nSATO@example.co.jp,192.0.2.1,PC-001\nEXAMPLE\\mori@example.co.jp,192.0.2.2,PC-002\n"),
		"what all have":   []byte("host,ip,user\nPC-001,127.0.0.1;192.0.2.1;fe80::1%eth0,sato@example.co.jp\nPC-002,\"::ffff:192.0.2.2, x\",mori@example.co.jp"),
	} {
		got, skipped := inventory(t, b)
		if diff := cmp.Diff(want, got, byValue); diff != "" || skipped != 0 {
			t.Errorf("%s: %d skipped\n%s", name, skipped, diff)
		}
	}
}

func TestRowsWithoutAComputerNameAreCounted(t *testing.T) {
	got, skipped := inventory(t, []byte("host,ip\n,192.0.2.1\nPC-1\n\"a\nb\",192.0.2.2\n\x1b[31m,192.0.2.3\nPC-2,300.1.1.1,x,y\n.example.co.jp,192.0.2.4\n"))
	if want := []Machine{{Host: "PC-1"}, {Host: "PC-2"}}; !cmp.Equal(want, got, byValue) || skipped != 4 {
		t.Errorf("%d skipped, %+v", skipped, got)
	}
}

func TestWhatIsNoInventory(t *testing.T) {
	for _, s := range []string{"", "\x00\x00", "name,mail\nSato,sato@example.co.jp\n", "PC-1,192.0.2.1\n", "a\tb\n", strings.Repeat(",", 100_000)} {
		_, err := ParseInventory([]byte(s), func(Machine) error { t.Error("a machine"); return nil })
		if !errors.Is(err, ErrNotInventory) {
			t.Errorf("%.20q: %v", s, err)
		}
	}
}

func TestOneMachineHasFewLinks(t *testing.T) {
	var cells []string
	for i := range 5 * maxLinks {
		cells = append(cells, fmt.Sprintf("192.0.2.%d", i%256), fmt.Sprintf("198.51.100.%d", i%256))
	}
	got, _ := inventory(t, []byte("host,ip,user\nPC-1,"+strings.Join(cells, " ")+","+strings.Join(cells, " ")))
	if len(got) != 1 || len(got[0].Addresses) != maxLinks || len(got[0].Accounts) != maxLinks {
		t.Errorf("%d addresses, %d accounts", len(got[0].Addresses), len(got[0].Accounts))
	}
}

func FuzzParseInventory(f *testing.F) {
	f.Add([]byte("hostname,address,account\nPC-001,192.0.2.1,sato@example.co.jp\n"))
	f.Add([]byte("端末名;IP;ユーザー名\n\"PC;1\";192.0.2.1;sato\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := ParseInventory(b, func(m Machine) error {
			if !isName(m.Host) || len(m.Addresses) > maxLinks || len(m.Accounts) > maxLinks {
				t.Errorf("%+v", m)
			}
			for _, a := range m.Addresses {
				if !isOne(a) || a.Zone() != "" || a.Is4In6() {
					t.Errorf("address %v", a)
				}
			}
			for _, a := range m.Accounts {
				if Account(a) != a || a == "" {
					t.Errorf("account %q", a)
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrNotInventory) && !isCSV(err) {
			t.Error(err)
		}
	})
}
