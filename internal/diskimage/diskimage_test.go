package diskimage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func read(t *testing.T, b []byte) *Image {
	t.Helper()
	img, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func files(img *Image) []string {
	var out []string
	for _, f := range img.Files {
		b, err := io.ReadAll(f.Content())
		line := fmt.Sprintf("%s %.20q", f.Name, b)
		if err != nil {
			line += " " + err.Error()
		}
		out = append(out, line)
	}
	return out
}

func file(name, data string) fixture.DiskFile {
	return fixture.DiskFile{Name: name, Data: []byte(data)}
}

func floppy(name string) []byte {
	return fixture.FAT{Files: []fixture.DiskFile{file(name, "x")}}.Bytes()
}

func TestRead(t *testing.T) {
	one := []fixture.DiskFile{file("A.TXT", "A")}
	iso := fixture.ISO{Files: one}
	bridge := fixture.ISO{Files: one, Joliet: one}
	hfs := make([]byte, 4096)
	copy(hfs[1024:], "H+\x00\x04")
	hfs[1024+42] = 0x10
	disk := fixture.MBR(fixture.Partition{Type: 6, Data: floppy("A")})
	noRoot := fixture.ISO{Files: one, UDF: one}.Bytes()
	noRoot[256*2048]++
	for _, tt := range []struct {
		name   string
		b      []byte
		format string
		files  []string
	}{
		{"disc", iso.Bytes(), "ISO 9660", []string{`A.TXT "A"`}},
		{"disc with Joliet", bridge.Bytes(), "Joliet + ISO 9660", []string{`A.TXT "A"`}},
		{"disc in raw sectors", fixture.RawSectors(iso.Bytes(), 1), "sectors of 2,352 bytes: ISO 9660", []string{`A.TXT "A"`}},
		{"disc in raw sectors of mode 2", fixture.RawSectors(iso.Bytes(), 2), "sectors of 2,352 bytes: ISO 9660", []string{`A.TXT "A"`}},
		{"floppy", floppy("A"), "FAT12", []string{`A "x"`}},
		{"exFAT", fixture.ExFAT{Files: one}.Bytes(), "exFAT", []string{`A.TXT "A"`}},
		{"NTFS", fixture.NTFS{Files: []fixture.NTFSFile{{Name: "a.txt", Data: []byte("A"), Stream: "S"}}}.Bytes(), "NTFS", []string{`a.txt "A"`, `a.txt:stream "S"`}},
		{"fixed VHD", fixture.VHDFixed(disk), "VHD fixed: MBR: FAT12", []string{`A "x"`}},
		{"dynamic VHD", fixture.VHDDynamic(disk), "VHD dynamic: MBR: FAT12", []string{`A "x"`}},
		{"VHD of a volume alone", fixture.VHDFixed(floppy("A")), "VHD fixed: FAT12", []string{`A "x"`}},
		{"VHDX", fixture.VHDX{Disk: disk}.Bytes(), "VHDX dynamic: MBR: FAT12", []string{`A "x"`}},
		{"VHDX with a disc", fixture.VHDX{Disk: iso.Bytes()}.Bytes(), "VHDX dynamic: ISO 9660", []string{`A.TXT "A"`}},
		{"VHDX of nothing", fixture.VHDX{Disk: make([]byte, 1<<20)}.Bytes(), "VHDX dynamic", nil},
		{"differencing VHD", fixture.VHDDifferencing("a.vhd"), "VHD differencing", nil},
		{"partition", fixture.MBR(fixture.Partition{Type: 6, Data: floppy("A")}), "MBR: FAT12", []string{`A "x"`}},
		{"two partitions", fixture.MBR(fixture.Partition{Type: 6, Data: floppy("A")}, fixture.Partition{Type: 7, Data: fixture.ExFAT{Files: one}.Bytes()}),
			"MBR: FAT12, exFAT", []string{`partition 1/A "x"`, `partition 2/A.TXT "A"`}},
		{"logical partitions", fixture.MBR(fixture.Partition{Type: 6, Data: floppy("A")}, fixture.Partition{Type: 6, Data: floppy("B"), Logical: true},
			fixture.Partition{Type: 6, Data: floppy("C"), Logical: true}), "MBR: FAT12", []string{`partition 1/A "x"`, `partition 2/B "x"`, `partition 3/C "x"`}},
		{"GPT", fixture.GPT(fixture.Partition{GUID: fixture.GUIDReserved, Data: make([]byte, 4096)}, fixture.Partition{GUID: fixture.GUIDBasicData, Data: floppy("A")}),
			"GPT: FAT12", []string{`partition 2/A "x"`}},
		{"GPT without a volume", fixture.GPT(), "GPT", nil},
		{"disc that boots as a disk", overlay(fixture.MBR(fixture.Partition{Type: 0xEF, Data: floppy("A")}), fixture.ISO{Files: one}.Bytes()),
			"ISO 9660, MBR: FAT12", []string{`A.TXT "A"`, `A "x"`}},
		{"UDF", fixture.ISO{UDF: one, UDFOnly: true}.Bytes(), "UDF 1.02", []string{`A.TXT "A"`}},
		{"three views", fixture.ISO{Files: one, Joliet: one, UDF: one}.Bytes(), "UDF 1.02 + Joliet + ISO 9660", []string{`A.TXT "A"`}},
		{"UDF without a root folder", noRoot, "ISO 9660 + UDF", []string{`A.TXT "A"`}},
		{"HFS+", hfs, "HFS+", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img := read(t, tt.b)
			if img.Format != tt.format {
				t.Errorf("format %q", img.Format)
			}
			if diff := cmp.Diff(tt.files, files(img)); diff != "" || img.Limit != "" || len(img.Hidden) > 0 {
				t.Errorf("%s limit %q, hidden %v", diff, img.Limit, img.Hidden)
			}
		})
	}
}

