package oleparse

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

func show(document []byte) []byte {
	return fixture.OLE(fixture.Stream("PowerPoint Document", document))
}

func TestPresentationsKeepTheirProjectInAStorageInTheirStream(t *testing.T) {
	bin := fixture.VBABin("Module1", "")
	lying := fixture.PPTObject(bin, true)
	binary.LittleEndian.PutUint32(lying[4:], uint32(len(lying))) // the record before seems to hold it
	for name, file := range map[string][]byte{
		"compressed":               show(fixture.PPTObject(bin, true)),
		"plain":                    show(fixture.PPTObject(bin, false)),
		"behind another object":    show(append(fixture.PPTObject([]byte("no storage"), true), fixture.PPTObject(bin, true)...)),
		"hidden in another record": show(lying),
		"embedded presentation":    fixture.OLE(fixture.Storage("MBD0001", fixture.Stream("PowerPoint Document", fixture.PPTObject(bin, true)))),
	} {
		d := readBytes(t, file)
		got := modulesOf(d)
		if len(got) != 1 || len(d.Problems) > 0 || !strings.Contains(got[0].Source, "MsgBox") ||
			!strings.Contains(got[0].Stream, "PowerPoint Document/ExOleObjStg@0x") || !strings.HasSuffix(got[0].Stream, "/VBA/Module1") {
			t.Errorf("%s: %v, %v", name, got, d.Problems)
		}
	}
}

func TestADamagedObjectOfAPresentationIsUnread(t *testing.T) {
	doc := fixture.PPTObject(append(fixture.VBABin("Module1", ""), noise(8000)...), true)
	if d := readBytes(t, show(doc[:len(doc)-5000])); !d.Unread() {
		t.Errorf("cut: %v", d.Problems)
	}
	torn := bytes.Clone(doc)
	at := bytes.Index(torn, []byte{0x78, 0x9C}) + 2
	torn[at] = torn[at]&^6 | 6 // a block of the type that there is not
	if d := readBytes(t, show(torn)); d.Unread() {
		t.Errorf("torn, which no program unpacks: %v", d.Problems)
	}
	deep := fixture.VBABin("Module1", "")
	for range 6 {
		deep = show(fixture.PPTObject(deep, true))
	}
	if d := readWith(t, deep, Options{Depth: 6}); d.Unread() || len(modulesOf(d)) != 1 {
		t.Errorf("at the depth: %v", d.Problems)
	}
	if d := readWith(t, deep, Options{Depth: 5}); !d.Unread() || len(modulesOf(d)) != 0 {
		t.Errorf("past the depth: %v", d.Problems)
	}
}

func TestAnObjectThatUnpacksToMuchIsCut(t *testing.T) {
	bomb := append(bytes.Clone(magic), make([]byte, 8<<20)...)
	d := readWith(t, show(fixture.PPTObject(bomb, true)), Options{Unpacked: 1 << 20})
	if !d.Unread() {
		t.Error("not unread")
	}
}
