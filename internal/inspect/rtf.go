package inspect

import (
	"context"
	"fmt"
	"io"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/rtf"
)

// rtfFile reads Rich Text Format (RTF 1.9.1). Its objects are files inside it.
type rtfFile struct{}

var _ Inspector = rtfFile{}

func (rtfFile) Name() string { return "rtf" }

func (rtfFile) Match(f *File) bool { return f.Kind == KindRTF }

func (rtfFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	r := &rtfScan{s: s, f: f}
	doc, err := rtf.Read(ctx, f.reader(ctx), f.Size, rtf.Options{
		Text:   s.text(f),
		Object: func(o *rtf.Object, content io.Reader) error { return r.object(ctx, o, content) },
	})
	s.report(f).RTFObjects = doc.Objects
	if more := doc.Objects - r.told; more > 0 {
		s.found(f, finding.New(finding.RTFObject, f.Path, "%d objects in all", doc.Objects))
	}
	r.links(doc)
	r.problems(doc)
	return err
}

// rtfScan is one RTF file being inspected.
type rtfScan struct {
	s         *Scan
	f         *File
	told      int // objects with a finding of their own
	equations int
}

const rtfTold = 16 // objects that have findings of their own: a thesis has hundreds of formulas

// object inspects one object's content and says what it is.
func (r *rtfScan) object(ctx context.Context, o *rtf.Object, content io.Reader) error {
	name := rtfName(o)
	var err error
	if o.Kind != rtf.KindEmpty && o.Kind != rtf.KindLinked {
		err = r.s.member(ctx, r.f, name, content)
	}
	path := r.f.Path.Child(name)
	if r.told < rtfTold {
		r.told++
		r.s.found(r.f, finding.New(finding.RTFObject, path, "%s", rtfDetail(o)))
		if o.Kind == rtf.KindPackage {
			r.s.found(r.f, finding.New(finding.OLEPackage, path, "%q from %q", o.Name, o.Source))
		}
	}
	if o.Equation {
		if r.equations++; r.equations == 1 {
			r.s.found(r.f, finding.New(finding.RTFEquation, path, "%s", rtfDetail(o)))
		}
	}
	return err
}

// rtfName is an object's name in paths: a package's own, else the number.
func rtfName(o *rtf.Object) string {
	if o.Name != "" {
		return o.Name
	}
	return fmt.Sprintf("object %d", o.Number)
}

// rtfDetail describes an object in technical words.
func rtfDetail(o *rtf.Object) string {
	words := []string{string(o.Kind)}
	if o.Class != "" {
		words = append(words, fmt.Sprintf("class %q", o.Class))
	}
	if o.Declared != "" && !strings.EqualFold(o.Declared, o.Class) {
		words = append(words, fmt.Sprintf("\\objclass %q", o.Declared))
	}
	if o.CLSID != "" {
		words = append(words, fmt.Sprintf("\\oleclsid %q", o.CLSID))
	}
	if o.Target != "" {
		words = append(words, fmt.Sprintf("target %q", o.Target))
	}
	if o.Update {
		words = append(words, "\\objupdate")
	}
	return strings.Join(words, ", ")
}

// links says what the document fetches from elsewhere, and what it starts.
func (r *rtfScan) links(doc *rtf.Document) {
	told := map[finding.Kind]int{}
	for _, l := range doc.Links {
		kind := finding.OfficeExternal
		if l.Type == rtf.LinkTemplate {
			kind = finding.OfficeRemoteTemplate
		}
		if l.Remote && told[kind] < rtfTold {
			told[kind]++
			r.s.found(r.f, finding.New(kind, r.f.Path, "%s %q", l.Type, l.Target))
		}
		if l.Remote && l.Type == rtf.LinkTemplate {
			r.s.report(r.f).ExternalTemplate = l.Target
		}
	}
	if len(doc.DDE) > 0 {
		r.s.report(r.f).DDE = true
		r.s.found(r.f, finding.New(finding.OfficeDDE, r.f.Path, "%q", doc.DDE[0].Text))
	}
}

// problems says what could not be read, once.
func (r *rtfScan) problems(doc *rtf.Document) {
	for _, p := range doc.Problems {
		if p.Unread {
			r.s.incomplete = true
			r.s.found(r.f, finding.New(finding.OfficeUnreadable, r.f.Path, "offset %d: %s", p.Offset, p.Text))
			return
		}
	}
}
