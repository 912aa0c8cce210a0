package inspect

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func diskOf(files ...fixture.DiskFile) fixture.ISO { return fixture.ISO{Files: files, Joliet: files} }

func onDisk(name string, data []byte) fixture.DiskFile {
	return fixture.DiskFile{Name: name, Data: data}
}

func TestDisks(t *testing.T) {
	doc := fixture.DocVBA(quiet)
	two := []fixture.DiskFile{onDisk("a.doc", doc), onDisk("sub/b.txt", []byte("words"))}
	fat := fixture.FAT{Files: two}.Bytes()
	locked := bytes.Clone(fat)
	copy(locked[3:], "-FVE-FS-")
	hfs := make([]byte, 4096)
	copy(hfs[1024:], "H+\x00\x04")
	hfs[1024+42] = 0x10
	pdf := overPDF(fixture.ISO{Files: two}.Bytes())
	for _, tt := range []struct {
		name       string
		b          []byte
		tree       []string
		findings   []string
		incomplete bool
	}{
		{"ISO", diskOf(two...).Bytes(), []string{" iso", "a.doc doc", "sub/b.txt text"}, []string{"image.disk", "vba.present a.doc"}, false},
		{"UDF", fixture.ISO{UDF: two, UDFOnly: true}.Bytes(), []string{" udf", "a.doc doc", "sub/b.txt text"}, []string{"image.disk", "vba.present a.doc"}, false},
		{"NTFS", fixture.NTFS{Files: []fixture.NTFSFile{{Name: "a.doc", Data: doc}, {Name: "b", Data: doc, Encrypted: true}, {Name: "c", WOF: true}}}.Bytes(),
			[]string{" img encrypted", "a.doc doc", "b data encrypted", "c data", "c:WofCompressedData text"}, []string{"image.disk", "archive.encrypted", "vba.present a.doc", "scan.incomplete c"}, true},
		{"FAT image", fat, []string{" img", "a.doc doc", "sub/b.txt text"}, []string{"image.disk", "vba.present a.doc"}, false},
		{"FAT image without text fields", fixture.FAT{Files: two, Bare: true}.Bytes(), []string{" img", "a.doc doc", "sub/b.txt text"},
			[]string{"image.disk", "vba.present a.doc"}, false},
		{"partition", fixture.MBR(fixture.Partition{Type: 6, Data: fat}), []string{" img", "a.doc doc", "sub/b.txt text"}, []string{"image.disk", "vba.present a.doc"}, false},
		{"VHD", fixture.VHDFixed(fat), []string{" vhd", "a.doc doc", "sub/b.txt text"}, []string{"image.disk", "vba.present a.doc"}, false},
		{"VHDX", fixture.VHDX{Disk: fat}.Bytes(), []string{" vhdx", "a.doc doc", "sub/b.txt text"}, []string{"image.disk", "vba.present a.doc"}, false},
		{"VHDX with a log", fixture.VHDX{Disk: fat, Log: true}.Bytes(), []string{" vhdx", "a.doc doc", "sub/b.txt text"},
			[]string{"image.disk", "scan.incomplete", "vba.present a.doc"}, true},
		{"differencing VHD", fixture.VHDDifferencing("base.vhd"), []string{" vhd"}, []string{"image.disk", "archive.unread"}, false},
		{"VHD without its tables", []byte("conectix"), []string{" vhd"}, []string{"archive.unread"}, false},
		{"raw sectors", fixture.RawSectors(diskOf(two...).Bytes(), 1), []string{" iso", "a.doc doc", "sub/b.txt text"}, []string{"image.disk", "vba.present a.doc"}, false},
		{"disc behind a document", pdf, []string{" pdf", "A.DOC doc", "SUB/B.TXT text"}, []string{"image.disk", "vba.present A.DOC"}, false},
		{"virtual disk behind a document", fixture.VHDFixed(overPDF(fixture.MBR(fixture.Partition{Type: 6, Data: fat}))), []string{" pdf", "a.doc doc", "sub/b.txt text"},
			[]string{"image.disk", "vba.present a.doc"}, false},
		{"a file that Windows does not show", fixture.ISO{Files: two, Joliet: two[1:]}.Bytes(), []string{" iso", "sub/b.txt text", "A.DOC doc"},
			[]string{"image.disk", "archive.listing-mismatch", "vba.present A.DOC"}, false},
		{"BitLocker", locked, []string{" img encrypted"}, []string{"image.disk", "archive.encrypted"}, false},
		{"HFS+", hfs, []string{" img"}, []string{"image.disk", "archive.unread"}, false},
		{"nothing but a descriptor", diskOf(two...).Bytes()[:17*2048], []string{" iso"}, []string{"image.disk", "scan.incomplete"}, true},
		{"no volume", append(make([]byte, 32<<10), "\x01CDxxx\x01\x02NSR02\x01"...), []string{" data"}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, r := scanFile(t, Options{}, tt.b)
			if diff := cmp.Diff(tt.tree, tree(r)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.findings, lines(r)); diff != "" || r.Incomplete != tt.incomplete {
				t.Errorf("%s, incomplete %v", diff, r.Incomplete)
			}
		})
	}
}

