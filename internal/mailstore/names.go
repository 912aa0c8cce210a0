package mailstore

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

type kindOfFolder uint8

const (
	otherFolder kindOfFolder = iota
	sentFolder
	draftFolder
)

// folderKind tells the folders of sent mail and of drafts by the names that mail programs give them.
func folderKind(name string) kindOfFolder {
	for _, ext := range []string{".gz", ".bz2", ".zst", ".mbox", ".mbx", ".eml"} {
		name = strings.TrimSuffix(name, ext)
	}
	name = name[strings.LastIndexByte(name, '.')+1:] // Maildir++: .INBOX.Sent
	return folders[fold(decodeUTF7(name))]
}

func fold(name string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "", "\u3000", "").Replace(name))
}

// folders are the names by language, folded.
var folders = func() map[string]kindOfFolder {
	m := map[string]kindOfFolder{}
	for kind, list := range map[kindOfFolder]string{
		sentFolder: `sent sentitems sentmail sentmessages outgoing
			送信済み 送信済 送信済みアイテム 送信済みメール 送信済みトレイ 送信済みメッセージ 送信控え 送信箱
			gesendet gesendete gesendeteelemente gesendeteobjekte gesendetenachrichten envoyés envoyes élémentsenvoyés messagesenvoyés objetsenvoyés
			inviati inviata postainviata elementiinviati enviados elementosenviados mensajesenviados correoenviado itensenviados enviadas verzonden verzondenitems
			verzondenberichten skickat skickade skickadeobjekt sendt sendtpost sendteelementer lähetetyt lähetetytviestit wysłane elementywysłane odeslané odeslanápošta
			отправленные gönderilenler gönderilmişöğeler 已发送 已发送邮件 已傳送 寄件備份 寄件匣備份 已發送 보낸편지함 보낸메일함`,
		draftFolder: `drafts draft unsent unsentmessages templates outbox 下書き 下書 草稿 送信トレイ 未送信 テンプレート entwürfe vorlagen postausgang brouillons modèles bozze borradores rascunhos
			concepten utkast kladder luonnokset wersjerobocze koncepty черновики taslaklar 寄件匣 임시보관함 보낼편지함`,
	} {
		for _, n := range strings.Fields(list) {
			m[fold(n)] = kind
		}
	}
	return m
}()

// decodeUTF7 reads the names of IMAP folders: modified UTF-7 (RFC 3501 5.1.3). What is none stays as it is.
func decodeUTF7(s string) string {
	var b strings.Builder
	for {
		plain, rest, ok := strings.Cut(s, "&")
		b.WriteString(plain)
		if !ok {
			return b.String()
		}
		code, after, ok := strings.Cut(rest, "-")
		text, good := utf7Run(code)
		if !ok || !good {
			b.WriteString("&" + rest)
			return b.String()
		}
		b.WriteString(text)
		s = after
	}
}

func utf7Run(code string) (string, bool) {
	if code == "" { // "&-"
		return "&", true
	}
	raw, err := base64.RawStdEncoding.DecodeString(strings.ReplaceAll(code, ",", "/"))
	if err != nil || len(raw)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	return string(utf16.Decode(units)), true
}
