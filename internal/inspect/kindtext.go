package inspect

import (
	"bytes"
	"encoding/binary"
)

const wideLeast = 32 // bytes of UTF-16 without a byte order mark that tell it from other data

// bareWide reports whether b is UTF-16LE without a byte order mark: ASCII characters only, as the beginning of a script has them.
func bareWide(b []byte) bool {
	if b = b[:min(len(b), 256)&^1]; len(b) < wideLeast {
		return false
	}
	for i := 0; i < len(b); i += 2 {
		if c := b[i]; b[i+1] != 0 || c < ' ' && c != '\t' && c != '\r' && c != '\n' || c > '~' {
			return false
		}
	}
	return true
}

// svgStart reports whether lower-case text begins as an SVG document does (SVG 1.1 5.1).
func svgStart(low []byte) bool {
	root := rootStart(low)
	return bytes.HasPrefix(root, []byte("<svg")) || bytes.HasPrefix(root, []byte("<!doctype svg"))
}

// rootStart is lower-case markup from its root element or document type on, behind declarations and comments (XML 1.0 2.8); nil where that is cut off.
func rootStart(low []byte) []byte {
	for {
		low = textStart(low)
		end := ""
		switch {
		case bytes.HasPrefix(low, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(low, []byte("<!--")):
			end = "-->"
		default:
			return low
		}
		_, rest, ok := bytes.Cut(low, []byte(end))
		if !ok {
			return nil
		}
		low = rest
	}
}

// machO reports whether b begins as a Mach-O file (loader.h MH_MAGIC of either size and order, fat.h FAT_MAGIC with a handful of architectures).
func machO(b []byte) bool {
	if len(b) < 28 {
		return false
	}
	switch binary.BigEndian.Uint32(b) {
	case 0xFEEDFACE, 0xFEEDFACF, 0xCEFAEDFE, 0xCFFAEDFE:
		return true
	case 0xCAFEBABE:
		return binary.BigEndian.Uint32(b[4:]) < classMajor
	}
	return false
}

const classMajor = 45 // JVM specification 4.1: the major version of Java 1.1; a fat Mach-O has a small count in its place

func javaClass(b []byte) bool {
	return len(b) >= 10 && binary.BigEndian.Uint32(b) == 0xCAFEBABE && binary.BigEndian.Uint16(b[6:]) >= classMajor
}
