package address

import "strings"

// person is a local part without what machines put around it. Each round makes it shorter, so that there is an end.
//
// SRS comes first: its separator can be the "+" of a tag.
func person(local string) string {
	if strings.HasPrefix(local, `"`) { // a quoted string is written by hand, or to confuse
		return local
	}
	for {
		inner := strings.TrimSpace(unPlus(unVERP(unBATV(unSRS(local)))))
		if inner == local || inner == "" {
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

// unSRS takes hash and time off what the Sender Rewriting Scheme made of an address: "SRS0=HHH=TT=domain=local" and "SRS1=HHH=first==HHH=TT=domain=local"
// are "local=domain", at the forwarder as before. What is wrapped again is unwrapped again, less than maxAddress/10 times. The original address it is not: anybody can write one of his own that wraps another's.
func unSRS(local string) string {
	if len(local) < len("srs0=") || local[:3] != "srs" || strings.IndexByte("01", local[3]) < 0 || strings.IndexByte("=-+", local[4]) < 0 {
		return local
	}
	rest := local[5:]
	if local[3] == '1' {
		_, inner, ok := strings.Cut(rest, "==")
		if !ok {
			return local
		}
		rest = inner
	}
	part := strings.SplitN(rest, "=", 4) // hash, time, domain, local part
	if len(part) < 4 || part[2] == "" || part[3] == "" {
		return local
	}
	return person(part[3]) + "=" + part[2]
}

func alnum(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
