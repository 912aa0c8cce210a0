package inspect

import (
	"maps"
	"slices"
	"strings"

	"sekisho/internal/finding"
)

// lockedNames says what runs, by their names, of the members of f that stay locked: nobody here sees more of them, and the recipient with the
// password sees no less. Sources of a tree are none.
func (s *Scan) lockedNames(f *File) {
	found := map[finding.Kind]*names{}
	within := f.Path.String()
	for i := range s.files {
		r := &s.files[i]
		if !r.Encrypted || r.Kind != KindData || i == f.report || !strings.HasPrefix(r.Path, within) {
			continue
		}
		var p finding.Path
		if p.UnmarshalText([]byte(r.Path)) != nil || len(p) != len(f.Path)+1 || !slices.Equal(p[:len(f.Path)], f.Path) {
			continue // of another archive
		}
		name := p[len(p)-1]
		k := kindByName(name)
		if k == "" || f.sources >= treeFiles && sourceScript(extension(name)) {
			continue
		}
		if found[k] == nil {
			found[k] = &names{}
		}
		found[k].add(baseName(name))
	}
	for _, k := range slices.Sorted(maps.Keys(found)) {
		s.found(f, finding.New(k, f.Path, "by name, locked: %s", found[k]))
	}
}

// kindByName is what a file would be found to be if its name is true, "" for what does not run.
func kindByName(name string) finding.Kind {
	switch ext := extension(name); ext {
	case ".lnk":
		return finding.LNKCommand
	case ".url", ".website":
		return finding.URLFile
	case ".msi", ".msp":
		return finding.MSIFile
	case ".chm", ".hlp":
		return finding.HelpCHM
	case ".iso", ".img", ".vhd", ".vhdx":
		return finding.ImageDisk
	case ".scr", ".pif", ".cpl", ".com":
		return finding.ExecutableFile
	default:
		switch {
		case program(ext):
			return finding.ExecutableFile
		case scriptName(name):
			return finding.ScriptFile
		}
	}
	return ""
}
