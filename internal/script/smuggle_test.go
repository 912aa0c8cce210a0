package script

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
)

// archive begins as a ZIP archive does and is long enough to be a file.
var archive = []byte("PK\x03\x04\x14\x00\x01\x00\x08\x00" + strings.Repeat("\x00harmless \xFE\xFF\x80", 12) + noise(80))

// noisyArchive is long enough to be split in pieces that are told from names.
var noisyArchive = []byte("PK\x03\x04\x14\x00\x01\x00\x08\x00" + noise(1200))

func noise(n int) string {
	b := make([]byte, n)
	for i, x := 0, uint32(7); i < n; i++ {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return string(b)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func numbers(b []byte) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(b)), ","), "[]")
}

func keyed(b []byte, key string) []byte { return xor(b, []byte(key)) }

const give = `var f=new Blob([b]);var e=document.createElement('a');e.href=URL.createObjectURL(f);e.download='paper.zip';e.click();`

func inPage(code string) string {
	return "<html><body><p>Password: 4711</p><script>" + code + "</script></body></html>"
}

func packed(b []byte) []byte {
	var w bytes.Buffer
	z := zlib.NewWriter(&w)
	z.Write(b)
	z.Close()
	return w.Bytes()
}

func TestSmuggledFiles(t *testing.T) {
	half := b64(archive)[:40]
	rest := b64(archive)[40:]
	for _, tt := range []struct{ name, page string }{
		{"base64", inPage(`var b=Uint8Array.from(atob('` + b64(archive) + `'),c=>c.charCodeAt(0));` + give)},
		{"base64 in a template over lines", inPage("var t=`" + half + "\n" + rest + "`;var b=atob(t);" + give)},
		{"base64 of the URL alphabet", inPage(`var b=atob('` + base64.RawURLEncoding.EncodeToString(archive) + `');` + give)},
		{"pieces joined", inPage(`var b=atob('` + half + `'+"` + rest + `");` + give)},
		{"pieces appended", inPage(`var t='';t+='` + half + `';t+='` + rest + `';var b=atob(t);` + give)},
		{"pieces of a list", inPage(`var b=atob(['` + half + `','` + rest + `'].join(''));` + give)},
		{"pieces in variables", inPage(`const p='` + half + `',q='` + rest + `';let b=atob(p+q);` + give)},
		{"filling taken out", inPage(`var b=atob('` + strings.ReplaceAll(b64(archive), "A", "#A") + `'.replace(/#/g,''));` + give)},
		{"filling split out", inPage(`var b=atob('` + strings.ReplaceAll(b64(archive), "A", "A!!") + `'.split('!!').join(''));` + give)},
		{"turned around", inPage(`var b=atob('` + string(reversed([]byte(b64(archive)))) + `'.split('').reverse().join(''));` + give)},
		{"turned around by a function of its own", inPage(`function r(s){var o='';for(var i=s.length-1;i>=0;i--)o+=s[i];return o}var b=atob(r('` + string(reversed([]byte(b64(archive)))) + `'));` + give)},
		{"hexadecimal", inPage(`var h='` + hex.EncodeToString(archive) + `';var b=[];for(var i=0;i<h.length;i+=2)b.push(parseInt(h.substr(i,2),16));` + give)},
		{"percent signs", inPage(`var b=unescape('` + percent(archive) + `');` + give)},
		{"escapes", inPage(`var b="` + escapes(archive) + `";` + give)},
		{"numbers", inPage(`var b=new Uint8Array([` + numbers(archive) + `]);` + give)},
		{"numbers in a text", inPage(`var b=new Uint8Array("` + numbers(archive) + `".split(","));` + give)},
		{"numbers below zero", inPage(`var b=new Int8Array([` + signed(archive) + `]);` + give)},
		{"a key of a byte", inPage(`var b=[` + numbers(keyed(archive, "Z")) + `].map(x=>x^90);` + give)},
		{"a key of a word", inPage(`var k="s3cret";var d=atob("` + b64(keyed(archive, "s3cret")) + `");var b=[];for(i in d)b.push(d.charCodeAt(i)^k.charCodeAt(i%6));` + give)},
		{"compressed", inPage(`var b=pako.inflate(atob("` + b64(packed(archive)) + `"));` + give)},
		{"msSaveOrOpenBlob", inPage(`var b=atob("` + b64(archive) + `");navigator.msSaveOrOpenBlob(new Blob([b]),"paper.zip")`)},
		{"saveAs of a library", inPage(`saveAs(new Blob([atob("` + b64(archive) + `")]),"paper.zip")`)},
		{"location", inPage(`location.href="data:application/zip;base64,` + b64(archive) + `"`)},
		{"download of an address", inPage(`var a=document.createElement("a");a.setAttribute("download","paper.zip");a.href="data:application/octet-stream;base64,"+"` + b64(archive) + `";a.click()`)},
		{"properties by their names", inPage(`var b=window["atob"]("` + b64(archive) + `");var a=document["createElement"]("a");a["href"]=window["URL"]["createObjectURL"](new Blob([b]));a["download"]="paper.zip";a["click"]()`)},
		{"a page written into the page", inPage(`document.write(unescape("` + url.PathEscape("<script>var b=atob('"+b64(archive)+"');"+give+"</script>") + `"))`)},
		{"code that is made", inPage(`eval(atob("` + b64([]byte("var b=atob('"+b64(archive)+"');"+give)) + `"))`)},
		{"a handler", `<body onload="var b=atob('` + b64(archive) + `');` + strings.ReplaceAll(give, `"`, "&quot;") + `">`},
		{"an address in a link", `<a href="data:application/zip;base64,` + b64(archive) + `" download="paper.zip">Open</a>`},
		{"an address in a frame", `<iframe src="data:application/octet-stream;base64,` + b64(archive) + `">`},
		{"an address in a refresh", `<meta http-equiv=refresh content="0; url=data:application/zip;base64,` + b64(archive) + `">`},
		{"an address in an object", `<object data="data:application/zip;base64,` + b64(archive) + `">`},
		{"a hidden element", `<div id=d style="display:none">` + b64(bytes.Repeat(archive, 3)) + `</div><script>var b=atob(document.getElementById('d').innerText);` + give + `</script>`},
		{"an attribute", `<div id=d data-file="` + b64(bytes.Repeat(archive, 3)) + `"></div><script>var b=atob(d.dataset.file);` + give + `</script>`},
		{"data in a script element", `<script type="text/plain" id=d>` + b64(bytes.Repeat(archive, 3)) + `</script><script>var b=atob(d.text);` + give + `</script>`},
		{"a picture in SVG", `<svg xmlns="http://www.w3.org/2000/svg"><script><![CDATA[var b=atob("` + b64(archive) + `");` + give + `]]></script></svg>`},
	} {
		g := readPage(t, Parse(tt.page))
		if len(g.Payloads) != 1 || g.Hands == "" {
			t.Errorf("%s: %d payloads, handed over by %q", tt.name, len(g.Payloads), g.Hands)
			continue
		}
		if p := g.Payloads[0]; !bytes.HasPrefix(p.Data, archive) || !p.Handed {
			t.Errorf("%s: %.40q by %s, handed %v", tt.name, p.Data, p.How, p.Handed)
		}
	}
}

