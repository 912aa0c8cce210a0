package diskimage

import (
	"path"
	"strings"

	"sekisho/internal/diskimage/iso"
	"sekisho/internal/diskimage/medium"
)

// likeness is what a file has in every view, also where one keeps its bytes inside a structure.
type likeness struct {
	size   int64
	ending string
}

// besides lists the files of the view v that are not among those of the view that Windows shows. They are hidden from the reader unless it is one of those that
// honest writers put into one view only.
func (d *reader) besides(shown *medium.Listing, v iso.View, under string) {
	places, alike := map[int64]bool{}, map[likeness]bool{}
	for _, f := range shown.Files {
		if places[f.Place] = true; f.Place < 0 {
			alike[likeness{f.Size, ending(f.Name)}] = true
		}
	}
	var more medium.Listing
	for _, f := range v.Files {
		if f.Size == 0 || f.Place >= 0 && places[f.Place] {
			continue
		}
		more.Files = append(more.Files, f)
		if !alike[likeness{f.Size, ending(f.Name)}] && !customary(f.Name, len(v.Files)) {
			d.img.Hidden = append(d.img.Hidden, under+f.Name)
		}
	}
	more.Problems, more.Limit = v.Problems, v.Limit
	d.add(&more, under)
}

// customary are files that honest writers put into the ISO 9660 view alone: tables of translated names (mkisofs -T), the boot catalog, and the note on a
// UDF disc that the system is too old for it.
func customary(name string, all int) bool {
	switch base := strings.ToUpper(path.Base(name)); base {
	case "TRANS.TBL", "00_TRANS.TBL", "YMTRANS.TBL", "BOOT.CAT", "BOOTCAT.BIN":
		return true
	case "README.TXT":
		return all == 1
	}
	return false
}

func ending(name string) string { return strings.ToUpper(path.Ext(name)) }
