package oleparse

import (
	"slices"

	"sekisho/internal/vba"
)

// judge judges every project that was read.
func (r *reading) judge() {
	for i := range r.doc.Projects {
		p := &r.doc.Projects[i]
		report, err := vba.Judge(r.ctx, r.project(p), vba.Options{})
		if err != nil {
			r.fail(err)
			return
		}
		p.Report = report
		if report.Unread {
			r.problem(true, p.Path, "more code than can be judged")
		}
	}
}

// project is what the judgement is made from.
func (r *reading) project(p *Project) *vba.Project {
	in := &vba.Project{Kind: r.doc.Kind, Forms: slices.Concat(p.Forms, r.controls()), Controls: r.doc.Controls,
		OnLoad: r.doc.OnLoad, Callbacks: r.doc.Callbacks, Modules: make([]vba.Module, len(p.Modules))}
	for i := range p.Modules {
		m := &p.Modules[i]
		in.Modules[i] = vba.Module{Name: m.Name, Stream: m.Stream, Source: m.Source, PCode: m.PCode}
	}
	return in
}
