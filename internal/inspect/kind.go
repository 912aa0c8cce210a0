package inspect

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf8"

	"sekisho/internal/archive"
	"sekisho/internal/cms"
	"sekisho/internal/xlm"
	"sekisho/oleparse"
)

// The kinds of files: a closed list, in the words of reports, rules and JSON.
const (
	KindEmpty   = "empty"
	KindData    = "data" // nothing we know
	KindText    = "text"
	KindHTML    = "html"
	KindXML     = "xml"
	KindMessage = "message" // a mail
	KindRTF     = "rtf"
	KindSLK     = "slk"  // SYLK: a workbook as text
	KindBIFF    = "biff" // a workbook without a compound file around it
	KindPDF     = "pdf"
	KindPNG     = "png"
	KindJPEG    = "jpg"
	KindGIF     = "gif"
	KindBMP     = "bmp"
	KindTIFF    = "tiff"
	KindEMF     = "emf"
	KindWMF     = "wmf"

	KindZip  = "zip"
	Kind7z   = "7z"
	KindRAR  = "rar"
	KindCAB  = "cab"
	KindARJ  = "arj"
	KindACE  = "ace"
	KindLZH  = "lzh"
	KindALZ  = "alz"
	KindEGG  = "egg"
	KindTar  = "tar"
	KindGzip = "gz"
	KindBzip = "bz2"
	KindXZ   = "xz"
	KindLZMA = "lzma" // LZMA alone
	KindLZip = "lz"
	KindLZW  = "z" // compress
	KindZstd = "zst"
	KindCPIO = "cpio"
	KindAR   = "ar"
	KindXAR  = "xar"
	KindWIM  = "wim"
	KindISO  = "iso"
	KindUDF  = "udf"
	KindIMG  = "img" // a disk image: FAT, exFAT, NTFS or HFS+, or partitions with them
	KindVHD  = "vhd"
	KindVHDX = "vhdx"

	KindOLE  = "ole" // a compound file; doc, xls, ppt, msg, msi, pub or vsd once it was read
	KindDOC  = "doc"
	KindXLS  = "xls"
	KindPPT  = "ppt"
	KindMSG  = "msg"
	KindMSI  = "msi"
	KindPUB  = "pub"
	KindVSD  = "vsd"
	KindOPC  = "ooxml" // a package; docx, docm, xlsx, xlsm, xlsb, pptx, pptm, vsdx … once it was read
	KindDOCX = "docx"
	KindXLSX = "xlsx"
	KindXLSB = "xlsb"
	KindPPTX = "pptx"
	KindVSDX = "vsdx"

	KindOneNote = "one"
	KindScript  = "script" // what Windows runs as a script, by its content or its name
	KindLNK     = "lnk"
	KindEXE     = "exe"
	KindELF     = "elf"
	KindCHM     = "chm"
	KindTNEF    = "tnef"
	KindMSO     = "mso" // ActiveMime, until it was opened
	KindSVG     = "svg"
	KindICS     = "ics" // iCalendar
	KindP7M     = "p7m" // S/MIME: signed content or an encrypted one
	KindPGP     = "pgp"
	KindURL     = "url"
	KindMachO   = "macho"
	KindClass   = "class" // a compiled Java class
	KindMHT     = "mht"   // MHTML: a document saved as a MIME message
)

// magic is a signature at a fixed place.
type magic struct {
	at   int
	sig  string
	kind string
}

