package thread

import "strings"

type prefixKind uint8

const (
	isReply prefixKind = iota + 1
	isForward
	isMark // of a filter: says nothing of the conversation
)

// prefixes are the words before the colon, folded, as mail programs write them by language. VS is "forwarded" in Danish and Norwegian and "answer" in
// Finnish; it counts as forwarded, of which less is concluded.
var prefixes = words(map[prefixKind]string{
	isReply: `re aw antw antwort sv r rif res resp odp ynt yan на отв ответ відп атв atb ats bls vá válasz ang απ σχετ rép ré réf bvs
		回复 回覆 答复 答覆 回復 回信 返信 返 返事 回应 回應 답장 회신 ตอบ ตอบกลับ trả_lời رد תגובה השב`,
	isForward: `fw fwd wg tr vl vs vb fs i rv enc pd ilt i̇lt ılt tov továbbítás doorst trs πρθ пересл переслано переадр перенапр hl
		转发 轉寄 轉發 転送 转寄 전달 ส่งต่อ chuyển_tiếp הועבר إعادة_توجيه`,
	isMark: `spam ext external extern suspicious phishing caution`,
})

// marks of filters and gateways that stand without square brackets.
var marks = strings.Fields(`【外部】 【社外】 【外部メール】 【社外メール】 【社外から】 【注意】 【注意喚起】 【迷惑メール】 【spam】 【meiwaku】 ***spam*** *****spam***** {spam?} {spam}
	(spam) (external) (ext) (外部) (社外) <external> {external}`)

// vacations begin automatic answers, folded.
var vacations = lines(`
	automatic reply
	auto reply
	auto-reply
	autoreply
	auto response
	auto
	autoresponder
	out of office autoreply
	out of office
	out of the office
	away
	vacation
	automatische antwort
	abwesenheitsnotiz
	abwesenheitsnachricht
	abwesenheit
	automatisch antwoord
	afwezig
	réponse automatique
	absence du bureau
	risposta automatica
	fuori sede
	respuesta automática
	fuera de la oficina
	resposta automática
	autosvar
	frånvaro
	automaattinen vastaus
	odpowiedź automatyczna
	automatická odpověď
	automatikus válasz
	otomatik yanıt
	автоматический ответ
	автоответ
	自动答复
	自动回复
	自動回覆
	自動答覆
	自動返信
	自動応答
	自動回答
	不在通知
	不在返信
	不在です
	不在のお知らせ
	休暇中
	자동 회신
	자동 응답
`)

// words turns lists of words by kind into a table. "_" stands for a blank.
func words(lists map[prefixKind]string) map[string]prefixKind {
	m := map[string]prefixKind{}
	for kind, list := range lists {
		for _, w := range strings.Fields(list) {
			m[fold(strings.ReplaceAll(w, "_", " "))] = kind
		}
	}
	return m
}

func lines(list string) []string {
	var all []string
	for line := range strings.Lines(list) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, fold(line))
		}
	}
	return all
}
