package inspect

import (
	"strings"

	"sekisho/internal/finding"
)

// mismatch reports content that is not what the file's name says, where that deceives: programs, shortcuts and scripts, archives and documents
// under the name of a harmless kind. A name without an extension leaves it to the declared type. What Office and other programs sort out by
// themselves, and old systems export every day (RTF, HTML, XML and MHTML named .doc, pictures of one kind named as another), is none.
func (s *Scan) mismatch(f *File) {
	ext := extension(baseName(f.typed))
	if ext == "" {
		ext = declaredExtension(f.declared)
	}
	if s.deceives(f, ext) {
		s.found(f, finding.New(finding.FileTypeMismatch, f.Path, "%s content under %.40q", f.Kind, ext))
	}
}

func (s *Scan) deceives(f *File, ext string) bool {
	shown := documentExtension(ext) || mediaExtension(ext)
	switch f.Kind {
	case KindEXE, KindLNK, KindMSI, KindCHM, KindELF, KindMachO:
		return shown || ext == ".zip" || ext == ".htm" || ext == ".html"
	case KindScript:
		return shown && ext != ".txt" && ext != ".csv" // text shows as what it is
	case KindZip, Kind7z, KindRAR, KindCAB, KindISO, KindUDF, KindIMG, KindVHD, KindVHDX, KindACE, KindARJ:
		return closed(ext)
	case KindOneNote:
		return shown && ext != ".one"
	case KindDOC, KindXLS, KindPPT, KindBIFF, KindDOCX, KindXLSX, KindXLSB, KindPPTX, "docm", "xlsm", "pptm", "dotm", "xltm":
		return closed(ext) || ext == ".txt" || s.macrosOf(f) && (ext == ".rtf" || plainPackage(ext))
	case KindMHT, KindXML, KindHTML, KindMSO, KindRTF:
		return s.macrosOf(f) && (shown || closed(ext))
	}
	return false
}

// closed reports whether a file by that extension is never a container of another program's.
func closed(ext string) bool { return ext == ".pdf" || mediaExtension(ext) }

// plainPackage reports whether Office promises that a file by that extension has no macros (ECMA-376-1 11.2, 12.2, 13.2).
func plainPackage(ext string) bool { return ext == ".docx" || ext == ".xlsx" || ext == ".pptx" }

func (s *Scan) macrosOf(f *File) bool {
	return f.report >= 0 && (s.files[f.report].HasVBA || s.files[f.report].HasXLM)
}

// declaredExtension is the ending that a mail program gives to a file of that declared type (RFC 2046 4).
func declaredExtension(media string) string {
	kind, _, _ := strings.Cut(media, "/")
	switch {
	case media == "application/pdf":
		return ".pdf"
	case kind == "image" && !strings.Contains(media, "svg"):
		return ".jpg"
	case kind == "audio", kind == "video":
		return ".mp4"
	}
	return ""
}