// magics lists the signatures, none of which is the beginning of another. Formats by their own specifications; 7z, rar, ace, lzh, alz and
// egg by their archivers' notes.
var magics = [...]magic{
	{0, "PK\x03\x04", KindZip}, {0, "PK\x05\x06", KindZip}, // APPNOTE 4.3.7, 4.3.16
	{0, "PK\x07\x08PK\x03\x04", KindZip}, {0, "PK00PK\x03\x04", KindZip}, // 8.5.4, 8.5.5: split archives of one segment
	{0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", KindOLE}, // MS-CFB 2.2
	{0, "7z\xBC\xAF\x27\x1C", Kind7z}, {0, "Rar!\x1A\x07", KindRAR}, {0, "MSCF\x00\x00\x00\x00", KindCAB},
	{0, "RE~^", KindRAR}, {0, "LZIP\x01", KindLZip}, {0, "!<arch>\n", KindAR},
	{0, "xar!\x00\x1C", KindXAR}, {0, "MSWIM\x00\x00\x00", KindWIM}, {0, "WLPWM\x00\x00\x00", KindWIM},
	{7, "**ACE**", KindACE}, {0, "ALZ\x01", KindALZ}, {0, "EGGA", KindEGG},
	{257, "ustar", KindTar},       // POSIX.1-1988 pax, ustar
	{0, "\x1F\x8B\x08", KindGzip}, // RFC 1952 2.3.1, deflate is the only method
	{0, "\xFD7zXZ\x00", KindXZ}, {0, "\x28\xB5\x2F\xFD", KindZstd},
	{0, "conectix", KindVHD}, {0, "vhdxfile", KindVHDX},
	{0, "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3", KindOneNote},             // MS-ONESTORE 2.3.1 guidFileType, .one
	{0, "\xA1\x2F\xFF\x43\xD9\xEF\x76\x4C\x9E\xE2\x10\xEA\x57\x22\x76\x5F", KindOneNote},             // .onetoc2
	{0, "\x4C\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46", KindLNK}, // MS-SHLLINK 2.1
	{0, "ActiveMime", KindMSO}, {0, "ITSF", KindCHM}, {0, "\x78\x9F\x3E\x22", KindTNEF}, // MS-OXTNEF 2.1.3.1
	{0, "\x7FELF", KindELF}, {0, "{\\rt", KindRTF},
	{0, "\x89PNG\r\n\x1A\n", KindPNG}, {0, "\xFF\xD8\xFF", KindJPEG}, {0, "GIF8", KindGIF},
	{0, "II*\x00", KindTIFF}, {0, "MM\x00*", KindTIFF}, {40, " EMF", KindEMF}, {0, "\xD7\xCD\xC6\x9A", KindWMF},
	{3, "NTFS    ", KindIMG}, {3, "EXFAT   ", KindIMG}, {54, "FAT1", KindIMG}, {82, "FAT32   ", KindIMG},
}

const (
	headSize = 4096     // the first header lines of a mail, a boot sector, the "ustar" of a tar
	tailSize = 66 << 10 // an end of central directory with the longest comment (APPNOTE 4.3.16)
	volume   = 32 << 10 // ECMA-119 6.2.1, ECMA-167 2/8.3.1: volume structures begin at sector 16
	pdfStart = 1024     // PDF 1.7 annex H, 3.4.1, note 13: readers accept the header in there
	vhdTail  = 512      // a fixed VHD has only its footer
	isoStep  = 2048     // one volume structure descriptor
	isoCount = 8        // the descriptors looked at: BEA01 and NSR stand among the first
)

// identify sets f.Kind by content.
func (s *Scan) identify(ctx context.Context, f *File) error {
	head, err := f.look(ctx, 0, headSize)
	if err != nil {
		return err
	}
	f.Kind = headKind(head)
	f.pdf = holdsNothing(f.Kind) && bytes.Contains(head[:min(len(head), pdfStart)], []byte("%PDF-"))
	if f.Kind == KindData {
		if err := f.farKind(ctx); err != nil {
			return err
		}
	}
	if err := s.findJoined(ctx, f); err != nil {
		return err
	}
	if err := s.identifyMIME(ctx, f, head); err != nil {
		return err
	}
	if err := f.diskVolume(ctx); err != nil {
		return err
	}
	switch f.Kind {
	case KindZip, KindEmpty, KindMessage:
		return nil
	}
	if f.Kind == KindData && bytes.Contains(head, []byte("PK\x03\x04")) {
		f.tailEnd = true // a package whose beginning and directory are lost: Office repairs it
		return nil
	}
	tail, err := f.look(ctx, max(0, f.Size-tailSize), tailSize) // an end of central directory stands where programs search for one
	f.tailEnd = bytes.Contains(tail, []byte("PK\x05\x06"))
	return err
}

// holdsNothing tells the kinds behind whose beginning a PDF may hide: in a container it would be a file inside.
func holdsNothing(kind string) bool {
	switch kind {
	case KindPNG, KindJPEG, KindGIF, KindBMP, KindTIFF, KindEMF, KindWMF, KindEXE, KindELF, KindHTML, KindXML, KindText, KindRTF, KindBIFF, KindSLK:
		return true
	}
	return false
}

// look is up to n bytes from off, as far as the file goes: the content's own memory where it has some, so that nobody may change them.
func (f *File) look(ctx context.Context, off int64, n int) ([]byte, error) {
	if b := (contextReader{ctx, f.content}).View(off, int64(n)); b != nil {
		return b[:min(int64(len(b)), max(0, f.Size-off))], ctx.Err()
	}
	return f.peek(ctx, off, make([]byte, min(int64(n), max(0, f.Size-off))))
}

// peek fills b from off, as far as the file goes.
func (f *File) peek(ctx context.Context, off int64, b []byte) ([]byte, error) {
	b = b[:min(int64(len(b)), max(0, f.Size-off))]
	got, err := contextReader{ctx, f.content}.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:got], nil
}

