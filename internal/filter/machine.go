package filter

import (
	"net/url"
	"slices"
	"strings"

	"sekisho/internal/address"
	"sekisho/internal/links"
	"sekisho/internal/message"
	"sekisho/internal/sender"
	"sekisho/internal/thread"
)

// believed reports whether a list or a program is believed to write. The header is its sender's own word, so that is taken only where it gains him nothing: of mail
// that has nothing to do with a conversation of ours, of a list that ours wrote to, of a report by a mail system, of an automatic answer that brings no file and leads
// nowhere but to its own sender's site and ours.
func (j *judge) believed() bool {
	switch j.c.Clues.Robot {
	case thread.Human:
		return false
	case thread.List:
		return j.viaList() || !j.touches()
	}
	return !j.touches() || j.reports() || len(j.res.Facts.Links) == 0 && !j.c.Document && !j.files()
}

// reports reports whether a mail system tells what became of a mail (RFC 5321 6.1): under no person's address.
func (j *judge) reports() bool {
	local, _, _ := strings.Cut(j.from, "@")
	return j.c.Clues.Robot == thread.Receipt && j.res.Session.Envelope.MailFrom == "" &&
		(local == "mailer-daemon" || local == "postmaster" || strings.HasPrefix(local, "microsoftexchange"))
}

// program reports whether nobody reads what is sent to an address: a web form, say, answers whom a stranger names.
func program(addr string) bool {
	local, _, _ := strings.Cut(strings.ToLower(addr), "@")
	local = strings.NewReplacer("-", "", "_", "", ".", "").Replace(local)
	return strings.HasPrefix(local, "noreply") || strings.HasPrefix(local, "donotreply") ||
		slices.Contains([]string{"mailerdaemon", "postmaster", "root", "wwwdata", "apache", "nginx", "nobody", "wordpress", "cron", "daemon"}, local)
}

// touches reports whether the mail cites one of ours, takes up its subject, or quotes one of ours.
func (j *judge) touches() bool {
	a := &j.c.Answer
	if a.Cited.Ours+a.Cited.Theirs+a.Cited.Forged+a.Subject.Ours > 0 {
		return true
	}
	for _, p := range j.c.Clues.Quoted {
		if p.Addr != "" && j.site.Local(address.Fold(p.Addr)) {
			return true
		}
	}
	return false
}

// viaList reports whether the mail came by a list that was an addressee of the conversation, as far as SPF tells.
func (j *judge) viaList() bool {
	spf := j.c.Auth.SPF
	return (j.c.Answer.Cited.Via || j.c.Answer.Subject.Via) && spf != "fail" && spf != "hardfail" && spf != "softfail"
}

// memberOf reports whether the mail's name may be that of a member of a list: of one that ours wrote to, or of a service whose mail proves that it comes
// from it and that brings nothing to open.
func (j *judge) memberOf() bool {
	if j.c.Clues.Robot != thread.List {
		return false
	}
	if j.viaList() || !j.doubted() && (correspondent(j.c.Answer.From) || correspondent(j.c.Answer.Org)) {
		return true
	}
	id := strings.TrimRight(j.res.Header.Get("List-Id"), "> \t\r\n")
	_, id, _ = strings.Cut(id, "<")
	return j.c.Auth.Result == sender.Pass && same("list@"+id, j.from) && !j.touches() && !j.c.Document && !j.files()
}

// files reports whether the mail brings a file that is no picture.
func (j *judge) files() bool {
	for _, a := range j.res.Attachments {
		if !strings.HasPrefix(a.Declared, "image/") {
			return true
		}
	}
	return false
}

// hostsMax bounds the hosts that a condition sees: no honest text of a person leads to more.
const hostsMax = 100

// leads are the hosts of the links that lead neither to the writer's site nor to ours, each once; and whether a link leads to a document.
func leads(found []links.Link, site *message.Site, writer string) (away []string, document bool) {
	own, last := address.Org(writer), ""
	for i := range found {
		l := &found[i]
		document = document || l.Class != links.Other
		if l.Host == last { // "" or as the link before, as most of a newsletter's are
			continue
		}
		last = l.Host
		if l.Host == writer || len(away) >= hostsMax || slices.Contains(away, l.Host) {
			continue
		}
		if (own == "" || address.Org(l.Host) != own) && !home(site, l.Host) {
			away = append(away, l.Host)
		}
	}
	return away, document
}

// via are the addresses of a list that may have handed the mail on: its envelope sender, and where it is posted to (RFC 2369 3.4) if that is in
// the same domain.
func via(res *Result, site *message.Site) []string {
	from := address.Fold(res.Session.Envelope.MailFrom)
	domain := address.Domain(from)
	if domain == "" || site.Local(from) {
		return nil
	}
	list := []string{from}
	for _, field := range strings.Split(res.Header.Get("List-Post"), ",") {
		u, err := url.Parse(strings.Trim(field, " \t\r\n<>"))
		if err != nil || u.Scheme != "mailto" {
			continue
		}
		if post := address.Fold(u.Opaque); address.Domain(post) == domain {
			return append(list, post)
		}
	}
	return list
}
