package inspect

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"sekisho/internal/finding"
)

// disguises reports what does not look like what it is, once a file's content is known as far as it will be. Nobody sees the names of a package's parts.
func (s *Scan) disguises(f *File) {
	if f.parent != nil && f.parent.archive != nil && f.parent.Kind != KindZip {
		return
	}
	s.nameTricks(f)
	s.mismatch(f)
}

// nameTricks reports what a file's name does to hide what the file is: for attachments and members alike, also for those that stay locked.
func (s *Scan) nameTricks(f *File) {
	name := baseName(f.called)
	if f.called == "" || s.told(f) {
		return
	}
	if why := reordered(name); why != "" {
		s.found(f, finding.New(finding.NameRTLO, f.Path, "%s", why))
	}
	if n := hidingBlanks(name); n > 0 {
		s.found(f, finding.New(finding.NameSpaces, f.Path, "%d blanks before %.40q", n, extension(name)))
	}
	if shown := doubleExtension(name); shown != "" && extension(s.lnkTarget(f)) != shown { // the shell names shortcuts to documents so

		s.found(f, finding.New(finding.NameDoubleExtension, f.Path, "%.20q before %.40q", shown, extension(name)))
	}
}

// plain reports whether of a name nothing but its ending, of ASCII letters and digits, can say anything of its file: a file of the mail by such a name has
// the same result as by another.
func plain(name string) bool {
	ending := strings.TrimPrefix(extension(name), ".")
	return name != "" && !strings.ContainsAny(name, `/\:`) && !strings.ContainsFunc(ending, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) &&
		!urlName(name) && reordered(name) == "" && hidingBlanks(name) == 0 && doubleExtension(name) == ""
}

// told reports whether f was listed before: a member of a locked archive comes again when that opens.
func (s *Scan) told(f *File) bool {
	for i := range s.findings {
		switch s.findings[i].Kind {
		case finding.NameRTLO, finding.NameSpaces, finding.NameDoubleExtension:
			if slices.Equal(s.findings[i].Path, f.Path) {
				return true
			}
		}
	}
	return false
}

// lnkTarget is what the shortcut f points to, as far as that is known.
func (s *Scan) lnkTarget(f *File) string {
	if f.report < 0 {
		return ""
	}
	return s.files[f.report].LNKTarget
}

// reordered says which character makes a name read as another: one that overrides the direction of writing, or an embedding or isolate of
// right-to-left in a name without a letter of such a script (Unicode Standard Annex 9, 2). Names in Hebrew and Arabic carry ordinary marks.
func reordered(name string) string {
	own := strings.ContainsFunc(name, rightToLeft)
	for _, r := range name {
		switch {
		case r == 0x202D || r == 0x202E: // LRO, RLO
			return fmt.Sprintf("U+%04X in %.80q", r, name)
		case !own && (r == 0x202B || r == 0x2067): // RLE, RLI
			return fmt.Sprintf("U+%04X in %.80q", r, name)
		case !own && r == 0x200F && markBeforeEnd(name): // RLM
			return fmt.Sprintf("U+%04X in %.80q", r, name)
		}
	}
	return ""
}

// rightToLeft reports whether r is a letter of a script that is written from right to left.
func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Samaritan, unicode.Mandaic, unicode.Adlam)
}

// markBeforeEnd reports whether a right-to-left mark stands beside a dot or a number, where it turns what follows.
func markBeforeEnd(name string) bool {
	at := strings.Index(name, "\u200F")
	return strings.ContainsAny(name[at:], ".0123456789")
}

const hidingRun = 10 // blanks in a row; titles that were set in columns have fewer

// hidingBlanks counts the blanks that push the last extension out of sight.
func hidingBlanks(name string) int {
	end := strings.LastIndexByte(name, '.')
	if end < 0 {
		return 0
	}
	n, most := 0, 0
	for _, r := range strings.TrimLeftFunc(name[:end], blank) {
		if n++; !blank(r) {
			n = 0
		}
		most = max(most, n)
	}
	if most < hidingRun {
		return 0
	}
	return most
}

// doubleExtension is the ending of a document that stands before the real one of something that runs, "" for none. Blanks between them do not count.
func doubleExtension(name string) string {
	last := extension(name)
	switch last {
	case ".py", ".pyw", ".vb", ".inf", ".psd1", ".psm1", ".ps1xml": // sources, which Windows does not run by itself, are named after what they make
		return ""
	}
	if !runs(name) && !program(last) {
		return ""
	}
	before := strings.TrimRight(name, ". \x00")
	before = strings.TrimRightFunc(before[:len(before)-len(last)], func(r rune) bool { return blank(r) || r == '_' || r == '.' })
	shown := extension(strings.Map(halfWidth, before))
	if documentExtension(shown) || mediaExtension(shown) {
		return shown
	}
	return ""
}

// halfWidth is a character as a reader takes it: full-width letters and dots are those of ASCII.
func halfWidth(r rune) rune {
	switch {
	case 0xFF01 <= r && r <= 0xFF5E:
		return r - 0xFF01 + '!'
	case r == 0x2024 || r == 0x3002 || r == 0xFF61: // one dot leader, ideographic full stops
		return '.'
	}
	return r
}

// program reports whether Windows runs a file by that extension, or loads it as a program or a shortcut.
func program(ext string) bool {
	switch ext {
	case ".exe", ".lnk", ".msi", ".msp", ".dll", ".ocx", ".chm", ".hlp", ".msix", ".appx", ".msixbundle", ".appinstaller", ".apk", ".xll":
		return true
	}
	return false
}

// documentExtension reports whether people take a file by that extension for a document.
func documentExtension(ext string) bool {
	switch ext {
	case ".pdf", ".doc", ".docx", ".docm", ".dot", ".dotx", ".rtf", ".odt", ".txt", ".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".csv",
		".ppt", ".pptx", ".pptm", ".pps", ".ppsx", ".odp", ".xps", ".oxps", ".epub", ".one", ".pub", ".vsd", ".vsdx", ".msg", ".eml",
		".jtd", ".jtdc", ".xdw", ".xbd", ".hwp", ".hwpx", ".pages", ".numbers", ".dwg", ".dxf":
		return true
	}
	return false
}

// mediaExtension reports whether people take a file by that extension for a picture, a recording or a film.
func mediaExtension(ext string) bool {
	switch ext {
	case ".jpg", ".jpeg", ".jpe", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".heic", ".mp3", ".mp4", ".m4a", ".wav", ".wma", ".wmv",
		".avi", ".mov", ".mpg", ".mpeg", ".flac", ".mkv":
		return true
	}
	return false
}