// overlay puts a disc behind the first sectors of a disk.
func overlay(disk, disc []byte) []byte {
	b := bytes.Clone(disc)
	copy(b, disk[:512])
	b = append(b, make([]byte, max(0, 1<<20-len(b)))...)
	b[446+8], b[446+9] = 0, 8 // sector 2,048
	return append(b[:1<<20], disk[partitionStart:]...)
}

const partitionStart = 64 * 512

// What one program takes for a disc and another for a disk is read as both.
func TestOneImageInTheFormOfTwo(t *testing.T) {
	one := []fixture.DiskFile{file("A.TXT", "A")}
	disc := fixture.ISO{Files: one}.Bytes()
	wide := fixture.FAT{Clusters: 70_000, Wide: true, Files: []fixture.DiskFile{file("F", "x")}}.Bytes()
	reserved := int(le.Uint16(wide[14:])) * 512
	le.PutUint16(wide[14:], 512) // room for a disc before the FAT
	room := append(append(bytes.Clone(wide[:reserved]), make([]byte, 512*512-reserved)...), wide[reserved:]...)
	le.PutUint32(room[32:], uint32(len(room)/512))
	copy(room[16*2048:], disc[16*2048:])
	vhdx := fixture.VHDX{Disk: floppy("F")}.Bytes()
	copy(vhdx[16*2048:64<<10], disc[16*2048:])
	table := append(floppy("F"), floppy("P")...)
	copy(table[446:510], make([]byte, 64))
	table[446+4] = 6
	le.PutUint32(table[446+8:], uint32(len(floppy("F"))/512))
	le.PutUint32(table[446+12:], uint32(len(floppy("P"))/512))
	raw := fixture.MBR(fixture.Partition{Type: 6, Data: floppy("P")})
	sectors := fixture.RawSectors(disc, 1)
	copy(sectors[446:512], raw[446:512])
	le.PutUint32(sectors[446+8:], uint32(len(sectors)+511)/512)
	sectors = append(sectors, make([]byte, -len(sectors)&511)...)
	sectors = append(sectors, floppy("P")...)
	for name, tt := range map[string]struct {
		b      []byte
		format string
		want   []string
	}{
		"disc before a FAT":             {room, "ISO 9660, FAT32", []string{`A.TXT "A"`, `F "x"`}},
		"disc in the header of a VHDX":  {vhdx, "VHDX dynamic: FAT12, ISO 9660", []string{`F "x"`, `A.TXT "A"`}},
		"partitions in a boot sector":   {table, "FAT12, MBR: FAT12", []string{`F "x"`, `P "x"`}},
		"virtual disk that is a disc":   {fixture.VHDFixed(disc), "VHD fixed: ISO 9660", []string{`A.TXT "A"`}},
		"partitions behind raw sectors": {sectors, "sectors of 2,352 bytes: ISO 9660, MBR: FAT12", []string{`A.TXT "A"`, `P "x"`}},
	} {
		img := read(t, tt.b)
		if diff := cmp.Diff(tt.want, files(img)); diff != "" || img.Format != tt.format {
			t.Errorf("%s: %q %s", name, img.Format, diff)
		}
	}
}

