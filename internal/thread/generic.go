package thread

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	enough    = 6  // weight of what a subject must say besides common words: six letters, or three characters of Chinese, Japanese or Korean
	wide      = 2  // weight of such a character
	digits    = 4  // of a number that tells one matter from another
	maxPhrase = 12 // runes of the longest phrase without blanks
)

// Generic reports whether many unrelated mails have this subject: common words of business mail, dates and short numbers taken away, less than enough is left.
func (s Subject) Generic() bool {
	weight := 0
	for rest := s.Base; rest != "" && weight < enough; {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case unicode.IsDigit(r):
			size = span(rest, unicode.IsDigit)
			if number(rest[:size]) {
				weight += enough
			}
		case scripted(r):
			if n := phrase(rest); n > 0 {
				size = n
			} else if r != 'の' && r != 'ー' {
				weight += wide
			}
		case unicode.IsLetter(r):
			size = span(rest, func(r rune) bool { return unicode.In(r, unicode.L, unicode.M) && !scripted(r) })
			if !common[rest[:size]] {
				weight += utf8.RuneCountInString(rest[:size])
			}
		}
		rest = rest[size:]
	}
	return weight < enough
}

// scripted are the letters that are written without blanks between words.
func scripted(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai) || r == 'ー'
}

func span(s string, in func(rune) bool) int {
	if i := strings.IndexFunc(s, func(r rune) bool { return !in(r) }); i >= 0 {
		return i
	}
	return len(s)
}

// number reports whether digits are a number of something rather than a year or a date.
func number(s string) bool {
	switch year := strings.HasPrefix(s, "19") || strings.HasPrefix(s, "20"); len(s) {
	case 4, 6, 8: // 2026, 202605, 20260514; 140526 and 14052026 are taken for numbers
		return !year
	default:
		return len(s) >= digits
	}
}

// phrase is the size of the longest common phrase that s begins with.
func phrase(s string) int {
	best, at := 0, 0
	for range maxPhrase {
		_, size := utf8.DecodeRuneInString(s[at:])
		if size == 0 {
			break
		}
		at += size
		if common[s[:at]] {
			best = at
		}
	}
	return best
}

// common are words and phrases that subjects of unrelated mails share, folded.
var common = set(`
	a an and the of for from to in on at by with your our my you we i me is are be re no nr num about regarding please this that new all as it
	hi hello dear hey thanks thank greetings test testing info information message mail email e news newsletter update updates updated
	invoice invoices bill billing payment payments order orders purchase quote quotation offer offers estimate price prices list lists receipt statement
	statements account accounts report reports document documents doc docs file files attachment attachments attached scan scanned copy fax photo photos
	picture pictures image contract contracts agreement request requests reply answer question questions query meeting call appointment schedule confirmation
	confirm confirmed reminder urgent important notice notification alert status overdue due delivery shipping shipment shipped package parcel tracking
	details detail data form forms application resume cv job project subject untitled none empty fwd fw last next week weekly month monthly day daily
	year today tomorrow yesterday monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
	october november december follow up review feedback remittance advice transfer wire transaction transactions bank deposit tax refund remit po

	der die das den dem des ein eine einer und oder für von vom zum zur im in mit ihre ihr ihrer unsere unser nr betr betreff anfrage angebot rechnung
	rechnungen bestellung auftrag auftragsbestätigung bestätigung lieferung lieferschein zahlung zahlungserinnerung mahnung dokument dokumente datei
	dateien anhang unterlagen bewerbung termin besprechung frage rückfrage antwort info hallo danke wichtig dringend bitte kopie vertrag gutschrift
	januar februar märz mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag

	le la les l un une des du de d et pour votre vos notre nos facture factures commande devis paiement document documents fichier pièce jointe jointes
	livraison rappel relance confirmation demande question réunion rendez vous bonjour merci contrat relevé urgent information informations

	il lo gli i della delle del di e per vostra vostro nostra fattura fatture ordine preventivo pagamento documento documenti allegato allegati
	conferma richiesta riunione ciao buongiorno grazie contratto sollecito avviso urgente importante informazioni

	el los las una y para su sus nuestra factura facturas pedido presupuesto pago documento documentos archivo adjunto adjuntos confirmación solicitud
	pregunta reunión hola gracias contrato recordatorio aviso urgente importante información cotización

	o os da do das dos em sua seu fatura faturas pedido orçamento pagamento boleto comprovante anexo anexos confirmação solicitação reunião olá
	obrigado contrato lembrete aviso nota fiscal

	faktura faktury rachunek zamówienie oferta płatność dokument dokumenty załącznik potwierdzenie zapytanie dzień dobry umowa
	factuur bestelling offerte betaling bijlage bevestiging vraag hallo bedankt contract
	fatura sipariş teklif ödeme belge ek merhaba
	счет счёт счета оплата заказ документ документы договор вопрос запрос привет здравствуйте накладная акт сверки файл

	お世話になっております お世話になります お世話様です 大変お世話になっております いつもお世話になっております お疲れ様です お疲れさまです ありがとうございます ありがとうございました
	よろしくお願いします よろしくお願いいたします よろしくお願い致します お願いします お願いいたします お願い致します こんにちは はじめまして 初めまして
	ご連絡 ご確認 ご案内 ご依頼 ご報告 ご相談 ご質問 ご挨拶 ご送付 ご回答 ご返信 ご請求 ご注文 ご提案 ご提出 ご対応 ご紹介 ご予約 ご利用 ご通知 ご参考 ご検討
	お知らせ お願い お礼 御礼 お問い合わせ お問合せ お詫び お見積 お見積り お見積書 お支払い お支払 お打ち合わせ お打合せ お振込 お振り込み お申し込み お届け お取引
	連絡 確認 案内 依頼 報告 報告書 相談 質問 挨拶 送付 回答 返信 返事 請求 請求書 御請求書 見積 見積り 見積書 御見積書 御見積 納品 納品書 注文 注文書 発注 発注書 受注
	領収書 明細 明細書 契約 契約書 書類 資料 添付 添付ファイル ファイル データ メール 会議 打ち合わせ 打合せ 議事録 日程 予定 変更 修正 更新 追加 再送 至急 重要 緊急 通知
	支払 支払い 入金 振込 出荷 配送 納期 在庫 価格 単価 賞与 給与 指示 通り 写真 画像 予約 申請 申込 申込書 提案 提案書 提出 対応 検討 紹介 参考 新年 年賀 テスト 無題 件名 件名なし
	について に関して に関する の件 件 に つ い て を は が と へ で も お ご 御 様 さん 殿 各位 です ます した します ください 下さい いたします 致します させて いただき 頂き
	本日 明日 今日 昨日 今週 来週 先週 今月 来月 先月 今回 先日 年 月 日 分 度 時 号 第 回 最新 最終 新 旧 案 版 月分 月度 年度 株式会社 有限会社

	你好 您好 发票 發票 订单 訂單 报价 報價 报价单 報價單 付款 合同 合約 附件 文件 资料 通知 确认 確認 请求 询价 詢價 会议 會議 谢谢 謝謝 关于 關於 的 请 請 回复 紧急 重要 对账单
	안녕하세요 견적 견적서 송장 청구서 주문 주문서 발주 발주서 계약서 첨부 파일 문의 문의드립니다 요청 확인 안내 회의 관련 의 건 드립니다 감사합니다
`)

func set(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[fold(w)] = true
	}
	return m
}
