package thread

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxAttribution = 500  // bytes of an attribution on up to three lines
	maxTries       = 1000 // lines that end like an attribution: fifty conversations deep
	minAttribution = 6    // bytes: "A a:b:"
)

// attribution reads "On DATE, NAME <addr> wrote:" in any of the shapes by which programs introduce a quotation, over up to three lines. n is how many lines
// before this one belong to it. A name and a verb alone count if a quotation follows.
func (r *reader) attribution(l line) (p Person, n int, ok bool) {
	text, ok := introduces(l.text)
	if !ok || r.tries >= maxTries || len(r.persons) >= MaxQuoted {
		return Person{}, 0, false
	}
	r.tries++
	one := analyse(text)
	if one.complete() && one.dated {
		return one.person(), 0, true
	}
	for n = range r.before {
		b := r.before[n]
		if b.text == "" || b.quotes != l.quotes || len(b.text)+len(text) > maxAttribution {
			break
		}
		text = b.text + " " + text
		if a := analyse(text); opens(b.text) && a.complete() {
			return a.person(), n + 1, true
		}
	}
	if one.complete() {
		return one.person(), 0, true
	}
	if p := one.person(); one.verb != "" && p != (Person{}) {
		r.maybe = &p
	}
	return Person{}, 0, false
}

// opens reports whether a line begins as an attribution does: with a date, or what stands before one.
func opens(s string) bool {
	word, _, _ := strings.Cut(s, " ")
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsDigit(r) || openers[strings.ToLower(strings.TrimRight(word, ".,:"))]
}

// introduces reports whether a line ends as an attribution does, and gives it without that end.
func introduces(s string) (string, bool) {
	if len(s) < minAttribution || len(s) > maxAttribution {
		return "", false
	}
	s = strings.TrimRight(s, "*_ ")
	if s == "" || strings.IndexByte(":.\x9a\x9f\x82", s[len(s)-1]) < 0 { // the last bytes of what follows
		return s, false
	}
	for _, end := range [...]string{":", "：", "..."} {
		if head, ok := strings.CutSuffix(s, end); ok {
			return strings.TrimRight(head, " \u00a0\u202f*"), true
		}
	}
	return s, strings.HasSuffix(s, "書きました。") || strings.HasSuffix(s, "書きました")
}

// attributed is what an attribution consists of.
type attributed struct {
	text       string
	start, end int // of the address; -1 when there is none
	verb       string
	verbAt     int
	dated      bool
}

func analyse(text string) attributed {
	text = pastID(text)
	a := attributed{text: text, dated: dated(text)}
	a.start, a.end = findAddr(text)
	if a.start >= 0 || a.dated || len(text) < maxName {
		a.verbAt, a.verb = findVerb(text)
	}
	return a
}

// pastID cuts "In message <id>, " off: a Message-ID looks like an address (Wanderlust, Mew, Gnus).
func pastID(text string) string {
	for _, word := range [...]string{"In message <", "In article <", "In <"} {
		if rest, ok := strings.CutPrefix(text, word); ok {
			if _, after, ok := strings.Cut(rest, ">"); ok {
				return after
			}
		}
	}
	return text
}

// complete reports whether it can be nothing else: an address or a date with the verb, or, where programs write none (Gmail in Japanese and Russian), an
// address with a date.
func (a attributed) complete() bool {
	return a.start >= 0 && (a.verb != "" || a.dated) || a.dated && a.verb != "" && a.person() != (Person{})
}

// person is whom it names: who stands before the address, behind the date. Without an address the name is beside the verb.
func (a attributed) person() Person {
	if a.start >= 0 {
		before := a.text[:a.start]
		if a.verbAt == 0 {
			before = strings.TrimPrefix(before, a.verb) // "Zitat von NAME"
		}
		return Person{Addr: a.text[a.start:a.end], Name: nameIn(cutMailto(before))}
	}
	name := nameIn(a.text[:a.verbAt])
	if behind := a.text[a.verbAt+len(a.verb):]; name == "" {
		name = nameIn(behind)
	}
	return Person{Name: name}
}

