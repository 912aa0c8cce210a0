package filter

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/inspect"
	"sekisho/internal/links"
	"sekisho/internal/message"
	"sekisho/internal/outbound"
)

// Sent is what a message of ours has to do with others of its sender; of a report about mail under our names, it is Err only.
type Sent struct {
	Seen *outbound.Seen // nil for mail from outside
	Err  error          // the memory of incidents could not be asked
}

// sends counts a message of ours, and says what its sender did lately; of one from outside it counts what comes back.
func (r *Run) sends(res *Result, found inspect.Result) (list []finding.Finding) {
	switch {
	case r.f.o.Outbound == nil || res.Session.Released != "":
		return nil
	case res.Facts.Direction == message.In:
		return r.reports(res)
	}
	seen, err := r.f.o.Outbound.Count(r.ctx, r.sent(res, found))
	res.Sent = &Sent{seen, err}
	res.Facts.Outbound = seen.Counts.Map()
	add := func(k finding.Kind, who *outbound.Sender, format string, args ...any) {
		list = append(list, finding.New(k, nil, "%s %.60q: %s", who.Kind, who.Who, fmt.Sprintf(format, args...)))
	}
	window := r.f.o.Outbound.Options().Window
	if s := seen.Burst; s != nil {
		add(finding.OutboundBurst, s, "%d risky of %d mails within %s", s.Counts.Risky, s.Counts.Mails, window)
	}
	switch s := seen.Several; {
	case s != nil:
		add(finding.OutboundCarrier, s, "%d mails with different files that start by themselves or hide within %s", s.Counts.DifferentCarriers, window)
	case seen.Unusual != nil:
		add(finding.OutboundCarrier, seen.Unusual, "its answers cite what they answer, but this one with a file that starts by itself or hides does not")
	}
	for i := range seen.Open {
		add(finding.OutboundHost, &seen.Open[i], "an incident is open")
	}
	return list
}

// sent is the message as it is counted.
func (r *Run) sent(res *Result, found inspect.Result) outbound.Mail {
	e, c := &res.Session.Envelope, res.Conversation
	m := outbound.Mail{
		Time: timeOf(res), QueueID: e.QueueID, MessageID: c.Clues.MessageID, SHA256: res.Digest(), Account: e.SASLUser, Client: res.Client,
		MailFrom: e.MailFrom, From: res.Facts.From, Rcpts: e.Rcpts, New: c.strangers(), Answer: c.Clues.Reply, Cites: len(c.Clues.Refs) > 0,
	}
	for _, a := range res.Attachments {
		m.Files = append(m.Files, outbound.File{Name: a.Name, SHA256: a.SHA256})
	}
	password := false
	for _, f := range found.Findings {
		password = password || f.Kind == finding.MailPassword
		m.Link = m.Link || f.Kind == finding.MailDocumentLink
	}
	m.Link = m.Link && !ownDocuments(found.Links, &r.f.o.Site)
	for _, one := range found.Findings {
		locked := password && found.Locked && locks(one.Kind)
		if (starts(one.Kind) || locked) && !r.f.vouched(found, one, m.Time) {
			m.Carriers = append(m.Carriers, carrier(res, found, one))
		}
	}
	return m
}

// ownDocuments reports whether the text links to documents on our own hosts, as signatures do to a catalogue, and to no others.
func ownDocuments(found []links.Link, site *message.Site) (own bool) {
	for i := range found {
		if found[i].Class == links.Other {
			continue
		}
		if own = home(site, found[i].Host); !own {
			return false
		}
	}
	return own
}

// vouched reports whether somebody answers for the macros of a finding: to whom an entry allows them is asked when the mail is judged, but sending them to many
// is no wave.
func (f *Filter) vouched(found inspect.Result, one finding.Finding, at time.Time) bool {
	if f.o.Book == nil || !slices.Contains(macroKinds, one.Kind) {
		return false
	}
	file := macrosOf(found, one.Path.String())
	return file != nil && f.o.Book.Allows(file.MacroHash, at)
}

// macrosOf is the innermost file with macros at a printed path, nil for none.
func macrosOf(found inspect.Result, at string) (in *inspect.FileReport) {
	for i := range found.Files {
		if f := &found.Files[i]; f.MacroHash != "" && within(at, f.Path) && (in == nil || len(f.Path) > len(in.Path)) {
			in = f
		}
	}
	return in
}

// starts are the kinds of files that start by themselves, that a double click starts, or that hide what they are.
func starts(k finding.Kind) bool {
	switch k {
	case finding.VBAAutoexec, finding.VBASuspicious, finding.VBAStomped, finding.XLMAutoexec, finding.XLMSuspicious, finding.SheetHidden,
		finding.OfficeRemoteTemplate, finding.OfficeRemoteObject, finding.OfficeDDE, finding.OLEExploit, finding.RTFEquation,
		finding.LNKCommand, finding.LNKSuspicious, finding.ScriptFile, finding.ScriptSuspicious, finding.ExecutableFile, finding.MSIFile, finding.HelpCHM,
		finding.ImageDisk, finding.HTMLSmuggling, finding.PDFLaunch, finding.FilePadded, finding.ArchiveListingMismatch, finding.NameDoubleExtension,
		finding.NameRTLO:
		return true
	}
	return false
}

// locks are the kinds of locked files that Emotet sends with their password.
func locks(k finding.Kind) bool {
	switch k {
	case finding.ZipEncrypted, finding.ArchiveEncrypted, finding.ArchiveHeaderEncrypted, finding.OfficeEncrypted:
		return true
	}
	return false
}

// carrier names the file of a finding, and by what it is the same as another: by its macros, else by the attachment that it is or came in.
func carrier(res *Result, found inspect.Result, f finding.Finding) outbound.Carrier {
	at := f.Path.String()
	c := outbound.Carrier{Name: at, Kind: string(f.Kind), Content: at}
	for _, a := range res.Attachments {
		if within(at, a.Path) {
			c.Name, c.Content = a.Name, a.SHA256
		}
	}
	if file := macrosOf(found, at); file != nil {
		c.Content = file.MacroHash
	}
	return c
}

// within reports whether a printed path is that of a file or of something in it.
func within(path, file string) bool {
	rest, ok := strings.CutPrefix(path, file)
	return ok && (rest == "" || strings.HasPrefix(rest, finding.Separator))
}

// keepSent remembers a risky message of ours once its fate is known.
func (f *Filter) keepSent(ctx context.Context, res *Result, delivered bool) ([]outbound.Incident, error) {
	if res.Sent == nil || res.Sent.Seen == nil {
		return nil, nil
	}
	return f.o.Outbound.Keep(ctx, res.Sent.Seen, delivered)
}
