package links

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func urls(list []Link) (out []string) {
	for _, l := range list {
		out = append(out, l.URL)
	}
	return out
}

func TestLinksInText(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"see http://example.com/a.doc.", "http://example.com/a.doc"},
		{"見積書はhttps://example.co.jp/x。ご確認ください", "https://example.co.jp/x"},
		{"https://example.co.jpをご覧ください", "https://example.co.jp"},
		{"「https://example.jp/a」と", "https://example.jp/a"},
		{"https://example.jp/a　全角", "https://example.jp/a"},
		{"https://example.jp/資料.zip を", "https://example.jp/資料.zip"},
		{"https://example.jp/aを参照", "https://example.jp/a"},
		{"http://例え.jp/a", "http://xn--r8jz45g.jp/a"},
		{"http://xn--r8jz45g.jp/a", "http://xn--r8jz45g.jp/a"},
		{"<http://example.com/a>", "http://example.com/a"},
		{"(http://example.com/a_(b))", "http://example.com/a_(b)"},
		{"[text](http://example.com/a)", "http://example.com/a"},
		{"\"http://example.com/a\"", "http://example.com/a"},
		{"hxxp://example[.]com/a", "http://example.com/a"},
		{"hXXps://example(.)com/a", "https://example.com/a"},
		{"h**p://example.com/a", "http://example.com/a"},
		{"hxxp[:]//example.com/a", "http://example.com/a"},
		{"hxxps[://]example.com/a", "https://example.com/a"},
		{"example[.]com/a.zip", "http://example.com/a.zip"},
		{"www.example.com/a", "http://www.example.com/a"},
		{"WWW[.]example[dot]com/a", "http://www.example.com/a"},
		{"http:\\\\example.com\\a", "http://example.com/a"},
		{"HTTP://EXAMPLE.COM./A", "http://example.com/A"},
		{"http://user:pw@example.com:8080/a?b#c", "http://example.com:8080/a?b#c"},
		{"http://bank.example@evil.test/a", "http://evil.test/a"},
		{"http://%65xample.com/a", "http://example.com/a"},
		{"http://0x7f.1/a http://2130706433/ http://[::1]:80/x", "http://127.0.0.1/a http://127.0.0.1/ http://[::1]:80/x"},
		{"<http://example.com/abc\r\ndef/ghi>", "http://example.com/abcdef/ghi"},
		{"http://example.com/" + strings.Repeat("x", 60) + "\r\nabc/d?e=f\r\nThanks", "http://example.com/" + strings.Repeat("x", 60) + "abc/d?e=f"},
		{"http://example.com/a\r\nb.doc", "http://example.com/a"},
		{"http://example.com/" + strings.Repeat("x", 60) + "\r\nThanks a lot", "http://example.com/" + strings.Repeat("x", 60)},
		{"https://www.google.com/url?q=https%3A%2F%2Fexample.com%2Fa.zip&sa=D", "https://example.com/a.zip"},
		{"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.com%2Fa&data=x", "https://example.com/a"},
		{"https://urldefense.com/v3/__https://example.com/a__;!!x", "https://example.com/a"},
		{"https://urldefense.com/v3/__https:/example.com/a__;!!x", "https://example.com/a"},
		{"https://urldefense.proofpoint.com/v2/url?u=https-3A__example.com_a&d=x", "https://example.com/a"},
		{"xhttp://example.com/a", "http://example.com/a"},
		{"http://a.example/x http://a.example/x", "http://a.example/x"},
		{"https://example.jp/x,https://example.jp/y", "https://example.jp/x,https://example.jp/y"},
		// none
		{"http:// and http://, www. and ://x", ""},
		{"write to info@example.com or a[.]b@example[.]com", ""},
		{"12:30//14:00, c://x, mailto:a@example.com, javascript://x", ""},
		{"a[.] list (.) of", ""},
		{"http://intranet/a http://-/", ""},
		{"file:///C:/x", ""},
		{"ratio 3:1, [a], (b), {c}; wwww", ""},
	} {
		if got := strings.Join(urls(Text(tc.text)), " "); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestWhereALinkStands(t *testing.T) {
	text := "見積 http://a.example/ and www.b.example"
	for i, l := range Text(text) {
		if want := strings.Index(text, []string{"http", "www"}[i]); l.At != want {
			t.Errorf("%s at %d, want %d", l.URL, l.At, want)
		}
	}
}

func TestClasses(t *testing.T) {
	for _, tc := range []struct {
		url  string
		want Class
	}{
		{"https://a.example/x/Report.DOCM", Office}, {"https://a.example/x.pdf?dl=1", PDF}, {"https://a.example/x%2Ezip", Archive}, {"https://a.example/x.lzh/", Archive},
		{"https://a.example/get.php?file=x.xls&n=1", Office}, {"https://a.example/?x.exe", Program}, {"https://a.example/x.docx/download", Office}, {"https://a.example/a.iso#x", Disk},
		{"https://a.example/a.js", Script}, {"https://a.example/" + "見積.zip", Archive},
		{"https://drive.google.com/file/d/abc/view", Share}, {"https://docs.google.com/document/d/abc", Share}, {"https://docs.google.com/forms/d/abc", Other},
		{"https://1drv.ms/u/s!abc", Share}, {"https://contoso-my.sharepoint.com/:x:/g/personal/a", Share}, {"https://www.dropbox.com/s/abc/x?dl=1", Share},
		{"https://www.dropbox.com/business", Other}, {"https://55.gigafile.nu/0601-abc", Share}, {"https://firestorage.jp/download/abc", Share}, {"https://www.datadeliver.net/receiver/abc", Share},
		{"https://we.tl/t-abc", Share}, {"https://app.box.com/s/abc", Share}, {"https://drive.fileshare.example/d/2d5b", Share},
		{"https://drive.google.com/", Other}, {"https://a.example/index.html", Other}, {"https://example.zip/", Other}, {"https://a.example/redirect/example.com", Other},
		{"https://a.example/v1.2", Other}, {"https://notgigafile.nu/x", Other}, {"https://a.example/.zip", Other}, {"https://a.example/x#y.zip", Other},
	} {
		l, ok := Of(tc.url)
		if !ok || l.Class != tc.want {
			t.Errorf("%s: %q, %v, want %q", tc.url, l.Class, ok, tc.want)
		}
	}
}

func page(t *testing.T, s string) Page {
	t.Helper()
	return HTML(s)
}

func TestLinksOfPages(t *testing.T) {
	for _, tc := range []struct{ name, page, want string }{
		{"a link", `<a href="https://a.example/x">y</a>`, "https://a.example/x"},
		{"references", `<a href="https&#58;//a.example/x?a=1&amp;b=2">y</a>`, "https://a.example/x?a=1&b=2"},
		{"line breaks inside", "<a href='ht\ntps://a.exa\tmple/x'>y</a>", "https://a.example/x"},
		{"without a scheme", `<a href="//a.example/x">y</a>`, "https://a.example/x"},
		{"backslashes", `<a href="https:\\a.example\x">y</a>`, "https://a.example/x"},
		{"a base", `<base href="https://a.example/d/e"><a href="x.zip">y</a><a href="/z">z</a>`, "https://a.example/d/x.zip https://a.example/z"},
		{"a base without a path", `<base href="https://a.example"><a href="x.zip">y</a>`, "https://a.example/x.zip"},
		{"an area", `<map><area href="https://a.example/x"></map>`, "https://a.example/x"},
		{"only shown", `<p>https://a.example/x</p>`, "https://a.example/x"},
		{"a link inside another", `<a href="https://a.example/x">a<a href="https://b.example/">b</a>`, "https://a.example/x https://b.example/"},
		{"never closed", `<a href="https://a.example/x">y`, "https://a.example/x"},
		{"relative, mail, script, data, anchor", `<a href="x.html">a</a><a href="mailto:a@b.example">b</a><a href="javascript:x">c</a><a href="data:text/html,x">d</a><a href="#e">e</a>`, ""},
		{"in a script", `<script>location="https://a.example/x"</script>`, ""},
		{"in a comment", `<!-- <a href="https://a.example/x">y</a> -->`, ""},
	} {
		if got := strings.Join(urls(page(t, tc.page).Links), " "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestTextOfPages(t *testing.T) {
	for _, tc := range []struct{ name, page, want string }{
		{"white space", "<p>a \r\n  b</p>", "a b"},
		{"formatting parts no words", "<p>P@ss<b>w0</b><i>rd</i>!</p>", "P@ssw0rd!"},
		{"blocks are lines", "<div>a</div><div>b<br>c</div>", "a\nb\nc"},
		{"an empty line", "a<br><br>b", "a\n\nb"},
		{"cells", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"},
		{"references", "<p>&lt;a&gt;&nbsp;&#x41;&amp;</p>", "<a>\u00a0A&"},
		{"preformatted", "<pre>a\nb</pre>", "a\nb"},
		{"quoted history", "a<blockquote>b<blockquote>c</blockquote></blockquote>d", "a\n> b\n> > c\nd"},
		{"script and style", "a<script>b</script><style>c</style>d", "ad"},
		{"a blank behind a tag", "<b>a</b> b", "a b"},
	} {
		if got := strings.TrimSpace(page(t, tc.page).Text); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestMismatch(t *testing.T) {
	for _, tc := range []struct{ text, href, want string }{
		{"https://www.bank.example/login", "https://evil.test/x", "www.bank.example"},
		{"www.bank.co.jp", "https://evil.test/x", "www.bank.co.jp"},
		{"bank.co.jp/login", "https://bank.co.jp.evil.test/x", "bank.co.jp"},
		{"amazon.com", "https://amaz0n.com/", "amazon.com"},
		{"例え.jp", "https://evil.test/", "xn--r8jz45g.jp"},
		{"詳しくは https://www.bank.co.jp/ へ", "https://evil.test/x", "www.bank.co.jp"},
		{"http://google.com/", "http://192.0.2.1/x", "google.com"},
		{"https://a.example@evil.test", "https://evil.test/", ""},
		{"https://www.example.co.jp/", "https://click.example.co.jp/?u=1", ""},
		{"outlook.com", "https://login.microsoftonline.com/", ""},
		{"www.shop.example", "https://shop.us3.list-manage.com/track", ""},
		{"more", "https://click.news.example/?u=1", ""},
		{"contract.zip", "https://a.example/contract.zip", ""},
		{"Object.is()", "https://a.example/", ""},
		{"http://lcweb.loc.g ov/x", "http://lcweb.loc.gov/x", ""},
		{"Node.js", "https://a.example/", ""},
		{"v1.2", "https://a.example/", ""},
		{"info@bank.co.jp", "https://a.example/", ""},
		{"See bank.co.jp for more", "https://a.example/", ""},
		{"2026.05.13", "https://a.example/", ""},
		{"", "https://a.example/", ""},
		{"...", "https://a.example/", ""},
	} {
		l, ok := Of(tc.href)
		if !ok {
			t.Fatal(tc.href)
		}
		l.Text = tc.text
		if got, ok := l.Mismatch(); got != tc.want || ok != (tc.want != "") {
			t.Errorf("%q to %s: %q, want %q", tc.text, tc.href, got, tc.want)
		}
	}
}

func TestTheTextOfALinkIsNoLinkItself(t *testing.T) {
	p := page(t, `<p>go <a href="https://evil.test/x">https://bank.example/</a> or https://c.example/</p>`)
	if got := urls(p.Links); !slices.Equal(got, []string{"https://evil.test/x", "https://c.example/"}) || p.Links[0].Text != "https://bank.example/" {
		t.Errorf("%v", p.Links)
	}
	if at := p.Links[0].At; !strings.HasPrefix(strings.TrimSpace(p.Text[at:]), "https://bank") {
		t.Errorf("at %d of %q", at, p.Text)
	}
}

func TestTheNumberOfLinksIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3 * linksMax {
		b.WriteString("http://a")
		b.WriteString(strings.Repeat("b", i%60))
		b.WriteString(strings.Repeat("c", i/60))
		b.WriteString(".example/ ")
	}
	if n := len(Text(b.String())); n != linksMax {
		t.Errorf("%d links", n)
	}
	if l := Text("http://a.example/" + strings.Repeat("x", 2*urlMax)); len(l) != 1 || len(l[0].URL) > urlMax {
		t.Errorf("%d links", len(l))
	}
}

func TestALinkBehindWhatLooksLikeMany(t *testing.T) {
	for _, look := range []string{"hxxp[:]//", "http://a@", "www[.]", "a[.]", "http://あ", "http://a.b/))))"} {
		found := Text(strings.Repeat(look, 20_000) + " https://a.example/x.zip")
		if len(found) == 0 || found[len(found)-1].URL != "https://a.example/x.zip" {
			t.Errorf("%q hides it: %v", look, found)
		}
	}
}

func TestEachLinkIsSeenOnceHoweverManyThereAre(t *testing.T) {
	var s Seen
	for round := range 2 {
		for i := range 3 * fewMax {
			url := fmt.Sprintf("http://a.example/%d", i)
			if got := s.Add(url, ""); got != (round == 0) {
				t.Fatalf("round %d, %s: new %v", round, url, got)
			}
			if got := s.Add(url, "text"); got != (round == 0) {
				t.Fatalf("round %d, %s with a text: new %v", round, url, got)
			}
		}
	}
}

func TestBlanksOfPages(t *testing.T) {
	for page, want := range map[string]string{
		"a b  c\td\r\ne \n f": "a b c d e f", " a ": "a", "<b>a</b> b": "a b", "<b>a </b>b": "a b", "<p> a b </p> c ": "a b\nc", "<pre>a b\nc  d</pre>": "a b\nc d",
		"a<br> b c": "a\nb c", "<td>a b<td> c d": "a b\t c d", "<blockquote>a b c</blockquote>": "> a b c",
	} {
		if got := strings.Trim(HTML(page).Text, "\n"); got != want {
			t.Errorf("%q: %q, want %q", page, got, want)
		}
	}
}

func TestTheTextOfALinkIsCutInsideAWordToo(t *testing.T) {
	long := strings.Repeat("ab ", anchorText)
	if got := HTML("<a href=http://a.example/>" + long + "</a>").Links[0].Text; got != strings.TrimSpace(long[:anchorText]) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

func FuzzText(f *testing.F) {
	f.Add("see hxxp://example[.]com/a.doc. https://example.co.jpをご覧 <http://a.example/b\r\nc> www.x.example")
	f.Add("http://user@%65.example:80\\x http://0x7f.1/ https://urldefense.com/v3/__http://a.example__;!!")
	f.Fuzz(func(t *testing.T, s string) {
		last := -1
		for _, l := range Text(s) {
			if l.At <= last || l.At >= len(s) || l.Host == "" || len(l.URL) > 4*urlMax {
				t.Errorf("%+v", l)
			}
			last = l.At
			again, ok := Of(l.URL)
			if !ok || again.Host != l.Host {
				t.Errorf("%q reads as %+v once more", l.URL, again)
			}
			_, _ = l.Mismatch()
		}
	})
}

func FuzzHTML(f *testing.F) {
	f.Add(`<base href=http://a.example><a href="x">y</a><blockquote><table><td>a<td>&amp;<pre>` + "\n</pre>")
	f.Fuzz(func(t *testing.T, s string) {
		p := HTML(s)
		if len(p.Text) > 8*len(s)+64 {
			t.Errorf("%d bytes of text from %d", len(p.Text), len(s))
		}
		for _, l := range p.Links {
			if l.At > len(p.Text) {
				t.Errorf("%+v past the text", l)
			}
		}
	})
}

func BenchmarkText(b *testing.B) {
	text := strings.Repeat("お世話になっております。The report (see page 3: table 4) is at https://www.example.co.jp/reports/2026/05.html, please read it; we will\r\ncall on you.\r\n", 2000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Text(text)
	}
}

func BenchmarkHTML(b *testing.B) {
	text := strings.Repeat(`<tr><td style="padding:0"><p>Steel &amp; market</p><a href="https://click.example.com/?u=12345">more</a></td></tr>`+"\r\n", 2000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		HTML(text)
	}
}
