package script

import (
	"testing"
)

// FuzzRead holds that no text makes folding go on for ever or grow beyond its limit, and that payloads come out of the text.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`var a=[80,75,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17];b="x"+"y"+String.fromCharCode(65,66);c=atob("UEsDBA==").split("").reverse().join("")`,
		"Set s = CreateObject(\"WScript\" & \".Shell\")\ns.Run Chr(99) & ChrW(&H6D)\nx = x & _\n \"y\" ' z\nEnd Sub",
		"<job><script language=VBScript><![CDATA[WScript.Echo 1]]></script></job>", "#@~^AAAAAA==abcAAAAAA==^#~@",
		`<a download="x.zip" href="data:application/zip;base64,UEsDBAoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=">x</a>`,
		"@echo off\nset x=powershell\n%x:~0,5% -enc %x%\nc^m^d", "$a='IEX';&(\"{1}{0}\" -f 'b','a')`n", "/re[/]x/.test(a)/b", "a=a=a=a+=a(a[a.b(", "((((((((", "<svg onload=x><script/>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, lang := range []Language{JScript, VBScript, PowerShell} {
			made := 0
			for _, x := range fold(t.Context(), s, lang).strings {
				made += len(x)
			}
			if made > 64*(len(s)+1)+4*foldSlack {
				t.Errorf("%s: %d bytes of text from %d", lang, made, len(s))
			}
		}
		Judge(t.Context(), s, Batch)
		Judge(t.Context(), AsMacro(s), VBScript)
		for _, p := range readPage(t, Parse(Decode(Text([]byte(s))))).Payloads {
			if len(p.Data) < payloadMin {
				t.Errorf("a payload of %d bytes", len(p.Data))
			}
		}
	})
}