func TestWhatIsNotOpenedIsSaid(t *testing.T) {
	hfs := make([]byte, 4096)
	copy(hfs[1024:], "H+\x00\x04")
	hfs[1024+42] = 0x10
	disk := fixture.MBR(fixture.Partition{Type: 6, Data: floppy("A")}, fixture.Partition{Type: 0x83, Data: fixture.Noise(4096)}, fixture.Partition{Type: 0xAF, Data: hfs},
		fixture.Partition{Type: 0x82, Data: make([]byte, 8192)})
	for _, tt := range []struct {
		name string
		b    []byte
		want []string
	}{
		{"partitions of other systems", disk, []string{"partition 2: type 0x83", "partition 3/HFS+"}},
		{"GPT", fixture.GPT(fixture.Partition{GUID: fixture.GUIDBasicData, Data: fixture.Noise(4096)}), []string{"partition 1: no file system known"}},
		{"VHD of another system", fixture.VHDFixed(fixture.MBR(fixture.Partition{Type: 0x83, Data: fixture.Noise(4096)})), []string{"no file system known"}},
		{"VHD of nothing", fixture.VHDFixed(make([]byte, 1<<16)), nil},
		{"VHD", fixture.VHDDifferencing("a.vhd"), []string{"what differs from a.vhd"}},
		{"VHDX", fixture.VHDX{Parent: "a.vhdx"}.Bytes(), []string{"what differs from a.vhdx"}},
	} {
		if diff := cmp.Diff(tt.want, read(t, tt.b).Unopened); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	if p := read(t, fixture.VHDX{Disk: disk, Log: true}.Bytes()).Problems; len(p) != 1 || !p[0].Unread {
		t.Errorf("a log: %v", p)
	}
}

func TestDisksWithTwoTables(t *testing.T) {
	gpt := fixture.GPT(fixture.Partition{GUID: fixture.GUIDBasicData, Data: floppy("A")})
	hybrid := append(bytes.Clone(gpt), floppy("B")...)
	copy(hybrid[446+16:], "\x00\x00\x00\x00\x06\x00\x00\x00")
	le.PutUint32(hybrid[446+16+8:], uint32(len(gpt)/512))
	le.PutUint32(hybrid[446+16+12:], uint32(len(floppy("B"))/512))
	backup := append(bytes.Clone(gpt), gpt[1024:1024+128*128]...)
	backup = append(backup, gpt[512:1024]...)
	le.PutUint64(backup[len(backup)-512+72:], uint64(len(gpt)/512))
	clear(backup[512:1024])
	for name, tt := range map[string]struct {
		b    []byte
		want []string
	}{
		"partitions in both": {hybrid, []string{`partition 1/A "x"`, `partition 2/B "x"`}},
		"backup":             {backup, []string{`A "x"`}},
	} {
		if diff := cmp.Diff(tt.want, files(read(t, tt.b))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// The sectors of a VHDX may have 4,096 bytes, and a partition table counts in them.
func TestPartitionsInSectorsOf4096Bytes(t *testing.T) {
	disk := make([]byte, 8*4096, 8*4096+2<<20)
	disk = append(disk, floppy("A")...)
	disk[510], disk[511] = 0x55, 0xAA
	copy(disk[446:], "\x00\x00\x00\x00\x06\x00\x00\x00\x08\x00\x00\x00\x00\x02\x00\x00")
	if diff := cmp.Diff([]string{`A "x"`}, files(read(t, fixture.VHDX{Disk: disk, Sector: 4096}.Bytes()))); diff != "" {
		t.Error(diff)
	}
}

func TestHidden(t *testing.T) {
	a, b := file("a.exe", "AAAA"), file("b.exe", "BB")
	for _, tt := range []struct {
		name   string
		disc   fixture.ISO
		hidden []string
		files  []string
	}{
		{"the same file under other names", fixture.ISO{Files: []fixture.DiskFile{file("LONGNA~1.EXE", "AAAA")}, Joliet: []fixture.DiskFile{file("long name.exe", "AAAA")}},
			nil, []string{`long name.exe "AAAA"`}},
		{"a file that Joliet does not have", fixture.ISO{Files: []fixture.DiskFile{a, b}, Joliet: []fixture.DiskFile{a}}, []string{"B.EXE"}, []string{`a.exe "AAAA"`, `B.EXE "BB"`}},
		{"a file that only Joliet has", fixture.ISO{Files: []fixture.DiskFile{a}, Joliet: []fixture.DiskFile{a, b}}, nil, []string{`a.exe "AAAA"`, `b.exe "BB"`}},
		{"other content of the same size", fixture.ISO{Files: []fixture.DiskFile{file("a.exe", "CCCC")}, Joliet: []fixture.DiskFile{a}}, []string{"A.EXE"},
			[]string{`a.exe "AAAA"`, `A.EXE "CCCC"`}},
		{"a table of names", fixture.ISO{Files: []fixture.DiskFile{a, file("trans.tbl", "F A.EXE;1 a.exe")}, Joliet: []fixture.DiskFile{a}}, nil,
			[]string{`a.exe "AAAA"`, `TRANS.TBL "F A.EXE;1 a.exe"`}},
		{"a note for old systems", fixture.ISO{Files: []fixture.DiskFile{file("readme.txt", "old")}, Joliet: []fixture.DiskFile{a}}, nil,
			[]string{`a.exe "AAAA"`, `README.TXT "old"`}},
		{"a note for systems that do not know UDF", fixture.ISO{Files: []fixture.DiskFile{file("readme.txt", "old")}, UDF: []fixture.DiskFile{a, b}}, nil,
			[]string{`a.exe "AAAA"`, `b.exe "BB"`, `README.TXT "old"`}},
		{"a file that UDF does not have", fixture.ISO{Files: []fixture.DiskFile{a, b}, UDF: []fixture.DiskFile{a}}, []string{"B.EXE"}, []string{`a.exe "AAAA"`, `B.EXE "BB"`}},
		{"content that UDF keeps in its entries", fixture.ISO{Files: []fixture.DiskFile{a}, UDF: []fixture.DiskFile{a}, UDFKind: fixture.UDFEmbedded}, nil,
			[]string{`a.exe "AAAA"`, `A.EXE "AAAA"`}},
		{"a folder that only the path table has", fixture.ISO{Files: []fixture.DiskFile{a}, Stray: []fixture.DiskFile{b}}, []string{"STRAY/B.EXE"},
			[]string{`A.EXE "AAAA"`, `STRAY/B.EXE "BB"`}},
		{"an empty file", fixture.ISO{Files: []fixture.DiskFile{a, file("mark", "")}, Joliet: []fixture.DiskFile{a}}, nil, []string{`a.exe "AAAA"`}},
	} {
		img := read(t, tt.disc.Bytes())
		if diff := cmp.Diff(tt.hidden, img.Hidden); diff != "" {
			t.Errorf("%s: hidden %s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.files, files(img)); diff != "" {
			t.Errorf("%s: files %s", tt.name, diff)
		}
	}
}

func TestNoImages(t *testing.T) {
	sector := make([]byte, 4096)
	sector[510], sector[511] = 0x55, 0xAA
	lone := fixture.MBR(fixture.Partition{Type: 0x83, Data: fixture.Noise(4096)})
	for name, b := range map[string][]byte{"nothing": nil, "zeros": make([]byte, 1<<20), "noise": fixture.Noise(1 << 16), "the mark of a boot sector": sector,
		"a partition of nothing known": lone, "text": bytes.Repeat([]byte("text\n"), 10_000)} {
		if img, err := Read(bytes.NewReader(b), int64(len(b)), Options{}); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %+v, %v", name, img, err)
		}
		if kind, err := Kind(bytes.NewReader(b), int64(len(b))); kind != "" || err != nil {
			t.Errorf("%s: kind %q, %v", name, kind, err)
		}
	}
}

func TestKind(t *testing.T) {
	one := fixture.ISO{Files: []fixture.DiskFile{file("A.TXT", "A")}}.Bytes()
	for _, tt := range []struct {
		name, want string
		b          []byte
	}{
		{"raw sectors", "optical", fixture.RawSectors(one, 1)},
		{"raw sectors without a volume", "", fixture.RawSectors(make([]byte, 1<<17), 1)},
		{"floppy without text fields", "disk", fixture.FAT{Bare: true}.Bytes()},
		{"partition", "disk", fixture.MBR(fixture.Partition{Type: 6, Data: floppy("A")})},
		{"GPT", "disk", fixture.GPT(fixture.Partition{GUID: fixture.GUIDBasicData, Data: floppy("A")})},
		{"partitions beyond the end", "", fixture.MBR(fixture.Partition{Type: 6, Data: floppy("A")})[:4096]},
	} {
		if kind, err := Kind(bytes.NewReader(tt.b), int64(len(tt.b))); kind != tt.want || err != nil {
			t.Errorf("%s: %q, %v", tt.name, kind, err)
		}
	}
}

func TestBitLocker(t *testing.T) {
	volume := make([]byte, 1<<16)
	copy(volume, "\xEB\x58\x90-FVE-FS-")
	volume[510], volume[511] = 0x55, 0xAA
	toGo := floppy("A")
	copy(toGo[0x1A8:], "\x3B\xD6\x67\x49\x29\x2E\xD8\x4A\x83\x99\xF6\xA3\x39\xE3\xD0\x01")
	for name, b := range map[string][]byte{"volume": volume, "partition": fixture.MBR(fixture.Partition{Type: 7, Data: volume}), "BitLocker To Go": toGo} {
		if img := read(t, b); img.Encrypted != "BitLocker" || len(img.Files) > 0 {
			t.Errorf("%s: %+v", name, img)
		}
		if kind, _ := Kind(bytes.NewReader(b), int64(len(b))); kind != "disk" {
			t.Errorf("%s: kind %q", name, kind)
		}
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestErrorsOfTheFile(t *testing.T) {
	disk := errors.New("disk")
	if _, err := Read(failing{disk}, 1<<20, Options{}); !errors.Is(err, disk) {
		t.Errorf("Read: %v", err)
	}
	if _, err := Kind(failing{disk}, 1<<20); !errors.Is(err, disk) {
		t.Errorf("Kind: %v", err)
	}
}

func TestTablesInACircle(t *testing.T) {
	b := fixture.MBR(fixture.Partition{Type: 6, Data: floppy("A")}, fixture.Partition{Type: 6, Data: floppy("B"), Logical: true})
	record := b[partitionStart+len(floppy("A")):]
	copy(record[446+16:], "\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00") // the next record is the first one
	record[446+16+8] = 1
	if diff := cmp.Diff([]string{`partition 1/A "x"`, `partition 2/B "x"`}, files(read(t, b))); diff != "" {
		t.Error(diff)
	}
}

// counting counts the bytes that are read.
type counting struct {
	io.ReaderAt
	n int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.n += len(p)
	return c.ReaderAt.ReadAt(p, off)
}

// most is what listing an image of size bytes may read: the account of package medium, the blocks of tables around what is small, and their look-ups.
func most(size int) int { return 64*size + 16<<20 }

// A large disk with little on it is read where there is something.
func TestEmptyDisksAreNotRead(t *testing.T) {
	large := make([]byte, 64<<20)
	copy(large, fixture.FAT{Clusters: 130_000, Wide: true, Files: []fixture.DiskFile{file("A", "x")}}.Bytes())
	for name, b := range map[string][]byte{"FAT32": large, "VHD": fixture.VHDFixed(large), "VHDX": fixture.VHDX{Disk: large}.Bytes()} {
		r := &counting{ReaderAt: bytes.NewReader(b)}
		img, err := Read(r, int64(len(b)), Options{})
		if err != nil || len(img.Files) != 1 || r.n > 400<<10 {
			t.Errorf("%s: %d bytes read, %v", name, r.n, err)
		}
	}
}

// FuzzRead holds that every file listed can be read to its end and says how large it is, that what Kind names can be read, and that listing reads no more than a
// multiple of the file.
func FuzzRead(f *testing.F) {
	one := []fixture.DiskFile{file("a.txt", "A")}
	for _, b := range [][]byte{
		fixture.RawSectors(fixture.ISO{Files: one}.Bytes(), 1), fixture.ISO{Files: one, Joliet: one}.Bytes(), fixture.ExFAT{Files: one}.Bytes(),
		fixture.MBR(fixture.Partition{Type: 6, Data: fixture.FAT{Clusters: 100}.Bytes()}, fixture.Partition{Logical: true}),
		fixture.GPT(fixture.Partition{GUID: fixture.GUIDBasicData, Data: fixture.FAT{Clusters: 100, Files: one}.Bytes()}),
		fixture.NTFS{Files: []fixture.NTFSFile{{Name: "a", Data: []byte("A"), Encrypted: true}}}.Bytes(), fixture.VHDFixed(fixture.ISO{Files: one}.Bytes()),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, err := Kind(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		r := &counting{ReaderAt: bytes.NewReader(b)}
		img, err := Read(r, int64(len(b)), Options{Entries: 50})
		if r.n > most(len(b)) {
			t.Errorf("%d bytes read of %d", r.n, len(b))
		}
		if err != nil && (kind != "" || !errors.Is(err, ErrFormat)) {
			t.Fatalf("%q: %v", kind, err)
		}
		for i := 0; img != nil && i < min(len(img.Files), 50); i++ {
			e := &img.Files[i]
			if e.Unread != "" || e.Encrypted {
				continue
			}
			n, err := io.Copy(io.Discard, io.LimitReader(e.Content(), 1<<20))
			if err != nil && err != io.ErrUnexpectedEOF || n > e.Size {
				t.Errorf("%q: %d of %d bytes, %v", e.Name, n, e.Size, err)
			}
		}
	})
}
