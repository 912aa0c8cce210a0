package inspect

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

func at(n int, at int, sig string) []byte {
	b := bytes.Repeat([]byte{0x01}, n)
	copy(b[at:], sig)
	return b
}

func utf16le(s string) []byte {
	b := []byte("\xFF\xFE")
	for _, r := range s {
		b = binary.LittleEndian.AppendUint16(b, uint16(r))
	}
	return b
}

func TestKinds(t *testing.T) {
	fat := at(1024, 510, "\x55\xAA")
	copy(fat, "\xEB\x3C\x90")
	copy(fat[54:], "FAT16   ")
	noBoot := bytes.Clone(fat)
	noBoot[510] = 0
	oldTar := tarOf(t, "name", []byte("x"))
	copy(oldTar[257:], make([]byte, 8))
	copy(oldTar[148:], "        ")
	sum := 0
	for _, c := range oldTar[:512] {
		sum += int(c)
	}
	copy(oldTar[148:], []byte{'0', byte('0' + sum>>12&7), byte('0' + sum>>9&7), byte('0' + sum>>6&7), byte('0' + sum>>3&7), byte('0' + sum&7), 0, ' '})
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, KindEmpty},
		{"one byte", []byte{0}, KindData},
		{"lzip", []byte("LZIP\x01\x10"), KindLZip}, {"LZMA alone", fixture.LZMA([]byte("text")), KindLZMA}, {"compress", []byte("\x1F\x9D\x90\x01"), KindLZW},
		{"no compress: bits of a code", []byte("\x1F\x9D\x91\x01")[:3], KindData},
		{"ar", []byte("!<arch>\n"), KindAR}, {"cpio", cpioOf("a", "b"), KindCPIO}, {"digits", []byte(strings.Repeat("070707 ", 20)), KindText},
		{"xar", []byte("xar!\x00\x1C\x00\x01"), KindXAR}, {"WIM", []byte("MSWIM\x00\x00\x00\xD0"), KindWIM}, {"RAR 1.4", []byte("RE~^\x07\x00"), KindRAR},
		{"Japanese text", []byte("請求書を送ります。\r\n"), KindText},
		{"ISO-2022-JP", []byte("\x1b$B@A5a=q\x1b(B\r\n"), KindText},
		{"UTF-16 text", utf16le("hello"), KindText},
		{"UTF-16 page", utf16le("  <!DOCTYPE HTML><p>"), KindHTML},
		{"page behind a byte order mark", []byte("\xEF\xBB\xBF\n<HTML>"), KindHTML},
		{"text that becomes a page", []byte("hi <b>x</b> <script>x</script>"), KindHTML},
		{"markup", []byte("<?xml version='1.0'?><w:wordDocument/>"), KindXML},
		{"mail", []byte("Received: from a by b\r\n\twith ESMTP\r\nFrom: x@example.com\r\n\r\nbody"), KindMessage},
		{"mail of an mbox", []byte("From x@example.com Mon Nov 23\nFrom: x@example.com\nSubject: y\n\nbody"), KindMessage},
		{"MIME entity", []byte("MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x"), KindMHT},
		{"mail with a page in it", []byte("From: a@example.com\nSubject: s\n\n<html>"), KindMessage},
		{"letter", []byte("Dear Sir: here you are\r\nFrom: me\r\n"), KindText},
		{"notes with colons", []byte("todo: buy\nthen: cook\n"), KindText},
		{"one field", []byte("From: me\n\nhello"), KindText},
		{"binary that begins like text", []byte("From: x\nReceived: y\n\x00"), KindData},
		{"rich text", []byte(`{\rtf1 x}`), KindRTF},
		{"rich text that Word takes as well", []byte(`{\rt\x`), KindRTF},
		{"portable document behind junk", append(at(500, 0, "\x00"), "%PDF-1.7"...), KindPDF},
		{"compound file", fixture.OLE(), KindOLE},
		{"archive", fixture.Zip("a", "a"), KindZip},
		{"empty archive", fixture.Zip(), KindZip},
		{"7z", []byte("7z\xBC\xAF\x27\x1C\x00\x04"), Kind7z},
		{"rar 4", []byte("Rar!\x1A\x07\x00"), KindRAR},
		{"rar 5", []byte("Rar!\x1A\x07\x01\x00"), KindRAR},
		{"cabinet", []byte("MSCF\x00\x00\x00\x00rest"), KindCAB},
		{"cabinet with something reserved", []byte("MSCF\x01\x00\x00\x00" + strings.Repeat("\x00", 16) + "\x03\x01" + strings.Repeat("\x00", 10)), KindCAB},
		{"text that begins like one", []byte("MSCF is the mark of cabinets, says this text"), KindText},
		{"ARJ", []byte("\x60\xEA\x2E\x00\x22\x0B"), KindARJ},
		{"ACE", at(20, 7, "**ACE**"), KindACE},
		{"LZH", at(20, 2, "-lh5-"), KindLZH},
		{"LArc", at(20, 2, "-lzs-"), KindLZH},
		{"ALZ", []byte("ALZ\x01\x0A\x00"), KindALZ},
		{"EGG", []byte("EGGA\x00\x01"), KindEGG},
		{"gzip", gz(t, "", nil), KindGzip},
		{"bzip2", []byte(bz2Text), KindBzip},
		{"xz", []byte("\xFD7zXZ\x00\x00\x04"), KindXZ},
		{"Zstandard", zst(t, nil), KindZstd},
		{"tar", tarOf(t, "x", nil), KindTar},
		{"tar of before POSIX", oldTar, KindTar},
		{"ISO 9660", at(40<<10, 32769, "CD001"), KindISO},
		{"UDF", at(40<<10, 32769+2048, "NSR02"), KindUDF},
		{"FAT volume", fat, KindIMG},
		{"FAT's name without a boot sector", noBoot, KindData},
		{"fixed VHD", append(at(4096, 0, "\x00"), at(512, 0, "conectix")...), KindVHD},
		{"dynamic VHD", at(2048, 0, "conectix"), KindVHD},
		{"VHDX", []byte("vhdxfile"), KindVHDX},
		{"OneNote section", []byte("\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3"), KindOneNote},
		{"shortcut", []byte("\x4C\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"), KindLNK},
		{"program", exe(), KindEXE},
		{"text that begins with a program's letters", []byte("MZ is short for Mark Zbikowski"), KindText},
		{"ELF", []byte("\x7FELF\x02"), KindELF},
		{"help", []byte("ITSF\x03\x00"), KindCHM},
		{"TNEF", []byte("\x78\x9F\x3E\x22\x01\x00"), KindTNEF},
		{"PNG", []byte("\x89PNG\r\n\x1A\n"), KindPNG},
		{"JPEG", []byte("\xFF\xD8\xFF\xE0"), KindJPEG},
		{"GIF", []byte("GIF89a\x01\x00"), KindGIF},
		{"BMP", at(60, 0, "BM"), KindBMP},
		{"TIFF", []byte("II*\x00\x08\x00"), KindTIFF},
		{"EMF", at(60, 40, " EMF"), KindEMF},
		{"WMF", []byte("\xD7\xCD\xC6\x9A\x00"), KindWMF},
	}
	s := scanner(t, Options{}).Begin()
	for _, tt := range tests {
		f := &File{content: bytes.NewReader(tt.file), Size: int64(len(tt.file)), report: -1}
		if err := s.identify(context.Background(), f); err != nil || f.Kind != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, f.Kind, err, tt.want)
		}
	}
}

