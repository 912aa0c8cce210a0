package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sekisho/internal/address"
	"sekisho/internal/ledger"
	"sekisho/internal/maillog"
	"sekisho/internal/mailstore"
	"sekisho/internal/message"
	senders "sekisho/internal/sender"
	"sekisho/internal/thread"
)

// reason is why a mail is passed over.
type reason string

const (
	passForeign   reason = "foreign"      // From is none of ours
	passReceived  reason = "received"     // it came to a mailbox: anybody can have written our name into it
	passDraft     reason = "draft"        // it has not left
	passUndated   reason = "undated"      // nothing says when it was written
	passOld       reason = "old"          // everything of that time is forgotten
	passNobody    reason = "no-recipient" // it went to nobody
	passNull      reason = "null-sender"  // of a log: bounces, and automatic answers as they should be
	passOutside   reason = "outside"      // of a log: neither authenticated nor from our networks
	passProgram   reason = "program"      // of a log: a program on the server wrote it
	passUnreadble reason = "unreadable"   // its header could not be read
)

const (
	maxLogs     = 10_000         // log files of one import: years of daily ones
	maxFailures = 50             // files that are named: the rest is counted
	importBatch = 256            // mails that are learned together
	importAhead = 24 * time.Hour // a mail from the future is of now
)

// importer learns what our people sent.
type importer struct {
	ctx     context.Context
	books   *books
	archive bool // what is given holds only what was sent, whatever its name
	now     time.Time
	oldest  time.Time

	waiting              []ledger.Sent
	logs                 []mailstore.File
	passed               map[reason]int
	learned, known       int
	files, other, failed int
	read                 int64
	bar                  byteBar
}

func newImporter(ctx context.Context, b *books, archive bool) *importer {
	now := time.Now()
	return &importer{ctx: ctx, books: b, archive: archive, now: now, oldest: now.Add(-b.cfg.Ledger.Keep), passed: map[reason]int{}, bar: newByteBar(b.err)}
}

func (i *importer) run(paths []string) error {
	if i.bar.w != nil {
		if err := i.measure(paths); err != nil {
			return err
		}
	}
	for _, p := range paths {
		if err := mailstore.Walk(i.ctx, p, i.file, i.fail); err != nil {
			return err
		}
	}
	if err := i.readLogs(); err != nil {
		return err
	}
	return i.flush()
}

// measure adds up what is to be read.
func (i *importer) measure(paths []string) error {
	for _, p := range paths {
		err := mailstore.Walk(i.ctx, p, func(f mailstore.File) error { i.bar.total += f.Size; return nil }, func(string, error) {})
		if err != nil {
			return err
		}
	}
	return nil
}

// fail counts what cannot be read, and names it.
func (i *importer) fail(path string, err error) {
	if i.failed++; i.failed <= maxFailures {
		i.bar.clear()
		fmt.Fprintf(i.books.err, "sekisho: %s: %s\n", printable(path), printable(err.Error()))
	}
}

func (i *importer) progress(n int) {
	i.read += int64(n)
	i.bar.step(i.read, i.learned+i.known)
}

// file reads a file of mails; logs are read when all of them are known.
func (i *importer) file(f mailstore.File) error {
	r, err := f.Open(i.progress)
	if err != nil {
		i.fail(f.Path, err)
		return nil
	}
	defer r.Close()
	switch {
	case r.Kind == mailstore.Other:
		i.other++
		return nil
	case r.Kind == mailstore.Log:
		if len(i.logs) < maxLogs {
			i.logs = append(i.logs, f)
		}
		return nil
	case f.Draft:
		i.files++
		i.passed[passDraft]++
		return nil
	}
	i.files++
	var learning error
	err = r.Messages(func(h *message.Header) error {
		learning = i.message(f, r.Kind, h)
		return learning
	})
	if learning == nil && err != nil {
		i.fail(f.Path, err)
	}
	return learning
}

// message learns one mail by its header.
func (i *importer) message(f mailstore.File, kind mailstore.Kind, h *message.Header) error {
	if err := i.ctx.Err(); err != nil {
		return err
	}
	s, why := i.sent(f, kind, h)
	if why != "" {
		i.passed[why]++
		return nil
	}
	return i.learn(s)
}

// sent makes of a header what is learned, or says why not. A header that cannot be read is the mail's trouble, never the import's.
func (i *importer) sent(f mailstore.File, kind mailstore.Kind, h *message.Header) (s ledger.Sent, why reason) {
	defer func() {
		if recover() != nil {
			why = passUnreadble
		}
	}()
	from := h.Addresses("From")
	if len(from) == 0 || !i.ours(from[0].Addr) {
		return s, passForeign
	}
	if !f.Sent && !i.archive && cameHere(h) {
		return s, passReceived
	}
	clues := thread.Read(h, "")
	s = ledger.Sent{
		From: address.Fold(from[0].Addr), Names: senders.ParseName(from[0].Name).Keys, MessageID: clues.MessageID, Refs: clues.Refs,
		Subject: clues.Subject, To: addresses(h, "To"), Cc: addresses(h, "Cc"), Reply: clues.Reply, Robot: clues.Robot != thread.Human,
	}
	s.Rcpts = slices.Concat(s.To, s.Cc, addresses(h, "Bcc"))
	if len(s.Rcpts) == 0 {
		return s, passNobody
	}
	s.Time, why = i.time(f, kind, h)
	return s, why
}

