package xlm

import (
	"math"
	"strconv"
	"strings"
)

// mathFunctions are those of ECMA-376-1 18.17.7 that work on numbers and conditions, as far as code uses them to hide texts.
var mathFunctions = map[string]builtin{
	"ABS":       {1, 1, real1(math.Abs), false},
	"INT":       {1, 1, real1(math.Floor), false},
	"SIGN":      {1, 1, real1(sign), false},
	"SQRT":      {1, 1, real1(math.Sqrt), false},
	"EXP":       {1, 1, real1(math.Exp), false},
	"LN":        {1, 1, real1(math.Log), false},
	"LOG10":     {1, 1, real1(math.Log10), false},
	"SIN":       {1, 1, real1(math.Sin), false},
	"COS":       {1, 1, real1(math.Cos), false},
	"TAN":       {1, 1, real1(math.Tan), false},
	"FACT":      {1, 1, real1(func(x float64) float64 { return math.Round(math.Gamma(math.Floor(x) + 1)) }), false},
	"PI":        {0, 0, func([]value) value { return num(math.Pi) }, false},
	"MOD":       {2, 2, real2(mod), false},
	"POWER":     {2, 2, real2(math.Pow), false},
	"QUOTIENT":  {2, 2, real2(func(x, y float64) float64 { return math.Trunc(x / y) }), false},
	"ROUND":     {2, 2, real2(round), false},
	"ROUNDDOWN": {2, 2, real2(func(x, n float64) float64 { return scaled(x, n, math.Trunc) }), false},
	"ROUNDUP":   {2, 2, real2(func(x, n float64) float64 { return scaled(x, n, away) }), false},
	"TRUNC": {1, 2, func(a []value) value {
		return real2(func(x, n float64) float64 { return scaled(x, n, math.Trunc) })(two(a, 0))
	}, false},
	"LOG": {1, 2, func(a []value) value {
		return real2(func(x, b float64) float64 { return math.Log(x) / math.Log(b) })(two(a, 10))
	}, false},
	"CEILING": {2, 2, real2(func(x, s float64) float64 { return math.Ceil(x/s) * s }), false},
	"FLOOR":   {2, 2, real2(func(x, s float64) float64 { return math.Floor(x/s) * s }), false},

	"SUM":     {0, 255, fold(0, func(x, y float64) float64 { return x + y }), true},
	"PRODUCT": {0, 255, fold(1, func(x, y float64) float64 { return x * y }), true},
	"MAX":     {0, 255, fold(math.Inf(-1), math.Max), true},
	"MIN":     {0, 255, fold(math.Inf(1), math.Min), true},
	"AVERAGE": {1, 255, average, true},
	"COUNT":   {1, 255, func(a []value) value { return num(float64(len(numbers(a)))) }, true},
	"COUNTA":  {1, 255, countA, true},

	"BITXOR":    {2, 2, bits(func(x, y uint64) uint64 { return x ^ y }), false},
	"BITAND":    {2, 2, bits(func(x, y uint64) uint64 { return x & y }), false},
	"BITOR":     {2, 2, bits(func(x, y uint64) uint64 { return x | y }), false},
	"BITLSHIFT": {2, 2, bits(func(x, y uint64) uint64 { return x << min(y, 63) }), false},
	"BITRSHIFT": {2, 2, bits(func(x, y uint64) uint64 { return x >> min(y, 63) }), false},

	"HEX2DEC": {1, 1, from(16), false},
	"OCT2DEC": {1, 1, from(8), false},
	"BIN2DEC": {1, 1, from(2), false},
	"DEC2HEX": {1, 2, to(10, 16), false},
	"DEC2OCT": {1, 2, to(10, 8), false},
	"DEC2BIN": {1, 2, to(10, 2), false},
	"HEX2BIN": {1, 2, to(16, 2), false},
	"HEX2OCT": {1, 2, to(16, 8), false},
	"BIN2HEX": {1, 2, to(2, 16), false},
	"BIN2OCT": {1, 2, to(2, 8), false},
	"OCT2HEX": {1, 2, to(8, 16), false},
	"OCT2BIN": {1, 2, to(8, 2), false},
	"DECIMAL": {2, 2, func(a []value) value { n, _ := a[1].int(); return from(n)(a[:1]) }, false},
	"BASE":    {2, 3, baseText, false},

	"AND": {1, 255, func(a []value) value { return logic(a, false) }, true},
	"OR":  {1, 255, func(a []value) value { return logic(a, true) }, true},
	"NOT": {1, 1, not, false},
	"N":   {1, 1, func(a []value) value { f, ok := a[0].number(); return num(f * one(ok && a[0].kind != text)) }, false},
	"T":   {1, 1, asText, true},
}

