package xlm

import (
	"math"
	"strconv"
	"strings"
)

// kind is what a value is.
type kind uint8

const (
	unknown kind = iota // depends on the machine, the user or what we do not work out; str holds the text as far as it is known
	empty
	number
	text
	boolean
	failure // an error value
	reference
	array // of numbers, texts …, row by row
)

// value is what an expression gives.
type value struct {
	kind  kind
	num   float64
	str   string
	area  area
	elems []value
	cols  int
}

// gap stands in a text for a part that is not known.
const gap = "…"

const textMax = 32767 // characters of a cell (MS-XLS 2.5.293); Excel makes longer ones #VALUE!

// num is a number; what is none is #NUM!.
func num(f float64) value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return errNum
	}
	return value{kind: number, num: f}
}

// str is a text; what no cell holds is #VALUE!.
func str(s string) value {
	if len(s) > textMax && length(s) > textMax {
		return errValue
	}
	return value{kind: text, str: s}
}

// truth is a condition.
func truth(b bool) value {
	if b {
		return value{kind: boolean, num: 1}
	}
	return value{kind: boolean}
}

// ref is a reference; one that leads out of the sheet is #REF!.
func ref(a area) value {
	if !a.valid() {
		return errRef
	}
	return value{kind: reference, area: a}
}

var (
	errValue = value{kind: failure, str: "#VALUE!"}
	errNum   = value{kind: failure, str: "#NUM!"}
	errRef   = value{kind: failure, str: "#REF!"}
	errDiv   = value{kind: failure, str: "#DIV/0!"}
	errNA    = value{kind: failure, str: "#N/A"}
)

// constant is a cell's value as its reader wrote it.
func constant(s string) value {
	switch {
	case s == "":
		return value{kind: empty}
	case s == "TRUE" || s == "FALSE":
		return truth(s == "TRUE")
	case s[0] == '#':
		for _, e := range errorNames {
			if s == e {
				return value{kind: failure, str: e}
			}
		}
	case s[0] <= '9' && s[0] != '0' || s[0] == '0' && (len(s) == 1 || s[1] == '.' || s[1]|0x20 == 'e'):
		if f, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "xX_") {
			return num(f)
		}
	}
	return str(s)
}

// number is the value as a number, where it is one.
func (v value) number() (float64, bool) {
	switch v.kind {
	case number, boolean:
		return v.num, true
	case empty:
		return 0, true
	case text:
		return typed(v.str)
	}
	return 0, false
}

// typed reads a number as somebody types it, with a percent sign or without. Notations that only we know are none.
func typed(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	digits, percent := strings.CutSuffix(s, "%")
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || strings.ContainsAny(s, "xX_pP") {
		return 0, false
	}
	if percent {
		f /= 100
	}
	return f, true
}

// int is the value as a whole number within ±2³¹.
func (v value) int() (int, bool) {
	f, ok := v.number()
	if !ok || math.Abs(f) > math.MaxInt32 {
		return 0, false
	}
	return int(math.Floor(f)), true
}

// text is the value as a text, where it is known.
func (v value) text() (string, bool) {
	switch v.kind {
	case text:
		return v.str, true
	case number:
		return general(v.num), true
	case boolean:
		return strings.ToUpper(strconv.FormatBool(v.num != 0)), true
	case empty:
		return "", true
	}
	return "", false
}

// partly is the text as far as it is known.
func (v value) partly() string {
	if s, ok := v.text(); ok {
		return s
	}
	if v.kind == unknown && v.str != "" {
		return v.str
	}
	return gap
}

// bool is the value as a condition. known is false where it depends on what we do not know; an error is no condition, and Excel goes on below it.
func (v value) bool() (b, known bool) {
	switch v.kind {
	case number, boolean:
		return v.num != 0, true
	case empty:
		return false, true
	case text:
		if strings.EqualFold(v.str, "TRUE") || strings.EqualFold(v.str, "FALSE") {
			return strings.EqualFold(v.str, "TRUE"), true
		}
	}
	return false, false
}

// general writes a number as the format General does.
func general(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatInt(int64(f), 10)
	}
	s := strconv.FormatFloat(f, 'G', 15, 64)
	if mant, exp, ok := strings.Cut(s, "E"); ok && strings.Contains(mant, ".") {
		s = strings.TrimRight(strings.TrimRight(mant, "0"), ".") + "E" + exp
	}
	return s
}

// show writes a value as it would stand in a formula, src where it is not known.
func (v value) show(src string) string {
	switch v.kind {
	case text:
		return quote(v.str)
	case number, boolean:
		s, _ := v.text()
		return s
	case failure:
		return v.str
	case unknown:
		if v.str != "" {
			return quote(v.str)
		}
	case array:
		if len(v.elems) > 0 && len(v.elems) <= 16 {
			parts := make([]string, len(v.elems))
			for i := range v.elems {
				parts[i] = v.elems[i].show(gap)
			}
			return "{" + strings.Join(parts, ",") + "}"
		}
	}
	return src
}

// quote writes a text as formulas have it.
func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// join concatenates.
func join(values []value) value {
	var b strings.Builder
	known := true
	for _, v := range values {
		if v.kind == failure {
			return v
		}
		_, ok := v.text()
		known = known && ok
		b.WriteString(v.partly())
		if b.Len() > 4*textMax {
			return errValue
		}
	}
	if !known {
		return value{kind: unknown, str: b.String()}
	}
	return str(b.String())
}
