package filter

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/sender"
	"sekisho/internal/store"
)

const (
	english = `Dear Hanako,

thank you for the drawings that you sent us on Tuesday. We have compared them with the list of parts, and there are two places where the
diameter differs from what we ordered in April: the flange on page 4 (DN 80) and the short pipe behind the second pump. Could you please have
a look at both and tell us which one is right? Delivery in week 23 would still be fine for us, provided that the test certificates are there
by then. For the invoice please use the new address, it stands on https://www.partner.example/contact/invoices and in the signature below.

`
	japanese1 = `鈴木様

いつもお世話になっております。パートナー商事の山田です。

先日お送りいただきました図面を確認いたしました。部品表と照らし合わせたところ、二か所で注文時の寸法と異なる部分がございました。四ページのフランジ（DN80）と、
二台目のポンプの後ろにある短い配管です。お手数ですが、どちらが正しいかご確認のうえご連絡いただけますでしょうか。納期は第23週のままで問題ございません。
検査成績書もあわせてご用意いただけますと幸いです。請求書の宛先は https://www.partner.example/contact/ をご覧ください。

`
	signature   = "Kind regards\n\nTaro Yamada\nPartner Trading Ltd., 1-2-3 Minato, Tokyo\nTel. 03-1234-5678 / taro@partner.example\n"
	signatureJA = "よろしくお願いいたします。\n\n----------------------------------\nパートナー商事株式会社 営業部\n山田 太郎\nTEL 03-1234-5678 taro@partner.example\n"
)

// crlf is text as it stands in a mail.
func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// quoted is text behind marks of quotation.
func quoted(text string) string { return "> " + strings.ReplaceAll(text, "\n", "\n> ") + "\n" }

// page is a newsletter of some 20 KB.
func page() string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html><head><title>Partner News</title><style>td { font-family: Arial; color: #333333 }</style></head>\n<body bgcolor=\"#ffffff\"><table>\n")
	for i := range 28 {
		fmt.Fprintf(&b, "<tr><td style=\"padding: 8px 16px; font-size: 14px; line-height: 20px; border-bottom: 1px solid #eeeeee\" align=\"left\" valign=\"top\">"+
			"<h2>Pumps and pipes, part %d</h2>\n<p>%s</p>\n<a href=\"https://www.partner.example/news/%d?utm_source=mail&amp;utm_campaign=may\" style=\"color: #0066cc\">Read&nbsp;more</a></td></tr>\n",
			i, strings.TrimSpace(english[15:400]), i)
	}
	b.WriteString("</table></body></html>\n")
	return b.String()
}