// real1 makes a function of one number. What the number is not real for is #NUM!.
func real1(f func(float64) float64) func([]value) value {
	return func(a []value) value {
		x, ok := a[0].number()
		if !ok {
			return errValue
		}
		return num(f(x))
	}
}

// real2 makes a function of two numbers.
func real2(f func(x, y float64) float64) func([]value) value {
	return func(a []value) value {
		x, ok1 := a[0].number()
		y, ok2 := a[1].number()
		if !ok1 || !ok2 {
			return errValue
		}
		return num(f(x, y))
	}
}

// two adds a second argument that was left out.
func two(a []value, second float64) []value {
	if len(a) > 1 {
		return a
	}
	return []value{a[0], num(second)}
}

// one is 1 for TRUE.
func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// sign is -1, 0 or 1.
func sign(x float64) float64 { return one(x > 0) - one(x < 0) }

// mod is MOD: its result has the sign of the divisor.
func mod(x, y float64) float64 { return x - y*math.Floor(x/y) }

// away rounds away from zero.
func away(x float64) float64 { return math.Copysign(math.Ceil(math.Abs(x)), x) }

// round rounds halves away from zero, as Excel does.
func round(x, n float64) float64 { return scaled(x, n, math.Round) }

// scaled works on the digit that many places behind the point, before it where n is negative.
func scaled(x, n float64, f func(float64) float64) float64 {
	s := math.Pow(10, math.Trunc(n))
	switch {
	case s == 0: // a place that no number reaches
		return 0
	case math.IsInf(x*s, 0): // one that no number goes to
		return x
	}
	return f(x*s) / s
}

// fixedPoint writes a number without an exponent.
func fixedPoint(x float64, decimals int) string {
	return strconv.FormatFloat(x, 'f', min(decimals, 30), 64)
}

// fixedMost is how many decimals FIXED takes.
const fixedMost = 127

// fixed is FIXED(number, decimals), without the commas between thousands.
func fixed(a []value) value {
	x, ok := a[0].number()
	n, ok2 := two(a, 2)[1].int()
	if !ok || !ok2 || n > fixedMost {
		return errValue
	}
	return str(fixedPoint(round(x, float64(n)), max(0, n)))
}

// numbers are the arguments that count: texts in ranges do not.
func numbers(a []value) []float64 {
	var out []float64
	for _, v := range a {
		for _, e := range flat([]value{v}) {
			if f, ok := e.number(); ok && e.kind != empty && (v.kind != array || e.kind == number) {
				out = append(out, f)
			}
		}
	}
	return out
}

// fold makes a function that puts all numbers together; none give 0.
func fold(first float64, f func(x, y float64) float64) func([]value) value {
	return func(a []value) value {
		list := numbers(a)
		if len(list) == 0 {
			return num(0)
		}
		sum := first
		for _, x := range list {
			sum = f(sum, x)
		}
		return num(sum)
	}
}

// average is AVERAGE; of nothing it is #DIV/0!.
func average(a []value) value {
	list := numbers(a)
	if len(list) == 0 {
		return errDiv
	}
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return num(sum / float64(len(list)))
}

