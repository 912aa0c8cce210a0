package inspect

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/flatxml"
	"sekisho/oleparse"
)

// flatFile reads Office documents that are one XML file: Flat OPC, Word 2003 XML, XML Spreadsheet 2003.
type flatFile struct{}

var _ Inspector = flatFile{}

func (flatFile) Name() string { return "flat" }

func (flatFile) Match(f *File) bool { return f.Kind == KindXML }

func (x flatFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	format, err := flatxml.Identify(f.reader(ctx))
	switch {
	case err != nil:
		return err
	case format == flatxml.Package:
		return x.opc(ctx, f, s)
	case format == flatxml.Page:
		return htmlFile{}.Inspect(ctx, f, s)
	case format != flatxml.Other:
		return x.old(ctx, f, s)
	}
	return nil
}

// officeXML tells a document of Office without an XML declaration by the name spaces in its first bytes.
func officeXML(b []byte) bool {
	if !bytes.HasPrefix(b, []byte("<")) {
		return false
	}
	low := bytes.ToLower(b)
	for _, space := range []string{"microsoft.com/office/2006/xmlpackage", "microsoft.com/office/word/2003/wordml", "urn:schemas-microsoft-com:office:spreadsheet"} {
		if bytes.Contains(low, []byte(space)) {
			return true
		}
	}
	return false
}

// wideXML tells XML in UTF-16 without a byte order mark, in UTF-32 and in EBCDIC (XML 1.0 appendix F).
func wideXML(b []byte) bool {
	four := bytes.TrimPrefix(bytes.TrimPrefix(b, []byte("\xFF\xFE\x00\x00")), []byte("\x00\x00\xFE\xFF"))
	if bytes.HasPrefix(four, []byte("<\x00\x00\x00")) || bytes.HasPrefix(four, []byte("\x00\x00\x00<")) || bytes.HasPrefix(b, []byte("\x4C\x6F\xA7\x94\x93")) {
		return true
	}
	return bytes.HasPrefix(b, []byte("<\x00?\x00x\x00")) || bytes.HasPrefix(b, []byte("\x00<\x00?\x00x"))
}

// opc inspects a Flat OPC document as the package it stands for: the macros in its parts are its own.
func (flatFile) opc(ctx context.Context, f *File, s *Scan) error {
	cut := false
	err := s.inPlace(ctx, f, func(w io.Writer) error {
		sink := &zipSink{z: zip.NewWriter(w)}
		var err error
		if cut, err = flatxml.Parts(f.reader(ctx), sink); err == nil {
			err = sink.close()
		}
		return err
	})
	if cut {
		s.limit(f, finding.LimitFiles, "more parts, or larger tags, than the limit")
	}
	return err
}

// zipSink writes parts into an archive without compression.
type zipSink struct {
	z     *zip.Writer
	types []string
}

const partNameMax = 4096 // far above what file systems allow; an archive takes 65,535

const typesName = "[Content_Types].xml" // ECMA-376-2 7.2.3.2

func (k *zipSink) Part(name, contentType string) (io.Writer, error) {
	name = strings.Trim(name[:min(len(name), partNameMax)], `/\`) // one that ends in a slash would be a folder
	if strings.EqualFold(name, typesName) {                       // a flat document's types are attributes
		name = "_" + name
	}
	k.types = append(k.types, name, contentType)
	return k.z.CreateHeader(&zip.FileHeader{Name: name})
}

// close adds the content types, and the relationships of the root as an empty part where the document has none.
func (k *zipSink) close() error {
	w, err := k.z.CreateHeader(&zip.FileHeader{Name: typesName})
	if err != nil {
		return err
	}
	if _, err := w.Write(flatxml.ContentTypes(k.types)); err != nil {
		return err
	}
	return k.z.Close()
}

// old inspects a document of Office 2003: its markup, then the files packed into it. The VBA project is one of them.
func (flatFile) old(ctx context.Context, f *File, s *Scan) error {
	doc, err := oleparse.ReadXML(ctx, f.reader(ctx), oleparse.Options{Text: s.text(f)})
	if err != nil {
		return err
	}
	if err := s.document(ctx, f, doc); err != nil {
		return err
	}
	first := len(s.files)
	err = flatxml.Binaries(f.reader(ctx), func(name string, content io.Reader) error {
		return s.member(ctx, f, name, content)
	})
	s.adopt(f, first)
	return err
}

// adopt reports the VBA projects of the files listed since first that ActiveMime held as those of the document f: Office takes them for its own.
func (s *Scan) adopt(f *File, first int) {
	for i := first; i < len(s.files); i++ {
		inner := s.files[i]
		if !inner.HasVBA || !s.active[i] {
			continue
		}
		r := s.report(f)
		r.HasVBA = true
		for _, m := range inner.Modules {
			m.Stream = strings.TrimPrefix(strings.TrimPrefix(inner.Path, f.Path.String()), "!/") + "/" + m.Stream
			r.Modules = append(r.Modules, m)
		}
		s.fingerprint(f, s.units[i]...)
	}
}
