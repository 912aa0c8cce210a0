package config

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"net/mail"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes, written "4096", "64KiB" or "25MB".
type Size int64

// units are tried from the largest, so that a size is written in the shortest exact way; binary ones win a tie.
var units = []struct {
	name string
	size int64
}{
	{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3},
}

// String writes the size in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range units {
		if s != 0 && int64(s)%u.size == 0 {
			return strconv.FormatInt(int64(s)/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText writes the size as String does.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a size. A unit without B ("25M") is refused: it has two readings.
func (s *Size) UnmarshalText(b []byte) error {
	text := strings.TrimSpace(string(b))
	digits := strings.TrimRight(text, "KkMGTiB")
	unit, factor := text[len(digits):], int64(0)
	if unit == "" || unit == "B" {
		factor = 1
	}
	for _, u := range units {
		if strings.EqualFold(unit, u.name) {
			factor = u.size
		}
	}
	n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 63)
	if err != nil || factor == 0 || int64(n) > math.MaxInt64/factor {
		return wants("a size such as 4096, 64KiB or 25MB", "4096、64KiB、25MB のような大きさ")
	}
	*s = Size(int64(n) * factor)
	return nil
}

// Mailbox is a person's name and address, written "Taro Yamada <taro@example.com>" (RFC 5322 3.4).
type Mailbox struct{ Name, Addr string }

// MarshalText writes the mailbox as it is read.
func (m Mailbox) MarshalText() ([]byte, error) { return []byte(m.Name + " <" + m.Addr + ">"), nil }

// UnmarshalText reads a mailbox with a name: without one there is nothing to recognise.
func (m *Mailbox) UnmarshalText(b []byte) error {
	a, err := mail.ParseAddress(string(b))
	if err != nil || a.Name == "" {
		return wants(`a name and an address, such as "Taro Yamada <taro@example.com>"`, `「山田 太郎 <taro@example.com>」のような名前とアドレス`)
	}
	*m = Mailbox{a.Name, a.Address}
	return nil
}

const day = 24 * time.Hour

// parseDuration reads what time.ParseDuration reads, and days ("30d", "1d12h").
func parseDuration(text string) (time.Duration, error) {
	bad := wants("a duration such as 30s, 10m, 1h or 30d", "30s、10m、1h、30d のような時間")
	days, rest, found := strings.Cut(text, "d")
	if !found {
		days, rest = "0", text
	}
	n, err := strconv.ParseUint(days, 10, 16) // 65,535 days: no time.Duration overflows
	if err != nil {
		return 0, bad
	}
	d := time.Duration(0)
	if rest != "" {
		if d, err = time.ParseDuration(rest); err != nil || d < 0 {
			return 0, bad
		}
	}
	if d > math.MaxInt64-time.Duration(n)*day {
		return 0, bad
	}
	return time.Duration(n)*day + d, nil
}

// formatDuration is parseDuration's inverse, without zero parts: 30d, 1d12h, 10m.
func formatDuration(d time.Duration) string {
	var b strings.Builder
	if d >= day {
		fmt.Fprintf(&b, "%dd", d/day)
		d %= day
	}
	if d > 0 || b.Len() == 0 {
		s := d.String()
		if strings.HasSuffix(s, "m0s") {
			s = strings.TrimSuffix(s, "0s")
		}
		if strings.HasSuffix(s, "h0m") {
			s = strings.TrimSuffix(s, "0m")
		}
		b.WriteString(s)
	}
	return b.String()
}

// FileMode is permission bits, written in octal: "0660".
type FileMode fs.FileMode

// String writes the bits in octal.
func (m FileMode) String() string { return fmt.Sprintf("%04o", uint32(m)) }

// MarshalText writes the mode as String does.
func (m FileMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads permission bits; set-id and sticky bits have no meaning for a socket.
func (m *FileMode) UnmarshalText(b []byte) error {
	n, err := strconv.ParseUint(strings.TrimPrefix(string(b), "0o"), 8, 32)
	if err != nil || n > 0o777 {
		return wants(`a file mode such as "0660"`, `"0660" のようなファイルモード`)
	}
	*m = FileMode(n)
	return nil
}

// Address is where the milter listens, in the notation of Postfix and Sendmail: inet:PORT@HOST, inet6:PORT@HOST, unix:/PATH or
// local:/PATH. Network and Addr are as package net wants them.
type Address struct {
	Network string // "tcp", "tcp6" or "unix"
	Addr    string // host:port, or the socket's path
}

// String writes the address in the notation it is read in.
func (a Address) String() string {
	switch a.Network {
	case "":
		return ""
	case "unix":
		return "unix:" + a.Addr
	}
	scheme := "inet:"
	if a.Network == "tcp6" {
		scheme = "inet6:"
	}
	host, port, err := net.SplitHostPort(a.Addr)
	switch {
	case err != nil || host == "":
		return scheme + strings.TrimPrefix(a.Addr, ":")
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return scheme + port + "@" + host
}

// MarshalText writes the address as String does.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads an address. The path of a socket is absolute: the MTA has another working folder.
func (a *Address) UnmarshalText(b []byte) error {
	scheme, rest, _ := strings.Cut(string(b), ":")
	switch scheme {
	case "unix", "local":
		if strings.HasPrefix(rest, "/") && !strings.ContainsRune(rest, 0) {
			*a = Address{"unix", rest}
			return nil
		}
	case "inet", "inet6":
		port, host, _ := strings.Cut(rest, "@")
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
		if validPort(port) && !strings.ContainsAny(host, "/@ []") {
			*a = Address{map[string]string{"inet": "tcp", "inet6": "tcp6"}[scheme], net.JoinHostPort(host, port)}
			return nil
		}
	}
	return wants("an address such as inet:8899@127.0.0.1 or unix:/run/sekisho/sekisho.sock",
		"inet:8899@127.0.0.1 や unix:/run/sekisho/sekisho.sock のような待ち受け先")
}

// validPort accepts 0 too, which lets the system choose: tests use it.
func validPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// parsePrefix reads a network, or an address as the network of this one address.
func parsePrefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, wants("a network such as 192.0.2.0/24, or an address", "192.0.2.0/24 のようなネットワークまたは IP アドレス")
	}
	if p != p.Masked() {
		return p, wants(fmt.Sprintf("%s for this network (bits are set behind the prefix)", p.Masked()),
			fmt.Sprintf("このネットワークは %s(ホスト部のビットが立っています)", p.Masked()))
	}
	return p, nil
}

// valueError says in both languages what a key wants.
type valueError struct{ en, ja string }

func (e *valueError) Error() string { return e.en }

// wants makes the error of a value that cannot be read.
func wants(en, ja string) error {
	return &valueError{"want " + en, ja + "を指定してください"}
}

// inBoth returns an error's text in English and Japanese.
func inBoth(err error) (en, ja string) {
	if v := (*valueError)(nil); errors.As(err, &v) {
		return v.en, v.ja
	}
	return err.Error(), err.Error()
}
