package oleparse

import (
	"slices"

	"sekisho/internal/vba"
)

// judge judges every project that was read.
func (r *reading) judge() {
	for i := range r.doc.Projects {
		p := &r.doc.Projects[i]
		report, err := r.judged(p)
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

func (r *reading) judged(p *Project) (*vba.Report, error) {
	in := r.project(p)
	if r.o.Judging != nil {
		code := int64(0)
		for i := range in.Modules {
			code += int64(len(in.Modules[i].Source))
		}
		done, err := r.o.Judging(code)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	return vba.Judge(r.ctx, in, vba.Options{})
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
