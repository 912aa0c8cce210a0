package inspect

import (
	"fmt"
	"path"
	"strings"

	"sekisho/internal/finding"
	"sekisho/oleparse"
)

// objects adds what a document of either generation embeds, links to and asks of other programs: one finding for each sort, so that a
// presentation of a thousand objects does not push out what else is known.
func (s *Scan) objects(f *File, doc *oleparse.Document) {
	var embedded, packed, controls, exploits sightings
	for i := range doc.Objects {
		o := &doc.Objects[i]
		if o.Fault != "" {
			exploits.add(o.Path, named(o)+": "+o.Fault)
		}
		switch o.Kind {
		case oleparse.ObjectEmbedded:
			embedded.add(o.Path, named(o))
		case oleparse.ObjectPackage:
			packed.add(o.Path, named(o))
		case oleparse.ObjectControl:
			controls.add(o.Path, named(o))
		} // a linked object is among the links
	}
	if n := embedded.n + packed.n; n > 0 {
		s.report(f).OLEObjects = n
	}
	embedded.report(s, f, finding.OLEObject)
	packed.report(s, f, finding.OLEPackage)
	controls.report(s, f, finding.OfficeActiveX)
	exploits.report(s, f, finding.OLEExploit)
	s.links(f, doc)
	s.commands(f, doc)
}

// named is what a person knows an object by: its class and its file name.
func named(o *oleparse.Object) string {
	switch {
	case o.Class == "" && o.Name == "":
		return fmt.Sprintf("%.60q", path.Base(o.Path))
	case o.Name == "":
		return fmt.Sprintf("%.60q", o.Class)
	case o.Class == "" || o.Kind == oleparse.ObjectPackage:
		return fmt.Sprintf("%.60q", o.Name)
	}
	return fmt.Sprintf("%.60q (%.40q)", o.Name, o.Class)
}

// links adds what the program fetches when it opens the document. Local files are named in the report only.
func (s *Scan) links(f *File, doc *oleparse.Document) {
	var templates, objects, others sightings
	for i := range doc.Links {
		l := &doc.Links[i]
		if l.Type == oleparse.LinkTemplate {
			if r := s.report(f); r.ExternalTemplate == "" || l.Remote && templates.n == 0 {
				r.ExternalTemplate = l.Target
			}
		}
		switch {
		case !l.Remote:
		case l.Type == oleparse.LinkTemplate:
			templates.add(l.Path, fmt.Sprintf("%.120q", l.Target))
		case (l.Type == oleparse.LinkOLE || l.Type == oleparse.LinkFrame) && fetched(l.Target): // a frame shows whatever document comes
			objects.add(l.Path, fmt.Sprintf("%.120q", l.Target))
		default:
			others.add(l.Path, fmt.Sprintf("%s %.100q", l.Type, l.Target))
		}
	}
	templates.report(s, f, finding.OfficeRemoteTemplate)
	objects.report(s, f, finding.OfficeRemoteObject)
	others.report(s, f, finding.OfficeExternal)
}

// fetched reports whether a target has a scheme by which programs fetch content from an address or build it, whatever stands around it
// ("mhtml:http://…!x-usc:…", "script:…"). A file on a server of the firm (UNC, file:) is none: documents that were written together link so.
func fetched(target string) bool {
	scheme, rest, ok := strings.Cut(strings.TrimLeft(strings.ToLower(target), " \t\"'"), ":")
	return ok && len(scheme) > 1 && rest != "" && scheme != "file" && !strings.ContainsAny(scheme, "\\/ ")
}

// commands adds the instructions to other programs.
func (s *Scan) commands(f *File, doc *oleparse.Document) {
	var seen sightings
	for i := range doc.DDE {
		seen.add(doc.DDE[i].Path, fmt.Sprintf("%.120q", doc.DDE[i].Text))
	}
	if seen.n > 0 {
		s.report(f).DDE = true
	}
	seen.report(s, f, finding.OfficeDDE)
}

// sightings counts things of one sort, with the place of the first and the first few different words for them.
type sightings struct {
	n     int
	where string
	words []string
}

const sightingsShown = 3 // a detail has 200 bytes

func (l *sightings) add(where, word string) {
	if l.n++; l.n == 1 {
		l.where = where
	}
	for _, w := range l.words {
		if w == word {
			return
		}
	}
	if len(l.words) < sightingsShown {
		l.words = append(l.words, word)
	}
}

func (l *sightings) report(s *Scan, f *File, kind finding.Kind) {
	if l.n == 0 {
		return
	}
	at, text := f.Path, strings.Join(l.words, ", ")
	if l.where != "" {
		at = at.Child(l.where)
	}
	if l.n > 1 {
		text = fmt.Sprintf("%d: %s", l.n, text)
	}
	s.found(f, finding.New(kind, at, "%s", text))
}
