package inspect

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/script"
)

// pageFile looks at attached web pages and pictures in SVG for files that they carry in their text, and for scripts of their own. The text of a
// mail is none: mail programs run no scripts.
//
// A page smuggles when it hands over a file that it carries and that no browser shows: an archive, a program, a shortcut, a script, a disk image,
// a document with macros. It is also named when the script that hands a file over holds encoded content that nobody can read. A page that
// offers what it shows as a file (a table as CSV, a picture of a chart) carries no file, and one with a PDF or XML document in it carries
// nothing that runs; that is inspected, and not named.
type pageFile struct{}

var _ Inspector = pageFile{}

func (pageFile) Name() string { return "page" }

func (pageFile) Match(f *File) bool {
	switch f.Kind {
	case KindHTML, KindSVG:
		return f.listed || f.parent != nil && f.parent.Kind == KindMHT
	case KindXML:
		return f.listed
	case KindText, KindScript, KindData: // a browser goes by the name
		return f.listed && pageName(extension(f.typed))
	}
	return false
}

func pageName(ext string) bool {
	switch ext {
	case ".htm", ".html", ".shtml", ".xhtml", ".xht", ".svg", ".hta":
		return true
	}
	return false
}

const pageMax = 24 << 20 // bytes of a page: mail servers take no more in one attachment

func (x pageFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	if f.Kind == KindXML && !pageName(extension(f.typed)) {
		head, err := f.peek(ctx, 0, make([]byte, headSize))
		if err != nil || !bytes.Contains(head, []byte("http://www.w3.org/1999/xhtml")) {
			return err
		}
	}
	done, err := s.before(ctx, codeScript, min(f.Size, pageMax))
	if err != nil {
		return err
	}
	b, whole, err := f.squeezed(ctx, pageMax)
	if err != nil {
		done()
		return err
	}
	if !whole {
		s.limit(f, finding.LimitSize, "a page of %d bytes; %d of it were read", f.Size, len(b))
	}
	m := script.Parse(script.Decode(script.Text(b)))
	g, err := m.Read(ctx)
	if done(); err != nil {
		return err
	}
	s.beside(g.Text)
	if g.Launches != "" {
		s.found(f, finding.New(finding.URLFile, f.Path, "a page that leads to %.120q", g.Launches))
	}
	if f.Kind != KindScript {
		if err := x.scripts(ctx, f, s, m, g); err != nil {
			return err
		}
	}
	return x.payloads(ctx, f, s, g)
}

// scripts names a page whose scripts make objects that start programs, and a picture with scripts: who looks at it runs them.
func (pageFile) scripts(ctx context.Context, f *File, s *Scan, m *script.Markup, g *script.Page) error {
	r, err := together(ctx, m, append(g.Scripts, g.Written...))
	if err != nil {
		return err
	}
	copied := copies(append(g.Scripts, g.Written...))
	if !r.Host && !copied {
		r.Does = nil // words in a page's texts say nothing of what the page does
	}
	active := ""
	switch {
	case r.Run:
		active = "objects that start programs"
	case copied:
		active = "a command in the reader's clipboard"
	case f.Kind == KindSVG:
		active = activeSVG(m)
	}
	if active != "" {
		s.activeMarkup(f, &foundScript{f, active, r})
	}
	return nil
}

// copies reports whether a script puts a command into the clipboard, which the page's text asks its reader to paste and run.
func copies(list []*script.Report) bool {
	for _, r := range list {
		if r.Copies && (r.Strong && r.Suspicious() || len(r.Does) > 1) {
			return true
		}
	}
	return false
}

// activeSVG says what in a picture runs when it is opened (SVG 1.1 18), "" for none. What waits for a click is left to the reader.
func activeSVG(m *script.Markup) string {
	for i := range m.Sections {
		switch sec := &m.Sections[i]; {
		case sec.Event == "" && (sec.Src != "" || strings.TrimSpace(sec.Source) != ""):
			return "script in a picture"
		case strings.HasPrefix(sec.Event, "on") && sec.Event != "onclick" && !strings.HasPrefix(sec.Event, "onmouse"):
			return fmt.Sprintf("%.20q in a picture", sec.Event)
		}
	}
	for _, l := range m.Links {
		if l.Tag == "iframe" || l.Tag == "form" || l.Tag == "embed" || l.Tag == "object" {
			return fmt.Sprintf("<%s> in a picture", l.Tag)
		}
	}
	return ""
}

// payloads inspects the files that the page carries, and names the page that hands one over.
func (x pageFile) payloads(ctx context.Context, f *File, s *Scan, g *script.Page) error {
	var carried []string
	for i := range g.Payloads {
		p := &g.Payloads[i]
		if p.Plain && !hiddenBehind(p.Data) {
			continue
		}
		at := len(s.files)
		if err := s.member(ctx, f, payloadName(p, i), bytes.NewReader(p.Data)); err != nil {
			return err
		}
		if at < len(s.files) && smuggled(&s.files[at]) && (p.Handed || g.Hands != "") {
			carried = append(carried, fmt.Sprintf("%.40q %s by %s", payloadName(p, i), s.files[at].Kind, p.How))
		}
	}
	if len(carried) == 0 && g.Opaque > 0 && g.Hands != "" {
		carried = append(carried, fmt.Sprintf("%d bytes of encoded content", g.Opaque))
	}
	if len(carried) > 0 {
		s.found(f, finding.New(finding.HTMLSmuggling, f.Path, "%s: %s%s", handing(g), carried[0], others(len(carried)-1)))
	}
	return nil
}

func handing(g *script.Page) string {
	if g.Hands == "" {
		return "script"
	}
	return g.Hands
}

// hiddenBehind reports whether data that calls itself a picture is none.
func hiddenBehind(b []byte) bool {
	switch headKind(b[:min(len(b), headSize)]) {
	case KindZip, Kind7z, KindRAR, KindEXE, KindLNK, KindOLE, KindISO, KindCAB:
		return true
	}
	return false
}

func payloadName(p *script.Payload, n int) string {
	if p.Name != "" {
		return p.Name
	}
	return fmt.Sprintf("payload %d", n+1)
}

// smuggled reports whether a file is one that nobody embeds in a page to be looked at.
func smuggled(r *FileReport) bool {
	switch r.Kind {
	case KindZip, Kind7z, KindRAR, KindCAB, KindARJ, KindACE, KindLZH, KindALZ, KindEGG, KindTar, KindISO, KindUDF, KindIMG, KindVHD, KindVHDX,
		KindEXE, KindELF, KindMachO, KindMSI, KindCHM, KindLNK, KindURL, KindScript, KindOneNote:
		return true
	}
	return r.HasVBA || r.HasXLM || r.Encrypted
}