func TestFilesInPartsOfThePage(t *testing.T) {
	var many strings.Builder
	for i := range 20 {
		fmt.Fprintf(&many, `document.write("<script>var title%d='a title of its own'<\/script>");`, i)
	}
	for _, tt := range []struct{ name, page string }{
		{"another script", `<script>var d="` + b64(archive) + `"</script>` + inPage(`var b=atob(d);`+give)},
		{"a script that stands elsewhere", `<a download="paper.zip" href="data:application/zip,x">x</a><script>var d="` + b64(archive) + `"</script><script src="https://example.test/a.js"></script>`},
		{"numbers in JSON", inPage(`var b=new Uint8Array(JSON.parse("[` + numbers(archive) + `]"));` + give)},
		{"properties", inPage(`var o={a:"` + b64(noisyArchive)[:600] + `",b:"` + b64(noisyArchive)[600:] + `"};var b=atob(o.a+o.b);` + give)},
		{"functions", inPage(`function p(){return "` + b64(noisyArchive)[:900] + `"};function q(){return "` + b64(noisyArchive)[900:] + `"}var b=atob(p()+q());` + give)},
		{"a comment", `<!--` + b64(bytes.Repeat(archive, 3)) + `-->` + inPage(`var b=atob(document.firstChild.data);`+give)},
		{"a frame's document", `<iframe srcdoc='` + html.EscapeString(inPage(`var b=atob("`+b64(archive)+`");`+give)) + `'></iframe>`},
		{"behind a comment's second end", `<!-- a --!>` + inPage(`var b=atob("`+b64(archive)+`");`+give)},
		{"behind a title with markup", `<title><script></title>` + inPage(`var b=atob("`+b64(archive)+`");`+give)},
		{"after many pages that are written", inPage(many.String() + `eval("var b=atob('` + b64(archive) + `');` + give + `")`)},
	} {
		g := readPage(t, Parse(tt.page))
		if len(g.Payloads) != 1 || g.Hands == "" || !bytes.HasPrefix(g.Payloads[0].Data, archive[:4]) {
			t.Errorf("%s: %d payloads, handed over by %q", tt.name, len(g.Payloads), g.Hands)
		}
	}
}

func percent(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		fmt.Fprintf(&s, "%%%02X", c)
	}
	return s.String()
}

func escapes(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		fmt.Fprintf(&s, `\x%02x`, c)
	}
	return s.String()
}

