package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/script"
	"sekisho/internal/vba"
)

// scriptFile names the files that Windows runs as scripts: by their names, whatever is in them, and by content that is clearly one under a name that
// says nothing or something else.
//
// Sources in an archive are no alarm. An archive is a source tree when at least treeFiles of its members are sources, markup, settings or the
// files that projects have. In one, a script in a language that programs are written in (sourceScript) is named only when it is suspicious;
// which it is, is known at the archive's end.
type scriptFile struct{}

var _ Inspector = scriptFile{}

func (scriptFile) Name() string { return "script" }

func (scriptFile) Match(f *File) bool {
	if !f.listed {
		return false
	}
	switch f.Kind {
	case KindEXE, KindELF, KindMachO, KindMSI, KindCHM, KindLNK, KindURL, KindEmpty:
		return false
	case KindText, KindHTML, KindXML:
		return scriptName(f.typed) || !shownAsText(extension(f.typed))
	}
	return scriptName(f.typed)
}

// scriptName reports whether Windows runs a file by that name as a script. Programs and addresses have inspectors of their own.
func scriptName(name string) bool {
	return runs(name) && !rawProgram(extension(name)) && extension(name) != ".jar" && !urlName(name)
}

// shownAsText reports whether programs show a file by that extension as text or sources, so that what it says is only read.
func shownAsText(ext string) bool {
	switch ext {
	case ".txt", ".log", ".csv", ".tsv", ".eml", ".tex", ".srt", ".vtt", ".pem", ".asc", ".ics", ".vcf", ".rst", ".diff", ".patch", ".sql":
		return true
	}
	return sourceExtension(ext)
}

const scriptMax = 8 << 20 // bytes of a script that are read; what is behind them has no more to say than its name

func (x scriptFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	named := scriptName(f.typed)
	if !named {
		head, err := f.peek(ctx, 0, make([]byte, min(f.Size, hostRead)))
		if err != nil {
			return err
		}
		if yes, err := clearly(ctx, f, script.Text(head)); !yes {
			return err
		}
	}
	done, err := s.before(ctx, codeScript, min(f.Size, scriptMax))
	if err != nil {
		return err
	}
	b, _, err := f.squeezed(ctx, scriptMax)
	if err != nil {
		done()
		return err
	}
	text := script.Text(b)
	encoded := script.Encoded(text)
	if encoded {
		text = script.Decode(text)
	}
	r, err := judgeScript(ctx, extension(f.typed), text)
	if done(); err != nil {
		return err
	}
	found := &foundScript{f, scriptDetail(f, named, encoded), r}
	if encoded || !named || !sourceScript(extension(f.typed)) || f.parent == nil || !isArchive(f.parent.Kind) {
		found.report(s)
		return nil
	}
	f.parent.scripts = append(f.parent.scripts, found)
	return nil
}

// foundScript is a script and what is thought of it.
type foundScript struct {
	f      *File
	detail string
	judged *script.Report
}

func (c *foundScript) report(s *Scan) {
	s.found(c.f, finding.New(finding.ScriptFile, c.f.Path, "%s", c.detail))
	c.f.Kind, s.report(c.f).Kind = KindScript, KindScript
	if c.judged.Suspicious() {
		s.found(c.f, finding.New(finding.ScriptSuspicious, c.f.Path, "%s", strings.Join(c.judged.Does, ", ")))
	}
}

// scriptDetail says how it is known that the file is a script.
func scriptDetail(f *File, named, encoded bool) string {
	how := "by its content"
	if named {
		how = fmt.Sprintf("by its name, %.20q", extension(f.typed))
	}
	if encoded {
		how += ", encoded"
	}
	return how
}

// clearly reports whether text under another name is a script: encoded, a batch file, or one for Windows' script hosts that starts programs.
func clearly(ctx context.Context, f *File, text string) (bool, error) {
	head := text[:min(len(text), headSize)]
	low := strings.ToLower(head)
	switch {
	case f.Kind == KindHTML || f.Kind == KindXML:
		return strings.Contains(low, "<hta:application") || hasFrame(low), nil
	case strings.HasPrefix(strings.TrimLeft(head, " \t\r\n"), "#@~^"):
		return true, nil
	case strings.Contains(low, "<hta:application"), hasFrame(low):
		return true, nil
	}
	for n, line := range strings.SplitN(low, "\n", 6) {
		if n < 5 && strings.TrimSpace(line) == "@echo off" {
			return true, nil
		}
	}
	return hostScript(ctx, text)
}

