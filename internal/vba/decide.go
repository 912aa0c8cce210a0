package vba

// The judgement, from facts only: uses of abilities, the call graph, entry points. Nothing here reads source.

import (
	"slices"
	"strings"
)

// noParent marks where a chain begins.
const noParent = -1

// reached is the search from entry points: for each procedure the one that calls it.
type reached struct {
	j     *judge
	from  map[int32]int32 // the procedure a procedure was reached from, noParent for an entry point
	names map[sym]bool    // names that were followed
	queue []int32         // procedures still to look at, so that the search goes in breadth
	all   bool            // a call that cannot be told was met: it may reach anything
}

// reach finds what the procedures call, step by step.
func (j *judge) reach(roots ...int32) *reached {
	s := &reached{j: j, from: make(map[int32]int32), names: make(map[sym]bool)}
	for _, r := range roots {
		s.visit(r, noParent)
	}
	for len(s.queue) > 0 {
		p := s.queue[0]
		s.queue = s.queue[1:]
		for _, name := range j.edges[p] {
			s.name(name, p)
		}
		if j.procs[p].executes {
			for _, name := range j.procs[p].actions {
				s.name(name, p)
			}
		}
		if next := int(p) + 1; j.procs[p].runsOn && next < len(j.procs) && j.procs[next].mod == j.procs[p].mod {
			s.visit(int32(next), p)
		}
		if j.wild[p] && !s.all {
			s.all = true
			for i := range j.procs {
				s.visit(int32(i), p)
			}
		}
	}
	return s
}

// visit goes on to a procedure, once. The first way to it is the shortest, as procedures are taken in the order they were found.
func (s *reached) visit(p, from int32) {
	if _, ok := s.from[p]; !ok {
		s.from[p] = from
		s.queue = append(s.queue, p)
		if own := s.j.mods[s.j.procs[p].mod].decl; own != p { // its module's declarations make objects when they are used
			s.visit(own, p)
		}
	}
}

// name goes on to the procedures of a name, to those that handle the events of the variable of that name, and to those that run when an object of
// the module of that name is made.
func (s *reached) name(name sym, from int32) {
	if s.names[name] {
		return
	}
	s.names[name] = true
	w := &s.j.tab.list[name]
	for _, p := range w.procs {
		s.visit(p, from)
	}
	for _, m := range w.heard {
		for _, p := range s.j.ofModule(m) {
			if strings.HasPrefix(s.j.tab.lowOf(s.j.procs[p].name), w.low+"_") {
				s.visit(p, from)
			}
		}
	}
	if w.module < 0 {
		return
	}
	for _, p := range s.j.ofModule(w.module) {
		if s.j.born(&s.j.procs[p]) {
			s.visit(p, from)
		}
	}
}

// ofModule are the procedures of a module.
func (j *judge) ofModule(m int32) []int32 {
	from, _ := slices.BinarySearchFunc(j.procs, m, func(p proc, m int32) int { return int(p.mod) - int(m) })
	var out []int32
	for i := from; i < len(j.procs) && j.procs[i].mod == m; i++ {
		out = append(out, int32(i))
	}
	return out
}

// decide writes the report.
func (j *judge) decide() {
	j.settleWMI()
	j.settleEvidence()
	j.hits = slices.DeleteFunc(j.hits, func(h hit) bool { return h.Keyword == "" })
	seen := make(map[string]bool)
	for i := range j.hits {
		if h := &j.hits[i]; !seen[h.Keyword] {
			seen[h.Keyword] = true
			j.report.Abilities = append(j.report.Abilities, h.Hit)
		}
	}
	// From what starts by itself, then from what ordinary work starts, then without either.
	var roots []int32
	for i := range j.procs {
		if j.procs[i].entry != nil {
			roots = append(roots, int32(i))
		}
	}
	any := func(*hit) bool { return true }
	if j.started(roots, any) || j.used() {
		return
	}
	j.unstarted()
}

// use is what a procedure comes with in ordinary work, if it does.
func (j *judge) use(p *proc) word {
	if p.volatile {
		return word{keyword: "Application.Volatile", why: whyCalc}
	}
	return uses[j.tab.list[p.name].low]
}

// used looks for a chain from what comes with ordinary work to the start of a program.
func (j *judge) used() bool {
	var roots []int32
	for i := range j.procs {
		if p := &j.procs[i]; p.name != wNone && p.entry == nil && j.use(p).keyword != "" {
			roots = append(roots, int32(i))
		}
	}
	if !j.started(roots, func(h *hit) bool { return h.Ability == Execute }) {
		return false
	}
	for _, i := range roots {
		p := &j.procs[i]
		w := j.use(p)
		j.report.Autoexec = append(j.report.Autoexec, Hit{Keyword: w.keyword, Module: j.mods[p.mod].in.Stream, Line: int(p.line), Why: w.why})
	}
	return true
}

// settleEvidence drops what is part of other evidence.
func (j *judge) settleEvidence() {
	all := j.report.Evidence
	j.report.Evidence = slices.DeleteFunc(slices.Clone(all), func(e Evidence) bool {
		return slices.ContainsFunc(all, func(o Evidence) bool {
			return o.Type == e.Type && len(o.Text) > len(e.Text) && strings.Contains(o.Text, e.Text)
		})
	})
}

