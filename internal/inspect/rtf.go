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
	r.objects.report(s, f, finding.RTFObject)
	r.packages.report(s, f, finding.OLEPackage)
	r.controls.report(s, f, finding.OfficeActiveX)
	r.equations.report(s, f, finding.RTFEquation)
	r.exploits.report(s, f, finding.OLEExploit)
	r.links(doc)
	r.problems(doc)
	return err
}

// rtfScan is one RTF file being inspected.
type rtfScan struct {
	s                                                *Scan
	f                                                *File
	objects, packages, controls, equations, exploits sightings
}

// object inspects one object's content and notes what it is.
func (r *rtfScan) object(ctx context.Context, o *rtf.Object, content io.Reader) error {
	name := rtfName(o)
	var err error
	if o.Kind != rtf.KindEmpty && o.Kind != rtf.KindLinked {
		_, err = r.s.carried(ctx, r.f, name, []string{o.Name, o.Source}, content)
	}
	r.objects.add(name, rtfDetail(o)) // its class is known now that its content was read
	if o.Kind == rtf.KindPackage {
		r.packages.add(name, fmt.Sprintf("%.60q", o.Name))
	}
	if o.Control {
		r.controls.add(name, rtfDetail(o))
	}
	if o.Equation {
		r.equations.add(name, rtfDetail(o))
	}
	if o.Attacked != "" || o.Update && o.Kind != rtf.KindLinked {
		r.exploits.add(name, rtfDetail(o))
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
		words = append(words, fmt.Sprintf("%.40q", o.Class))
	}
	if o.Declared != "" && !strings.EqualFold(o.Declared, o.Class) {
		words = append(words, fmt.Sprintf("\\objclass %.40q", o.Declared))
	}
	if o.CLSID != "" {
		words = append(words, fmt.Sprintf("\\oleclsid %.40q", o.CLSID))
	}
	if o.Root != "" {
		words = append(words, o.Root)
	}
	if o.Attacked != "" {
		words = append(words, "known of "+o.Attacked)
	}
	if o.Name != "" {
		words = append(words, fmt.Sprintf("%.60q", o.Name))
	}
	if o.Target != "" {
		words = append(words, fmt.Sprintf("target %.100q", o.Target))
	}
	if o.Update {
		words = append(words, "\\objupdate")
	}
	return strings.Join(words, " ")
}

// links says what the document fetches from elsewhere, and what it starts.
func (r *rtfScan) links(doc *rtf.Document) {
	var templates, objects, others, commands sightings
	for _, l := range doc.Links {
		switch {
		case l.Type == rtf.LinkObject && fetched(l.Target):
			objects.add("", fmt.Sprintf("%.120q", l.Target))
		case l.Type == rtf.LinkTemplate && l.Remote:
			r.s.report(r.f).ExternalTemplate = l.Target
			templates.add("", fmt.Sprintf("%.120q", l.Target))
		case l.Remote:
			others.add("", fmt.Sprintf("%s %.100q", l.Type, l.Target))
		}
	}
	for _, c := range doc.DDE {
		r.s.report(r.f).DDE = true
		commands.add("", fmt.Sprintf("%.120q", c.Text))
	}
	templates.report(r.s, r.f, finding.OfficeRemoteTemplate)
	objects.report(r.s, r.f, finding.OfficeRemoteObject)
	others.report(r.s, r.f, finding.OfficeExternal)
	commands.report(r.s, r.f, finding.OfficeDDE)
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
