package lists

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"sekisho/internal/address"
)

// Type is what an entry names.
type Type uint8

// The types. Auto is a list's only: each entry's type is read from its form.
const (
	Auto Type = iota
	SHA256
	SHA1
	MD5
	Macro   // a macro fingerprint (docs/json.md)
	Domain  // a domain with everything below it: of addresses and of links
	Address // a mail address, or "@" and a domain for all addresses in exactly this domain
	IP      // an address or network: of clients and of links
	URL     // a link's address
)

var typeWords = [...]string{"auto", "sha256", "sha1", "md5", "macro", "domain", "address", "ip", "url"}

// Types returns the words of all types.
func Types() []string { return typeWords[:] }

// String returns the type's word.
func (t Type) String() string {
	if int(t) < len(typeWords) {
		return typeWords[t]
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

// UnmarshalText reads a type's word.
func (t *Type) UnmarshalText(b []byte) error {
	for i, w := range typeWords {
		if w == string(b) {
			*t = Type(i)
			return nil
		}
	}
	return fmt.Errorf("lists: unknown type %q: use %s", b, strings.Join(typeWords[:], ", "))
}

// MarshalText writes the type's word.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// File reports whether entries of the type are about files.
func (t Type) File() bool { return t == SHA256 || t == SHA1 || t == MD5 || t == Macro }

// Item is one comparable value.
type Item struct {
	Type  Type
	Value string
}

// valueMax is the longest text of an entry: a URL's usual limit. Longer ones name nothing that is looked up.
const valueMax = 2048

// Why a value is refused.
var (
	ErrForm   = errors.New("not of the list's type")
	ErrLong   = fmt.Errorf("longer than %d bytes", valueMax)
	ErrBroad  = errors.New("too broad: nobody's own domain or network")
	ErrNoType = errors.New("neither a hash, an address, a domain, an IP address nor a URL")
)

// Parse reads an entry of a type. A URL gives its host, too, unless strangers share it. No error repeats the text.
func Parse(t Type, text string) ([]Item, error) {
	text = strings.TrimSpace(text)
	if len(text) > valueMax {
		return nil, ErrLong
	}
	if t == Auto {
		if t = guess(text); t == Auto {
			return nil, ErrNoType
		}
	}
	switch t {
	case SHA256, SHA1, MD5, Macro:
		return digest(t, text)
	case IP:
		return network(text)
	case Address:
		return mailbox(refang(text))
	case URL:
		return link(refang(text))
	default:
		if _, rest, ok := strings.Cut(refang(text), "://"); ok { // feeds of domains that write them as URLs
			text, _, _ = strings.Cut(rest, "/")
		}
		return domain(refang(text))
	}
}

// guess tells an entry's type by its form.
func guess(text string) Type {
	if isHex(text) {
		switch len(text) {
		case 64:
			return SHA256
		case 40:
			return SHA1
		case 32:
			return MD5
		}
	}
	if _, err := netip.ParseAddr(text); err == nil {
		return IP
	}
	if _, err := netip.ParsePrefix(text); err == nil {
		return IP
	}
	switch plain := refang(text); {
	case strings.Contains(plain, "://"):
		return URL
	case strings.Contains(plain, "@"):
		return Address
	case strings.Contains(plain, "."):
		return Domain
	}
	return Auto
}

func isHex(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil
}

// refang undoes what keeps an address in a report from being followed by mistake.
func refang(s string) string {
	if !strings.ContainsAny(s, "[(xX") {
		return s
	}
	s = strings.NewReplacer("[.]", ".", "(.)", ".", "[dot]", ".", "[@]", "@", "[at]", "@", "[:]", ":").Replace(s)
	for _, scheme := range [...]string{"hxxp", "hXXp", "HXXP"} {
		if rest, ok := strings.CutPrefix(s, scheme); ok {
			return "http" + rest
		}
	}
	return s
}

var digestBytes = map[Type]int{SHA256: 32, SHA1: 20, MD5: 16, Macro: 32}

func digest(t Type, text string) ([]Item, error) {
	if b, err := hex.DecodeString(text); err != nil || len(b) != digestBytes[t] {
		return nil, ErrForm
	}
	return []Item{{t, strings.ToLower(text)}}, nil
}

// The shortest prefixes of networks that are one organisation's.
const (
	minBits4 = 8
	minBits6 = 16
)

func network(text string) ([]Item, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return nil, ErrForm
		}
		a = a.Unmap()
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if p.Addr().Is4In6() { // RFC 4291 2.5.5.2: clients are compared by their IPv4 address
		p = netip.PrefixFrom(p.Addr().Unmap(), max(p.Bits()-96, 0))
	}
	if p.Addr().Is4() && p.Bits() < minBits4 || !p.Addr().Is4() && p.Bits() < minBits6 {
		return nil, ErrBroad
	}
	return []Item{{IP, p.Masked().String()}}, nil
}

func mailbox(text string) ([]Item, error) {
	local, dom, ok := strings.Cut(text, "@")
	if ok && local == "" {
		items, err := domain(dom)
		if err != nil {
			return nil, err
		}
		return []Item{{Address, "@" + items[0].Value}}, nil
	}
	folded := address.Exact(text)
	if at := strings.LastIndexByte(folded, '@'); at < 1 || at == len(folded)-1 || strings.ContainsAny(folded, " \t<>,;") {
		return nil, ErrForm
	}
	return []Item{{Address, folded}}, nil
}

// domain reads a domain. A leading "*." or "." says what counts anyway: everything below it.
func domain(text string) ([]Item, error) {
	d := address.ASCII(strings.TrimPrefix(strings.TrimPrefix(text, "*"), "."))
	if len(d) > 253 || !strings.Contains(d, ".") || strings.Contains(d, "..") || d[0] == '.' { // RFC 1035 2.3.4
		return nil, ErrForm
	}
	for i := range len(d) {
		if c := d[i]; c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return nil, ErrForm
		}
	}
	if a, err := netip.ParseAddr(d); err == nil {
		return []Item{{IP, netip.PrefixFrom(a, a.BitLen()).String()}}, nil
	}
	if suffix, icann := publicsuffix.PublicSuffix(d); icann && suffix == d {
		return nil, ErrBroad
	}
	return []Item{{Domain, d}}, nil
}