// overPDF writes the beginning of a PDF over the code of a boot record.
func overPDF(disk []byte) []byte {
	b := bytes.Clone(disk)
	copy(b, "%PDF-1.7\n")
	return b
}

func TestDiskInZip(t *testing.T) {
	disk := diskOf(onDisk("a.lnk", []byte("\x4C\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46")), onDisk("b.dll", []byte("MZ\x90\x00"))).Bytes()
	_, r := scanFile(t, Options{}, zipOf(entry("x.img", disk)))
	if diff := cmp.Diff([]string{" zip", "x.img iso", "x.img!/a.lnk lnk", "x.img!/b.dll exe"}, tree(r)); diff != "" {
		t.Error(diff)
	}
	if d := r.Findings[0].Detail; d != `Joliet + ISO 9660, 2 files: "a.lnk", "b.dll"` {
		t.Errorf("detail %s", d)
	}
}

func TestDiskDetails(t *testing.T) {
	fat := fixture.FAT{Files: []fixture.DiskFile{onDisk("A", []byte("x"))}}.Bytes()
	secret := bytes.Clone(fat)
	copy(secret[3:], "-FVE-FS-")
	var four []fixture.DiskFile
	for _, name := range []string{"a", "b", "c", "d"} {
		four = append(four, onDisk(name, []byte(name)))
	}
	for _, tt := range []struct {
		name string
		b    []byte
		want []string
	}{
		{"no files", fixture.ISO{}.Bytes(), []string{"ISO 9660, no files"}},
		{"one", fixture.MBR(fixture.Partition{Type: 6, Data: fat}), []string{`MBR: FAT12, 1 files: "A"`}},
		{"more than are named", diskOf(four...).Bytes(), []string{`Joliet + ISO 9660, 4 files: "a", "b", "c" and 1 more`}},
		{"hidden", fixture.ISO{Files: four, Joliet: four[1:]}.Bytes(), []string{`Joliet + ISO 9660, 4 files: "b", "c", "d" and 1 more`,
			`files in one listing of the image and not in the one that Windows shows: 1: "A"`}},
		{"BitLocker", secret, []string{"BitLocker, no files", "the volume, by BitLocker"}},
		{"differencing", fixture.VHDDifferencing("p\x01.vhd"), []string{"VHD differencing, no files", `not opened: "what differs from p\x01.vhd"`}},
	} {
		_, r := scanFile(t, Options{}, tt.b)
		var got []string
		for _, f := range r.Findings {
			got = append(got, f.Detail)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestDiskOfManyFilesIsIncomplete(t *testing.T) {
	var files []fixture.DiskFile
	for i := range 30 {
		files = append(files, onDisk(strings.Repeat("x", i+1), []byte("same")))
	}
	_, r := scanFile(t, Options{Files: 20}, diskOf(files...).Bytes())
	if !r.Incomplete || !strings.Contains(strings.Join(lines(r), " "), "limit.files") {
		t.Error(lines(r))
	}
}

// One content that stands in a hundred places is a way to make a small image large.
func TestDiskThatGrowsIsABomb(t *testing.T) {
	data := make([]byte, 1<<20)
	var files []fixture.DiskFile
	for i := range 250 {
		files = append(files, onDisk(strings.Repeat("x", i/100+1)+string(rune('a'+i%26))+string(rune('a'+i/26)), data))
	}
	_, r := scanFile(t, Options{Bytes: 240 << 20}, fixture.ISO{Files: files}.Bytes())
	if diff := cmp.Diff([]string{"image.disk", "archive.bomb"}, lines(r)); diff != "" || !r.Incomplete {
		t.Errorf("%s, incomplete %v", diff, r.Incomplete)
	}
}

type breaking struct {
	b    []byte
	from int64
}

func (r breaking) ReadAt(p []byte, off int64) (int, error) {
	if off >= r.from {
		return 0, errors.New("disk")
	}
	return bytes.NewReader(r.b).ReadAt(p, off)
}

func TestDiskThatCannotBeReadIsIncomplete(t *testing.T) {
	b := diskOf(onDisk("a", []byte("x"))).Bytes()
	s := scanner(t, Options{}).Begin()
	_, err := s.File(context.Background(), nil, "", breaking{b, 18 * 2048}, int64(len(b)))
	if r := s.Result(); err == nil || !r.Incomplete {
		t.Errorf("%v, %v", err, lines(r))
	}
	if got := s.Result().Findings; len(got) == 0 || got[len(got)-1].Kind != finding.ScanIncomplete {
		t.Error(got)
	}
}