// settleWMI drops the risk of WMI that is only asked.
func (j *judge) settleWMI() {
	acts := false
	for _, name := range [...]string{"create", "execmethod", "execmethod_", "spawninstance_"} {
		acts = acts || j.tab.known(name) > 0
	}
	for i := range j.hits {
		h := &j.hits[i]
		acts = acts || strings.HasPrefix(h.Keyword, "Win32_Process") && h.risk
	}
	for i := range j.hits {
		if j.hits[i].wmi && !acts {
			j.hits[i].risk = false
		}
	}
}

// started looks for a chain from an entry point to an ability that counts.
func (j *judge) started(roots []int32, counts func(*hit) bool) bool {
	if len(roots) == 0 && !j.compiled {
		return false
	}
	s := j.reach(roots...)
	best := -1
	for i := range j.hits {
		h := &j.hits[i]
		_, ok := s.from[h.proc]
		if h.passed && ok && !j.procs[h.proc].called { // started by what does not show its arguments
			h.risk = true
		}
		if !h.risk || !counts(h) || !ok && h.proc != pcodeProc {
			continue
		}
		if best < 0 || h.text != "" && h.text != hole && (j.hits[best].text == "" || j.hits[best].text == hole) || h.Keyword == commandLine.keyword {
			best = i
		}
	}
	if best < 0 {
		return false
	}
	h := &j.hits[best]
	j.suspect("an entry point leads to code that "+h.Why, h)
	if h.proc != pcodeProc {
		j.report.Chain = append(s.chain(h.proc), j.report.Chain...)
	}
	return true
}

// chain are the names of the procedures from the entry point on.
func (s *reached) chain(p int32) []string {
	var out []string
	for ; p != noParent && len(out) < 16; p = s.from[p] {
		out = append(out, s.j.procs[p].shown)
	}
	slices.Reverse(out)
	return out
}

// suspect writes the reason into the report. A text of which nothing is known says nothing.
func (j *judge) suspect(why string, h *hit) {
	j.report.Suspicious, j.report.Why = true, why
	j.report.Chain, j.report.Hit, j.report.Text = []string{h.Keyword}, h.Hit, h.text
	if h.text == hole {
		j.report.Text = ""
	}
}

// unstarted looks for evidence that needs no entry point we know.
func (j *judge) unstarted() {
	var acts, open, inject *hit
	kinds := make(map[string]bool)
	for i := range j.hits {
		h := &j.hits[i]
		if h.risk && h.did {
			acts = h
		}
		if h.open && h.risk && h.Ability != Write {
			open = h
		}
		if h.Why == whyInject && h.risk {
			kinds[h.Keyword] = true
			inject = h
		}
	}
	for i := range j.hits {
		h := &j.hits[i]
		if h.hidden && h.risk && acts != nil {
			j.suspect("hides that it "+h.Why, h)
			return
		}
		if h.Keyword == commandLine.keyword && acts != nil {
			j.suspect("runs a command line that fetches or hides what it runs", h)
			return
		}
	}
	switch {
	// Memory made and something run in it: one of them alone is also in honest declarations.
	case len(kinds) > 1:
		j.suspect(whyInject, inject)
	// What it starts is not known, and much of the source is written as codes.
	case open != nil && j.odd >= manyChars:
		j.suspect("puts together from coded text what it starts", open)
	default:
		j.downloader()
	}
}

// rootsMax bounds the procedures from which a downloader is looked for.
const rootsMax = 64

// downloader looks for one procedure from which a download, a write and a start are reached.
func (j *judge) downloader() {
	var have [3]bool
	for i := range j.hits {
		if n := part(&j.hits[i]); n >= 0 {
			have[n] = true
		}
	}
	if !have[0] || !have[1] {
		return
	}
	called := make(map[sym]bool)
	for i, e := range j.edges {
		for _, name := range e {
			if name != j.procs[i].name { // a function's own name is its result
				called[name] = true
			}
		}
	}
	tried := 0
	for i := range j.procs {
		if p := &j.procs[i]; p.name == wNone || called[p.name] || tried >= rootsMax {
			continue
		}
		tried++
		if h := j.fetches(j.reach(int32(i))); h != nil {
			j.suspect("fetches a file from the network and runs it", h)
			return
		}
	}
}

// fetches is the start of what was downloaded, nil without one.
func (j *judge) fetches(s *reached) (start *hit) {
	download, write := false, false
	for i := range j.hits {
		h := &j.hits[i]
		if _, ok := s.from[h.proc]; !ok {
			continue
		}
		switch part(h) {
		case 0:
			download = true
			write = write || h.Keyword == "URLDownloadToFile"
		case 1:
			start = h
		case 2:
			write = true
		}
	}
	if !download || !write {
		return nil
	}
	return start
}

// part is what a hit does in a downloader: 0 fetch, 1 start, 2 write, -1 nothing.
func part(h *hit) int {
	switch {
	case !h.risk:
	case h.Ability == Download:
		return 0
	case h.Ability == Execute && h.Why != whyKeys && h.Why != whyNative:
		return 1
	case h.Ability == Write:
		return 2
	}
	return -1
}
