package hosts

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"net/netip"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// ErrNotInventory means that a file has no header row with a column of computer names.
var ErrNotInventory = errors.New("hosts: not an inventory")

const (
	maxInventory = 64 << 20 // bytes: 200,000 machines with 300 bytes each
	maxColumns   = 200      // asset-management tools export a hundred
	maxLinks     = 50       // addresses, and accounts, of one machine: more is a server, whose accounts say nothing about it
)

// Machine is a row of the inventory: which addresses and accounts lead to a computer.
type Machine struct {
	Host      string
	Addresses []netip.Addr
	Accounts  []string
}

// column is what a column of the inventory holds.
type column uint8

const (
	otherColumn column = iota
	hostColumn
	addressColumn
	accountColumn
)

// headings are the names of columns, folded: those of common asset-management tools and what people write.
func headings() map[string]column {
	m := map[string]column{}
	for kind, names := range map[column]string{
		hostColumn: `hostname host computer computername computerid pc pcname machine machinename device devicename netbiosname dnshostname
			ホスト名 ホスト コンピューター名 コンピュータ名 コンピューター コンピュータ 端末名 端末 pc名 マシン名 機器名 デバイス名 パソコン名`,
		addressColumn: `address ip ipaddress ipv4 ipv4address ipv6 ipv6address clientip
			ipアドレス アドレス ipv4アドレス ipv6アドレス`,
		accountColumn: `account accounts user username userid login loginname logonname samaccountname upn userprincipalname mail email mailaddress emailaddress
			アカウント アカウント名 ユーザー ユーザ ユーザー名 ユーザ名 ユーザーid ユーザid ログイン名 ログインid ログオン名 利用者 使用者 メールアドレス メール eメール`,
	} {
		for _, name := range strings.Fields(names) {
			m[name] = kind
		}
	}
	return m
}

// heading folds the name of a column.
func headingName(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-.\t\u3000\"'()[]#*", r) {
			return -1
		}
		return r
	}, strings.ToLower(norm.NFKC.String(s)))
}

// ParseInventory reads a CSV (RFC 4180) with a header row; tabs and semicolons separate too, as Excel writes them. Give gets one machine a row; of a name that stands in
// several rows, each. Rows without a computer name are counted in skipped.
func ParseInventory(b []byte, give func(Machine) error) (skipped int, err error) {
	b = unify(b[:min(len(b), maxInventory)])
	first, _, _ := bytes.Cut(b, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(b))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = separator(first), -1, true, true
	columns, err := readHeader(r)
	if err != nil {
		return 0, err
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return skipped, nil
		}
		if err != nil {
			return skipped, err
		}
		m := machine(columns, record)
		if !isName(m.Host) {
			skipped++
			continue
		}
		if err := give(m); err != nil {
			return skipped, err
		}
	}
}

// separator is the one of three that stands most often in the header row.
func separator(line []byte) rune {
	best, most := ',', 0
	for _, c := range ",\t;" {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// readHeader finds the columns. One column of names alone is an inventory too: it says who is not checked yet.
func readHeader(r *csv.Reader) ([]column, error) {
	record, err := r.Read()
	if err != nil {
		return nil, ErrNotInventory
	}
	known := headings()
	columns := make([]column, min(len(record), maxColumns))
	hosts := 0
	for i := range columns {
		columns[i] = known[headingName(systemText([]byte(record[i])))]
		if columns[i] == hostColumn {
			if hosts++; hosts > 1 {
				columns[i] = otherColumn // the first name counts
			}
		}
	}
	if hosts == 0 {
		return nil, ErrNotInventory
	}
	return columns, nil
}

func machine(columns []column, record []string) (m Machine) {
	for i, value := range record[:min(len(record), len(columns))] {
		value = systemText([]byte(value))
		switch columns[i] {
		case hostColumn:
			m.Host = clip(value, maxName+1)
		case addressColumn:
			for _, s := range split(value) {
				if a, err := netip.ParseAddr(s); err == nil && len(m.Addresses) < maxLinks && isOne(a) {
					m.Addresses = append(m.Addresses, a.Unmap().WithZone(""))
				}
			}
		case accountColumn:
			for _, s := range split(value) {
				if s = Account(s); s != "" && len(m.Accounts) < maxLinks {
					m.Accounts = append(m.Accounts, s)
				}
			}
		}
	}
	return m
}

// isOne leaves out what every machine has.
func isOne(a netip.Addr) bool {
	return !a.IsLoopback() && !a.IsUnspecified() && !a.IsLinkLocalUnicast()
}

// split takes apart what stands in one cell.
func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;|、\u3000", r) })
}

// Account makes accounts comparable: without case, and without the Windows domain of DOMAIN\name.
func Account(s string) string {
	s = strings.ToLower(norm.NFKC.String(strings.TrimSpace(s)))
	if i := strings.LastIndexByte(s, '\\'); i >= 0 {
		s = s[i+1:]
	}
	return clip(s, maxText)
}
