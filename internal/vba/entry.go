package vba

// Entry points: what a program calls by itself, by the name of the procedure and the module it stands in.

import (
	"slices"
	"strings"
)

// entryPoints finds the procedures that a program runs by itself.
func (j *judge) entryPoints() {
	callbacks := make(map[string]bool, len(j.in.OnLoad))
	for _, c := range j.in.OnLoad {
		callbacks[lastName(c)] = true
	}
	for i := range j.procs {
		p := &j.procs[i]
		if p.name == wNone {
			continue
		}
		w := j.entry(p)
		if w == nil && callbacks[j.tab.list[p.name].low] {
			w = &word{keyword: p.shown, why: whyRibbon}
		}
		if w == nil {
			continue
		}
		p.entry = w
		j.report.Autoexec = append(j.report.Autoexec, Hit{Keyword: w.keyword, Module: j.mods[p.mod].in.Stream, Line: int(p.line), Why: w.why})
	}
}

// lastName is the procedure of "Module1.Name" or "Book.xlsm!Name", in lower case.
func lastName(s string) string {
	if i := strings.LastIndexAny(s, ".!"); i >= 0 {
		s = s[i+1:]
	}
	return strings.ToLower(s)
}

// entry says whether a program would run the procedure by itself.
func (j *judge) entry(p *proc) *word {
	low := j.tab.list[p.name].low
	if w, ok := entries[low]; ok {
		return &w
	}
	m := &j.mods[p.mod]
	if low == "main" && autoModules[strings.ToLower(m.in.Name)] { // Word runs Main in a module that has the name of an auto macro
		w := entries[strings.ToLower(m.in.Name)]
		return &w
	}
	cut := strings.LastIndexByte(low, '_')
	if cut <= 0 || isForm(m) || ofDocument[low[:cut]] {
		return nil
	}
	if w, ok := controlEvents[low[cut+1:]]; ok {
		return &w
	}
	if j.onDocument(low[:cut]) && !deliberate(low[cut+1:]) {
		return &word{keyword: "_" + p.shown[cut+1:], why: whyControl}
	}
	if low[cut+1:] == "change" && j.isWord(m) { // in a letter nobody works with a text box
		return &word{keyword: "_Change", why: whyControl}
	}
	return nil
}

// onDocument says whether the document has an ActiveX control of the name.
func (j *judge) onDocument(low string) bool {
	return slices.ContainsFunc(j.in.Controls, func(c string) bool { return strings.EqualFold(c, low) })
}

// deliberate says whether a control's event comes from a person who works with it. What comes from elsewhere nobody can list: any class of a
// control has its own.
func deliberate(event string) bool {
	for _, w := range [...]string{"click", "mousedown", "mouseup", "key", "change", "update", "enter", "exit", "spin", "scroll", "drop", "drag", "edit", "select", "check", "collapse", "expand", "close", "error", "zoom"} {
		if strings.Contains(event, w) {
			return true
		}
	}
	return false
}

// ofDocument are the parts of events' names before the underscore that are the document's own and not a control's.
var ofDocument = map[string]bool{"worksheet": true, "workbook": true, "chart": true, "document": true, "userform": true, "class": true}

// isForm says whether the module is a UserForm: its events come only after code has shown it. VB_Base then names two classes.
func isForm(m *module) bool { return strings.Count(m.base, "{") == 2 }

// isWord says whether the module is Word's document.
func (j *judge) isWord(m *module) bool {
	return strings.Contains(m.base, "{00020906-") || strings.HasPrefix(m.base, "1Normal.") || strings.HasPrefix(m.base, "0Normal.") ||
		strings.EqualFold(m.in.Name, "ThisDocument") && strings.HasPrefix(j.in.Kind, "do")
}

// shown are the events that come when code makes or shows a form or makes an object of a class.
var shown = map[string]bool{
	"class_initialize": true, "class_terminate": true, "userform_initialize": true, "userform_activate": true, "userform_layout": true,
	"userform_resize": true, "userform_terminate": true, "userform_queryclose": true, "userform_deactivate": true,
}

// born says whether the procedure runs when code makes an object of its module: creation, and events of what it watches or has on it.
func (j *judge) born(p *proc) bool {
	if p.name == wNone {
		return false
	}
	low := j.tab.list[p.name].low
	m := &j.mods[p.mod]
	if shown[low] || m.unasked[p.name] {
		return true
	}
	cut := strings.LastIndexByte(low, '_')
	if cut <= 0 {
		return false
	}
	if first, _, _ := strings.Cut(low, "_"); m.unasked[j.tab.known(first)] || m.unasked[j.tab.known(low[:cut])] {
		return true
	}
	_, ok := controlEvents[low[cut+1:]]
	return ok && isForm(m)
}
