package links

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Mismatch is the host that the link's text shows where it is another organisation's than the one the link leads to. Text that shows no host, as most of
// newsletters' counted links have, is no mismatch.
func (l *Link) Mismatch() (shown string, ok bool) {
	shown = hostIn(l.Text)
	if shown == "" || same(shown, l.Host) || counter(l.Host) || hostIn(strings.Join(strings.Fields(l.Text), "")) == l.Host { // a line end inside the address
		return "", false
	}
	return shown, true
}

// hostIn is the host that a link's text shows: of the first address in it, or the whole text where that is a host's name.
func hostIn(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || !strings.Contains(text, ".") {
		return ""
	}
	if found := Text(text); len(found) > 0 {
		return found[0].Host
	}
	if strings.ContainsAny(text, " \t\r\n@(　") {
		return ""
	}
	host, rest := text, ""
	if i := strings.IndexAny(text, "/?#:"); i >= 0 {
		host, rest = text[:i], text[i:]
	}
	host = asciiHost(strings.Trim(host, `"'<>()[]「」*`))
	suffix, icann := publicsuffix.PublicSuffix(host)
	if !icann || suffix == host || rest == "" && fileLike[suffix] || '0' <= host[len(host)-1] && host[len(host)-1] <= '9' {
		return ""
	}
	return host
}

// fileLike are top-level domains that stand behind the names of files and products too.
var fileLike = map[string]bool{"zip": true, "mov": true, "md": true, "py": true, "sh": true, "pl": true, "rs": true, "ps": true, "so": true, "cc": true, "app": true, "net": true, "io": true, "ai": true,
	"js": true, "pub": true, "ink": true, "link": true, "page": true, "info": true, "name": true, "doc": true, "one": true, "st": true, "ac": true, "am": true, "pm": true}

// same reports whether two hosts are of one organisation.
func same(a, b string) bool {
	return organisation(a) == organisation(b)
}

// families are organisations with several domains, each by its first.
var families = map[string]string{
	"office.com": "microsoft.com", "live.com": "microsoft.com", "outlook.com": "microsoft.com", "microsoftonline.com": "microsoft.com", "office365.com": "microsoft.com", "aka.ms": "microsoft.com",
	"1drv.ms": "microsoft.com", "windows.com": "microsoft.com", "sharepoint.com": "microsoft.com", "msn.com": "microsoft.com", "bing.com": "microsoft.com", "skype.com": "microsoft.com",
	"microsoft365.com": "microsoft.com", "cloud.microsoft": "microsoft.com", "goo.gl": "google.com", "youtube.com": "google.com", "youtu.be": "google.com", "gmail.com": "google.com",
	"google.co.jp": "google.com", "g.co": "google.com", "fb.com": "facebook.com", "fb.me": "facebook.com", "instagram.com": "facebook.com", "meta.com": "facebook.com",
	"facebookmail.com": "facebook.com", "amazon.co.jp": "amazon.com", "amazon.de": "amazon.com", "amazon.co.uk": "amazon.com", "amzn.to": "amazon.com", "amzn.asia": "amazon.com",
	"x.com": "twitter.com", "t.co": "twitter.com", "apple.co": "apple.com", "icloud.com": "apple.com", "wetransfer.com": "we.tl", "db.tt": "dropbox.com", "dropbox.tech": "dropbox.com",
	"lnkd.in": "linkedin.com", "adobe.ly": "adobe.com", "zoom.us": "zoom.com", "git.io": "github.com", "github.io": "github.com",
}

func organisation(host string) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		domain = host
	}
	if first := families[domain]; first != "" {
		return first
	}
	return domain
}

// counters are the hosts of mail services that count clicks for those who send through them, and of gateways that check a link when it is followed. Whoever
// writes an address as a link's text there has it replaced without knowing.
var counters = [...]string{
	"list-manage.com", "mailchimp.com", "mandrillapp.com", "sendgrid.net", "mailgun.org", "mailgun.net", "sparkpostmail.com", "awstrack.me", "amazonses.com", "mktoweb.com", "mkto.com",
	"exacttarget.com", "exct.net", "hubspotlinks.com", "hubspotemail.net", "hs-sites.com", "hubspot.com", "rs6.net", "constantcontact.com", "cmail19.com", "cmail20.com", "createsend.com", "createsend1.com",
	"sendinblue.com", "brevo.com", "sibautomation.com", "mailjet.com", "mjt.lu", "klclick.com", "klaviyomail.com", "customeriomail.com", "intercom-mail.com", "intercom-links.com", "eloqua.com", "en25.com",
	"pardot.com", "salesforce.com", "responsys.net", "rsgsv.net", "emltrk.com", "mailerlite.com", "mlsend.com", "getresponse.com", "activehosted.com", "acemlna.com", "acems1.com", "convertkit-mail.com",
	"convertkit-mail2.com", "substack.com", "beehiiv.com", "mailtrack.io", "postmarkapp.com", "pstmrk.it", "mimecast.com", "mimecastprotect.com", "mimecast-offshore.com", "cudasvc.com", "trendmicro.com",
	"trustifi.com", "sophos.com", "hornetsecurity.com", "esvalabs.com", "avanan.click", "linkscan.io", "postoffice.net", "fireeye.com", "checkpoint.com", "bme.jp", "blayn.jp", "blastmail.jp", "cuenote.jp", "mpse.jp", "mpme.jp", "emberpoint.com", "autobahn.jp", "arara.com", "benchmarkemail.com",
	"benchurl.com", "wixemails.com", "shopifyemail.com", "yahoo-mbga.jp", "maildealer.jp", "wisemail.jp", "synergy-marketing.co.jp", "sysmail.jp",
}

func counter(host string) bool {
	for _, c := range counters {
		if under(host, c) {
			return true
		}
	}
	return false
}
