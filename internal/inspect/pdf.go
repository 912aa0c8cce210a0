package inspect

import (
	"context"
	"fmt"
	"io"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/links"
	"sekisho/internal/pdf"
)

// pdfFile reads PDF files (ISO 32000). The files embedded in one are files inside it.
type pdfFile struct{}

var _ Inspector = pdfFile{}

func (pdfFile) Name() string { return "pdf" }

func (pdfFile) Match(f *File) bool { return f.Kind == KindPDF || f.pdf && f.listed }

func (pdfFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	d, err := s.openPDF(ctx, f)
	switch {
	case err != nil:
		return err
	case d.Locked() && d.Openable():
		s.report(f).Encrypted = true
		return s.lock(ctx, f, unlockPDF)
	}
	return s.readPDF(ctx, f, d)
}

func (s *Scan) openPDF(ctx context.Context, f *File) (*pdf.File, error) {
	return pdf.Open(ctx, f.reader(ctx), f.Size, pdf.Options{Unpack: func(r io.Reader) io.Reader { return &unpacking{ctx, s, f, r, 0} }})
}

// unlockPDF tries passwords on a locked file.
func unlockPDF(ctx context.Context, f *File, s *Scan) (left bool, err error) {
	d, err := s.openPDF(ctx, f)
	if err != nil {
		return true, err
	}
	for w := range s.tries(ctx, d.TryCost()) {
		if d.Try(w.Text) {
			s.openedBy(f, finding.OfficePasswordFound, w)
			break
		}
	}
	return d.Locked(), s.readPDF(ctx, f, d)
}

// readPDF adds what is in a file, as far as it is open.
func (s *Scan) readPDF(ctx context.Context, f *File, d *pdf.File) error {
	doc, err := d.Read()
	if scheme, _ := d.Encrypted(); d.Locked() {
		s.report(f).Encrypted = true
		s.found(f, finding.New(finding.PDFEncrypted, f.Path, "%s: a password or key opens it", scheme))
	}
	s.pdfScripts(f, doc)
	s.pdfActions(f, doc)
	s.pdfLinks(f, doc)
	for _, p := range doc.Problems {
		if p.Unread {
			s.found(f, finding.New(finding.ScanIncomplete, f.Path, "offset %d: %s", p.Offset, p.Text))
			break
		}
	}
	if err != nil {
		return err
	}
	return s.pdfFiles(ctx, f, doc)
}

// pdfScripts is one finding for all scripts: when they start, and how the first begins.
func (s *Scan) pdfScripts(f *File, doc *pdf.Document) {
	if len(doc.Scripts) == 0 {
		return
	}
	events, begin := map[string]bool{}, ""
	for _, script := range doc.Scripts {
		events[script.Event] = true
		if begin == "" {
			begin = strings.TrimSpace(script.Text)
		}
	}
	words := []string{fmt.Sprintf("%d", len(doc.Scripts))}
	for _, e := range []string{"OpenAction", "JavaScript", "AA", "XFA"} {
		if events[e] {
			words = append(words, e)
		}
	}
	if begin != "" {
		words = append(words, fmt.Sprintf("%.100q", begin))
	}
	s.found(f, finding.New(finding.PDFJavaScript, f.Path, "%s", strings.Join(words, " ")))
}

// pdfActions adds what starts a program, or opens a file on another machine by itself.
func (s *Scan) pdfActions(f *File, doc *pdf.Document) {
	var launches sightings
	for _, a := range doc.Actions {
		if launched(a) {
			launches.add("", strings.TrimSpace(fmt.Sprintf("%s %s %.80q %.60q", a.Event, a.Type, a.Target, a.Params)))
		}
	}
	for _, script := range doc.Scripts {
		if script.Event != "" && strings.Contains(script.Text, "exportDataObject") && strings.Contains(script.Text, "nLaunch") {
			launches.add("", script.Event+" exportDataObject nLaunch") // it saves an embedded file and opens it
		}
	}
	for _, address := range doc.Links {
		if starts(address) {
			launches.add("", fmt.Sprintf("URI %.120q", address))
		}
	}
	launches.report(s, f, finding.PDFLaunch)
}

// starts reports whether an address starts a program of Windows, and not a browser or a mail program.
func starts(address string) bool {
	scheme, rest, _ := strings.Cut(strings.ToLower(strings.TrimSpace(address)), ":")
	switch scheme {
	case "ms-msdt", "search-ms", "search", "ms-appinstaller", "ms-officecmd", "ms-cxh", "vbscript":
		return true
	case "file":
		return runs(rest) || program(extension(rest))
	}
	return false
}

// launched tells an attack from the links to documents that producers make of an author's: those are clicked, have no parameters, and lead to a document.
func launched(a pdf.Action) bool {
	away := strings.HasPrefix(a.Target, `\\`) || strings.HasPrefix(a.Target, "//")
	switch {
	case a.Type == "Launch" && (a.Params != "" || a.Event != ""):
		return true
	case a.Event != "" && away:
		return true
	}
	return (a.Type == "Launch" || away) && (runs(a.Target) || program(extension(a.Target)))
}

// pdfLinks adds the links that lead to files.
func (s *Scan) pdfLinks(f *File, doc *pdf.Document) {
	var files sightings
	for _, address := range doc.Links {
		if l, ok := links.Of(address); ok && l.Class != links.Other {
			files.add("", fmt.Sprintf("%s %.80q", l.Class, l.URL))
		}
	}
	files.report(s, f, finding.MailDocumentLink)
}

// pdfFiles inspects the embedded files.
func (s *Scan) pdfFiles(ctx context.Context, f *File, doc *pdf.Document) error {
	var embedded sightings
	defer func() { embedded.report(s, f, finding.PDFEmbedded) }()
	for i := range doc.Files {
		e := &doc.Files[i]
		names := e.Names
		if len(names) == 0 {
			names = []string{fmt.Sprintf("object %d", e.Object)}
		}
		embedded.add(names[0], fmt.Sprintf("%.60q", names[0]))
		if _, err := s.carried(ctx, f, names[0], names, e.Open()); err != nil {
			return err
		}
	}
	return nil
}
