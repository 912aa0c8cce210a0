package address

import "strings"

// person is a local part without what machines put around it. Each round makes it shorter, so that there is an end.
func person(local string) string {
	if strings.HasPrefix(local, `"`) || isSRS(local) { // a quoted string is written by hand, or to confuse
		return local
	}
	for {
		inner := unBATV(local)
		inner = unVERP(inner)
		inner = unPlus(inner)
		if inner == local {
			return local
		}
		local = inner
	}
}

// unPlus takes the detail off (RFC 5233 1: "user+detail"). The "-" of qmail and others is no mark: it stands in ordinary names.
func unPlus(local string) string {
	if i := strings.IndexByte(local, '+'); i > 0 {
		return local[:i]
	}
	return local
}

// unBATV takes the tag of BATV off (draft-levine-smtp-batv-01 4): "prvs=KDDDSSSSSS=local", and the forms of Sparkpost ("msprvs1=…=local")
// and Barracuda ("btv1==…==local").
func unBATV(local string) string {
	if rest, ok := strings.CutPrefix(local, "btv1=="); ok {
		if tag, inner, ok := strings.Cut(rest, "=="); ok && tag != "" && inner != "" && alnum(tag) {
			return inner
		}
		return local
	}
	rest, ok := strings.CutPrefix(local, "prvs=")
	if !ok {
		rest, ok = strings.CutPrefix(local, "msprvs1=")
	}
	if !ok {
		return local
	}
	tag, inner, ok := strings.Cut(rest, "=")
	if !ok || inner == "" || len(tag) < tagMin || len(tag) > tagMax || !alnum(tag) {
		return local
	}
	return inner
}

// The length of BATV's tag: K, DDD and six hex digits make ten, Sparkpost's have some more.
const tagMin, tagMax = 10, 24

// verps are the words that a return path for bounces begins or goes on with. Nobody is called so: what is folded into one is never a person.
var verps = map[string]bool{
	"bounce": true, "bounces": true, "return": true, "returns": true, "error": true, "errors": true, "owner": true, "verp": true, "bnc": true,
}

// unVERP takes the recipient off a variable envelope return path: "list-return-123-user=example.org", "bounces-user=example.org",
// "bounce_user=example.org". The part that stays ends with one of the words above.
func unVERP(local string) string {
	user, host, ok := strings.Cut(local, "=")
	if !ok || !strings.Contains(host, ".") {
		return local
	}
	for i := 1; i < len(user); i++ {
		if strings.IndexByte("-_.+", user[i]) < 0 {
			continue
		}
		word := user[strings.LastIndexAny(user[:i], "-_.+")+1 : i]
		if verps[word] {
			return user[:i]
		}
	}
	return local
}

// Original is the address that the Sender Rewriting Scheme wraps, or addr itself, folded: "SRS0=HHH=TT=domain=local@forwarder" and
// "SRS1=HHH=first==HHH=TT=domain=local@second". Anybody can write such an address, so it says whom a forwarded mail claims as its sender, and
// proves nothing.
func Original(addr string) string {
	addr = Exact(addr)
	at := strings.LastIndexByte(addr, '@')
	if at < 0 || !isSRS(addr[:at]) {
		return Fold(addr)
	}
	local := addr[:at]
	if i := strings.Index(local, "=="); strings.HasPrefix(local, "srs1") && i > 0 {
		local = "srs0=" + local[i+len("=="):]
	}
	part := strings.SplitN(local[5:], "=", 4)
	if len(part) < 4 || part[2] == "" || part[3] == "" || strings.Contains(part[2], "@") {
		return addr
	}
	return Fold(part[3] + "@" + part[2])
}

// isSRS reports whether a local part is rewritten: its tag and a separator.
func isSRS(local string) bool {
	return len(local) > len("srs0=") && (local[:4] == "srs0" || local[:4] == "srs1") && strings.IndexByte("=-+", local[4]) >= 0
}

func alnum(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
