package links

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// address is a URL taken apart.
type address struct {
	scheme string
	host   string // ASCII
	port   string
	rest   string // path, query and fragment

	written string // as it stood there
}

func (a *address) String() string {
	if a.port == "" && a.asWritten() {
		return a.written // without a copy
	}
	port := a.port
	if port != "" {
		port = ":" + port
	}
	return a.scheme + "://" + a.host + port + a.rest
}

// asWritten reports whether the address without a port stands there as it is.
func (a *address) asWritten() bool {
	s, ok := strings.CutPrefix(a.written, a.scheme)
	if ok {
		s, ok = strings.CutPrefix(s, "://")
	}
	if ok {
		s, ok = strings.CutPrefix(s, a.host)
	}
	return ok && s == a.rest
}

// defang undoes what people do to an address so that nobody clicks on it.
var defang = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "[DOT]", ".", "(DOT)", ".", "[:]", ":", "[://]", "://", "[/]", "/", "[@]", "@")

// clean does what a browser does first (WHATWG URL 4.4): control characters and blanks around it, line breaks and tabs inside are not there.
func clean(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	if strings.ContainsAny(s, "\t\r\n") {
		s = breaks.Replace(s)
	}
	return s
}

var (
	breaks = strings.NewReplacer("\t", "", "\r", "", "\n", "")
	stops  = strings.NewReplacer("。", ".", "．", ".", "｡", ".") // UTS 46 4: other full stops
)

// schemes by how they are written: h**p, hxxp and the like are http to those who read them.
var schemes = map[string]string{
	"http": "http", "https": "https", "ftp": "ftp", "ftps": "ftp", "file": "file", "hxxp": "http", "hxxps": "https", "htxp": "http", "h**p": "http", "h**ps": "https",
	"hXXp": "http", "hXXps": "https", "htp": "http", "http[s]": "https", "hxxp[s]": "https", "hxtp": "http", "hxtps": "https", "fxp": "ftp", "webcal": "https", "h++p": "http",
}

// parse takes an address apart. ok is false where it has no host that a network could know.
func parse(s string) (a address, ok bool) {
	s = clean(s)
	if strings.ContainsAny(s, "[({") {
		s = defang.Replace(s)
	}
	if len(s) > urlMax {
		s = s[:urlMax]
	}
	s = strings.ToValidUTF8(s, "")
	scheme, rest := splitScheme(s)
	if a.written = s; scheme == "" {
		return a, false
	}
	authority := rest
	if i := strings.IndexAny(rest, "/\\?#"); i >= 0 { // WHATWG URL 4.4: a backslash is a slash
		authority, a.rest = rest[:i], rest[i:]
	}
	a.rest = slashes(a.rest)
	a.scheme = scheme
	a.host, a.port = splitAuthority(authority)
	return a, a.host != ""
}

// splitScheme finds the scheme and what follows its slashes, of which a browser takes any number.
func splitScheme(s string) (scheme, rest string) {
	switch {
	case strings.HasPrefix(s, "//"), strings.HasPrefix(s, `\\`):
		return "https", s[2:]
	case len(s) > 4 && strings.EqualFold(s[:4], "www."):
		return "http", s
	}
	name, rest, ok := strings.Cut(s, ":")
	if !ok {
		return "", ""
	}
	known := schemes[name]
	if known == "" {
		known = schemes[strings.ToLower(name)]
	}
	after := strings.TrimLeft(rest, `/\`)
	switch {
	case known == "", known == "file" && len(rest)-len(after) != 2: // file:///C:/ is at home
		return "", ""
	case len(rest) == len(after): // http:host is a path of the page itself
		return "", ""
	}
	return known, after
}

// slashes turns the backslashes of a path to slashes.
func slashes(rest string) string {
	if strings.IndexByte(rest, '\\') < 0 {
		return rest
	}
	end := strings.IndexAny(rest, "?#")
	if end < 0 {
		end = len(rest)
	}
	return strings.ReplaceAll(rest[:end], `\`, "/") + rest[end:]
}

// splitAuthority leaves out who logs in (RFC 3986 3.2.1), which may look like a host, and makes the host ASCII.
func splitAuthority(s string) (host, port string) {
	s = s[strings.LastIndexByte(s, '@')+1:]
	if strings.HasPrefix(s, "[") { // RFC 3986 3.2.2: IP-literal
		inner, after, _ := strings.Cut(s[1:], "]")
		if ip, err := netip.ParseAddr(inner); err == nil {
			return "[" + ip.WithZone("").String() + "]", strings.TrimPrefix(after, ":")
		}
		return "", ""
	}
	host, port, _ = strings.Cut(s, ":")
	if strings.Contains(host, "%") {
		if plain, err := url.PathUnescape(host); err == nil {
			host = plain
		}
	}
	return asciiHost(host), port
}

// asciiHost is a host as the network knows it, "" for what it cannot know.
func asciiHost(host string) string {
	if len(host) > 253*3 {
		return ""
	}
	if !isASCII(host) {
		host = stops.Replace(host)
	}
	host = strings.TrimRight(host, ".")
	if ip := ipv4(host); ip != "" {
		return ip
	}
	low := strings.ToLower(host)
	if !isASCII(low) {
		ascii, err := idna.Lookup.ToASCII(low)
		if err != nil {
			return ""
		}
		low = ascii
	}
	if !hostName(low) {
		return ""
	}
	return low
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// hostName reports whether s is labels with dots between them.
func hostName(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") && s != "localhost" {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for i := range len(label) {
			if c := label[i]; c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return false
			}
		}
	}
	return true
}

// ipv4 reads an address of one to four numbers, decimal, octal or hexadecimal, as browsers do (WHATWG URL 3.5).
func ipv4(host string) string {
	if host == "" || host[0] < '0' || host[0] > '9' || strings.Count(host, ".") > 3 {
		return ""
	}
	parts := strings.Split(host, ".")
	var ip uint64
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 0, 32)
		if err != nil && strings.HasPrefix(p, "0") {
			n, err = strconv.ParseUint(p, 8, 32)
		}
		last := i == len(parts)-1
		if err != nil || !last && n > 255 || last && n >= 1<<(8*uint(5-len(parts))) {
			return ""
		}
		if last {
			ip |= n
		} else {
			ip |= n << (8 * uint(3-i))
		}
	}
	return fmt.Sprintf("%d.%d.%d.%d", ip>>24, ip>>16&255, ip>>8&255, ip&255)
}