func signed(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		fmt.Fprintf(&s, "%d,", int8(c))
	}
	return s.String()
}

func TestNamesAndTextOfAPage(t *testing.T) {
	g := readPage(t, Parse(inPage(`var b=atob('`+b64(archive)+`');`+give)))
	if g.Payloads[0].Name != "paper.zip" || !strings.Contains(g.Text, "Password: 4711") || !g.Auto {
		t.Errorf("name %q, text %.60q, by itself %v", g.Payloads[0].Name, g.Text, g.Auto)
	}
}

func TestContentThatNobodyCanRead(t *testing.T) {
	sealed := `var c=CryptoJS.AES.decrypt("` + b64([]byte(noise(3000))) + `",prompt());var b=c.toString();`
	if g := readPage(t, Parse(inPage(sealed+give))); g.Opaque < 3000 || g.Hands == "" {
		t.Errorf("%d bytes, %q", g.Opaque, g.Hands)
	}
	if g := readPage(t, Parse(inPage(`var b=mine(atob("`+b64([]byte(noise(3000)))+`"),prompt());`+give))); g.Opaque < 3000 || g.Hands == "" {
		t.Errorf("decoded: %d bytes, %q", g.Opaque, g.Hands)
	}
	for name, code := range map[string]string{
		"numbers":  `var b=rc4("k",[` + numbers([]byte(noise(3000))) + `]);`,
		"base85":   `var b=dec85("` + eighties(noise(3000)) + `");`,
		"UTF-16":   `var b=decode("` + wideText(noise(3000)) + `");`,
		"an order": `var a=["` + b64([]byte(noise(900))) + `1","` + b64([]byte(noise(1200)))[800:] + `"],b=atob(a[n[0]]+a[n[1]]);`,
	} {
		if g := readPage(t, Parse(inPage(code+give))); g.Opaque == 0 {
			t.Errorf("%s: nothing", name)
		}
	}
	if g := readPage(t, Parse(inPage(sealed+`document.body.textContent=b`))); g.Opaque != 0 || g.Hands != "" {
		t.Errorf("shown in the page: %d bytes, %q", g.Opaque, g.Hands)
	}
}

// eighties is noise in base85, wideText in UTF-16.
func eighties(noise string) string {
	b := make([]byte, ascii85.MaxEncodedLen(len(noise)))
	ascii85.Encode(b, []byte(noise))
	return strings.NewReplacer("\\", "v", `"`, "w").Replace(strings.Trim(string(b), "\x00"))
}

func wideText(noise string) string {
	var s strings.Builder
	for i := 0; i+1 < len(noise); i += 2 {
		fmt.Fprintf(&s, `\u%02x%02x`, noise[i], noise[i+1])
	}
	return s.String()
}

func TestPagesThatHandOverWhatTheyShow(t *testing.T) {
	picture := append([]byte("\x89PNG\r\n\x1A\n"), make([]byte, 200)...)
	for _, tt := range []struct{ name, page string }{
		{"a table as CSV", inPage(`function csv(){var r=[];document.querySelectorAll('tr').forEach(t=>r.push(t.innerText));var b=new Blob([r.join("\n")],{type:'text/csv;charset=utf-8'});var a=document.createElement('a');a.href=URL.createObjectURL(b);a.download='table.csv';a.click()}`)},
		{"a chart as a picture", inPage(`btn.onclick=()=>{var a=document.createElement('a');a.download='chart.png';a.href=canvas.toDataURL('image/png');a.click()}`)},
		{"a chart's data in base64", inPage(`Plotly.newPlot("d",[{y:{dtype:"f8",bdata:"` + b64([]byte(noise(4000))) + `"}}]);function save(u){` + `var b=u;` + give + `}`)},
		{"a table of hashes", inPage(`var rows=["` + strings.Repeat(b64([]byte(noise(32)))+`","`, 60) + `"];function dec(x){return atob(x)}` + `var b=rows.join();` + give)},
		{"readings of a byte's size", inPage(`var rows=[` + numbers(bytes.Repeat([]byte("0123456789"), 200)) + `];function dec(x){return atob(x)}var b=rows.join();` + give)},
		{"pictures in the page", `<img src="data:image/png;base64,` + b64(picture) + `"><style>@font-face{src:url(data:font/woff2;base64,AAAA)}</style>`},
		{"a library's numbers", inPage(`var table=[` + numbers(make([]byte, 300)) + `];export default table`)},
	} {
		g := readPage(t, Parse(tt.page))
		for _, p := range g.Payloads {
			if !p.Plain {
				t.Errorf("%s: payload %.20q by %s", tt.name, p.Data, p.How)
			}
		}
		if g.Opaque > 0 {
			t.Errorf("%s: %d bytes of encoded content", tt.name, g.Opaque)
		}
	}
}
