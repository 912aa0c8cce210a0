package message

import (
	"slices"
	"strings"
)

// entity is what a part's header says of its body: every reading that programs may come to.
type entity struct {
	header    *Header
	typ       string // the type that counts, lower case
	others    []string
	charset   string
	enc       transfer
	encs      []transfer // other readings of Content-Transfer-Encoding
	names     []string
	attached  bool     // by Content-Disposition
	bounds    []string // candidate boundaries
	unbound   bool     // a boundary is given that cannot be used: parts may hide behind it
	problems  []string
	described bool // Content-Type is there
}

// readEntity reads the fields of RFC 2045 and RFC 2183. def is the type of a part without Content-Type.
func readEntity(h *Header, def string) *entity {
	e := &entity{header: h}
	var dispositions, types [][]param
	for i := range h.Fields {
		f := &h.Fields[i]
		switch {
		case sameName(f.Name, "Content-Type"):
			types = append(types, e.contentType(f.Raw))
		case sameName(f.Name, "Content-Transfer-Encoding"):
			e.transferEncoding(f.Raw)
		case sameName(f.Name, "Content-Disposition"):
			v, ps, problems := parseParams(f.Raw)
			e.problems = append(e.problems, problems...)
			e.attached = e.attached || v != "" && !strings.EqualFold(v, "inline")
			dispositions = append(dispositions, ps)
		}
	}
	e.collectNames(dispositions, types)
	e.settle(def)
	return e
}

// contentType takes one Content-Type field.
func (e *entity) contentType(raw string) []param {
	v, ps, problems := parseParams(raw)
	e.problems = append(e.problems, problems...)
	v = strings.ToLower(strings.Trim(v, " \t/"))
	switch {
	case e.described && v != "" && v != e.typ:
		e.problems = append(e.problems, "conflicting Content-Type fields")
		e.others = append(e.others, v)
	case e.typ == "":
		e.typ = v
	}
	e.described = true
	for i := range ps {
		switch ps[i].name {
		case "boundary":
			e.addBounds(ps[i].values)
		case "charset":
			if e.charset == "" {
				e.charset = ps[i].values[0]
			}
		}
	}
	return ps
}

// maxBounds is how many boundaries one multipart may have: each reading of a parameter given twice in broken quotes.
const maxBounds = 8

// maxBoundary bounds a boundary: RFC 2046 5.1.1 allows 70 characters, programs accept any line of RFC 5322.
const maxBoundary = 998

func (e *entity) addBounds(values []string) {
	for _, v := range values {
		for _, b := range []string{strings.TrimRight(v, " \t"), strings.Trim(v, " \t")} {
			switch {
			case b == "" || slices.Contains(e.bounds, b):
			case len(b) > maxBoundary || len(e.bounds) >= maxBounds:
				e.unbound = true
			default:
				e.bounds = append(e.bounds, b)
			}
		}
	}
	e.unbound = e.unbound || len(e.bounds) == 0
}

// transferEncoding takes one Content-Transfer-Encoding field: its first word, out of quotes and comments.
func (e *entity) transferEncoding(raw string) {
	v, _, _ := parseParams(raw)
	enc := encodingOf(v)
	if v == "" && strings.Trim(raw, " \t") != "" {
		enc = unknownEncoding
	}
	switch {
	case len(e.encs) == 0:
		e.enc = enc
	case enc != e.enc:
		e.problems = append(e.problems, "conflicting Content-Transfer-Encoding fields")
	}
	if !slices.Contains(e.encs, enc) {
		e.encs = append(e.encs, enc)
	}
	if enc == unknownEncoding {
		e.problems = append(e.problems, "unknown Content-Transfer-Encoding")
	}
	e.laterWords(raw)
}

// laterWords takes the encodings that stand behind the first word: programs that search the field for one find them.
func (e *entity) laterWords(raw string) {
	for w := range strings.FieldsFuncSeq(raw[:min(len(raw), maxEncodingField)], func(c rune) bool { return c <= ' ' || strings.ContainsRune(`,;()"`, c) }) {
		if enc := encodingOf(w); enc != identity && enc != unknownEncoding && !slices.Contains(e.encs, enc) {
			e.problems = append(e.problems, "Content-Transfer-Encoding with more than one word")
			e.encs = append(e.encs, enc)
		}
	}
}

// maxEncodingField is how much of the field is searched; a comment in it is shorter.
const maxEncodingField = 4096

func encodingOf(v string) transfer {
	switch strings.ToLower(v) {
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit", "7bits", "8bits", "none":
		return identity
	case "base64", "base-64", "x-base64", "b":
		return base64Encoding
	case "quoted-printable", "quotedprintable", "quoted_printable", "q", "qp":
		return quotedPrintable
	case "x-uuencode", "uuencode", "x-uue", "uue", "x-uu":
		return uuencode
	}
	return unknownEncoding
}

// collectNames gathers every file name, the one most programs show first: filename before name, extended (RFC 2231) before plain.
func (e *entity) collectNames(dispositions, types [][]param) {
	for _, extended := range []bool{true, false} {
		for _, ps := range dispositions {
			e.addNames(ps, "filename", extended)
		}
	}
	for _, extended := range []bool{true, false} {
		for _, ps := range types {
			e.addNames(ps, "name", extended)
			e.addNames(ps, "filename", extended)
		}
	}
	for _, ps := range dispositions {
		e.addNames(ps, "name", true)
		e.addNames(ps, "name", false)
	}
}

// maxNames bounds the readings of a part's name.
const maxNames = 16

func (e *entity) addNames(ps []param, name string, extended bool) {
	for i := range ps {
		if ps[i].name != name || ps[i].extended != extended {
			continue
		}
		for _, n := range ps[i].texts() {
			if n != "" && len(e.names) < maxNames && !slices.Contains(e.names, n) {
				e.names = append(e.names, n)
			}
		}
	}
}

// settle chooses between conflicting types: a container before a leaf, because it has more to show; the rest stays in others.
func (e *entity) settle(def string) {
	for i, t := range e.others {
		if isMultipart(t) && !isMultipart(e.typ) || isMessage(t) && !isMultipart(e.typ) && !isMessage(e.typ) {
			e.typ, e.others[i] = t, e.typ
		}
	}
	switch {
	case e.typ == "" && len(e.bounds) > 0:
		e.typ = "multipart/mixed"
	case e.typ == "":
		e.typ = def // RFC 2045 5.2
	case e.typ == "text":
		e.typ = "text/plain"
	case e.typ == "multipart":
		e.typ = "multipart/mixed"
	}
}

func isMultipart(t string) bool { return t == "multipart" || strings.HasPrefix(t, "multipart/") }

// isMessage tells the types whose body is a message that programs open (RFC 2046 5.2.1, RFC 6532 3.7).
func isMessage(t string) bool {
	switch t {
	case "message/rfc822", "message/global", "message/news", "message/rfc2822", "text/rfc822":
		return true
	}
	return false
}

// isReport tells the machine-readable reports that programs show as text (RFC 3464, RFC 8098, RFC 5965, RFC 6533).
func isReport(t string) bool {
	switch t {
	case "message/delivery-status", "message/disposition-notification", "message/feedback-report", "message/global-delivery-status",
		"message/global-disposition-notification":
		return true
	}
	return false
}

// notText tells the types that make a part an attachment by themselves.
func notText(t string) bool { return !isText(t) && !isReport(t) }

func isText(t string) bool { return strings.HasPrefix(t, "text/") }

// encoded reports whether the body must be decoded before it can be walked.
func (e *entity) encoded() bool { return e.enc != identity && e.enc != unknownEncoding }
