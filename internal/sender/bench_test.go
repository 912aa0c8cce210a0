package sender

import "testing"

func BenchmarkAuthenticate(b *testing.B) {
	h := header(byUs, ar("\r\n\tdkim=pass header.d=partner.example header.s=k1 header.b=abcd;\r\n\tdmarc=pass (policy=quarantine) header.from=partner.example;\r\n\tspf=pass (gw.ours.example: domain of taro@partner.example designates 198.51.100.1 as permitted sender) smtp.mailfrom=taro@partner.example"),
		byForeign, "Subject: x", from)
	b.ReportAllocs()
	for b.Loop() {
		Authenticate(h, site, "taro@partner.example")
	}
}

func BenchmarkParseName(b *testing.B) {
	for _, s := range []string{"Taro Yamada", "株式会社南北 営業部 課長 山田 太郎（Taro Yamada）", "taro @ partner . co . jp"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ParseName(s)
			}
		})
	}
}

func BenchmarkNeighbours(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Neighbours("mail.yamato-kouzai.co.jp")
	}
}

func BenchmarkAlike(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Alike("mail.yamato-kouzai.co.jp", "yamato-kouzal.co.jp")
	}
}
