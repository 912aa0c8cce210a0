package inspect

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"sekisho/internal/finding"
	"sekisho/zipinspect"
)

// executableFile names what runs as a program, and what installs one: Windows' programs, those of other systems, Java, packages of programs,
// installers, compiled help. None of them is opened; an archive behind a program is the business of zipFile.
type executableFile struct{}

var _ Inspector = executableFile{}

func (executableFile) Name() string { return "executable" }

func (executableFile) Match(f *File) bool {
	switch f.Kind {
	case KindEXE, KindELF, KindMachO, KindClass, KindMSI, KindCHM:
		return true
	case KindZip:
		return f.archive != nil
	}
	return f.listed && rawProgram(extension(f.typed))
}

func (executableFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	kind, what := finding.ExecutableFile, ""
	switch f.Kind {
	case KindMSI:
		kind, what = finding.MSIFile, "Windows Installer"
	case KindCHM:
		kind, what = finding.HelpCHM, "compiled HTML help"
	case KindEXE:
		var err error
		if what, err = windowsProgram(ctx, f); err != nil {
			return err
		}
	case KindELF:
		what = "ELF"
	case KindMachO:
		what = "Mach-O"
	case KindClass:
		if f.parent == nil || f.parent.archive == nil || zipProgram(f.parent.archive) == "" { // the archive is named for all of them
			what = "Java class"
		}
	case KindZip:
		what = zipProgram(f.archive)
	case KindData: // a program without a header is any bytes, as far as its first segment reaches
		if f.Size < comMax {
			what = "named as a program"
		}
	}
	if what != "" {
		s.found(f, finding.New(kind, f.Path, "%s", what))
	}
	return nil
}

const comMax = 64 << 10 // DOS loads a .COM file into one segment

// rawProgram reports whether DOS runs a file by that extension without any header.
func rawProgram(ext string) bool { return ext == ".com" }

// windowsProgram says what follows the "MZ" header (MS-DOS executable, PE format 2), "" for what is no program.
func windowsProgram(ctx context.Context, f *File) (string, error) {
	head, err := f.peek(ctx, 0, make([]byte, 64))
	if err != nil || len(head) < 64 {
		return dosProgram(f, head), err
	}
	at := int64(binary.LittleEndian.Uint32(head[60:])) // e_lfanew
	b, err := f.peek(ctx, at, make([]byte, 24+96))
	if err != nil {
		return "", err
	}
	switch {
	case bytes.HasPrefix(b, []byte("PE\x00\x00")):
		return portable(b), nil
	case bytes.HasPrefix(b, []byte("NE")):
		return "16-bit Windows program", nil
	case bytes.HasPrefix(b, []byte("LE")), bytes.HasPrefix(b, []byte("LX")):
		return "virtual device driver or OS/2 program", nil
	}
	return dosProgram(f, head), nil
}

// portable describes a PE header (PE format 3.3, Characteristics).
func portable(b []byte) string {
	if len(b) < 24 {
		return "PE"
	}
	what := "PE program"
	switch flags := binary.LittleEndian.Uint16(b[22:]); {
	case flags&0x2000 != 0:
		what = "PE library"
	case flags&0x1000 != 0:
		what = "PE system file"
	}
	return what
}

// dosProgram is the word for a plain DOS program: by its header (pages of 512 bytes, a header of 16-byte paragraphs), or by its name.
func dosProgram(f *File, head []byte) string {
	if ext := extension(f.typed); program(ext) || runs(f.typed) {
		return fmt.Sprintf("program by its name, %.20q", ext)
	}
	if len(head) < 28 {
		return ""
	}
	word := func(at int) int64 { return int64(binary.LittleEndian.Uint16(head[at:])) }
	last, pages, paragraphs := word(2), word(4), word(8)
	size := pages*512 - (512-last)%512
	if last < 512 && pages > 0 && paragraphs >= 2 && paragraphs*16 <= f.Size && size <= f.Size+512 {
		return "DOS program"
	}
	return ""
}

// zipProgram says which sort of program is packed as a ZIP archive, "" for other archives.
func zipProgram(a *zipinspect.Archive) string {
	classes, manifest := false, false
	for i := range a.Entries {
		switch name := partName(a.Entries[i].Name); {
		case name == "androidmanifest.xml":
			return "Android application"
		case name == "appxmanifest.xml", name == "appxmetadata/appxbundlemanifest.xml":
			return "Windows application package"
		case name == "meta-inf/manifest.mf":
			manifest = true
		case strings.HasSuffix(name, ".class"):
			classes = true
		case name == "extension.vsixmanifest":
			return "Visual Studio extension"
		}
	}
	if manifest && classes { // JAR file specification: the manifest and compiled classes
		return "Java archive"
	}
	return ""
}