func TestPackageKinds(t *testing.T) {
	zip := func(names ...string) []byte {
		var files []string
		for _, n := range names {
			files = append(files, n, "x")
		}
		return fixture.Zip(files...)
	}
	for want, b := range map[string][]byte{
		"docx": fixture.DOCX(),
		"docm": fixture.DOCM(quiet),
		"xlsm": fixture.XLSM(quiet),
		"zip":  zip("[Content_Types].xml", "payload.js"),
	} {
		if kind, r := scanFile(t, Options{}, b); kind != want || r.Files[0].Kind != want {
			t.Errorf("%q, report %q, want %q", kind, r.Files[0].Kind, want)
		}
	}
	if kind, _ := scanFile(t, Options{}, zip(`word\document.xml`, "x")); kind == "zip" {
		t.Error("a backslash hides the package")
	}
}

func TestIsMessage(t *testing.T) {
	if !IsMessage([]byte("Return-Path: <>\nReceived: x\n")) || IsMessage([]byte(strings.Repeat("x", 100))) {
		t.Error("IsMessage is not the kind's word")
	}
}

// elsewhereOnly hides that content is in memory.
type elsewhereOnly struct{ io.ReaderAt }

func TestWhatAFileIsDoesNotDependOnWhereItsContentLies(t *testing.T) {
	joined := append([]byte("\xff\xd8\xff\xe0"), fixture.Noise(40<<10)...)
	for name, data := range map[string][]byte{
		"empty": nil, "picture": joined, "picture and 7z": append(joined, fixture.SevenZip{Files: []fixture.SevenFile{{Name: "a.txt", Data: []byte("hello")}}}.Bytes()...),
		"mail behind text": []byte("to whom it may concern\r\nMime-VERSION: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n"),
		"text and ZIP":     append([]byte("hello\n"), fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a"}}}.Bytes()...), "document": fixture.DOCX(),
	} {
		b := message.NewBuffer(t.TempDir(), 1<<20)
		defer b.Close()
		if _, err := b.Write(data); err != nil {
			t.Fatal(err)
		}
		scan := scanner(t, Options{}).Begin()
		inMemory, elsewhere := &File{Size: int64(len(data)), content: b}, &File{Size: int64(len(data)), content: elsewhereOnly{b}}
		if err := errors.Join(scan.identify(context.Background(), inMemory), scan.identify(context.Background(), elsewhere)); err != nil {
			t.Fatal(err)
		}
		if a, b := inMemory, elsewhere; a.Kind != b.Kind || a.joined != b.joined || a.tailEnd != b.tailEnd || a.mime != b.mime || a.volume != b.volume {
			t.Errorf("%s: %+v, but %+v", name, a, b)
		}
		if n := testing.AllocsPerRun(10, func() { _ = scan.identify(context.Background(), inMemory) }); name == "picture" && n > 12 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