// time is when a mail was written: by its header, else when its file was.
func (i *importer) time(f mailstore.File, kind mailstore.Kind, h *message.Header) (time.Time, reason) {
	t, err := netmail.ParseDate(h.Get("Date"))
	if err != nil {
		if kind == mailstore.Mbox {
			return t, passUndated
		}
		t = f.ModTime
	}
	if t.After(i.now.Add(importAhead)) {
		t = i.now
	}
	if t.Before(i.oldest) {
		return t, passOld
	}
	return t, ""
}

// cameHere reports whether a mail was delivered to a mailbox: fields that MTAs write on arrival (RFC 5321 4.4).
func cameHere(h *message.Header) bool {
	return slices.ContainsFunc(h.Fields, func(f message.Field) bool {
		switch strings.ToLower(f.Name) {
		case "received", "return-path", "delivered-to", "x-original-to", "envelope-to":
			return true
		}
		return false
	})
}

func (i *importer) ours(addr string) bool {
	return i.books.site.Local(addr) || slices.ContainsFunc(i.books.site.People, func(p message.Person) bool { return strings.EqualFold(p.Address, addr) })
}

func addresses(h *message.Header, field string) (list []string) {
	for _, a := range h.Addresses(field) {
		if strings.IndexByte(a.Addr, '@') > 0 {
			list = append(list, address.Fold(a.Addr))
		}
	}
	return list
}

// learn collects what is learned together.
func (i *importer) learn(s ledger.Sent) error {
	if i.waiting = append(i.waiting, s); len(i.waiting) < importBatch {
		return nil
	}
	return i.flush()
}

func (i *importer) flush() error {
	n, err := i.books.talks.ImportSent(i.ctx, i.waiting)
	i.learned += n
	if err == nil {
		i.known += len(i.waiting) - n
	}
	i.waiting = i.waiting[:0]
	return err
}

// readLogs reads logs from the oldest on: what a mail's lines say may lie in two of them.
func (i *importer) readLogs() error {
	slices.SortStableFunc(i.logs, func(a, b mailstore.File) int {
		return cmp.Or(a.ModTime.Compare(b.ModTime), cmp.Compare(a.Path, b.Path))
	})
	r := &maillog.Reader{Emit: i.logged}
	for _, f := range i.logs {
		i.files++
		r.File(f.ModTime)
		if err := i.readLog(r, f); err != nil {
			return err
		}
	}
	return r.Flush()
}

func (i *importer) readLog(r *maillog.Reader, f mailstore.File) error {
	in, err := f.Open(i.progress)
	if err != nil {
		i.fail(f.Path, err)
		return nil
	}
	defer in.Close()
	for whole := true; ; {
		line, err := in.ReadSlice('\n')
		if whole && (err == nil || errors.Is(err, io.EOF)) {
			if err := cmp.Or(i.ctx.Err(), r.Line(strings.TrimRight(string(line), "\r\n"))); err != nil {
				return err
			}
		}
		switch whole = err == nil; {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			i.fail(f.Path, err)
			return nil
		}
	}
}

// logged learns a mail of a log. Whether it was an answer, and to whom, no log says: it counts as one, by which only a single addressee becomes known.
func (i *importer) logged(m maillog.Mail) error {
	if why := i.strange(m); why != "" {
		i.passed[why]++
		return nil
	}
	s := ledger.Sent{Time: m.Time, From: address.Fold(m.From), MessageID: thread.ID(m.MessageID), Reply: true}
	for _, a := range m.Rcpts {
		s.Rcpts = append(s.Rcpts, address.Fold(a))
	}
	return i.learn(s)
}

// strange says why a mail of a log is none of our people's.
func (i *importer) strange(m maillog.Mail) reason {
	switch {
	case m.From == "":
		return passNull
	case !i.ours(m.From):
		return passForeign
	case m.Local:
		return passProgram
	case m.User == "" && !i.inside(m.Client):
		return passOutside
	case m.Time.Before(i.oldest) || m.Time.After(i.now.Add(importAhead)):
		return passOld
	}
	return ""
}

// inside reports whether a client is of our networks. What this host gives itself came from a content filter, and may be anybody's.
func (i *importer) inside(client netip.Addr) bool {
	return client.IsValid() && !client.IsLoopback() && slices.ContainsFunc(i.books.site.InternalNetworks, func(p netip.Prefix) bool { return p.Contains(client) })
}
