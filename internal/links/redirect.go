package links

import (
	"net/url"
	"strings"
)

// redirector is a service whose address carries its target.
type redirector struct {
	host, path string   // the host or the end of one, the beginning of the path
	params     []string // of the query
}

// redirectors are the link filters of mail services and the click counters that tell where they lead. Those that do not cannot be followed.
var redirectors = [...]redirector{
	{"safelinks.protection.outlook.com", "/", []string{"url"}}, {"safelinks.protection.office365.us", "/", []string{"url"}}, {"safelinks.protection.outlook.cn", "/", []string{"url"}},
	{"urldefense.proofpoint.com", "/v1/", []string{"u"}}, {"urldefense.com", "/v1/", []string{"u"}},
	{"www.google.com", "/url", []string{"q", "url"}}, {"google.com", "/url", []string{"q", "url"}}, {"www.google.co.jp", "/url", []string{"q", "url"}},
	{"googleadservices.com", "/pagead/aclk", []string{"adurl"}}, {"googleweblight.com", "/", []string{"lite_url"}},
	{"www.youtube.com", "/redirect", []string{"q"}}, {"l.facebook.com", "/l.php", []string{"u"}}, {"lm.facebook.com", "/l.php", []string{"u"}}, {"l.instagram.com", "/", []string{"u"}},
	{"slack-redir.net", "/link", []string{"url"}}, {"www.linkedin.com", "/redir/redirect", []string{"url"}}, {"t.umblr.com", "/redirect", []string{"z"}},
	{"vk.com", "/away.php", []string{"to"}}, {"linkprotect.cudasvc.com", "/url", []string{"a"}}, {"clicktime.symantec.com", "/", []string{"u"}}, {"deref-mail.com", "/", []string{"redirectUrl"}},
	{"deref-gmx.net", "/", []string{"redirectUrl"}}, {"deref-web-02.de", "/", []string{"redirectUrl"}}, {"steamcommunity.com", "/linkfilter", []string{"url", "u"}},
	{"outlook.office.com", "/mail/safelink.html", []string{"url"}}, {"protect2.fireeye.com", "/", []string{"u"}}, {"protect.checkpoint.com", "/v1/", []string{"u"}},
	{"secure-web.cisco.com", "/", nil},
}

// unwrap is the target that a redirector's address carries.
func (a *address) unwrap() (target string, ok bool) {
	if target, ok = a.urldefense(); ok {
		return target, true
	}
	if !strings.Contains(a.rest, "?") && !strings.Contains(a.rest, "http") {
		return "", false
	}
	path, query, _ := strings.Cut(a.rest, "?")
	query, _, _ = strings.Cut(query, "#")
	for i := range redirectors {
		r := &redirectors[i]
		if !strings.HasPrefix(path, r.path) || !under(a.host, r.host) {
			continue
		}
		for _, name := range r.params {
			if v := param(query, name); strings.Contains(v, ":") || strings.HasPrefix(v, "www.") {
				return v, true
			}
		}
		if i := strings.LastIndex(path, "http"); i > 0 && r.params == nil { // Cisco puts it, encoded, behind its digests
			plain, err := url.PathUnescape(path[i:])
			return plain, err == nil
		}
	}
	return "", false
}

// urldefense undoes Proofpoint's second and third forms.
func (a *address) urldefense() (target string, ok bool) {
	if !under(a.host, "urldefense.com") && !under(a.host, "urldefense.proofpoint.com") && !under(a.host, "urldefense.us") {
		return "", false
	}
	path, query, _ := strings.Cut(a.rest, "?")
	switch {
	case strings.HasPrefix(path, "/v2/"): // "-" stands for "%" and "_" for "/"
		v := strings.NewReplacer("-", "%", "_", "/").Replace(param(query, "u"))
		plain, err := url.PathUnescape(v)
		return plain, err == nil && v != ""
	case strings.HasPrefix(path, "/v3/__"):
		rest := a.rest[len("/v3/__"):]
		end := strings.LastIndex(rest, "__;")
		if end < 0 {
			return "", false
		}
		target = rest[:end]
		if i := strings.Index(target, ":/"); i > 0 && !strings.HasPrefix(target[i:], "://") {
			target = target[:i] + "://" + target[i+2:]
		}
		return target, true
	}
	return "", false
}

// param is a parameter of a query, decoded.
func param(query, name string) string {
	for pair := range strings.SplitSeq(query, "&") {
		if k, v, ok := strings.Cut(strings.TrimPrefix(pair, "amp;"), "="); ok && k == name {
			if plain, err := url.QueryUnescape(v); err == nil {
				return plain
			}
			return v
		}
	}
	return ""
}

// under reports whether host is the domain or below it.
func under(host, domain string) bool {
	return host == domain || len(host) > len(domain) && strings.HasSuffix(host, domain) && host[len(host)-len(domain)-1] == '.'
}
