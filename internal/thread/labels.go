package thread

import "strings"

// role is what a field of a quoted header says.
type role uint8

const (
	noRole role = iota
	fromRole
	dateRole
	toRole
	ccRole
	subjectRole
	otherRole // stands among them, says nothing here, begins no header
	lastRole
)

// roles are the labels as Outlook, Thunderbird, Apple Mail, Notes, Becky! and web mail write them by language: lower case, without blanks.
var roles = labels(map[role]string{
	fromRole: `from 差出人 送信者 送信元 発信者 発信元 von absender de expéditeur da mittente remitente desde remetente van afzender från avsändare fra avsender afsender
		lähettäjä od nadawca odesílatel odesilatel отправитель от від от_кого gönderen kimden feladó dela από 发件人 寄件者 寄件人 发信人 發件人
		보낸_사람 보낸이 보낸사람 từ dari pengirim จาก ผู้ส่ง מאת من`,
	dateRole: `sent date 送信日時 送信日 送信時刻 日時 日付 受信日時 gesendet gesendet_am datum envoyé envoyé_le date_d'envoi date_d’envoi envoyée inviato data
		enviado enviado_el enviada enviado_em enviada_em fecha verzonden verzonden_op skickat sendt dato lähetetty päiväys päivämäärä wysłano odesláno dátum
		отправлено дата дата_отправки відправлено надіслано gönderilme gönderme_tarihi gönderildi tarih küldve elküldve trimis trimis_la dată
		στάλθηκε ημερομηνία 发送时间 发送日期 日期 時間 寄件日期 傳送時間 傳送日期 发件时间 보낸_날짜 보낸날짜 날짜 보냄 보낸_시간 đã_gửi ngày dikirim tanggal ส่ง วันที่ תאריך נשלח תאריך_שליחה
		التاريخ تاريخ_الإرسال أرسلت`,
	toRole: `to 宛先 宛て先 宛名 受信者 送信先 an empfänger à a destinataire pour per destinatario para aan till til mottagare mottaker modtager vastaanottaja do komu adresat кому получатель
		kime alıcı címzett către προς 收件人 收件者 받는_사람 받는이 받는사람 수신 đến tới kepada ถึง אל إلى`,
	ccRole: `cc c.c. 写し 同報 ｃｃ kopie kopia kopi kopio dw копия копія bilgi másolat κοιν κοινοποίηση 抄送 副本 抄送人 참조 tembusan สำเนา העתק نسخة bcc cci ccn cco bcc秘密`,
	subjectRole: `subject 件名 題名 標題 表題 題目 タイトル betreff objet oggetto asunto assunto onderwerp ämne emne aihe temat předmět predmet тема konu tárgy subiect θέμα
		主题 主題 主旨 标题 제목 chủ_đề subjek perihal เรื่อง ชื่อเรื่อง נושא الموضوع`,
	otherRole: `reply-to replyto 返信先 antwort_an répondre_à rispondi_a responder_a importance importanza importancia importância wichtigkeit priority 重要度 優先度 priorität priorité
		sensitivity 秘密度 attachments attachment anlagen anhänge pièces_jointes allegati datos_adjuntos anexos bijlagen bilagor załączniki вложения 添付ファイル 添付 附件 첨부 첨부_파일
		message-id in-reply-to references organization organisation mime-version content-type x-mailer user-agent sender delivered-to return-path resent-from`,
})

// labels turns lists of labels by role into a table. "_" stands for a blank, which is left out.
func labels(lists map[role]string) map[string]role {
	m := map[string]role{}
	for kind, list := range lists {
		for _, w := range strings.Fields(list) {
			m[strings.ToLower(strings.ReplaceAll(w, "_", ""))] = kind
		}
	}
	return m
}