// nameIn finds a name behind a date and the words that join them.
func nameIn(s string) string {
	if i := strings.LastIndexFunc(s, unicode.IsDigit); i >= 0 {
		_, size := utf8.DecodeRuneInString(s[i:])
		s = strings.TrimLeft(s[i+size:], "年月日時分秒頃년월일시분./:,;-")
	}
	for {
		s = strings.TrimLeft(s, " \t,、，;.-–—\u3000\u00a0\u202f")
		if strings.HasPrefix(s, ")") {
			s = s[1:]
			continue
		}
		if end := strings.IndexByte(s, ')'); strings.HasPrefix(s, "(") && end > 0 && len(s) > end+1 { // (JST), (火)
			s = s[end+1:]
			continue
		}
		word := s
		if i := strings.IndexAny(s, " \t,、\u3000\u00a0"); i >= 0 {
			word = s[:i]
		}
		if word == "" || !joiners[strings.ToLower(strings.TrimRight(word, ".,"))] {
			break
		}
		s = s[len(word):]
	}
	s = strings.TrimPrefix(s, "に、")
	for was := ""; was != s; {
		was = s
		for _, end := range [...]string{" ", "さん", "님이", "님", " a", " ha", "が", "は"} {
			s = strings.TrimSuffix(s, end)
		}
	}
	return cleanName(s)
}

// dated reports whether a text holds a year or a time of day.
func dated(s string) bool {
	run := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] >= '0' && s[i] <= '9' {
			run++
			continue
		}
		if run == 4 && (s[i-4:i-2] == "20" || s[i-4:i-2] == "19") {
			return true
		}
		if (run == 1 || run == 2) && i < len(s) && (strings.HasPrefix(s[i:], "時") || timeAt(s[i:])) {
			return true
		}
		run = 0
	}
	return false
}

// timeAt: ":45", ".45", "h45" and no further digit.
func timeAt(s string) bool {
	digit := func(i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }
	return (s[0] == ':' || s[0] == '.' || s[0] == 'h') && digit(1) && digit(2) && !digit(3)
}

// findVerb finds the last word for "wrote"; of two that end together the longer one, since what is left of it would be of the name ("ezt írta").
func findVerb(s string) (at int, verb string) {
	end := 0
	for _, v := range verbs {
		if !strings.Contains(s, v) { // which is faster than to look for the last one
			continue
		}
		i := strings.LastIndex(s, v)
		if after := i + len(v); after > end || after == end && len(v) > len(verb) {
			at, verb, end = i, v, after
		}
	}
	return at, verb
}

// verbs are the words for "wrote" of mail programs, with a blank before where they are no others' end.
var verbs = quoted(`
	 wrote| writes| schrieb| a écrit| écrit| ha scritto| scrive| escribió| escribio| escreveu| schreef| skrev| kirjoitti| napisał| napisał(a)| napisała| pisze
	| napsal| napsal(a)| napísal| yazdı| şunları yazdı| şunu yazdı| написал| написал(а)| пишет| написав| írta| ezt írta| a scris| έγραψε| đã viết| menulis| เขียนว่า| כתב| كتب
	|さんは書きました|が書きました|は書きました|書きました|のメール|さんのメール|さんからのメール|のメッセージ|さんのメッセージ|さんの発言|写道|寫道|님이 작성|작성|님의 메시지|さん wrote|Quoting |Zitat von |Citando a |Citando |Citation de `)

func quoted(list string) []string {
	var all []string
	for v := range strings.SplitSeq(strings.ReplaceAll(strings.ReplaceAll(list, "\n", ""), "\t", ""), "|") {
		if v != "" {
			all = append(all, v)
		}
	}
	return all
}

// openers are the words that stand before the date.
var openers = set(`on at am le il el em op den dne dnia w dňa στις vào pada в 在 於 ในวันที่ mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday
	mo di mi do fr sa so mar mer jeu ven sam dim lun gio sab dom mié jue vie sáb seg ter qua qui sex za ma wo vr zo mån tis ons tors fre lör sön tir lør søn ti ke to pe la su
	pon wt śr czw pt sob nd po út st čt pá ne пн вт ср чт пт сб вс`)

// joiners are the words between a date and a name, verbs included.
var joiners = set(`am pm a.m p.m uhr h hrs heures schrieb schreef skrev г tarihinde odesílatel odosielateľ ο η χρήστης jst gmt utc cest cet est edt pst pdt bst
	午前 午後 上午 下午 오전 오후 に th st nd rd quoting zitat citando citation`)
