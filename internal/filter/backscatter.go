package filter

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"sekisho/internal/address"
	"sekisho/internal/finding"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/thread"
)

// reportMax is how much of a report is searched for the mail that it is about: the text of a report is short, and the headers of that mail follow
// it (RFC 6522 3).
const reportMax = 128 << 10

// reports counts what comes back to us as an answer of machines: a bounce of mail that we did send counts for its sender, one of mail that we never sent means
// that somebody else sends under our name.
func (r *Run) reports(res *Result) []finding.Finding {
	f, e := r.f, &res.Session.Envelope
	if f.o.Conversations == nil {
		return nil
	}
	rp := report{bounce: e.MailFrom == ""}
	clues := &res.Conversation.Clues
	if !rp.bounce && clues.Robot != thread.Automatic {
		return nil
	}
	rp.about, rp.cites = original(r.raw), clues.Refs
	ours := slices.DeleteFunc(slices.Clone(e.Rcpts), func(a string) bool { return !f.o.Site.Local(a) })
	if len(rp.ids()) == 0 || len(ours) == 0 {
		return nil
	}
	at := timeOf(res)
	a, err := f.o.Conversations.Ask(r.ctx, ledger.Question{Time: at, Refs: rp.ids()})
	if err != nil || !a.Warm { // whoever asks for the conversation says that the memory is away
		return nil
	}
	ours = ours[:min(len(ours), reportRcpts)]
	switch rp.judge(&a.Cited, &f.o.Site) {
	case returned:
		for _, addr := range ours {
			f.o.Outbound.Bounced(addr, at)
		}
	case abused:
		res.Sent = &Sent{}
		for _, addr := range ours {
			res.Sent.Err = errors.Join(res.Sent.Err, f.o.Outbound.Backscatter(r.ctx, addr, at))
		}
		return []finding.Finding{finding.New(finding.OutboundBackscatter, nil, "about %.100q, which none of ours sent", rp.ids()[0])}
	}
	return nil
}

// report is what an automatic mail is about.
type report struct {
	bounce bool     // from the null sender (RFC 5321 4.5.5)
	about  string   // the mail that it brings back or quotes
	cites  []string // what it cites (RFC 3834 3.1.3)
}

// meaning of a report.
type meaning uint8

const (
	nothing  meaning = iota
	returned         // mail of ours came back
	abused           // it is about mail that we never sent
)

func (r *report) ids() []string {
	if r.about != "" {
		return []string{r.about}
	}
	return r.cites
}

// judge is sparing: an id of ours that is not remembered may be that of another server of ours, so it must be one that the memory covers; under a foreign id only a
// bounce counts, because it came to the address that was given as its sender.
func (r *report) judge(c *ledger.Citations, site *message.Site) meaning {
	switch {
	case c.Ours+c.Robot+c.Theirs > 0:
		if r.bounce && r.about != "" && c.Ours+c.Robot > 0 {
			return returned
		}
		return nothing
	case c.Forged > 0, r.bounce && r.about != "" && !home(site, thread.IDDomain(r.about)):
		return abused
	}
	return nothing
}

// home reports whether a domain, or the organisation that it belongs to, is ours.
func home(site *message.Site, domain string) bool {
	org := address.Org(domain)
	return domain == "" || site.Local("@"+domain) || org != "" && slices.ContainsFunc(site.LocalDomains, func(d string) bool { return address.Org(strings.TrimPrefix(d, ".")) == org })
}

// reportRcpts is how many addressees of one report are counted: a report has one.
const reportRcpts = 5

// original is the Message-ID of the mail that a report brings back, or quotes; "" where it shows none.
func original(raw io.ReaderAt) string {
	b := make([]byte, reportMax)
	n, _ := raw.ReadAt(b, 0) // what could be read
	return quotedID(b[:n])
}

// quotedID finds the first Message-ID field behind the header of a message.
func quotedID(b []byte) string {
	folded := false
	body := false
	for line := range bytes.Lines(b) {
		text := strings.TrimSpace(string(line))
		if !body {
			body = text == ""
			continue
		}
		text = strings.TrimLeft(text, "> \t")
		if folded { // RFC 5322 2.2.3
			return thread.ID(text)
		}
		const name = "message-id:"
		if len(text) < len(name) || !strings.EqualFold(text[:len(name)], name) {
			continue
		}
		if text = strings.TrimSpace(text[len(name):]); text != "" {
			return thread.ID(text)
		}
		folded = true
	}
	return ""
}