// headKind is the kind that the first bytes tell.
func headKind(b []byte) string {
	switch {
	case len(b) == 0:
		return KindEmpty
	case oleparse.IsBIFF(b): // first, or a signature further on would hide it
		return KindBIFF
	case xlm.IsSLK(b):
		return KindSLK
	}
	for _, m := range magics {
		if len(b) >= m.at+len(m.sig) && string(b[m.at:m.at+len(m.sig)]) == m.sig && (m.kind != KindIMG || bootSector(b)) {
			return m.kind
		}
	}
	switch {
	case len(b) > 10 && string(b[:3]) == "BZh" && (string(b[4:10]) == "1AY&SY" || string(b[4:10]) == "\x17rE8P\x90"):
		return KindBzip
	case len(b) > 8 && b[0]&0xF0 == 0x50 && string(b[1:4]) == "\x2A\x4D\x18": // RFC 8878 3.1.2: frames that are skipped may come first
		return KindZstd
	case len(b) >= 36 && string(b[:4]) == "MSCF" && b[25] == 1: // MS-CAB 2.1: what is reserved is ignored by readers, the version is not
		return KindCAB
	case len(b) > 7 && b[2] == '-' && b[3] == 'l' && (b[4] == 'h' || b[4] == 'z') && b[6] == '-':
		return KindLZH
	case len(b) > 4 && b[0] == 0x60 && b[1] == 0xEA && binary.LittleEndian.Uint16(b[2:]) <= 2600:
		return KindARJ // the archiver's note: a basic header of at most 2,600 bytes
	case cms.Is(b): // before what may stand in it
		return KindP7M
	case cms.IsPGP(b):
		return KindPGP
	case bytes.Contains(b[:min(len(b), pdfStart)], []byte("%PDF-")):
		return KindPDF
	case archive.IsCPIO(b):
		return KindCPIO
	case len(b) > 3 && b[0] == 0x1F && b[1] == 0x9D && b[2]&0x60 == 0 && b[2]&0x1F >= 9 && b[2]&0x1F <= 16: // compress(1): block mode, bits of a code
		return KindLZW
	case oldTar(b):
		return KindTar
	case wideXML(b):
		return KindXML
	case bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF")), " \t\r\n\v\f\x00"), []byte("{\\rt")):
		return KindRTF // lenient readers skip what stands before it, and \bin makes the rest no text
	case isText(b):
		return textKind(b)
	case b[0] == 'M' && len(b) > 1 && b[1] == 'Z':
		return KindEXE
	case machO(b):
		return KindMachO
	case javaClass(b):
		return KindClass
	case b[0] == 'B' && len(b) > 14 && b[1] == 'M':
		return KindBMP
	case lzmaAlone(b):
		return KindLZMA
	}
	return KindData
}

// bootSector reports whether b begins as a FAT, exFAT or NTFS volume: a jump, and the signature that ends the sector.
func bootSector(b []byte) bool {
	return len(b) >= 512 && (b[0] == 0xEB || b[0] == 0xE9) && b[510] == 0x55 && b[511] == 0xAA
}

// oldTar reports whether b begins with a tar header of before POSIX: only its checksum tells.
func oldTar(b []byte) bool {
	if len(b) < 512 || b[0] == 0 {
		return false
	}
	var sum, said int64
	for i, c := range b[:512] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
	}
	digits := bytes.Trim(b[148:156], " \x00")
	for _, c := range digits {
		if c < '0' || c > '7' {
			return false
		}
		said = said<<3 | int64(c-'0')
	}
	return len(digits) > 0 && said == sum
}