// days are the mails of an ordinary day.
func days() map[string][]byte {
	const head = "Received: from mail.partner.example (mail.partner.example [192.0.2.7])\r\n\tby gw.our.example (Postfix) with ESMTPS id 4E129751E9852D\r\n\tfor <hanako@our.example>; Mon, 23 Nov 2026 09:00:00 +0900\r\n" +
		"Authentication-Results: gw.our.example; spf=pass smtp.mailfrom=partner.example;\r\n\tdkim=pass header.d=partner.example; dmarc=pass header.from=partner.example\r\n" +
		"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=partner.example; s=s1; h=from:to:subject:date;\r\n\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=c2lnbmF0dXJl\r\n" +
		"Received: from [10.9.8.7] (unknown [203.0.113.5])\r\n\tby mail.partner.example (Postfix) with ESMTPSA id 33C1F2\r\n\tfor <hanako@our.example>; Mon, 23 Nov 2026 08:59:58 +0900\r\n" +
		"Message-ID: <a9d1.77@partner.example>\r\nDate: Mon, 23 Nov 2026 08:59:57 +0900\r\nMIME-Version: 1.0\r\nUser-Agent: Mozilla Thunderbird\r\n" +
		"To: Hanako Suzuki <hanako@our.example>\r\nCc: Jiro Ito <ito@our.example>, lager@partner.example\r\n"
	const cites = "In-Reply-To: <m1@our.example>\r\nReferences: <m0@our.example> <m1@our.example>\r\n"
	word := func(s string) string { return "=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?=" }
	en := english + english + signature + "\nOn 2026/11/20 10:12, Hanako Suzuki wrote:\n" + quoted(strings.Repeat(english, 4)+"Hanako Suzuki\nOur Works\n")
	ja := japanese1 + japanese1 + signatureJA + "\n2026年11月20日(金) 10:12 鈴木 花子 <hanako@our.example>:\n" + quoted(strings.Repeat(japanese1, 4)+"鈴木 花子\n")
	jis, err := japanese.ISO2022JP.NewEncoder().String(crlf(ja))
	if err != nil {
		panic(err)
	}
	reply := "From: Taro Yamada <taro@partner.example>\r\nSubject: Re: Drawings of the second pump\r\n" + cites
	return map[string][]byte{
		"english": []byte(head + reply + "Content-Type: text/plain; charset=us-ascii\r\n\r\n" + crlf(en)),
		"japanese": []byte(head + "From: " + word("山田 太郎") + " <taro@partner.example>\r\nSubject: Re: " + word("二台目のポンプの図面") + "\r\n" + cites +
			"Content-Type: text/plain; charset=ISO-2022-JP\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" + jis),
		"newsletter": []byte(head + "From: Partner News <news@partner.example>\r\nSubject: Partner News in May\r\nList-Id: News <news.partner.example>\r\nList-Unsubscribe: <https://www.partner.example/u>\r\nPrecedence: bulk\r\n" +
			"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + string(fixture.Encode([]byte(crlf(page())), "quoted-printable", ""))),
		"alternative": []byte(head + reply + "Content-Type: multipart/alternative; boundary=\"=_b\"\r\n\r\n--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + crlf(en) +
			"\r\n--=_b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + string(fixture.Encode([]byte(crlf(page())), "quoted-printable", "")) + "\r\n--=_b--\r\n"),
	}
}

// BenchmarkLine runs ordinary mails through the whole line, without the memory of conversations and with one on disk.
func BenchmarkLine(b *testing.B) {
	for _, with := range []string{"alone", "ledger"} {
		f := newFilter(b, func(o *Options, io *inspect.Options) {
			o.Site, o.Walk.Memory, io.Memory = ourSite, 1<<20, 1<<20 // as the configuration has it
		})
		if with == "ledger" {
			f.o.Conversations = remembered(b)
		}
		for _, name := range []string{"english", "japanese", "newsletter", "alternative"} {
			mail := days()[name]
			b.Run(with+"/"+name, func(b *testing.B) {
				s := Session{Envelope: message.Envelope{Time: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), MailFrom: "taro@partner.example", Rcpts: []string{"hanako@our.example"},
					ClientIP: netip.MustParseAddr("192.0.2.7"), QueueID: "4E129751E9852D"}}
				b.SetBytes(int64(len(mail)))
				b.ReportAllocs()
				spent := processor(b)
				for b.Loop() {
					res, err := f.Message(b.Context(), s, bytes.NewReader(mail))
					if err != nil {
						b.Fatal(err)
					}
					if res.Facts.Incomplete || res.Conversation.Err != nil {
						b.Fatal(res.Facts.Findings, res.Conversation.Err)
					}
					res.Close()
				}
				b.ReportMetric(float64(processor(b)-spent)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// processor is the processor time that this process has taken: on a machine that others share, wall time says little.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// remembered is a memory in which the conversation of the mails stands.
func remembered(b *testing.B) *ledger.Conversations {
	b.Helper()
	st, err := store.Open(context.Background(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	c, err := ledger.OpenConversations(context.Background(), st, ledger.ConversationOptions{Neighbours: sender.Neighbours})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	c.SetLocal(ourSite.Local)
	at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	if _, err := c.ImportSent(context.Background(), []ledger.Sent{{Time: at, From: "hanako@our.example", MessageID: "m1@our.example", Subject: "drawings of the second pump",
		To: []string{"taro@partner.example"}, Rcpts: []string{"taro@partner.example"}}}); err != nil {
		b.Fatal(err)
	}
	return c
}
