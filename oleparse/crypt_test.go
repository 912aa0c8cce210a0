package oleparse

import (
	"bytes"
	"encoding/binary"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func TestAWorkbooksRecordsAreOpenedByExcelsOwnPassword(t *testing.T) {
	// XORObfuscation of "VelvetSweatshop": key 0xB359, verifier 0x9A0A.
	pass := fixture.BIFFRecord{ID: 0x002F, Data: []byte{0, 0, 0x59, 0xB3, 0x0A, 0x9A}}
	d := readBytes(t, fixture.OLE(fixture.Stream("Workbook", fixture.BIFF(pass))))
	if !d.Encrypted || !d.Opened || !d.Default || d.Password != excelPassword || d.Encryption != "xor" {
		t.Errorf("%+v", d)
	}
	c := &compound{r: newReading(t.Context(), Options{})}
	if c.filePass(pass.Data, true) == nil || c.filePass(pass.Data[2:], false) == nil {
		t.Error("no cipher")
	}
	if c.filePass(pass.Data[:5], true) != nil || c.filePass([]byte{0, 0, 0x59, 0xB3, 0x0B, 0x9A}, true) != nil {
		t.Error("a cipher without its verifier")
	}
}

// crypts are the ways in which binary documents are encrypted.
func crypts(password string) []fixture.Crypt {
	return []fixture.Crypt{
		{Scheme: "xor", Password: password}, {Scheme: "rc4", Password: password},
		{Scheme: "rc4-cryptoapi", Password: password, KeyBits: 40}, {Scheme: "rc4-cryptoapi", Password: password, KeyBits: 128},
	}
}

func TestEachProgramsDefaultIsTriedWhereItTriesIt(t *testing.T) {
	const excel, show = fixture.VelvetSweatshop, fixture.HannesRuescher
	capi := func(password string) fixture.Crypt { return fixture.Crypt{Scheme: "rc4-cryptoapi", Password: password} }
	for _, tc := range []struct {
		name   string
		file   []byte
		opened bool
	}{
		{"xls, Excel's", capi(excel).XLSVBA(""), true},
		{"xls, PowerPoint's", capi(show).XLSVBA(""), false},
		{"doc, Excel's", capi(excel).DocVBA(""), false},
		{"doc, PowerPoint's", capi(show).DocVBA(""), false},
		{"ppt, PowerPoint's", capi(show).PPTVBA(""), true},
		{"ppt, Excel's", capi(excel).PPTVBA(""), false},
		{"package, Excel's, standard", fixture.Crypt{Scheme: "standard", Password: excel}.Package(fixture.XLSM("")), true},
		{"package, Excel's, agile", fixture.Crypt{Scheme: "agile", Password: excel}.Package(fixture.XLSM("")), true},
		{"package, PowerPoint's", fixture.Crypt{Scheme: "agile", Password: show}.Package(fixture.XLSM("")), false},
	} {
		d := readBytes(t, tc.file)
		if !d.Encrypted || d.Opened != tc.opened || d.Default != tc.opened || d.Unread() {
			t.Errorf("%s: %v, %v, %v, %v", tc.name, d.Encrypted, d.Opened, d.Default, d.Problems)
		}
	}
}

func TestPasswordsHandedInOpenEveryScheme(t *testing.T) {
	wrong := []string{"", "wrong", "secre", "Secret"}
	files := map[string][]byte{}
	for _, c := range crypts("secret") {
		name := c.Scheme + "," + strconv.Itoa(c.KeyBits)
		files[name+",xls"], files[name+",doc"] = c.XLSVBA(""), c.DocVBA("")
		if c.Scheme == "rc4-cryptoapi" {
			files[name+",ppt"] = c.PPTVBA("")
		}
	}
	files["standard,"] = fixture.Crypt{Scheme: "standard", Password: "secret"}.Package(fixture.XLSM(""))
	files["agile,"] = fixture.Crypt{Scheme: "agile", Password: "secret"}.Package(fixture.XLSM(""))
	for name, file := range files {
		scheme, _, _ := strings.Cut(name, ",")
		d := readWith(t, file, Options{Passwords: words(append(wrong[:len(wrong):len(wrong)], "secret")...)})
		if d.Encryption != scheme || !d.Opened || d.Default || d.Password != "secret" || len(d.Problems) > 0 {
			t.Errorf("%s: %q, %v, %v, %q, %v", name, d.Encryption, d.Opened, d.Default, d.Password, d.Problems)
		}
		d = readWith(t, file, Options{Passwords: words(wrong...)})
		if d.Encryption != scheme || !d.Encrypted || d.Opened || d.Package != nil || len(d.Problems) > 0 {
			t.Errorf("%s, wrong: %q, %v, %v, %v", name, d.Encryption, d.Encrypted, d.Opened, d.Problems)
		}
	}
}

func TestMacrosAreReadWhetherADocumentOpensOrNot(t *testing.T) {
	for _, c := range crypts("secret") {
		for _, password := range []string{"secret", "wrong"} {
			for name, file := range map[string][]byte{"doc": c.DocVBA(""), "xls": c.XLSVBA("")} {
				if d := readWith(t, file, Options{Passwords: words(password)}); len(modulesOf(d)) != 1 || d.Kind != name {
					t.Errorf("%v, %s, %s: %v, %q", c, name, password, d.Projects, d.Kind)
				}
			}
		}
	}
}

func TestAnOpenedPackageIsHandedOver(t *testing.T) {
	want := fixture.XLSM("")
	file := fixture.Crypt{Scheme: "agile", Password: fixture.VelvetSweatshop}.Package(want)
	for range 2 { // it can be opened again
		d := readBytes(t, file)
		if d.Package == nil {
			t.Fatal("no package")
		}
		r, err := d.Package.Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); !bytes.Equal(got, want) || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

func TestWordStreamsHaveAPlainView(t *testing.T) {
	text := append(fixture.WordHead(0), "the document's text"...)
	for _, c := range crypts("secret") {
		main, table, data := c.Word(text, []byte("the table"), []byte("the data"))
		file := fixture.OLE(fixture.Stream("WordDocument", main), fixture.Stream("0Table", table), fixture.Stream("Data", data))
		r := newReading(t.Context(), Options{Passwords: words("secret")})
		doc := r.compound(bytes.NewReader(file), int64(len(file)), "", 0)
		for name, want := range map[string]string{"WordDocument": "the document's text", "0Table": "the table", "Data": "the data"} {
			id := doc.find(doc.root, typeStream, name)
			got, err := io.ReadAll(doc.plain(id, 0))
			if err != nil || !bytes.HasSuffix(got, []byte(want)) {
				t.Errorf("%v, %s: %q, %v", c, name, got[max(0, len(got)-20):], err)
			}
			if got, err := io.ReadAll(doc.plain(id, int64(len(got)-4))); err != nil || string(got) != want[len(want)-4:] {
				t.Errorf("%v, end of %s: %q, %v", c, name, got, err)
			}
		}
	}
}

func TestWord95HasAShorterHead(t *testing.T) {
	c := fixture.Crypt{Scheme: "xor", Password: "secret"}
	head := fixture.WordHead(0)
	head[0] = 0xDC
	copy(head[52:], "right behind")
	main, _, _ := c.Word(head, nil, nil)
	binary.LittleEndian.PutUint16(main[10:], 0x0100) // without fObfuscated
	file := fixture.OLE(fixture.Stream("WordDocument", main))
	r := newReading(t.Context(), Options{Passwords: words("secret")})
	doc := r.compound(bytes.NewReader(file), int64(len(file)), "", 0)
	if b, _ := io.ReadAll(io.LimitReader(doc.plain(doc.find(doc.root, typeStream, "WordDocument"), 52), 12)); string(b) != "right behind" {
		t.Errorf("%q", b)
	}
}

func TestWhatExcelMovesIntoTheEncryptionStreamIsRead(t *testing.T) {
	c := fixture.Crypt{Scheme: "rc4-cryptoapi", Password: fixture.VelvetSweatshop, KeyBits: 128}
	items := []fixture.SummaryItem{
		{Name: "\x05SummaryInformation", Data: []byte("properties"), Stream: true},
		{Name: "_VBA_PROJECT_CUR", Data: fixture.VBABin("ThisWorkbook", "")},
	}
	book := fixture.Stream("Workbook", c.Book())
	d := readBytes(t, fixture.OLE(book, fixture.Stream("encryption", c.Summary(items...))))
	if got := modulesOf(d); len(got) != 1 || !strings.Contains(got[0].Source, "MsgBox") || got[0].Stream != "encryption/_VBA_PROJECT_CUR/VBA/ThisWorkbook" {
		t.Errorf("%+v, %v", got, d.Problems)
	}
	for n := range 40 { // cut anywhere
		s := c.Summary(items...)
		readBytes(t, fixture.OLE(book, fixture.Stream("encryption", s[:len(s)-n*7])))
	}
}

func TestAnEncryptedPresentationsMacrosAreRead(t *testing.T) {
	for _, bits := range []int{40, 128} {
		c := fixture.Crypt{Scheme: "rc4-cryptoapi", Password: fixture.HannesRuescher, KeyBits: bits}
		d := readBytes(t, c.PPTVBA(""))
		if got := modulesOf(d); !d.Opened || len(got) != 1 || !strings.Contains(got[0].Source, "MsgBox") {
			t.Errorf("%d bits: %v, %v, %v", bits, d.Opened, got, d.Problems)
		}
	}
}

func TestObjectsThatOverlapDoNotHideAMacro(t *testing.T) {
	c := fixture.Crypt{Scheme: "rc4-cryptoapi", Password: fixture.HannesRuescher}
	vba := fixture.PPTObject(fixture.VBABin("Module1", ""), true)[48:]
	stream, edit := c.Show([]byte{0, 0, 0xE9, 3, 0xFF, 0xFF, 0xFF, 0x7F}, vba, []byte("here")) // the first claims everything
	dir := bytes.LastIndex(stream, []byte{0, 0, 0x72, 0x17})
	binary.LittleEndian.PutUint32(stream[dir+20:], 12) // the third seems to begin in the second's header
	d := readBytes(t, fixture.OLE(fixture.Stream("PowerPoint Document", stream), fixture.Stream("Current User", fixture.PPTUser(0xF3D1C4DF, edit))))
	if len(modulesOf(d)) != 1 {
		t.Errorf("%v, %v", d.Opened, d.Problems)
	}
}

func TestAnEncryptedPresentationHasAPlainView(t *testing.T) {
	c := fixture.Crypt{Scheme: "rc4-cryptoapi", Password: fixture.HannesRuescher}
	one, two := append([]byte{0, 0, 1, 0x10, 5, 0, 0, 0}, "first"...), append([]byte{0, 0, 2, 0x10, 6, 0, 0, 0}, "second"...)
	stream, edit := c.Show(one, two)
	file := fixture.OLE(fixture.Stream("PowerPoint Document", stream), fixture.Stream("Current User", fixture.PPTUser(0xF3D1C4DF, edit)))
	r := newReading(t.Context(), Options{})
	doc := r.compound(bytes.NewReader(file), int64(len(file)), "", 0)
	want := append(slices.Concat(one, two), stream[len(one)+len(two):]...)
	id := doc.find(doc.root, typeStream, "PowerPoint Document")
	for from := range len(one) + len(two) + 9 {
		got, err := io.ReadAll(iotest.OneByteReader(doc.plain(id, int64(from))))
		if !bytes.Equal(got, want[from:]) || err != nil {
			t.Fatalf("from %d: %q, %v", from, got, err)
		}
	}
}

func TestAPresentationIsEncryptedWhateverItsTokenSays(t *testing.T) {
	c := fixture.Crypt{Scheme: "rc4-cryptoapi", Password: "other"}
	stream, edit := c.Show([]byte("object"))
	d := readBytes(t, fixture.OLE(fixture.Stream("PowerPoint Document", stream), fixture.Stream("Current User", fixture.PPTUser(0xE391C05F, edit))))
	if !d.Encrypted || d.Opened || d.Encryption != "rc4-cryptoapi" {
		t.Errorf("%+v", d)
	}
}

func TestADefaultPasswordThatCannotBeTriedIsUnread(t *testing.T) {
	info := string(fixture.Crypt{Scheme: "agile", Password: fixture.VelvetSweatshop}.Info())
	file := func(old, with string) []byte {
		return fixture.OLE(fixture.Stream("EncryptionInfo", []byte(strings.ReplaceAll(info, old, with))), fixture.Stream("EncryptedPackage", make([]byte, 4096)))
	}
	for name, tc := range map[string]struct {
		file []byte
		want bool
	}{
		"absurd spin count":    {file(`spinCount="100"`, `spinCount="10000000"`), true},
		"unknown cipher":       {file(`"AES"`, `"RC2"`), true},
		"certificate only":     {file(`spinCount="100"`, ``), false},
		"no header any more":   {file(`keyData`, `x`), false},
		"verifier of no use":   {file(`encryptedVerifierHashInput="`, `encryptedVerifierHashInput="AAAA`), false},
		"another password":     {fixture.Crypt{Scheme: "agile", Password: "other"}.Package(nil), false},
		"no EncryptionInfo":    {fixture.OLE(fixture.Stream("EncryptedPackage", nil)), false},
		"rights management":    {fixture.OLE(fixture.Storage("\x06DataSpaces"), fixture.Stream("EncryptedPackage", nil)), false},
		"doc, unknown version": {fixture.DocEncrypted(), false},
		"xls, unknown version": {fixture.OLE(fixture.Stream("Workbook", fixture.BIFF(fixture.BIFFRecord{ID: 0x2F, Data: []byte{1, 0, 9, 9, 9, 9}}))), false},
		"xls, unknown cipher":  {fixture.OLE(fixture.Stream("Workbook", fixture.BIFF(aesBook()))), true},
		"package without size": {fixture.OLE(fixture.Stream("EncryptionInfo", []byte(info)), fixture.Stream("EncryptedPackage", []byte("x"))), true},
	} {
		if d := readBytes(t, tc.file); !d.Encrypted || d.Unread() != tc.want {
			t.Errorf("%s: %v, %v", name, d.Encrypted, d.Problems)
		}
	}
}

// aesBook is a FilePass whose CryptoAPI header names another cipher than RC4.
func aesBook() fixture.BIFFRecord {
	r := fixture.Crypt{Scheme: "rc4-cryptoapi", Password: fixture.VelvetSweatshop}.FilePass()
	binary.LittleEndian.PutUint32(r.Data[2+20:], 0x660E)
	return r
}

// words are handed in whatever a try costs.
func words(list ...string) Passwords {
	return func(time.Duration) iter.Seq[string] { return slices.Values(list) }
}

func TestManyCandidatesAreCut(t *testing.T) {
	list := make([]string, triesMax, triesMax+1)
	file := fixture.Crypt{Scheme: "xor", Password: "secret"}.XLSVBA("")
	if d := readWith(t, file, Options{Passwords: words(append(list, "secret")...)}); d.Opened || !d.Locked {
		t.Error("past the limit")
	}
	if d := readWith(t, file, Options{Passwords: words(append(list[1:triesMax-100], "secret")...)}); !d.Opened || d.Locked {
		t.Error("within the limit")
	}
}

func TestTheWordThatOpenedOneLockIsTriedFirstOnTheNext(t *testing.T) {
	asked := 0
	once := func(time.Duration) iter.Seq[string] {
		asked++
		return slices.Values([]string{"wrong", "secret"})
	}
	c := &compound{r: newReading(t.Context(), Options{Passwords: once})}
	pass := fixture.Crypt{Scheme: "rc4", Password: "secret"}.FilePass().Data
	for range 3 {
		if c.filePass(pass, true) == nil {
			t.Fatal("not opened")
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestTheCallerHearsTheCost(t *testing.T) {
	var costs []time.Duration
	ask := func(cost time.Duration) iter.Seq[string] {
		costs = append(costs, cost)
		return slices.Values([]string(nil))
	}
	readWith(t, fixture.Crypt{Scheme: "rc4", Password: "secret"}.DocVBA(""), Options{Passwords: ask})
	readWith(t, fixture.Crypt{Scheme: "agile", Password: "secret", Spin: 1000}.Package(fixture.DOCX()), Options{Passwords: ask})
	if len(costs) != 2 || costs[0]*10 > costs[1] {
		t.Errorf("%v", costs)
	}
}

func TestBothDoorsMustOpen(t *testing.T) {
	book := fixture.Stream("Workbook", fixture.Crypt{Scheme: "rc4", Password: "other"}.Book())
	info := fixture.Crypt{Scheme: "agile", Password: fixture.VelvetSweatshop}
	d := readBytes(t, fixture.OLE(book, fixture.Stream("EncryptionInfo", info.Info()), fixture.Stream("EncryptedPackage", info.EncryptedPackage([]byte("PK")))))
	if d.Opened || d.Package == nil {
		t.Errorf("%v, %v", d.Opened, d.Package)
	}
}

func TestMacroSheetsAreReadUnderEveryScheme(t *testing.T) {
	macro := fixture.XLMacro(2, []fixture.Ptg{fixture.PtgStr("calc"), fixture.PtgFuncVar(110, 1)})
	for _, gen := range []int{5, 8} {
		plain := macro.BIFF(gen)
		stream := map[int]string{5: "Book", 8: "Workbook"}[gen]
		want := readBytes(t, fixture.OLE(fixture.Stream(stream, plain))).Workbooks
		if len(want) != 1 || len(want[0].Sheets) == 0 {
			t.Fatal(want)
		}
		for _, c := range crypts(fixture.VelvetSweatshop) {
			if gen == 5 && c.Scheme != "xor" {
				continue
			}
			sealed := c.Seal(plain)
			d := readBytes(t, fixture.OLE(fixture.Stream(stream, sealed)))
			if diff := cmp.Diff(want, d.Workbooks); diff != "" || !d.Default || len(d.Problems) > 0 {
				t.Errorf("BIFF%d, %v: %v, %s", gen, c, d.Problems, diff)
			}
			bare, err := ReadBIFF(t.Context(), bytes.NewReader(sealed), int64(len(sealed)), Options{})
			if err != nil || !bare.Encrypted || !bare.Opened || !bare.Default || bare.Encryption != c.Scheme || len(bare.Workbooks) != 1 {
				t.Errorf("BIFF%d alone, %v: %v, %+v", gen, c, err, bare)
			}
		}
	}
}