// farKind looks for the signatures that do not stand at the beginning.
func (f *File) farKind(ctx context.Context) error {
	for i := range int64(isoCount) {
		b, err := f.look(ctx, volume+i*isoStep, 6)
		if err != nil {
			return err
		}
		if len(b) < 6 {
			break
		}
		switch string(b[1:6]) {
		case "CD001": // ECMA-119 8.1.2
			f.Kind = KindISO
			return nil
		case "NSR02", "NSR03": // ECMA-167 3/9.1.2
			f.Kind = KindUDF
			return nil
		}
	}
	footer, err := f.footer(ctx)
	switch {
	case err != nil:
		return err
	case footer:
		f.Kind = KindVHD
		return nil
	}
	return f.diskKind(ctx)
}

// isText reports whether b reads as text of some encoding: no NUL outside UTF-16, and hardly any other control character.
func isText(b []byte) bool {
	if utf16(b) || bareWide(b) {
		return true
	}
	odd := 0
	for _, c := range b {
		switch {
		case c == 0:
			return false
		case c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1B: // ESC begins ISO-2022-JP
			odd++
		}
	}
	return odd*50 <= len(b)
}

func utf16(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\xFF\xFE")) || bytes.HasPrefix(b, []byte("\xFE\xFF"))
}

// textKind tells markup and mails from other text.
func textKind(b []byte) string {
	switch {
	case utf16(b):
		b = narrow(b)
	case bareWide(b):
		b = narrow(append([]byte("\xFF\xFE"), b...))
	}
	if b = textStart(b); shortcutText(b) {
		return KindURL
	}
	low := bytes.ToLower(b[:min(len(b), 1024)])
	switch {
	case bytes.HasPrefix(low, []byte("begin:vcalendar")): // RFC 5545 3.4
		return KindICS
	case cms.Armor(b) == "CMS":
		return KindP7M
	case cms.Armor(b) == "PGP":
		return KindPGP
	case svgStart(low):
		return KindSVG
	case htmlStart(low):
		return KindHTML
	case bytes.HasPrefix(low, []byte("<?xml")), officeXML(b):
		return KindXML
	case mailStart(b):
		if savedPage(b) {
			return KindMHT
		}
		return KindMessage
	case bytes.Contains(low, []byte("<html")), bytes.Contains(low, []byte("<script")):
		return KindHTML
	case bytes.HasPrefix(low, []byte("<!--")): // XML needs no declaration, and its root may come late
		return KindXML
	}
	return KindText
}

// textStart leaves out a byte order mark and blanks.
func textStart(b []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF")), " \t\r\n\f")
}

// IsMessage reports whether a file that begins with head is a mail.
func IsMessage(head []byte) bool { return headKind(head) == KindMessage }

// narrow leaves every second byte of UTF-16 away: enough to compare with ASCII.
func narrow(b []byte) []byte {
	out := make([]byte, 0, len(b)/2)
	for i := 2; i+1 < len(b); i += 2 {
		out = append(out, b[i]|b[i+1])
	}
	if !utf8.Valid(out) {
		return nil
	}
	return out
}

// htmlStart reports whether lower-case text begins as HTML does.
func htmlStart(low []byte) bool {
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<script", "<title", "<meta ", "<iframe", "<table", "<div"} {
		if bytes.HasPrefix(low, []byte(tag)) {
			return true
		}
	}
	return false
}
