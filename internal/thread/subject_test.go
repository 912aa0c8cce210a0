package thread

import (
	"strings"
	"testing"
)

func TestParseSubject(t *testing.T) {
	const re, fwd, vac = 1, 2, 4
	for _, c := range []struct {
		in, base string
		flags    int
	}{
		{"", "", 0},
		{"Return of drill set", "return of drill set", 0},
		{"Re: Return of drill set", "return of drill set", re},
		{"RE:Return  of\tdrill set ", "return of drill set", re},
		{"Re: RE: Fwd: Return of drill set", "return of drill set", re | fwd},
		{"re[2]: Drills", "drills", re},
		{"Re^3: Drills", "drills", re},
		{"Re(2): Drills", "drills", re},
		{"Re*4: Drills", "drills", re},
		{"Re2: Drills", "drills", re},
		{"Re : Drills", "drills", re},
		{"Re：Drills", "drills", re},
		{"ＲＥ： Ｄｒｉｌｌｓ", "drills", re},
		{"\u200fRe: Drills", "drills", re},
		{"AW: Wartungstermin", "wartungstermin", re},
		{"Antw: AW: WG: Wartungstermin", "wartungstermin", re | fwd},
		{"SV: Borrar", "borrar", re},
		{"VS: Porat", "porat", fwd},
		{"VL: Porat", "porat", fwd},
		{"R: Punte", "punte", re},
		{"RIF: I: Punte", "punte", re | fwd},
		{"TR: Forets", "forets", fwd},
		{"RV: Brocas", "brocas", fwd},
		{"RES: ENC: Brocas", "brocas", re | fwd},
		{"ODP: PD: Wiertła", "wiertła", re | fwd},
		{"YNT: İLT: Matkap", "matkap", re | fwd},
		{"НА: Сверла", "сверла", re},
		{"Пересл: Отв: Сверла", "сверла", re | fwd},
		{"回复: 钻头", "钻头", re},
		{"回覆：鑽頭", "鑽頭", re},
		{"答复: 转发: 钻头", "钻头", re | fwd},
		{"轉寄: 鑽頭", "鑽頭", fwd},
		{"返信: 棚板の追加", "棚板の追加", re},
		{"転送: 棚板の追加", "棚板の追加", fwd},
		{"[회신] 드릴", "드릴", 0},
		{"회신: 드릴", "드릴", re},
		{"FW: FWD: Fw: x", "x", fwd},
		{"Drills (fwd)", "drills", fwd},
		{"Drills (fwd) (FWD)", "drills", fwd},
		{"[Fwd: Re: Drills]", "drills", re | fwd},
		{"[genba] Re: 切削油の選び方", "切削油の選び方", re},
		{"Re: [genba:01234] 切削油の選び方", "切削油の選び方", re},
		{"[genba 12] [x] 切削油", "切削油", 0},
		{"[SPAM] [EXTERNAL] Re: Drills", "drills", re},
		{"[外部] Re: 【注意喚起】 棚板", "棚板", re},
		{"【外部メール】棚板の追加", "棚板の追加", 0},
		{"***SPAM*** Drills", "drills", 0},
		{"EXTERNAL: Re: Drills", "drills", re},
		{"[only a tag]", "[only a tag]", 0},
		{"[a][b]", "[b]", 0},
		{"[open Drills", "[open drills", 0},
		{"Re:", "", re},
		{"Re: Re:", "", re},
		{"FYI: Drills", "fyi: drills", 0},
		{"Regarding: Drills", "regarding: drills", 0},
		{"12:30 lunch", "12:30 lunch", 0},
		{"棚板の追加（0117）", "棚板の追加(0117)", 0},
		{"ﾃｽﾄ　ｹｯｶ", "テスト ケッカ", 0},
		{"自動返信 Re: 倉庫棚卸しの段取り", "倉庫棚卸しの段取り", re | vac},
		{"不在です: Re: 棚板", "棚板", re | vac},
		{"Automatic reply: Drills", "drills", vac},
		{"Re: Away: Re: Catalogue", "catalogue", re | vac},
		{"Abwesenheitsnotiz: Termin", "termin", vac},
		{"Réponse automatique : Plan", "plan", vac},
		{"自動返信", "自動返信", vac},
		{"Away games in May", "away games in may", 0},
	} {
		s := ParseSubject(c.in)
		flags := 0
		for i, on := range []bool{s.Reply, s.Forward, s.Vacation} {
			if on {
				flags |= 1 << i
			}
		}
		if s.Base != c.base || flags != c.flags {
			t.Errorf("%q: %q flags %b, want %q flags %b", c.in, s.Base, flags, c.base, c.flags)
		}
	}
}

