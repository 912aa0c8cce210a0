package inspect

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"sekisho/internal/finding"
)

// urlFile reads the small files that lead Windows to an address: internet shortcuts (.url, .website), Explorer commands (.scf), libraries and searches
// (.library-ms, .search-ms), settings (.settingcontent-ms), web queries (.iqy), and a folder's desktop.ini with an icon on a server.
type urlFile struct{}

var _ Inspector = urlFile{}

func (urlFile) Name() string { return "url" }

func (urlFile) Match(f *File) bool {
	switch f.Kind {
	case KindURL:
		return f.listed
	case KindText, KindXML, KindData:
		return f.listed && urlName(f.typed)
	}
	return false
}

// urlName reports whether Windows takes a file by that name as such a file.
func urlName(name string) bool {
	switch extension(name) {
	case ".url", ".website", ".scf", ".library-ms", ".search-ms", ".searchconnector-ms", ".settingcontent-ms", ".iqy", ".rqy", ".oqy":
		return true
	}
	return strings.EqualFold(baseName(name), "desktop.ini")
}

const urlFileMax = 64 << 10 // Windows reads an INI file as far as that

func (urlFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	b, err := f.peek(ctx, 0, make([]byte, urlFileMax))
	if err != nil {
		return err
	}
	target := urlTarget(string(plainText(b)))
	if target == "" {
		return nil
	}
	f.Kind = KindURL
	s.found(f, finding.New(finding.URLFile, f.Path, "%.150q", target))
	return nil
}

// plainText is text in UTF-8: that of UTF-16 is converted, byte order mark or not.
func plainText(b []byte) []byte {
	if bareWide(b) {
		b = append([]byte("\xFF\xFE"), b...)
	}
	if utf16(b) {
		if out, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), b); err == nil {
			b = out
		}
	}
	return bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
}

// urlTarget is where the file leads, "" when it is none of the kinds.
func urlTarget(text string) string {
	low := strings.ToLower(text)
	switch {
	case strings.HasPrefix(low, "web\r\n1\r\n"), strings.HasPrefix(low, "web\n1\n"): // a web query of Excel
		return strings.TrimSpace(strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")[2])
	case strings.Contains(low, "<librarydescription"), strings.Contains(low, "<searchconnectordescription"):
		return element(text, low, "url")
	case strings.Contains(low, "<persistedquery"):
		return "search: " + attribute(text, low, "path=")
	case strings.Contains(low, "<pcsettings"):
		return element(text, low, "deeplink")
	}
	return iniTarget(text)
}

// element is the text of the first element of that name.
func element(text, low, name string) string {
	_, rest, ok := cutAt(text, low, "<"+name+">")
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(rest, "<")
	return strings.TrimSpace(value)
}

// attribute is the quoted value behind name.
func attribute(text, low, name string) string {
	_, rest, ok := cutAt(text, low, name)
	if !ok || rest == "" {
		return ""
	}
	value, _, _ := strings.Cut(rest[1:], rest[:1])
	return value
}

// cutAt is strings.Cut of text where low, its lower case, has sep. Both have the same length for what matters here.
func cutAt(text, low, sep string) (before, after string, ok bool) {
	i := strings.Index(low, sep)
	if i < 0 || len(low) != len(text) {
		return text, "", false
	}
	return text[:i], text[i+len(sep):], true
}

// iniTarget reads the sections that matter: an address, else an icon or a command on another machine.
func iniTarget(text string) string {
	section, icon := "", ""
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' || r == 0 }) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.ToLower(strings.TrimRight(line, " \t"))
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if value = strings.TrimSpace(value); !ok || value == "" {
			continue
		}
		switch key = strings.ToLower(strings.TrimSpace(key)); {
		case key == "url" && section == "[internetshortcut]":
			return value
		case (key == "iconfile" || key == "iconresource") && (uncHost(value) != "" || webTarget(value)) && iconSection(section):
			icon = fmt.Sprintf("icon %s", value)
		}
	}
	return icon
}

func iconSection(section string) bool {
	return section == "[internetshortcut]" || section == "[shell]" || section == "[.shellclassinfo]"
}

// shortcutText reports whether text is an internet shortcut: the section stands alone on a line behind nothing but lines of an INI file.
func shortcutText(b []byte) bool {
	for n := 0; n < maxStartLines && len(b) > 0; n++ {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		line = bytes.TrimSpace(line)
		switch {
		case bytes.EqualFold(line, []byte("[InternetShortcut]")):
			return true
		case len(line) == 0, line[0] == '[', line[0] == ';', bytes.IndexByte(line, '=') > 0:
		default:
			return false
		}
		b = rest
	}
	return false
}
