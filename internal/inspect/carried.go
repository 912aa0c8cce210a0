package inspect

import (
	"context"
	"io"
	"path"
	"slices"
	"strings"

	"sekisho/internal/finding"
)

// carried is member for a file behind an icon in a document. There a double click opens it by its name, so a name may say more than the
// content does: what Windows would run by one of the names is a script, and so is text that has no name at all. It returns the file's kind.
func (s *Scan) carried(ctx context.Context, f *File, path string, names []string, r io.Reader) (kind string, err error) {
	at := len(s.files)
	err = s.member(ctx, f, path, r)
	if at >= len(s.files) {
		return KindData, err
	}
	report := &s.files[at]
	switch report.Kind {
	case KindEXE, KindLNK, KindMSI, KindCHM: // those are programs by any name
		return report.Kind, err
	case KindText, KindHTML, KindXML, KindMessage:
		if len(names) == 0 {
			report.Kind = KindScript
		}
	}
	if slices.ContainsFunc(names, runs) { // cmd.exe finds the lines of a .bat anywhere, mshta.exe the tags behind a picture, and a .jar is an archive
		if report.Kind != KindScript && !runs(path) {
			s.Add(finding.New(finding.ScriptFile, f.Path.Child(path), "by another of its names"))
		}
		report.Kind = KindScript
	}
	return report.Kind, err
}

// extension is the last extension of a name as Windows sees it: dots and blanks at the end do not count, nor does the name of a stream behind
// that of a script (MS-FSCC 2.1.5.1).
func extension(name string) string {
	if i := strings.IndexByte(name, ':'); i > 1 && runs(name[:i]) {
		name = name[:i]
	}
	return strings.ToLower(path.Ext(strings.TrimRight(name, ". \x00")))
}

// runs reports whether Windows runs a file by that name, as it comes: scripts, command files, and text that configures a program to run one.
func runs(name string) bool {
	switch extension(name) {
	case ".bat", ".cmd", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".wsh", ".wsc", ".sct", ".hta", ".ps1", ".psm1", ".psd1", ".ps1xml", ".msh", ".msc",
		".reg", ".inf", ".scf", ".url", ".com", ".pif", ".scr", ".cpl", ".jar", ".py", ".pyw", ".vb", ".gadget", ".application", ".appref-ms",
		".settingcontent-ms", ".library-ms", ".search-ms", ".diagcab", ".iqy", ".rqy", ".oqy", ".website", ".xbap", ".ws":
		return true
	}
	return false
}