// hasFrame reports whether lower-case markup is a Windows Script File or a scriptlet, by its root.
func hasFrame(low string) bool {
	if !strings.Contains(low, "<script") {
		return false
	}
	root := string(rootStart([]byte(low)))
	for _, frame := range []string{"<job", "<package", "<component", "<scriptlet"} {
		if rest, ok := strings.CutPrefix(root, frame); ok && strings.IndexAny(rest, "> \t\r\n") == 0 {
			return true
		}
	}
	return false
}

const hostRead = 256 << 10 // bytes of a file of no known name that are looked at for a script

// hostScript reports whether text is a script that makes objects of Windows which start programs: words of the language, and the object.
func hostScript(ctx context.Context, text string) (bool, error) {
	low := strings.ToLower(text)
	if !strings.Contains(low, "createobject") && !strings.Contains(low, "activexobject") && !strings.Contains(low, "wscript") {
		return false, nil
	}
	r, err := script.Judge(ctx, text, scriptLanguage("", text))
	return r.Host && (r.Run || strings.Contains(low, "wscript.echo") || strings.Contains(low, "wscript.createobject")), err
}

// scriptLanguage is the language of a script by its name, else by its words.
func scriptLanguage(ext, text string) script.Language {
	switch ext {
	case ".bat", ".cmd":
		return script.Batch
	case ".ps1", ".psm1", ".psd1":
		return script.PowerShell
	case ".vbs", ".vbe", ".vb":
		return script.VBScript
	case ".js", ".jse":
		return script.JScript
	}
	low := strings.ToLower(text[:min(len(text), hostRead)])
	vb := 0
	for _, w := range []string{"dim ", "set ", "end if", "end sub", "end function", "createobject(", "on error resume next", "\nsub ", "\r\n'"} {
		if strings.Contains(low, w) {
			vb++
		}
	}
	switch {
	case strings.Contains(low, "@echo off"):
		return script.Batch
	case vb >= 2 && !strings.Contains(low, "var ") || strings.Contains(low, "createobject(") && !strings.Contains(low, ";"):
		return script.VBScript
	}
	return script.JScript
}

// judgeScript judges a script, in markup each one of its scripts.
func judgeScript(ctx context.Context, ext, text string) (*script.Report, error) {
	if otherLanguage(ext) {
		return &script.Report{}, nil
	}
	switch ext {
	case ".wsf", ".wsc", ".sct", ".hta", ".htm", ".html", ".svg", "":
		if strings.Contains(strings.ToLower(text[:min(len(text), headSize*4)]), "<script") {
			return judgeMarkup(ctx, script.Parse(text))
		}
	}
	lang := scriptLanguage(ext, text)
	r, err := script.Judge(ctx, text, lang)
	if err != nil {
		return nil, err
	}
	return r, judgeVBS(ctx, r, lang, text)
}

// otherLanguage reports whether a script by that extension is in a language that is not judged: Python, and settings.
func otherLanguage(ext string) bool {
	switch ext {
	case ".py", ".pyw", ".inf", ".reg", ".msc", ".application", ".appref-ms", ".psd1", ".ps1xml":
		return true
	}
	return false
}

// judgeMarkup is what the scripts of a page do together.
func judgeMarkup(ctx context.Context, m *script.Markup) (*script.Report, error) {
	list := make([]*script.Report, len(m.Sections))
	for i := range m.Sections {
		var err error
		if list[i], err = script.Judge(ctx, m.Sections[i].Source, m.Sections[i].Lang); err != nil {
			return nil, err
		}
	}
	return together(ctx, m, list)
}

// together is one report for all scripts of a page; list begins with those of its own sections.
func together(ctx context.Context, m *script.Markup, list []*script.Report) (*script.Report, error) {
	for i := range m.Sections {
		if err := judgeVBS(ctx, list[i], m.Sections[i].Lang, m.Sections[i].Source); err != nil {
			return nil, err
		}
	}
	all := &script.Report{}
	for _, r := range list {
		for _, d := range r.Does {
			if !slices.Contains(all.Does, d) {
				all.Does = append(all.Does, d)
			}
		}
		all.Strong, all.Host, all.Run = all.Strong || r.Strong, all.Host || r.Host, all.Run || r.Run
	}
	return all, nil
}

// judgeVBS lets the judge of macros read VBScript, whose statements outside of procedures run like a macro that starts by itself.
func judgeVBS(ctx context.Context, r *script.Report, lang script.Language, text string) error {
	if lang != script.VBScript || r.Strong {
		return nil
	}
	v, err := vba.Judge(ctx, &vba.Project{Kind: KindDOC, Modules: []vba.Module{{Name: "ThisDocument", Source: script.AsMacro(text)}}}, vba.Options{})
	if err != nil {
		return err
	}
	if v.Suspicious {
		r.Does = append(r.Does, v.Why)
	}
	return nil
}