func link(text string) ([]Item, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return nil, ErrForm
	}
	items := []Item{{URL, canonical(u)}}
	if shared(u.Hostname()) {
		return items, nil
	}
	host, err := domain(u.Hostname())
	if err != nil {
		return items, nil
	}
	return append(items, host...), nil
}

// canonical is a URL without what does not change where it leads: scheme, user, port, fragment, the host's case, a final slash.
func canonical(u *url.URL) string {
	s := address.ASCII(u.Hostname()) + strings.TrimSuffix(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		s += "?" + u.RawQuery
	}
	return s
}

// shared reports whether many strangers publish on a host, so that one bad page there says nothing about the rest. Domains of the public
// suffix list (github.io, web.app) are none: what stands before them is one customer.
func shared(host string) bool {
	host = address.ASCII(host)
	for {
		if sharedHosts[host] {
			return true
		}
		_, above, ok := strings.Cut(host, ".")
		if !ok {
			return false
		}
		host = above
	}
}

// sharedHosts are services that keep files or pages of everybody under one name: storage, file transfer, code, chat, forms, shortened addresses.
var sharedHosts = words(`
	google.com googleapis.com googleusercontent.com goo.gl youtube.com microsoft.com live.com sharepoint.com 1drv.ms onedrive.com office.com
	windows.net azureedge.net amazonaws.com cloudfront.net dropbox.com dropboxusercontent.com box.com mediafire.com mega.nz wetransfer.com we.tl
	sendspace.com 4shared.com zippyshare.com transfer.sh file.io anonfiles.com pcloud.com icloud.com gigafile.nu firestorage.jp datadeliver.net
	github.com githubusercontent.com gitlab.com bitbucket.org sourceforge.net discord.com discordapp.com discordapp.net slack.com slack-files.com
	telegram.org t.me pastebin.com paste.ee ghostbin.com rentry.co notion.so evernote.com canva.com adobe.com docusign.net typeform.com
	wordpress.com wixsite.com weebly.com tumblr.com medium.com ipfs.io dweb.link archive.org facebook.com fbcdn.net twitter.com t.co x.com linkedin.com
	bit.ly tinyurl.com is.gd v.gd cutt.ly rb.gy ow.ly t.ly rebrand.ly shorturl.at lnkd.in s.id`)

func words(s string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}