// countA is COUNTA: how many values are not empty.
func countA(a []value) value {
	n := 0
	for _, v := range flat(a) {
		if v.kind != empty {
			n++
		}
	}
	return num(float64(n))
}

// bits work on whole numbers below 2⁴⁸ (ECMA-376-1 as of Excel 2013).
func bits(f func(x, y uint64) uint64) func([]value) value {
	return func(a []value) value {
		x, ok1 := a[0].number()
		y, ok2 := a[1].number()
		if !ok1 || !ok2 || x < 0 || y < 0 || x >= 1<<48 || y >= 1<<48 {
			return errNum
		}
		return num(float64(f(uint64(x), uint64(y))))
	}
}

// digitBits is how many bits a digit of the bases has that know negative numbers.
var digitBits = map[int]int{2: 1, 8: 3, 16: 4}

// from reads a number in another base; ten digits are a negative one in two's complement (ECMA-376-1 18.17.7.161).
func from(base int) func([]value) value {
	return func(a []value) value {
		n, ok := inBase(textOf(a[0]), base)
		if !ok {
			return errNum
		}
		return num(float64(n))
	}
}

// inBase reads a whole number; an empty text is 0.
func inBase(s string, base int) (int64, bool) {
	if s == "" {
		return 0, true
	}
	if base < 2 || base > 36 {
		return 0, false
	}
	n, err := strconv.ParseInt(s, base, 64)
	if err != nil || n < 0 {
		return 0, false
	}
	if width := digitBits[base]; width > 0 && len(s) == 10 && n>>(10*width-1) == 1 {
		n -= 1 << (10 * width)
	}
	return n, true
}

// to writes a number of one base in another. Ten digits hold it, the first of them the sign (ECMA-376-1 18.17.7, DEC2BIN and its kin).
func to(base, target int) func([]value) value {
	return func(a []value) value {
		n, ok := inBase(textOf(a[0]), base)
		if base == 10 {
			var i int
			i, ok = a[0].int()
			n = int64(i)
		}
		limit := int64(1) << (10*digitBits[target] - 1)
		if !ok || n < -limit || n >= limit {
			return errNum
		}
		if n < 0 {
			n += 2 * limit
		}
		return padded(strings.ToUpper(strconv.FormatInt(n, target)), a[1:])
	}
}

// padded fills a text with zeros up to the number of places that is asked for.
func padded(s string, places []value) value {
	if len(places) > 0 {
		n, ok := places[0].int()
		if !ok || n < len(s) || n > 255 {
			return errNum
		}
		s = strings.Repeat("0", n-len(s)) + s
	}
	return str(s)
}

// baseText is BASE(number, base, length).
func baseText(a []value) value {
	x, ok := a[0].number()
	target, ok2 := a[1].int()
	if !ok || !ok2 || target < 2 || target > 36 || x < 0 || x >= 1<<53 {
		return errNum
	}
	return padded(strings.ToUpper(strconv.FormatInt(int64(x), target)), a[2:])
}

// logic is AND and OR; decisive is the condition that decides whatever the others are.
func logic(a []value, decisive bool) value {
	open := false
	for _, v := range flat(a) {
		if v.kind == empty || v.kind == text {
			continue
		}
		b, known := v.bool()
		if known && b == decisive {
			return truth(decisive)
		}
		open = open || !known
	}
	if open {
		return value{}
	}
	return truth(!decisive)
}

// not is NOT(condition).
func not(a []value) value {
	if b, ok := a[0].bool(); ok {
		return truth(!b)
	}
	return errValue
}

// asText is T(value): a text as it is, and nothing of what is none.
func asText(a []value) value {
	switch v := first(a[0]); v.kind {
	case text, unknown, failure:
		return v
	}
	return str("")
}

// first is the upper left element of an array.
func first(v value) value {
	if v.kind == array {
		if len(v.elems) == 0 {
			return value{kind: empty}
		}
		return v.elems[0]
	}
	return v
}