func TestGenericSubjects(t *testing.T) {
	for _, s := range []string{
		"", "Re:", "hello", "Hi", "Invoice", "invoice 12", "Your invoice", "Invoice for May 2026", "Re: Payment advice", "Order confirmation", "test", "FW: Documents", "scan", "2026", "20260514",
		"ご連絡", "請求書", "お世話になっております", "請求書送付のお願い", "見積書の件", "ご請求書（2026年5月分）", "【重要】ご確認のお願い", "Re: Fwd: 領収書", "お問い合わせありがとうございます", "5月14日の会議について", "資料", "添付ファイル", "件名なし",
		"Rechnung", "Ihre Rechnung vom Mai", "Facture", "votre facture", "Fattura 12", "Factura", "Faktura", "发票", "付款通知", "견적 문의드립니다", "!!!", "....", "***",
	} {
		if !ParseSubject(s).Generic() {
			t.Errorf("%q is taken to identify a conversation", s)
		}
	}
	for _, s := range []string{
		"Return of drill set", "Wartungstermin (9072)", "Wartungstermin", "鋼材単価改定の件", "倉庫棚卸しの段取り", "看板の色見本", "棚板の追加（0117）", "請求書 No.100234", "Invoice 7098-A", "切削油の選び方", "Offsite in Kyoto",
		"Devis perceuse Bosch", "Anfrage Bohrfutter", "ロットボードの入替え", "钻头规格问题", "드릴 규격 변경", "Запрос на сверла",
	} {
		if ParseSubject(s).Generic() {
			t.Errorf("%q is taken for common", s)
		}
	}
	for subject, want := range map[string]string{"Re: Invoice": "", "Re: Return of drill set": "return of drill set"} {
		if c := Read(header("Subject: "+subject), ""); c.Subject != want || !c.Reply {
			t.Errorf("%q: %+v", subject, c)
		}
	}
}

func TestLongSubjectsAreCut(t *testing.T) {
	for _, s := range []string{strings.Repeat("あ", 5000), strings.Repeat("re: ", 5000), strings.Repeat("[a] ", 5000), strings.Repeat("away ", 5000), strings.Repeat("\ufdfa", 5000), strings.Repeat("\xff", 5000)} {
		got := ParseSubject(s)
		if len(got.Base) > maxSubject || ParseSubject(got.Base).Base != got.Base {
			t.Errorf("%.20q: %d bytes, or not settled", s, len(got.Base))
		}
	}
}

// FuzzSubject: the base subject of a base subject is itself, bounded, and has no prefix left.
func FuzzSubject(f *testing.F) {
	for _, s := range []string{"Re: [a] Fwd: x (fwd)", "[Fwd: Re[2]: x]", "自動返信 Re: x", "İLT: ＲＥ：ﾃｽﾄ", "***spam*** 【外部】x", "\u200fre\u00ad: \u1e9e\ufb01", "a\u0345\u03a3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s := ParseSubject(in)
		s.Generic()
		again := ParseSubject(s.Base)
		if again.Base != s.Base || again.Reply || again.Forward || len(s.Base) > maxSubject {
			t.Errorf("%q: %q, then %q", in, s.Base, again.Base)
		}
	})
}

func TestSubjectsThatProgramsWrite(t *testing.T) {
	for subject, want := range map[string]bool{
		"Automatic reply: Pumps": true, "自動返信: 不在": true, "不在通知：見積": true, "Read: Pumps": true, "開封済み: 見積": true, "Accepted: Kick-off": true, "承諾: 定例会": true,
		"Zugesagt: Besprechung": true, "unsubscribe": true, "Unsubscribe me": true,
		"": false, "Pumps": false, "Re: Pumps": false, "Accepted offer for pumps": false, "Reading list": false, "Re: Accepted: Kick-off": false,
	} {
		if got := Clicked(subject); got != want {
			t.Errorf("%q: %v", subject, got)
		}
	}
}
